"""D06: spikes of one or two hours (Dorigo et al. 2013, eq. 4–6).

At hour t, with soil moisture θ in % vol and its curvature x″,

    θ(t)/θ(t−1) > 1.15 or < 0.85,   0.8 < |x″(t−1)/x″(t+1)| < 1.2,
    |var|/mean of the 24 values within ±12 h without θ(t) < 1,
    θ(t) above (or below) both neighbours, or so together with an equal θ(t+1), which is then flagged too.

Both ratios are rounded to three decimals. All 25 values must be there. Looks 12 h ahead (13 h for the
second value of a pair, which its first decides). Both profiles agree, but for the derivatives at the ends
of a series.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from headwater.stations.quality.kernels import rules
from headwater.stations.quality.profiles import Spike, as_array

Values = NDArray[np.float64]


def spikes(theta: Values, curvature: Values, limits: Spike) -> NDArray[np.bool_]:
    """Rows that are spikes; ``theta`` in % vol and its second derivative, shape (n,)."""
    out = np.zeros(len(theta), bool)
    rules().spikes_of_series(theta, curvature, as_array(limits), out)
    return out
