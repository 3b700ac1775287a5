"""Plain messages: times in each form, versions, several readings at once, and each refusal."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from headwater.stations.formats.message import Message, Reason, Refusal
from headwater.stations.formats.plain_json import parse_message
from headwater.stations.network import check_network
from tests.stations.formats.make_messages import NETWORK, STATION, encoded, plain, table

AT = 1_717_200_600_000_000


def heard(body: Any, topic: str = "") -> Any:
    return parse_message(encoded(body), topic, NETWORK)


@pytest.mark.parametrize(
    "time",
    [
        {"time": "2024-06-01T00:10:00Z"},
        {"time": "2024-06-01T08:10:00+08:00"},
        {"time": "2024-06-01 08:10"},
        {"time_s": 1717200600},
        {"time_ms": 1717200600000},
    ],
)
def test_each_form_of_a_time_is_the_same_instant(time: dict[str, Any]) -> None:
    body = plain()
    del body["time"]
    assert [row.time for row in heard({**body, **time}).rows] == [AT, AT]


def test_several_readings_and_the_device_of_the_topic() -> None:
    items = [{"time_s": 1717200600 + 600 * at, "values": {"vwc_10": 20 + at}} for at in range(3)]
    found = heard(
        {"readings": [*items, {"values": {"vwc_10": 1}}, {"time_s": 1, "values": 3}]}, "our/site/ridge-node"
    )
    assert table(found.readings)[-1] == ("soil_moisture 0.10", "2024-06-01T00:30:00.000000", 0.22)
    assert [one.line for one in found.problems] == [4, 5]
    assert (found.items, found.left_out, found.time) == (5, 2, AT + 1_200_000_000)


def test_version_is_stated_or_the_time_sent_or_0() -> None:
    assert heard(plain()).rows[0].version == 0
    assert heard(plain(sent="2024-06-01T00:10:00Z")).rows[0].version == AT
    assert heard(plain(sent="2024-06-01T00:10:00Z", version=3)).rows[0].version == 3


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ([1], Reason.WRONG_SHAPE),
        (plain(readings=3), Reason.WRONG_SHAPE),
        (plain(readings=[3]), Reason.WRONG_SHAPE),
        (plain(sent="now"), Reason.WRONG_SHAPE),
        (plain(version=True), Reason.WRONG_SHAPE),
        (plain(version=2**63), Reason.WRONG_SHAPE),
        (plain(device="x"), Reason.UNKNOWN_DEVICE),
        (plain(time="now"), Reason.NO_TIME),
        (plain(time_s=3), Reason.NO_TIME),
        (plain(time=1717200600), Reason.NO_TIME),
        (plain(values=None), Reason.NO_VALUES),
        (plain(values={}), Reason.NO_VALUES),
        (plain(readings=[]), Reason.NO_VALUES),
        (plain(values={"x": 1}), Reason.NO_CHANNEL),
    ],
)
def test_each_refusal(body: Any, reason: Reason) -> None:
    found = heard(body)
    assert isinstance(found, Refusal)
    assert found.reason is reason


@pytest.mark.parametrize("zone", ["", "Europe/Berlin"])
def test_a_time_without_zone_that_the_clock_does_not_settle_is_refused(zone: str) -> None:
    network = check_network([replace(STATION, zone=zone)])
    found = parse_message(encoded(plain(time="2024-03-31 02:30:00")), "", network)
    assert isinstance(found, Refusal)
    assert found.reason is Reason.NO_TIME
    found = parse_message(encoded(plain(time="2023-10-29 02:30:00")), "", network)
    assert isinstance(found, Refusal)
    found = parse_message(encoded(plain(time="2023-10-29 04:30:00")), "", network)
    assert isinstance(found, Message if zone else Refusal)
