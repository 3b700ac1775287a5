"""The compiled density without the log-Jacobian of one scale; the last of ``ints`` is its place."""

import math

import numpy as np
from numba import njit

from headwater.mixing.bayes.kernel_density import log_density
from headwater.posterior.signature import DENSITY


@njit(cache=True)
def _softplus(x):
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


@njit(DENSITY, nogil=True, cache=True)
def without_sigmoid(position, gradient, floats, ints):
    """Without d/dl 20 sigmoid(l)."""
    l = position[ints[-1]]
    total = log_density(position, gradient, floats, ints)
    gradient[ints[-1]] += np.tanh(0.5 * l)
    return total + _softplus(l) + _softplus(-l)


@njit(DENSITY, nogil=True, cache=True)
def without_softplus(position, gradient, floats, ints):
    """Without d/dl softplus(l)."""
    l = position[ints[-1]]
    total = log_density(position, gradient, floats, ints)
    gradient[ints[-1]] -= 0.5 - 0.5 * np.tanh(0.5 * l)
    return total + _softplus(-l)


@njit(DENSITY, nogil=True, cache=True)
def without_exponential(position, gradient, floats, ints):
    """Without d/dx exp(x)."""
    total = log_density(position, gradient, floats, ints)
    gradient[ints[-1]] -= 1.0
    return total - position[ints[-1]]
