"""Plain JSON messages of own devices and scripts, in the form that headwater asks for.

``{"device": "a7", "time": "2024-06-01T00:10:00Z", "values": {"vwc_10": 0.213}}``, or several times at once
with ``"readings": [{"time": …, "values": {…}}, …]``. Instead of ``time``, ``time_s`` or ``time_ms`` since
1970. A text without a zone is of the clock of the station. ``id`` (identity), ``sent`` (time) and
``version`` (whole number) may be given. Without a version it is the time ``sent`` in µs, without that 0: two
messages that differ then set the flag of a conflict, since nothing in them tells which one corrects the
other.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from headwater.errors import SettingsRefused
from headwater.stations.clock import to_utc
from headwater.stations.formats.cells import parse_time
from headwater.stations.formats.json_values import JsonRefused, load_json, number, text_of
from headwater.stations.formats.message import (
    Heard,
    Reason,
    Refusal,
    Taken,
    known_device,
    message_id,
    refused,
)
from headwater.stations.network import Known, Network
from headwater.stations.parsed import Problem, shown

MOST_SECONDS = 7_258_118_400
"""End of the year 2199."""
UNITS = {"time_s": 1_000_000, "time_ms": 1000}


def parse_message(payload: bytes, topic: str, network: Network) -> Heard:
    """A message, or why it is refused.

    Parameters
    ----------
    topic : its last level names the device where the payload does not
    """
    try:
        return _parse(payload, topic, network)
    except JsonRefused as error:
        return refused(error, topic.rpartition("/")[2])


def _parse(payload: bytes, topic: str, network: Network) -> Heard:
    body = load_json(payload)
    if not isinstance(body, dict):
        return Refusal(Reason.WRONG_SHAPE, "no object")
    known = known_device(network, [text_of(body.get("device")) or topic.rpartition("/")[2]])
    if isinstance(known, Refusal):
        return known
    items = body.get("readings", [body])
    if not isinstance(items, list) or not all(isinstance(one, dict) for one in items):
        return Refusal(Reason.WRONG_SHAPE, "readings is no list of objects", known.device, known.station.id)
    sent = _time(body, "sent", known) if "sent" in body else None
    version = body.get("version", sent or 0)
    if type(version) is not int or not -(2**63) <= version < 2**63 or ("sent" in body and sent is None):
        return Refusal(Reason.WRONG_SHAPE, "version or sent is wrong", known.device, known.station.id)
    return _message(payload, body, items, known, sent, version)


def _message(
    payload: bytes,
    body: dict[str, Any],
    items: list[dict[str, Any]],
    known: Known,
    sent: int | None,
    version: int,
) -> Heard:
    taken, times = Taken(), []
    for at, item in enumerate(items, 1):
        time = _time(item, "time", known)
        values = item.get("values")
        if time is None or not isinstance(values, dict):
            taken.items += 1
            found, name = (item.get("time"), "time") if time is None else (values, "values")
            expected = "a time with its zone" if time is None else "an object of values"
            taken.problems.append(Problem(at, name, shown(repr(found)), expected, "item left out"))
            continue
        times.append(time)
        taken.take(values, known.conversions, time, version)
    if not times:
        shapes = all(isinstance(item.get("values"), dict) for item in items)
        reason = Reason.NO_TIME if items and shapes else Reason.NO_VALUES
        return Refusal(reason, shown(items[:1]), known.device, known.station.id)
    named = message_id("plain", text_of(body.get("id")), payload)
    named = named if not body.get("id") else f"{named}@{known.device}"
    return taken.message(known.device, known.station.id, max(times) if sent is None else sent, named)


def _time(item: dict[str, Any], key: str, known: Known) -> int | None:
    """Microseconds since 1970 in UTC; None where there is no time, two, or none that the clock shows once."""
    given = [(name, item[name]) for name in (key, *(UNITS if key == "time" else ())) if name in item]
    if len(given) != 1:
        return None
    name, value = given[0]
    if name in UNITS:
        real = number(value)
        micro = None if real is None else round(real * UNITS[name])
        return micro if micro is not None and 0 <= micro < MOST_SECONDS * 1_000_000 else None
    found = parse_time(value) if isinstance(value, str) else None
    if found is None or found[1]:
        return found[0] if found else None
    return _by_clock(found[0], known)


def _by_clock(local: int, known: Known) -> int | None:
    """By the clock of the station; a time that it shows twice has no answer here."""
    one = np.array([1], np.int64)
    try:
        clocked = to_utc(one * local, one, known.station.zone, where=f"station {known.station.id}")
    except SettingsRefused:
        return None
    return None if clocked.problems else int(clocked.time.view(np.int64)[0])
