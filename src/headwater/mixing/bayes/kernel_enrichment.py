"""Compiled: enrichment E ≥ 0 integrated out of a Gaussian, in closed form.

With u = E √a and x = −t, every distribution of E offered here needs only

    J_j(x) = ∫₀^∞ u^j exp(−x u − u²/2) du,   J₀ = Φ(t)/φ(t),   J_{j+1} = −x J_j + j J_{j−1}.

For x ≥ 0 the recursion loses all digits upwards, so the ratio r_n = J_n/J_{n−1} of a high order is taken
from a table and the lower ones from r_j = j/(x + r_{j+1}), which loses none (Miller's algorithm; Gautschi,
SIAM Rev. 9, 24, 1967); J₀ = 1/(x + r₁). For t > 0 everything is scaled by exp(−t²/2) and the recursion runs
upwards.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

TOP, PIECES, DEGREE = 32, 4, 7
"""The table of a ratio covers 0 ≤ x < TOP with PIECES polynomials a unit."""
SQRT_2PI = math.sqrt(2.0 * math.pi)
GONE = 9.0
"""Beyond this t, 1 − Φ(t) < 1e−19."""


def ratio_table(order: int) -> np.ndarray:
    """Coefficients of r_order on [0, TOP), shape (TOP · PIECES, DEGREE + 1), lowest power first, in the place
    y ∈ [−1, 1] within each piece."""
    place = np.cos((np.arange(DEGREE + 1) + 0.5) * np.pi / (DEGREE + 1))
    x = (np.arange(TOP * PIECES)[:, None] + 0.5 * (place + 1.0)) / PIECES
    ratio = np.sqrt(400.0 + 0.25 * x * x) - 0.5 * x
    for j in range(399, order - 1, -1):
        ratio = j / (x + ratio)
    near = x < 4.0
    node, weight = np.polynomial.legendre.leggauss(100)
    u = 6.0 * (node + 1.0)
    mass = weight * np.exp(-np.outer(x[near], u) - 0.5 * u * u) * u ** (order - 1)
    ratio[near] = (mass @ u) / mass.sum(axis=1)
    return np.ascontiguousarray(np.linalg.solve(np.vander(place, DEGREE + 1, increasing=True), ratio.T).T)


SECOND, FOURTH = ratio_table(2), ratio_table(4)

NODES, WEIGHTS = np.polynomial.legendre.leggauss(10)
NODES, WEIGHTS = 0.5 * (NODES + 1.0), 0.5 * WEIGHTS


@njit(cache=True, error_model="numpy", inline="always")
def _ratio(x, order, table):  # type: ignore[no-untyped-def]
    """r_order(x) for x ≥ 0."""
    if x < TOP:
        z = x * PIECES
        i = int(z)
        y = 2.0 * (z - i) - 1.0
        value = table[i, DEGREE]
        for power in range(DEGREE - 1, -1, -1):
            value = value * y + table[i, power]
        return value
    value = 0.5 * (math.sqrt(x * x + 4.0 * (order + 6)) - x)
    for j in range(order + 5, order - 1, -1):
        value = j / (x + value)
    return value


@njit(cache=True, error_model="numpy")
def moments(t):  # type: ignore[no-untyped-def]
    """log J₀(−t), J₁/J₀ and J₂/J₀: the mass, first and second moment of exp(tu − u²/2) on u > 0."""
    x = abs(t)
    second = _ratio(x, 2, SECOND)
    first = 1.0 / (x + second)
    mass = 1.0 / (x + first)
    if t <= 0.0:
        return math.log(mass), first, first * second
    e = math.exp(-0.5 * t * t) if t < GONE else 0.0
    full = SQRT_2PI - e * mass
    first = t + e / full
    return math.log(full) + 0.5 * t * t, first, t * first + 1.0


@njit(cache=True, error_model="numpy")
def _moments_flat(t, h):  # type: ignore[no-untyped-def]
    """As ``moments_within``, by Gauss–Legendre."""
    m0, m1, m2 = 0.0, 0.0, 0.0
    for i in range(NODES.size):
        u = h * NODES[i]
        mass = WEIGHTS[i] * math.exp(t * u - 0.5 * u * u)
        m0 += mass
        m1 += mass * u
        m2 += mass * u * u
    return math.log(m0 * h), m1 / m0, m2 / m0


@njit(cache=True, error_model="numpy")
def _moments_from_low(t, h):  # type: ignore[no-untyped-def]
    """As ``moments_within`` for t ≤ h/2, where the mass beyond h is the smaller part."""
    log_mass, first, second = moments(t)
    log_rest, rest_first, rest_second = moments(t - h)
    part = math.exp(log_rest + h * (t - 0.5 * h) - log_mass)
    if part > 0.9:  # the difference would lose digits; the integrand is nearly flat
        return _moments_flat(t, h)
    kept = 1.0 - part
    beyond = h + rest_first
    beyond_second = h * h + 2.0 * h * rest_first + rest_second
    return (
        log_mass + math.log(kept),
        (first - part * beyond) / kept,
        (second - part * beyond_second) / kept,
    )


@njit(cache=True, error_model="numpy")
def moments_within(t, h):  # type: ignore[no-untyped-def]
    """log D₀, D₁/D₀ and D₂/D₀ of exp(tu − u²/2) on 0 < u < h."""
    if t > 0.5 * h:  # from the other end, where it is the same integral
        log_mass, first, second = _moments_from_low(h - t, h)
        return (
            log_mass + h * (t - 0.5 * h),
            h - first,
            h * h - 2.0 * h * first + second,
        )
    return _moments_from_low(t, h)


@njit(cache=True, error_model="numpy")
def sum_exponential(x, low, high, w0, w1, shift, root, rate, out):  # type: ignore[no-untyped-def]
    """Σ over waters low … high of log B, E₁, E₂, E₁x into out[:5] for E exponential.

    x : flat, two numbers a water; t = (w'x − shift)/root; B = (rate/root) J₀(−t), E_j = B's moments/root^j.
    """
    inverse = 1.0 / root
    total, product, e1, e2, ex0, ex1 = 0.0, 1.0, 0.0, 0.0, 0.0, 0.0
    for i in range(low, high):
        x0, x1 = x[2 * i], x[2 * i + 1]
        t = (w0 * x0 + w1 * x1 - shift) * inverse
        s = abs(t)
        second = _ratio(s, 2, SECOND)
        first = 1.0 / (s + second)
        mass = 1.0 / (s + first)
        if t <= 0.0:
            second *= first
        else:
            e = math.exp(-0.5 * t * t) if t < GONE else 0.0
            mass = SQRT_2PI - e * mass
            total += 0.5 * t * t
            first = t + e / mass
            second = t * first + 1.0
        product *= mass
        if product < 1e-100 or product > 1e100:
            total += math.log(product)
            product = 1.0
        e1 += first
        e2 += second
        ex0 += first * x0
        ex1 += first * x1
    out[0] = total + math.log(product) + (high - low) * math.log(rate * inverse)
    out[1] = e1 * inverse
    out[2] = e2 * inverse * inverse
    out[3], out[4] = ex0 * inverse, ex1 * inverse


@njit(cache=True, error_model="numpy")
def sum_erlang(x, low, high, w0, w1, shift, root, rate, weight, out):  # type: ignore[no-untyped-def]
    """As ``sum_exponential`` for E = 0 with weight[0] and Erlang of order k with weight[k], k ≤ 3.

    B = weight₀ + Σ_k weight_k (rate/root)^k/(k−1)! J_{k−1}(−t). out[5:9] get Σ of the posterior weights.
    """
    inverse = 1.0 / root
    ell = rate * inverse
    c0, c1, c2, c3 = weight[0], weight[1] * ell, weight[2] * ell * ell, 0.5 * weight[3] * ell * ell * ell
    total, product, e1, e2, ex0, ex1 = 0.0, 1.0, 0.0, 0.0, 0.0, 0.0
    p0, p1, p2, p3 = 0.0, 0.0, 0.0, 0.0
    for i in range(low, high):
        x0, x1 = x[2 * i], x[2 * i + 1]
        t = (w0 * x0 + w1 * x1 - shift) * inverse
        s = abs(t)
        r4 = _ratio(s, 4, FOURTH)
        r3 = 3.0 / (s + r4)
        r2 = 2.0 / (s + r3)
        r1 = 1.0 / (s + r2)
        j0 = 1.0 / (s + r1)
        spike = c0
        if t <= 0.0:
            j1 = j0 * r1
            j2 = j1 * r2
            j3 = j2 * r3
            j4 = j3 * r4
        else:
            e = math.exp(-0.5 * t * t) if t < GONE else 0.0
            spike *= e
            j0 = SQRT_2PI - e * j0
            j1 = t * j0 + e
            j2 = t * j1 + j0
            j3 = t * j2 + 2.0 * j1
            j4 = t * j3 + 3.0 * j2
            total += 0.5 * t * t
        q1, q2, q3 = c1 * j0, c2 * j1, c3 * j2
        mass = spike + q1 + q2 + q3
        one = 1.0 / mass
        first = (c1 * j1 + c2 * j2 + c3 * j3) * one
        product *= mass
        if product < 1e-100 or product > 1e100:
            total += math.log(product)
            product = 1.0
        e1 += first
        e2 += (c1 * j2 + c2 * j3 + c3 * j4) * one
        ex0 += first * x0
        ex1 += first * x1
        p0 += spike * one
        p1 += q1 * one
        p2 += q2 * one
        p3 += q3 * one
    out[0] = total + math.log(product)
    out[1] = e1 * inverse
    out[2] = e2 * inverse * inverse
    out[3], out[4] = ex0 * inverse, ex1 * inverse
    out[5], out[6], out[7], out[8] = p0, p1, p2, p3
