"""METER ZENTRA Cloud v4: readings of a logger in JSON, as its interface answers or pushes them.

``data`` holds a list for each measurement, of blocks with ``metadata`` (device, port, units) and
``readings``. The field of a channel is measurement and port, such as "Soil water content/2". ``mrid`` rises
with every record of a logger and is the version of its readings, so that the later record of a time holds in
any order of arrival. Written from the description of its fields; no answer of the service was at hand.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from headwater.errors import InputRefused
from headwater.stations.clock import FIRST_YEAR, LAST_YEAR
from headwater.stations.formats.cells import parse_time
from headwater.stations.formats.channels import MOST, Conversion, conversion
from headwater.stations.formats.json_values import JsonRefused, inner, load_json, number, text_of
from headwater.stations.formats.message import (
    Heard,
    Message,
    Reason,
    Refusal,
    Row,
    known_device,
    message_id,
    missing_flag,
    refused,
    rows_as_readings,
)
from headwater.stations.network import Known, Network
from headwater.stations.parsed import MOST_PROBLEMS, Parsed, Problem, shown
from headwater.stations.series import Station

MOST_BYTES = 64 * 1024 * 1024
MOST_SECONDS = 7_258_118_400
"""End of the year 2199."""


@dataclass(frozen=True)
class Block:
    """Readings of one measurement at one port."""

    field: str
    device: str
    units: str
    readings: list[Any]


def is_zentra(value: Any) -> bool:
    """Is this an answer with readings?"""
    data = inner({"": value}, "", "data")
    return any(
        isinstance(one, list) and one and "readings" in inner({"": one[0]}, "") for one in data.values()
    )


def parse(data: bytes, station: Station, *, name: str = "file") -> Parsed:
    """Readings of an answer; ``lines`` counts them. Blocks without a channel are left out and named once.

    Raises
    ------
    InputRefused
        No JSON of this form, or none of its blocks has a channel.
    UnitsUnclear
        A block has no unit, or another than its channel.
    """
    try:
        blocks = _blocks(load_json(data, most_bytes=MOST_BYTES), station.devices)
    except JsonRefused as error:
        raise InputRefused(
            f"{name}: {shown(error)} ({error.reason}). Needed is an answer of ZENTRA v4: data, with "
            f"metadata and "
            "readings of each measurement."
        ) from None
    taken = _take(blocks, station, name)
    if blocks and not taken.found:
        raise InputRefused(
            f"{name}: none of {shown(', '.join(one.field for one in blocks))} has a channel at station "
            f"{station.id}. "
            "Add channels; their field is measurement and port, such as 'Soil water content/2'."
        )
    taken.problems.sort(key=lambda problem: problem.line)
    return Parsed(
        readings=rows_as_readings(taken.rows),
        problems=tuple(taken.problems[:MOST_PROBLEMS]),
        lines=taken.items,
        used=len(taken.rows),
        left_out=taken.left_out,
    )


def parse_message(payload: bytes, topic: str, network: Network) -> Heard:
    """A message, or why it is refused.

    The device is the serial number in the metadata, else the last level of the topic.
    """
    try:
        body = load_json(payload, most_bytes=MOST_BYTES)
        known = known_device(network, [next(_devices(body), "") or topic.rpartition("/")[2]])
        return known if isinstance(known, Refusal) else _message(payload, body, known)
    except JsonRefused as error:
        return refused(error)


def _message(payload: bytes, body: Any, known: Known) -> Heard:
    device, station = known.device, known.station.id
    blocks = _blocks(body, known.station.devices)
    try:
        taken = _take(blocks, known.station, "message")
    except InputRefused as error:
        return Refusal(Reason.WRONG_SHAPE, shown(error), device, station)
    if not taken.items:
        return Refusal(Reason.NO_VALUES, "no readings", device, station)
    if not taken.found:
        return Refusal(Reason.NO_CHANNEL, shown(", ".join(one.field for one in blocks)), device, station)
    if not taken.rows:
        return Refusal(Reason.NO_TIME, shown(taken.problems[-1].found), device, station)
    return Message(
        device=device,
        station=station,
        time=max(row.time for row in taken.rows),
        id=message_id("zentra", "", payload),
        rows=tuple(taken.rows),
        problems=tuple(taken.problems[:MOST_PROBLEMS]),
        items=taken.items,
        left_out=taken.left_out,
    )


def _devices(body: Any) -> Iterator[str]:
    for one in inner({"": body}, "", "data").values():
        for block in one if isinstance(one, list) else []:
            yield text_of(inner({"": block}, "", "metadata").get("device_sn"))


def _blocks(body: Any, devices: tuple[str, ...]) -> list[Block]:
    """Blocks of an answer; those of another device than the station's are refused as a whole."""
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, dict):
        raise JsonRefused("wrong_shape", "no data")
    found = []
    for measurement, blocks in data.items():
        for block in blocks if isinstance(blocks, list) else [None]:
            about, rows = (
                inner({"": block}, "", "metadata"),
                block.get("readings") if isinstance(block, dict) else None,
            )
            if not about or not isinstance(rows, list):
                raise JsonRefused("wrong_shape", f"{measurement}: no list of metadata and readings")
            device = text_of(about.get("device_sn"))
            if device and devices and device.casefold() not in {one.casefold() for one in devices}:
                raise JsonRefused("device_differs", f"{device}: not a device of this station")
            place = f"{measurement}/{shown(about.get('port_number', 0))}"
            found.append(Block(place, device, text_of(about.get("units")), rows))
    return found


