"""Where samples are taken: sites with altitude, vegetation, aspect and basin, and the profiles dug there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headwater.errors import SettingsRefused
from headwater.simulate.design import CampaignDesign, Region

Array = NDArray[np.float64]
Codes = NDArray[np.int64]
BASINS = ("Yangtze", "Yellow", "Lancang")


@dataclass(frozen=True)
class Sites:
    """Sites, shape (n,) each; ``band, vegetation, aspect, basin`` are positions in the design's lists."""

    latitude: Array
    longitude: Array
    altitude_m: Array
    band: Codes
    vegetation: Codes
    aspect: Codes
    basin: Codes


@dataclass(frozen=True)
class Layers:
    """Soil layers sampled, shape (n,) each: number of the period, of the site, and of the layer from 0."""

    period: Codes
    site: Codes
    layer: Codes


def split(total: int, weight: Array) -> Codes:
    """``total`` split in whole numbers as close to ``weight`` as can be (largest remainders)."""
    share = np.asarray(weight, dtype=float) / np.sum(weight) * total
    whole = np.floor(share).astype(np.int64)
    order = np.argsort(whole - share, kind="stable")
    whole[order[: total - int(whole.sum())]] += 1
    return whole


def lay_out_sites(n: int, design: CampaignDesign, rng: np.random.Generator) -> Sites:
    """``n`` soil sites with the joint layout of the design's strata, in random order."""
    strata = design.strata
    per_band = split(n, np.asarray(strata.band_weight))
    edges = np.asarray(strata.altitude_bands_m, dtype=np.float64)
    band = np.repeat(np.arange(len(per_band)), per_band)
    vegetation = np.concatenate(
        [
            rng.permutation(np.repeat(np.arange(len(strata.vegetation)), split(count, np.asarray(weight))))
            for count, weight in zip(per_band, strata.vegetation_weight, strict=True)
        ]
    )
    shuffle = rng.permutation(n)
    band, vegetation = band[shuffle], vegetation[shuffle]
    altitude_m: Array = np.floor(rng.uniform(edges[band], edges[band + 1])).astype(np.float64)
    aspect = rng.permutation(np.arange(n) % len(strata.aspect))
    longitude, latitude = locate(altitude_m, design.region, rng)
    return Sites(latitude, longitude, altitude_m, band, vegetation, aspect, basin_of(longitude, latitude))


def locate(altitude_m: Array, region: Region, rng: np.random.Generator) -> tuple[Array, Array]:
    """Longitude and latitude where such altitudes are found: the plateau falls from west to east."""
    usual = np.interp(altitude_m, region.altitude_knots_m, region.longitude_of_altitude)
    longitude = usual + rng.normal(0.0, region.longitude_spread, altitude_m.size)
    west, east = region.south[0][0], region.south[-1][0]
    longitude = np.clip(longitude, west + 0.1, east - 0.1).round(4)
    low, high = (np.interp(longitude, *np.transpose(edge)) for edge in (region.south, region.north))
    return longitude, np.round(low + (high - low) * rng.uniform(0.05, 0.95, altitude_m.size), 4)


def basin_of(longitude: Array, latitude: Array) -> Codes:
    """Basin by place, coarsely: Yellow River in the east, Lancang in the south, Yangtze in the rest."""
    south = (longitude > 93.5) & (longitude <= 97.5) & (latitude < 33.2)
    return np.where(longitude > 97.5, 1, np.where(south, 2, 0)).astype(np.int64)


def dig_profiles(n_sites: int, design: CampaignDesign, rng: np.random.Generator) -> Layers:
    """The layers of every visit; thickness of soil varies and the total is exact.

    Every period visits its number of sites out of the ``n_sites``; a visit gives the layers from the top
    down to where the soil ends, as often as the design weighs them, then single layers are added or
    dropped at random visits until ``design.soil.samples`` are reached.

    Raises
    ------
    SettingsRefused
        The profiles cannot hold that many samples, or would be empty.
    """
    visits = [rng.permutation(n_sites)[: period.sites] for period in design.periods]
    period = np.repeat(np.arange(len(visits)), [len(sites) for sites in visits])
    site = np.concatenate(visits)
    weights = np.asarray(design.soil.profile_layers)
    if not site.size <= design.soil.samples <= site.size * weights.size:
        raise SettingsRefused(
            f"{design.soil.samples} soil samples from {site.size} profiles: between {site.size} and "
            f"{site.size * weights.size} are possible with {weights.size} layers; change sites or samples"
        )
    depth = rng.permutation(np.repeat(np.arange(1, weights.size + 1), split(site.size, weights)))
    while missing := design.soil.samples - int(depth.sum()):
        step = 1 if missing > 0 else -1
        room = np.flatnonzero(depth < weights.size) if step > 0 else np.flatnonzero(depth > 1)
        depth[rng.permutation(room)[: abs(missing)]] += step
    order = np.repeat(np.arange(site.size), depth)
    layer = np.arange(order.size) - np.repeat(np.cumsum(depth) - depth, depth)
    return Layers(period[order], site[order], layer)
