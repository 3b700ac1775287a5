"""The Things Stack v3: values, omitted zeros, both ways of delivery, and each refusal."""

from __future__ import annotations

from typing import Any

import pytest

from headwater.stations.formats.message import Message, Reason, Refusal
from headwater.stations.formats.things_stack import parse_message
from headwater.stations.network import check_network
from headwater.stations.series import Channel, Station
from tests.stations.formats.make_messages import EUI, NETWORK, encoded, table, things_stack

TOPIC = "v3/soil@ours/devices/ridge-node/up"


def heard(body: dict[str, Any], topic: str = TOPIC) -> Any:
    return parse_message(encoded(body), topic, NETWORK)


def test_values_become_readings_at_the_time_of_the_network_server() -> None:
    found = heard(things_stack())
    at = "2024-06-01T00:10:00.123456"
    assert table(found.readings) == [
        ("soil_moisture 0.10", at, 0.213),
        ("soil_temperature 0.10", at, 277.65),
        ("battery_voltage", at, 3.612),
        ("soil_moisture 0.20", at, 0.25),
    ]
    assert found.id == f"things-stack:{EUI}/AYh3Uq/7"
    assert (found.rssi_dbm, found.snr_db, found.battery_percent, found.counter) == (-101.0, 3.2, 88.5, 7)


def test_omitted_fields_are_zeros() -> None:
    body = things_stack(rx_metadata=[{}], last_battery_percentage={"f_cnt": 3})
    del body["uplink_message"]["f_cnt"], body["uplink_message"]["f_port"]
    found = heard(body)
    assert (found.counter, found.rssi_dbm, found.battery_percent) == (0, 0.0, 0.0)
    assert found.id == f"things-stack:{EUI}/AYh3Uq/0"


def test_live_and_from_the_storage_integration_are_one_message() -> None:
    live, stored = heard(things_stack()), heard({"result": things_stack()}, "")
    assert (stored.id, stored.rows) == (live.id, live.rows)


@pytest.mark.parametrize("name", [EUI, "00-04-A3-0B-00-1C-05-30", "soil/ridge-node", "ridge-node"])
def test_a_station_may_name_the_device_in_each_way(name: str) -> None:
    station = Station(
        "a", name="a", devices=(name,), channels=(Channel("t_10", "soil_temperature", units="degC"),)
    )
    found = parse_message(encoded(things_stack()), TOPIC, check_network([station]))
    assert isinstance(found, Message)
    assert found.station == "a"


@pytest.mark.parametrize(
    ("changes", "topic", "reason"),
    [
        ({}, TOPIC.replace("/up", "/join"), Reason.NO_MEASUREMENT),
        ({}, TOPIC.replace("/up", "/down/queued"), Reason.NO_MEASUREMENT),
        ({}, TOPIC.replace("ridge-node", "other"), Reason.DEVICE_DIFFERS),
        ({"decoded_payload": None}, TOPIC, Reason.NO_VALUES),
        ({"decoded_payload": {}}, TOPIC, Reason.NO_VALUES),
        ({"decoded_payload": {"x": 1}}, TOPIC, Reason.NO_CHANNEL),
        ({"received_at": "yesterday"}, TOPIC, Reason.NO_TIME),
        ({"f_cnt": "x"}, TOPIC, Reason.WRONG_SHAPE),
    ],
)
def test_each_refusal(changes: dict[str, Any], topic: str, reason: Reason) -> None:
    found = heard(things_stack(**changes), topic)
    assert isinstance(found, Refusal)
    assert found.reason is reason


def test_without_its_own_time_that_of_the_application_server_holds() -> None:
    body = things_stack()
    del body["uplink_message"]["received_at"]
    assert heard(body).time == 1_717_200_600_300_000
