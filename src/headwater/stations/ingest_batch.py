"""The rule of ``ingest`` for tables of readings, and the account of what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headwater.stations.ingest import REASONS, Account, IngestRule, Kind, Reason
from headwater.stations.readings import Readings, Times

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Decisions:
    """What becomes of the n readings of a batch, and what is to be kept.

    Attributes
    ----------
    kind : shape (n,), numbers of ``Kind``
    reason : shape (n,), 0 or 1 + index into ``REASONS``
    changed : readings that are new or differ from what is held, one for each series and time
    fresh : shape (len(changed),), the store held none of this series and time
    """

    kind: NDArray[np.uint8]
    reason: NDArray[np.uint8]
    changed: Readings
    fresh: Bools


def decide_batch(
    batch: Readings,
    held: Readings,
    rule: IngestRule,
    *,
    now: np.datetime64,
    newest: Times | None = None,
    known: ArrayLike = True,
) -> Decisions:
    """What becomes of every reading of a batch, as if ``decide`` took them one after another.

    Parameters
    ----------
    batch : in any order, with any repetitions
    held : what the store holds at the times of the batch, each series and time once, over the same ``series``
    newest : shape (len(batch.series),), time of the newest reading of each series before the batch; NaT: none
    known : shape (len(batch.series),), the store knows the series
    """
    reason = _reasons(batch, rule, now, np.broadcast_to(np.asarray(known), len(batch.series)))
    kind = np.full(len(batch), Kind.REJECTED, np.uint8)
    good = np.flatnonzero(reason == 0)
    rows = _stack(held, batch.take(good))
    order = np.lexsort((rows.time, rows.of))
    rows = rows.take(order)
    first = np.ones(len(rows), bool)
    first[1:] = (rows.of[1:] != rows.of[:-1]) | (rows.time[1:] != rows.time[:-1])
    became, keep, changed = _fold(rows, first, order < len(held), rule)
    if newest is not None and len(newest):
        late = rows.time < newest[rows.of] - rule.late_after
        became[late & (became == Kind.ACCEPTED)] = Kind.LATE
    came = order >= len(held)
    kind[good[order[came] - len(held)]] = became[came]
    return Decisions(kind, reason, keep.take(changed), came[first][changed])


def _reasons(batch: Readings, rule: IngestRule, now: np.datetime64, known: Bools) -> NDArray[np.uint8]:
    tests = {
        Reason.NO_TIME: np.isnat(batch.time),
        Reason.TOO_EARLY: batch.time < rule.earliest,
        Reason.FUTURE: batch.time > now + rule.future_tolerance,
        Reason.INFINITE: np.isinf(batch.value),
        Reason.UNKNOWN_SERIES: ~known[batch.of] & rule.refuse_unknown,
    }
    found = np.zeros(len(batch), np.uint8)
    for at in range(len(REASONS), 0, -1):
        found[tests[REASONS[at - 1]]] = at
    return found


def _stack(held: Readings, batch: Readings) -> Readings:
    """Both, the held ones first, with what providers said in the order of the text."""
    if len(held) and held.series != batch.series:
        raise ValueError("held readings and batch must have the same series")
    said = tuple(sorted({*held.said, *batch.said}))
    rank = {text: at for at, text in enumerate(said)}
    parts = (held, batch) if len(held) else (batch,)
    says = [np.array([rank[text] for text in part.said], np.int32)[part.says] for part in parts]
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("of", "time", "value", "flags", "state", "version")
    }
    columns["value"] = np.where(np.isnan(columns["value"]), np.nan, columns["value"] + 0.0)
    return replace(batch, said=said, says=np.concatenate(says), **columns)


def _fold(
    rows: Readings, first: Bools, was_held: Bools, rule: IngestRule
) -> tuple[NDArray[np.uint8], Readings, Bools]:
    """Kind of every row, what holds of every group of rows, and whether that is new or changed."""
    group = np.cumsum(first) - 1
    start = np.flatnonzero(first)
    place = np.arange(len(rows)) - start[group] if len(rows) else group
    kind = np.full(len(rows), Kind.ACCEPTED, np.uint8)
    keep = rows.take(start)
    changed = ~was_held[start]
    for turn in range(1, int(place.max(initial=0)) + 1):
        at = np.flatnonzero(place == turn)
        before = keep.take(group[at])
        after = _resolve(before, rows.take(at), np.uint64(rule.conflict))
        same = _equal(before, after)
        kind[at] = np.where(same, Kind.DUPLICATE, Kind.CORRECTED)
        for name in ("value", "flags", "state", "version", "says"):
            getattr(keep, name)[group[at]] = getattr(after, name)
        changed[group[at]] |= ~same
    return kind, keep, changed


def _resolve(one: Readings, other: Readings, conflict: np.uint64) -> Readings:
    first, second = (np.where(np.isnan(part.value), -np.inf, part.value) for part in (one, other))
    newer, level = other.version > one.version, other.version == one.version
    takes = newer | (level & (second > first))
    tie = level & (first == second)
    clash = level & ~tie & np.isfinite(first) & np.isfinite(second)
    flags = np.where(takes, other.flags, one.flags)
    flags |= np.where(level, (one.flags | other.flags) & conflict, np.uint64(0))
    flags |= np.where(clash, conflict, np.uint64(0))
    return replace(
        one,
        value=np.where(takes, other.value, one.value),
        version=np.where(takes, other.version, one.version),
        flags=np.where(tie, one.flags | other.flags, flags),
        state=np.where(tie, one.state | other.state, np.where(takes, other.state, one.state)),
        says=np.where(tie, np.maximum(one.says, other.says), np.where(takes, other.says, one.says)),
    )


def _equal(one: Readings, other: Readings) -> Bools:
    same = (one.value == other.value) | (np.isnan(one.value) & np.isnan(other.value))
    for name in ("flags", "state", "version", "says"):
        same &= getattr(one, name) == getattr(other, name)
    return same


@dataclass(frozen=True)
class Accounts:
    """Accounts of the stations of a batch.

    Attributes
    ----------
    stations : those that sent something, in order
    counts : shape (n, 6), the fields of ``Account`` for each
    """

    stations: tuple[str, ...]
    counts: NDArray[np.int64]

    @property
    def total(self) -> Account:
        """Of the batch."""
        return Account(*self.counts.sum(axis=0).tolist())

    def by_station(self) -> dict[str, Account]:
        """Account of each station."""
        rows = zip(self.stations, self.counts.tolist(), strict=True)
        return {station: Account(*counts) for station, counts in rows}


def accounts(batch: Readings, kind: NDArray[np.uint8]) -> Accounts:
    """Account of each station of a batch."""
    names = sorted({one.station for one in batch.series})
    number = {name: at for at, name in enumerate(names)}
    station = np.array([number[one.station] for one in batch.series], np.int64)[batch.of]
    counts = np.zeros((len(names), 1 + len(Kind)), np.int64)
    counts[:, 0] = np.bincount(station, minlength=len(names))
    np.add.at(counts, (station, 1 + kind.astype(np.int64)), 1)
    came = np.flatnonzero(counts[:, 0])
    return Accounts(tuple(names[at] for at in came.tolist()), counts[came])


def rejections(batch: Readings, reason: NDArray[np.uint8]) -> Mapping[tuple[str, Reason], int]:
    """How many readings of each station were rejected for each reason."""
    found: dict[tuple[str, Reason], int] = {}
    for row in np.flatnonzero(reason):
        key = (batch.series[batch.of[row]].station, REASONS[reason[row] - 1])
        found[key] = found.get(key, 0) + 1
    return found
