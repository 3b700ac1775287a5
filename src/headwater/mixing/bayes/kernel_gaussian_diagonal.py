"""Independent tracers: for each level and tracer, one K × K system for the K source means.

With u_k = t_k w_k (t the sd of a source mean, w the weights of a cell), V the variance of one mixture and y
the residual of a group's mean, the means being t_k z_k, z ~ N(0, I):

    H = I + Σ n u u'/V,  b = Σ n y u/V,  ẑ = H⁻¹ b,
    log p = Σ [−½ n log V − (SS + n y²)/(2 V)] − ½ log|H| + ½ b'ẑ.

H⁻¹ and ẑ grow cell by cell, each adding one direction u, at K² operations a cell (as in a Kalman filter).
The gradient is that of the complete data averaged over z ~ N(ẑ, H⁻¹) (Fisher's identity). A cell keeps, from
W_CELL on: 1/Σ p q, mean, process variance, Σ n/V, Σ n y/V, Σ n/V², Σ n y/V², Σ (SS + n y²)/V², its weights.
"""

import numpy as np
from numba import njit

from headwater.mixing.bayes import kernel_gaussian_slots as at
from headwater.mixing.bayes.kernel_gaussian_slots import ONE

KEPT = np.uint64(8)
_I2, _I3, _I4, _I5, _I6, _I7 = (np.uint64(i) for i in range(2, 8))


@njit(cache=True, error_model="numpy", inline="always")
def diagonal(p, dp, position, gradient, floats, h, work):  # type: ignore[no-untyped-def]
    """``gaussian`` where no covariance between tracers enters."""
    total = _variances(position, floats, h, work)
    for level in range(h[at.LEVELS]):
        if h[h[at.LEVEL_CELLS] + level] < h[h[at.LEVEL_CELLS] + level + ONE]:
            for j in range(h[at.TRACERS]):
                if h[at.FREE_MEANS]:
                    _start(level, j, floats, h, work)
                total += _means(level, j, p, floats, h, work)
                if h[at.FREE_MEANS]:
                    total += _settle(level, j, floats, h, work)
                _slopes(level, j, p, dp, floats, h, work)
    _variances_back(position, gradient, floats, h, work)
    return total


@njit(cache=True, error_model="numpy")
def _variances(position, floats, h, work):  # type: ignore[no-untyped-def]
    """Log prior of the latents: variance = root² exp(−L), L = log χ² of the position."""
    J, variance = h[at.TRACERS], h[at.W_VARIANCE]
    total = 0.0
    for row in range(h[at.ROWS]):
        latent = h[h[at.LATENT] + row]
        for j in range(J):
            i = row * J + j
            work[variance + i] = floats[h[at.ROOT] + i] ** 2
            work[h[at.W_BY_VARIANCE] + i] = 0.0
            if latent > 0:
                x = floats[h[at.CENTRE] + i] + floats[h[at.STEP] + i] * position[latent - ONE + j]
                grown = np.exp(x)
                total += floats[h[at.COEF] + i] * x - 0.5 * grown
                work[variance + i] /= grown
                work[h[at.W_ROOT] + i] = 0.5 * grown
    return total


@njit(cache=True, error_model="numpy")
def _variances_back(position, gradient, floats, h, work):  # type: ignore[no-untyped-def]
    """Turns slopes by the log variances into those by the latents."""
    J = h[at.TRACERS]
    for row in range(h[at.ROWS]):
        latent = h[h[at.LATENT] + row]
        if latent > 0:
            for j in range(J):
                i = row * J + j
                slope = floats[h[at.COEF] + i] - work[h[at.W_ROOT] + i] - work[h[at.W_BY_VARIANCE] + i]
                gradient[latent - ONE + j] += floats[h[at.STEP] + i] * slope


@njit(cache=True, error_model="numpy")
def _start(level, j, floats, h, work):  # type: ignore[no-untyped-def]
    """Sd of every source mean; H⁻¹ = I, ẑ = b = 0."""
    K, J = h[at.SOURCES], h[at.TRACERS]
    t, b, a = h[at.W_T], h[at.W_B], h[at.W_H]
    for k in range(K):
        row = level * K + k
        work[t + k] = floats[h[at.MEAN_ROOT] + row * J + j]
        if floats[h[at.MOVING] + row] > 0.0:
            work[t + k] = floats[h[at.MOVING] + row] * np.sqrt(work[h[at.W_VARIANCE] + row * J + j])
        work[b + k] = work[h[at.W_E] + k] = 0.0
        for i in range(K):
            work[a + k * K + i] = 0.0
        work[a + k * K + k] = 1.0


