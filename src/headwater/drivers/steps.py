"""Which steps of one series go with which of the other: lags, calendar months, moving windows, neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from headwater.drivers.trend_steps import Steps, find_steps
from headwater.errors import InputRefused, SettingsRefused

Index = NDArray[np.int64]


@dataclass(frozen=True)
class StepPairs:
    """Steps that enter one correlation, in the order of time.

    Attributes
    ----------
    rows_a, rows_b : rows of a and of b that go together, shape (pairs,)
    at : position of each pair on an axis of equal steps, shape (pairs,), rising from 0; a position that is
        left out is a missing step, pairs at positions that follow each other are neighbours
    part_of_year : number of each step within its year, shape (pairs,): what ``deseasonalise`` averages over
    label : month (1-12) or middle of the moving window; None for the whole series
    """

    rows_a: Index
    rows_b: Index
    at: Index
    part_of_year: Index
    label: int | np.datetime64 | None = None

    def __len__(self) -> int:
        return self.rows_a.size

    @property
    def linked(self) -> NDArray[np.bool_]:
        """Whether each pair is the neighbour of the one before it."""
        return np.concatenate([[False], np.diff(self.at) == 1])

    @property
    def lonely(self) -> Index:
        """Pairs without a neighbour before them, then those without one after; some are in both."""
        linked = self.linked
        return np.concatenate([np.flatnonzero(~linked), np.flatnonzero(~np.append(linked[1:], False))])

    @property
    def parts_of_year(self) -> int:
        """Parts of the year that occur."""
        return len(np.unique(self.part_of_year))

    def take(self, which: NDArray[np.intp] | slice, label: int | np.datetime64) -> StepPairs:
        """Some of the pairs, positions counted from the first of them."""
        at = self.at[which]
        return replace(
            self,
            rows_a=self.rows_a[which],
            rows_b=self.rows_b[which],
            at=at - at[0],
            part_of_year=self.part_of_year[which],
            label=label,
        )


def pair_steps(
    time: NDArray[np.datetime64],
    *,
    lag: int = 0,
    by: Literal["month"] | None = None,
    window: int | None = None,
) -> tuple[StepPairs, ...]:
    """Pairs of steps of two series on the same time axis.

    Parameters
    ----------
    time : starts of the steps, shape (time,); equal steps (years, months, 16 days, or a fixed length), of
        which some may be left out
    lag : a at step t goes with b at step t - lag: with a lag above 0 b comes first. Counted in steps of the
        whole series, also with ``by``
    by : "month": one set of pairs for each calendar month of a. With monthly steps the neighbour of a June is
        the June of the next year; with shorter steps it is the next step within the same month
    window : steps of a moving window: one set of pairs for each window that lies within the series

    Raises
    ------
    InputRefused
        Fewer than two steps, steps that are not equal, or none left at this lag.
    SettingsRefused
        ``by`` with yearly steps or with ``window``, or a window longer than the series.
    """
    if len(time) < 2:
        raise InputRefused(
            f"time has {len(time)} step: a correlation over time needs several. Give a longer series."
        )
    steps = find_steps(time)
    whole = _at_lag(time, steps, lag)
    if window is not None:
        return tuple(_windows(whole, np.asarray(time), window, by))
    if by is None:
        return (whole,)
    if steps.name == "year":
        raise SettingsRefused("by month with yearly steps: there is one step a year. Leave out by.")
    return tuple(_months(whole, np.asarray(time), 12 if steps.name == "month" else 1))


def _at_lag(time: NDArray[np.datetime64], steps: Steps, lag: int) -> StepPairs:
    rows_a = np.flatnonzero(np.isin(steps.at - lag, steps.at))
    if len(rows_a) < 2:
        raise InputRefused(
            f"lag {lag}: {len(rows_a)} steps of {len(steps.at)} have a partner. Use a smaller lag or "
            "a longer series."
        )
    rows_b = np.searchsorted(steps.at, steps.at[rows_a] - lag)
    at = steps.at[rows_a] - steps.at[rows_a[0]]
    return StepPairs(rows_a, rows_b, at, _part_of_year(time, steps)[rows_a])


def _part_of_year(time: NDArray[np.datetime64], steps: Steps) -> Index:
    """Step within the year for months and composites of 16 days; the calendar month for other steps."""
    if steps.name == "16 days":
        return (steps.at + steps.first_of_year) % int(steps.a_year)
    return month_of(time) - 1 if steps.name != "year" else np.zeros(len(time), np.int64)


def month_of(time: NDArray[np.datetime64]) -> Index:
    """Calendar month of each time, 1-12."""
    return np.asarray(time).astype("datetime64[M]").astype(np.int64) % 12 + 1


def _months(whole: StepPairs, time: NDArray[np.datetime64], stride: int) -> Sequence[StepPairs]:
    months = month_of(time[whole.rows_a])
    parts = []
    for month in np.unique(months):
        part = whole.take(np.flatnonzero(months == month), int(month))
        parts.append(replace(part, at=part.at // stride))
    return parts


def _windows(
    whole: StepPairs, time: NDArray[np.datetime64], window: int, by: str | None
) -> Sequence[StepPairs]:
    if by is not None:
        raise SettingsRefused("a moving window by month: choose one of the two.")
    length = int(whole.at[-1]) + 1
    if not 3 <= window <= length:
        raise SettingsRefused(
            f"window {window}: needs 3 steps or more, and at most the {length} of the series."
        )
    parts = []
    for first in range(length - window + 1):
        which = np.flatnonzero((whole.at >= first) & (whole.at < first + window))
        if len(which) >= 2:
            middle = whole.rows_a[which[(len(which) - 1) // 2]]
            parts.append(whole.take(which, time[middle]))
    return parts
