"""The Gaussian likelihood in machine code: log density and gradient, source means integrated out.

The outermost functions are inlined before compilation: every further layer would be optimised anew with all
below it (4 of 24 CPU seconds).
"""

import numpy as np
from numba import njit

from headwater.mixing.bayes import kernel_gaussian_slots as at
from headwater.mixing.bayes.kernel_gaussian_coupled import coupled
from headwater.mixing.bayes.kernel_gaussian_diagonal import diagonal


@njit(cache=True, error_model="numpy", inline="always")
def gaussian(p, dp, position, gradient, floats, ints):  # type: ignore[no-untyped-def]
    """Log likelihood of all mixtures plus log prior of the own parameters; gradients are added."""
    h = ints.view(np.uint64)
    work = np.empty(ints[at.W_SIZE])
    total = floats[0] + at.scales(position, floats, h, work)
    if h[at.COUPLED]:
        total += coupled(p, dp, position, gradient, floats, h, work)
    else:
        total += diagonal(p, dp, position, gradient, floats, h, work)
    at.scales_back(position, gradient, floats, h, work)
    return total if np.isfinite(total) else -np.inf
