"""ChirpStack v4: values, omitted zeros, topics, and each refusal."""

from __future__ import annotations

from typing import Any

import pytest

from headwater.stations.formats.chirpstack import parse_message
from headwater.stations.formats.message import Message, Reason, Refusal
from tests.stations.formats.make_messages import EUI, NETWORK, chirpstack, encoded, table

TOPIC = f"application/17c8/device/{EUI}/event/up"


def heard(body: dict[str, Any], topic: str = TOPIC) -> Any:
    return parse_message(encoded(body), topic, NETWORK)


def test_values_become_readings_at_the_time_of_the_network() -> None:
    found = heard(chirpstack())
    at = "2024-06-01T00:10:00.775023"
    assert table(found.readings) == [
        ("soil_moisture 0.10", at, 0.213), ("soil_temperature 0.10", at, 277.65),
        ("battery_voltage", at, 3.612), ("soil_moisture 0.20", at, 0.25),
    ]  # fmt: skip
    assert set(found.readings.version.tolist()) == {found.time}
    assert (found.device, found.station, found.counter) == (EUI, "source/ridge", 12)
    assert (found.rssi_dbm, found.snr_db) == (-60.0, 9.0)
    assert found.id == "chirpstack:3ac7e3c4-4401-4b8d-9386-a5c902f9202d"


def test_zeros_that_protobuf_omits_are_zeros() -> None:
    body = chirpstack(object={"vwc_10": 0}, rxInfo=[{"gatewayId": "01"}])
    del body["fCnt"], body["fPort"]
    found = heard(body)
    assert (found.counter, found.rssi_dbm, found.snr_db) == (0, 0.0, 0.0)
    assert found.readings.value.tolist() == [0.0]


def test_a_value_that_the_object_does_not_name_is_no_zero() -> None:
    assert len(heard(chirpstack(object={"vwc_10": 1})).readings) == 1


@pytest.mark.parametrize(
    "topic", ["", TOPIC, f"eu868/application/17c8/device/{EUI.upper()}/event/up", "other"]
)
def test_topics_that_agree_or_say_nothing(topic: str) -> None:
    assert isinstance(heard(chirpstack(), topic), Message)


def test_the_topic_names_the_device_where_the_payload_does_not() -> None:
    assert isinstance(heard(chirpstack(deviceInfo={})), Message)


@pytest.mark.parametrize(
    ("changes", "topic", "reason"),
    [
        ({}, TOPIC.replace("up", "join"), Reason.NO_MEASUREMENT),
        ({}, TOPIC.replace(EUI, "ff" * 8), Reason.DEVICE_DIFFERS),
        ({"deviceInfo": {"devEui": "ff" * 8}}, "", Reason.UNKNOWN_DEVICE),
        ({"deviceInfo": 3}, "", Reason.WRONG_SHAPE),
        ({"object": None}, "", Reason.NO_VALUES),
        ({"object": {}}, "", Reason.NO_VALUES),
        ({"object": [1]}, "", Reason.NO_VALUES),
        ({"object": {"other": 1}}, "", Reason.NO_CHANNEL),
        ({"time": None}, "", Reason.NO_TIME),
        ({"time": "2024-06-01T00:10:00"}, "", Reason.NO_TIME),
        ({"time": 1717200600}, "", Reason.NO_TIME),
        ({"fCnt": -1}, "", Reason.WRONG_SHAPE),
        ({"fCnt": True}, "", Reason.WRONG_SHAPE),
        ({"object": {f"a{n}": n for n in range(1001)}}, "", Reason.TOO_LARGE),
        ({"data": "A" * 300_000}, "", Reason.TOO_LARGE),
    ],
)
def test_each_refusal(changes: dict[str, Any], topic: str, reason: Reason) -> None:
    found = heard(chirpstack(**changes), topic)
    assert isinstance(found, Refusal)
    assert found.reason is reason
