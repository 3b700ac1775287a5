"""Correlation of sheets of series: with season, trend and covariates taken out, by ranks, by all lags.

A sheet is (steps, series) on an axis of equal steps, float64; ``there`` is 1 where a step is valid, else 0,
and a value that is not valid is 0. Series are the inner loop, each worked on alone and in the order of time.
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
def take_out(x, there, part, parts, at, detrend):  # type: ignore[no-untyped-def]
    """Takes the mean of each part of the year, and the line through time if asked, out of x."""
    steps, series = x.shape
    mean, middle, count = np.zeros((parts, series)), np.zeros((parts, series)), np.zeros((parts, series))
    for t in range(steps):
        total, times, number, row, m = mean[part[t]], middle[part[t]], count[part[t]], x[t], there[t]
        for i in range(series):
            total[i] += row[i]
            times[i] += at[t] * m[i]
            number[i] += m[i]
    for g in range(parts):
        for i in range(series):
            mean[g, i] /= max(count[g, i], 1.0)
            middle[g, i] /= max(count[g, i], 1.0)
    before, slope, spread = np.zeros(series), np.zeros(series), np.zeros(series)
    for t in range(steps):
        level, centre, row, m = mean[part[t]], middle[part[t]], x[t], there[t]
        for i in range(series):
            u, v = m[i] * (at[t] - centre[i]), row[i] - m[i] * level[i]
            row[i] = v
            before[i] += v * v
            slope[i] += u * v
            spread[i] += u * u
    after = before.copy()
    if detrend:
        after[:] = 0.0
        for i in range(series):
            slope[i] = slope[i] / spread[i] if spread[i] > 0.0 else 0.0
        for t in range(steps):
            centre, row, m = middle[part[t]], x[t], there[t]
            for i in range(series):
                row[i] -= slope[i] * (m[i] * (at[t] - centre[i]))
                after[i] += row[i] * row[i]
    _clear(x, before, after)


@njit(cache=True, nogil=True, error_model="numpy")
def _clear(x, before, after):  # type: ignore[no-untyped-def]
    """Makes series 0 of whose squares nothing but rounding is left."""
    for i in range(x.shape[1]):
        if after[i] <= LEFT * before[i]:
            x[:, i] = 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def _centre(x, there):  # type: ignore[no-untyped-def]
    """Takes the mean of the valid steps out of x; what is left of the squares; exact for constant series."""
    steps, series = x.shape
    total, count, first = np.zeros(series), np.zeros(series), np.zeros(series)
    for t in range(steps):
        row, m = x[t], there[t]
        for i in range(series):
            first[i] = row[i] if count[i] == 0.0 else first[i]
            total[i] += row[i] - m[i] * first[i]
            count[i] += m[i]
    squares = np.zeros(series)
    for t in range(steps):
        row, m = x[t], there[t]
        for i in range(series):
            row[i] -= m[i] * (first[i] + total[i] / count[i])
            squares[i] += row[i] * row[i]
    return squares


@njit(cache=True, nogil=True, error_model="numpy")
def _cross(x, y, lag):  # type: ignore[no-untyped-def]
    """Sums of x_t y_(t - lag), shape (series,)."""
    total = np.zeros(x.shape[1])
    for t in range(lag, x.shape[0]):
        now, then = x[t], y[t - lag]
        for i in range(total.size):
            total[i] += now[i] * then[i]
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def hold_constant(values, there):  # type: ignore[no-untyped-def]
    """Takes covariates out of two variables: least squares by the Cholesky factor of their cross products.

    ``values`` (2 + covariates, steps, series): the first two are changed to residuals; they become 0 where
    the covariates are constant or collinear, and then have no correlation.
    """
    variables, steps, series = values.shape
    q = variables - 2
    products = np.zeros((variables, variables, series))
    for v in range(variables):
        products[v, v] = _centre(values[v], there)
    for v in range(variables):
        for w in range(max(v + 1, 2), variables):
            products[v, w] = _cross(values[v], values[w], 0)
            products[w, v] = products[v, w]
    weights, whole = np.zeros((2, q, series)), np.ones(series)
    for i in range(series):
        whole[i] = _solve(products[:, :, i], weights[:, :, i])
    for v in range(2):
        after = np.zeros(series)
        for t in range(steps):
            row = values[v, t]
            for j in range(q):
                weight, other = weights[v, j], values[2 + j, t]
                for i in range(series):
                    row[i] -= weight[i] * other[i]
            for i in range(series):
                after[i] += row[i] * row[i]
        _clear(values[v], products[v, v], after * whole)


@njit(cache=True, nogil=True, error_model="numpy")
def _solve(products, weights):  # type: ignore[no-untyped-def]
    """Fills weights (2, q) of the covariates; 0.0 where they are constant or collinear, else 1.0."""
    q = weights.shape[1]
    factor = np.zeros((q, q))
    for j in range(q):
        for k in range(j + 1):
            rest = products[2 + j, 2 + k]
            for m in range(k):
                rest -= factor[j, m] * factor[k, m]
            if j > k:
                factor[j, k] = rest / factor[k, k]
            elif rest > LEFT * products[2 + j, 2 + j]:
                factor[j, j] = math.sqrt(rest)
            else:
                return 0.0
    for v in range(2):
        for j in range(q):
            rest = products[2 + j, v]
            for m in range(j):
                rest -= factor[j, m] * weights[v, m]
            weights[v, j] = rest / factor[j, j]
        for j in range(q - 1, -1, -1):
            for m in range(j + 1, q):
                weights[v, j] -= factor[m, j] * weights[v, m]
            weights[v, j] /= factor[j, j]
    return 1.0


@njit(cache=True, nogil=True, error_model="numpy")
def sort_keys(bits, there, keys):  # type: ignore[no-untyped-def]
    """Fills keys (series, steps): bits of float32 in their order, then the step; invalid ones last."""
    for i in range(bits.shape[0]):
        for t in range(bits.shape[1]):
            b = np.uint64(bits[i, t])
            ordered = b ^ np.uint64(0xFFFFFFFF) if b >> np.uint64(31) else b | np.uint64(0x80000000)
            if there[t, i] == 0.0:
                ordered = INDEX
            keys[i, t] = (ordered << np.uint64(32)) | np.uint64(t)


@njit(cache=True, nogil=True, error_model="numpy")
def rank(x, order, there, ranks):  # type: ignore[no-untyped-def]
    """Fills the sheet of ranks of x (series, steps) from its order (low 32 bits); ties share the mean."""
    steps = x.shape[1]
    ranks[:] = 0.0
    for i in range(x.shape[0]):
        count = 0
        for t in range(steps):
            count += 1 if there[t, i] > 0.0 else 0
        k = 0
        while k < count:
            value = x[i, np.int64(order[i, k] & INDEX)]
            last = k
            while last + 1 < count and x[i, np.int64(order[i, last + 1] & INDEX)] == value:
                last += 1
            for m in range(k, last + 1):
                ranks[np.int64(order[i, m] & INDEX), i] = 0.5 * (k + last) + 1.0
            k = last + 1


@njit(cache=True, nogil=True, error_model="numpy")
def _lag_sum(x, y, there, reach, squares_x, squares_y, count):  # type: ignore[no-untyped-def]
    """Σ_h N(h) ρ_x(h) ρ_y(h) of one series (steps,) over all lags up to ``reach``, both ways."""
    pairs, xx, yy = np.zeros(reach), np.zeros(reach), np.zeros(reach)
    for t in range(x.size - 1):
        here, u, v = there[t], x[t], y[t]
        for h in range(min(reach, x.size - 1 - t)):
            pairs[h] += here * there[t + 1 + h]
            xx[h] += u * x[t + 1 + h]
            yy[h] += v * y[t + 1 + h]
    total = count
    for h in range(reach):
        if pairs[h] > 0.0:
            total += 2.0 * (xx[h] / squares_x) * (yy[h] / squares_y) * count * count / pairs[h]
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def correlate_series(x, y, there, least, reach, r, n, n_eff):  # type: ignore[no-untyped-def]
    """Fills r, n, n_eff (series,) from the sheets x and y, which are centred on the way.

    ``reach``: 0 for effective n by lag 1, else by all lags up to it.
    """
    xx, yy = _centre(x, there), _centre(y, there)
    xy, x1, y1, pairs = _cross(x, y, 0), _cross(x, x, 1), _cross(y, y, 1), _cross(there, there, 1)
    for i in range(x.shape[1]):
        count = there[:, i].sum()
        n[i], r[i], n_eff[i] = int(count), np.nan, np.nan
        if count < least or not (xx[i] > 0.0 and yy[i] > 0.0):
            continue
        r[i] = min(max(xy[i] / math.sqrt(xx[i] * yy[i]), -1.0), 1.0)
        if reach > 0:
            u, v, m = x[:, i].copy(), y[:, i].copy(), there[:, i].copy()
            total = _lag_sum(u, v, m, reach, xx[i], yy[i], count)
            n_eff[i] = min(max(count * count / total, 1.0), count) if total > 0.0 else count
        else:
            rho_a = autocorrelation(pairs[i], count, 0.0, xx[i], x1[i], 0.0)
            rho_b = autocorrelation(pairs[i], count, 0.0, yy[i], y1[i], 0.0)
            n_eff[i] = effective(count, pairs[i], rho_a * rho_b)
