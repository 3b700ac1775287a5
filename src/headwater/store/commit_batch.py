"""What one batch does to an embedded store, inside a transaction that others open and close."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from headwater.stations.ingest import IngestRule, Reason
from headwater.stations.ingest_batch import Accounts, Decisions, accounts, decide_batch, rejections
from headwater.stations.readings import Readings
from headwater.store import hot
from headwater.store.cold import Cold
from headwater.store.months import Month
from headwater.store.names import Names
from headwater.store.newest import NONE, Newest
from headwater.store.protocol import Judge, Judged, Receipt
from headwater.store.rows import Ints, Rows, no_rows, places, stack

COUNT = """
INSERT INTO accounts (station, received, accepted, late, duplicate, corrected, rejected)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (station) DO UPDATE SET
    received = received + excluded.received, accepted = accepted + excluded.accepted,
    late = late + excluded.late, duplicate = duplicate + excluded.duplicate,
    corrected = corrected + excluded.corrected, rejected = rejected + excluded.rejected
"""
COUNT_REASON = """
INSERT INTO rejections (station, reason, count) VALUES (?, ?, ?)
ON CONFLICT (station, reason) DO UPDATE SET count = count + excluded.count
"""


@dataclass
class Writer:
    """What a writing store knows; all of it can be learned again from the disk.

    Attributes
    ----------
    connection, cold : where readings are written to and where sealed ones are looked up
    months : that are sealed
    names : of series and texts
    newest : newest reading of every series
    """

    connection: sqlite3.Connection
    cold: Cold
    months: tuple[Month, ...]
    names: Names
    newest: Newest

    def held(self, series: Ints, time: Ints) -> Rows:
        """What the store holds of these series and times."""
        found = hot.held(self.connection, series, time)
        if not self.months:
            return found
        below = places(series, time, found) < 0
        return stack((found, self.cold.held(self.months, series[below], time[below])))


@dataclass(frozen=True)
class Done:
    """Rows that were written, and the receipt."""

    written: Rows
    receipt: Receipt


def commit_batch(
    writer: Writer, batch: Readings, rule: IngestRule, *, now: np.datetime64, judge: Judge | None
) -> Done:
    """Decides on a batch and writes what follows from it."""
    numbers = writer.names.numbers(batch.series)
    newest = writer.newest.times(numbers)
    held = _held(writer, batch, numbers, newest)
    made = decide_batch(batch, held, rule, now=now, newest=newest.view("datetime64[us]"), known=numbers > 0)
    numbers = _name(writer, made.changed, numbers)
    written, changed = _write(writer, made, numbers, judge)
    stations = accounts(batch, made.kind)
    rejected = rejections(batch, made.reason) if made.reason.any() else {}
    count(writer.connection, stations, rejected)
    receipt = Receipt(stations.total, stations, rejected, changed)
    return Done(written, receipt)


def _name(writer: Writer, table: Readings, numbers: Ints) -> Ints:
    """Numbers of all series, after those that are kept for the first time were given theirs."""
    new = np.unique(table.of[numbers[table.of] == 0]).tolist()
    texts = np.unique(table.says).tolist()
    writer.names.add(writer.connection, (table.series[at] for at in new), (table.said[at] for at in texts))
    return writer.names.numbers(table.series) if new else numbers


def _held(writer: Writer, batch: Readings, numbers: Ints, newest: Ints) -> Readings:
    """What the store holds of the batch: only what is not newer than all of its series can be there."""
    time = batch.time.astype(np.int64)
    maybe = (time <= newest[batch.of]) & (time != NONE) if len(batch) else np.zeros(0, bool)
    keys = np.unique(np.stack([numbers[batch.of[maybe]], time[maybe]]), axis=1)
    found = writer.held(keys[0], keys[1])
    if not len(found):
        return batch.take(slice(0, 0))
    return writer.names.readings(found, batch.series, flags=found.flags)


def _write(writer: Writer, made: Decisions, numbers: Ints, judge: Judge | None) -> tuple[Rows, Readings]:
    """Rows that were written, and the readings that changed."""
    changed, rows, others = made.changed, writer.names.rows(made.changed, numbers), no_rows()
    if judge is not None and len(changed):
        judged = judge(changed)
        rows, others = apply(writer, judged, rows)
        changed = replace(changed, flags=(rows.flags | rows.quality).view(np.uint64))
    hot.insert(writer.connection, rows.take(made.fresh))
    hot.replace(writer.connection, rows.take(~made.fresh))
    hot.replace(writer.connection, others)
    written = stack((rows, others))
    keep_newest(writer, written)
    return written, changed


def apply(writer: Writer, judged: Judged, rows: Rows) -> tuple[Rows, Rows]:
    """Rows with their new quality, and those of the store beside them whose quality changes."""
    wanted = writer.names.rows(judged.readings)
    wanted = wanted.take(wanted.series > 0)
    at = places(wanted.series, wanted.time, rows)
    here = at >= 0
    quality = rows.quality.copy()
    tested = np.array(judged.tested, np.uint64).view(np.int64)
    quality[at[here]] = wanted.flags[here] & tested
    elsewhere = wanted.take(~here)
    found = writer.held(elsewhere.series, elsewhere.time)
    if not len(found):
        return replace(rows, quality=quality), no_rows()
    given = elsewhere.flags[places(found.series, found.time, elsewhere)]
    new = (found.quality & ~tested) | (given & tested)
    return replace(rows, quality=quality), replace(found, quality=new).take(new != found.quality)


def keep_newest(writer: Writer, rows: Rows) -> None:
    """Keeps the rows that are now the newest of their series."""
    blocks = writer.newest.take_in(_newest_of(rows))
    writer.newest.write(writer.connection, blocks)


def _newest_of(rows: Rows) -> Rows:
    """The newest row of each series."""
    ordered = rows.in_order()
    last = np.ones(len(ordered), bool)
    last[:-1] = ordered.series[1:] != ordered.series[:-1]
    return ordered.take(last)


def count(
    connection: sqlite3.Connection,
    stations: Accounts,
    rejected: Mapping[tuple[str, Reason], int],
) -> None:
    """Adds to the accounts."""
    counts = zip(stations.stations, *stations.counts.T.tolist(), strict=True)
    connection.executemany(COUNT, counts)
    connection.executemany(COUNT_REASON, ((name, str(why), many) for (name, why), many in rejected.items()))
