"""Tracers that covary: for each level, one K J × K J system for all source means together.

As for independent tracers, with matrices: means F_k z_k, z ~ N(0, I); mixtures N(W (mean + F z), V), where W
(J, K J) holds the weights of a cell:

    S = Σ n W'V⁻¹W,  H = I + F'S F,  b = F' Σ n W'V⁻¹y,  ẑ = H⁻¹ b,
    log p = Σ [−½ n log|V| − ½ tr V⁻¹(SS + n y y')] − ½ log|H| + ½ b'ẑ.

Rows and columns of K J run over tracers, within them over sources. A cell keeps, from W_CELL on: its weights
(J, K), 1/Σ p q (J), mean (J), Σ n V⁻¹y (J), process covariance (J, J), Σ n V⁻¹ (J, J).
"""

import numpy as np
from numba import njit

from headwater.mixing.bayes import kernel_gaussian_slots as at
from headwater.mixing.bayes.kernel_gaussian_bartlett import roots, roots_back
from headwater.mixing.bayes.kernel_gaussian_diagonal import unsure_back, weights_back
from headwater.mixing.bayes.kernel_gaussian_slots import ONE

KEPT_J, KEPT_JJ = np.uint64(3), np.uint64(2)


@njit(cache=True, error_model="numpy", inline="always")
def coupled(p, dp, position, gradient, floats, h, work):  # type: ignore[no-untyped-def]
    """``gaussian`` where covariances between tracers enter."""
    J = h[at.TRACERS]
    kept = h[at.SOURCES] * J + KEPT_J * J + KEPT_JJ * J * J
    total = roots(position, floats, h, work)
    for level in range(h[at.LEVELS]):
        begin, end = h[h[at.LEVEL_CELLS] + level], h[h[at.LEVEL_CELLS] + level + ONE]
        if begin < end:
            for s in range(begin, end):
                cell = h[at.W_CELL] + (s - begin) * kept
                _cell(level, h[h[at.CELL] + s], cell, p, floats, h, work)
                total += _groups(s, cell, floats, h, work)
            if h[at.FREE_MEANS]:
                total += _solve(level, begin, end, kept, floats, h, work)
            for s in range(begin, end):
                cell = h[at.W_CELL] + (s - begin) * kept
                _slopes(level, s, cell, p, dp, floats, h, work)
    roots_back(position, gradient, floats, h, work)
    return total


@njit(cache=True, error_model="numpy")
def _cell(level, c, cell, p, floats, h, work):  # type: ignore[no-untyped-def]
    """Fills weights, 1/Σ p q, mean and process covariance of a cell."""
    K, J, weighted = h[at.SOURCES], h[at.TRACERS], h[at.WEIGHTED_VARIANCE]
    first = level * K * J
    mu, q, own = h[at.SOURCE_MEAN] + first, h[at.CONCENTRATION] + first, h[at.W_VARIANCE] + first * J
    whole = cell + K * J
    mean, process = whole + J, whole + KEPT_J * J
    for j in range(J):
        w, inverse, sum_mu = cell + j * K, 1.0, 0.0
        if h[at.WEIGHTS]:
            sum_pq = 0.0
            for k in range(K):
                sum_pq += p[c, k] * floats[q + k * J + j]
            inverse = 1.0 / sum_pq
        for k in range(K):
            x = p[c, k]
            if h[at.WEIGHTS]:
                x *= floats[q + k * J + j] * inverse
            work[w + k] = x
            sum_mu += x * floats[mu + k * J + j]
        work[whole + j], work[mean + j] = inverse, sum_mu
    if h[at.ERROR] == at.RESIDUAL:
        return
    for i in range(J):
        for j in range(i + ONE):
            x = 0.0
            for k in range(K):
                part = p[c, k] * p[c, k]
                if weighted:
                    part = work[cell + i * K + k] * work[cell + j * K + k]
                x += part * work[own + (k * J + i) * J + j]
                if i == j:
                    x += part * floats[h[at.EXTRA] + k * J + i]
            if i == j and h[at.UNSURE_WEIGHTS]:
                for k in range(K):
                    off = work[cell + i * K + k] * (floats[mu + k * J + i] - work[mean + i])
                    x += off * off * floats[h[at.UNSURE] + first + k * J + i]
            work[process + i * J + j] = work[process + j * J + i] = x


