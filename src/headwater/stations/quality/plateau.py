"""D10: a plateau at the level of saturation (Dorigo et al. 2013, eq. 10–13).

A run of hours a … b is calm where each hour t of it has var(θ(t) … θ(t+11)) ≤ 0.05 (% vol)². It is a
plateau where

    the largest slope within a ± 12 h ≥ 0.25,   the smallest slope of b … b + 24 h < 0  (both to three
    decimals), the mean of θ from rise to fall > 0.95 · the highest θ below 60 % vol.

The rise is the hour of that largest slope where it is within a … b + 11, else a; the fall likewise, else b
+ 11. Flagged are all hours from rise to fall.

In ``ismn`` all slopes of b … b + 24 must be known, the highest value is that of the 730 days before the day
of hour b + 25 and of that day up to this hour, and plateaus longer than 30 days are not flagged, which
bounds what a stream must remember. Looks ahead by the length of the plateau and 14 h.

In ``flagit-0.3`` missing values are left out before windows are made, so that a plateau bridges gaps; the
highest value is that of the whole series; the hour of the largest slope counts only where it equals its own
rounding; and all rows that are not calm make one more run, which is judged like the others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headwater.stations.quality.kernels import online
from headwater.stations.quality.profiles import Plateau

Values = NDArray[np.float64]
WIDTH = 12
"""Values of a variance."""
AROUND, AFTER = 12, 24
"""Rows around the beginning, and after the last row of a run, that are searched for rise and fall."""
DECIMALS = 3


@dataclass(frozen=True)
class _Run:
    """Rows ``first`` … ``last`` that are calm; ``rows``: those and the 11 after each, in order."""

    rows: NDArray[np.int64]
    rise: float
    fall: float


def plateaus(theta: Values, slope: Values, limits: Plateau) -> NDArray[np.bool_]:
    """Rows that ``flagit-0.3`` flags; values in % vol without NaN, and their slope, shape (n,)."""
    out = np.zeros(len(theta), bool)
    below = theta[theta < limits.highest_below]
    if len(below):
        level = below.max() * limits.level_above
        for run in _runs(theta, slope, limits):
            first, last = _from_rise_to_fall(run, slope)
            if last >= first and theta[first : last + 1].mean() > level:
                out[first : last + 1] = True
    return out


def calm_rows(theta: Values, limits: Plateau) -> NDArray[np.bool_]:
    """Rows whose 12 values from them onwards vary little."""
    rows = len(theta)
    variance = np.full(rows, np.nan)
    variance[: max(rows - WIDTH + 1, 0)] = online().sliding_variance(theta, WIDTH, WIDTH)[WIDTH - 1 :]
    return variance <= limits.variance_most


def _runs(theta: Values, slope: Values, limits: Plateau) -> list[_Run]:
    """Runs with rise and fall; the rows that are not calm first, as one."""
    rows = len(theta)
    calm = calm_rows(theta, limits)
    most = np.full(rows, np.nan)
    least = np.full(rows, np.nan)
    most[: max(rows - AROUND, 0)] = _extremes(slope, AROUND, np.fmax)[: max(rows - AROUND, 0)]
    least[: max(rows - AFTER, 0)] = _forward_least(slope)[: max(rows - AFTER, 0)]
    edges = np.diff(calm.astype(int), prepend=0, append=0)
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    members = [np.flatnonzero(~calm), *(np.arange(a, b) for a, b in zip(starts, ends, strict=True))]
    found = []
    for member in members:
        rise = np.round(_first(most[member]), DECIMALS)
        fall = np.round(_first(least[member][::-1]), DECIMALS)
        if rise >= limits.rise_least and fall < 0:
            found.append(_Run(_with_tail(member, rows), rise, fall))
    return found


def _with_tail(member: NDArray[np.int64], rows: int) -> NDArray[np.int64]:
    """These rows and the 11 after each."""
    steps = np.zeros(rows + WIDTH, np.int64)
    np.add.at(steps, member, 1)
    np.add.at(steps, member + WIDTH, -1)
    return np.flatnonzero(np.cumsum(steps)[:rows] > 0)


def _from_rise_to_fall(run: _Run, slope: Values) -> tuple[int, int]:
    own = slope[run.rows]
    rises, falls = run.rows[own == run.rise], run.rows[own == run.fall]
    return int(rises[0] if len(rises) else run.rows[0]), int(falls[0] if len(falls) else run.rows[-1])


def _first(values: Values) -> float:
    """The first that is a number, else NaN."""
    there = values[~np.isnan(values)]
    return float(there[0]) if len(there) else np.nan


def _extremes(slope: Values, half: int, of: np.ufunc) -> Values:
    """Largest of the values within ± half rows."""
    padded = np.concatenate([np.full(half, np.nan), slope, np.full(half, np.nan)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1)
    return np.asarray(of.reduce(windows, axis=1))


def _forward_least(slope: Values) -> Values:
    """Smallest of each value and the 24 after it."""
    padded = np.concatenate([slope, np.full(AFTER, np.nan)])
    return np.asarray(np.fmin.reduce(np.lib.stride_tricks.sliding_window_view(padded, AFTER + 1), axis=1))
