"""Compiled: random numbers of one chain, from a state of four words that can be copied and kept.

xoshiro256++ of Blackman and Vigna (2021), ACM Transactions on Mathematical Software 47, 36; normal numbers
by the polar method. numba can use a numpy Generator, but not keep its state beside the draws.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from headwater.posterior.records import Array

Words = NDArray[np.uint64]


@njit(nogil=True, error_model="numpy")
def _bits(state: Words) -> np.uint64:
    """Next 64 random bits."""
    a, b, c, d = state[0], state[1], state[2], state[3]
    total = a + d
    result = ((total << np.uint64(23)) | (total >> np.uint64(41))) + a
    shifted = b << np.uint64(17)
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    state[0], state[1], state[2] = a, b, c
    state[3] = (d << np.uint64(45)) | (d >> np.uint64(19))
    return result


@njit(nogil=True, error_model="numpy")
def uniform(state: Words) -> float:
    """A number from [0, 1)."""
    return (_bits(state) >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@njit(nogil=True, error_model="numpy")
def fill_normal(state: Words, out: Array) -> None:
    """Fills ``out`` with independent N(0, 1)."""
    i = 0
    while i < out.size:
        x = 2.0 * uniform(state) - 1.0
        y = 2.0 * uniform(state) - 1.0
        square = x * x + y * y
        if 0.0 < square < 1.0:
            factor = math.sqrt(-2.0 * math.log(square) / square)
            out[i] = x * factor
            if i + 1 < out.size:
                out[i + 1] = y * factor
            i += 2