@njit(cache=True, error_model="numpy")
def _groups(s, cell, floats, h, work):  # type: ignore[no-untyped-def]
    """Log likelihood of the groups of a cell about its mean; keeps V⁻¹ of each, Σ n V⁻¹ and Σ n V⁻¹y."""
    J, scale = h[at.TRACERS], h[at.W_SCALE]
    mean = cell + h[at.SOURCES] * J + J
    qy, process = mean + J, mean + J + J
    qn = process + J * J
    v = process
    if h[at.ERROR] == at.RESIDUAL:
        v = h[at.W_VARIANCE] + (h[at.ROWS] - ONE) * J * J
    for i in range(J):
        work[qy + i] = 0.0
        for j in range(J):
            work[qn + i * J + j] = 0.0
    total = 0.0
    for g in range(h[h[at.CELL_GROUPS] + s], h[h[at.CELL_GROUPS] + s + ONE]):
        n, first = floats[h[at.COUNT] + g], g * J * J
        q, data = h[at.W_Q] + first, h[at.MEAN] + g * J
        for i in range(J):
            for j in range(J):
                x = work[v + i * J + j] * work[scale + i] * work[scale + j]
                work[q + i * J + j] = x + floats[h[at.ANALYTICAL] + first + i * J + j]
            work[q + i * J + i] += work[h[at.W_ADDED] + i]
        total -= 0.5 * n * at.invert(work, q, J)
        for i in range(J):
            x = 0.0
            for j in range(J):
                precision = work[q + i * J + j]
                x += precision * (floats[data + j] - work[mean + j])
                work[qn + i * J + j] += n * precision
                total -= 0.5 * precision * floats[h[at.SCATTER] + first + i * J + j]
            work[qy + i] += n * x
            total -= 0.5 * n * x * (floats[data + i] - work[mean + i])
    return total


@njit(cache=True, error_model="numpy")
def _solve(level, begin, end, kept, floats, h, work):  # type: ignore[no-untyped-def]
    """½ b'H⁻¹b − ½ log|H|. Fills the means e = F ẑ, over S their covariance, and the slopes by F."""
    K, J = h[at.SOURCES], h[at.TRACERS]
    n = K * J
    f, s, a, b, z, e = h[at.W_T], h[at.W_S], h[at.W_H], h[at.W_B], h[at.W_Z], h[at.W_E]
    _normal(begin, end, kept, h, work)
    _mean_roots(level, floats, h, work)
    for k in range(K):
        for j in range(J):
            x = 0.0
            for i in range(J):
                x += work[f + (k * J + i) * J + j] * work[b + i * K + k]
            work[e + j * K + k] = x
    _sandwich(s, a, J, ONE, h, work)
    for i in range(n):
        work[a + i * n + i] += 1.0
    total = -0.5 * at.invert(work, a, n)
    for i in range(n):
        x = 0.0
        for j in range(n):
            x += work[a + i * n + j] * work[e + j]
        work[z + i] = x
        total += 0.5 * x * work[e + i]
    for k in range(K):
        row = level * K + k
        for i in range(J):
            x, left = 0.0, i * K + k
            for j in range(J):
                right = j * K + k
                x += work[f + (k * J + i) * J + j] * work[z + right]
                if floats[h[at.MOVING] + row] > 0.0:
                    second = work[a + left * n + right] + work[z + left] * work[z + right]
                    work[h[at.W_BY_ROOT] + (row * J + i) * J + j] += second - (1.0 if i == j else 0.0)
            work[e + left] = x
    _sandwich(a, s, ONE, J, h, work)
    return total


@njit(cache=True, error_model="numpy")
def _normal(begin, end, kept, h, work):  # type: ignore[no-untyped-def]
    """Fills S = Σ W'(Σ n V⁻¹)W and Σ W'(Σ n V⁻¹y) over the cells of a level."""
    K, J, s, b = h[at.SOURCES], h[at.TRACERS], h[at.W_S], h[at.W_B]
    n = K * J
    for i in range(n):
        work[b + i] = 0.0
    for i in range(n * n):
        work[s + i] = 0.0
    for cell in range(begin, end):
        w = h[at.W_CELL] + (cell - begin) * kept
        qy = w + n + J + J
        qn = qy + J + J * J
        for j in range(J):
            for k in range(K):
                x, row = work[w + j * K + k], s + (j * K + k) * n
                work[b + j * K + k] += x * work[qy + j]
                for i in range(j + ONE):
                    u = x * work[qn + j * J + i]
                    for l in range(K):
                        work[row + i * K + l] += u * work[w + i * K + l]
    for i in range(n):
        for j in range(i):
            work[s + j * n + i] = work[s + i * n + j]


