"""The waters that mix in the soil: rain by month and station, ground ice, snow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from headwater.simulate.design import CampaignDesign, Period, Precipitation, StoredWater
from headwater.simulate.evaporation import EvaporationDesign

Array = NDArray[np.float64]
Recharge = Literal["window", "period"]


@dataclass(frozen=True)
class Water:
    """True mean (2,) and covariance (2, 2) of the single waters of a source: δ18O, δ2H, [‰]."""

    mean: Array
    covariance: Array

    def draw(self, n: int, rng: np.random.Generator) -> Array:
        """``n`` single waters, shape (n, 2)."""
        return self.mean + rng.standard_normal((n, 2)) @ np.linalg.cholesky(self.covariance).T


@dataclass(frozen=True)
class Events:
    """Rain events, shape (n,) each; ``values`` is (n, 2): δ18O, δ2H, [‰]."""

    month: NDArray[np.int64]
    station: NDArray[np.int64]
    values: Array
    amount_mm: Array


def station_shift(rain: Precipitation) -> Array:
    """Altitude effect of each station on δ18O about the mean of the stations, shape (stations,), [‰]."""
    altitude_m = np.array([place.altitude_m for place in rain.stations])
    return rain.lapse_per_100_m * (altitude_m - altitude_m.mean()) / 100.0


def rain_events(rain: Precipitation, rng: np.random.Generator) -> Events:
    """Rain events as drawn: δ18O about month and station, δ2H about the meteoric line.

    Amounts are gamma and independent of δ within a month, so that weighting by amount or not makes no
    difference to what a month's mean estimates.
    """
    counts = np.array([month.events for month in rain.months])
    month = np.repeat(np.arange(counts.size), counts)
    station = np.concatenate([np.arange(count) for count in counts]) % len(rain.stations)
    d18O_sd = np.array([item.d18O_sd for item in rain.months])[month]
    across_sd = np.array([item.across_sd for item in rain.months])[month]
    centre = np.array([item.d18O for item in rain.months])[month] + station_shift(rain)[station]
    d18O = centre + d18O_sd * rng.standard_normal(month.size)
    d2H = rain.line_slope * d18O + rain.line_intercept + across_sd * rng.standard_normal(month.size)
    mean_mm = np.array([item.amount_mm for item in rain.months])[month]
    amount_mm = rng.gamma(rain.amount_shape, mean_mm / rain.amount_shape)
    return Events(month, station, np.column_stack([d18O, d2H]), amount_mm)


def rain_of(months: tuple[str, ...], rain: Precipitation) -> Water:
    """True amount-weighted mean and spread of the rain of some months.

    Months of a year without samples stand for the same calendar months of a sampled year.
    """
    slope, shift = rain.line_slope, station_shift(rain)
    chosen = [item for item in rain.months if item.month in months]
    calendar = {month[5:] for month in months} - {item.month[5:] for item in chosen}
    chosen += [item for item in rain.months if item.month[5:] in calendar]
    parts = [(item, shift[np.arange(item.events) % shift.size]) for item in chosen]
    weight = np.concatenate([np.full(item.events, item.amount_mm) for item, _ in parts])
    centre = np.concatenate([item.d18O + shifts for item, shifts in parts])
    along = np.concatenate([np.full(item.events, item.d18O_sd**2) for item, _ in parts])
    across = np.concatenate([np.full(item.events, item.across_sd**2) for item, _ in parts])
    mean = np.average(centre, weights=weight)
    variance = np.average(along + (centre - mean) ** 2, weights=weight)
    spread = np.average(across, weights=weight)
    covariance = np.array([[variance, slope * variance], [slope * variance, slope**2 * variance + spread]])
    return Water(np.array([mean, slope * mean + rain.line_intercept]), covariance)


def stored_water(water: StoredWater, slope: float) -> Water:
    """Ground ice or snow: spread along the meteoric slope and across it."""
    variance = water.d18O_sd**2
    covariance = np.array(
        [[variance, slope * variance], [slope * variance, slope**2 * variance + water.across_sd**2]]
    )
    return Water(np.array([water.d18O, 8.0 * water.d18O + water.d_excess]), covariance)


def end_members(
    period: Period, design: CampaignDesign, evaporation: EvaporationDesign, recharge: Recharge
) -> dict[str, Water]:
    """The true sources of a period, by name (absent ones left out).

    ``recharge`` is ``window``: rain of the period's ``recharge_months``, or ``period``: rain of the
    period's own month even where it was not sampled, for experiments with a wrong window.
    """
    rain = design.precipitation
    months = period.recharge_months if recharge == "window" else (period.period,)
    waters = {"precipitation": rain_of(months, rain)}
    ice = stored_water(design.ground_ice, rain.line_slope)
    if evaporation.parallel_sources:
        # d-excess falls by (8 − slope) per ‰ of δ18O along an evaporation line.
        slope = design.evaporation.slope
        start = waters["precipitation"].mean
        lost = start[1] - 8.0 * start[0] - design.ground_ice.d_excess
        ice = Water(start + lost / (8.0 - slope) * np.array([1.0, slope]), ice.covariance)
    waters["ground_ice"] = ice
    waters["snow_melt"] = stored_water(design.snow_melt, rain.line_slope)
    return {name: waters[name] for name in period.sources}


def mix(shares: Array, waters: list[Water], noise: Array, process_ratio: float) -> Array:
    """Mixtures x = Σ p_k (μ_k + √ξ L_k z_k), shape (n, 2), so that their covariance is ξ Σ p_k² C_k.

    Parameters
    ----------
    shares : shape (n, K)
    waters : K sources
    noise : shape (n, K, 2), standard normal
    process_ratio : ξ, variance kept of single waters: a mixture averages many of them
    """
    mean = np.stack([water.mean for water in waters])
    root = np.stack([np.linalg.cholesky(water.covariance) for water in waters])
    scatter = np.einsum("nk,kij,nkj->ni", shares, root, noise, optimize=True)
    return shares @ mean + np.sqrt(process_ratio) * scatter
