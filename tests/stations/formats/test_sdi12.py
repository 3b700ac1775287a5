"""SDI-12: the example of the standard, the CRC against every damage of a bit, logs and their account."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.errors import InputRefused
from headwater.stations.formats.sdi12 import Reply, crc, is_sdi12, parse, parse_reply
from tests.stations.formats.make_messages import STATION, adds_up, damaged, refused_or_adds_up, table

LOG = (
    b"2020-06-01 00:10:00 0M! 00022\n"
    b"2020-06-01 00:10:00 0D0! 0+0.213\n"
    b"2020-06-01 00:10:00 0D1! 0+12.4\n"
    b"2020-06-01 00:20:00,0+0.214-1.5\n"
    b"\n"
    b"2020-06-01T00:30:00Z;0+0.215+3.14+7\n"
)


def test_reply_with_crc_of_the_standard() -> None:
    assert parse_reply(b"0+3.14OqZ\r\n") == Reply("0", (3.14,), True)


def test_reply_without_crc() -> None:
    assert parse_reply(b"a+0.213+12.4-7") == Reply("a", (0.213, 12.4, -7.0), False)


@given(st.integers(0, 7), st.integers(0, 8))
def test_a_crc_sees_every_flipped_bit(bit: int, place: int) -> None:
    reply = bytearray(b"0+3.14OqZ")
    reply[place] ^= 1 << bit
    try:
        found = parse_reply(bytes(reply))
    except InputRefused:
        return
    raise AssertionError(f"{bytes(reply)!r} gave {found}")


@given(
    st.text("0123456789abcXYZ", min_size=1, max_size=1),
    st.lists(st.integers(-99999, 99999), min_size=1, max_size=9),
)
def test_any_reply_comes_back(address: str, numbers: list[int]) -> None:
    text = (address + "".join(f"{number / 100:+.2f}" for number in numbers)).encode()
    values = tuple(number / 100 for number in numbers)
    assert parse_reply(text) == Reply(address, values, False)
    assert parse_reply(text + crc(text)) == Reply(address, values, True)


@pytest.mark.parametrize(
    "reply", [b"", b"0", b"0+", b"+1", b"0+1.2.3", b"0 +1", b"0+1e5", b"0+1OqZ", b"00+1", b"0+1" * 300]
)
def test_what_is_no_reply_is_refused(reply: bytes) -> None:
    with pytest.raises(InputRefused, match="SDI-12 reply"):
        parse_reply(reply)


def test_a_log_counts_on_over_commands_and_takes_zones_where_they_stand() -> None:
    found = parse(LOG, STATION)
    assert table(found.readings) == [
        ("soil_moisture 0.05", "2020-05-31T16:10:00.000000", 0.213),
        ("soil_temperature 0.05", "2020-05-31T16:10:00.000000", 285.55),
        ("soil_moisture 0.05", "2020-05-31T16:20:00.000000", 0.214),
        ("soil_temperature 0.05", "2020-05-31T16:20:00.000000", 271.65),
        ("soil_moisture 0.05", "2020-06-01T00:30:00.000000", 0.215),
        ("soil_temperature 0.05", "2020-06-01T00:30:00.000000", 276.29),
    ]
    assert (found.lines, found.used, found.blank, found.left_out) == (6, 5, 1, 0)
    assert [(one.column, one.action) for one in found.problems if one.column != "time"] == [
        ("0.3", "value ignored")
    ]


def test_damaged_lines_are_counted_with_their_problem() -> None:
    found = parse(LOG + b"2020-06-01 00:40:00 0+3.14OqY\nrubbish\n2020-06-01 25:00:00 0+1\n", STATION)
    assert found.left_out == 3
    assert [one.line for one in found.problems if one.action == "line left out"] == [7, 8, 9]
    assert adds_up(found)


def test_it_is_recognised() -> None:
    assert is_sdi12(LOG)
    assert not is_sdi12(b"time,vwc_10\n2020-06-01 00:10:00,0.213\n")


def fuzz(cases: int) -> None:
    rng = np.random.default_rng(9)
    assert all(refused_or_adds_up(parse, damaged(LOG, rng), STATION) for _ in range(cases))


def test_damaged_logs_are_refused_or_accounted_for() -> None:
    fuzz(1000)


@pytest.mark.long
def test_many_damaged_logs_are_refused_or_accounted_for() -> None:
    fuzz(100_000)
