"""Compiled log densities of which the truth is known: (position, gradient, floats, ints) → log p."""

from __future__ import annotations

import math

from numba import njit

from headwater.posterior.signature import DENSITY


@njit(DENSITY, nogil=True, cache=True)
def normal(position, gradient, floats, ints):
    """Normal with mean floats[:d] and precision matrix floats[d:], row by row."""
    d = position.size
    total = 0.0
    for i in range(d):
        row = 0.0
        for j in range(d):
            row += floats[d + i * d + j] * (position[j] - floats[j])
        gradient[i] = -row
        total -= 0.5 * row * (position[i] - floats[i])
    return total


@njit(DENSITY, nogil=True, cache=True)
def independent(position, gradient, floats, ints):
    """Independent normals with mean 0 and standard deviations floats."""
    total = 0.0
    for i in range(position.size):
        z = position[i] / floats[i]
        gradient[i] = -z / floats[i]
        total -= 0.5 * z * z
    return total


@njit(DENSITY, nogil=True, cache=True)
def funnel(position, gradient, floats, ints):
    """Neal's funnel: v ~ N(0, 3²), x_i ~ N(0, e^v)."""
    v = position[0]
    total = -v * v / 18.0
    gradient[0] = -v / 9.0
    for i in range(1, position.size):
        square = position[i] ** 2 * math.exp(-v)
        gradient[i] = -position[i] * math.exp(-v)
        gradient[0] += 0.5 * square - 0.5
        total -= 0.5 * square + 0.5 * v
    return total


@njit(DENSITY, nogil=True, cache=True)
def student(position, gradient, floats, ints):
    """Independent Student t with floats[0] degrees of freedom."""
    nu = floats[0]
    total = 0.0
    for i in range(position.size):
        x = position[i]
        total -= 0.5 * (nu + 1.0) * math.log1p(x * x / nu)
        gradient[i] = -(nu + 1.0) * x / (nu + x * x)
    return total


@njit(DENSITY, nogil=True, cache=True)
def log_gamma(position, gradient, floats, ints):
    """Logarithms of independent gamma variables with shapes floats: density exp(a x − e^x)."""
    total = 0.0
    for i in range(position.size):
        total += floats[i] * position[i] - math.exp(position[i])
        gradient[i] = floats[i] - math.exp(position[i])
    return total


@njit(DENSITY, nogil=True, cache=True)
def walled(position, gradient, floats, ints):
    """Standard normal for x > 0; beyond the wall floats[0]: NaN, −inf or +inf, and a gradient alike."""
    total = 0.0
    for i in range(position.size):
        total -= 0.5 * position[i] ** 2
        gradient[i] = -position[i]
    for i in range(position.size):
        if position[i] < 0.0:
            gradient[i] = floats[0]
            return floats[0]
    return total


@njit(DENSITY, nogil=True, cache=True)
def impossible(position, gradient, floats, ints):
    """NaN everywhere."""
    gradient[:] = math.nan
    return math.nan


@njit(DENSITY, nogil=True, cache=True)
def schools(position, gradient, floats, ints):
    """Eight schools, non-centred: μ ~ N(0, 5²), τ = e^position[1] ~ half-Cauchy(5), θ_i = μ + τ z_i.

    floats: effects y (8), standard errors s (8); density per dμ d log τ dz.
    """
    mu, tau = position[0], math.exp(position[1])
    total = -0.5 * mu * mu / 25.0 - math.log1p(tau * tau / 25.0) + position[1]
    gradient[0] = -mu / 25.0
    gradient[1] = 1.0 - 2.0 * tau * tau / (25.0 + tau * tau)
    for i in range(8):
        z = position[2 + i]
        pull = (floats[i] - mu - tau * z) / floats[8 + i] ** 2
        total -= 0.5 * (floats[i] - mu - tau * z) * pull + 0.5 * z * z
        gradient[0] += pull
        gradient[1] += pull * tau * z
        gradient[2 + i] = pull * tau - z
    return total
