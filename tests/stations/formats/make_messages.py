"""A station with all kinds of channels, and invented files and messages of it."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from headwater.errors import HeadwaterError
from headwater.stations.formats.message import Message, Refusal
from headwater.stations.network import Network, check_network
from headwater.stations.parsed import Parsed
from headwater.stations.readings import Readings
from headwater.stations.series import Channel, Series, Station

EUI = "0004a30b001c0530"


def depth(field: str, variable: str, millimetre: int | None, units: str = "", sensor: str = "") -> Channel:
    """A channel at one depth."""
    return Channel(field, variable, millimetre, millimetre, sensor, units)


STATION = Station(
    id="source/ridge",
    network="source",
    name="ridge",
    zone="+08:00",
    devices=(EUI, "ridge-node", "z6-00123"),
    channels=(
        depth("VWC_10cm_Avg", "soil_moisture", 100),
        depth("T_10cm_Avg", "soil_temperature", 100),
        depth("vwc_10", "soil_moisture", 100, "%", "node"),
        depth("t_10", "soil_temperature", 100, "degC", "node"),
        depth("battery", "battery_voltage", None, "mV"),
        depth("soil.vwc_20", "soil_moisture", 200, "m3/m3"),
        depth("0.1", "soil_moisture", 50, "m3/m3", "sdi"),
        depth("0.2", "soil_temperature", 50, "degC", "sdi"),
        depth("Soil water content/2", "soil_moisture", 400),
        depth("Soil temperature/2", "soil_temperature", 400),
    ),
)
NETWORK: Network = check_network([STATION])

TOA5_HEADER = (
    b'"TOA5","ridge","CR1000X","1234","CR1000X.Std.04","CPU:soil.CR1X","5123","Soil"\r\n'
    b'"TIMESTAMP","RECORD","VWC_10cm_Avg","T_10cm_Avg","Spare"\r\n'
    b'"TS","RN","m3/m3","degC","mV"\r\n'
    b'"","","Avg","Avg","Smp"\r\n'
)


def toa5(times: list[str], start: int = 0) -> bytes:
    """A file with a line for each time; moisture is 0.2 + 0.001 · number of the line."""
    lines = [
        f'"{time}",{start + at},{0.2 + 0.001 * at:.3f},{12.3 - at:.1f},7' for at, time in enumerate(times)
    ]
    return TOA5_HEADER + "".join(f"{line}\r\n" for line in lines).encode()


def chirpstack(**changes: Any) -> dict[str, Any]:
    """An uplink event of ChirpStack v4."""
    return {
        "deduplicationId": "3ac7e3c4-4401-4b8d-9386-a5c902f9202d",
        "time": "2024-06-01T00:10:00.775023242+00:00",
        "deviceInfo": {"tenantName": "ours", "applicationId": "17c8", "deviceName": "ridge", "devEui": EUI},
        "devAddr": "00189440",
        "fCnt": 12,
        "fPort": 2,
        "data": "AQID",
        "object": {"vwc_10": 21.3, "t_10": 4.5, "battery": 3612, "soil": {"vwc_20": 0.25}},
        "rxInfo": [{"gatewayId": "01", "rssi": -98, "snr": 7.5}, {"gatewayId": "02", "rssi": -60, "snr": 9}],
        **changes,
    }


def things_stack(**changes: Any) -> dict[str, Any]:
    """An uplink message of The Things Stack v3; ``changes`` are of its uplink_message."""
    uplink = {
        "session_key_id": "AYh3Uq",
        "f_port": 1,
        "f_cnt": 7,
        "frm_payload": "AQID",
        "decoded_payload": {"vwc_10": 21.3, "t_10": 4.5, "battery": 3612, "soil": {"vwc_20": 0.25}},
        "rx_metadata": [{"gateway_ids": {"gateway_id": "g"}, "rssi": -101, "snr": 3.2}],
        "last_battery_percentage": {"f_cnt": 3, "value": 88.5},
        "received_at": "2024-06-01T00:10:00.123456789Z",
        **changes,
    }
    ids = {"device_id": "ridge-node", "application_ids": {"application_id": "soil"}, "dev_eui": EUI.upper()}
    return {"end_device_ids": ids, "received_at": "2024-06-01T00:10:00.3Z", "uplink_message": uplink}


def zentra(*readings: dict[str, Any], units: str = " m³/m³") -> dict[str, Any]:
    """An answer of ZENTRA v4."""
    about = {"device_sn": "z6-00123", "port_number": 2, "sensor_name": "TEROS 12", "units": units}
    warm = {"timestamp_utc": 1717200600, "mrid": 41, "value": 3.5, "error_flag": False}
    return {
        "pagination": {"page_num": 1},
        "data": {
            "Soil Water Content": [{"metadata": about, "readings": list(readings) or [moist()]}],
            "Soil Temperature": [{"metadata": {**about, "units": " °C"}, "readings": [warm]}],
            "Battery Percent": [{"metadata": {**about, "port_number": 7, "units": " %"}, "readings": [warm]}],
        },
    }


def moist(**changes: Any) -> dict[str, Any]:
    """A reading of ZENTRA."""
    return {
        "timestamp_utc": 1717200600, "mrid": 41, "value": 0.213, "precision": 3, "error_flag": False,
        "error_description": None, **changes,
    }  # fmt: skip


def plain(**changes: Any) -> dict[str, Any]:
    """A plain message."""
    return {
        "device": "ridge-node",
        "time": "2024-06-01T00:10:00Z",
        "values": {"vwc_10": 21.3, "t_10": 4.5},
        **changes,
    }


def encoded(value: Any) -> bytes:
    """JSON as bytes."""
    return json.dumps(value, ensure_ascii=False).encode()


def table(found: Readings) -> list[tuple[str, str, float]]:
    """Variable and depth, time, value of each reading."""
    names = [f"{one.variable} {one.depth}".strip() for one in found.series]
    times = np.datetime_as_string(found.time)
    return [
        (names[of], time, value)
        for of, time, value in zip(found.of, times, found.value.tolist(), strict=True)
    ]


def one_series(found: Readings, variable: str) -> Readings:
    """Readings of the first series of a variable, in the order of the source."""
    series: Series = next(one for one in found.series if one.variable == variable)
    return found.take(found.of == found.series.index(series))


def adds_up(result: Parsed | Message | Refusal) -> bool:
    """Is nothing lost uncounted?"""
    if isinstance(result, Message):
        return result.items == len(result.rows) + len(result.ignored) + result.left_out
    return isinstance(result, Refusal) or result.lines == result.used + result.blank + result.left_out


def damaged(sample: bytes, rng: np.random.Generator) -> bytes:
    """The sample with a few bytes changed, cut, doubled or moved."""
    hostile = [
        b'"',
        b"NaN",
        b"1e999",
        b"{",
        b"[" * 50,
        b"\x00",
        b"\xff",
        b"\r",
        b"\n\n",
        b",",
        b"-",
        b"9" * 5000,
        b"null",
        b"TOA5",
    ]
    data = sample
    for _ in range(int(rng.integers(1, 4))):
        at, to = sorted(rng.integers(0, len(data) + 1, 2).tolist())
        kind = int(rng.integers(0, 5))
        if kind == 0:
            data = data[:at] + bytes(rng.integers(0, 256, 2).tolist()) + data[at + 2 :]
        elif kind == 1:
            data = data[:at] + data[min(to, at + 30) :]
        elif kind == 2:
            data = data[:at] + data[at:to] * 2 + data[to:]
        elif kind == 3:
            data = data[:at]
        else:
            data = data[:at] + hostile[int(rng.integers(0, len(hostile)))] + data[at:]
    return data


def refused_or_adds_up(call: Any, *arguments: Any, **options: Any) -> bool:
    """True where the call gives a result that adds up, or refuses in words."""
    try:
        return adds_up(call(*arguments, **options))
    except HeadwaterError as error:
        return bool(str(error))
