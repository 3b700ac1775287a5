"""All ISMN flags of a whole series, by one profile."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headwater.stations.quality.bits import Flag
from headwater.stations.quality.drop_and_jump import drops_and_jumps
from headwater.stations.quality.frozen import frost, frozen_state
from headwater.stations.quality.hourly import Hourly, Layer, Values, celsius, percent
from headwater.stations.quality.kernels import causal
from headwater.stations.quality.low_constant import low_constants
from headwater.stations.quality.plateau import plateaus
from headwater.stations.quality.profiles import Profile, as_array
from headwater.stations.quality.range import out_of_range
from headwater.stations.quality.rise_without_rain import rain_in_situ, rain_of_model, rises_without_rain
from headwater.stations.quality.saturation import above_saturation
from headwater.stations.quality.savitzky_golay import smoothed
from headwater.stations.quality.spike import spikes

Masks = NDArray[np.uint64]


@dataclass(frozen=True)
class Flags:
    """Flags of n hours.

    Attributes
    ----------
    profile : its name
    mask : shape (n,), bits of ``Flag``; G where no test objects, M alone where there is no value
    state : shape (n,), bits of ``State``
    """

    profile: str
    mask: Masks
    state: NDArray[np.uint8]

    def count(self) -> dict[str, int]:
        """Hours by flag, those with none left out."""
        counts = {flag.name or "": int(((self.mask & np.uint64(flag.value)) != 0).sum()) for flag in Flag}
        return {code: count for code, count in counts.items() if count}

    def summary(self) -> str:
        """One line: hours, and how many carry which flag."""
        said = ", ".join(f"{code} {count}" for code, count in self.count().items())
        return f"{self.profile}: {len(self.mask)} hours; {said or 'no flag'}"


def flag_series(series: Hourly, profile: Profile, *, layer: Layer | None = None) -> Flags:
    """Flags of every hour of a series.

    Parameters
    ----------
    series : one value an hour; units as ``Hourly`` has them
    profile : from ``read_profiles.profile``
    layer : depth and saturation; without it C03 is not tested, and least rain is that of the surface
    """
    place = layer or Layer()
    theta = np.ascontiguousarray(percent(series.soil_moisture))
    mask = pointwise(series, theta, profile, place)
    mask |= (
        _causal(series, theta, profile, place) if profile.causal else _whole(series, theta, profile, place)
    )
    known = known_or(series.soil_temperature), known_or(series.model_soil_temperature)
    state = np.broadcast_to(frozen_state(*known, below=profile.frozen_below), theta.shape)
    return Flags(profile.name, closed(mask, theta), state.copy())


def pointwise(series: Hourly, theta: Values, profile: Profile, layer: Layer) -> Masks:
    """C01–C03 and D01–D03, which look at one hour only."""
    saturation = None if layer.saturation is None else float(percent(layer.saturation))
    mask = out_of_range(theta, "soil_moisture", profile) | above_saturation(theta, saturation)
    air = np.nan if series.air_temperature is None else celsius(series.air_temperature)
    known = known_or(series.soil_temperature), air, known_or(series.model_soil_temperature)
    return mask | frost(*known, below=profile.frozen_below)


def closed(mask: Masks, theta: Values) -> Masks:
    """The mask with G where nothing objects, and with M alone where there is no value."""
    good = np.where(mask == 0, np.uint64(Flag.G.value), mask)
    return np.where(np.isnan(theta), np.uint64(Flag.M.value), good)


def known_or(temperature: Values | None) -> Values | float:
    """Temperature in °C; NaN where none is given."""
    return np.nan if temperature is None else celsius(temperature)


def _whole(series: Hourly, theta: Values, profile: Profile, layer: Layer) -> Masks:
    """D04–D10 of the profile ``flagit-0.3``."""
    derivatives = smoothed(theta)
    breaks = drops_and_jumps(theta, derivatives, profile.breaks)
    found = {
        Flag.D06: spikes(theta, derivatives.curvature, profile.spike),
        Flag.D07: breaks < 0,
        Flag.D08: breaks > 0,
    }
    depth = layer.depth_from_m
    if series.precipitation is not None:
        rain = rain_in_situ(series.precipitation)
        found[Flag.D04] = rises_without_rain(theta, rain, depth, profile.rise)
    if series.model_precipitation is not None:
        rain = rain_of_model(series.model_precipitation)
        found[Flag.D05] = rises_without_rain(theta, rain, depth, profile.rise)
    there = ~np.isnan(theta)
    values = np.ascontiguousarray(theta[there])
    found[Flag.D09], found[Flag.D10] = np.zeros(len(theta), bool), np.zeros(len(theta), bool)
    found[Flag.D09][there] = low_constants(values, found[Flag.D07][there], profile.low_constant)
    found[Flag.D10][there] = plateaus(values, derivatives.slope[there], profile.plateau)
    return combined(found, len(theta))


def combined(found: dict[Flag, NDArray[np.bool_]], rows: int) -> Masks:
    """Rows by flag as one number a row."""
    mask = np.zeros(rows, np.uint64)
    for flag, hit in found.items():
        mask[hit] |= np.uint64(flag.value)
    return mask


def _causal(series: Hourly, theta: Values, profile: Profile, layer: Layer) -> Masks:
    """D04–D10 of the profile ``ismn``."""
    rows = len(theta)
    none = np.full(rows, np.nan)
    rain = none if series.precipitation is None else series.precipitation
    model = none if series.model_precipitation is None else series.model_precipitation
    fresh, flat = np.zeros(rows, np.int64), np.zeros(rows, bool)
    high, high_day = highest_of_days(series.hours, theta, profile)
    causal().update(
        theta, rain, model, np.zeros(rows, np.int64), flat, flat.copy(), fresh, none.copy(), none.copy(),
        high, high_day, int(series.hours[0]) if rows else 0,
        np.array([0, rows - 1, 0, rows - 1, 0]), rows - 1, limits_of(profile, layer),
    )  # fmt: skip
    return fresh.astype(np.uint64)


def highest_of_days(
    hours: NDArray[np.int64], theta: Values, profile: Profile
) -> tuple[Values, NDArray[np.int64]]:
    """Highest value below 60 % vol of each day, at day modulo length, and the day that stands there."""
    days = hours // 24
    size = int(days[-1] - days[0]) + 1 if len(days) else 1
    high, high_day = np.full(size, -np.inf), np.full(size, -1, np.int64)
    if len(days):
        high_day[np.arange(days[0], days[-1] + 1) % size] = np.arange(days[0], days[-1] + 1)
    usable = theta < profile.plateau.highest_below
    np.maximum.at(high, days[usable] % size, theta[usable])
    return high, high_day


def limits_of(profile: Profile, layer: Layer) -> tuple[NDArray[np.float64], ...]:
    """Thresholds as ``kernel_causal`` takes them."""
    least = profile.rise.least(layer.depth_from_m)
    own = [
        np.nan if least is None else least,
        profile.rain_hours,
        profile.model_rain_hours,
        profile.longest_plateau_hours,
        profile.highest_days,
    ]
    tests = (profile.rise, profile.spike, profile.breaks, profile.low_constant, profile.plateau)
    return (*(as_array(test) for test in tests), np.array(own, dtype=float))
