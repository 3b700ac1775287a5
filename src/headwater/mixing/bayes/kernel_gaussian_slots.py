"""Slots of the header of ``ints``, and what both Gaussian kernels share.

The first slots hold numbers, each later one where an array begins: in ``ints``, in ``floats``, or (W_…) in
the scratch of one call. R levels, K sources, J tracers, C cells; G groups of mixtures of one cell and one
analytical covariance, sorted by level and cell; a row is one source of one level (level · K + source), and
where the error is residual one row more holds its covariance. J² reads J where tracers are independent.

Kernels read the header as unsigned numbers (``h``): an index that cannot be negative needs no check, which
makes them twice as fast; whole numbers in their index arithmetic are therefore ``ONE``, never 1.
"""

import numpy as np
from numba import njit

ONE = np.uint64(1)

COUPLED, LEVELS, SOURCES, TRACERS, CELLS, ROWS, ERROR, PRIOR = range(8)
WEIGHTS, WEIGHTED_VARIANCE, UNSURE_WEIGHTS, FREE_MEANS, PLAIN_MEANS = range(8, 13)
LEVEL_CELLS = 13  # ints (R + 1): where the cells of a level begin
CELL = 14  # ints (C): row of p
CELL_GROUPS = 15  # ints (C + 1): where the groups of a cell begin
LATENT = 16  # ints (rows): 1 + place of the first latent of a row; 0 where its covariance is known
FULL = 17  # ints (rows): 1 where the covariance of a row is more than its diagonal
COUNT, MEAN, SCATTER, ANALYTICAL = range(18, 22)  # floats (G), (G, J), (G, J²), (G, J²)
SOURCE_MEAN, CONCENTRATION, UNSURE, EXTRA = range(22, 26)  # floats (R K, J) × 3, (K, J)
ROOT, CENTRE, STEP, COEF = range(26, 30)  # floats (rows, J²), (rows, J) × 3
PENALTY, ALPHA, BETA, GAMMA = range(30, 34)  # floats (rows), (rows, J) × 3
MEAN_ROOT, MOVING = 34, 35  # floats (R K, J²), (R K): root of the covariance of a mean, or its factor
SCALE = 36  # floats (J): scale of the prior of σ; of log ξ: mean, sd

W_SIZE = 37
W_SCALE, W_ADDED, W_BY_SCALE, W_BY_ADDED = range(38, 42)  # √ξ, σ², slopes by log ξ and σ²: (J) each
W_VARIANCE, W_BY_VARIANCE, W_ROOT, W_TRIANGLE, W_BY_ROOT = range(42, 47)  # (rows, J²) each
W_T, W_E, W_S, W_H, W_B, W_Z = range(47, 53)  # of one level
W_CELL, W_Q = 54, 55  # of every cell of one level; of every group (G, J²)
W_SW, W_SPREAD, W_MOVED, W_BY_V, W_SLOPE, W_SPARE = range(56, 62)  # of one cell
HEADER = 62

PROCESS, SCALED, RESIDUAL, ADDITIVE = range(4)
UNIFORM, LOG_NORMAL, OFFSET_GAMMA, HALF_NORMAL = range(4)
UPPER = 20.0  # of the uniform prior of ξ (MixSIAR)
OFFSET, SHAPE, RATE = 0.001, 3.0, 3.0 / 50.0  # of the prior of σ (simmr)


@njit(cache=True, error_model="numpy")
def scales(position, floats, h, work):  # type: ignore[no-untyped-def]
    """Log prior of ξ or σ; fills √ξ, σ² and zeros for their slopes."""
    error, prior = h[ERROR], h[PRIOR]
    total = 0.0
    for j in range(h[TRACERS]):
        work[h[W_SCALE] + j], work[h[W_ADDED] + j] = 1.0, 0.0
        work[h[W_BY_SCALE] + j] = work[h[W_BY_ADDED] + j] = 0.0
        if error == SCALED:
            x = position[j]
            if prior == UNIFORM:
                total -= abs(x) + 2.0 * np.log1p(np.exp(-abs(x)))
                work[h[W_SCALE] + j] = np.sqrt(UPPER / (1.0 + np.exp(-x)))
            else:
                total -= 0.5 * x * x
                log_xi = floats[h[SCALE]] + floats[h[SCALE] + ONE] * x
                work[h[W_SCALE] + j] = np.exp(0.5 * log_xi)
        elif error == ADDITIVE:
            x, grown = position[j], np.exp(position[j])
            if prior == OFFSET_GAMMA:
                sd = OFFSET + grown
                total += SHAPE * x - RATE * grown
            else:
                sd = floats[h[SCALE] + j] * grown
                total += x - 0.5 * grown * grown
            work[h[W_ADDED] + j] = sd * sd
    return total


@njit(cache=True, error_model="numpy")
def scales_back(position, gradient, floats, h, work):  # type: ignore[no-untyped-def]
    """Turns the slopes by log ξ and σ² into those by the position."""
    error, prior = h[ERROR], h[PRIOR]
    for j in range(h[TRACERS]):
        if error == SCALED:
            x, slope = position[j], work[h[W_BY_SCALE] + j]
            if prior == UNIFORM:
                share = 1.0 / (1.0 + np.exp(-x))
                gradient[j] += slope * (1.0 - share) + 1.0 - 2.0 * share
            else:
                gradient[j] += slope * floats[h[SCALE] + ONE] - x
        elif error == ADDITIVE:
            grown, variance, slope = np.exp(position[j]), work[h[W_ADDED] + j], work[h[W_BY_ADDED] + j]
            if prior == OFFSET_GAMMA:
                gradient[j] += 2.0 * slope * np.sqrt(variance) * grown + SHAPE - RATE * grown
            else:
                gradient[j] += 2.0 * slope * variance + 1.0 - grown * grown


@njit(cache=True, error_model="numpy")
def invert(a, first, n):  # type: ignore[no-untyped-def]
    """Log determinant of the symmetric matrix (n, n) at ``first``, which its inverse replaces (sweeps);
    +inf where it is not positive definite."""
    product, log_product = 1.0, 0.0
    for k in range(n):
        row = first + k * n
        pivot = a[row + k]
        if not pivot > 0.0:
            return np.inf
        product *= pivot
        if product > 1e200 or product < 1e-200:
            log_product += np.log(product)
            product = 1.0
        a[row + k], scale = 1.0, 1.0 / pivot
        for j in range(n):
            a[row + j] *= scale
        for i in range(n):
            if i != k:
                other = first + i * n
                x = a[other + k]
                a[other + k] = 0.0
                for j in range(n):
                    a[other + j] -= x * a[row + j]
    return log_product + np.log(product)
