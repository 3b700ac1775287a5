"""Independent tracers: for each level and tracer, one K × K system for the K source means.

With u_k = t_k w_k (t the sd of a source mean, w the weights of a cell), V_g the variance of one mixture and
y_g the residual of a group's mean, the means being t_k z_k, z ~ N(0, I):

    H = I + Σ n u u'/V,  b = Σ n y u/V,  ẑ = H⁻¹ b,
    log p = Σ_g [−½ n log V − (SS + n y²)/(2 V)] − ½ log|H| + ½ b'ẑ.

The gradient is that of the complete data averaged over z ~ N(ẑ, H⁻¹) (Fisher's identity).
"""

import numpy as np
from numba import njit

from headwater.mixing.bayes import kernel_gaussian_slots as at


@njit(cache=True, error_model="numpy")
def diagonal(p, dp, position, gradient, floats, ints):  # type: ignore[no-untyped-def]
    """``gaussian`` where no covariance between tracers enters."""
    work = np.empty(ints[at.W_SIZE])
    total = floats[0] + at.scales(position, floats, ints, work)
    total += _variances(position, floats, ints, work)
    for level in range(ints[at.LEVELS]):
        if ints[ints[at.LEVEL_CELLS] + level] < ints[ints[at.LEVEL_CELLS] + level + 1]:
            for j in range(ints[at.TRACERS]):
                total += _means(level, j, p, floats, ints, work)
                _slopes(level, j, p, dp, floats, ints, work)
    _variances_back(position, gradient, floats, ints, work)
    at.scales_back(position, gradient, floats, ints, work)
    return total


@njit(cache=True, error_model="numpy")
def _variances(position, floats, ints, work):  # type: ignore[no-untyped-def]
    """Log prior of the latents: variance = root² exp(−L), L = log χ² of the position."""
    J, root = ints[at.TRACERS], ints[at.ROOT]
    centre, step, coef = ints[at.CENTRE], ints[at.STEP], ints[at.COEF]
    variance, by_log = ints[at.W_VARIANCE], ints[at.W_BY_VARIANCE]
    total = 0.0
    for row in range(ints[at.ROWS]):
        latent = ints[ints[at.LATENT] + row]
        for j in range(row * J, row * J + J):
            work[variance + j] = floats[root + j] ** 2
            work[by_log + j] = 0.0
            if latent >= 0:
                x = floats[centre + j] + floats[step + j] * position[latent + j - row * J]
                grown = np.exp(x)
                total += floats[coef + j] * x - 0.5 * grown
                work[variance + j] /= grown
    return total


@njit(cache=True, error_model="numpy")
def _variances_back(position, gradient, floats, ints, work):  # type: ignore[no-untyped-def]
    """Turns gradients by the log variances into those by the latents."""
    J = ints[at.TRACERS]
    centre, step, coef = ints[at.CENTRE], ints[at.STEP], ints[at.COEF]
    for row in range(ints[at.ROWS]):
        latent = ints[ints[at.LATENT] + row]
        if latent >= 0:
            for j in range(J):
                i = row * J + j
                x = floats[centre + i] + floats[step + i] * position[latent + j]
                slope = floats[coef + i] - 0.5 * np.exp(x) - work[ints[at.W_BY_VARIANCE] + i]
                gradient[latent + j] += floats[step + i] * slope


@njit(cache=True, error_model="numpy")
def _cell(level, j, c, p, floats, ints, work):  # type: ignore[no-untyped-def]
    """Fills weights, Σ p q, expected mixture and process variance of one tracer of a cell."""
    K, J = ints[at.SOURCES], ints[at.TRACERS]
    first = level * K * J + j
    w, weighted = ints[at.W_WEIGHT], ints[at.WEIGHTED_VARIANCE]
    mu, variance = ints[at.SOURCE_MEAN] + first, ints[at.W_VARIANCE] + first
    extra, q = ints[at.EXTRA] + j, ints[at.CONCENTRATION] + first
    whole = 1.0
    if ints[at.WEIGHTS]:
        whole = 0.0
        for k in range(K):
            whole += p[c, k] * floats[q + k * J]
    mean, process = 0.0, 0.0
    for k in range(K):
        x = part = p[c, k]
        if ints[at.WEIGHTS]:
            x *= floats[q + k * J] / whole
            if weighted:
                part = x
        work[w + k] = x
        mean += x * floats[mu + k * J]
        process += part * part * (work[variance + k * J] + floats[extra + k * J])
    if ints[at.UNSURE_WEIGHTS]:
        for k in range(K):
            off = work[w + k] * (floats[mu + k * J] - mean)
            process += off * off * floats[ints[at.UNSURE] + first + k * J]
    work[ints[at.W_WHOLE]], work[ints[at.W_MEAN]], work[ints[at.W_PROCESS]] = whole, mean, process


