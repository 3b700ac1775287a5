"""Tables with a time column: lines in, readings and an account out. Shared by TOA5, CSV and SDI-12."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headwater.stations.clock import MOST_INTERVALS, jumps, to_utc
from headwater.stations.formats.cells import Cells, Layout, careful_cells, fast_cells
from headwater.stations.parsed import MOST_PROBLEMS, Parsed, Problem
from headwater.stations.read_flags import flag_words
from headwater.stations.readings import Readings, Times, join, readings
from headwater.stations.series import Station

BLOCK_LINES = 4096


@dataclass(frozen=True)
class Segment:
    """Lines under one header.

    Attributes
    ----------
    lines : below the header
    first_line : number of the first of them, from 1
    layout : what the header says
    """

    lines: Sequence[bytes]
    first_line: int
    layout: Layout


@dataclass(frozen=True)
class Headers:
    """Lines that were read before the segments: understood, blank, refused, and what is wrong with them."""

    used: int = 0
    blank: int = 0
    left_out: int = 0
    problems: tuple[Problem, ...] = ()


def parse_segments(
    segments: Sequence[Segment],
    headers: Headers,
    station: Station,
    *,
    zone: str,
    version: int = 0,
    most_intervals: int = MOST_INTERVALS,
    fast: bool = True,
) -> Parsed:
    """Readings of all segments, in the order of the source, with times in UTC.

    Parameters
    ----------
    zone : of the clock, for times without one
    version : of the readings
    fast : False: every line by itself, for tests that compare
    """
    blocks = [(cells, one.layout) for one in segments for cells in _blocks(one, fast)]
    told = Headers(headers.used, headers.blank, headers.left_out, (*headers.problems, *_ignored(segments)))
    return parse_cells(blocks, told, station, zone=zone, version=version, most_intervals=most_intervals)


def parse_cells(
    blocks: Sequence[tuple[Cells, Layout]],
    headers: Headers,
    station: Station,
    *,
    zone: str,
    version: int = 0,
    most_intervals: int = MOST_INTERVALS,
) -> Parsed:
    """Readings of cells that were read, each block with its layout; as ``parse_segments``."""
    time, told = _times(blocks, station, zone, most_intervals)
    problems = [*headers.problems, *told]
    parts, start = [], 0
    for cells, layout in blocks:
        stop = start + len(cells.line)
        parts.append(_readings(cells, layout, time[start:stop], version))
        start = stop
        problems += cells.problems
    never = int(np.count_nonzero(np.isnat(time)))
    used = headers.used + len(time) - never
    problems.sort(key=lambda problem: problem.line)
    blank = headers.blank + sum(cells.blank for cells, _ in blocks)
    left_out = headers.left_out + never + sum(cells.left_out for cells, _ in blocks)
    return Parsed(
        readings=join(parts),
        problems=tuple(problems[:MOST_PROBLEMS]),
        lines=used + blank + left_out,
        used=used,
        blank=blank,
        left_out=left_out,
    )


def _blocks(segment: Segment, fast: bool) -> Iterator[Cells]:
    for start in range(0, len(segment.lines), BLOCK_LINES):
        lines, number = segment.lines[start : start + BLOCK_LINES], segment.first_line + start
        cells = fast_cells(lines, number, segment.layout) if fast else None
        yield cells or careful_cells(lines, number, segment.layout)


def _times(
    blocks: Sequence[tuple[Cells, Layout]], station: Station, zone: str, most_intervals: int
) -> tuple[Times, list[Problem]]:
    """Times of the lines of all blocks in UTC, NaT where there is none; problems of the clock."""
    if not blocks:
        return np.empty(0, "datetime64[us]"), []
    line, local = _one(blocks, "line"), _one(blocks, "time")
    zoned, record = _one(blocks, "zoned"), _one(blocks, "record")
    counted = all(layout.record_at >= 0 for _, layout in blocks)
    time = local.view("datetime64[us]").copy()
    problems: list[Problem] = []
    if not zoned.all():
        own = ~zoned
        kept = record[own] if counted else None
        clocked = to_utc(local[own], line[own], zone, where=f"station {station.id}", record=kept)
        time[own] = clocked.time
        problems += clocked.problems
    real = ~np.isnat(time)
    step = np.diff(time[real].astype(np.int64))
    interval = int(np.median(step[step > 0])) if (step > 0).any() else 0
    problems += jumps(
        time[real],
        line[real],
        interval,
        record=record[real] if counted else None,
        most_intervals=most_intervals,
    )
    return time, problems


def _one(blocks: Sequence[tuple[Cells, Layout]], name: str) -> NDArray[np.int64]:
    column: NDArray[np.int64] = np.concatenate([getattr(cells, name) for cells, _ in blocks])
    return column


def _readings(cells: Cells, layout: Layout, time: Times, version: int) -> Readings:
    """Readings line by line; a cell that says that there is no value is a reading without one."""
    conversions = list(layout.conversions.values())
    many = len(conversions)
    keep = (cells.good & ~np.isnat(time)[:, None]).ravel()
    values = np.empty(cells.numbers.shape)
    for at, one in enumerate(conversions):
        values[:, at] = one.column(cells.numbers[:, at])
    value = values.ravel()[keep]
    return readings(
        [one.series for one in conversions],
        np.tile(np.arange(many, dtype=np.int32), len(time))[keep],
        np.repeat(time, many)[keep],
        value,
        flags=np.where(np.isnan(value), np.uint64(flag_words().mask(["M"])), np.uint64(0)),
        version=version,
    )


def _ignored(segments: Iterable[Segment]) -> Iterator[Problem]:
    """Columns that have no channel, each once, and units that were not understood."""
    lines: dict[str, int] = {}
    first: dict[str, int] = {}
    notes: dict[str, Problem] = {}
    for one in segments:
        layout = one.layout
        own = {layout.time_at, layout.record_at, *layout.conversions}
        for at, name in enumerate(layout.names):
            if at not in own:
                lines[name] = lines.get(name, 0) + len(one.lines)
                first.setdefault(name, one.first_line - 1)
        for conversion in layout.conversions.values():
            if conversion.note:
                found = Problem(
                    one.first_line - 1,
                    conversion.field,
                    conversion.note,
                    "a known unit",
                    "unit of the channel",
                )
                notes.setdefault(conversion.field, found)
    for name, many in lines.items():
        yield Problem(first[name], name, f"{many} lines", "a channel of the station", "column ignored")
    yield from notes.values()
