"""D07 and D08: the level of a series breaks downwards or upwards (Dorigo et al. 2013, eq. 7–9).

At hour t, with soil moisture θ in % vol, Δ = θ(t) − θ(t−1), slope x′ and curvature x″,

    |Δ/θ(t)| > 0.1,   |Δ| > 1,   |x′(t)| > 10 · |mean of x′ within ±12 h|  (by more than rounding),
    |x″(t−1)/x″(t)| rounded to one decimal = 1,   |x″(t)/x″(t+2)| > 10;

D07 (drop) where x′(t) < 0, D08 (jump) where x′(t) > 0. A fall of more than 5 % vol to exactly 0 is a drop
as well. The mean slope takes the values there, four or more. Looks 3 h ahead to find a break and 13 h to
settle it, for the mean slope changes until then.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from headwater.stations.quality.kernels import online, rules
from headwater.stations.quality.profiles import Break, as_array
from headwater.stations.quality.savitzky_golay import Derivatives

Values = NDArray[np.float64]
HALF = 12


def drops_and_jumps(theta: Values, derivatives: Derivatives, limits: Break) -> NDArray[np.int64]:
    """−1 at a drop, 1 at a jump, else 0, by the profile ``flagit-0.3``; ``theta`` in % vol, shape (n,)."""
    slope, curvature = derivatives.slope, derivatives.curvature
    mean = online().sliding(slope, HALF, HALF, int(limits.least_slopes), online().MEAN)
    out = np.zeros(len(theta), np.int64)
    rules().breaks_of_series(theta, slope, curvature, mean, as_array(limits), out)
    return out
