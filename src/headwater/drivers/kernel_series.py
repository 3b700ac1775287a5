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
    for i in range(series):
        if after[i] <= LEFT * before[i]:  # nothing but rounding
            x[:, i] = 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def centre(x, there):  # type: ignore[no-untyped-def]
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
def cross(x, y, lag):  # type: ignore[no-untyped-def]
    """Sums of x_t y_(t - lag), shape (series,)."""
    total = np.zeros(x.shape[1])
    for t in range(lag, x.shape[0]):
        now, then = x[t], y[t - lag]
        for i in range(total.size):
            total[i] += now[i] * then[i]
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def hold_constant(values, products):  # type: ignore[no-untyped-def]
    """Takes covariates out of two variables: least squares by the Cholesky factor of their cross products.

    ``values`` (2 + covariates, steps, series), centred: the first two are changed to residuals; they become 0
    where the covariates are constant or collinear, and then have no correlation. ``products`` (variables,
    variables, series): what ``cross`` gives.
    """
    variables, steps, series = values.shape
    q = variables - 2
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
        for i in range(series):
            if whole[i] * after[i] <= LEFT * products[v, v, i]:
                values[v, :, i] = 0.0


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
def conclude(xx, yy, xy, x1, y1, pairs, least, n, r, n_eff):  # type: ignore[no-untyped-def]
    """Fills r and n_eff by lag 1 (series,) from n and the sums of centred values, at lags 0 and 1."""
    for i in range(r.size):
        r[i], n_eff[i] = np.nan, np.nan
        if n[i] >= least and xx[i] > 0.0 and yy[i] > 0.0:
            count = np.float64(n[i])
            r[i] = min(max(xy[i] / math.sqrt(xx[i] * yy[i]), -1.0), 1.0)
            rho_a = autocorrelation(pairs[i], count, 0.0, xx[i], x1[i], 0.0)
            rho_b = autocorrelation(pairs[i], count, 0.0, yy[i], y1[i], 0.0)
            n_eff[i] = effective(count, pairs[i], rho_a * rho_b)


@njit(cache=True, nogil=True, error_model="numpy")
def effective_by_all_lags(x, y, there, reach, xx, yy, r, n_eff):  # type: ignore[no-untyped-def]
    """Fills n_eff (series,) where r is there: n² / Σ_h N(h) ρ_x(h) ρ_y(h), lags up to ``reach`` both ways.

    Sheets are turned here: x, y, there (series, steps), so that lags can be the inner loop.
    """
    series, steps = x.shape
    for i in range(series):
        if np.isnan(r[i]):
            continue
        pairs, u, v = np.zeros(reach), np.zeros(reach), np.zeros(reach)
        for t in range(steps - 1):
            far = min(reach, steps - 1 - t)
            m, p, q = there[i, t], x[i, t], y[i, t]
            later, xs, ys = (
                there[i, t + 1 : t + 1 + far],
                x[i, t + 1 : t + 1 + far],
                y[i, t + 1 : t + 1 + far],
            )
            for h in range(far):
                pairs[h] += m * later[h]
                u[h] += p * xs[h]
                v[h] += q * ys[h]
        count = there[i].sum()
        total = count
        for h in range(reach):
            if pairs[h] > 0.0:
                total += 2.0 * (u[h] / xx[i]) * (v[h] / yy[i]) * count * count / pairs[h]
        n_eff[i] = min(max(count * count / total, 1.0), count) if total > 0.0 else count
