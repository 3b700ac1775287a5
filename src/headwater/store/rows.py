"""Readings as they lie in a store: columns of whole numbers, series and texts by their numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US

Ints = NDArray[np.int64]

COLUMNS = "hour, series, time, value, flags, quality, state, version, said"
"""Of the tables of the database, in order."""


@dataclass(frozen=True)
class Rows:
    """Columns of n readings.

    Attributes
    ----------
    series : shape (n,), number of the series in the store
    time : shape (n,), microseconds since 1970-01-01, UTC
    value : shape (n,), SI; NaN: missing
    flags : shape (n,), bits that came with it, and the conflict; as signed numbers
    quality : shape (n,), bits of our tests; as signed numbers
    state, version : shape (n,)
    said : shape (n,), number of the text in the store
    """

    series: Ints
    time: Ints
    value: NDArray[np.float64]
    flags: Ints
    quality: Ints
    state: Ints
    version: Ints
    said: Ints

    def __len__(self) -> int:
        return len(self.time)

    def take(self, at: Any) -> Rows:
        """The rows at these places."""
        return Rows(*(getattr(self, field.name)[at] for field in fields(self)))

    def in_order(self) -> Rows:
        """By series and time."""
        return self.take(np.lexsort((self.time, self.series)))

    def tuples(self) -> Iterator[tuple[Any, ...]]:
        """Rows as the database takes them, in the order of its key."""
        hour = self.time // HOUR_US
        order = np.lexsort((self.time, self.series, hour))
        hour, rows = hour[order], self.take(order)
        value: list[float | None] = rows.value.tolist()
        for at in np.flatnonzero(np.isnan(rows.value)):
            value[at] = None
        return zip(
            hour.tolist(), rows.series.tolist(), (rows.time - hour * HOUR_US).tolist(), value,
            rows.flags.tolist(), rows.quality.tolist(), rows.state.tolist(), rows.version.tolist(),
            rows.said.tolist(), strict=True,
        )  # fmt: skip


def rows_of(found: Sequence[tuple[Any, ...]]) -> Rows:
    """Rows from what the database gives for ``COLUMNS``."""
    if not found:
        return no_rows()
    hour, series, time, value, *rest = zip(*found, strict=True)
    times = np.array(hour, np.int64) * HOUR_US + np.array(time, np.int64)
    return Rows(_ints(series), times, np.array(value, np.float64), *(_ints(column) for column in rest))


def no_rows() -> Rows:
    """None."""
    none = np.empty(0, np.int64)
    return Rows(none, none, np.empty(0), none, none, none, none, none)


def stack(parts: Iterable[Rows]) -> Rows:
    """All rows of the parts, one after another."""
    kept = [part for part in parts if len(part)]
    if len(kept) < 2:
        return kept[0] if kept else no_rows()
    return Rows(*(np.concatenate([getattr(part, field.name) for part in kept]) for field in fields(Rows)))


def overlay(below: Rows, above: Rows) -> Rows:
    """Rows of both by series and time; where both have one, that of ``above``."""
    if not len(below) or not len(above):
        return (above if len(above) else below).in_order()
    both = stack((above, below))
    order = np.lexsort((both.time, both.series))  # keeps the one above first
    both = both.take(order)
    again = (both.series[1:] == both.series[:-1]) & (both.time[1:] == both.time[:-1])
    return both.take(np.concatenate([[True], ~again]))


def places(series: ArrayLike, time: ArrayLike, rows: Rows) -> Ints:
    """Where in ``rows`` each series and time stands; −1: nowhere."""
    wanted, at = np.asarray(series, np.int64), np.asarray(time, np.int64)
    if len(wanted) == len(rows) and (wanted == rows.series).all() and (at == rows.time).all():
        return np.arange(len(rows))
    many = len(rows)
    order = np.lexsort((np.concatenate([rows.time, at]), np.concatenate([rows.series, wanted])))
    last = np.maximum.accumulate(np.where(order < many, np.arange(len(order)), -1))
    found = np.full(len(wanted), -1, np.int64)
    asked = order >= many
    found[order[asked] - many] = np.where(last[asked] >= 0, order[last[asked]], -1)
    hit = found >= 0
    hit[hit] = (rows.series[found[hit]] == wanted[hit]) & (rows.time[found[hit]] == at[hit])
    return np.where(hit, found, -1)


def _ints(column: Sequence[int]) -> Ints:
    return np.array(column, np.int64)
