"""Tracers that covary: for each level, one K J × K J system for all source means together.

As for independent tracers, with matrices: means F_k z_k, z ~ N(0, I); mixtures N(W (mean + F z), V_g), where
W (J, K J) holds the weights of a cell:

    S = Σ n W'V⁻¹W,  H = I + F'S F,  b = F' Σ n W'V⁻¹y,  ẑ = H⁻¹ b,
    log p = Σ_g [−½ n log|V| − ½ tr V⁻¹(SS + n y y')] − ½ log|H| + ½ b'ẑ.
"""

import numpy as np
from numba import njit

from headwater.mixing.bayes import kernel_gaussian_slots as at
from headwater.mixing.bayes.kernel_gaussian_bartlett import roots, roots_back


@njit(cache=True, error_model="numpy")
def coupled(p, dp, position, gradient, floats, ints):  # type: ignore[no-untyped-def]
    """``gaussian`` where covariances between tracers enter."""
    work = np.empty(ints[at.W_SIZE])
    total = floats[0] + at.scales(position, floats, ints, work)
    total += roots(position, floats, ints, work)
    for level in range(ints[at.LEVELS]):
        if ints[ints[at.LEVEL_CELLS] + level] < ints[ints[at.LEVEL_CELLS] + level + 1]:
            total += _means(level, p, floats, ints, work)
            _slopes(level, p, dp, floats, ints, work)
    roots_back(position, gradient, floats, ints, work)
    at.scales_back(position, gradient, floats, ints, work)
    return total


@njit(cache=True, error_model="numpy")
def _cell(level, c, p, floats, ints, work):  # type: ignore[no-untyped-def]
    """Fills weights, Σ p q, expected mixture and process covariance of a cell."""
    K, J, weights = ints[at.SOURCES], ints[at.TRACERS], ints[at.WEIGHTS]
    w, whole, mean = ints[at.W_WEIGHT], ints[at.W_WHOLE], ints[at.W_MEAN]
    mu, q = ints[at.SOURCE_MEAN] + level * K * J, ints[at.CONCENTRATION] + level * K * J
    for j in range(J):
        s = 1.0
        if weights:
            s = 0.0
            for k in range(K):
                s += p[c, k] * floats[q + k * J + j]
        work[whole + j] = s
        work[mean + j] = 0.0
        for k in range(K):
            x = p[c, k]
            if weights:
                x *= floats[q + k * J + j] / s
            work[w + k * J + j] = x
            work[mean + j] += x * floats[mu + k * J + j]
    if ints[at.ERROR] != at.RESIDUAL:
        _process(level, c, p, floats, ints, work)


@njit(cache=True, error_model="numpy")
def _process(level, c, p, floats, ints, work):  # type: ignore[no-untyped-def]
    """Fills the covariance of single mixtures that comes from single source waters."""
    K, J, weighted = ints[at.SOURCES], ints[at.TRACERS], ints[at.WEIGHTED_VARIANCE]
    w, mean, process = ints[at.W_WEIGHT], ints[at.W_MEAN], ints[at.W_PROCESS]
    for i in range(J * J):
        work[process + i] = 0.0
    for k in range(K):
        row = level * K + k
        own = ints[at.W_VARIANCE] + row * J * J
        for i in range(J):
            left = work[w + k * J + i] if weighted else p[c, k]
            for j in range(i + 1):
                right = work[w + k * J + j] if weighted else p[c, k]
                work[process + i * J + j] += left * right * work[own + i * J + j]
            diagonal = process + i * J + i
            work[diagonal] += left * left * floats[ints[at.EXTRA] + k * J + i]
            if ints[at.UNSURE_WEIGHTS]:
                off = work[w + k * J + i] * (floats[ints[at.SOURCE_MEAN] + row * J + i] - work[mean + i])
                work[diagonal] += off * off * floats[ints[at.UNSURE] + row * J + i]
    for i in range(J):
        for j in range(i):
            work[process + j * J + i] = work[process + i * J + j]


@njit(cache=True, error_model="numpy")
def _precision(g, floats, ints, work):  # type: ignore[no-untyped-def]
    """Log determinant of the covariance V of one mixture of a group; fills V⁻¹."""
    J, scale, q = ints[at.TRACERS], ints[at.W_SCALE], ints[at.W_Q]
    process, analytical = ints[at.W_PROCESS], ints[at.ANALYTICAL] + g * J * J
    if ints[at.ERROR] == at.RESIDUAL:
        process = ints[at.W_VARIANCE] + (ints[at.ROWS] - 1) * J * J
    for i in range(J):
        for j in range(i + 1):
            x = work[process + i * J + j] * work[scale + i] * work[scale + j]
            work[q + i * J + j] = x + floats[analytical + i * J + j]
        work[q + i * J + i] += work[scale + J + i]
    return at.invert(work, q, J)


