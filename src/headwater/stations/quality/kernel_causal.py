"""Compiled: the profile ``ismn`` over a stretch of hours. Batch and stream both call ``update``.

Every window is computed afresh from its own hours, so that a flag depends on these alone and not on what
was computed before, in which order and in how many pieces. ``theta`` is in % vol, an hour a place, NaN
where there is no value.

What a stream carries of a series besides its values: ``calm`` (variance of 12 h is low), ``level`` (a low
constant level goes on) and the highest value of each day, ``high``, kept at day modulo its length with
``high_day`` saying whose it is.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from headwater.stations.quality.kernel_rules import DROP, HALF, JUMP, breaks, peak, rises, rounded, spikes
from headwater.stations.quality.kernel_windows import (
    DAY,
    LOW,
    curvature_at,
    mean_slope,
    rain_of_day,
    slope_at,
    stays_low,
    variance,
)

D04, D05, D06, D07, D08, D09, D10 = (1 << bit for bit in range(7, 14))
GOOD, MISSING = 1 << 0, 1 << 15
WINDOWED = D04 | D05 | D06 | D07 | D08 | D09 | D10
CALM = 12
"""Hours of D10's variance."""
SETTLED = 13
"""Hours around a change within which D06–D08 can change."""
DECIDES = 25
"""Hours after the last calm one at which a plateau is decided."""
LIMITS = "UniTuple(float64[::1], 6)"
"""Of rise, spike, break, low constant, plateau; and least rain (NaN: no test), hours of rain, of the model's
rain, longest plateau (0: any), days of the highest value."""


@njit(
    "float64(float64[::1], int64, int64, float64[::1], int64[::1], int64, float64)",
    nogil=True,
    cache=True,
    error_model="numpy",
)
def highest(theta, first_hour, at, high, high_day, days, below):  # type: ignore[no-untyped-def]
    """Highest value below ``below``: of ``days`` days before that of place ``at``, and of it up to there."""
    today = (first_hour + at) // DAY
    best = -np.inf
    for day in range(today - days, today):
        if high_day[day % high.size] == day:
            best = max(best, high[day % high.size])
    for k in range(max(today * DAY - first_hour, 0), at + 1):
        if theta[k] < below:
            best = max(best, theta[k])
    return best


@njit(
    f"UniTuple(int64, 2)(float64[::1], boolean[::1], int64, int64, float64[::1], int64[::1], {LIMITS})",
    nogil=True,
    cache=True,
    error_model="numpy",
)
def plateau_ending(theta, calm, b, first_hour, high, high_day, limits):  # type: ignore[no-untyped-def]
    """First and last place of the plateau whose last calm hour is b; (0, −1) where it is none."""
    rise_least, level_above, below = limits[4][1], limits[4][2], limits[4][3]
    longest = int(limits[5][3])
    if b + DECIDES >= theta.size:
        return 0, -1
    fall = np.inf
    for k in range(b, b + DECIDES):
        slope = slope_at(theta, k)
        if slope != slope:
            return 0, -1
        fall = min(fall, slope)
    if not rounded(fall, 1000.0) < 0:
        return 0, -1
    a = b
    while a > 0 and calm[a - 1]:
        a -= 1
        if longest and b - a + CALM > longest:
            return 0, -1
    rise = -np.inf
    for k in range(a - HALF, a + HALF + 1):
        slope = slope_at(theta, k)
        if slope > rise:
            rise = slope
    if not rounded(rise, 1000.0) >= rise_least:
        return 0, -1
    first, last = -1, -1
    for k in range(a, b + CALM):
        slope = slope_at(theta, k)
        if first < 0 and slope == rise:
            first = k
        if last < 0 and slope == fall:
            last = k
    first = a if first < 0 else first
    last = b + CALM - 1 if last < 0 else last
    total = 0.0
    for k in range(first, last + 1):
        total += theta[k]
    top = highest(theta, first_hour, b + DECIDES, high, high_day, int(limits[5][4]), below)
    if last < first or not total / (last - first + 1) > level_above * top:
        return 0, -1
    return first, last


@njit(
    f"void(float64[::1], float64[::1], float64[::1], int64[::1], int64, int64, {LIMITS})",
    nogil=True,
    cache=True,
    error_model="numpy",
)
def find_rises(theta, rain, model, fresh, first, last, limits):  # type: ignore[no-untyped-def]
    """D04 and D05 of the hours first … last."""
    least, known, known_model = limits[5][0], int(limits[5][1]), int(limits[5][2])
    for t in range(first, last + 1):
        fresh[t] &= ~(D04 | D05)
        if not theta[t] > theta[t - 1] or t < DAY:
            continue
        deviation = np.sqrt(variance(theta, t - DAY, t, 2))
        fallen = rounded(rain_of_day(rain, t, known), 10.0)
        if rises(theta, t, deviation, fallen, least, limits[0]):
            fresh[t] |= D04
        if rises(theta, t, deviation, rain_of_day(model, t, known_model), least, limits[0]):
            fresh[t] |= D05


