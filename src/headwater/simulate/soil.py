"""Soil water, river and supra-permafrost water: mixtures of the sources, then evaporated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from headwater.simulate.design import CampaignDesign, Period, SurfaceWater
from headwater.simulate.evaporation import EvaporationDesign, enrichment
from headwater.simulate.layout import Layers, Sites
from headwater.simulate.shares import expected_shares
from headwater.simulate.waters import Water, mix

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Mixture:
    """Waters of one period, shape (n, …): expected shares of its sources, δ before and after evaporation.

    ``mixed`` and ``values`` are (n, 2): δ18O, δ2H, [‰], without analytical error; ``enrichment`` [‰ of
    δ18O] is what lies between them.
    """

    shares: Array
    mixed: Array
    enrichment: Array
    values: Array


def soil_waters(
    number: int,
    sites: Sites,
    layers: Layers,
    site_effect: Array,
    waters: dict[str, Water],
    design: CampaignDesign,
    evaporation: EvaporationDesign,
    rng: np.random.Generator,
) -> Mixture:
    """Soil waters of one period; layers of a profile have part of their noise in common.

    Parameters
    ----------
    number : of the period in the design
    site_effect : shape (sites,), of the log of ice and snow shares
    waters : the period's sources
    """
    period, here = design.periods[number], layers.period == number
    site, layer = layers.site[here], layers.layer[here]
    shares = expected_shares(period, sites, site, layer, site_effect, design)
    noise = _profile_noise(site, (len(waters), 2), design.soil.profile_correlation, rng)
    mixed = mix(shares, list(waters.values()), noise, design.soil.process_ratio)
    plan = design.evaporation
    of_class = np.array([plan.vegetation[period.period][name] for name in design.strata.vegetation])
    mean = of_class[sites.vegetation[site]] * np.asarray(plan.depth)[layer]
    mean *= plan.mean[period.period] / mean.mean()
    uniform = ndtr(_profile_noise(site, (1,), plan.profile_correlation, rng)[:, 0])
    return _evaporated(shares, mixed, enrichment(mean, uniform, evaporation), design, rng)


def surface_waters(
    n: int,
    water: SurfaceWater,
    period: Period,
    waters: dict[str, Water],
    design: CampaignDesign,
    evaporation: EvaporationDesign,
    rng: np.random.Generator,
) -> Mixture:
    """River or supra-permafrost water of one period: near soil water, with its own part of ice."""
    one = np.array([period.shares[name] for name in waters])
    one[1] *= water.ice_ratio
    one[0] = 1.0 - one[1:].sum()
    shares = np.tile(one, (n, 1))
    noise = rng.standard_normal((n, len(waters), 2))
    mixed = mix(shares, list(waters.values()), noise, water.process_ratio)
    mean = np.full(n, design.evaporation.mean[period.period] * water.evaporation_ratio)
    return _evaporated(shares, mixed, enrichment(mean, rng.random(n), evaporation), design, rng)


def _evaporated(
    shares: Array, mixed: Array, amount: Array, design: CampaignDesign, rng: np.random.Generator
) -> Mixture:
    slope = rng.normal(design.evaporation.slope, design.evaporation.slope_sd, amount.size)
    return Mixture(shares, mixed, amount, mixed + np.column_stack([amount, slope * amount]))


def _profile_noise(
    site: NDArray[np.int64], shape: tuple[int, ...], correlation: float, rng: np.random.Generator
) -> Array:
    """Standard normal noise, shape (n, *shape), correlated between the layers of a site."""
    common = rng.standard_normal((int(site.max()) + 1, *shape))[site]
    own = rng.standard_normal((site.size, *shape))
    return np.sqrt(correlation) * common + np.sqrt(1.0 - correlation) * own
