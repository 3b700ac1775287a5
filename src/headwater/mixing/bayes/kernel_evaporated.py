"""Compiled: likelihood of evaporated mixtures, x = Σ p_k s_k + (δ + e)(1, S) + noise, e integrated out.

Mixtures are gathered into groups of equal shares, mean of e and analytical covariance. With d = (1, S),
r = x − Σ p_k s_k − δ d, Σ = ξ Σ p_k² C_k + R, Q = Σ⁻¹, a = d'Qd, t = (d'Qr − λ)/√a,

    p(x) = N(r; 0, Σ) · B(t),

with B of ``kernel_enrichment``. By Fisher's identity every derivative of log p(x) is the posterior mean over
e of that of log N(r − e d; 0, Σ) + log p(e), so that E₁ = E(e | x) and E₂ = E(e² | x) are all that is needed:

    ∂/∂m = Q(r − E₁ d),    ∂/∂Σ = ½ (Q (rr' − E₁(rd' + dr') + E₂ dd') Q − Q),
    ∂/∂S = E₁ (Qr)₂ − E₂ (Qd)₂ + δ ∂/∂m₂.

Their sums over a group need Σ E₁, Σ E₂ and Σ E₁ x from the loop over waters, nothing else.
"""

from __future__ import annotations

import math
from collections import namedtuple

import numpy as np
from numba import njit

from headwater.mixing.bayes.kernel_enrichment import (
    moments,
    moments_within,
    sum_erlang,
    sum_exponential,
)

EXPONENTIAL, TRUNCATED_NORMAL, UNIFORM, ERLANG = 0, 1, 2, 3
"""Distributions of e. ERLANG: zero or Erlang of order 1 to 3 with a common rate, by weights."""
HEADER = 16
FORM, SOURCES, GROUPS, BLOCKS, WATERS, LEVELS, FACTORS, AT_XI = range(8)
SLOPES, AT_SLOPE, AT_MEAN, AT_START, AT_EFFECT, AT_SD, AT_SHAPE, ERRORS = range(8, 16)
"""Integers of the header: counts, and places in a position (−1: not there)."""
SCALARS = 18
LOG_XI, LOG_XI_SD, SLOPE, SLOPE_SD, SCATTER, MEAN_SCALE, START_SCALE, EFFECT_SCALE, LARGEST = range(9)
WEIGHTS, LOGITS, LOGIT_SD = 9, 13, 17
"""First numbers: priors. WEIGHTS: order 0 to 3 absent (0), the one to weigh against (1) or free (2)."""
SOURCE = 8
"""Numbers of a source: mean (2), Cholesky factor of its covariance (3), covariance of single waters (3)."""
LOG_2PI = math.log(2.0 * math.pi)
LEAST_MEAN, LARGEST_LOG_MEAN = 1e-8, 50.0
"""Means of e below the first [‰] are 0 as far as any measurement can tell; beyond the other they are huge."""
START, TO_START, TO_MOMENT, TO_SHIFT = 5, 6, 7, 8
"""Places in ``Room.sums`` behind the sums of the shape."""
Data = namedtuple("Data", "slot starts cell_of level_of error_of level size scalars source error stats x")
Room = namedtuple("Room", "mean to_mean values to_values log_mean to_log_mean xi to_xi w out sums")


@njit(cache=True, error_model="numpy")
def _softplus(x):  # type: ignore[no-untyped-def]
    return x + math.log1p(math.exp(-x)) if x > 0.0 else math.log1p(math.exp(x))


@njit(cache=True, error_model="numpy")
def _sigmoid(x):  # type: ignore[no-untyped-def]
    if x >= 0.0:
        return 1.0 / (1.0 + math.exp(-x))
    e = math.exp(x)
    return e / (1.0 + e)


@njit(cache=True, error_model="numpy")
def _log_half_normal(l, gradient, at):  # type: ignore[no-untyped-def]
    """Log density of l where softplus(l) is half-normal with scale 1; adds its slope."""
    value, slope = _softplus(l), _sigmoid(l)
    gradient[at] += -value * slope + 1.0 - slope
    return -0.5 * value * value - _softplus(-l)


@njit(cache=True, error_model="numpy")
def _log_normal(position, gradient, low, high):  # type: ignore[no-untyped-def]
    """Log density of standard normal coordinates low … high; adds its slope."""
    total = 0.0
    for i in range(low, high):
        total -= 0.5 * position[i] * position[i]
        gradient[i] -= position[i]
    return total


