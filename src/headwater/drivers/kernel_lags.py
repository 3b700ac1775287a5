"""The largest correlation over several lags, of a series and of its surrogates.

Surrogates are the innermost axis, so that all of them are summed at once in strict order of time.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, error_model="numpy")
def _of_surrogates(x, valid_x, surrogates, valid_y, at, lag, square_x, mean_x, largest):  # type: ignore[no-untyped-def]
    """Raises ``largest`` (surrogates,) to the sizes of their correlations with x at one lag."""
    steps, count = surrogates.shape
    sums, squares, products, n = np.zeros(count), np.zeros(count), np.zeros(count), 0
    for t in at:
        u = t - lag
        if 0 <= u < steps and valid_x[t] and valid_y[u]:
            v, row = x[t] - mean_x, surrogates[u]
            n += 1
            for s in range(count):
                sums[s] += row[s]
                squares[s] += row[s] * row[s]
                products[s] += v * row[s]
    for s in range(count):
        square = squares[s] - sums[s] * sums[s] / n
        if square > 0.0:
            largest[s] = max(largest[s], abs(products[s]) / math.sqrt(square_x * square))


@njit(cache=True, nogil=True, error_model="numpy")
def scan(x, valid_x, y, valid_y, surrogates, at, lags, least, r, n, largest):  # type: ignore[no-untyped-def]
    """Fills r, n (series, lags) and the largest size over all lags of each surrogate (series, surrogates).

    x, y (series, steps); surrogates of y (series, steps, surrogates); ``at``: steps of x that count. Step t
    of x goes with step t - lag of y.
    """
    steps = x.shape[1]
    for i in range(x.shape[0]):
        largest[i, :] = 0.0
        for k in range(lags.size):
            count, sum_x, sum_y = 0, 0.0, 0.0
            for t in at:
                u = t - lags[k]
                if 0 <= u < steps and valid_x[i, t] and valid_y[i, u]:
                    count += 1
                    sum_x += x[i, t]
                    sum_y += y[i, u]
            r[i, k], n[i, k] = np.nan, count
            if count < least:
                continue
            xx, yy, xy = 0.0, 0.0, 0.0
            for t in at:
                u = t - lags[k]
                if 0 <= u < steps and valid_x[i, t] and valid_y[i, u]:
                    p, q = x[i, t] - sum_x / count, y[i, u] - sum_y / count
                    xx += p * p
                    yy += q * q
                    xy += p * q
            if xx > 0.0 and yy > 0.0:
                r[i, k] = min(max(xy / math.sqrt(xx * yy), -1.0), 1.0)
                _of_surrogates(
                    x[i], valid_x[i], surrogates[i], valid_y[i], at, lags[k], xx, sum_x / count, largest[i]
                )
