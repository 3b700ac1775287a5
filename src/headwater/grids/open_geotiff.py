"""A GeoTIFF along latitude and longitude (altitude, classes) as a data set; through rasterio."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from headwater.errors import InputRefused

GEOGRAPHIC = (4326, 4490, 4269, 4979)
"""WGS 84, CGCS2000, NAD83, and WGS 84 with heights: along latitude and longitude, within a metre or two."""


def open_geotiff(path: Path) -> xr.Dataset:
    """Bands of the file as variables ``Band1``, ``Band2``, …, in memory.

    Raises
    ------
    InputRefused : rasterio is missing, the file is damaged, projected or turned
    """
    try:
        import rasterio
    except ImportError as error:
        raise InputRefused(f"{path}: GeoTIFF needs rasterio; install headwater[gis]") from error
    try:
        with rasterio.open(path) as file:
            code = file.crs.to_epsg() if file.crs else None
            if code not in GEOGRAPHIC or file.transform.b or file.transform.d:
                raise InputRefused(
                    f"{path}: its coordinates are {file.crs}, not latitude and longitude; put it on "
                    "EPSG:4326 first, "
                    "for instance with 'gdalwarp -t_srs EPSG:4326'"
                )
            columns = file.transform.c + (np.arange(file.width) + 0.5) * file.transform.a
            rows = file.transform.f + (np.arange(file.height) + 0.5) * file.transform.e
            names = [f"Band{number}" for number in file.indexes]
            values = file.read(masked=True)
            units, described = file.units, file.descriptions
    except rasterio.errors.RasterioError as error:
        raise InputRefused(f"{path}: cannot be read ({error}); it is damaged or no GeoTIFF") from error
    variables = {}
    for number, name in enumerate(names):
        attributes = {"long_name": described[number] or name}
        if units[number]:
            attributes["units"] = units[number]
        data = values[number].astype(np.float32).filled(np.nan)
        variables[name] = (("latitude", "longitude"), data, attributes)
    coordinates = {
        "latitude": ("latitude", rows, {"standard_name": "latitude", "units": "degrees_north"}),
        "longitude": ("longitude", columns, {"standard_name": "longitude", "units": "degrees_east"}),
    }
    return xr.Dataset(variables, coordinates)
