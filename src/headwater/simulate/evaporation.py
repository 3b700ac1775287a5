"""How much each soil water has evaporated: distributions to choose from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv

Array = NDArray[np.float64]


@dataclass(frozen=True)
class EvaporationDesign:
    """Which evaporation a campaign has.

    Attributes
    ----------
    distribution : of the enrichment E [‰ of δ18O] about its mean μ, which the design sets by period,
        vegetation and depth. ``exponential``: sd μ; ``gamma3``: gamma with shape 3, sd μ/√3, little
        mass near 0; ``half_zero``: 0 for half of the waters, exponential with mean 2μ for the others;
        ``none``: E = 0.
    scale : factor on every μ
    parallel_sources : put ground ice on the evaporation line through the rain of its period, so that
        the share of ice and evaporation look nearly alike
    """

    distribution: Literal["none", "exponential", "gamma3", "half_zero"] = "exponential"
    scale: float = 1.0
    parallel_sources: bool = False


def enrichment(mean: Array, uniform: Array, design: EvaporationDesign) -> Array:
    """Enrichment E = F⁻¹(u) of waters, [‰ of δ18O].

    Parameters
    ----------
    mean : shape (n,), mean enrichment μ of each water, [‰ of δ18O]
    uniform : shape (n,), in (0, 1); correlated values give correlated enrichment
    design : the distribution, and a factor on μ
    """
    mean = mean * design.scale
    if design.distribution == "none":
        return np.zeros_like(mean)
    if design.distribution == "gamma3":
        return mean / 3.0 * gammaincinv(3.0, uniform)
    if design.distribution == "half_zero":
        upper = np.clip(2.0 * uniform - 1.0, 0.0, None)
        return -2.0 * mean * np.log1p(-upper)
    return -mean * np.log1p(-uniform)