@njit(cache=True, error_model="numpy")
def _mean_roots(level, floats, h, work):  # type: ignore[no-untyped-def]
    """A root F of the covariance of every source mean of a level."""
    K, square = h[at.SOURCES], h[at.TRACERS] * h[at.TRACERS]
    for k in range(K):
        row = level * K + k
        moving = floats[h[at.MOVING] + row]
        for i in range(square):
            x = floats[h[at.MEAN_ROOT] + row * square + i]
            if moving > 0.0:
                x = moving * work[h[at.W_ROOT] + row * square + i]
            work[h[at.W_T] + k * square + i] = x


@njit(cache=True, error_model="numpy")
def _sandwich(a, out, over, along, h, work):  # type: ignore[no-untyped-def]
    """F'A F (over, along = J, 1) or F A F' (1, J) at ``out``; F is a block a source, A symmetric and lost."""
    K, J, f = h[at.SOURCES], h[at.TRACERS], h[at.W_T]
    n = K * J
    if h[at.PLAIN_MEANS]:
        for i in range(J):
            for k in range(K):
                left, x = i * K + k, work[f + (k * J + i) * J + i]
                for j in range(J):
                    for l in range(K):
                        y = work[a + left * n + j * K + l] * work[f + (l * J + j) * J + j]
                        work[out + left * n + j * K + l] = x * y
        return
    for x in range(n):
        for j in range(J):
            for k in range(K):
                s = 0.0
                for i in range(J):
                    s += work[a + x * n + i * K + k] * work[f + k * J * J + i * over + j * along]
                work[out + (j * K + k) * n + x] = s
    for i in range(n * n):
        work[a + i] = work[out + i]
    for x in range(n):
        for j in range(J):
            for k in range(K):
                s = 0.0
                for i in range(J):
                    s += work[a + x * n + i * K + k] * work[f + k * J * J + i * over + j * along]
                work[out + x * n + j * K + k] = s


@njit(cache=True, error_model="numpy")
def _slopes(level, s, cell, p, dp, floats, h, work):  # type: ignore[no-untyped-def]
    """Adds the slopes of a cell: by shares, covariances, log ξ and σ²."""
    K, J, c = h[at.SOURCES], h[at.TRACERS], h[h[at.CELL] + s]
    slope, sw, e, mu = h[at.W_SLOPE], h[at.W_SW], h[at.W_E], h[at.SOURCE_MEAN] + level * K * J
    qy = cell + K * J + J + J
    qn = qy + J + J * J
    _moved(cell, h, work)
    _group_slopes(s, cell, floats, h, work)
    for j in range(J):
        pull = work[qy + j]
        for i in range(J):
            pull -= work[qn + j * J + i] * work[h[at.W_MOVED] + i]
        for k in range(K):
            x = pull * floats[mu + k * J + j]
            if h[at.FREE_MEANS]:
                x += pull * work[e + j * K + k]
                for i in range(J):
                    x -= work[qn + j * J + i] * work[sw + (j * J + i) * K + k]
            work[slope + j * K + k] = x
    _process_back(level, c, cell, p, dp, floats, h, work)
    first = level * K * J
    for j in range(J):
        w, own = cell + j * K, slope + j * K
        if h[at.UNSURE_WEIGHTS] and h[at.ERROR] != at.RESIDUAL:
            by_v, mean = work[h[at.W_BY_V] + j * J + j], work[cell + K * J + J + j]
            unsure_back(w, mean, by_v, mu + j, h[at.UNSURE] + first + j, own, K, J, floats, work)
        if h[at.WEIGHTS]:
            inverse = work[cell + K * J + j]
            weights_back(c, w, h[at.CONCENTRATION] + first + j, inverse, own, dp, K, J, floats, work)
        else:
            for k in range(K):
                dp[c, k] += work[own + k]


