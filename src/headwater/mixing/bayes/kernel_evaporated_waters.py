"""Compiled: log likelihood and enrichment of every single water, for many draws."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from headwater.mixing.bayes.kernel_evaporated import _spread, _sum_waters


@njit(cache=True, nogil=True, error_model="numpy")
def waters(  # type: ignore[no-untyped-def]
    form, shares, means, xi, slopes, start, level_mean, shape, largest, scatter2,
    single, errors, starts, cell_of, block_of, level_of, error_of, x, order, out,
):  # fmt: skip
    """Fills out (3, D, N) with log p(x), E(E | x) and var(E | x), all given a draw.

    shares (D, C, K), means (D, R, K, 2), xi and slopes (D, R), start (D,), level_mean (D, E), shape (D, 8);
    single (R, K, 3), errors (U, 3); groups by starts … error_of; x flat in the order of groups.
    """
    found = np.empty(12)
    for d in range(len(shares)):
        for g in range(cell_of.size):
            cell, r, lv, e = cell_of[g], block_of[g], level_of[g], errors[error_of[g]]
            slope, delta, mean, w = slopes[d, r], start[d], max(level_mean[d, lv], 1e-8), shape[d]
            m0, m1, v00, v01, v11 = delta, delta * slope, 0.0, 0.0, 0.0
            for k in range(shares.shape[2]):
                share = shares[d, cell, k]
                m0 += share * means[d, r, k, 0]
                m1 += share * means[d, r, k, 1]
                v00 += share * share * single[r, k, 0]
                v01 += share * share * single[r, k, 1]
                v11 += share * share * single[r, k, 2]
            v00, v01, v11 = xi[d, r] * v00 + e[0], xi[d, r] * v01 + e[1], xi[d, r] * v11 + e[2]
            if scatter2 > 0.0:
                first, second = _spread(form, mean, w, largest)
                v11 += scatter2 * (second + 2.0 * delta * first + delta * delta)
            det = v00 * v11 - v01 * v01
            q00, q01, q11 = v11 / det, -v01 / det, v00 / det
            w0, w1 = q00 + q01 * slope, q01 + q11 * slope
            a = w0 + w1 * slope
            constant = -0.5 * math.log(det) - math.log(2.0 * math.pi)
            shift = w0 * m0 + w1 * m1
            for i in range(starts[g], starts[g + 1]):
                _sum_waters(form, x, i, i + 1, w0, w1, shift, a, mean, w, largest, found)
                r0, r1 = x[2 * i] - m0, x[2 * i + 1] - m1
                quadratic = q00 * r0 * r0 + 2.0 * q01 * r0 * r1 + q11 * r1 * r1
                out[0, d, order[i]] = found[0] - 0.5 * quadratic + constant
                out[1, d, order[i]] = delta + found[1]
                out[2, d, order[i]] = max(found[2] - found[1] * found[1], 0.0)
