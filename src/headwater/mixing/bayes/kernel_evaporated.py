"""Compiled: likelihood of mixtures that have evaporated, x = Σ p_k s_k + (δ + e)(1, S) + noise, e integrated out.

Mixtures are gathered into groups of equal shares, mean of e and analytical covariance. With d = (1, S),
r = x − Σ p_k s_k − δ d, Σ = ξ Σ p_k² C_k + R, Q = Σ⁻¹, a = d'Qd, t = (d'Qr − λ)/√a,

    p(x) = N(r; 0, Σ) · B(t),

with B of ``kernel_enrichment``. By Fisher's identity every derivative of log p(x) is the posterior mean over e of
that of log N(r − e d; 0, Σ) + log p(e), so that E₁ = E(e | x) and E₂ = E(e² | x) are all that is needed:

    ∂/∂m = Q(r − E₁ d),  ∂/∂Σ = ½(Q (rr' − E₁(rd' + dr') + E₂ dd') Q − Q),  ∂/∂S = E₁ (Qr)₂ − E₂ (Qd)₂ + δ ∂/∂m₂.

Their sums over a group need Σ E₁, Σ E₂ and Σ E₁ x from the loop over waters, nothing else.
"""

from __future__ import annotations

import math

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
SOURCE = 8
"""Numbers of a source: mean (2), Cholesky factor of its covariance (3), covariance of single waters (3)."""
SCALARS = 20
"""log ξ: mean, sd; S: mean, sd; scatter of S; scales of the mean, start, effects; largest e; 11 of the shape."""
LEAST_MEAN = 1e-8
"""Means of e below this [‰] are 0 as far as any measurement can tell."""


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
            if scalars[9 + k] == 2.0:  # free, against the first that is fixed
                z = (position[number] - scalars[13 + k]) / scalars[17]
                total -= 0.5 * z * z
                gradient[number] -= z / scalars[17]
                w[k] = position[number]
                number += 1
            elif scalars[9 + k] == 1.0:
                w[k] = scalars[13 + k]
            top = max(top, w[k])
        whole = 0.0
        for k in range(4):
            w[k] = max(math.exp(w[k] - top), 1e-300 if scalars[9 + k] > 0.0 else 0.0)
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
    if form == EXPONENTIAL or form == ERLANG:
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
def _shape_back(form, w, scalars, gradient, at, sums, by_log_mean, by_moment, moment):  # type: ignore[no-untyped-def]
    """Adds to the gradient of the shape.

    sums : [0:4] Σ of the posterior weights of orders 0 to 3 (Erlang), [4] ∂/∂c₀ (truncated normal),
        [5] Σ ∂/∂E(e) × mean of the evaporated waters (Erlang)
    by_log_mean : Σ ∂/∂ log mean at fixed shape; κ enters as the mean does, with the other sign
    by_moment, moment : Σ derivative by E(e²) × mean², and E(e²) / mean²
    """
    if form == TRUNCATED_NORMAL:
        c, rho = w[0], w[1]
        bend = -rho * (c + rho)
        slope = (2.0 * c + rho + c * bend) / ((c + rho) * (c + rho))
        slope -= 2.0 * moment * (1.0 + bend) / (c + rho)
        gradient[at] += sums[4] + by_moment * slope
    elif form == ERLANG:
        whole = sums[0] + sums[1] + sums[2] + sums[3]
        number = at
        for k in range(4):
            if scalars[9 + k] != 2.0:
                continue
            some = w[1] + w[2] + w[3]
            zero = some if k == 0 else -w[0]
            log_kappa = w[k] * (k / w[5] - 1.0 / some) if k > 0 else 0.0
            slope = w[k] * (k * (k + 1.0) - w[6]) / (w[4] * w[4]) - 2.0 * moment * log_kappa
            gradient[number] += sums[k] - w[k] * whole - by_log_mean * log_kappa
            gradient[number] += by_moment * slope - sums[5] * w[k] * zero
            number += 1


