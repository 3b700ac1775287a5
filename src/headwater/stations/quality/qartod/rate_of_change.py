"""QARTOD's rate of change test: how fast a value follows the one before."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from headwater.stations.quality.qartod.words import Outcomes, graded


def rate_of_change(
    value: ArrayLike, suspect_per_hour: float, fail_per_hour: float, *, step_hours: float = 1.0
) -> Outcomes:
    """Outcome of |v(t) − v(t−1)| / step against both thresholds; ``value`` shape (n,), on an even grid.

    Not evaluated at the first value and after a gap.
    """
    values = np.asarray(value, dtype=float)
    rate = np.full(values.shape, np.nan)
    rate[1:] = np.abs(np.diff(values)) / step_hours
    return graded(values, rate, suspect_per_hour, fail_per_hour)
