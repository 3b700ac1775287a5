"""Correlation of series that lie side by side: with seasons, trend and covariates taken out, by ranks, all
lags.

Arrays are (series, steps) on an axis of equal steps, float64; where a step is not valid the value is 0.
Each series is worked on alone and in one order.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from headwater.drivers.kernel_pair import autocorrelation, effective

LEFT = 1e-10
"""Part of a variance that must be left after regression; less is rounding, and counts as constant."""
INDEX = np.uint64(0xFFFFFFFF)


@njit(cache=True, nogil=True, error_model="numpy")
def take_out(x, valid, part, parts, at, detrend):  # type: ignore[no-untyped-def]
    """Takes the mean of each part of the year, and the line through time if asked, out of x."""
    steps = x.shape[1]
    total, middle, count = np.empty(parts), np.empty(parts), np.empty(parts)
    for i in range(x.shape[0]):
        total[:], middle[:], count[:] = 0.0, 0.0, 0.0
        for t in range(steps):
            if valid[i, t]:
                total[part[t]] += x[i, t]
                middle[part[t]] += at[t]
                count[part[t]] += 1.0
        before, slope, spread = 0.0, 0.0, 0.0
        for t in range(steps):
            if valid[i, t]:
                g = part[t]
                u, v = at[t] - middle[g] / count[g], x[i, t] - total[g] / count[g]
                x[i, t] = v
                before += v * v
                slope += u * v
                spread += u * u
        slope = slope / spread if detrend and spread > 0.0 else 0.0
        after = 0.0
        for t in range(steps):
            if valid[i, t]:
                g = part[t]
                x[i, t] -= slope * (at[t] - middle[g] / count[g])
                after += x[i, t] * x[i, t]
        if after <= LEFT * before:
            x[i, :] = 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def _centre(x, valid):  # type: ignore[no-untyped-def]
    """Takes the mean of the valid steps out of x (steps,); returns what is left of the squares."""
    total, count, first = 0.0, 0.0, 0.0
    for t in range(x.size):
        if valid[t]:
            if count == 0.0:
                first = x[t]
            total += x[t] - first
            count += 1.0
    mean, squares = first + total / count, 0.0
    for t in range(x.size):
        if valid[t]:
            x[t] -= mean
            squares += x[t] * x[t]
    return squares


@njit(cache=True, nogil=True, error_model="numpy")
def _cross(x, y):  # type: ignore[no-untyped-def]
    total = 0.0
    for t in range(x.size):
        total += x[t] * y[t]
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def hold_constant(values, valid):  # type: ignore[no-untyped-def]
    """Takes covariates out of two variables: least squares by the Cholesky factor of their cross products.

    ``values`` (2 + covariates, series, steps): the first two are changed to residuals; they become 0 where
    the covariates are constant or collinear, and then have no correlation.
    """
    q = values.shape[0] - 2
    factor, weight = np.zeros((q, q)), np.zeros(q)
    for i in range(values.shape[1]):
        before = np.empty(2)
        for v in range(q + 2):
            squares = _centre(values[v, i], valid[i])
            if v < 2:
                before[v] = squares
        whole = True
        for j in range(q):
            for k in range(j + 1):
                rest = _cross(values[2 + j, i], values[2 + k, i])
                whole_square = rest
                for m in range(k):
                    rest -= factor[j, m] * factor[k, m]
                if j == k:
                    whole = whole and rest > LEFT * whole_square
                    factor[j, j] = math.sqrt(rest) if whole else 1.0
                else:
                    factor[j, k] = rest / factor[k, k]
        for v in range(2):
            for j in range(q):
                rest = _cross(values[2 + j, i], values[v, i])
                for m in range(j):
                    rest -= factor[j, m] * weight[m]
                weight[j] = rest / factor[j, j]
            for j in range(q - 1, -1, -1):
                for m in range(j + 1, q):
                    weight[j] -= factor[m, j] * weight[m]
                weight[j] /= factor[j, j]
            x = values[v, i]
            after = 0.0
            for t in range(x.size):
                if valid[i, t]:
                    for j in range(q):
                        x[t] -= weight[j] * values[2 + j, i, t]
                    after += x[t] * x[t]
            if not whole or after <= LEFT * before[v]:
                x[:] = 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def sort_keys(bits, valid, keys):  # type: ignore[no-untyped-def]
    """Fills keys: the bits of float32 values in their order, then the step; invalid ones come last."""
    for i in range(bits.shape[0]):
        for t in range(bits.shape[1]):
            b = np.uint64(bits[i, t])
            ordered = b ^ np.uint64(0xFFFFFFFF) if b >> np.uint64(31) else b | np.uint64(0x80000000)
            if not valid[i, t]:
                ordered = INDEX
            keys[i, t] = (ordered << np.uint64(32)) | np.uint64(t)


@njit(cache=True, nogil=True, error_model="numpy")
def rank(x, order, valid, ranks):  # type: ignore[no-untyped-def]
    """Fills ranks of x from the order of its steps (in the low 32 bits); ties share the mean."""
    for i in range(x.shape[0]):
        count = 0
        for t in range(x.shape[1]):
            count += valid[i, t]
            ranks[i, t] = 0.0
        k = 0
        while k < count:
            value = x[i, np.int64(order[i, k] & INDEX)]
            last = k
            while last + 1 < count and x[i, np.int64(order[i, last + 1] & INDEX)] == value:
                last += 1
            for m in range(k, last + 1):
                ranks[i, np.int64(order[i, m] & INDEX)] = 0.5 * (k + last) + 1.0
            k = last + 1


@njit(cache=True, nogil=True, error_model="numpy")
def _lag_sum(x, y, valid, reach, squares_x, squares_y, count):  # type: ignore[no-untyped-def]
    """Σ_h N(h) ρ_x(h) ρ_y(h) over all lags up to ``reach``, both ways."""
    total = count
    for h in range(1, reach + 1):
        pairs, xx, yy = 0.0, 0.0, 0.0
        for t in range(x.size - h):
            pairs += 1.0 if valid[t] and valid[t + h] else 0.0
            xx += x[t] * x[t + h]
            yy += y[t] * y[t + h]
        if pairs > 0.0:
            total += 2.0 * (xx / squares_x) * (yy / squares_y) * count * count / pairs
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def correlate_series(x, y, valid, least, reach, r, n, n_eff):  # type: ignore[no-untyped-def]
    """Fills r, n, n_eff (series,) from x, y (series, steps), which are centred on the way.

    ``reach``: 0 for effective n by lag 1, else by all lags up to it.
    """
    steps = x.shape[1]
    for i in range(x.shape[0]):
        count = 0
        for t in range(steps):
            count += valid[i, t]
        n[i], r[i], n_eff[i] = count, np.nan, np.nan
        if count < least:
            continue
        u, v, ok = x[i], y[i], valid[i]
        xx, yy = _centre(u, ok), _centre(v, ok)
        if not (xx > 0.0 and yy > 0.0):
            continue
        r[i] = min(max(_cross(u, v) / math.sqrt(xx * yy), -1.0), 1.0)
        if reach > 0:
            total = _lag_sum(u, v, ok, reach, xx, yy, np.float64(count))
            n_eff[i] = min(max(count * count / total, 1.0), count) if total > 0.0 else count
            continue
        pairs, x1, y1 = 0.0, 0.0, 0.0
        for t in range(1, steps):
            if ok[t] and ok[t - 1]:
                pairs += 1.0
                x1 += u[t] * u[t - 1]
                y1 += v[t] * v[t - 1]
        rho = autocorrelation(pairs, count, 0.0, xx, x1, 0.0) * autocorrelation(
            pairs, count, 0.0, yy, y1, 0.0
        )
        n_eff[i] = effective(count, pairs, rho)
