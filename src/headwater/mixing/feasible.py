"""More sources than tracers + 1: the whole range of shares that reproduce the mixture exactly."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from headwater.mixing.endmembers import Array

_EDGE = 1e-9  # shares down to −1e-9 are 0 within rounding


@dataclass(frozen=True)
class Feasible:
    """Ranges of the shares, one row a problem.

    Attributes
    ----------
    low, high : shape (D, K), smallest and largest share of each source; NaN where nothing is feasible
    centre : shape (D, K), mean of the corners of the feasible set; a label for it, not an estimate
    corners : shape (D,), how many corners the set has; 0 means the mixture lies outside all sources
    """

    low: Array
    high: Array
    centre: Array
    corners: NDArray[np.int64]


def feasible_ranges(target: Array, points: Array) -> Feasible:
    """Exact range of every share over {f ≥ 0, Σ f = 1, Σ f_k s_k = m}, by the corners of that polytope.

    A linear function is extreme at a corner, and a corner has at most J + 1 shares that are not 0; so
    every set of J + 1 sources is solved, and kept where no share is negative.

    Parameters
    ----------
    target : float, shape (D, J)
    points : float, shape (D, K, J); K up to about 20

    References
    ----------
    Phillips, Gregg (2003), Oecologia 136, 261–269: the question (answered there on a grid).
    """
    size, k, j = points.shape
    members = min(j + 1, k)
    low = np.full((size, k), np.inf)
    high = np.full((size, k), -np.inf)
    total = np.zeros((size, k))
    corners = np.zeros(size, dtype=np.int64)
    balance = np.concatenate([np.swapaxes(points, 1, 2), np.ones((size, 1, k))], axis=1)
    wanted = np.concatenate([target, np.ones((size, 1))], axis=1)[:, :, None]
    for chosen in combinations(range(k), members):
        f, kept = _corner(balance[:, :, chosen], wanted)
        if not kept.any():
            continue
        share = np.zeros((int(kept.sum()), k))
        share[:, chosen] = np.clip(f[kept], 0.0, 1.0)
        low[kept] = np.minimum(low[kept], share)
        high[kept] = np.maximum(high[kept], share)
        total[kept] += share
        corners[kept] += 1
    none = corners == 0
    low[none] = high[none] = np.nan
    with np.errstate(invalid="ignore"):
        centre = total / np.where(none, np.nan, corners)[:, None]
    return Feasible(low, high, centre, corners)


def feasible_with_tolerance(target: Array, points: Array, tolerance: Array) -> tuple[Array, Array]:
    """Low and high share, each (K,), where every tracer may miss the mixture by ± tolerance.

    One linear programme for each end of each range (2 K of them); NaN where even the tolerance leaves
    nothing feasible. For a single problem, not for draws.

    Parameters
    ----------
    target : float, shape (J,)
    points : float, shape (K, J)
    tolerance : float, shape (J,), ≥ 0, in the units of the tracers
    """
    from scipy.optimize import linprog

    k = len(points)
    upper = np.concatenate([points.T, -points.T])
    bound = np.concatenate([target + tolerance, tolerance - target])
    ends = np.full((2, k), np.nan)
    for row, sign in enumerate((1.0, -1.0)):
        for source in range(k):
            cost = np.zeros(k)
            cost[source] = sign
            solved = linprog(cost, A_ub=upper, b_ub=bound, A_eq=np.ones((1, k)), b_eq=[1.0])
            if solved.status == 0:
                ends[row, source] = sign * solved.fun
    return ends[0], ends[1]


def _corner(columns: Array, wanted: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Solution (D, members) for one set of sources, and where it is a corner (not singular, f ≥ 0)."""
    size, rows, members = columns.shape
    f = np.full((size, members), np.nan)
    if rows == members:
        scale = np.abs(columns).max(axis=(1, 2))
        regular = np.abs(np.linalg.det(columns / scale[:, None, None])) > 1e-14
        f[regular] = np.linalg.solve(columns[regular], wanted[regular])[:, :, 0]
    else:
        f = (np.linalg.pinv(columns) @ wanted)[:, :, 0]
        miss = np.abs(columns @ f[:, :, None] - wanted)[:, :, 0].max(axis=1)
        f[miss > 1e-9 * np.maximum(1.0, np.abs(wanted).max())] = np.nan
    kept: NDArray[np.bool_] = np.asarray((f >= -_EDGE).all(axis=1))
    return f, kept
