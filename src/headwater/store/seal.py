"""Writes the file of a month from its recent rows and the file that it has, in blocks of series."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from headwater.store import hot
from headwater.store.check import blocks
from headwater.store.months import FOLDER, Month, month_end, month_of, write
from headwater.store.rows import HOUR_US, Rows, no_rows, overlay
from headwater.store.snapshot import Snapshot


def months_to_seal(view: Snapshot, before: int) -> list[str]:
    """Months with recent rows that end at or before this time."""
    known = hot.span(view.connection)
    if known is None:
        return []
    found = []
    month = month_of(known[0] * HOUR_US)
    while month_end(month) <= before and hours_of(month)[0] <= known[1]:
        first, last = hours_of(month)
        row = view.connection.execute(
            "SELECT 1 FROM readings WHERE hour BETWEEN ? AND ? LIMIT 1", (first, last)
        ).fetchone()
        found += [month] if row else []
        month = str(np.datetime64(month, "M") + 1)
    return found


def hours_of(month: str) -> tuple[int, int]:
    """First and last hour of a month."""
    start = int(np.datetime64(month, "us").astype(np.int64))
    return start // HOUR_US, month_end(month) // HOUR_US - 1


def write_month(view: Snapshot, month: str) -> Month | None:
    """The file of a month, written but not yet named in the store."""
    return write(view.cold.folder.parent / FOLDER, month, _blocks(view, month))


def _blocks(view: Snapshot, month: str) -> Iterator[Rows]:
    """Rows by series and time, some series at a time."""
    hours = hours_of(month)
    below = next((one for one in view.months if one.month == month), None)
    query = "SELECT series, count(*) FROM readings WHERE hour BETWEEN ? AND ? GROUP BY series"
    counts = dict(view.connection.execute(query, hours).fetchall())
    if below is not None:
        for number, many in view.cold.counts(below).items():
            counts[number] = counts.get(number, 0) + many
    for first, last in blocks(counts):
        old = no_rows() if below is None else view.cold.block(below, first, last)
        yield overlay(old, hot.block(view.connection, first, last, *hours))