@njit(cache=True, error_model="numpy")
def effect_values(z, sd, values, low, size):  # type: ignore[no-untyped-def]
    """Fills values[low : low + size] with sd · contrasts(size) @ z, orthogonal and summing to 0."""
    scale = sd * math.sqrt(size / (size - 1.0))
    rest = 0.0
    for i in range(size - 1, 0, -1):
        one = z[i - 1] / math.sqrt(i * (i + 1.0))
        values[low + i] = scale * (rest - i * one)
        rest += one
    values[low] = scale * rest


@njit(cache=True, error_model="numpy")
def _effect_back(sent, sd, low, size, gradient, at):  # type: ignore[no-untyped-def]
    """Adds to gradient[at:] what sent[low : low + size], derivatives by the values, give the z."""
    scale = sd * math.sqrt(size / (size - 1.0))
    before = sent[low]
    for i in range(1, size):
        gradient[at + i - 1] += scale * (before - i * sent[low + i]) / math.sqrt(i * (i + 1.0))
        before += sent[low + i]


@njit(cache=True, error_model="numpy")
def _shape(form, position, gradient, at, scalars, w):  # type: ignore[no-untyped-def]
    """Log prior of the shape; fills w with what the sums over waters need.

    Erlang: w[0:4] weights of orders 0 to 3, w[4] κ = mean order of the evaporated, w[5] Σ w_k k,
    w[6] Σ w_k k (k + 1). Truncated normal: w[0] c₀ = ν/ω, w[1] ρ = φ/Φ(c₀), w[2] log Φ(c₀).
    """
    total = 0.0
    w[:] = 0.0
    if form == ERLANG:
        top, number = -math.inf, at
        for k in range(4):
            w[k] = -math.inf
            if scalars[WEIGHTS + k] == 2.0:  # free, against the first that is fixed
                z = (position[number] - scalars[LOGITS + k]) / scalars[LOGIT_SD]
                total -= 0.5 * z * z
                gradient[number] -= z / scalars[LOGIT_SD]
                w[k] = position[number]
                number += 1
            elif scalars[WEIGHTS + k] == 1.0:
                w[k] = scalars[LOGITS + k]
            top = max(top, w[k])
        whole = 0.0
        for k in range(4):
            w[k] = max(math.exp(w[k] - top), 1e-300 if scalars[WEIGHTS + k] > 0.0 else 0.0)
            whole += w[k]
        for k in range(4):
            w[k] /= whole
        w[5] = w[1] + 2.0 * w[2] + 3.0 * w[3]
        w[6] = 2.0 * w[1] + 6.0 * w[2] + 12.0 * w[3]
        w[4] = w[5] / (w[1] + w[2] + w[3])
    elif form == TRUNCATED_NORMAL:
        total += _log_normal(position, gradient, at, at + 1)
        c = position[at]
        log_mills, w[1], _ = moments(c)  # J₁/J₀ = c + φ/Φ
        w[0], w[1], w[2] = c, w[1] - c, log_mills - 0.5 * c * c - 0.5 * math.log(2.0 * math.pi)
    return total


@njit(cache=True, error_model="numpy")
def _spread(form, mean, w, largest):  # type: ignore[no-untyped-def]
    """E(e) and E(e²) where the evaporated waters have this mean."""
    if form == EXPONENTIAL:
        return mean, 2.0 * mean * mean
    if form == ERLANG:
        return mean * w[5] / w[4], mean * mean * w[6] / (w[4] * w[4])
    if form == UNIFORM:
        return 0.5 * largest, largest * largest / 3.0
    omega = mean / (w[0] + w[1])
    return mean, omega * omega * (1.0 + w[0] * (w[0] + w[1]))


