"""Compiled log densities whose moments are known."""

from __future__ import annotations

from numba import njit

from headwater.posterior.signature import DENSITY


@njit(DENSITY, nogil=True)
def normal(position, gradient, floats, ints):
    """Normal with mean floats[:d] and precision floats[d:], row by row."""
    d = position.size
    total = 0.0
    for i in range(d):
        row = 0.0
        for j in range(d):
            row += floats[d + i * d + j] * (position[j] - floats[j])
        gradient[i] = -row
        total -= 0.5 * row * (position[i] - floats[i])
    return total


@njit(DENSITY, nogil=True)
def independent(position, gradient, floats, ints):
    """Independent normals with mean 0 and standard deviations floats."""
    total = 0.0
    for i in range(position.size):
        z = position[i] / floats[i]
        gradient[i] = -z / floats[i]
        total -= 0.5 * z * z
    return total