@njit(cache=True, error_model="numpy")
def _means(level, j, p, floats, h, work):  # type: ignore[no-untyped-def]
    """Log likelihood of one tracer of a level about the measured source means; fills the cells, H⁻¹, ẑ, b."""
    K, J, free, weights = h[at.SOURCES], h[at.TRACERS], h[at.FREE_MEANS], h[at.WEIGHTS]
    cell = h[at.W_CELL]
    first = level * K * J + j
    mu, q, extra = h[at.SOURCE_MEAN] + first, h[at.CONCENTRATION] + first, h[at.EXTRA] + j
    own, weighted, groups = h[at.W_VARIANCE] + first, h[at.WEIGHTED_VARIANCE], h[at.CELL_GROUPS]
    xi, added = work[h[at.W_SCALE] + j] ** 2, work[h[at.W_ADDED] + j]
    count, data, scatter, analytical = h[at.COUNT], h[at.MEAN], h[at.SCATTER], h[at.ANALYTICAL]
    total = 0.0
    for s in range(h[h[at.LEVEL_CELLS] + level], h[h[at.LEVEL_CELLS] + level + ONE]):
        c, w = h[h[at.CELL] + s], cell + KEPT
        inverse, mean, process = 1.0, 0.0, 0.0
        if weights:
            whole = 0.0
            for k in range(K):
                whole += p[c, k] * floats[q + k * J]
            inverse = 1.0 / whole
        for k in range(K):
            x = part = p[c, k]
            if weights:
                x *= floats[q + k * J] * inverse
                if weighted:
                    part = x
            work[w + k] = x
            mean += x * floats[mu + k * J]
            process += part * part * (work[own + k * J] + floats[extra + k * J])
        if h[at.UNSURE_WEIGHTS]:
            for k in range(K):
                off = work[w + k] * (floats[mu + k * J] - mean)
                process += off * off * floats[h[at.UNSURE] + first + k * J]
        s_n, s_y, s_nn, s_yy, s_ss = 0.0, 0.0, 0.0, 0.0, 0.0
        for g in range(h[groups + s], h[groups + s + ONE]):
            n, i = floats[count + g], g * J + j
            variance = process * xi + added + floats[analytical + i]
            precision = 1.0 / variance
            y = floats[data + i] - mean
            square = floats[scatter + i] + n * y * y
            total -= 0.5 * (n * np.log(variance) + precision * square)
            n *= precision
            s_n += n
            s_y += n * y
            s_nn += n * precision
            s_yy += n * y * precision
            s_ss += square * precision * precision
        work[cell], work[cell + ONE], work[cell + _I2] = inverse, mean, process
        work[cell + _I3], work[cell + _I4] = s_n, s_y
        work[cell + _I5], work[cell + _I6], work[cell + _I7] = s_nn, s_yy, s_ss
        if free:
            total += _update(w, s_n, s_y, h, work)
        cell = w + K
    return total


@njit(cache=True, error_model="numpy", inline="always")
def _update(w, s_n, s_y, h, work):  # type: ignore[no-untyped-def]
    """Takes a cell into H⁻¹, ẑ and b; what it adds to −½ log|H|."""
    K, t, b, a, z, au = h[at.SOURCES], h[at.W_T], h[at.W_B], h[at.W_H], h[at.W_E], h[at.W_SW]
    own, met = 0.0, 0.0
    for k in range(K):
        x, u = 0.0, work[w + k] * work[t + k]
        for i in range(K):
            x += work[a + k * K + i] * work[w + i] * work[t + i]
        work[au + k] = x
        own += x * u
        met += u * work[z + k]
        work[b + k] += s_y * u
    grown = 1.0 + s_n * own
    gain, shrink = (s_y - s_n * met) / grown, s_n / grown
    for k in range(K):
        work[z + k] += gain * work[au + k]
        for i in range(K):
            work[a + k * K + i] -= shrink * work[au + k] * work[au + i]
    return -0.5 * np.log(grown)


