"""Campbell Scientific TOA5: text tables of a logger, four lines of header, times of a clock without a zone.

Line 1 names station, logger and program and may be cut to three fields; line 2 the columns, line 3 their
units, line 4 what was done with them. The header comes again where a program was changed, with other columns
perhaps, and RECORD starts again. Source: Campbell Scientific, *LoggerNet instruction manual*, appendix on
data formats.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field

from headwater.errors import InputRefused
from headwater.stations.clock import MOST_INTERVALS
from headwater.stations.formats.cells import LINE_OUT, Layout
from headwater.stations.formats.channels import column_conversions
from headwater.stations.formats.table import Headers, Segment, parse_segments
from headwater.stations.parsed import Parsed, Problem, shown
from headwater.stations.series import Station

MARK = b"TOA5"
HEADER_LINES = 4
MISSING = (-7999.0, 7999.0)
"""Numbers that a logger writes where it has none; besides them NAN and INF."""


def is_toa5(head: bytes) -> bool:
    """Does a file that starts so follow this format?"""
    return _is_header(head.removeprefix(b"\xef\xbb\xbf"))


def parse(
    data: bytes,
    station: Station,
    *,
    name: str = "file",
    version: int = 0,
    most_intervals: int = MOST_INTERVALS,
    fast: bool = True,
) -> Parsed:
    """Readings of a file.

    Parameters
    ----------
    station : its ``zone`` is that of the clock, its channels name columns
    name : of the file, for messages
    version : of the readings; 0 lets messages of the same series and time hold
    most_intervals : longer steps of the clock are told as problems
    fast : False: every line by itself, for tests that compare

    Raises
    ------
    InputRefused
        The first header cannot be used, or no column has a channel.
    UnitsUnclear
        A column has no unit, or another than its channel.
    SettingsRefused
        The station has no zone.
    """
    lines = data.removeprefix(b"\xef\xbb\xbf").splitlines()
    searched = lines if data.count(MARK) > 1 else lines[:1]
    starts = [at for at, line in enumerate(searched) if _is_header(line)]
    if not starts or starts[0] > 0:
        found = shown(lines[0].decode("latin-1")) if lines else "nothing"
        raise InputRefused(
            f"{name}, line 1: found {found!r}; a TOA5 file begins with TOA5. Is it another format?"
        )
    read = _Read(name, station)
    for start, stop in zip(starts, [*starts[1:], len(lines)], strict=True):
        read.add(lines[start:stop], start)
    if not any(one.layout.conversions for one in read.segments):
        columns = dict.fromkeys(column for one in read.segments for column in one.layout.names[1:])
        raise InputRefused(
            f"{name}: none of its columns ({shown(', '.join(columns))}) has a channel at station "
            f"{station.id}, "
            f"which has {', '.join(repr(one.field) for one in station.channels) or 'none'}. Add channels."
        )
    return parse_segments(
        read.segments, read.headers(), station,
        zone=station.zone, version=version, most_intervals=most_intervals, fast=fast,
    )  # fmt: skip


@dataclass
class _Read:
    """Segments of a file, and the account of its headers."""

    name: str
    station: Station
    segments: list[Segment] = field(default_factory=list)
    used: int = 0
    blank: int = 0
    left_out: int = 0
    problems: list[Problem] = field(default_factory=list)

    def add(self, lines: Sequence[bytes], before: int) -> None:
        """A header and the lines below it; a later header that cannot be read costs its lines."""
        try:
            layout = _layout(lines[:HEADER_LINES], before, self.name, self.station)
        except _HeaderDamaged as error:
            if not before:
                raise InputRefused(f"{self.name}, {error}. Take the file from the logger again.") from None
            for number, line in enumerate(lines, before + 1):
                blank = not line.strip()
                self.blank += blank
                self.left_out += not blank
                if not blank:
                    self.problems.append(
                        Problem(
                            number, "", shown(line.decode("latin-1")), f"a readable header: {error}", LINE_OUT
                        )
                    )
            return
        self.used += HEADER_LINES
        self.segments.append(Segment(lines[HEADER_LINES:], before + HEADER_LINES + 1, layout))

    def headers(self) -> Headers:
        """Their account."""
        return Headers(self.used, self.blank, self.left_out, tuple(self.problems))


class _HeaderDamaged(Exception):
    """A header that names no columns; never leaves this module."""


def _is_header(line: bytes) -> bool:
    return line.startswith((b'"' + MARK + b'"', MARK + b","))


def _layout(header: Sequence[bytes], before: int, name: str, station: Station) -> Layout:
    if len(header) < HEADER_LINES:
        raise _HeaderDamaged(f"line {before + len(header)}: the header ends after {len(header)} of 4 lines")
    names, units = (_fields(header[at], before + at + 1) for at in (1, 2))
    upper = [column.upper() for column in names]
    if upper.count("TIMESTAMP") != 1 or len(set(names)) < len(names) or len(units) != len(names):
        raise _HeaderDamaged(
            f"line {before + 2}: found {shown(', '.join(names))}; needed are columns with different names, "
            f"one of "
            "them TIMESTAMP, and a unit field for each"
        )
    time_at = upper.index("TIMESTAMP")
    record_at = upper.index("RECORD") if "RECORD" in upper else -1
    stated = {
        column: unit
        for at, (column, unit) in enumerate(zip(names, units, strict=True))
        if at not in (time_at, record_at)
    }
    found = column_conversions(station, stated, where=f"{name}, line {before + 3}")
    return Layout(
        names=tuple(names),
        time_at=time_at,
        record_at=record_at,
        conversions={names.index(column): one for column, one in found.items()},
        encoding="latin-1",
        missing_numbers=MISSING,
    )


def _fields(line: bytes, number: int) -> list[str]:
    """Fields of a line of the header; a file is UTF-8, else latin-1, in which ° and ³ are single bytes."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        text = line.decode("latin-1")
    try:
        return [cell.strip() for cell in next(csv.reader([text], strict=True))]
    except (csv.Error, StopIteration):
        raise _HeaderDamaged(f"line {number}: found {shown(text)!r}, no fields with commas between") from None
