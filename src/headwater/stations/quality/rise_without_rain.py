"""D04 and D05: soil moisture rises though it did not rain (Dorigo et al. 2013, eq. 1–3).

At hour t, with soil moisture θ in % vol,

    θ(t) > θ(t−1),   θ(t) − θ(t−24) > 2 · sd(θ(t−24) … θ(t)),   rain of 24 h < least rain,

only above 0.1 m. Least rain: 0.2 mm at depth 0 or unknown, else depth · 0.05 · 0.5 · 1000 mm. D04 takes rain
measured in situ, D05 that of a land surface model. The second relation must hold by more than rounding.

What the profiles do with values that are not there:

=====================  ==================================  =========================================
..                     flagit-0.3                          ismn
=====================  ==================================  =========================================
sd                     of the values there, two or more    the same
rain in situ           sum of what is there, to 0.1 mm     all 24 hours must be known, to 0.1 mm
rain of the model      of the last 24 *values*             of the last 24 *hours*, 8 or more known
=====================  ==================================  =========================================

Rain in situ is rounded to 0.1 mm, that of the model is not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from headwater.stations.quality.kernels import online, rules
from headwater.stations.quality.profiles import Rise, as_array

Values = NDArray[np.float64]
DAY = 24


def rain_in_situ(precipitation: Values) -> Values:
    """Rain of the last 24 rows to 0.1 mm, of the values there; NaN where there is none. Shape (n,)."""
    return np.round(online().sliding(precipitation, DAY - 1, 0, 1, online().SUM), 1)


def rain_of_model(precipitation: Values) -> Values:
    """Rain of the last 24 values, at the rows that have one, else NaN. Shape (n,)."""
    there = ~np.isnan(precipitation)
    out = np.full(len(precipitation), np.nan)
    out[there] = online().sliding(precipitation[there], DAY - 1, 0, 1, online().SUM)
    return out


def deviation_of_day(theta: Values) -> Values:
    """Standard deviation of the 25 values up to each, NaN where fewer than two are there. Shape (n,)."""
    variance = online().sliding_variance(theta, DAY + 1, 1)
    return np.sqrt(np.where(variance < 0, 0.0, variance))


def rises_without_rain(
    theta: Values, rain: Values, depth_from_m: float | None, limits: Rise
) -> NDArray[np.bool_]:
    """Rows that the profile ``flagit-0.3`` flags.

    Parameters
    ----------
    theta : shape (n,), % vol
    rain : shape (n,), mm of 24 h, from ``rain_in_situ`` or ``rain_of_model``
    depth_from_m : top of the layer; None: not known
    """
    out = np.zeros(len(theta), bool)
    least = limits.least(depth_from_m)
    if least is not None:
        rules().rises_of_series(theta, deviation_of_day(theta), rain, least, as_array(limits), out)
    return out
