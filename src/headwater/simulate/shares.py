"""The known truth: the share of every source in every soil sample, and in every stratum."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from headwater.simulate.design import CampaignDesign, Period
from headwater.simulate.layout import BASINS, Sites

Array = NDArray[np.float64]
# No source but rain takes more than this, so that rain is never below 2 %.
LARGEST_SHARE = 0.49


def expected_shares(
    period: Period, sites: Sites, site: NDArray[np.int64], layer: NDArray[np.int64],
    site_effect: Array, design: CampaignDesign,
) -> Array:  # fmt: skip
    """Expected shares of the period's sources in soil samples, shape (n, K), rows add up to 1.

    Ice and snow: share ∝ altitude × vegetation × aspect × depth × site, scaled so that the mean over
    the samples is the period's share of the region; precipitation is the rest.
    """
    shares = np.empty((site.size, len(period.sources)))
    for column, source in enumerate(period.sources[1:], start=1):
        effect = design.effects[source][period.period]
        vegetation = np.array([effect.vegetation[name] for name in design.strata.vegetation])
        aspect = np.array([effect.aspect[name] for name in design.strata.aspect])
        relative = (
            np.interp(sites.altitude_m, design.altitude_knots_m, effect.altitude)
            * vegetation[sites.vegetation]
            * aspect[sites.aspect]
            * np.exp(site_effect)
        )[site] * np.asarray(effect.depth)[layer]
        shares[:, column] = scale_to_mean(relative, period.shares[source])
    shares[:, 0] = 1.0 - shares[:, 1:].sum(axis=1)
    return shares


def scale_to_mean(relative: Array, mean: float) -> Array:
    """``relative`` times the factor that gives the wanted mean, no value above ``LARGEST_SHARE``."""
    factor = mean / relative.mean()
    for _ in range(200):
        values = np.minimum(factor * relative, LARGEST_SHARE)
        if abs(values.mean() - mean) < 1e-13:
            break
        factor *= mean / values.mean()
    return values


def levels(
    sites: Sites, site: NDArray[np.int64], layer: NDArray[np.int64], design: CampaignDesign
) -> pd.DataFrame:
    """Level of every soil sample in every stratum, as results write it; one column a stratum, in order."""
    strata = design.strata
    edges = strata.altitude_bands_m
    bands = [f"{low:g}-{high:g}" for low, high in pairwise(edges)]
    step = design.soil.layer_thickness_m * 100.0
    depths = [f"{step * i:g}-{step * (i + 1):g} cm" for i in range(len(design.soil.profile_layers))]
    columns = {
        "all": (np.zeros(site.size, dtype=np.int64), ["all"]),
        "altitude": (sites.band[site], bands),
        "vegetation": (sites.vegetation[site], list(strata.vegetation)),
        "aspect": (sites.aspect[site], list(strata.aspect)),
        "depth": (layer, depths),
        "basin": (sites.basin[site], list(BASINS)),
    }
    return pd.DataFrame(
        {name: pd.Categorical.from_codes(codes, labels) for name, (codes, labels) in columns.items()}
    )


def truth_table(shares: dict[str, tuple[pd.DataFrame, Array]], periods: tuple[Period, ...]) -> pd.DataFrame:
    """True share of every source in every stratum: period, stratum, level, source, share.

    The share of a stratum is the mean of the expected shares of its soil samples. A source that takes
    no part in a period has no row there.
    """
    rows: list[tuple[str, str, str, str, float]] = []
    for period in periods:
        level_of, values = shares[period.period]
        for stratum in level_of.columns:
            codes = level_of[stratum].cat.codes.to_numpy()
            names = level_of[stratum].cat.categories
            count = np.bincount(codes, minlength=len(names))
            sums = [np.bincount(codes, values[:, k], len(names)) for k in range(values.shape[1])]
            rows += [
                (period.period, stratum, name, source, sums[k][i] / count[i])
                for i, name in enumerate(names)
                if count[i]
                for k, source in enumerate(period.sources)
            ]
    return pd.DataFrame(rows, columns=["period", "stratum", "level", "source", "share"])
