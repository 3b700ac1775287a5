"""One consistent view of a store: recent rows and sealed months as they were at one commit."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from headwater.stations.readings import Readings
from headwater.stations.series import Series
from headwater.store import hot
from headwater.store.cold import Cold
from headwater.store.months import Month
from headwater.store.names import Names
from headwater.store.newest import read_newest
from headwater.store.protocol import DayMeans
from headwater.store.rows import DAY_US, Ints, Rows, no_rows, overlay


@dataclass(frozen=True)
class Snapshot:
    """What a reader sees.

    Attributes
    ----------
    connection : in a transaction
    cold, months : sealed months and their reader
    names : of series and texts
    """

    connection: sqlite3.Connection
    cold: Cold
    months: tuple[Month, ...]
    names: Names

    def rows(self, numbers: Ints | None, start: int, end: int) -> Rows:
        """Rows of [start, end) microseconds by series and time; a late one holds over the sealed one."""
        above = hot.read(self.connection, numbers, start, end)
        below = self.cold.read(self.months, numbers, start, end) if self.months else no_rows()
        return overlay(below, above)

    def read(self, series: Sequence[Series] | None, start: int, end: int, *, sent: bool) -> Readings:
        """Rows as readings, by series as given and time."""
        wanted = None if series is None else tuple(dict.fromkeys(series))
        numbers = None if wanted is None else self.names.numbers(wanted)
        rows = self.rows(None if numbers is None else numbers[numbers > 0], start, end)
        flags = rows.flags if sent else rows.flags | rows.quality
        table = self.names.readings(rows, wanted or self._occurring(rows), flags=flags)
        ordered = (table.of[1:] >= table.of[:-1]).all()
        return table if ordered else table.take(np.argsort(table.of, kind="stable"))

    def latest(self, series: Sequence[Series] | None) -> Readings:
        """The newest reading of each series."""
        rows = read_newest(self.connection).rows()
        if series is not None:
            rows = rows.take(np.isin(rows.series, self.names.numbers(series)))
        wanted = None if series is None else tuple(dict.fromkeys(series))
        table = self.names.readings(rows, wanted, flags=rows.flags | rows.quality)
        return table if series is None else table.take(np.argsort(table.of))

    def day_means(self, series: Sequence[Series] | None, start: int, end: int, without: int) -> DayMeans:
        """Means of whole days."""
        numbers = None if series is None else self.names.numbers(series)
        if numbers is not None and len(numbers) <= hot.FEW_SERIES:
            sums = _sums_of(self.rows(numbers[numbers > 0], start, end), without)
        else:
            sums = self._sums(numbers, start, end, without)
        names = self.series() if series is None else tuple(dict.fromkeys(series))
        place = self.names.numbers(names)
        order = np.argsort(place, kind="stable")
        of = order[np.searchsorted(place, sums.series, sorter=order)] if len(sums.series) else sums.series
        by = np.lexsort((sums.day, of))
        return DayMeans(
            names,
            of[by].astype(np.int32),
            sums.day[by].astype("datetime64[D]"),
            (sums.total / np.maximum(sums.many, 1))[by],
            sums.many[by],
        )

    def _sums(self, numbers: Ints | None, start: int, end: int, without: int) -> _Sums:
        above = no_rows()
        if any(month.start < end and month.end > start for month in self.months):
            parts = [m for m in self.months if m.start < end and m.end > start]
            above = hot.read(self.connection, None, max(start, parts[0].start), min(end, parts[-1].end))
        found = hot.day_sums(self.connection, start, end, without)
        found += self.cold.day_sums(self.months, numbers, start, end, without, above)
        sums = _added(found)
        return sums if numbers is None else sums.take(np.isin(sums.series, numbers))

    def series(self, station: str | None = None) -> tuple[Series, ...]:
        """Series of a station or all, in order."""
        return tuple(
            sorted((one for one in self.names.series if station in (None, one.station)), key=series_order)
        )

    def days(self) -> Iterator[int]:
        """First microseconds of all days that can have readings, in order."""
        spans = [(month.start, month.end) for month in self.months]
        if hours := hot.span(self.connection):
            spans.append((hours[0] * 3_600_000_000, (hours[1] + 1) * 3_600_000_000))
        days = sorted({day for a, b in spans for day in range(a // DAY_US, -(-b // DAY_US))})
        return (day * DAY_US for day in days)

    def content_hash(self) -> str:
        """SHA-256 over the days, and in a day over the readings by series and time."""
        digest = hashlib.sha256()
        for start in self.days():
            rows = self.rows(None, start, start + DAY_US)
            if len(rows):
                self._digest_day(digest, rows)
        return digest.hexdigest()

    def _digest_day(self, digest: hashlib._Hash, rows: Rows) -> None:
        used, series = np.unique(rows.series, return_inverse=True)
        texts, said = np.unique(rows.said, return_inverse=True)
        names = self.names.named(used)
        words = [self.names.text(number) for number in texts.tolist()]
        by_name = sorted(range(len(names)), key=lambda at: series_order(names[at]))
        by_word = sorted(range(len(words)), key=words.__getitem__)
        of, says = np.argsort(by_name)[series], np.argsort(by_word)[said]
        order = np.lexsort((rows.time, of))
        digest.update(repr([tuple(names[at]) for at in by_name]).encode())
        digest.update(repr([words[at] for at in by_word]).encode())
        value = np.where(np.isnan(rows.value), np.nan, rows.value + 0.0)
        for column in (of, rows.time, value, rows.flags, rows.quality, rows.state, rows.version, says):
            digest.update(
                np.ascontiguousarray(column[order]).astype(column.dtype.newbyteorder("<")).tobytes()
            )

    def _occurring(self, rows: Rows) -> tuple[Series, ...]:
        return tuple(sorted(self.names.named(np.unique(rows.series)), key=series_order))


@dataclass(frozen=True)
class _Sums:
    series: Ints
    day: Ints
    total: np.ndarray
    many: Ints

    def take(self, at: np.ndarray) -> _Sums:
        return _Sums(self.series[at], self.day[at], self.total[at], self.many[at])


def _sums_of(rows: Rows, without: int) -> _Sums:
    rows = rows.take(~np.isnan(rows.value) & ((rows.flags | rows.quality) & without == 0))
    return _group(rows.series, rows.time // DAY_US, rows.value, np.ones(len(rows), np.int64))


def _added(found: list[tuple[int, int, float, int]]) -> _Sums:
    if not found:
        return _sums_of(no_rows(), 0)
    series, day, total, many = zip(*found, strict=True)
    return _group(np.array(series), np.array(day), np.array(total, float), np.array(many))


def _group(series: Ints, day: Ints, total: np.ndarray, many: Ints) -> _Sums:
    order = np.lexsort((day, series))
    series, day = series[order], day[order]
    first = np.ones(len(series), bool)
    first[1:] = (series[1:] != series[:-1]) | (day[1:] != day[:-1])
    start = np.flatnonzero(first)
    if not len(start):
        return _Sums(series, day, total, many)
    return _Sums(
        series[start], day[start], np.add.reduceat(total[order], start), np.add.reduceat(many[order], start)
    )


def series_order(one: Series) -> tuple[object, ...]:
    """Key by which series are in order; those without depth first."""
    none = -(2**62)
    top = none if one.depth_from_mm is None else one.depth_from_mm
    bottom = none if one.depth_to_mm is None else one.depth_to_mm
    return one.station, one.variable, top, bottom, one.sensor
