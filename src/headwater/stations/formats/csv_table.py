"""Tables in CSV files of any logger: header and delimiter are found, all else is stated."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass

from headwater.errors import InputRefused, SettingsRefused
from headwater.stations.clock import MOST_INTERVALS
from headwater.stations.formats.cells import Layout
from headwater.stations.formats.channels import column_conversions
from headwater.stations.formats.table import Headers, Segment, parse_segments
from headwater.stations.parsed import Parsed, shown
from headwater.stations.series import Station

DELIMITERS = (",", ";", "\t", "|")
TIME_COLUMNS = (
    "time", "timestamp", "datetime", "date_time", "date time", "timestamp_utc", "date",
    "时间", "日期", "日期时间", "观测时间", "采集时间", "时间戳",
)  # fmt: skip
ENCODINGS = ("utf-8", "gb18030", "latin-1")
MOST_BEFORE = 50
"""Lines among which the header must stand."""
_UNIT = re.compile(r"\s*[\[(（](?P<unit>[^\[\]()（）]*)[\])）]\s*$")


@dataclass(frozen=True)
class CsvOptions:
    """What a file does not say of itself.

    Attributes
    ----------
    time_column : its name; empty: one of ``TIME_COLUMNS``
    time_format : for ``strptime``, such as "%d.%m.%Y %H:%M"; empty: ISO 8601, year first
    zone : of the times; empty: that of the station
    delimiter : empty: the one that parts the header
    decimal : "." or ","
    encoding : of the text
    """

    time_column: str = ""
    time_format: str = ""
    zone: str = ""
    delimiter: str = ""
    decimal: str = "."
    encoding: str = "utf-8"


def parse(
    data: bytes,
    station: Station,
    options: CsvOptions = CsvOptions(),
    *,
    name: str = "file",
    version: int = 0,
    most_intervals: int = MOST_INTERVALS,
    fast: bool = True,
) -> Parsed:
    """Readings of a file.

    A unit in brackets at the end of a column's name is the unit that the source states; channels name the
    column with it or without. Lines above the header are counted as used. Parameters and errors are those
    of ``toa5.parse``.
    """
    _check(options)
    lines = data.removeprefix(b"\xef\xbb\xbf").splitlines()
    at, delimiter, names = _header(lines, options, name)
    layout = _layout(names, delimiter, station, options, f"{name}, line {at + 1}")
    blank = sum(not line.strip() for line in lines[:at])
    return parse_segments(
        [Segment(lines[at + 1 :], at + 2, layout)], Headers(used=at + 1 - blank, blank=blank), station,
        zone=options.zone or station.zone, version=version, most_intervals=most_intervals, fast=fast,
    )  # fmt: skip


def _check(options: CsvOptions) -> None:
    if options.decimal not in (".", ","):
        raise SettingsRefused(
            f"decimal {options.decimal!r}: allowed are '.' and ','. Say which the file has."
        )
    if options.delimiter and options.delimiter not in DELIMITERS:
        raise SettingsRefused(
            f"delimiter {options.delimiter!r}: allowed are {', '.join(map(repr, DELIMITERS))}."
        )
    if options.encoding not in ENCODINGS:
        raise SettingsRefused(f"encoding {options.encoding!r}: allowed are {', '.join(ENCODINGS)}.")


def _header(lines: Sequence[bytes], options: CsvOptions, name: str) -> tuple[int, str, list[str]]:
    """Index of the header, delimiter, and names of the columns."""
    wanted = {options.time_column} if options.time_column else set(TIME_COLUMNS)
    for at, raw in enumerate(lines[:MOST_BEFORE]):
        try:
            text = raw.decode(options.encoding)
        except UnicodeDecodeError:
            raise InputRefused(
                f"{name}, line {at + 1}: not {options.encoding} text. Say which encoding the file has: "
                f"{', '.join(ENCODINGS)}."
            ) from None
        for delimiter in [options.delimiter] if options.delimiter else DELIMITERS:
            names = _split(text.lstrip("# "), delimiter)
            if len(names) > 1 and any(_is_time(one, wanted, bool(options.time_column)) for one in names):
                return at, delimiter, names
    raise InputRefused(
        f"{name}: no header with a time column in its first {min(len(lines), MOST_BEFORE)} lines; looked for "
        f"{shown(', '.join(sorted(wanted)))}. State the name of the time column."
    )


def _is_time(column: str, wanted: set[str], stated: bool) -> bool:
    return column in wanted or (not stated and _without_unit(column).casefold() in wanted)


def _split(text: str, delimiter: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([text], delimiter=delimiter, strict=True), [])]
    except csv.Error:
        return []


def _layout(names: list[str], delimiter: str, station: Station, options: CsvOptions, where: str) -> Layout:
    if again := sorted({one for one in names if names.count(one) > 1}):
        raise InputRefused(
            f"{where}: columns {shown(', '.join(again))!r} come twice. Give each its own name."
        )
    wanted = {options.time_column} if options.time_column else set(TIME_COLUMNS)
    time_at = next(at for at, one in enumerate(names) if _is_time(one, wanted, bool(options.time_column)))
    fields = {channel.field for channel in station.channels}
    called = {
        (full if full in fields else _without_unit(full)): at
        for at, full in enumerate(names)
        if at != time_at
    }
    stated = {one: found["unit"] if (found := _UNIT.search(names[at])) else "" for one, at in called.items()}
    conversions = column_conversions(station, stated, where=where)
    if not conversions:
        raise InputRefused(
            f"{where}: none of the columns {shown(', '.join(called))} has a channel at station {station.id}, "
            f"which has {', '.join(map(repr, sorted(fields))) or 'none'}. Add channels."
        )
    return Layout(
        names=tuple(names),
        time_at=time_at,
        conversions={called[one]: made for one, made in conversions.items()},
        delimiter=delimiter,
        decimal=options.decimal,
        encoding=options.encoding,
        time_format=options.time_format,
    )


def _without_unit(column: str) -> str:
    return _UNIT.sub("", column)