@njit(cache=True, error_model="numpy")
def _sum_moments(form, x, low, high, w0, w1, shift, a, mean, w, largest, out):  # type: ignore[no-untyped-def]
    """``sum_exponential`` for the forms that are summed water by water."""
    total, e1, e2, ex0, ex1 = 0.0, 0.0, 0.0, 0.0, 0.0
    omega, scale, pull = 1.0, math.sqrt(a), 0.0
    if form == TRUNCATED_NORMAL:
        omega = mean / (w[0] + w[1])
        scale, pull = math.sqrt(a + 1.0 / (omega * omega)), w[0] / omega
    for i in range(low, high):
        t = (w0 * x[2 * i] + w1 * x[2 * i + 1] - shift + pull) / scale
        if form == UNIFORM:
            log_mass, first, second = moments_within(t, largest * scale)
        else:
            log_mass, first, second = moments(t)
        total += log_mass
        e1 += first
        e2 += second
        ex0 += first * x[2 * i]
        ex1 += first * x[2 * i + 1]
    n = high - low
    if form == UNIFORM:
        out[0] = total - n * math.log(largest * scale)
    else:
        out[0] = total - n * (
            math.log(omega * scale) + 0.5 * math.log(2.0 * math.pi) + w[2] + 0.5 * w[0] * w[0]
        )
    out[1], out[2], out[3], out[4] = e1 / scale, e2 / (scale * scale), ex0 / scale, ex1 / scale


@njit(cache=True, error_model="numpy")
def _sum_waters(form, x, low, high, w0, w1, shift, a, mean, w, largest, out):  # type: ignore[no-untyped-def]
    """Σ log B, E₁, E₂, E₁x and the posterior weights of waters low … high; also out[9] ∂/∂ log mean and
    out[10] ∂/∂c₀ of the prior of e, at a mean and E₁, E₂ held fixed."""
    n = high - low
    out[9] = out[10] = 0.0
    if form in (EXPONENTIAL, ERLANG):
        rate = 1.0 / mean
        if form == EXPONENTIAL:
            sum_exponential(x, low, high, w0, w1, shift + rate, math.sqrt(a), rate, out)
            out[9] = rate * out[1] - n
        else:
            rate *= w[4]
            sum_erlang(x, low, high, w0, w1, shift + rate, math.sqrt(a), rate, w, out)
            out[9] = rate * out[1] - out[6] - 2.0 * out[7] - 3.0 * out[8]
        return
    _sum_moments(form, x, low, high, w0, w1, shift, a, mean, w, largest, out)
    if form == TRUNCATED_NORMAL:
        reduced, c = 1.0 / (mean / (w[0] + w[1])), w[0]
        out[9] = reduced * reduced * out[2] - c * reduced * out[1] - n
        out[10] = reduced * out[1] - n * (c + w[1])
        # ω = mean/(c₀ + ρ) moves with c₀ too: d log ω/dc₀ = −(1 − ρ (c₀ + ρ))/(c₀ + ρ)
        out[10] -= out[9] * (1.0 - w[1] * (c + w[1])) / (c + w[1])


@njit(cache=True, error_model="numpy")
def _shape_back(form, w, scalars, gradient, at, sums):  # type: ignore[no-untyped-def]
    """Adds to the gradient of the shape, from Σ over waters of

    sums[0:4] : posterior weights of orders 0 to 3 (Erlang)
    sums[4] : ∂/∂ log mean at fixed shape (Erlang: κ enters as the mean does, with the other sign), or ∂/∂c₀
    sums[TO_MOMENT] : ∂/∂E(e²) × mean²; sums[TO_SHIFT] : ∂/∂E(e) × mean; w[7] = E(e²)/mean²
    """
    if form == TRUNCATED_NORMAL:
        c, rho = w[0], w[1]
        bend = -rho * (c + rho)
        slope = (2.0 * c + rho + c * bend) / ((c + rho) * (c + rho))
        slope -= 2.0 * w[7] * (1.0 + bend) / (c + rho)
        gradient[at] += sums[4] + sums[TO_MOMENT] * slope
    elif form == ERLANG:
        whole = sums[0] + sums[1] + sums[2] + sums[3]
        some = w[1] + w[2] + w[3]
        number = at
        for k in range(4):
            if scalars[WEIGHTS + k] != 2.0:
                continue
            zero = some if k == 0 else -w[0]
            log_kappa = w[k] * (k / w[5] - 1.0 / some) if k > 0 else 0.0
            slope = w[k] * (k * (k + 1.0) - w[6]) / (w[4] * w[4]) - 2.0 * w[7] * log_kappa
            gradient[number] += sums[k] - w[k] * whole - sums[4] * log_kappa
            gradient[number] += sums[TO_MOMENT] * slope - sums[TO_SHIFT] * w[k] * zero
            number += 1


