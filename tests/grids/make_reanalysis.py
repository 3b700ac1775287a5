"""Writes small netCDF files as ERA5-Land, ERA5, GLDAS, ESA CCI, CMFD and SMCI are delivered."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

LATITUDE = np.round(np.arange(36.0, 34.75, -0.1), 1)
LONGITUDE = np.round(np.arange(92.0, 93.55, 0.1), 1)
SHAPE = (len(LATITUDE), len(LONGITUDE))


def months(first: str, count: int) -> NDArray[np.datetime64]:
    """First days of so many months."""
    return (np.datetime64(first, "M") + np.arange(count)).astype("datetime64[ns]")


def hours(first: str, count: int, step: int = 1) -> NDArray[np.datetime64]:
    """So many times, ``step`` hours apart."""
    return (np.datetime64(first, "h") + step * np.arange(count)).astype("datetime64[ns]")


def write_netcdf(
    path: Path,
    variables: Mapping[str, tuple[NDArray[Any], Mapping[str, Any]]],
    time: NDArray[np.datetime64],
    *,
    names: tuple[str, str, str] = ("time", "lat", "lon"),
    latitude: NDArray[Any] = LATITUDE,
    longitude: NDArray[Any] = LONGITUDE,
    attributes: Mapping[str, Any] | None = None,
    encoding: Mapping[str, Any] | None = None,
    plain_axes: bool = False,
) -> Path:
    """Path of a file with variables (time, latitude, longitude); ``plain_axes`` leaves out their attributes.

    Classic netCDF, which is written in a tenth of the time of netCDF-4, but where ``encoding`` asks for more.
    """
    north = {} if plain_axes else {"standard_name": "latitude", "units": "degrees_north"}
    east = {} if plain_axes else {"standard_name": "longitude", "units": "degrees_east"}
    coordinates = {
        names[0]: (names[0], time),
        names[1]: (names[1], latitude, north),
        names[2]: (names[2], longitude, east),
    }
    content = {name: (names, values, dict(given)) for name, (values, given) in variables.items()}
    dataset = xr.Dataset(content, coordinates, dict(attributes or {}))
    dataset[names[0]].encoding["units"] = "hours since 1900-01-01"
    engine = "scipy" if encoding is None else "h5netcdf"
    dataset.to_netcdf(path, engine=engine, encoding=dict(encoding or {}))
    return path


def write_era5_land(
    path: Path,
    variables: Mapping[str, tuple[NDArray[Any], str]],
    time: NDArray[np.datetime64],
    **options: Any,
) -> Path:
    """As the Climate Data Store delivers it: ``valid_time``, latitude descending, attributes of GRIB."""
    told = {
        name: (values.astype(np.float32), {"units": unit, "GRIB_shortName": name, "GRIB_centre": "ecmf"})
        for name, (values, unit) in variables.items()
    }
    return write_netcdf(
        path, told, time, names=("valid_time", "latitude", "longitude"),
        attributes={"institution": "European Centre for Medium-Range Weather Forecasts"}, **options,
    )  # fmt: skip
