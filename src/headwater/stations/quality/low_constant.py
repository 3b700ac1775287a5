"""D09: a constant low level after a drop (Dorigo et al. 2013, eq. 14).

With r(t) = var/mean of θ(t) … θ(t+12) in % vol, both rounded to four decimals (0 where θ stays exactly 0),
the level begins at a drop (D07) with r < 0.001. Flagged are all hours of the level and the 12 h after its
last, at least 13.

It lasts: in ``ismn`` while r < 0.001 (13 values must be there); in ``flagit-0.3`` until r grows by 0.001 or
more from one value to the next, values that are missing left out before windows are made, and never in the
first 12 rows. Looks 13 h ahead.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from headwater.stations.quality.kernels import online
from headwater.stations.quality.profiles import LowConstant

Values = NDArray[np.float64]
WIDTH = 13


def low_constants(theta: Values, drops: NDArray[np.bool_], limits: LowConstant) -> NDArray[np.bool_]:
    """Rows that the profile ``flagit-0.3`` flags; values in % vol without NaN, and their D07, shape (n,)."""
    relative = relative_variance(theta)
    with np.errstate(invalid="ignore"):
        grows = np.diff(relative, prepend=np.nan) >= limits.relative_variance_below
    begins = drops & (relative < limits.relative_variance_below)
    turn = np.where(begins, 1, np.where(grows, -1, 0))
    latest = np.maximum.accumulate(np.where(turn != 0, np.arange(len(theta)), -1))
    level = (latest >= 0) & (turn[latest] == 1) if len(theta) else np.zeros(0, bool)
    seen = np.cumsum(np.concatenate([[0], level]))
    out = np.zeros(len(theta), bool)
    out[WIDTH - 1 :] = seen[WIDTH:] > seen[:-WIDTH]
    return out


def relative_variance(theta: Values) -> Values:
    """Variance over mean of each value and the 12 after it; 0 where it is not a number and θ is 0."""
    rows = len(theta)
    variance = np.round(online().sliding_variance(theta, WIDTH, WIDTH), 4)
    mean = np.round(online().sliding(theta, WIDTH - 1, 0, WIDTH, online().MEAN), 4)
    out = np.full(rows, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        out[: max(rows - WIDTH + 1, 0)] = (variance / mean)[WIDTH - 1 :]
    out[np.isnan(out) & (theta == 0)] = 0.0
    return out