@njit(cache=True, error_model="numpy")
def _clear_sums(ints, work):  # type: ignore[no-untyped-def]
    """Zeros for the sums over the groups of a cell."""
    J = ints[at.TRACERS]
    for i in range(J):
        work[ints[at.W_QY] + i] = 0.0
    for i in range(J * J):
        work[ints[at.W_QN] + i] = work[ints[at.W_BY_V] + i] = 0.0


@njit(cache=True, error_model="numpy")
def _means(level, p, floats, ints, work):  # type: ignore[no-untyped-def]
    """Log likelihood of a level, its source means integrated out and solved for."""
    K, J, free = ints[at.SOURCES], ints[at.TRACERS], ints[at.FREE_MEANS]
    n_all = K * J
    b, s, w = ints[at.W_B], ints[at.W_S], ints[at.W_WEIGHT]
    qn, qy = ints[at.W_QN], ints[at.W_QY]
    cells, groups = ints[at.LEVEL_CELLS], ints[at.CELL_GROUPS]
    if free:
        _start(level, floats, ints, work)
    total = 0.0
    for cell in range(ints[cells + level], ints[cells + level + 1]):
        _cell(level, ints[ints[at.CELL] + cell], p, floats, ints, work)
        _clear_sums(ints, work)
        for g in range(ints[groups + cell], ints[groups + cell + 1]):
            total += _group(g, floats, ints, work)
        if free:
            for a in range(n_all):
                j, x = a % J, work[w + a]
                work[b + a] += x * work[qy + j]
                for k in range(K):
                    for i in range(J):
                        work[s + a * n_all + k * J + i] += x * work[qn + j * J + i] * work[w + k * J + i]
    if free:
        total += _solve(ints, work)
    return total


@njit(cache=True, error_model="numpy")
def _group(g, floats, ints, work):  # type: ignore[no-untyped-def]
    """Log likelihood of a group about the expected mixture; adds to Σ n V⁻¹ and Σ n V⁻¹y."""
    J, q, qn, qy, y = ints[at.TRACERS], ints[at.W_Q], ints[at.W_QN], ints[at.W_QY], ints[at.W_Y]
    data, scatter = ints[at.MEAN] + g * J, ints[at.SCATTER] + g * J * J
    n = floats[ints[at.COUNT] + g]
    total = -0.5 * n * _precision(g, floats, ints, work)
    for i in range(J):
        work[y + i] = floats[data + i] - work[ints[at.W_MEAN] + i]
    for i in range(J):
        x = 0.0
        for j in range(J):
            precision = work[q + i * J + j]
            x += precision * work[y + j]
            work[qn + i * J + j] += n * precision
            total -= 0.5 * precision * floats[scatter + i * J + j]
        work[qy + i] += n * x
        total -= 0.5 * n * x * work[y + i]
    return total


@njit(cache=True, error_model="numpy")
def _start(level, floats, ints, work):  # type: ignore[no-untyped-def]
    """A root F of the covariance of every source mean; S = 0, b = 0."""
    K, J = ints[at.SOURCES], ints[at.TRACERS]
    n_all, square = K * J, J * J
    for k in range(K):
        row = level * K + k
        moving = floats[ints[at.MOVING] + row]
        for i in range(square):
            x = floats[ints[at.MEAN_ROOT] + row * square + i]
            if moving > 0.0:
                x = moving * work[ints[at.W_ROOT] + row * square + i]
            work[ints[at.W_T] + k * square + i] = x
    for i in range(n_all):
        work[ints[at.W_B] + i] = 0.0
    for i in range(n_all * n_all):
        work[ints[at.W_S] + i] = 0.0


@njit(cache=True, error_model="numpy")
def _solve(ints, work):  # type: ignore[no-untyped-def]
    """½ b'H⁻¹b − ½ log|H|. Fills the means e = F ẑ, the blocks of E[zz'] − I, and over S their covariance."""
    K, J = ints[at.SOURCES], ints[at.TRACERS]
    n_all = K * J
    f, h, b, z, e = ints[at.W_T], ints[at.W_H], ints[at.W_B], ints[at.W_Z], ints[at.W_E]
    second = ints[at.W_SECOND]
    for k in range(K):
        for j in range(J):
            x = 0.0
            for i in range(J):
                x += work[f + (k * J + i) * J + j] * work[b + k * J + i]
            work[e + k * J + j] = x
    _sandwich(K, J, f, ints[at.W_S], h, True, work)
    for a in range(n_all):
        work[h + a * n_all + a] += 1.0
    total = -0.5 * at.invert(work, h, n_all)
    for a in range(n_all):
        x = 0.0
        for d in range(n_all):
            x += work[h + a * n_all + d] * work[e + d]
        work[z + a] = x
        total += 0.5 * x * work[e + a]
    for k in range(K):
        for i in range(J):
            a, x = k * J + i, 0.0
            for j in range(J):
                d = k * J + j
                x += work[f + a * J + j] * work[z + d]
                work[second + a * J + j] = work[h + a * n_all + d] + work[z + a] * work[z + d]
            work[second + a * J + i] -= 1.0
            work[e + a] = x
    _sandwich(K, J, f, h, ints[at.W_S], False, work)
    return total