@njit(cache=True, error_model="numpy")
def evaporated(p, dp, position, gradient, floats, ints):  # type: ignore[no-untyped-def]
    """Log likelihood and log prior of its own parameters; adds to dp (C, K) and to the gradient."""
    form, k, groups, blocks, n, levels, factors = (
        ints[0],
        ints[1],
        ints[2],
        ints[3],
        ints[4],
        ints[5],
        ints[6],
    )
    at_xi, slopes, at_slope, at_mean, at_start = ints[7], ints[8], ints[9], ints[10], ints[11]
    at_effect, at_sd, at_shape, analytical = ints[12], ints[13], ints[14], ints[15]
    at = HEADER
    slot = ints[at : at + blocks * k]
    at += blocks * k
    starts = ints[at : at + groups + 1]
    at += groups + 1
    cell_of, level_of = ints[at : at + groups], ints[at + groups : at + 2 * groups]
    error_of = ints[at + 2 * groups : at + 3 * groups]
    at += 3 * groups
    level = ints[at : at + levels * (1 + factors)]
    size = ints[at + levels * (1 + factors) : at + levels * (1 + factors) + factors]
    scalars = floats[:SCALARS]
    at = SCALARS
    source = floats[at : at + SOURCE * blocks * k]
    at += SOURCE * blocks * k
    error = floats[at : at + 3 * analytical]
    at += 3 * analytical
    stats = floats[at : at + 5 * groups]
    x = floats[at + 5 * groups : at + 5 * groups + 2 * n]

    values_size = 0
    for f in range(factors):
        values_size += size[f]
    room = np.empty(4 * blocks * k + 2 * values_size + 2 * levels + 2 * blocks + 32)
    mean_of = room[: 2 * blocks * k]
    to_mean = room[2 * blocks * k : 4 * blocks * k]
    at = 4 * blocks * k
    values, to_values = room[at : at + values_size], room[at + values_size : at + 2 * values_size]
    at += 2 * values_size
    log_mean, to_log_mean = room[at : at + levels], room[at + levels : at + 2 * levels]
    at += 2 * levels
    xi, to_xi = room[at : at + blocks], room[at + blocks : at + 2 * blocks]
    at += 2 * blocks
    w, out, sums = room[at : at + 8], room[at + 8 : at + 20], room[at + 20 : at + 26]
    to_mean[:] = 0.0
    to_values[:] = 0.0
    to_log_mean[:] = 0.0
    to_xi[:] = 0.0
    sums[:] = 0.0

    # ── parameters and their priors ──
    total = 0.0
    for i in range(blocks * k):
        mean_of[2 * i], mean_of[2 * i + 1] = source[SOURCE * i], source[SOURCE * i + 1]
        if slot[i] >= 0:
            total += _log_normal(position, gradient, slot[i], slot[i] + 2)
            z0, z1 = position[slot[i]], position[slot[i] + 1]
            mean_of[2 * i] += source[SOURCE * i + 2] * z0
            mean_of[2 * i + 1] += source[SOURCE * i + 3] * z0 + source[SOURCE * i + 4] * z1
    for r in range(blocks):
        xi[r] = 1.0
        if at_xi >= 0:
            total += _log_normal(position, gradient, at_xi + r, at_xi + r + 1)
            xi[r] = math.exp(scalars[0] + scalars[1] * position[at_xi + r])
    total += _log_normal(position, gradient, at_slope, at_slope + slopes)
    start = 0.0
    if at_start >= 0:
        total += _log_half_normal(position[at_start], gradient, at_start)
        start = scalars[6] * _softplus(position[at_start])
    total += _shape(form, position, gradient, at_shape, scalars, w)
    if at_mean >= 0:
        low, z_at = 0, at_effect
        for f in range(factors):
            total += _log_normal(position, gradient, z_at, z_at + size[f] - 1)
            total += _log_half_normal(position[at_sd + f], gradient, at_sd + f)
            sd = scalars[7] * _softplus(position[at_sd + f])
            effect_values(position[z_at : z_at + size[f] - 1], sd, values, low, size[f])
            low += size[f]
            z_at += size[f] - 1
        for r in range(blocks):
            l = position[at_mean + r]
            ratio = math.exp(2.0 * min(l, 300.0))
            total += l - 0.5 * ratio
            gradient[at_mean + r] += 1.0 - ratio
        for e in range(levels):
            log_mean[e] = math.log(scalars[5]) + position[at_mean + level[e * (1 + factors)]]
            low = 0
            for f in range(factors):
                log_mean[e] += values[low + level[e * (1 + factors) + 1 + f]]
                low += size[f]
    else:
        log_mean[:] = 0.0
    if not math.isfinite(total):
        return -math.inf

    # ── groups of waters ──
    largest, scatter2 = scalars[8], scalars[4] * scalars[4]
    to_start, by_moment, moment = 0.0, 0.0, 0.0
    for g in range(groups):
        low, high, cell, lv = starts[g], starts[g + 1], cell_of[g], level_of[g]
        count = float(high - low)
        r = level[lv * (1 + factors)]
        number = r if slopes > 1 else 0
        slope = scalars[2] + (scalars[3] * position[at_slope + number] if slopes > 0 else 0.0)
        if log_mean[lv] > 50.0:
            return -math.inf
        mean = max(math.exp(log_mean[lv]), LEAST_MEAN)
        e = 3 * error_of[g]
        m0, m1, v00, v01, v11 = start, start * slope, 0.0, 0.0, 0.0
        for i in range(k):
            share, s, c = p[cell, i], r * k + i, SOURCE * (r * k + i)
            m0 += share * mean_of[2 * s]
            m1 += share * mean_of[2 * s + 1]
            v00 += share * share * source[c + 5]
            v01 += share * share * source[c + 6]
            v11 += share * share * source[c + 7]
        v00, v01, v11 = xi[r] * v00 + error[e], xi[r] * v01 + error[e + 1], xi[r] * v11 + error[e + 2]
        first, second = _spread(form, mean, w, largest)
        if scatter2 > 0.0:
            v11 += scatter2 * (second + 2.0 * start * first + start * start)
        det = v00 * v11 - v01 * v01
        if not (det > 0.0 and v00 > 0.0 and det < math.inf):
            return -math.inf
        q00, q01, q11 = v11 / det, -v01 / det, v00 / det
        w0, w1 = q00 + q01 * slope, q01 + q11 * slope
        a = w0 + w1 * slope
        _sum_waters(form, x, low, high, w0, w1, w0 * m0 + w1 * m1, a, mean, w, largest, out)
        e1, e2 = out[1], out[2]
        d0, d1 = stats[5 * g] - m0, stats[5 * g + 1] - m1
        s00 = stats[5 * g + 2] + count * d0 * d0
        s01 = stats[5 * g + 3] + count * d0 * d1
        s11 = stats[5 * g + 4] + count * d1 * d1
        total += out[0] - 0.5 * (q00 * s00 + 2.0 * q01 * s01 + q11 * s11)
        total -= count * (0.5 * math.log(det) + math.log(2.0 * math.pi))

        # ── way back: u = ∂/∂m, G = ∂/∂Σ ──
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
        by_xi = 0.0
        for i in range(k):
            share, s, c = p[cell, i], r * k + i, SOURCE * (r * k + i)
            cover = g00 * source[c + 5] + 2.0 * g01 * source[c + 6] + g11 * source[c + 7]
            dp[cell, i] += u0 * mean_of[2 * s] + u1 * mean_of[2 * s + 1] + 2.0 * xi[r] * share * cover
            by_xi += share * share * cover
            to_mean[2 * s] += share * u0
            to_mean[2 * s + 1] += share * u1
        to_xi[r] += by_xi * xi[r]
        if slopes > 0:
            by_slope = q01 * t0 + q11 * t1 - e2 * w1 + start * u1
            gradient[at_slope + number] += by_slope * scalars[3]
        to_start += u0 + slope * u1
        one = out[9]
        if scatter2 > 0.0:
            g11 *= scatter2
            to_start += g11 * 2.0 * (first + start)
            one += g11 * 2.0 * (second + start * first)
            by_moment += g11 * mean * mean
            moment = second / (mean * mean)
            sums[5] += g11 * 2.0 * start * mean
        if mean > LEAST_MEAN:
            to_log_mean[lv] += one
        sums[4] += out[10]
        if form == ERLANG:
            for i in range(4):
                sums[i] += out[5 + i]
            w[7] += out[9]

    # ── back to the position ──
    for i in range(blocks * k):
        if slot[i] >= 0:
            c = SOURCE * i
            gradient[slot[i]] += source[c + 2] * to_mean[2 * i] + source[c + 3] * to_mean[2 * i + 1]
            gradient[slot[i] + 1] += source[c + 4] * to_mean[2 * i + 1]
    if at_xi >= 0:
        for r in range(blocks):
            gradient[at_xi + r] += scalars[1] * to_xi[r]
    if at_start >= 0:
        gradient[at_start] += scalars[6] * _sigmoid(position[at_start]) * to_start
    if form == ERLANG or form == TRUNCATED_NORMAL:
        _shape_back(form, w, scalars, gradient, at_shape, sums, w[7], by_moment, moment)
    if at_mean >= 0:
        for e in range(levels):
            gradient[at_mean + level[e * (1 + factors)]] += to_log_mean[e]
            low = 0
            for f in range(factors):
                to_values[low + level[e * (1 + factors) + 1 + f]] += to_log_mean[e]
                low += size[f]
        low, z_at = 0, at_effect
        for f in range(factors):
            value, sd_slope = _softplus(position[at_sd + f]), _sigmoid(position[at_sd + f])
            _effect_back(to_values, scalars[7] * value, low, size[f], gradient, z_at)
            by_sd = 0.0
            for i in range(size[f]):
                by_sd += to_values[low + i] * values[low + i]
            if value > 0.0:
                gradient[at_sd + f] += by_sd / value * sd_slope
            low += size[f]
            z_at += size[f] - 1
    return total
