"""Compiled: the log posterior of a mixing model, one function for every family."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from headwater.mixing.bayes.family import GAUSSIAN
from headwater.mixing.bayes.kernel_evaporated import evaporated
from headwater.mixing.bayes.kernel_gaussian import gaussian
from headwater.mixing.bayes.kernel_shares import shares_backward, shares_forward, work_size
from headwater.posterior.signature import DENSITY

HEADER = 6
"""Family, parameters of the shares, their floats and ints, C, K."""
PRIOR = -1
"""Family of a model without its likelihood: the prior alone."""


@njit(DENSITY, cache=True, nogil=True)
def log_density(position, gradient, floats, ints):  # type: ignore[no-untyped-def]
    """Log posterior density up to a constant; fills the gradient."""
    family, own, own_floats, own_ints, c, k = ints[0], ints[1], ints[2], ints[3], ints[4], ints[5]
    share_ints = ints[HEADER : HEADER + own_ints]
    family_ints = ints[HEADER + own_ints :]
    share_floats, family_floats = floats[:own_floats], floats[own_floats:]
    room = np.empty(2 * c * k + work_size(share_ints))
    p = room[: c * k].reshape((c, k))
    dp = room[c * k : 2 * c * k].reshape((c, k))
    work = room[2 * c * k :]
    gradient[:] = 0.0
    dp[:] = 0.0
    total = shares_forward(position[:own], gradient[:own], share_floats, share_ints, p, work)
    if not math.isfinite(total):
        return -math.inf
    if family == PRIOR:
        return total
    if family == GAUSSIAN:
        total += gaussian(p, dp, position[own:], gradient[own:], family_floats, family_ints)
    else:
        total += evaporated(p, dp, position[own:], gradient[own:], family_floats, family_ints)
    if not math.isfinite(total):
        return -math.inf
    shares_backward(position[:own], gradient[:own], share_floats, share_ints, p, dp, work)
    return total
