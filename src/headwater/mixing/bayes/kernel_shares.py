"""Compiled: the shares of every cell from a position, and the way back of the gradient.

A position is [overall | z | l]: the overall shares (K or K − 1 values), Q × (K − 1) standard normal
coefficients z, and one l for each of the scales that are learned. Every term has levels, whose effects are
e = M (scale · z), M (L, Q) sparse; a cell adds the effects of its level of each term. With b the overall
logits and V the ilr basis,

    softmax link:  p_c = softmax(b + V Σ_t e_ct)   over the sources that are present,
    bounded link:  p_c = sticks(y + Σ_t e_ct)      within the bounds of the cell.

Scales are fixed, or 20 sigmoid(l) (uniform), or s softplus(l) (half-normal of scale s).
"""

from __future__ import annotations

import math

from numba import njit

DIRICHLET, LOGITS, NORMAL, BOUNDED = 0, 1, 2, 3
"""Prior of the overall shares: Dirichlet by the gamma map, normal logits, normal ilr, Dirichlet in bounds."""
FIXED, UNIFORM, HALF_NORMAL = 0, 1, 2
"""Kind of a scale."""
WIDEST = 20.0
"""Upper end of a uniform scale."""
HEADER = 8


@njit(cache=True)
def _softplus(x: float) -> float:
    return x + math.log1p(math.exp(-x)) if x > 0.0 else math.log1p(math.exp(x))


@njit(cache=True)
def _sigmoid(x: float) -> float:
    if x >= 0.0:
        return 1.0 / (1.0 + math.exp(-x))
    e = math.exp(x)
    return e / (1.0 + e)


@njit(cache=True)
def _gamma_map(t: float, a: float) -> tuple[float, float, float, float]:
    """log G, d log G/dt, log prior of t and its derivative, where G ~ Gamma(a, 1) and
    G = softplus(t) sigmoid(t)^(1/a)."""
    s, c, sp = _sigmoid(t), _sigmoid(-t), _softplus(t)
    ratio = s / sp if t > -30.0 else 1.0 - 0.5 * math.exp(t)
    log_sp = math.log(sp) if t > -30.0 else t
    log_g = log_sp - _softplus(-t) / a
    slope = ratio + c / a
    bend = ratio * (c - ratio) - s * c / a
    g = math.exp(log_g)
    return log_g, slope, a * log_g - g + math.log(slope), (a - g) * slope + bend / slope


@njit(cache=True)
def _sticks(y, shift, low, high, p) -> float:  # type: ignore[no-untyped-def]
    """Fills p (K,) with shares in their bounds; returns the log-Jacobian."""
    k = low.size
    low_rest, high_rest = 0.0, 0.0
    for i in range(k):
        low_rest += low[i]
        high_rest += high[i]
    rest, log_jacobian = 1.0, 0.0
    for i in range(k - 1):
        low_rest -= low[i]
        high_rest -= high[i]
        lo = max(low[i], rest - high_rest)
        hi = min(high[i], rest - low_rest)
        if hi - lo > 0.0:
            p[i] = lo + (hi - lo) * _sigmoid(y[i] - shift[i])
            log_jacobian += math.log(hi - lo) - _softplus(y[i] - shift[i]) - _softplus(-(y[i] - shift[i]))
        else:
            p[i] = lo
        rest -= p[i]
    p[k - 1] = max(rest, 0.0)
    return log_jacobian


@njit(cache=True)
def _sticks_back(y, shift, low, high, p, dp, dy, jacobian) -> None:  # type: ignore[no-untyped-def]
    """Adds to dy what dp (K,) and, where ``jacobian`` is 1, the log-Jacobian send back."""
    k = low.size
    rest = p[k - 1]
    back = dp[k - 1]
    low_rest, high_rest = low[k - 1], high[k - 1]
    for i in range(k - 2, -1, -1):
        rest += p[i]
        lo = max(low[i], rest - high_rest)
        hi = min(high[i], rest - low_rest)
        if hi - lo > 0.0:
            s = _sigmoid(y[i] - shift[i])
            total = dp[i] - back
            to_low = total * (1.0 - s) - jacobian / (hi - lo)
            to_high = total * s + jacobian / (hi - lo)
            dy[i] += total * (hi - lo) * s * (1.0 - s) + jacobian * (1.0 - 2.0 * s)
            if lo > low[i]:
                back += to_low
            if hi < high[i]:
                back += to_high
        elif lo > low[i]:
            back += dp[i] - back
        low_rest += low[i]
        high_rest += high[i]