@njit(cache=True, error_model="numpy")
def _means(level, j, p, floats, ints, work):  # type: ignore[no-untyped-def]
    """Log likelihood of one tracer of a level, its source means integrated out and solved for."""
    K, J, free = ints[at.SOURCES], ints[at.TRACERS], ints[at.FREE_MEANS]
    t, b, h, w = ints[at.W_T], ints[at.W_B], ints[at.W_H], ints[at.W_WEIGHT]
    count, data, scatter = ints[at.COUNT], ints[at.MEAN] + j, ints[at.SCATTER] + j
    analytical = ints[at.ANALYTICAL] + j
    cells, groups = ints[at.LEVEL_CELLS], ints[at.CELL_GROUPS]
    xi, added = work[ints[at.W_SCALE] + j] ** 2, work[ints[at.W_SCALE] + J + j]
    if free:
        _start(level, j, floats, ints, work)
    total = 0.0
    for s in range(ints[cells + level], ints[cells + level + 1]):
        _cell(level, j, ints[ints[at.CELL] + s], p, floats, ints, work)
        process, mean = work[ints[at.W_PROCESS]] * xi + added, work[ints[at.W_MEAN]]
        precision, pull = 0.0, 0.0
        for g in range(ints[groups + s], ints[groups + s + 1]):
            n = floats[count + g]
            variance = process + floats[analytical + g * J]
            y = floats[data + g * J] - mean
            inverse = 1.0 / variance
            precision += n * inverse
            pull += n * inverse * y
            total -= 0.5 * (n * np.log(variance) + inverse * (floats[scatter + g * J] + n * y * y))
        if free:
            for k in range(K):
                u = work[w + k] * work[t + k]
                work[b + k] += pull * u
                for i in range(k + 1):
                    work[h + k * K + i] += precision * u * work[w + i] * work[t + i]
    if free:
        total += _solve(ints, work)
    return total


@njit(cache=True, error_model="numpy")
def _start(level, j, floats, ints, work):  # type: ignore[no-untyped-def]
    """Sd of every source mean; H = I, b = 0."""
    K, J = ints[at.SOURCES], ints[at.TRACERS]
    t, b, h, moving = ints[at.W_T], ints[at.W_B], ints[at.W_H], ints[at.MOVING]
    for k in range(K):
        row = level * K + k
        work[t + k] = floats[ints[at.MEAN_ROOT] + row * J + j]
        if floats[moving + row] > 0.0:
            work[t + k] = floats[moving + row] * np.sqrt(work[ints[at.W_VARIANCE] + row * J + j])
        work[b + k] = 0.0
        for i in range(k):
            work[h + k * K + i] = 0.0
        work[h + k * K + k] = 1.0


@njit(cache=True, error_model="numpy")
def _solve(ints, work):  # type: ignore[no-untyped-def]
    """½ b'H⁻¹b − ½ log|H|. Fills the means e = t ẑ, E[z²] − 1, and over H the covariance of e."""
    K = ints[at.SOURCES]
    t, b, h, e, second = ints[at.W_T], ints[at.W_B], ints[at.W_H], ints[at.W_E], ints[at.W_SECOND]
    total = -0.5 * at.invert(work, h, K)
    for k in range(K):
        z = 0.0
        for i in range(K):
            z += work[h + k * K + i] * work[b + i]
        total += 0.5 * z * work[b + k]
        work[e + k] = z * work[t + k]
        work[second + k] = z * z + work[h + k * K + k] - 1.0
    for k in range(K):
        for i in range(K):
            work[h + k * K + i] *= work[t + k] * work[t + i]
    return total


