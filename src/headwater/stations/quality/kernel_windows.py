"""Compiled: derivatives, sums and variances of single windows, each from its own hours alone.

``theta`` is in % vol, an hour a place, NaN where there is no value; places beyond the ends hold no value.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from headwater.stations.quality.kernel_rules import HALF, rounded

DAY, LOW = 24, 13
"""Hours: of rain and rise, and of D09's variance."""


@njit("float64(float64[::1], int64)", nogil=True, cache=True, error_model="numpy")
def slope_at(theta, t):  # type: ignore[no-untyped-def]
    """First derivative; NaN where a neighbour is not known."""
    if t < 1 or t + 1 >= theta.size or theta[t] != theta[t]:
        return np.nan
    return (theta[t + 1] - theta[t - 1]) / 2


@njit("float64(float64[::1], int64)", nogil=True, cache=True, error_model="numpy")
def curvature_at(theta, t):  # type: ignore[no-untyped-def]
    """Second derivative; NaN where a neighbour is not known."""
    if t < 1 or t + 1 >= theta.size:
        return np.nan
    return theta[t - 1] - 2 * theta[t] + theta[t + 1]


@njit("float64(float64[::1], int64, int64)", nogil=True, cache=True, error_model="numpy")
def rain_of_day(rain, t, known):  # type: ignore[no-untyped-def]
    """Sum of the 24 h up to t; NaN where fewer than ``known`` of them are there."""
    total, count = 0.0, 0
    for k in range(max(t - DAY + 1, 0), t + 1):
        if rain[k] == rain[k]:
            total += rain[k]
            count += 1
    return total if count >= known else np.nan


@njit("float64(float64[::1], int64, int64, int64)", nogil=True, cache=True, error_model="numpy")
def variance(theta, first, last, least):  # type: ignore[no-untyped-def]
    """Sample variance of the hours first … last that are there; NaN where fewer than ``least`` are."""
    if last >= theta.size or (least > last - first and theta[last] != theta[last]):
        return np.nan
    total, count = 0.0, 0
    for k in range(max(first, 0), last + 1):
        if theta[k] == theta[k]:
            total += theta[k]
            count += 1
    if count < least or count < 2:
        return np.nan
    mean, squares = total / count, 0.0
    for k in range(max(first, 0), last + 1):
        if theta[k] == theta[k]:
            squares += (theta[k] - mean) ** 2
    return squares / (count - 1)


@njit("boolean(float64[::1], int64, float64)", nogil=True, cache=True, error_model="numpy")
def stays_low(theta, t, limit):  # type: ignore[no-untyped-def]
    """Is variance over mean of t … t + 12 below the limit? All 13 values must be there."""
    spread = variance(theta, t, t + LOW - 1, LOW)
    if spread != spread:
        return False
    total = 0.0
    for k in range(t, t + LOW):
        total += theta[k]
    mean = rounded(total / LOW, 10000.0)
    spread = rounded(spread, 10000.0)
    return spread / mean < limit or (spread == 0 and mean == 0)


@njit("float64(float64[::1], int64, int64)", nogil=True, cache=True, error_model="numpy")
def mean_slope(theta, t, least):  # type: ignore[no-untyped-def]
    """Mean of the slopes within ±12 h, ``least`` or more, else NaN."""
    total, count = 0.0, 0
    for k in range(t - HALF, t + HALF + 1):
        slope = slope_at(theta, k)
        if slope == slope:
            total += slope
            count += 1
    return total / count if count >= least else np.nan