@njit(cache=True, error_model="numpy")
def _unpack(floats, ints):  # type: ignore[no-untyped-def]
    """All data of the density, by name."""
    rows, groups = ints[BLOCKS] * ints[SOURCES], ints[GROUPS]
    levels, factors, errors, n = ints[LEVELS], ints[FACTORS], ints[ERRORS], ints[WATERS]
    i, f = HEADER + rows, SCALARS
    j, g = i + 4 * groups + 1, f + SOURCE * rows
    k, h = j + levels * (1 + factors), g + 3 * errors
    return Data(
        slot=ints[HEADER:i],
        starts=ints[i : i + groups + 1],
        cell_of=ints[i + groups + 1 : i + 2 * groups + 1],
        level_of=ints[i + 2 * groups + 1 : i + 3 * groups + 1],
        error_of=ints[i + 3 * groups + 1 : j],
        level=ints[j:k],
        size=ints[k : k + factors],
        scalars=floats[:SCALARS],
        source=floats[f:g],
        error=floats[g:h],
        stats=floats[h : h + 5 * groups],
        x=floats[h + 5 * groups : h + 5 * groups + 2 * n],
    )


@njit(cache=True, error_model="numpy")
def _make_room(head, size):  # type: ignore[no-untyped-def]
    """Parameters as the waters need them, and derivatives by each (``to_…``), all 0."""
    rows, levels, blocks = 2 * head[BLOCKS] * head[SOURCES], head[LEVELS], head[BLOCKS]
    labels = size.sum()
    room = np.zeros(2 * (rows + labels + levels + blocks) + 28)
    a, b, c = 2 * rows, 2 * (rows + labels), 2 * (rows + labels + levels)
    d = c + 2 * blocks
    return Room(
        mean=room[:rows],
        to_mean=room[rows:a],
        values=room[a : a + labels],
        to_values=room[a + labels : b],
        log_mean=room[b : b + levels],
        to_log_mean=room[b + levels : c],
        xi=room[c : c + blocks],
        to_xi=room[c + blocks : d],
        w=room[d : d + 8],
        out=room[d + 8 : d + 19],
        sums=room[d + 19 :],
    )


@njit(cache=True, error_model="numpy")
def _read(position, gradient, head, data, room):  # type: ignore[no-untyped-def]
    """Log prior, its gradient added; fills ``room`` with the parameters."""
    scalars, source, total = data.scalars, data.source, 0.0
    for i in range(data.slot.size):
        at, c = data.slot[i], SOURCE * i
        room.mean[2 * i], room.mean[2 * i + 1] = source[c], source[c + 1]
        if at >= 0:
            total += _log_normal(position, gradient, at, at + 2)
            room.mean[2 * i] += source[c + 2] * position[at]
            room.mean[2 * i + 1] += source[c + 3] * position[at] + source[c + 4] * position[at + 1]
    room.xi[:] = 1.0
    if head[AT_XI] >= 0:
        for r in range(head[BLOCKS]):
            at = head[AT_XI] + r
            total += _log_normal(position, gradient, at, at + 1)
            room.xi[r] = math.exp(scalars[LOG_XI] + scalars[LOG_XI_SD] * position[at])
    total += _log_normal(position, gradient, head[AT_SLOPE], head[AT_SLOPE] + head[SLOPES])
    if head[AT_START] >= 0:
        total += _log_half_normal(position[head[AT_START]], gradient, head[AT_START])
        room.sums[START] = scalars[START_SCALE] * _softplus(position[head[AT_START]])
    total += _shape(head[FORM], position, gradient, head[AT_SHAPE], scalars, room.w)
    if head[AT_MEAN] >= 0:
        total += _read_means(position, gradient, head, data, room)
    return total


@njit(cache=True, error_model="numpy")
def _read_means(position, gradient, head, data, room):  # type: ignore[no-untyped-def]
    """Log prior of the means of e and of their effects; fills ``log_mean`` and ``values``."""
    total, low, at, width = 0.0, 0, head[AT_EFFECT], 1 + head[FACTORS]
    for f in range(head[FACTORS]):
        size, at_sd = data.size[f], head[AT_SD] + f
        total += _log_normal(position, gradient, at, at + size - 1)
        total += _log_half_normal(position[at_sd], gradient, at_sd)
        sd = data.scalars[EFFECT_SCALE] * _softplus(position[at_sd])
        effect_values(position[at : at + size - 1], sd, room.values, low, size)
        low += size
        at += size - 1
    for r in range(head[BLOCKS]):
        l = position[head[AT_MEAN] + r]
        ratio = math.exp(2.0 * min(l, 300.0))
        total += l - 0.5 * ratio
        gradient[head[AT_MEAN] + r] += 1.0 - ratio
    for e in range(head[LEVELS]):
        value, low = math.log(data.scalars[MEAN_SCALE]) + position[head[AT_MEAN] + data.level[e * width]], 0
        for f in range(head[FACTORS]):
            value += room.values[low + data.level[e * width + 1 + f]]
            low += data.size[f]
        room.log_mean[e] = value
    return total


