"""Slots of the header of ``ints``, and what both Gaussian kernels share.

The first slots hold numbers, each later one where an array begins: in ``ints``, in ``floats``, or (W_…) in
the scratch of one call. R levels, K sources, J tracers, C cells; G groups of mixtures of one cell and one
analytical covariance, sorted by level and cell; a row is one source of one level (level · K + source), and
where the error is residual one row more holds its covariance. J² reads J where tracers are independent.
"""

import numpy as np
from numba import njit

COUPLED, LEVELS, SOURCES, TRACERS, CELLS, ROWS, ERROR, PRIOR = range(8)
WEIGHTS, WEIGHTED_VARIANCE, UNSURE_WEIGHTS, FREE_MEANS = range(8, 12)
LEVEL_CELLS = 12  # ints (R + 1): where the cells of a level begin
CELL = 13  # ints (C): row of p
CELL_GROUPS = 14  # ints (C + 1): where the groups of a cell begin
LATENT = 15  # ints (rows): first latent of a row in the position, −1 where its covariance is known
FULL = 16  # ints (rows): 1 where the covariance of a row is more than its diagonal
COUNT, MEAN, SCATTER, ANALYTICAL = range(17, 21)  # floats (G), (G, J), (G, J²), (G, J²)
SOURCE_MEAN, CONCENTRATION, UNSURE, EXTRA = range(21, 25)  # floats (R K, J) × 3, (K, J)
ROOT, CENTRE, STEP, COEF = range(25, 29)  # floats (rows, J²), (rows, J) × 3
PENALTY, ALPHA, BETA, GAMMA = range(29, 33)  # floats (rows), (rows, J) × 3
MEAN_ROOT, MOVING = 33, 34  # floats (R K, J²), (R K): root of the covariance of a mean, or its factor
SCALE = 35  # floats (J): scale of the prior of σ; of log ξ: mean, sd

W_SIZE = 36
W_SCALE = 37  # √ξ (J), σ² (J), their gradients (2 J)
W_VARIANCE, W_BY_VARIANCE, W_ROOT, W_TRIANGLE, W_BY_ROOT = range(38, 43)  # (rows, J²) each
W_T, W_E, W_S, W_H, W_B, W_Z, W_SECOND = range(43, 50)  # of one level
W_WEIGHT, W_WHOLE, W_MEAN, W_PROCESS, W_Q, W_QN, W_Y, W_QY, W_SW, W_SPREAD, W_BY_V, W_SLOPE, W_SPARE = range(
    50, 63
)  # of one cell
HEADER = 63

PROCESS, SCALED, RESIDUAL, ADDITIVE = range(4)
UNIFORM, LOG_NORMAL, OFFSET_GAMMA, HALF_NORMAL = range(4)
UPPER = 20.0  # of the uniform prior of ξ (MixSIAR)
OFFSET, SHAPE, RATE = 0.001, 3.0, 3.0 / 50.0  # of the prior of σ (simmr)


@njit(cache=True, error_model="numpy")
def scales(position, floats, ints, work):  # type: ignore[no-untyped-def]
    """Log prior of ξ or σ, whose values are put at W_SCALE."""
    J, error, prior = ints[TRACERS], ints[ERROR], ints[PRIOR]
    first, scale = ints[W_SCALE], ints[SCALE]
    total = 0.0
    for j in range(J):
        work[first + j], work[first + J + j] = 1.0, 0.0
        work[first + 2 * J + j] = work[first + 3 * J + j] = 0.0
    if error == SCALED:
        for j in range(J):
            x = position[j]
            if prior == UNIFORM:
                total -= abs(x) + 2.0 * np.log1p(np.exp(-abs(x)))
                work[first + j] = np.sqrt(UPPER / (1.0 + np.exp(-x)))
            else:
                total -= 0.5 * x * x
                work[first + j] = np.exp(0.5 * (floats[scale] + floats[scale + 1] * x))
    elif error == ADDITIVE:
        for j in range(J):
            grown = np.exp(position[j])
            if prior == OFFSET_GAMMA:
                sd = OFFSET + grown
                total += SHAPE * position[j] - RATE * grown
            else:
                sd = floats[scale + j] * grown
                total += position[j] - 0.5 * grown * grown
            work[first + J + j] = sd * sd
    return total


@njit(cache=True, error_model="numpy")
def scales_back(position, gradient, floats, ints, work):  # type: ignore[no-untyped-def]
    """Turns the gradients by log ξ and σ² at W_SCALE into those by the position."""
    J, error, prior = ints[TRACERS], ints[ERROR], ints[PRIOR]
    first, scale = ints[W_SCALE], ints[SCALE]
    if error == SCALED:
        for j in range(J):
            x, slope = position[j], work[first + 2 * J + j]
            if prior == UNIFORM:
                share = 1.0 / (1.0 + np.exp(-x))
                gradient[j] += slope * (1.0 - share) + 1.0 - 2.0 * share
            else:
                gradient[j] += slope * floats[scale + 1] - x
    elif error == ADDITIVE:
        for j in range(J):
            grown, variance, slope = np.exp(position[j]), work[first + J + j], work[first + 3 * J + j]
            if prior == OFFSET_GAMMA:
                gradient[j] += 2.0 * slope * np.sqrt(variance) * grown + SHAPE - RATE * grown
            else:
                gradient[j] += 2.0 * slope * variance + 1.0 - grown * grown


@njit(cache=True, error_model="numpy")
def invert(a, first, n):  # type: ignore[no-untyped-def]
    """Log determinant of the symmetric matrix (n, n) at ``first`` (its lower half), which its inverse
    replaces; +inf where it is not positive definite."""
    product, log_product = 1.0, 0.0
    for i in range(n):
        for j in range(i + 1):
            s = a[first + i * n + j]
            for k in range(j):
                s -= a[first + i * n + k] * a[first + j * n + k]
            if i == j:
                if not s > 0.0:
                    return np.inf
                product *= s
                if product > 1e200 or product < 1e-200:
                    log_product += np.log(product)
                    product = 1.0
                a[first + i * n + i] = 1.0 / np.sqrt(s)
            else:
                a[first + i * n + j] = s * a[first + j * n + j]
    for i in range(n):  # the triangle's inverse in its place
        for j in range(i):
            s = 0.0
            for k in range(j, i):
                s -= a[first + i * n + k] * a[first + k * n + j]
            a[first + i * n + j] = s * a[first + i * n + i]
    for i in range(n):  # the inverse's transpose times itself
        for j in range(i + 1):
            s = 0.0
            for k in range(i, n):
                s += a[first + k * n + i] * a[first + k * n + j]
            a[first + i * n + j] = s
            a[first + j * n + i] = s
    return log_product + np.log(product)
