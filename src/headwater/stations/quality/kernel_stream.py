"""Compiled: readings of many series, one after another, into what is kept, and out as changed flags."""

from __future__ import annotations

import numpy as np
from numba import njit

from headwater.stations.quality.kernel_causal import DAY, GOOD, LIMITS, MISSING, WINDOWED, update

MOISTURE, RAIN, MODEL_RAIN, POINT = 0, 1, 2, 3
"""What a row brings: a number that windows look at, or one that is only compared with a threshold."""
NOWHERE, NOTHING = 1 << 40, -(1 << 40)
"""First and last place where nothing changed."""
SLACK = 168
"""Hours that come before what is kept is moved to make room."""
_ARRAYS = (
    "float64[:, ::1], float64[:, ::1], float64[:, ::1], int64[:, ::1], int64[:, ::1], boolean[:, ::1],"
    " boolean[:, ::1], float64[:, ::1], int64[:, ::1], int64[::1], int64[::1]"
)


@njit(
    "int64(float64[::1], float64[::1], float64[::1], int64[::1], int64[::1], boolean[::1], boolean[::1],"
    " int64)",
    nogil=True,
    cache=True,
    error_model="numpy",
)
def move(theta, rain, model, points, told, calm, level, by):  # type: ignore[no-untyped-def]
    """Moves all towards the past by so many hours; what falls out is forgotten."""
    size = theta.size
    stay = max(size - by, 0)
    for k in range(stay):
        theta[k], rain[k], model[k] = theta[k + by], rain[k + by], model[k + by]
        points[k], told[k], calm[k], level[k] = points[k + by], told[k + by], calm[k + by], level[k + by]
    theta[stay:], rain[stay:], model[stay:] = np.nan, np.nan, np.nan
    points[stay:], told[stay:], calm[stay:], level[stay:] = 0, 0, False, False
    return by


@njit(
    "void(float64[::1], int64, int64, float64, float64, float64[::1], int64[::1], float64)",
    nogil=True,
    cache=True,
    error_model="numpy",
)
def keep_high(theta, first_hour, at, before, value, high, high_day, below):  # type: ignore[no-untyped-def]
    """Brings the highest value of a day up to date after ``value`` took the place of ``before``."""
    day = (first_hour + at) // DAY
    slot = day % high.size
    if high_day[slot] != day:
        high_day[slot], high[slot] = day, -np.inf
    if value < below and value >= high[slot]:
        high[slot] = value
    elif before == high[slot]:
        high[slot] = -np.inf
        for k in range(max(day * DAY - first_hour, 0), min((day + 1) * DAY - first_hour, theta.size)):
            if theta[k] < below:
                high[slot] = max(high[slot], theta[k])


@njit(
    "int64(float64[::1], int64[::1], int64[::1], int64[::1], int64, int64, int64, int64, int64[:, ::1],"
    " int64)",
    nogil=True,
    cache=True,
    error_model="numpy",
)
def tell(theta, points, told, fresh, start, top, series, first_hour, out, count):  # type: ignore[no-untyped-def]
    """Writes every mask that changed (series, hour, before, after); returns how many there are in all."""
    for t in range(start, top + 1):
        if theta[t] == theta[t]:
            mask = (fresh[t] & WINDOWED) | points[t]
            mask = mask if mask else GOOD
        else:
            mask = MISSING if told[t] else 0
        if mask != told[t]:
            out[count, 0], out[count, 1], out[count, 2], out[count, 3] = series, first_hour + t, told[t], mask
            count += 1
            told[t] = mask
    return count


