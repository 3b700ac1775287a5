"""Compiled: what makes a value a rise without rain, a spike, a drop or a jump, by the numbers around it.

Both profiles use these rules; they differ in how the numbers are computed and in what a gap does. Each
``limits`` holds the thresholds of its test in the order of its record in ``profiles.py``. A number that is
not known (NaN, or beyond the ends) makes no flag.
"""

from __future__ import annotations

import numpy as np
from numba import njit

DROP, JUMP = -1, 1
HALF = 12
"""Hours on each side of the value that a centred window of 25 has."""
CLOSE, CLOSE_RELATIVE = 1e-8, 1e-5
"""Numbers nearer than this to a threshold are not beyond it: rounding could have brought them there."""


@njit("float64(float64, float64)", nogil=True, cache=True, error_model="numpy")
def rounded(number, scale):  # type: ignore[no-untyped-def]
    """To the decimals of ``scale`` (1000.0: three), halves to even."""
    return np.rint(number * scale) / scale


@njit("boolean(float64, float64)", nogil=True, cache=True, error_model="numpy")
def clearly_above(number, threshold):  # type: ignore[no-untyped-def]
    """Above, and not by rounding alone."""
    return number > threshold and abs(number - threshold) > CLOSE + CLOSE_RELATIVE * abs(threshold)


@njit(
    "boolean(float64[::1], int64, float64, float64, float64, float64[::1])",
    nogil=True,
    cache=True,
    error_model="numpy",
)
def rises(theta, t, deviation, rain, least_rain, limits):  # type: ignore[no-untyped-def]
    """D04, D05: does ``theta`` rise at t more than in its last day, with too little rain in 24 h?"""
    if t < 24 or not rain < least_rain or not theta[t] > theta[t - 1]:
        return False
    return clearly_above(theta[t] - theta[t - 24], deviation * limits[0])


@njit("int64(float64[::1], int64)", nogil=True, cache=True, error_model="numpy")
def peak(theta, t):  # type: ignore[no-untyped-def]
    """1: theta[t] stands above or below both its neighbours; 2: with the equal value that follows; else 0.

    Of the four values t − 1 … t + 2 one may be unknown.
    """
    if t < 1 or t + 1 >= theta.size:
        return 0
    a, b, c = theta[t - 1], theta[t], theta[t + 1]
    d = theta[t + 2] if t + 2 < theta.size else np.nan
    if (a == a) + (b == b) + (c == c) + (d == d) < 3:
        return 0
    if (a < b and b > c) or (a > b and b < c):
        return 1
    return 2 if (a < b and b == c and c > d) or (a > b and b == c and c < d) else 0


@njit("float64(float64[::1], int64)", nogil=True, cache=True, error_model="numpy")
def variance_around(theta, t):  # type: ignore[no-untyped-def]
    """|variance| / mean of the 24 values around t without theta[t]; NaN unless all 25 are there.

    Sums are added in the order in which numpy adds 24 numbers, so that they agree to the last bit.
    """
    if t < HALF or t + HALF >= theta.size or theta[t] != theta[t]:
        return np.nan
    sums = np.zeros(8)
    for k in range(24):
        sums[k % 8] += theta[t - HALF + k + (k >= HALF)]
    mean = (((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]))) / 24
    sums[:] = 0.0
    for k in range(24):
        off = theta[t - HALF + k + (k >= HALF)] - mean
        sums[k % 8] += off * off
    squares = ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]))
    return abs(squares / 23) / mean


@njit("boolean(float64[::1], float64[::1], int64, float64[::1])", nogil=True, cache=True, error_model="numpy")
def spikes(theta, curvature, t, limits):  # type: ignore[no-untyped-def]
    """D06: is theta[t] a spike, or the first of a spike of two equal values?"""
    if t < 1 or t + 1 >= theta.size:
        return False
    ratio = rounded(theta[t] / theta[t - 1], 1000.0)
    if not (ratio > limits[0] or ratio < limits[1]):
        return False
    bend = rounded(abs(curvature[t - 1] / curvature[t + 1]), 1000.0)
    if not (bend > limits[2] and bend < limits[3]) or peak(theta, t) == 0:
        return False
    return variance_around(theta, t) < limits[4]


@njit(
    "int64(float64[::1], float64[::1], float64[::1], float64, int64, float64[::1])",
    nogil=True,
    cache=True,
    error_model="numpy",
)
def breaks(theta, slope, curvature, mean_slope, t, limits):  # type: ignore[no-untyped-def]
    """D07, D08: DROP, JUMP or 0 at t. ``mean_slope`` is the mean of ``slope`` over ±12 h."""
    if t < 1:
        return 0
    change = theta[t] - theta[t - 1]
    if theta[t] == 0:
        return DROP if abs(change) > limits[5] else 0
    if not (abs(change / theta[t]) > limits[0] and abs(change) > limits[1]) or t + 2 >= theta.size:
        return 0
    turn = rounded(abs(curvature[t - 1] / curvature[t]), 10.0)
    if curvature[t] == 0 or not abs(turn - 1.0) <= 0.01 + CLOSE_RELATIVE:
        return 0
    if not abs(curvature[t] / curvature[t + 2]) > limits[4]:
        return 0
    if not clearly_above(abs(slope[t]), abs(mean_slope * limits[2])):
        return 0
    return DROP if slope[t] < 0 else JUMP


@njit(
    "void(float64[::1], float64[::1], float64[::1], float64, float64[::1], boolean[::1])",
    nogil=True,
    cache=True,
    error_model="numpy",
)
def rises_of_series(theta, deviation, rain, least_rain, limits, out):  # type: ignore[no-untyped-def]
    """D04 or D05 of every value."""
    for t in range(theta.size):
        out[t] = rises(theta, t, deviation[t], rain[t], least_rain, limits)


@njit(
    "void(float64[::1], float64[::1], float64[::1], boolean[::1])",
    nogil=True,
    cache=True,
    error_model="numpy",
)
def spikes_of_series(theta, curvature, limits, out):  # type: ignore[no-untyped-def]
    """D06 of every value: a spike of two equal values has both."""
    before = False
    for t in range(theta.size):
        now = spikes(theta, curvature, t, limits)
        out[t] = now or (before and peak(theta, t - 1) == 2)
        before = now


@njit(
    "void(float64[::1], float64[::1], float64[::1], float64[::1], float64[::1], int64[::1])",
    nogil=True,
    cache=True,
    error_model="numpy",
)
def breaks_of_series(theta, slope, curvature, mean_slope, limits, out):  # type: ignore[no-untyped-def]
    """DROP, JUMP or 0 of every value."""
    for t in range(theta.size):
        out[t] = breaks(theta, slope, curvature, mean_slope[t], t, limits)
