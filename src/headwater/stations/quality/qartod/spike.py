"""QARTOD's spike test: how far a value stands from the middle of its two neighbours."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from headwater.stations.quality.qartod.words import Outcomes, graded


def spike(value: ArrayLike, suspect: float, fail: float) -> Outcomes:
    """Outcome of |v(t) − (v(t−1) + v(t+1))/2| against both thresholds; ``value`` shape (n,), on an even grid.

    Not evaluated at the ends and beside a gap. Looks one step ahead.
    """
    values = np.asarray(value, dtype=float)
    off = np.full(values.shape, np.nan)
    off[1:-1] = np.abs(values[1:-1] - (values[:-2] + values[2:]) / 2)
    return graded(values, off, suspect, fail)