@njit(
    f"Tuple((int64[:, ::1], int64))({_ARRAYS}, int64[::1], int64[::1], int64[::1], float64[::1], int64[::1],"
    f" int64[::1], float64[:, ::1], int64, {LIMITS}, boolean[::1])",
    nogil=True,
    cache=True,
    error_model="numpy",
)
def take(  # type: ignore[no-untyped-def]
    theta, rain, model, points, told, calm, level, high, high_day, first_hour, newest,
    of, hour, kind, value, bits, clear, own, horizon, limits, too_old,
):  # fmt: skip
    """Takes rows that stand together by series, in the order of their arrival.

    Parameters
    ----------
    theta … newest : what is kept, a row a series; ``newest`` is NOTHING before the first reading
    of, hour, kind, value : shape (rows,)
    bits, clear : shape (rows,); bits of C01–D03 that a row sets, and those that it could set
    own : shape (series, 6), the last of ``limits`` for each series
    horizon : hours that a reading may be older than the newest of its series
    too_old : shape (rows,), set where it is older; such rows change nothing

    Returns
    -------
    rows of series, hour, before, after; and how many of them count
    """
    size = theta.shape[1]
    fresh = np.zeros(size, np.int64)
    slope, curvature = np.zeros(size), np.zeros(size)
    out = np.empty((2 * size + of.size, 4), np.int64)
    changed = np.empty(5, np.int64)
    count, points_lo = 0, NOWHERE
    changed[0], changed[1], changed[2], changed[3], changed[4] = NOWHERE, NOTHING, NOWHERE, NOTHING, 0
    for row in range(of.size):
        s = of[row]
        if newest[s] == NOTHING:
            newest[s] = hour[row]
            first_hour[s] = hour[row] - (size - 1 - SLACK)
        if hour[row] < newest[s] - horizon:
            too_old[row] = True
        else:
            at = hour[row] - first_hour[s]
            if at >= size:
                by = at - (size - 1 - SLACK)
                move(theta[s], rain[s], model[s], points[s], told[s], calm[s], level[s], by)
                first_hour[s] += by
                at -= by
            appended = False
            if kind[row] == MOISTURE:
                before = theta[s, at]
                appended = hour[row] > newest[s] or (hour[row] == newest[s] and before != before)
                if before != value[row] and (before == before or value[row] == value[row]):
                    theta[s, at] = value[row]
                    keep_high(
                        theta[s], first_hour[s], at, before, value[row], high[s], high_day[s], limits[4][3]
                    )
                    appended = appended and changed[0] > changed[1]
                    changed[0], changed[1] = min(changed[0], at), max(changed[1], at)
                    changed[4] = appended
            elif kind[row] != POINT:
                kept = rain if kind[row] == RAIN else model
                if kept[s, at] != value[row] and (kept[s, at] == kept[s, at] or value[row] == value[row]):
                    kept[s, at] = value[row]
                    changed[2], changed[3] = min(changed[2], at), max(changed[3], at)
            marked = (points[s, at] & ~clear[row]) | bits[row]
            if marked != points[s, at]:
                points[s, at] = marked
                points_lo = min(points_lo, at)
            newest[s] = max(newest[s], hour[row])
        more = row + 1 < of.size and of[row + 1] == s
        if more and hour[row + 1] - first_hour[s] < size:
            continue
        start, top = NOWHERE, newest[s] - first_hour[s]
        if changed[0] <= changed[1] or changed[2] <= changed[3]:
            limits[5][:] = own[s]
            start = update(
                theta[s], rain[s], model[s], told[s], calm[s], level[s], fresh, slope, curvature,
                high[s], high_day[s], first_hour[s], changed, top, limits,
            )  # fmt: skip
        for t in range(points_lo, min(start, top + 1)):
            fresh[t] = told[s, t]
        start = min(start, points_lo)
        if count + top + 1 - start > out.shape[0]:
            larger = np.empty((2 * out.shape[0] + size, 4), np.int64)
            larger[:count] = out[:count]
            out = larger
        count = tell(theta[s], points[s], told[s], fresh, start, top, s, first_hour[s], out, count)
        changed[0], changed[1], changed[2], changed[3], changed[4] = NOWHERE, NOTHING, NOWHERE, NOTHING, 0
        points_lo = NOWHERE
    return out, count