@njit(cache=True, error_model="numpy")
def _sum_groups(p, dp, position, gradient, head, data, room):  # type: ignore[no-untyped-def]
    """Log likelihood of all waters; adds its derivatives to dp, the gradient and ``room``.

    One loop in one function: taking the named arrays apart for every group cost five times the arithmetic.
    """
    form, k, slopes, width = head[FORM], head[SOURCES], head[SLOPES], 1 + head[FACTORS]
    scalars, source, error, x, stats = data.scalars, data.source, data.error, data.x, data.stats
    starts, cell_of, level_of, error_of, level = (
        data.starts, data.cell_of, data.level_of, data.error_of, data.level,
    )  # fmt: skip
    mean_of, to_mean, log_mean, to_log_mean = room.mean, room.to_mean, room.log_mean, room.to_log_mean
    xi_of, to_xi, w, out, sums = room.xi, room.to_xi, room.w, room.out, room.sums
    start, largest, scatter2 = sums[START], scalars[LARGEST], scalars[SCATTER] * scalars[SCATTER]
    total = 0.0
    for g in range(head[GROUPS]):
        low, high, cell, lv, e = starts[g], starts[g + 1], cell_of[g], level_of[g], 3 * error_of[g]
        r, count = level[lv * width], float(high - low)
        at_slope = head[AT_SLOPE] + (r if slopes > 1 else 0)
        slope = scalars[SLOPE] + (scalars[SLOPE_SD] * position[at_slope] if slopes > 0 else 0.0)
        if log_mean[lv] > LARGEST_LOG_MEAN:
            return -math.inf
        mean = max(math.exp(log_mean[lv]), LEAST_MEAN)
        m0, m1, v00, v01, v11 = start, start * slope, 0.0, 0.0, 0.0
        for i in range(k):
            share, s, c = p[cell, i], r * k + i, SOURCE * (r * k + i)
            m0 += share * mean_of[2 * s]
            m1 += share * mean_of[2 * s + 1]
            v00 += share * share * source[c + 5]
            v01 += share * share * source[c + 6]
            v11 += share * share * source[c + 7]
        xi = xi_of[r]
        v00, v01, v11 = xi * v00 + error[e], xi * v01 + error[e + 1], xi * v11 + error[e + 2]
        first, second = _spread(form, mean, w, largest)
        v11 += scatter2 * (second + 2.0 * start * first + start * start)
        det = v00 * v11 - v01 * v01
        if not (det > 0.0 and v00 > 0.0 and det < math.inf):
            return -math.inf
        q00, q01, q11 = v11 / det, -v01 / det, v00 / det
        w0, w1 = q00 + q01 * slope, q01 + q11 * slope
        a, shift = w0 + w1 * slope, w0 * m0 + w1 * m1
        _sum_waters(form, x, low, high, w0, w1, shift, a, mean, w, largest, out)
        e1, e2 = out[1], out[2]
        d0, d1 = stats[5 * g] - m0, stats[5 * g + 1] - m1
        s00 = stats[5 * g + 2] + count * d0 * d0
        s01 = stats[5 * g + 3] + count * d0 * d1
        s11 = stats[5 * g + 4] + count * d1 * d1
        total += out[0] - 0.5 * (q00 * s00 + 2.0 * q01 * s01 + q11 * s11)
        total -= count * (0.5 * math.log(det) + LOG_2PI)

        # u = ∂/∂m and G = ∂/∂Σ, then everything else by the chain rule
        t0, t1 = out[3] - m0 * e1, out[4] - m1 * e1
        k0, k1 = count * d0 - e1, count * d1 - e1 * slope
        u0, u1 = q00 * k0 + q01 * k1, q01 * k0 + q11 * k1
        s00 += e2 - 2.0 * t0
        s01 += e2 * slope - t0 * slope - t1
        s11 += e2 * slope * slope - 2.0 * t1 * slope
        a00, a01 = q00 * s00 + q01 * s01, q00 * s01 + q01 * s11
        a10, a11 = q01 * s00 + q11 * s01, q01 * s01 + q11 * s11
        g00 = 0.5 * (a00 * q00 + a01 * q01 - count * q00)
        g01 = 0.5 * (a00 * q01 + a01 * q11 - count * q01)
        g11 = 0.5 * (a10 * q01 + a11 * q11 - count * q11)
        for i in range(k):
            share, s, c = p[cell, i], r * k + i, SOURCE * (r * k + i)
            cover = g00 * source[c + 5] + 2.0 * g01 * source[c + 6] + g11 * source[c + 7]
            dp[cell, i] += u0 * mean_of[2 * s] + u1 * mean_of[2 * s + 1] + 2.0 * xi * share * cover
            to_xi[r] += xi * share * share * cover
            to_mean[2 * s] += share * u0
            to_mean[2 * s + 1] += share * u1
        if slopes > 0:
            gradient[at_slope] += scalars[SLOPE_SD] * (q01 * t0 + q11 * t1 - e2 * w1 + start * u1)
        g11 *= scatter2
        sums[TO_START] += u0 + slope * u1 + 2.0 * g11 * (first + start)
        sums[TO_MOMENT] += g11 * mean * mean
        sums[TO_SHIFT] += 2.0 * g11 * start * mean
        w[7] = second / (mean * mean)
        if mean > LEAST_MEAN:
            to_log_mean[lv] += out[9] + 2.0 * g11 * (second + start * first)
        if form == ERLANG:
            for i in range(4):
                sums[i] += out[5 + i]
            sums[4] += out[9]
        else:
            sums[4] += out[10]
    return total