@njit(cache=True, error_model="numpy")
def _slopes(level, j, p, dp, floats, ints, work):  # type: ignore[no-untyped-def]
    """Adds the gradients of one tracer of a level: by shares, log variances, log ξ and σ²."""
    K, J, free = ints[at.SOURCES], ints[at.TRACERS], ints[at.FREE_MEANS]
    rows = level * K
    e, h, w, sw, slope = ints[at.W_E], ints[at.W_H], ints[at.W_WEIGHT], ints[at.W_SW], ints[at.W_SLOPE]
    mu, extra = ints[at.SOURCE_MEAN] + rows * J + j, ints[at.EXTRA] + j
    variance, by_log = ints[at.W_VARIANCE] + rows * J + j, ints[at.W_BY_VARIANCE] + rows * J + j
    weights, weighted = ints[at.WEIGHTS], ints[at.WEIGHTED_VARIANCE]
    cells, scale = ints[at.LEVEL_CELLS], ints[at.W_SCALE]
    xi = work[scale + j] ** 2
    if free:
        for k in range(K):
            if floats[ints[at.MOVING] + rows + k] > 0.0:
                work[by_log + k * J] += 0.5 * work[ints[at.W_SECOND] + k]
    for s in range(ints[cells + level], ints[cells + level + 1]):
        c = ints[ints[at.CELL] + s]
        _cell(level, j, c, p, floats, ints, work)
        moved, spread = work[ints[at.W_MEAN]], 0.0
        if free:
            for k in range(K):
                x = 0.0
                for i in range(K):
                    x += work[h + k * K + i] * work[w + i]
                work[sw + k] = x
                spread += x * work[w + k]
                moved += work[w + k] * work[e + k]
        precision, pull, by_v = _group_slopes(s, j, moved, spread, floats, ints, work)
        work[scale + 2 * J + j] += by_v * work[ints[at.W_PROCESS]] * xi
        work[scale + 3 * J + j] += by_v
        by_v *= xi
        for k in range(K):
            x = pull * floats[mu + k * J]
            if free:
                x += pull * work[e + k] - precision * work[sw + k]
            part = work[w + k] if weighted else p[c, k]
            both = 2.0 * by_v * part * (work[variance + k * J] + floats[extra + k * J])
            work[by_log + k * J] += by_v * part * part * work[variance + k * J]
            if weighted or not weights:
                x += both
            else:
                dp[c, k] += both
            work[slope + k] = x
        if ints[at.UNSURE_WEIGHTS]:
            _unsure_back(rows, j, by_v, floats, ints, work)
        _weights_back(rows, j, c, dp, floats, ints, work)


@njit(cache=True, error_model="numpy")
def _group_slopes(s, j, moved, spread, floats, ints, work):  # type: ignore[no-untyped-def]
    """Σ n/V, Σ n r/V and the slope by V over the groups of a cell."""
    J = ints[at.TRACERS]
    count, data, scatter = ints[at.COUNT], ints[at.MEAN] + j, ints[at.SCATTER] + j
    analytical, groups, scale = ints[at.ANALYTICAL] + j, ints[at.CELL_GROUPS], ints[at.W_SCALE]
    process = work[ints[at.W_PROCESS]] * work[scale + j] ** 2 + work[scale + J + j]
    precision, pull, by_v = 0.0, 0.0, 0.0
    for g in range(ints[groups + s], ints[groups + s + 1]):
        n = floats[count + g]
        inverse = 1.0 / (process + floats[analytical + g * J])
        r = floats[data + g * J] - moved
        precision += n * inverse
        pull += n * inverse * r
        square = floats[scatter + g * J] + n * (r * r + spread)
        by_v += 0.5 * inverse * (inverse * square - n)
    return precision, pull, by_v


@njit(cache=True, error_model="numpy")
def _unsure_back(rows, j, by_v, floats, ints, work):  # type: ignore[no-untyped-def]
    """Adds to the slopes by weights what comes through the spread of the concentrations."""
    K, J = ints[at.SOURCES], ints[at.TRACERS]
    w, slope, mean = ints[at.W_WEIGHT], ints[at.W_SLOPE], work[ints[at.W_MEAN]]
    mu, unsure = ints[at.SOURCE_MEAN] + rows * J + j, ints[at.UNSURE] + rows * J + j
    whole = 0.0
    for k in range(K):
        off = floats[mu + k * J] - mean
        x = work[w + k] * off * floats[unsure + k * J]
        whole += work[w + k] * x
        work[slope + k] += 2.0 * by_v * x * off
    for k in range(K):
        work[slope + k] -= 2.0 * by_v * whole * floats[mu + k * J]


@njit(cache=True, error_model="numpy")
def _weights_back(rows, j, c, dp, floats, ints, work):  # type: ignore[no-untyped-def]
    """Turns the slopes by weights into slopes by shares."""
    K, J = ints[at.SOURCES], ints[at.TRACERS]
    w, slope, q = ints[at.W_WEIGHT], ints[at.W_SLOPE], ints[at.CONCENTRATION] + rows * J + j
    if not ints[at.WEIGHTS]:
        for k in range(K):
            dp[c, k] += work[slope + k]
        return
    mean = 0.0
    for k in range(K):
        mean += work[w + k] * work[slope + k]
    for k in range(K):
        dp[c, k] += floats[q + k * J] / work[ints[at.W_WHOLE]] * (work[slope + k] - mean)