@dataclass
class _Taken:
    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    items: int = 0
    left_out: int = 0
    found: bool = False


def _take(blocks: list[Block], station: Station, name: str) -> _Taken:
    """Rows of all blocks whose measurement and port have a channel; case does not matter."""
    channels = {channel.field.casefold(): channel for channel in station.channels}
    taken = _Taken()
    for block in blocks:
        channel = channels.get(block.field.casefold())
        if channel is None:
            taken.left_out += len(block.readings)
            text = f"{len(block.readings)} readings"
            wanted = "a channel of the station"
            taken.problems.append(
                Problem(taken.items + 1, shown(block.field), text, wanted, "readings ignored")
            )
            taken.items += len(block.readings)
            continue
        taken.found = True
        where = f"{name}, {shown(block.field)}"
        made = conversion(channel, station.id, stated=block.units, where=where)
        if made.note:
            wanted = "a known unit"
            taken.problems.append(
                Problem(taken.items + 1, block.field, made.note, wanted, "unit of the channel")
            )
        for item in block.readings:
            taken.items += 1
            row = _row(item, made)
            if isinstance(row, Row):
                taken.rows.append(row)
                continue
            taken.left_out += 1
            key, found, expected = row
            text = shown(repr(found))
            taken.problems.append(
                Problem(taken.items, f"{shown(block.field)} {key}", text, expected, "item left out")
            )
    return taken


def _row(item: Any, made: Conversion) -> Row | tuple[str, Any, str]:
    """One reading, or key, what was found and what is expected."""
    if not isinstance(item, Mapping):
        return "reading", item, "an object"
    time = _time(item.get("timestamp_utc"))
    if time is None:
        return (
            "timestamp_utc",
            item.get("timestamp_utc"),
            f"seconds since 1970 in UTC, {FIRST_YEAR} to {LAST_YEAR}",
        )
    record, value, doubted = item.get("mrid", 0), item.get("value"), item.get("error_flag", False)
    if type(record) is not int or not 0 <= record < 2**63:
        return "mrid", record, "a whole number"
    if not isinstance(doubted, bool):
        return "error_flag", doubted, "true or false"
    said = shown(text_of(item.get("error_description"))) if doubted else ""
    if value is None:
        return Row(made.series, time, math.nan, record, missing_flag(), said)
    real = number(value)
    if real is None or abs(real) > MOST:
        return "value", value, f"a number within ±{MOST:g}, or null"
    return Row(made.series, time, made.one(real), record, missing_flag() if doubted else 0, said)


def _time(value: Any) -> int | None:
    if isinstance(value, str):
        found = parse_time(value)
        return found[0] if found else None
    real = number(value)
    return round(real * 1_000_000) if real is not None and 0 <= real < MOST_SECONDS else None
