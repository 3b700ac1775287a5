"""Reads the table of stations: ``stations.toml``, or a CSV file with a row for each channel."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any

from headwater.errors import SettingsRefused
from headwater.read_toml import read_toml
from headwater.stations.network import Network, check_network
from headwater.stations.series import Channel, Station, millimetres, station_id

EXAMPLE = "An example stands in docs/howto/loggers.md."
TEXTS, NUMBERS = (
    ("network", "name", "zone", "vegetation", "aspect"),
    ("latitude", "longitude", "altitude_m", "slope_deg"),
)
STATION_KEYS = (*TEXTS, *NUMBERS, "devices", "channels")
CHANNEL_TEXTS, CHANNEL_NUMBERS = (
    ("field", "variable", "sensor", "units"),
    ("depth_m", "depth_from_m", "depth_to_m", "factor", "offset"),
)
CHANNEL_KEYS = (*CHANNEL_TEXTS, *CHANNEL_NUMBERS)
MOST_BYTES = 64 * 1024 * 1024


def read_network(path: Path) -> Network:
    """The stations that a file names, checked.

    A TOML file has ``[[station]]`` with ``[[station.channels]]``; a CSV file has the same names as columns,
    one row a channel, and ``devices`` with blanks between. Rows of one station must agree in what they say
    of it; a row without ``field`` is a station without channels. ``depth_m`` stands for ``depth_from_m`` and
    ``depth_to_m``.

    Raises
    ------
    SettingsRefused
        The file cannot be read, or something in it is wrong; all faults are named, up to ten.
    """
    path = Path(path)
    entries = _from_csv(path) if path.suffix.lower() == ".csv" else _from_toml(path)
    return check_network((_station(entry, where) for where, entry in entries), where=str(path))


def _from_toml(path: Path) -> list[tuple[str, dict[str, Any]]]:
    content = read_toml(path, example=EXAMPLE)
    stations = content.pop("station", [])
    if content or not isinstance(stations, list) or not all(isinstance(one, dict) for one in stations):
        found = ", ".join(map(repr, content)) or "station"
        raise SettingsRefused(f"{path}: found {found}; allowed are tables [[station]] only. {EXAMPLE}")
    return [
        (f"{path}, station {at} ({one.get('name', 'no name')})", one) for at, one in enumerate(stations, 1)
    ]


def _from_csv(path: Path) -> list[tuple[str, dict[str, Any]]]:
    rows = _csv_rows(path)
    header = [cell.strip() for cell in rows[0][1]] if rows else []
    allowed = [key for key in (*STATION_KEYS, *CHANNEL_KEYS) if key != "channels"]
    unknown = [name for name in header if name not in allowed]
    if unknown or "name" not in header or len(set(header)) < len(header):
        raise SettingsRefused(
            f"{path}, line 1: columns {', '.join(header) or 'none'}; allowed are {', '.join(allowed)}, each "
            f"once, and "
            f"name is needed. {EXAMPLE}"
        )
    entries: dict[tuple[str, str], tuple[str, dict[str, Any]]] = {}
    for number, cells in rows[1:]:
        where = f"{path}, line {number}"
        if len(cells) != len(header):
            raise SettingsRefused(
                f"{where}: {len(cells)} cells, but {len(header)} columns. Correct the line."
            )
        row = {name: cell.strip() for name, cell in zip(header, cells, strict=True) if cell.strip()}
        _add_row(entries, row, where)
    return list(entries.values())


def _csv_rows(path: Path) -> list[tuple[int, list[str]]]:
    """Lines that are not empty, with their numbers."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise SettingsRefused(f"{path}: larger than {MOST_BYTES} bytes. Is it a table of stations?")
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            return [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except OSError as error:
        raise SettingsRefused(f"{path}: cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise SettingsRefused(f"{path}: settings must be saved as UTF-8.") from None
    except csv.Error as error:
        raise SettingsRefused(f"{path}: no valid CSV: {error}. {EXAMPLE}") from None


def _add_row(
    entries: dict[tuple[str, str], tuple[str, dict[str, Any]]], row: dict[str, str], where: str
) -> None:
    own: dict[str, Any] = {key: _cell(key, text, where) for key, text in row.items() if key in STATION_KEYS}
    channel = {key: _cell(key, text, where) for key, text in row.items() if key in CHANNEL_KEYS}
    key = (str(own.get("network", "")), str(own.get("name", "")))
    _, entry = entries.setdefault(key, (where, {**own, "channels": []}))
    first = {name: value for name, value in entry.items() if name != "channels"}
    if first != own:
        differ = sorted(name for name in {*first, *own} if first.get(name) != own.get(name))
        raise SettingsRefused(
            f"{where}: station {station_id(*key)!r} differs from its first row in {', '.join(differ)}; "
            f"allowed is the "
            "same on all its rows. Correct one of them."
        )
    if channel:
        entry["channels"].append(channel)


def _cell(key: str, text: str, where: str) -> Any:
    if key == "devices":
        return text.split()
    if key not in (*NUMBERS, *CHANNEL_NUMBERS):
        return text
    try:
        return float(text)
    except ValueError:
        raise SettingsRefused(f"{where}: {key} {text!r}; needed is a number with a decimal point.") from None


def _station(entry: dict[str, Any], where: str) -> Station:
    _keys(entry, STATION_KEYS, where)
    devices, channels = entry.get("devices", []), entry.get("channels", [])
    if not isinstance(devices, list) or not all(isinstance(one, str) for one in devices):
        raise SettingsRefused(
            f'{where}: devices {devices!r}; needed is a list of texts, such as ["0004a30b001c0530"].'
        )
    if not isinstance(channels, list) or not all(isinstance(one, dict) for one in channels):
        raise SettingsRefused(f"{where}: channels must be tables [[station.channels]]. {EXAMPLE}")
    made: dict[str, Any] = {key: _text(entry, key, where) for key in TEXTS}
    numbers: dict[str, Any] = {key: _number(entry, key, where) for key in NUMBERS}
    return Station(
        id=station_id(made["network"], made["name"]),
        devices=tuple(devices),
        channels=tuple(_channel(one, f"{where}, channel {at}") for at, one in enumerate(channels, 1)),
        **made,
        **numbers,
    )


def _channel(entry: dict[str, Any], where: str) -> Channel:
    _keys(entry, CHANNEL_KEYS, where)
    if "depth_m" in entry and ("depth_from_m" in entry or "depth_to_m" in entry):
        raise SettingsRefused(
            f"{where}: depth_m beside depth_from_m or depth_to_m. Give the one or the others."
        )
    depth = _number(entry, "depth_m", where)
    top = depth if depth is not None else _number(entry, "depth_from_m", where)
    bottom = depth if depth is not None else _number(entry, "depth_to_m", where)
    texts: dict[str, Any] = {key: _text(entry, key, where) for key in CHANNEL_TEXTS}
    found = {key: _number(entry, key, where) for key in ("factor", "offset")}
    numbers: dict[str, Any] = {key: value for key, value in found.items() if value is not None}
    return Channel(
        depth_from_mm=None if top is None else millimetres(top),
        depth_to_mm=None if bottom is None else millimetres(bottom),
        **texts,
        **numbers,
    )


def _keys(entry: dict[str, Any], allowed: tuple[str, ...], where: str) -> None:
    if unknown := sorted(set(entry) - set(allowed)):
        raise SettingsRefused(f"{where}: {', '.join(unknown)} not known; allowed are {', '.join(allowed)}.")


def _text(entry: dict[str, Any], key: str, where: str) -> str:
    value = entry.get(key, "")
    if not isinstance(value, str):
        raise SettingsRefused(f"{where}: {key} {value!r}; needed is a text in quotes.")
    return value.strip()


def _number(entry: dict[str, Any], key: str, where: str) -> float | None:
    value = entry.get(key)
    if value is None:
        return None
    if type(value) not in (int, float) or not math.isfinite(value) or abs(value) > 1e9:
        raise SettingsRefused(f"{where}: {key} {value!r}; needed is a number.")
    return float(value)
