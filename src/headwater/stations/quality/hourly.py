"""What the tests take: a series on a complete grid of hours, with what else was measured at its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headwater.errors import InputRefused

Values = NDArray[np.float64]
ZERO_CELSIUS = 273.15
DIGITS = 9
"""Decimals of a number after its unit was changed: 0.123 m3 m-3 is 12.3 % vol, as it was printed."""
ANCILLARY = (
    "soil_temperature",
    "air_temperature",
    "precipitation",
    "model_soil_temperature",
    "model_precipitation",
)


@dataclass(frozen=True)
class Layer:
    """Where the sensor of a series sits.

    Attributes
    ----------
    depth_from_m : top of the measured layer; None where it is not known
    saturation : m3 m-3, soil moisture at which the pores are full; None: C03 is not tested
    """

    depth_from_m: float | None = None
    saturation: float | None = None


@dataclass(frozen=True)
class Hourly:
    """One value an hour, NaN where there is none; arrays of shape (n,), None where nothing is known.

    Attributes
    ----------
    first : datetime64[h], UTC, of the first value
    soil_moisture : m3 m-3
    soil_temperature, air_temperature : K, in situ
    precipitation : kg m-2 (mm) of the hour, in situ
    model_soil_temperature : K, of a land surface model
    model_precipitation : kg m-2 (mm) of the time step, of a land surface model
    """

    first: np.datetime64
    soil_moisture: Values
    soil_temperature: Values | None = None
    air_temperature: Values | None = None
    precipitation: Values | None = None
    model_soil_temperature: Values | None = None
    model_precipitation: Values | None = None

    def __len__(self) -> int:
        return len(self.soil_moisture)

    @property
    def hours(self) -> NDArray[np.int64]:
        """Hours since 1970-01-01 00 UTC."""
        return self.first.astype("datetime64[h]").astype(np.int64) + np.arange(len(self), dtype=np.int64)


def hourly(
    first: Any,
    soil_moisture: ArrayLike,
    *,
    soil_temperature: ArrayLike | None = None,
    air_temperature: ArrayLike | None = None,
    precipitation: ArrayLike | None = None,
    model_soil_temperature: ArrayLike | None = None,
    model_precipitation: ArrayLike | None = None,
) -> Hourly:
    """A checked ``Hourly``; units as its attributes have them.

    Raises
    ------
    InputRefused
        Arrays of different lengths, or an infinite value.
    """
    given = {
        "soil_moisture": soil_moisture,
        "soil_temperature": soil_temperature,
        "air_temperature": air_temperature,
        "precipitation": precipitation,
        "model_soil_temperature": model_soil_temperature,
        "model_precipitation": model_precipitation,
    }
    arrays = {name: np.array(v, dtype=float) for name, v in given.items() if v is not None}
    for name, values in arrays.items():
        _check(name, values, arrays["soil_moisture"].shape)
    return Hourly(np.datetime64(first, "h"), **arrays)


def percent(soil_moisture: ArrayLike) -> Values:
    """Soil moisture in m3 m-3 as % vol, by which the thresholds are given."""
    return np.round(np.asarray(soil_moisture, dtype=float) / 0.01, DIGITS)


def celsius(temperature: ArrayLike) -> Values:
    """Temperature in K as °C."""
    return np.round(np.asarray(temperature, dtype=float) - ZERO_CELSIUS, DIGITS)


def _check(name: str, values: Values, shape: tuple[int, ...]) -> None:
    if values.ndim != 1 or values.shape != shape:
        raise InputRefused(
            f"{name} has shape {values.shape}, soil_moisture {shape}; all need one value an hour. "
            "Put every variable on the same hours, NaN where there is no value."
        )
    if np.isinf(values).any():
        at = int(np.flatnonzero(np.isinf(values))[0])
        raise InputRefused(
            f"{name} is infinite at hour {at}; allowed are numbers, and NaN for none. Set it NaN."
        )
