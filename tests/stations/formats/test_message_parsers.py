"""What the parsers of all message formats must do: refuse with a reason, account, and never raise."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.stations.formats import chirpstack, plain_json, things_stack, zentra
from headwater.stations.formats.channels import conversion
from headwater.stations.formats.message import MEANINGS, Message, Reason, Refusal, messages_as_readings
from headwater.stations.ingest import Reading, resolve
from headwater.stations.network import check_network
from headwater.stations.readings import join
from tests.stations.formats import make_messages as make
from tests.stations.formats.make_messages import NETWORK, STATION, adds_up, damaged, encoded, table

FORMATS: dict[str, tuple[Callable[..., Any], Callable[..., dict[str, Any]]]] = {
    "chirpstack": (chirpstack.parse_message, make.chirpstack),
    "things_stack": (things_stack.parse_message, make.things_stack),
    "zentra": (zentra.parse_message, make.zentra),
    "plain": (plain_json.parse_message, make.plain),
}
every_format = pytest.mark.parametrize("name", FORMATS)


@every_format
@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", Reason.NOT_JSON),
        (b"\xff\xfe{}", Reason.NOT_JSON),
        (b"{} {}", Reason.NOT_JSON),
        (b'{"a": NaN}', Reason.NOT_JSON),
        (b'{"a": -Infinity}', Reason.NOT_JSON),
        (b"9" * 5000, Reason.NOT_JSON),
        (b'{"a": 1, "a": 2}', Reason.DUPLICATE_KEY),
        (b"[" * 100_000, Reason.TOO_DEEP),
        (b'{"a":' * 40 + b"1" + b"}" * 40, Reason.TOO_DEEP),
    ],
)
def test_hostile_json_is_refused_with_its_reason(name: str, payload: bytes, reason: Reason) -> None:
    found = FORMATS[name][0](payload, "", NETWORK)
    assert isinstance(found, Refusal)
    assert found.reason is reason


@every_format
def test_another_shape_and_an_unknown_device_are_refused(name: str) -> None:
    parse, sample = FORMATS[name]
    for payload in (b"[]", b"3", b'"text"', b"null", b"true", b"{}"):
        assert isinstance(parse(payload, "", NETWORK), Refusal)
    found = parse(encoded(sample()), "", check_network([]))
    assert isinstance(found, Refusal)
    assert found.reason is Reason.UNKNOWN_DEVICE


@every_format
def test_the_same_message_has_the_same_identity_and_another_one_another(name: str) -> None:
    parse, sample = FORMATS[name]
    one, again = (parse(encoded(sample()), "", NETWORK) for _ in range(2))
    assert isinstance(one, Message)
    assert one.id == again.id
    assert one.id.isascii()
    changed = {"chirpstack": {"deduplicationId": "x"}, "things_stack": {"f_cnt": 8}, "plain": {"id": "x"}}
    other = sample(make.moist(mrid=42)) if name == "zentra" else sample(**changed[name])
    assert parse(encoded(other), "", NETWORK).id != one.id


@every_format
def test_damaged_messages_are_refused_or_accounted_for(name: str) -> None:
    fuzz(name, 1000)


@every_format
@pytest.mark.long
def test_many_damaged_messages_are_refused_or_accounted_for(name: str) -> None:
    fuzz(name, 100_000)


def fuzz(name: str, cases: int) -> None:
    parse, sample = FORMATS[name]
    rng = np.random.default_rng(7)
    intact = encoded(sample())
    seen = set()
    for _ in range(cases):
        found = parse(damaged(intact, rng), "", NETWORK)
        assert isinstance(found, Message | Refusal)
        assert adds_up(found)
        seen.add(type(found))
    assert seen == {Message, Refusal}


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(list(FORMATS)), st.data())
def test_any_value_in_any_place_is_refused_or_accounted_for(name: str, data: st.DataObject) -> None:
    parse, sample = FORMATS[name]
    body = sample()
    places = [path for path in paths(body) if path]
    path = data.draw(st.sampled_from(places))
    inner = body
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = data.draw(JSON)
    found = parse(encoded_any(body), "", NETWORK)
    assert isinstance(found, Message | Refusal)
    assert adds_up(found)
    if isinstance(found, Message):
        assert np.isfinite(found.readings.value[found.readings.flags == 0]).all()


def paths(value: Any, before: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [before] + [path for key, inner in items for path in paths(inner, (*before, key))]


def encoded_any(value: Any) -> bytes:
    import json

    return json.dumps(value).encode()


@pytest.mark.parametrize("value", [True, False, "21.3", 1e13, -1e300, 10**30])
def test_what_is_no_number_is_left_out_with_a_problem(value: Any) -> None:
    body = make.chirpstack(object={"vwc_10": value, "t_10": 4.5, "other": 1})
    found = chirpstack.parse_message(encoded(body), "", NETWORK)
    assert table(found.readings) == [("soil_temperature 0.10", "2024-06-01T00:10:00.775023", 277.65)]
    assert [one.column for one in found.problems] == ["vwc_10"]
    assert (found.items, found.ignored, found.left_out) == (3, ("other",), 1)


def test_null_is_a_flagged_reading_without_value_and_1e999_is_left_out() -> None:
    payload = encoded(make.chirpstack(object={"vwc_10": None, "t_10": 0})).replace(
        b'"t_10": 0', b'"t_10": 1e999'
    )
    found = chirpstack.parse_message(payload, "", NETWORK)
    assert np.isnan(found.readings.value).tolist() == [True]
    assert found.readings.flags.tolist() == [1 << 15]
    assert found.left_out == 1


@given(st.floats(-1e12, 1e12), st.sampled_from(["VWC_10cm_Avg", "t_10", "vwc_10", "battery"]))
def test_one_value_and_a_column_convert_to_the_same_bits(number: float, field: str) -> None:
    channel = next(one for one in STATION.channels if one.field == field)
    made = conversion(channel, "x", stated="" if channel.units else "m3/m3", where="test")
    assert np.float64(made.one(number)).tobytes() == made.column(np.array([number]))[0].tobytes()


def test_messages_end_the_same_in_any_order() -> None:
    bodies = [
        make.plain(values={"vwc_10": value}, **extra)
        for value, extra in (
            (21.0, {}),
            (22.0, {}),
            (23.0, {"sent": "2024-06-01T00:11:00Z"}),
            (20.0, {"sent": "2024-06-01T00:12:00Z"}),
        )
    ]
    rows = [plain_json.parse_message(encoded(body), "", NETWORK).rows[0] for body in bodies]
    ends = set()
    for order in itertools.permutations(rows):
        held = Reading(order[0].value, order[0].version)
        for row in order[1:]:
            held = resolve(held, Reading(row.value, row.version), conflict=1)
        ends.add(held)
    assert ends == {Reading(0.2, max(row.version for row in rows))}


def test_a_burst_as_one_table_is_the_join_of_its_messages() -> None:
    heard = [parse(encoded(sample()), "", NETWORK) for parse, sample in FORMATS.values()]
    whole, parts = messages_as_readings(heard), join([one.readings for one in heard])
    assert table(whole) == table(parts)
    assert whole.version.tolist() == parts.version.tolist()


def test_every_reason_has_a_meaning() -> None:
    assert set(MEANINGS) == set(Reason)