@njit(cache=True, error_model="numpy")
def _sandwich(K, J, f, a, out, transposed, work):  # type: ignore[no-untyped-def]
    """F'A F (``transposed``) or F A F' at ``out``, F block-diagonal; A is symmetric and is lost."""
    n_all = K * J
    over, along = (J, 1) if transposed else (1, J)
    for x in range(n_all):
        for k in range(K):
            for j in range(J):
                s = 0.0
                for i in range(J):
                    s += work[a + x * n_all + k * J + i] * work[f + k * J * J + i * over + j * along]
                work[out + (k * J + j) * n_all + x] = s
    for i in range(n_all * n_all):
        work[a + i] = work[out + i]
    for x in range(n_all):
        for k in range(K):
            for j in range(J):
                s = 0.0
                for i in range(J):
                    s += work[a + x * n_all + k * J + i] * work[f + k * J * J + i * over + j * along]
                work[out + x * n_all + k * J + j] = s


@njit(cache=True, error_model="numpy")
def _slopes(level, p, dp, floats, ints, work):  # type: ignore[no-untyped-def]
    """Adds the gradients of a level: by shares, covariances, roots of the means, log ξ and σ²."""
    K, J, free = ints[at.SOURCES], ints[at.TRACERS], ints[at.FREE_MEANS]
    n_all, square, rows = K * J, J * J, level * K
    slope, sw, e = ints[at.W_SLOPE], ints[at.W_SW], ints[at.W_E]
    qn, qy, mu = ints[at.W_QN], ints[at.W_QY], ints[at.SOURCE_MEAN] + rows * J
    cells, groups = ints[at.LEVEL_CELLS], ints[at.CELL_GROUPS]
    if free:
        for k in range(K):
            if floats[ints[at.MOVING] + rows + k] > 0.0:
                for i in range(square):
                    x = work[ints[at.W_SECOND] + k * square + i]
                    work[ints[at.W_BY_ROOT] + (rows + k) * square + i] += x
    for cell in range(ints[cells + level], ints[cells + level + 1]):
        c = ints[ints[at.CELL] + cell]
        _cell(level, c, p, floats, ints, work)
        _clear_sums(ints, work)
        _moved(ints, work)
        for g in range(ints[groups + cell], ints[groups + cell + 1]):
            _group_slopes(g, floats, ints, work)
        for a in range(n_all):
            j = a % J
            x = work[qy + j] * floats[mu + a]
            if free:
                x += work[qy + j] * work[e + a]
                for i in range(J):
                    x -= work[qn + j * J + i] * work[sw + a * J + i]
            work[slope + a] = x
        _process_back(level, c, p, dp, floats, ints, work)
        _weights_back(level, c, dp, floats, ints, work)


@njit(cache=True, error_model="numpy")
def _moved(ints, work):  # type: ignore[no-untyped-def]
    """Moves the expected mixture by the source means; fills its covariance, and that with the means."""
    K, J = ints[at.SOURCES], ints[at.TRACERS]
    n_all = K * J
    w, s, sw, e = ints[at.W_WEIGHT], ints[at.W_S], ints[at.W_SW], ints[at.W_E]
    mean, spread = ints[at.W_MEAN], ints[at.W_SPREAD]
    for i in range(J * J):
        work[spread + i] = 0.0
    if not ints[at.FREE_MEANS]:
        return
    for a in range(n_all):
        i = a % J
        work[mean + i] += work[w + a] * work[e + a]
        for j in range(J):
            x = 0.0
            for k in range(K):
                x += work[s + a * n_all + k * J + j] * work[w + k * J + j]
            work[sw + a * J + j] = x
            work[spread + i * J + j] += work[w + a] * x


