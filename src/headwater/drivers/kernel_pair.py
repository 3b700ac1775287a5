"""Pearson correlation of two grids over time, pixel by pixel, in one reading of both.

Plain loops, but for three things whose worth ``benchmarks/correlate.py`` prints: a tile of pixels keeps its
sums in the nearest cache while time goes by; four steps are taken at once, so that sums are fetched a quarter
as often; and the masks for missing values are left out where a tile has none.
Every pixel is summed alone in float64, in the order of time, by strict IEEE arithmetic (no fastmath, no fused
operations): its bits depend neither on the tile, nor on the thread, nor on its neighbours.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

TILE = 256
"""Pixels that are summed together: their sums fill most of a first-level cache of 32 KiB."""
SUMS = 12
X, Y, XX, YY, XY, XX1, YY1, N, N1, X1, Y1, INFINITE = range(SUMS)
"""Sums over valid steps of x, y, their products, products with the step before, and counts; X1 and Y1 are the
sums of x and y over both ends of all valid pairs of neighbours."""
FIRST = 9
"""Differences from the first valid value whose mean is part of the shift."""
BOUND = 0.99
"""Largest size of the product of two lag-1 autocorrelations that is believed."""


@njit(cache=True, error_model="numpy")
def _shift(a, rows_a, b, rows_b, j0, w, shift_a, shift_b):  # type: ignore[no-untyped-def]
    """Fills in values near the mean of each pixel, taken off before squaring; exact for a constant series."""
    for j in range(w):
        count, first_a, first_b, more_a, more_b = 0, 0.0, 0.0, 0.0, 0.0
        for k in range(rows_a.size):
            u, v = np.float64(a[rows_a[k], j0 + j]), np.float64(b[rows_b[k], j0 + j])
            if abs(u) + abs(v) < np.inf:
                if count == 0:
                    first_a, first_b = u, v
                more_a += u - first_a
                more_b += v - first_b
                count += 1
                if count > FIRST:
                    break
        shift_a[j] = first_a + more_a / max(count, 1)
        shift_b[j] = first_b + more_b / max(count, 1)


@njit(cache=True, error_model="numpy")
def _complete(s, w, singles):  # type: ignore[no-untyped-def]
    """True where nothing missing has entered the sums: by fours it makes XY NaN, alone it is not counted."""
    doubt = 0.0
    for j in range(w):
        doubt += (s[XY, j] - s[XY, j]) + abs(s[N, j] - singles)
    return doubt == 0.0


@njit(cache=True, error_model="numpy")
def _add_step(a, b, before, now, link, j0, w, shift_a, shift_b, s):  # type: ignore[no-untyped-def]
    """Adds one step to the sums s (SUMS, TILE); ``before`` and ``now`` are rows of a and b."""
    inf = a.dtype.type(np.inf)
    a0, b0 = a[before[0], j0 : j0 + w], b[before[1], j0 : j0 + w]
    a1, b1 = a[now[0], j0 : j0 + w], b[now[1], j0 : j0 + w]
    for j in range(w):
        v0, v1 = abs(a0[j]) + abs(b0[j]), abs(a1[j]) + abs(b1[j])
        m0, m1 = 1.0 if link and v0 < inf else 0.0, 1.0 if v1 < inf else 0.0
        x0 = a0[j] - shift_a[j] if link and v0 < inf else 0.0
        y0 = b0[j] - shift_b[j] if link and v0 < inf else 0.0
        x1 = a1[j] - shift_a[j] if v1 < inf else 0.0
        y1 = b1[j] - shift_b[j] if v1 < inf else 0.0
        s[X, j] += x1
        s[Y, j] += y1
        s[XX, j] += x1 * x1
        s[YY, j] += y1 * y1
        s[XY, j] += x1 * y1
        s[XX1, j] += x1 * x0
        s[YY1, j] += y1 * y0
        s[N, j] += m1
        s[N1, j] += m1 * m0
        s[X1, j] += x1 * m0 + x0 * m1
        s[Y1, j] += y1 * m0 + y0 * m1
        s[INFINITE, j] += 1.0 if v1 == inf else 0.0


@njit(cache=True, error_model="numpy")
def _sum_complete(a, rows_a, b, rows_b, linked, j0, w, shift_a, shift_b):  # type: ignore[no-untyped-def]
    """Sums (SUMS, w) of a tile in which nothing is missing, and True; or False where something is."""
    s = np.zeros((SUMS, TILE))  # made here and of fixed width: the compiler sees that nothing overlaps
    sx, sy, sxx, syy, sxy, sxx1, syy1 = s[X], s[Y], s[XX], s[YY], s[XY], s[XX1], s[YY1]
    steps = rows_a.size
    k, singles, looked = 0, 0, 0
    while k < steps:
        if k > 0 and k + 4 <= steps and linked[k] and linked[k + 1] and linked[k + 2] and linked[k + 3]:
            a0, b0 = a[rows_a[k - 1], j0 : j0 + w], b[rows_b[k - 1], j0 : j0 + w]
            a1, b1 = a[rows_a[k], j0 : j0 + w], b[rows_b[k], j0 : j0 + w]
            a2, b2 = a[rows_a[k + 1], j0 : j0 + w], b[rows_b[k + 1], j0 : j0 + w]
            a3, b3 = a[rows_a[k + 2], j0 : j0 + w], b[rows_b[k + 2], j0 : j0 + w]
            a4, b4 = a[rows_a[k + 3], j0 : j0 + w], b[rows_b[k + 3], j0 : j0 + w]
            for j in range(w):
                x0, x1, x2 = a0[j] - shift_a[j], a1[j] - shift_a[j], a2[j] - shift_a[j]
                x3, x4 = a3[j] - shift_a[j], a4[j] - shift_a[j]
                y0, y1, y2 = b0[j] - shift_b[j], b1[j] - shift_b[j], b2[j] - shift_b[j]
                y3, y4 = b3[j] - shift_b[j], b4[j] - shift_b[j]
                sx[j] += x1 + x2 + x3 + x4
                sy[j] += y1 + y2 + y3 + y4
                sxx[j] += x1 * x1 + x2 * x2 + x3 * x3 + x4 * x4
                syy[j] += y1 * y1 + y2 * y2 + y3 * y3 + y4 * y4
                sxy[j] += x1 * y1 + x2 * y2 + x3 * y3 + x4 * y4
                sxx1[j] += x1 * x0 + x2 * x1 + x3 * x2 + x4 * x3
                syy1[j] += y1 * y0 + y2 * y1 + y3 * y2 + y4 * y3
            k += 4
        else:
            before = rows_a[max(k - 1, 0)], rows_b[max(k - 1, 0)]
            _add_step(a, b, before, (rows_a[k], rows_b[k]), linked[k], j0, w, shift_a, shift_b, s)
            k, singles = k + 1, singles + 1
        if k >= looked:  # at the first step, then now and then: a tile with gaps is given up early
            if not _complete(s, w, singles):
                return s, False
            looked = k + 64
    complete = _complete(s, w, singles)
    s[N, :] = steps
    return s, complete


@njit(cache=True, error_model="numpy")
def _sum_masked(a, rows_a, b, rows_b, linked, j0, w, shift_a, shift_b):  # type: ignore[no-untyped-def]
    """Sums (SUMS, w) of a tile with missing values: x and y are 0 where either is missing or infinite."""
    s = np.zeros((SUMS, TILE))
    sx, sy, sxx, syy, sxy, sxx1, syy1 = s[X], s[Y], s[XX], s[YY], s[XY], s[XX1], s[YY1]
    sn, sn1, sx1, sy1, sinf = s[N], s[N1], s[X1], s[Y1], s[INFINITE]
    inf = a.dtype.type(np.inf)
    steps = rows_a.size
    k = 0
    while k < steps:
        if k > 0 and k + 4 <= steps and linked[k] and linked[k + 1] and linked[k + 2] and linked[k + 3]:
            a0, b0 = a[rows_a[k - 1], j0 : j0 + w], b[rows_b[k - 1], j0 : j0 + w]
            a1, b1 = a[rows_a[k], j0 : j0 + w], b[rows_b[k], j0 : j0 + w]
            a2, b2 = a[rows_a[k + 1], j0 : j0 + w], b[rows_b[k + 1], j0 : j0 + w]
            a3, b3 = a[rows_a[k + 2], j0 : j0 + w], b[rows_b[k + 2], j0 : j0 + w]
            a4, b4 = a[rows_a[k + 3], j0 : j0 + w], b[rows_b[k + 3], j0 : j0 + w]
            for j in range(w):
                v0, v1 = abs(a0[j]) + abs(b0[j]), abs(a1[j]) + abs(b1[j])
                v2, v3, v4 = abs(a2[j]) + abs(b2[j]), abs(a3[j]) + abs(b3[j]), abs(a4[j]) + abs(b4[j])
                m0, m1, m2 = 1.0 if v0 < inf else 0.0, 1.0 if v1 < inf else 0.0, 1.0 if v2 < inf else 0.0
                m3, m4 = 1.0 if v3 < inf else 0.0, 1.0 if v4 < inf else 0.0
                x0 = a0[j] - shift_a[j] if v0 < inf else 0.0
                x1 = a1[j] - shift_a[j] if v1 < inf else 0.0
                x2 = a2[j] - shift_a[j] if v2 < inf else 0.0
                x3 = a3[j] - shift_a[j] if v3 < inf else 0.0
                x4 = a4[j] - shift_a[j] if v4 < inf else 0.0
                y0 = b0[j] - shift_b[j] if v0 < inf else 0.0
                y1 = b1[j] - shift_b[j] if v1 < inf else 0.0
                y2 = b2[j] - shift_b[j] if v2 < inf else 0.0
                y3 = b3[j] - shift_b[j] if v3 < inf else 0.0
                y4 = b4[j] - shift_b[j] if v4 < inf else 0.0
                sx[j] += x1 + x2 + x3 + x4
                sy[j] += y1 + y2 + y3 + y4
                sxx[j] += x1 * x1 + x2 * x2 + x3 * x3 + x4 * x4
                syy[j] += y1 * y1 + y2 * y2 + y3 * y3 + y4 * y4
                sxy[j] += x1 * y1 + x2 * y2 + x3 * y3 + x4 * y4
                sxx1[j] += x1 * x0 + x2 * x1 + x3 * x2 + x4 * x3
                syy1[j] += y1 * y0 + y2 * y1 + y3 * y2 + y4 * y3
                sn[j] += m1 + m2 + m3 + m4
                sn1[j] += m1 * m0 + m2 * m1 + m3 * m2 + m4 * m3
                sx1[j] += x1 * m0 + x0 * m1 + x2 * m1 + x1 * m2 + x3 * m2 + x2 * m3 + x4 * m3 + x3 * m4
                sy1[j] += y1 * m0 + y0 * m1 + y2 * m1 + y1 * m2 + y3 * m2 + y2 * m3 + y4 * m3 + y3 * m4
                sinf[j] += (
                    (1.0 if v1 == inf else 0.0)
                    + (1.0 if v2 == inf else 0.0)
                    + (1.0 if v3 == inf else 0.0)
                    + (1.0 if v4 == inf else 0.0)
                )
            k += 4
        else:
            before = rows_a[max(k - 1, 0)], rows_b[max(k - 1, 0)]
            _add_step(a, b, before, (rows_a[k], rows_b[k]), linked[k], j0, w, shift_a, shift_b, s)
            k += 1
    return s


@njit(cache=True, error_model="numpy")
def _ends_of_links(a, rows, lonely, column, shift, total):  # type: ignore[no-untyped-def]
    """Sum of x over both ends of all pairs of neighbours, from the sum over all steps of a complete pixel."""
    twice = 2.0 * total
    for k in lonely:
        twice -= a[rows[k], column] - shift
    return twice


@njit(cache=True, error_model="numpy")
def autocorrelation(pairs, n, total, squares, products, both_ends):  # type: ignore[no-untyped-def]
    """Lag-1 autocorrelation from sums: covariance of neighbours about the mean of all, over the variance."""
    if pairs < 1.0:
        return 0.0
    mean = total / n
    covariance = (products - mean * both_ends + pairs * mean * mean) / pairs
    return covariance / (squares / n - mean * mean)


@njit(cache=True, error_model="numpy")
def effective(n, pairs, product):  # type: ignore[no-untyped-def]
    """Effective n by lag 1 (Bretherton et al. 1999, eq. 31), with the share of neighbours that are there."""
    q = min(max(product, -BOUND), BOUND)
    return n / max(1.0, 1.0 + 2.0 * (pairs / (n - 1.0)) * q / (1.0 - q))


@njit(cache=True, nogil=True, error_model="numpy")
def correlate_pixels(start, stop, a, rows_a, b, rows_b, linked, lonely, least, out):  # type: ignore[no-untyped-def]
    """Fills ``out`` = r, n, n_eff, infinite (P,) of pixels start to stop.

    From a (T, P) at ``rows_a`` and b (T, P) at ``rows_b``, (K,) each. ``linked`` (K,) tells whether step k is
    the neighbour in time of step k - 1; ``lonely``: steps without a neighbour before, then those without one
    after. r is NaN where fewer than ``least`` steps are valid or where a series is constant.
    """
    r, n, n_eff, infinite = out
    steps = rows_a.size
    links = np.sum(linked)
    for j0 in range(start, stop, TILE):
        w = min(TILE, stop - j0)
        shift_a, shift_b = np.empty(w), np.empty(w)
        _shift(a, rows_a, b, rows_b, j0, w, shift_a, shift_b)
        s, complete = _sum_complete(a, rows_a, b, rows_b, linked, j0, w, shift_a, shift_b)
        if not complete:
            s = _sum_masked(a, rows_a, b, rows_b, linked, j0, w, shift_a, shift_b)
        for j in range(w):
            i, count, pairs = j0 + j, s[N, j], s[N1, j]
            both_x, both_y = s[X1, j], s[Y1, j]
            n[i], infinite[i], r[i], n_eff[i] = int(count), int(s[INFINITE, j]), np.nan, np.nan
            vx, vy = s[XX, j] - s[X, j] ** 2 / count, s[YY, j] - s[Y, j] ** 2 / count
            if count < least or not (vx > 0.0 and vy > 0.0):
                continue
            if count == steps:
                pairs = np.float64(links)
                both_x = _ends_of_links(a, rows_a, lonely, i, shift_a[j], s[X, j])
                both_y = _ends_of_links(b, rows_b, lonely, i, shift_b[j], s[Y, j])
            r[i] = min(max((s[XY, j] - s[X, j] * s[Y, j] / count) / math.sqrt(vx * vy), -1.0), 1.0)
            rho_a = autocorrelation(pairs, count, s[X, j], s[XX, j], s[XX1, j], both_x)
            rho_b = autocorrelation(pairs, count, s[Y, j], s[YY, j], s[YY1, j], both_y)
            n_eff[i] = effective(count, pairs, rho_a * rho_b)