@njit(cache=True, error_model="numpy")
def _send_back(position, gradient, head, data, room):  # type: ignore[no-untyped-def]
    """Adds to the gradient what the derivatives by the parameters in ``room`` send back."""
    scalars, source, to_mean = data.scalars, data.source, room.to_mean
    for i in range(data.slot.size):
        at, c = data.slot[i], SOURCE * i
        if at >= 0:
            gradient[at] += source[c + 2] * to_mean[2 * i] + source[c + 3] * to_mean[2 * i + 1]
            gradient[at + 1] += source[c + 4] * to_mean[2 * i + 1]
    if head[AT_XI] >= 0:
        for r in range(head[BLOCKS]):
            gradient[head[AT_XI] + r] += scalars[LOG_XI_SD] * room.to_xi[r]
    at = head[AT_START]
    if at >= 0:
        gradient[at] += scalars[START_SCALE] * _sigmoid(position[at]) * room.sums[TO_START]
    _shape_back(head[FORM], room.w, scalars, gradient, head[AT_SHAPE], room.sums)
    if head[AT_MEAN] < 0:
        return
    width, low, at = 1 + head[FACTORS], 0, head[AT_EFFECT]
    for e in range(head[LEVELS]):
        gradient[head[AT_MEAN] + data.level[e * width]] += room.to_log_mean[e]
        low = 0
        for f in range(head[FACTORS]):
            room.to_values[low + data.level[e * width + 1 + f]] += room.to_log_mean[e]
            low += data.size[f]
    low = 0
    for f in range(head[FACTORS]):
        size, at_sd = data.size[f], head[AT_SD] + f
        value = _softplus(position[at_sd])
        _effect_back(room.to_values, scalars[EFFECT_SCALE] * value, low, size, gradient, at)
        by_sd = 0.0
        for i in range(low, low + size):
            by_sd += room.to_values[i] * room.values[i]
        if value > 0.0:
            gradient[at_sd] += by_sd / value * _sigmoid(position[at_sd])
        low += size
        at += size - 1


@njit(cache=True, error_model="numpy")
def evaporated(p, dp, position, gradient, floats, ints):  # type: ignore[no-untyped-def]
    """Log likelihood and log prior of its own parameters; adds to dp (C, K) and to the gradient."""
    head, data = ints[:HEADER], _unpack(floats, ints)
    room = _make_room(head, data.size)
    total = _read(position, gradient, head, data, room)
    if not math.isfinite(total):
        return -math.inf
    total += _sum_groups(p, dp, position, gradient, head, data, room)
    _send_back(position, gradient, head, data, room)
    return total