@njit(
    "void(float64[::1], float64[::1], float64[::1], int64[::1], int64, int64, float64[::1], float64[::1])",
    nogil=True,
    cache=True,
    error_model="numpy",
)
def find_spikes_and_breaks(  # type: ignore[no-untyped-def]
    theta, slope, curvature, fresh, first, last, spike_limits, break_limits
):
    """D06, D07 and D08 of the hours first … last; ``slope`` and ``curvature`` are room to work in."""
    for t in range(max(first - 3, 0), min(last + 4, theta.size)):
        slope[t], curvature[t] = slope_at(theta, t), curvature_at(theta, t)
    before = first > 0 and spikes(theta, curvature, first - 1, spike_limits)
    for t in range(first, last + 1):
        fresh[t] &= ~(D06 | D07 | D08)
        now = spikes(theta, curvature, t, spike_limits)
        if now or (before and peak(theta, t - 1) == 2):
            fresh[t] |= D06
        before = now
        if not t or not abs(theta[t] - theta[t - 1]) > min(break_limits[1], break_limits[5]):
            continue
        mean = mean_slope(theta, t, int(break_limits[3]))
        turn = breaks(theta, slope, curvature, mean, t, break_limits)
        if turn == DROP:
            fresh[t] |= D07
        elif turn == JUMP:
            fresh[t] |= D08


@njit(
    "void(float64[::1], boolean[::1], int64[::1], int64, int64, int64, float64)",
    nogil=True,
    cache=True,
    error_model="numpy",
)
def find_low_constants(theta, level, fresh, first, settled, top, limit):  # type: ignore[no-untyped-def]
    """D09 from ``first`` on, up to where nothing changes any more after ``settled``."""
    t = first
    while t <= top:
        goes_on = (t > 0 and level[t - 1]) or fresh[t] & D07 != 0
        now = goes_on and stays_low(theta, t, limit)
        if t > settled and now == level[t]:
            break
        level[t] = now
        t += 1
    latest = -LOW
    for k in range(max(first - LOW + 1, 0), first):
        if level[k]:
            latest = k
    for k in range(first, min(t + LOW, top + 1)):
        if level[k]:
            latest = k
        fresh[k] &= ~D09
        if k - latest < LOW:
            fresh[k] |= D09


@njit(
    "int64(float64[::1], boolean[::1], int64[::1], int64[::1], int64, int64, int64[::1], int64, float64[::1],"
    f" int64[::1], {LIMITS})",
    nogil=True,
    cache=True,
    error_model="numpy",
)
def find_plateaus(  # type: ignore[no-untyped-def]
    theta, calm, told, fresh, start, first_hour, changed, top, high, high_day, limits
):
    """D10 after a change of soil moisture; the first place that may be new, ``fresh`` filled from there.

    A new value after all others decides one run alone. Any other change may concern every run that ends after
    it, for the highest value enters all of them.
    """
    lo, hi = changed[0], changed[1]
    for t in range(max(lo - CALM + 1, 0), min(hi, top) + 1):
        calm[t] = variance(theta, t, t + CALM - 1, CALM) <= limits[4][0]
    if changed[4]:
        b = hi - DECIDES
        if b < 0 or not calm[b] or calm[b + 1]:
            return start
        first, last = plateau_ending(theta, calm, b, first_hour, high, high_day, limits)
        if last < first:
            return start
        for t in range(first, start):
            fresh[t] = told[t]
        for t in range(first, last + 1):
            fresh[t] |= D10
        return min(first, start)
    begin = max(lo - DECIDES - 1, 0)
    earliest = max(begin - int(limits[5][3]), 0) if limits[5][3] else 0
    while begin > earliest and calm[begin] and calm[begin - 1]:
        begin -= 1
    for t in range(begin, top + 1):
        if t < start:
            fresh[t] = told[t]
        fresh[t] &= ~D10
    for b in range(max(begin - CALM, 0), top - DECIDES + 1):
        if calm[b] and not calm[b + 1]:
            first, last = plateau_ending(theta, calm, b, first_hour, high, high_day, limits)
            for t in range(max(first, begin), last + 1):
                fresh[t] |= D10
    return min(begin, start)


@njit(
    "int64(float64[::1], float64[::1], float64[::1], int64[::1], boolean[::1], boolean[::1], int64[::1],"
    f" float64[::1], float64[::1], float64[::1], int64[::1], int64, int64[::1], int64, {LIMITS})",
    nogil=True,
    cache=True,
    error_model="numpy",
)
def update(  # type: ignore[no-untyped-def]
    theta,
    rain,
    model,
    told,
    calm,
    level,
    fresh,
    slope,
    curvature,
    high,
    high_day,
    first_hour,
    changed,
    top,
    limits,
):
    """D04–D10 anew where changes reach; the first place from which ``fresh`` holds, up to ``top``.

    ``changed``: first and last place where soil moisture changed (first > last: nowhere), the same of rain,
    and 1 where the only change is one value behind all others. ``told``: bits as they were. ``top``: no
    value stands behind it.
    """
    lo, hi, rain_lo, rain_hi = changed[0], changed[1], changed[2], changed[3]
    start = max(min(lo - SETTLED, rain_lo), 0)
    for t in range(start, top + 1):
        fresh[t] = told[t]
    first, last = max(min(lo, rain_lo), 1), min(max(hi, rain_hi) + DAY, top)
    find_rises(theta, rain, model, fresh, first, last, limits)
    if lo > hi:
        return start
    first, last = max(lo - SETTLED, 0), min(hi + SETTLED, top)
    find_spikes_and_breaks(theta, slope, curvature, fresh, first, last, limits[1], limits[2])
    find_low_constants(theta, level, fresh, first, last, top, limits[3][0])
    return find_plateaus(theta, calm, told, fresh, start, first_hour, changed, top, high, high_day, limits)
