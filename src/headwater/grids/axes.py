"""Where a data set keeps time, latitude and longitude, and how they are turned into the canonical order.

Latitude becomes ascending, longitude ascending within [-180, 180). Nothing is resampled.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from headwater.errors import InputRefused

PLACES = 6
"""Decimals of degrees that are kept: 0.1 m, and single-precision 30.1 becomes 30.1 again."""


@dataclass(frozen=True)
class Axes:
    """Names of a variable's coordinates; ``extra`` are dimensions beside time and place."""

    time: Hashable | None
    latitude: Hashable
    longitude: Hashable
    extra: tuple[Hashable, ...]


@dataclass(frozen=True)
class Turn:
    """How a horizontal grid is turned: canonical coordinates, and where its cells lie in the file.

    Row i of the canonical grid is row n - 1 - i of the file where ``flipped``; column j is column
    (j + ``roll``) modulo the number of columns.
    """

    latitude: NDArray[np.float64]
    longitude: NDArray[np.float64]
    flipped: bool
    roll: int
    wrapped: bool

    def notes(self) -> list[str]:
        """What was turned, in words."""
        notes = ["latitude turned to ascending"] if self.flipped else []
        return notes + (["longitude turned from 0-360 to -180-180"] if self.wrapped else [])


def find_axes(dataset: xr.Dataset, name: str, where: str) -> Axes:
    """Dimensions of a variable by their CF attributes, else by their usual names.

    Raises
    ------
    InputRefused : latitude or longitude cannot be told, or are not one-dimensional
    """
    import cf_xarray  # noqa: F401

    found: dict[str, Hashable] = {}
    data = dataset[name]
    named = {
        "latitude": ("latitude", "lat"),
        "longitude": ("longitude", "lon"),
        "time": ("time", "valid_time", "t"),
    }
    coordinates, time_axes = data.cf.coordinates, data.cf.axes.get("T", [])
    for role, names in named.items():
        told = [*coordinates.get(role, []), *(time_axes if role == "time" else [])]
        told += [coord for coord in data.coords if str(coord).lower() in names]
        one = [coord for coord in told if data[coord].ndim == 1]
        if one:
            found[role] = one[0]
        elif told and role != "time" and any(data[coord].ndim == 2 for coord in told):
            raise InputRefused(
                f"{where}: {role} has two dimensions (a curved or projected grid); only grids along "
                "latitude and "
                "longitude can be opened: put it on one first, for instance with cdo remapbil or gdalwarp"
            )
    for role in ("latitude", "longitude"):
        if role not in found:
            raise InputRefused(
                f"{where}: no {role} among the coordinates {sorted(map(str, data.coords))}; a coordinate "
                "variable "
                f"with standard_name = {role!r} is needed: add it to the file"
            )
    taken = {data[coord].dims[0] for coord in found.values()}
    extra = tuple(dim for dim in data.dims if dim not in taken)
    return Axes(found.get("time"), found["latitude"], found["longitude"], extra)


def turn(latitude: NDArray[Any], longitude: NDArray[Any], where: str) -> Turn:
    """The turn that makes both coordinates ascending, longitude within [-180, 180).

    Raises
    ------
    InputRefused : not degrees, not in order, or the same meridian twice
    """
    lat: NDArray[Any] = np.round(latitude.astype(np.float64), PLACES)
    lon: NDArray[Any] = np.round(longitude.astype(np.float64), PLACES)
    _check("latitude", lat, -90, 90, where)
    _check("longitude", lon, -180, 360, where)
    flipped = bool(len(lat) > 1 and lat[0] > lat[-1])
    lat = lat[::-1] if flipped else lat
    if len(lon) > 1 and lon[0] > lon[-1]:
        raise InputRefused(
            f"{where}: longitude falls from {lon[0]:g} to {lon[-1]:g}; it must rise: turn it over"
        )
    west = np.where(lon >= 180, lon - 360, lon).round(PLACES)
    roll = int(np.argmin(west))
    turned = np.roll(west, -roll)
    if np.any(np.diff(turned) <= 0):
        raise InputRefused(
            f"{where}: longitude from {lon[0]:g} to {lon[-1]:g} holds a meridian twice; leave out the last "
            "column"
        )
    return Turn(lat, turned, flipped, roll, bool(np.any(west != lon)))


def _check(role: str, values: NDArray[np.float64], low: float, high: float, where: str) -> None:
    if not np.all(np.isfinite(values)) or values.min() < low or values.max() > high:
        raise InputRefused(
            f"{where}: {role} from {values.min():g} to {values.max():g}; degrees between {low} and {high} "
            "are "
            "needed: a projected grid must be put on latitude and longitude first"
        )
    step = np.diff(values)
    if len(step) and not (np.all(step > 0) or np.all(step < 0)):
        raise InputRefused(
            f"{where}: {role} neither rises nor falls throughout (at "
            f"{values[1:][step * step[0] <= 0][0]:g}); "
            "sort the file along it"
        )
