"""Checks a store from end to end: database, files, accounts, keys, newest readings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from headwater.stations.ingest import Account
from headwater.store import hot
from headwater.store.errors import StoreError
from headwater.store.months import Month, sha256
from headwater.store.newest import read_newest
from headwater.store.protocol import Verified
from headwater.store.rows import Rows, no_rows, places
from headwater.store.snapshot import Snapshot

BLOCK_ROWS = 262_144
"""Readings that are held in memory at once."""
ACCOUNT = "station, received, accepted, late, duplicate, corrected, rejected"
NEWEST = "SELECT series, max(hour * 3600000000 + time) FROM readings GROUP BY series"


@dataclass
class _Found:
    problems: list[str] = field(default_factory=list)
    sealed: int = 0
    by_series: dict[int, int] = field(default_factory=dict)

    def add(self, counts: dict[int, int], sign: int = 1) -> None:
        for number, many in counts.items():
            self.by_series[number] = self.by_series.get(number, 0) + sign * many


def verify(view: Snapshot) -> Verified:
    """Every problem of a store in words."""
    found = _Found()
    found.problems += [
        f"database: {line}"
        for (line,) in view.connection.execute("PRAGMA integrity_check(20)")
        if line != "ok"
    ]
    recent = hot.counts(view.connection)
    found.add(recent)
    for month in view.months:
        _month(view, month, found)
    there = replace(view, months=tuple(one for one in view.months if (view.cold.folder / one.file).is_file()))
    found.problems += [*_keys(view), *_names(view, found), *_accounts(view, found), *_latest(there)]
    return Verified(tuple(found.problems), sum(found.by_series.values()), sum(recent.values()), found.sealed)


def _month(view: Snapshot, month: Month, found: _Found) -> None:
    """A sealed month: its digest, its rows, each once and in it, less those that a late one holds over."""
    path = view.cold.folder / month.file
    if not path.is_file():
        found.problems.append(f"month {month.month}: {month.file} is not there")
        return
    if (digest := sha256(path)) != month.sha256:
        found.problems.append(f"month {month.month}: {month.file} has SHA-256 {digest}, not {month.sha256}")
        return
    try:
        counts = view.cold.counts(month)
        found.sealed += sum(counts.values())
        if sum(counts.values()) != month.rows:
            found.problems.append(f"month {month.month}: {sum(counts.values())} rows, not {month.rows}")
        found.add(counts)
        above = hot.read(view.connection, None, month.start, month.end)
        below = view.cold.held([month], above.series, above.time) if len(above) else no_rows()
        found.add(_counts(below), sign=-1)
        for first, last in blocks(counts):
            if not _in_order(view.cold.block(month, first, last), month):
                found.problems.append(f"month {month.month}: a series and time twice, or not of this month")
    except StoreError as error:
        found.problems.append(f"month {month.month}: {error}")


def blocks(counts: dict[int, int]) -> Iterator[tuple[int, int]]:
    """Ranges of series that have few enough rows to be held at once."""
    first, last, many = -1, -1, 0
    for number in sorted(counts):
        if first >= 0 and many + counts[number] > BLOCK_ROWS:
            yield first, last
            first, many = -1, 0
        first, last, many = number if first < 0 else first, number, many + counts[number]
    if first >= 0:
        yield first, last


def _in_order(rows: Rows, month: Month) -> bool:
    rows = rows.in_order()
    once = (rows.series[1:] != rows.series[:-1]) | (rows.time[1:] != rows.time[:-1])
    return bool(once.all() and (rows.time >= month.start).all() and (rows.time < month.end).all())


def _counts(rows: Rows) -> dict[int, int]:
    series, many = np.unique(rows.series, return_counts=True)
    return dict(zip(series.tolist(), many.tolist(), strict=True))


def _keys(view: Snapshot) -> Iterator[str]:
    query = "SELECT count(*) FROM readings WHERE time < 0 OR time >= 3600000000"
    (wrong,) = view.connection.execute(query).fetchone()
    if wrong:
        yield f"readings: {wrong} rows lie in an hour that is not theirs"


def _names(view: Snapshot, found: _Found) -> Iterator[str]:
    known = {number for number, many in found.by_series.items() if many}
    if lost := known - set(view.names.series.values()):
        yield f"series: {len(lost)} numbers of series have no name"
    query = "SELECT count(*) FROM readings WHERE said NOT IN (SELECT id FROM said)"
    if lost_texts := view.connection.execute(query).fetchone()[0]:
        yield f"readings: {lost_texts} rows point to a text that is not there"


def accounts(view: Snapshot) -> dict[str, Account]:
    """Account of each station."""
    query = f"SELECT {ACCOUNT} FROM accounts ORDER BY station"
    return {station: Account(*counts) for station, *counts in view.connection.execute(query)}


def _accounts(view: Snapshot, found: _Found) -> Iterator[str]:
    """Received = what became of them, and accepted + late = readings that are there, for each station."""
    kept: dict[str, int] = {}
    for one, number in view.names.series.items():
        kept[one.station] = kept.get(one.station, 0) + found.by_series.get(number, 0)
    known = accounts(view)
    rejected: dict[str, int] = {}
    for station, many in view.connection.execute("SELECT station, count FROM rejections"):
        rejected[station] = rejected.get(station, 0) + many
    for station in sorted({*kept, *known, *rejected}):
        account = known.get(station, Account())
        if not account.adds_up:
            yield f"station {station}: the account does not add up: {account}"
        if account.accepted + account.late != kept.get(station, 0):
            taken = account.accepted + account.late
            yield f"station {station}: {taken} readings were taken in, and {kept.get(station, 0)} are there"
        if account.rejected != rejected.get(station, 0):
            with_reason = rejected.get(station, 0)
            yield f"station {station}: {account.rejected} rejected, {with_reason} of them with a reason"


def _latest(view: Snapshot) -> Iterator[str]:
    """The kept newest readings against those that are there; sealed ones cannot be newer than recent ones."""
    newest = read_newest(view.connection).rows()
    recent = np.array(view.connection.execute(NEWEST).fetchall(), np.int64).reshape(-1, 2)
    kept = dict(zip(newest.series.tolist(), newest.time.tolist(), strict=True))
    if behind := sum(kept.get(series, time - 1) < time for series, time in recent.tolist()):
        yield f"latest: {behind} series have a newer reading than the kept one"
    held = hot.held(view.connection, newest.series, newest.time)
    at = places(newest.series, newest.time, held)
    below = newest.take(at < 0)
    cold = view.cold.held(view.months, below.series, below.time) if len(below) else no_rows()
    also = places(below.series, below.time, cold)
    differ = int((also < 0).sum()) + _differ(newest.take(at >= 0), held.take(at[at >= 0]))
    differ += _differ(below.take(also >= 0), cold.take(also[also >= 0]))
    if differ:
        yield f"latest: {differ} kept readings are not those of the table"


def _differ(one: Rows, other: Rows) -> int:
    same = (one.value == other.value) | (np.isnan(one.value) & np.isnan(other.value))
    for name in ("flags", "quality", "state", "version", "said"):
        same &= getattr(one, name) == getattr(other, name)
    return int((~same).sum())