@njit(cache=True, error_model="numpy")
def _group_slopes(g, floats, ints, work):  # type: ignore[no-untyped-def]
    """Adds to Σ n V⁻¹, Σ n V⁻¹r and the slope by V, ½ (V⁻¹ M V⁻¹ − n V⁻¹), M = SS + n (r r' + spread)."""
    J, q, qn, qy, r = ints[at.TRACERS], ints[at.W_Q], ints[at.W_QN], ints[at.W_QY], ints[at.W_Y]
    by_v, spread, spare = ints[at.W_BY_V], ints[at.W_SPREAD], ints[at.W_SPARE]
    scatter = ints[at.SCATTER] + g * J * J
    n = floats[ints[at.COUNT] + g]
    _precision(g, floats, ints, work)
    for i in range(J):
        work[r + i] = floats[ints[at.MEAN] + g * J + i] - work[ints[at.W_MEAN] + i]
    for i in range(J):
        x = 0.0
        for j in range(J):
            x += work[q + i * J + j] * work[r + j]
            work[qn + i * J + j] += n * work[q + i * J + j]
            s = 0.0
            for k in range(J):
                m = floats[scatter + k * J + j]
                m += n * (work[r + k] * work[r + j] + work[spread + k * J + j])
                s += work[q + i * J + k] * m
            work[spare + i * J + j] = s
        work[qy + i] += n * x
    for i in range(J):
        for j in range(J):
            s = -n * work[q + i * J + j]
            for k in range(J):
                s += work[spare + i * J + k] * work[q + k * J + j]
            work[by_v + i * J + j] += 0.5 * s


@njit(cache=True, error_model="numpy")
def _process_back(level, c, p, dp, floats, ints, work):  # type: ignore[no-untyped-def]
    """Takes the slope by V to ξ, σ², the covariances and (by weights or shares) the process covariance."""
    K, J, scale = ints[at.SOURCES], ints[at.TRACERS], ints[at.W_SCALE]
    by_v, process, slope, w = ints[at.W_BY_V], ints[at.W_PROCESS], ints[at.W_SLOPE], ints[at.W_WEIGHT]
    if ints[at.ERROR] == at.RESIDUAL:
        last = ints[at.W_BY_VARIANCE] + (ints[at.ROWS] - 1) * J * J
        for i in range(J * J):
            work[last + i] += work[by_v + i]
        return
    for i in range(J):
        work[scale + 3 * J + i] += work[by_v + i * J + i]
        for j in range(J):
            work[by_v + i * J + j] *= work[scale + i] * work[scale + j]
            work[scale + 2 * J + i] += work[by_v + i * J + j] * work[process + i * J + j]
    weighted = ints[at.WEIGHTED_VARIANCE]
    for k in range(K):
        own = (level * K + k) * J * J
        c_k, by_c = ints[at.W_VARIANCE] + own, ints[at.W_BY_VARIANCE] + own
        for i in range(J):
            left = work[w + k * J + i] if weighted else p[c, k]
            x = work[by_v + i * J + i] * left * floats[ints[at.EXTRA] + k * J + i]
            for j in range(J):
                right = work[w + k * J + j] if weighted else p[c, k]
                x += work[by_v + i * J + j] * right * work[c_k + i * J + j]
                work[by_c + i * J + j] += work[by_v + i * J + j] * left * right
            if weighted:
                work[slope + k * J + i] += 2.0 * x
            else:
                dp[c, k] += 2.0 * x
    if ints[at.UNSURE_WEIGHTS]:
        _unsure_back(level, floats, ints, work)


@njit(cache=True, error_model="numpy")
def _unsure_back(level, floats, ints, work):  # type: ignore[no-untyped-def]
    """Adds to the slopes by weights what comes through the spread of the concentrations."""
    K, J = ints[at.SOURCES], ints[at.TRACERS]
    w, slope, by_v = ints[at.W_WEIGHT], ints[at.W_SLOPE], ints[at.W_BY_V]
    mu, unsure = ints[at.SOURCE_MEAN] + level * K * J, ints[at.UNSURE] + level * K * J
    for j in range(J):
        mean, whole = 0.0, 0.0
        for k in range(K):
            mean += work[w + k * J + j] * floats[mu + k * J + j]
        twice = 2.0 * work[by_v + j * J + j]
        for k in range(K):
            a = k * J + j
            off = floats[mu + a] - mean
            x = work[w + a] * off * floats[unsure + a]
            whole += work[w + a] * x
            work[slope + a] += twice * x * off
        for k in range(K):
            work[slope + k * J + j] -= twice * whole * floats[mu + k * J + j]


@njit(cache=True, error_model="numpy")
def _weights_back(level, c, dp, floats, ints, work):  # type: ignore[no-untyped-def]
    """Turns the slopes by weights into slopes by shares."""
    K, J = ints[at.SOURCES], ints[at.TRACERS]
    w, slope, q = ints[at.W_WEIGHT], ints[at.W_SLOPE], ints[at.CONCENTRATION] + level * K * J
    for j in range(J):
        if not ints[at.WEIGHTS]:
            for k in range(K):
                dp[c, k] += work[slope + k * J + j]
            continue
        mean = 0.0
        for k in range(K):
            mean += work[w + k * J + j] * work[slope + k * J + j]
        whole = work[ints[at.W_WHOLE] + j]
        for k in range(K):
            dp[c, k] += floats[q + k * J + j] / whole * (work[slope + k * J + j] - mean)
