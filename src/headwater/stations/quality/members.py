"""Readings at any step on a grid of hours, and flags of hours back to the readings in them.

Windows of the tests are in hours, so readings of 10 minutes are tested as hourly values. Hour h holds the
readings after h − 60 min up to and with h (a reading's time is its instant, or the end of its interval):

* soil moisture and temperatures: mean of the readings that are there, one or more;
* precipitation: sum, where as many readings are there as an hour has; else NaN, since rain that is not
known must
  not pass for no rain.

What window tests (D04–D10) and frost (D01–D03) say of an hour holds for all its readings; C01–C03 look at
each reading itself. A spike of one reading in six is smaller by that in the mean of its hour, and seen
accordingly less.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headwater.errors import InputRefused
from headwater.stations.quality.bits import Flag
from headwater.stations.quality.hourly import ANCILLARY, Hourly, Layer, Values, hourly, percent
from headwater.stations.quality.profiles import Profile
from headwater.stations.quality.range import out_of_range
from headwater.stations.quality.run_batch import Flags, Masks, closed, flag_series
from headwater.stations.quality.saturation import above_saturation

RAIN = ("precipitation", "model_precipitation")
OWN = Flag.C01 | Flag.C02 | Flag.C03


@dataclass(frozen=True)
class Measured:
    """Readings of one variable: ``time`` (n,), datetime64, UTC; ``value`` (n,), SI, NaN for none.

    ``an_hour``: readings that an hour has, 6 for 10 minutes; needed of precipitation alone.
    """

    time: NDArray[np.datetime64]
    value: Values
    an_hour: int = 1


@dataclass(frozen=True)
class OnHours:
    """Readings as an hourly series.

    Attributes
    ----------
    series : from the hour of the first reading of soil moisture to that of its last
    at : shape (n,), place of the hour in which each reading of soil moisture lies
    """

    series: Hourly
    at: NDArray[np.int64]


def measured(time: ArrayLike, value: ArrayLike, *, an_hour: int = 1) -> Measured:
    """Checked readings of one variable, in any order.

    Raises
    ------
    InputRefused
        Lengths differ, a time is missing or comes twice, or ``an_hour`` is below 1.
    """
    at = np.atleast_1d(np.array(time, dtype="datetime64[us]"))
    values = np.atleast_1d(np.array(value, dtype=float))
    if at.shape != values.shape or at.ndim != 1:
        raise InputRefused(f"{at.shape} times beside {values.shape} values; give every value its time.")
    if np.isnat(at).any():
        raise InputRefused(f"Reading {int(np.flatnonzero(np.isnat(at))[0])} has no time. Leave it out.")
    once, count = np.unique(at, return_counts=True)
    if (count > 1).any():
        raise InputRefused(
            f"{once[count > 1][0]} has {count.max()} readings; allowed is one. Keep the one that holds."
        )
    if an_hour < 1:
        raise InputRefused(f"An hour has {an_hour} readings; allowed is 1 or more. 10 minutes have 6.")
    return Measured(at, values, an_hour)


def on_hours(
    soil_moisture: Measured,
    *,
    soil_temperature: Measured | None = None,
    air_temperature: Measured | None = None,
    precipitation: Measured | None = None,
    model_soil_temperature: Measured | None = None,
    model_precipitation: Measured | None = None,
) -> OnHours:
    """Readings on the hours of soil moisture; of other variables what lies outside these is not used.

    Raises
    ------
    InputRefused
        There is no reading of soil moisture.
    """
    if not len(soil_moisture.time):
        raise InputRefused("There is no reading of soil moisture; one or more is needed. Give its series.")
    others = (soil_temperature, air_temperature, precipitation, model_soil_temperature, model_precipitation)
    hour = hour_of(soil_moisture.time)
    first, hours = int(hour.min()), int(hour.max() - hour.min()) + 1
    gathered = {
        name: _gather(one, first, hours, whole=name in RAIN)
        for name, one in zip(ANCILLARY, others, strict=True)
        if one is not None
    }
    moisture = _gather(soil_moisture, first, hours, whole=False)
    named: dict[str, Any] = gathered
    return OnHours(hourly(np.datetime64(first, "h"), moisture, **named), hour - first)


def hour_of(time: NDArray[np.datetime64]) -> NDArray[np.int64]:
    """Hour since 1970 in which a reading lies: the next full one, its own where it is full. Shape (n,)."""
    return -(-time.astype("datetime64[us]").astype(np.int64) // 3_600_000_000)


def flag_readings(
    readings: OnHours, value: ArrayLike, profile: Profile, *, layer: Layer | None = None
) -> Flags:
    """Flags of every reading of soil moisture, from its hour and from itself.

    Parameters
    ----------
    readings : from ``on_hours``
    value : shape (n,), m3 m-3, the readings of soil moisture that went into it
    """
    hours = flag_series(readings.series, profile, layer=layer)
    mask = to_readings(hours.mask, readings.at, value, profile, layer=layer)
    return Flags(profile.name, mask, hours.state[readings.at])


def to_readings(
    of_hours: Masks,
    at: NDArray[np.int64],
    value: ArrayLike,
    profile: Profile,
    *,
    layer: Layer | None = None,
) -> Masks:
    """Masks of readings from those of their hours, shape (n,); arguments as in ``flag_readings``."""
    theta = percent(value)
    saturation = None if layer is None or layer.saturation is None else float(percent(layer.saturation))
    own = out_of_range(theta, "soil_moisture", profile) | above_saturation(theta, saturation)
    shared = of_hours[at] & ~np.uint64(OWN | Flag.G | Flag.M)
    return closed(shared | own, theta)


def _gather(one: Measured, first: int, hours: int, *, whole: bool) -> Values:
    """Mean of each hour, or its sum where it is ``whole``; NaN where nothing or not enough is there."""
    at = hour_of(one.time) - first
    there = ~np.isnan(one.value) & (at >= 0) & (at < hours)
    order = np.argsort(one.time[there], kind="stable")
    where, values = at[there][order], one.value[there][order]
    count = np.bincount(where, minlength=hours)
    total = np.bincount(where, weights=values, minlength=hours)
    if whole:
        return np.where(count >= one.an_hour, total, np.nan)
    mean = np.full(hours, np.nan)
    np.divide(total, count, out=mean, where=count > 0)
    single = count[where] == 1
    mean[where[single]] = values[single]
    return mean
