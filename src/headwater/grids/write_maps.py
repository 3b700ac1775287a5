"""Maps as cloud-optimised GeoTIFF, north up, one file a variable; through rasterio (extra ``gis``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from headwater.errors import InputRefused

PLACE = ("latitude", "longitude")
EPSG = 4326
NO_TRUTH = 255
"""Stands for missing where truth values are written."""
SPACING = 1e-3
"""Of a cell: how far centres may lie off an even spacing."""


def write_geotiff(
    ds: xr.Dataset, folder: str | Path, *, provenance: Mapping[str, str] | None = None
) -> list[Path]:
    """Paths of the files: every variable with latitude and longitude, one band for each of its other labels.

    Bands are named by their labels (``month=6``) and carry unit and long name; files are tiled, packed
    without loss, with overviews, missing values NaN (255 for truth values, -1 for strata).

    Raises
    ------
    InputRefused : rasterio is missing, cells are not evenly spaced, or there is no map in the data set
    """
    try:
        import rasterio  # noqa: F401
    except ImportError as error:
        raise InputRefused("GeoTIFF needs rasterio; install headwater[gis]") from error
    maps = {str(name): data for name, data in ds.data_vars.items() if set(PLACE) <= set(data.dims)}
    if not maps:
        raise InputRefused(
            f"no variable with latitude and longitude among {', '.join(map(str, ds.data_vars))}"
        )
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    tags = {**{str(key): str(value) for key, value in ds.attrs.items()}, **(provenance or {})}
    return [_write_one(data, place / f"{name}.tif", tags) for name, data in maps.items()]


def geotransform(grid: xr.DataArray) -> tuple[float, float, float, float, float, float]:
    """Cell width, 0, western edge, 0, minus cell height, northern edge: the affine form of a north-up map.

    Raises
    ------
    InputRefused : cells are not evenly spaced, or there is one row or column only
    """
    steps = []
    for axis in PLACE:
        centres = grid[axis].values.astype(np.float64)
        if len(centres) < 2:
            raise InputRefused(f"{grid.name}: one cell along {axis}; a map needs two to know their size")
        step = (centres[-1] - centres[0]) / (len(centres) - 1)
        even = centres[0] + step * np.arange(len(centres))
        if step <= 0 or np.abs(centres - even).max() > SPACING * step:
            raise InputRefused(
                f"{grid.name}: {axis} is not evenly spaced upward; align() it onto an even grid first"
            )
        steps.append(round(step, 9))
    height, width = steps
    north = float(grid.latitude.values[-1]) + height / 2
    west = float(grid.longitude.values[0]) - width / 2
    return width, 0.0, round(west, 9), 0.0, -height, round(north, 9)


def _write_one(data: xr.DataArray, path: Path, tags: Mapping[str, str]) -> Path:
    """One variable; built in memory band by band, then packed and tiled into place."""
    from rasterio.io import MemoryFile
    from rasterio.shutil import copy
    from rasterio.transform import Affine

    bands = list(_bands(data))
    kind, nodata = _kind(data)
    profile: dict[str, Any] = {
        "driver": "GTiff",
        "count": len(bands),
        "dtype": kind,
        "nodata": nodata,
        "crs": f"EPSG:{EPSG}",
        "height": data.sizes["latitude"],
        "width": data.sizes["longitude"],
        "transform": Affine(*geotransform(data)),
    }
    part = path.with_name(path.name + ".part")
    average = np.issubdtype(np.dtype(kind), np.floating)
    with MemoryFile() as memory:
        with memory.open(**profile) as file:
            file.update_tags(**tags)
            for number, (label, picks) in enumerate(bands, 1):
                file.write(_values(data.isel(picks), kind), number)
                file.set_band_description(number, label)
                file.update_tags(number, long_name=str(data.attrs.get("long_name", data.name)))
            file.units = [str(data.attrs.get("units", "")) or None] * len(bands)
        with memory.open() as file:
            copy(
                file, part, driver="COG", compress="DEFLATE", predictor="YES", blocksize=256,
                overview_resampling="AVERAGE" if average else "NEAREST", overviews="IGNORE_EXISTING",
            )  # fmt: skip
    part.replace(path)
    return path


def _bands(data: xr.DataArray) -> Iterator[tuple[str, dict[str, int]]]:
    """Label and place of every band."""
    others = [str(dim) for dim in data.dims if dim not in PLACE]
    for places in product(*(range(data.sizes[dim]) for dim in others)):
        picks = dict(zip(others, places, strict=True))
        label = " ".join(f"{dim}={_label(data, dim, place)}" for dim, place in picks.items())
        yield label or str(data.name), picks


def _label(data: xr.DataArray, dim: str, place: int) -> str:
    if dim not in data.coords:
        return str(place + 1)
    label = data[dim].values[place]
    return str(label.astype("datetime64[D]")) if isinstance(label, np.datetime64) else str(label)


def _kind(data: xr.DataArray) -> tuple[str, float]:
    if data.dtype == bool:
        return "uint8", NO_TRUTH
    if np.issubdtype(data.dtype, np.integer):
        return ("int16" if data.dtype.itemsize <= 2 else "int32"), -1
    return ("float64" if data.dtype.itemsize > 4 else "float32"), float("nan")


def _values(data: xr.DataArray, kind: str) -> NDArray[Any]:
    """Values of one map, north first."""
    return np.ascontiguousarray(data.transpose(*PLACE).values[::-1].astype(kind))
