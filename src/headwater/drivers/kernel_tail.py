"""Two-sided p values of correlations: Student's t with any real degrees of freedom, without forming t."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

TINY = 1e-300
CLOSE = 1e-15
MOST = 500
"""Terms of the continued fraction; it needs about the square root of the larger parameter."""


@njit(cache=True, error_model="numpy")
def _fraction(a, b, x):  # type: ignore[no-untyped-def]
    """Continued fraction of the incomplete beta function (DLMF 8.17.22), by Lentz's method."""
    c, d = 1.0, 1.0 - (a + b) * x / (a + 1.0)
    d = 1.0 / (d if abs(d) > TINY else TINY)
    h = d
    for m in range(1, MOST):
        even = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0))
        d = 1.0 / (1.0 + even * d)
        c = 1.0 + even / c
        h *= d * c
        d = 1.0 / (1.0 + odd * d)
        c = 1.0 + odd / c
        h *= d * c
        if abs(d * c - 1.0) < CLOSE:
            break
    return h


@njit(cache=True, error_model="numpy")
def two_sided(r, nu):  # type: ignore[no-untyped-def]
    """P(|R| >= |r|) for ``nu`` degrees of freedom: I(1 - r²; nu/2, 1/2), which is 2 P(T >= |t|)."""
    square = r * r
    if not (nu > 0.0 and square <= 1.0):
        return np.nan
    if square == 0.0:
        return 1.0
    if square == 1.0:
        return 0.0
    a = 0.5 * nu
    log_front = math.lgamma(a + 0.5) - math.lgamma(a) - math.lgamma(0.5)
    front = math.exp(log_front + a * math.log1p(-square) + 0.5 * math.log(square))
    if 1.0 - square < (a + 1.0) / (a + 2.5):
        return front * _fraction(a, 0.5, 1.0 - square) / a
    return 1.0 - front * _fraction(0.5, a, square) / 0.5


@njit(cache=True, nogil=True, error_model="numpy")
def p_values(start, stop, r, n_eff, lost, p):  # type: ignore[no-untyped-def]
    """Fills p of pixels start to stop, with n_eff - 2 - lost degrees of freedom; NaN where none are left."""
    for i in range(start, stop):
        p[i] = two_sided(r[i], n_eff[i] - 2.0 - lost)