@njit(cache=True, error_model="numpy")
def _settle(level, j, floats, h, work):  # type: ignore[no-untyped-def]
    """½ b'ẑ. Turns ẑ into e = t ẑ and H⁻¹ into the covariance of e; adds the slopes by log t."""
    K, J = h[at.SOURCES], h[at.TRACERS]
    t, b, a, e = h[at.W_T], h[at.W_B], h[at.W_H], h[at.W_E]
    total = 0.0
    for k in range(K):
        z = work[e + k]
        total += 0.5 * z * work[b + k]
        work[e + k] = z * work[t + k]
        row = level * K + k
        if floats[h[at.MOVING] + row] > 0.0:
            work[h[at.W_BY_VARIANCE] + row * J + j] += 0.5 * (z * z + work[a + k * K + k] - 1.0)
    for k in range(K):
        for i in range(K):
            work[a + k * K + i] *= work[t + k] * work[t + i]
    return total


@njit(cache=True, error_model="numpy")
def _slopes(level, j, p, dp, floats, h, work):  # type: ignore[no-untyped-def]
    """Adds the slopes of one tracer of a level: by shares, log variances, log ξ and σ²."""
    K, J, free, weights = h[at.SOURCES], h[at.TRACERS], h[at.FREE_MEANS], h[at.WEIGHTS]
    e, a, sw, slope, cell = h[at.W_E], h[at.W_H], h[at.W_SW], h[at.W_SLOPE], h[at.W_CELL]
    first = level * K * J + j
    mu, extra, weighted = h[at.SOURCE_MEAN] + first, h[at.EXTRA] + j, h[at.WEIGHTED_VARIANCE]
    own, by_log = h[at.W_VARIANCE] + first, h[at.W_BY_VARIANCE] + first
    xi, by_scale, by_added = work[h[at.W_SCALE] + j] ** 2, 0.0, 0.0
    for s in range(h[h[at.LEVEL_CELLS] + level], h[h[at.LEVEL_CELLS] + level + ONE]):
        c, w = h[h[at.CELL] + s], cell + KEPT
        moved, spread = 0.0, 0.0
        if free:
            for k in range(K):
                x = 0.0
                for i in range(K):
                    x += work[a + k * K + i] * work[w + i]
                work[sw + k] = x
                spread += x * work[w + k]
                moved += work[w + k] * work[e + k]
        s_n, s_nn = work[cell + _I3], work[cell + _I5]
        pull = work[cell + _I4] - moved * s_n
        by_v = work[cell + _I7] - 2.0 * moved * work[cell + _I6] + (moved * moved + spread) * s_nn
        by_v = 0.5 * (by_v - s_n)
        by_added += by_v
        by_v *= xi
        by_scale += by_v * work[cell + _I2]
        for k in range(K):
            x = pull * floats[mu + k * J]
            if free:
                x += pull * work[e + k] - s_n * work[sw + k]
            part = work[w + k] if weighted else p[c, k]
            both = by_v * part
            work[by_log + k * J] += both * part * work[own + k * J]
            both *= 2.0 * (work[own + k * J] + floats[extra + k * J])
            if weights and not weighted:
                dp[c, k] += both
            else:
                x += both
            work[slope + k] = x
        if h[at.UNSURE_WEIGHTS]:
            unsure_back(w, work[cell + ONE], by_v, mu, h[at.UNSURE] + first, slope, K, J, floats, work)
        if weights:
            q = h[at.CONCENTRATION] + first
            weights_back(c, w, q, work[cell], slope, dp, K, J, floats, work)
        else:
            for k in range(K):
                dp[c, k] += work[slope + k]
        cell = w + K
    work[h[at.W_BY_SCALE] + j] += by_scale
    work[h[at.W_BY_ADDED] + j] += by_added


@njit(cache=True, error_model="numpy")
def unsure_back(w, mean, by_v, mu, unsure, slope, K, J, floats, work):  # type: ignore[no-untyped-def]
    """Adds to the slopes by weights what comes through the spread of the concentrations."""
    whole = 0.0
    for k in range(K):
        off = floats[mu + k * J] - mean
        x = work[w + k] * off * floats[unsure + k * J]
        whole += work[w + k] * x
        work[slope + k] += 2.0 * by_v * x * off
    for k in range(K):
        work[slope + k] -= 2.0 * by_v * whole * floats[mu + k * J]


@njit(cache=True, error_model="numpy", inline="always")
def weights_back(c, w, q, inverse, slope, dp, K, J, floats, work):  # type: ignore[no-untyped-def]
    """Turns the slopes by weights w = p q / Σ p q into slopes by shares."""
    mean = 0.0
    for k in range(K):
        mean += work[w + k] * work[slope + k]
    for k in range(K):
        dp[c, k] += floats[q + k * J] * inverse * (work[slope + k] - mean)
