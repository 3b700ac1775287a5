"""The Gaussian likelihood in machine code: log density and gradient, source means integrated out."""

import numpy as np
from numba import njit

from headwater.mixing.bayes import kernel_gaussian_slots as at
from headwater.mixing.bayes.kernel_gaussian_coupled import coupled
from headwater.mixing.bayes.kernel_gaussian_diagonal import diagonal


@njit(cache=True, error_model="numpy")
def gaussian(p, dp, position, gradient, floats, ints):  # type: ignore[no-untyped-def]
    """Log likelihood of all mixtures plus log prior of the own parameters; gradients are added."""
    if ints[at.COUPLED]:
        total = coupled(p, dp, position, gradient, floats, ints)
    else:
        total = diagonal(p, dp, position, gradient, floats, ints)
    return total if np.isfinite(total) else -np.inf