@njit(cache=True)
def shares_forward(position, gradient, floats, ints, p, work) -> float:  # type: ignore[no-untyped-def]
    """Log prior of the shares' part of a position; fills p (C, K), adds to the gradient of the prior.

    ``work`` has ``work_size`` places; scaled coefficients and effects of levels are left in it.
    """
    kind, k, c, q, groups, nonzero = ints[0], ints[1], ints[2], ints[3], ints[4], ints[5]
    axes = k - 1
    terms, rows = ints[6], ints[7]
    at = HEADER
    starts = ints[at : at + rows + 1]
    at += rows + 1
    columns = ints[at : at + nonzero]
    at += nonzero
    levels = ints[at : at + c * terms]
    at += c * terms
    group_of = ints[at : at + q]
    at += q
    group_kind = ints[at : at + groups]
    at += groups
    present = ints[at : at + c * k]
    values = floats[:nonzero]
    at = nonzero
    first, second = floats[at : at + k], floats[at + k : at + 2 * k]
    at += 2 * k
    group_scale = floats[at : at + groups]
    at += groups
    basis = floats[at : at + k * axes]
    at += k * axes
    low, high = floats[at : at + (c + 1) * k], floats[at + (c + 1) * k : at + 2 * (c + 1) * k]
    coefficients = work[: q * axes]
    base = work[q * axes : q * axes + k]
    line = work[q * axes + k : q * axes + 2 * k]
    spare = work[q * axes + 2 * k : q * axes + 3 * k]
    effects = work[q * axes + 4 * k : (q + rows) * axes + 4 * k]
    log_prior = 0.0
    count = k if kind <= LOGITS else axes
    if kind == DIRICHLET:
        for i in range(k):
            base[i], _, value, slope = _gamma_map(position[i], first[i])
            log_prior += value
            gradient[i] += slope
    elif kind == LOGITS:
        for i in range(k):
            base[i] = position[i]
            z = (position[i] - first[i]) / second[i]
            log_prior -= 0.5 * z * z
            gradient[i] -= z / second[i]
    elif kind == NORMAL:
        for i in range(k):
            base[i] = 0.0
        for a in range(axes):
            z = position[a] / second[a]
            log_prior -= 0.5 * z * z
            gradient[a] -= z / second[a]
            for i in range(k):
                base[i] += basis[i * axes + a] * position[a]
    else:
        y = position[:axes]
        log_prior += _sticks(y, second, low[c * k :], high[c * k :], spare)
        for i in range(k):
            line[i] = 0.0
            if first[i] != 1.0:
                log_prior += (first[i] - 1.0) * math.log(max(spare[i], 1e-300))
                line[i] = (first[i] - 1.0) / max(spare[i], 1e-300)
        _sticks_back(y, second, low[c * k :], high[c * k :], spare, line, gradient[:axes], 1.0)
    hyper = count + q * axes
    for j in range(q):
        g = group_of[j]
        scale = group_scale[g]
        if group_kind[g] != FIXED:
            number = hyper
            for before in range(g):
                number += group_kind[before] != FIXED
            scale = (
                WIDEST * _sigmoid(position[number])
                if group_kind[g] == UNIFORM
                else scale * _softplus(position[number])
            )
        for a in range(axes):
            z = position[count + j * axes + a]
            log_prior -= 0.5 * z * z
            gradient[count + j * axes + a] -= z
            coefficients[j * axes + a] = scale * z
    number = hyper
    for g in range(groups):
        if group_kind[g] == FIXED:
            continue
        l = position[number]
        if group_kind[g] == UNIFORM:
            log_prior -= _softplus(l) + _softplus(-l)
            gradient[number] += 1.0 - 2.0 * _sigmoid(l)
        else:
            sp, s = _softplus(l), _sigmoid(l)
            log_prior += -0.5 * sp * sp - _softplus(-l)
            gradient[number] += -sp * s + 1.0 - s
        number += 1
    for row in range(rows):
        for a in range(axes):
            total = 0.0
            for n in range(starts[row], starts[row + 1]):
                total += values[n] * coefficients[columns[n] * axes + a]
            effects[row * axes + a] = total
    for cell in range(c):
        for a in range(axes):
            spare[a] = 0.0
        for t in range(terms):
            row = levels[cell * terms + t] * axes
            for a in range(axes):
                spare[a] += effects[row + a]
        if kind == BOUNDED:
            for a in range(axes):
                spare[a] += position[a]
            _sticks(spare, second, low[cell * k : cell * k + k], high[cell * k : cell * k + k], p[cell])
            continue
        top = -math.inf
        for i in range(k):
            total = base[i]
            for a in range(axes):
                total += basis[i * axes + a] * spare[a]
            line[i] = total
            if present[cell * k + i] and total > top:
                top = total
        total = 0.0
        for i in range(k):
            p[cell, i] = math.exp(line[i] - top) if present[cell * k + i] else 0.0
            total += p[cell, i]
        for i in range(k):
            p[cell, i] /= total
    return log_prior