@njit(cache=True, error_model="numpy", inline="always")
def _moved(w, h, work):  # type: ignore[no-untyped-def]
    """How far the source means move a cell's mean, its covariance, and that with the source means."""
    K, J, e, a, sw = h[at.SOURCES], h[at.TRACERS], h[at.W_E], h[at.W_S], h[at.W_SW]
    n = K * J
    for i in range(J):
        work[h[at.W_MOVED] + i] = 0.0
        for j in range(J):
            work[h[at.W_SPREAD] + i * J + j] = 0.0
    if not h[at.FREE_MEANS]:
        return
    for i in range(J):
        moved = 0.0
        for k in range(K):
            moved += work[w + i * K + k] * work[e + i * K + k]
        work[h[at.W_MOVED] + i] = moved
        for j in range(J):
            spread = 0.0
            for k in range(K):
                x, row = 0.0, a + (i * K + k) * n + j * K
                for l in range(K):
                    x += work[row + l] * work[w + j * K + l]
                work[sw + (i * J + j) * K + k] = x
                spread += work[w + i * K + k] * x
            work[h[at.W_SPREAD] + i * J + j] = spread


@njit(cache=True, error_model="numpy", inline="always")
def _group_slopes(s, cell, floats, h, work):  # type: ignore[no-untyped-def]
    """Fills the slope by V, ½ Σ (V⁻¹ M V⁻¹ − n V⁻¹), M = SS + n (r r' + spread)."""
    J, spare, by_v, spread = h[at.TRACERS], h[at.W_SPARE], h[at.W_BY_V], h[at.W_SPREAD]
    mean, moved = cell + h[at.SOURCES] * J + J, h[at.W_MOVED]
    for i in range(J * J):
        work[by_v + i] = 0.0
    for g in range(h[h[at.CELL_GROUPS] + s], h[h[at.CELL_GROUPS] + s + ONE]):
        n, q, data = floats[h[at.COUNT] + g], h[at.W_Q] + g * J * J, h[at.MEAN] + g * J
        for i in range(J):
            r = floats[data + i] - work[mean + i] - work[moved + i]
            for j in range(J):
                x = r * (floats[data + j] - work[mean + j] - work[moved + j]) + work[spread + i * J + j]
                work[spare + i * J + j] = floats[h[at.SCATTER] + (g * J + i) * J + j] + n * x
        for i in range(J):
            for j in range(J):
                x = 0.0
                for k in range(J):
                    for l in range(J):
                        x += work[q + i * J + k] * work[spare + k * J + l] * work[q + l * J + j]
                work[by_v + i * J + j] += 0.5 * (x - n * work[q + i * J + j])


@njit(cache=True, error_model="numpy", inline="always")
def _process_back(level, c, w, p, dp, floats, h, work):  # type: ignore[no-untyped-def]
    """Takes the slope by V to ξ, σ², the covariances and (by weights or shares) the process covariance."""
    K, J, scale = h[at.SOURCES], h[at.TRACERS], h[at.W_SCALE]
    by_v, slope, process = h[at.W_BY_V], h[at.W_SLOPE], w + K * J + KEPT_J * J
    if h[at.ERROR] == at.RESIDUAL:
        for i in range(J * J):
            work[h[at.W_BY_VARIANCE] + (h[at.ROWS] - ONE) * J * J + i] += work[by_v + i]
        return
    own = h[at.W_VARIANCE] + level * K * J * J
    by_own = h[at.W_BY_VARIANCE] + level * K * J * J
    for i in range(J):
        work[h[at.W_BY_ADDED] + i] += work[by_v + i * J + i]
        for j in range(J):
            by_p = work[by_v + i * J + j] * work[scale + i] * work[scale + j]
            work[by_v + i * J + j] = by_p
            work[h[at.W_BY_SCALE] + i] += by_p * work[process + i * J + j]
            for k in range(K):
                left, right, a = work[w + i * K + k], work[w + j * K + k], (k * J + i) * J + j
                if not h[at.WEIGHTED_VARIANCE]:
                    left = right = p[c, k]
                work[by_own + a] += by_p * left * right
                x = work[own + a]
                if i == j:
                    x += floats[h[at.EXTRA] + k * J + i]
                x *= 2.0 * by_p * right
                if h[at.WEIGHTED_VARIANCE]:
                    work[slope + i * K + k] += x
                else:
                    dp[c, k] += x