@njit(cache=True)
def shares_backward(position, gradient, floats, ints, p, dp, work) -> None:  # type: ignore[no-untyped-def]
    """Adds to the gradient what dp (C, K), the derivative by the shares, sends back.

    ``work`` as ``shares_forward`` left it.
    """
    kind, k, c, q, groups, nonzero = ints[0], ints[1], ints[2], ints[3], ints[4], ints[5]
    axes = k - 1
    terms, rows = ints[6], ints[7]
    at = HEADER
    starts = ints[at : at + rows + 1]
    at += rows + 1
    columns = ints[at : at + nonzero]
    at += nonzero
    levels = ints[at : at + c * terms]
    at += c * terms
    group_of = ints[at : at + q]
    at += q
    group_kind = ints[at : at + groups]
    values = floats[:nonzero]
    at = nonzero
    first, second = floats[at : at + k], floats[at + k : at + 2 * k]
    at += 2 * k
    group_scale = floats[at : at + groups]
    at += groups
    basis = floats[at : at + k * axes]
    at += k * axes
    low, high = floats[at : at + (c + 1) * k], floats[at + (c + 1) * k : at + 2 * (c + 1) * k]
    to_base = work[q * axes : q * axes + k]
    to_axes = work[q * axes + k : q * axes + 2 * k]
    spare = work[q * axes + 2 * k : q * axes + 3 * k]
    effects = work[q * axes + 4 * k : (q + rows) * axes + 4 * k]
    to_effects = work[(q + rows) * axes + 4 * k : (q + 2 * rows) * axes + 4 * k]
    to_coefficients = work[(q + 2 * rows) * axes + 4 * k : 2 * (q + rows) * axes + 4 * k]
    to_base[:] = 0.0
    to_effects[:] = 0.0
    to_coefficients[:] = 0.0
    count = k if kind <= LOGITS else axes
    for cell in range(c):
        for a in range(axes):
            to_axes[a] = 0.0
        if kind == BOUNDED:
            for a in range(axes):
                spare[a] = position[a]
            for t in range(terms):
                row = levels[cell * terms + t] * axes
                for a in range(axes):
                    spare[a] += effects[row + a]
            lo, hi = low[cell * k : cell * k + k], high[cell * k : cell * k + k]
            _sticks_back(spare, second, lo, hi, p[cell], dp[cell], to_axes, 0.0)
            for a in range(axes):
                to_base[a] += to_axes[a]
        else:
            mean = 0.0
            for i in range(k):
                mean += p[cell, i] * dp[cell, i]
            for i in range(k):
                one = p[cell, i] * (dp[cell, i] - mean)
                to_base[i] += one
                for a in range(axes):
                    to_axes[a] += basis[i * axes + a] * one
        for t in range(terms):
            row = levels[cell * terms + t] * axes
            for a in range(axes):
                to_effects[row + a] += to_axes[a]
    for row in range(rows):
        for n in range(starts[row], starts[row + 1]):
            for a in range(axes):
                to_coefficients[columns[n] * axes + a] += values[n] * to_effects[row * axes + a]
    if kind == DIRICHLET:
        for i in range(k):
            gradient[i] += to_base[i] * _gamma_map(position[i], first[i])[1]
    elif kind == LOGITS:
        for i in range(k):
            gradient[i] += to_base[i]
    elif kind == NORMAL:
        for a in range(axes):
            for i in range(k):
                gradient[a] += basis[i * axes + a] * to_base[i]
    else:
        for a in range(axes):
            gradient[a] += to_base[a]
    hyper = count + q * axes
    for j in range(q):
        g = group_of[j]
        scale, slope, number = group_scale[g], 0.0, hyper
        if group_kind[g] != FIXED:
            for before in range(g):
                number += group_kind[before] != FIXED
            l = position[number]
            if group_kind[g] == UNIFORM:
                s = _sigmoid(l)
                scale, slope = WIDEST * s, WIDEST * s * (1.0 - s)
            else:
                scale, slope = scale * _softplus(l), scale * _sigmoid(l)
        for a in range(axes):
            sent = to_coefficients[j * axes + a]
            gradient[count + j * axes + a] += scale * sent
            if slope > 0.0:
                gradient[number] += slope * position[count + j * axes + a] * sent


@njit(cache=True)
def work_size(ints) -> int:  # type: ignore[no-untyped-def]
    """Places of ``work`` that both functions need."""
    return 2 * (ints[3] + ints[7]) * (ints[1] - 1) + 4 * ints[1]
