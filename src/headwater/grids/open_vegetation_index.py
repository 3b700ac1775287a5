"""What the 0.05 degree vegetation-index products of MODIS and VIIRS have in common: names, scale, place,
date.

The scale of these products is a trap. Most files store ``scale_factor = 10000`` and mean *divide*, against
the CF convention; other copies of them store 0.0001 and mean *multiply*. Here a scale above 1 divides, any
other multiplies, and what comes out must then be an index, or the file is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headwater.errors import InputRefused, UnitsUnclear

PREFIX = re.compile(r"^CMG 0\.05 Deg (16 days|monthly) ")
DIMS = ("time", "latitude", "longitude")
FULL_SHAPE = (3600, 7200)
INDICES = ("ndvi", "evi", "evi2")
CODES = ("vi_quality", "pixel_reliability", "number_of_1km_pix_used", "number_of_1km_pix_30deg_vz")
"""Layers that stay whole numbers; their fill is told in ``fill_value`` and not turned into NaN."""


@dataclass(frozen=True)
class Layer:
    """One layer of a file, as stored, and what its numbers mean."""

    path: str
    stored_name: str
    shape: tuple[int, int]
    dtype: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    limits: tuple[float, float] | None = None
    """Smallest and largest number as stored that can be an index; None for other layers."""


def plain_name(stored: str) -> str:
    """Name of a layer in one word: ``CMG 0.05 Deg 16 days NDVI`` → ``ndvi``."""
    short = PREFIX.sub("", stored).replace("#", "number of ").lower()
    return re.sub(r"[^a-z0-9]+", "_", short).strip("_")


def meaning(layer: Layer, *, index_range: tuple[float, float]) -> Layer:
    """The layer with CF attributes that say what the stored ones mean.

    Raises
    ------
    UnitsUnclear : an index without a scale, or any layer with an offset
    InputRefused : the scale makes no index out of the stored valid range
    """
    name, given = plain_name(layer.stored_name), dict(layer.attributes)
    where = f"{layer.path}, layer {layer.stored_name!r}"
    if float(given.get("add_offset", 0.0)) != 0:
        raise UnitsUnclear(
            f"{where}: add_offset {given['add_offset']} with a scale that may mean divide cannot be read "
            "safely; "
            "this product has offset 0: get the granule from LP DAAC again"
        )
    attributes: dict[str, Any] = {
        "long_name": PREFIX.sub("", layer.stored_name),
        "stored_name": layer.stored_name,
    }
    if name in CODES:
        return _with(
            layer, attributes | {"fill_value": given["_FillValue"]} if "_FillValue" in given else attributes
        )
    if name in INDICES and "scale_factor" not in given:
        raise UnitsUnclear(f"{where}: no scale_factor, so its numbers have no meaning; get the granule again")
    stored_scale = float(given.get("scale_factor", 1.0))
    if not stored_scale > 0:
        raise InputRefused(
            f"{where}: scale_factor {stored_scale}; a positive number is needed: get the granule again"
        )
    scale = 1 / stored_scale if stored_scale > 1 else stored_scale
    attributes |= {"scale_factor": scale, "stored_scale_factor": stored_scale, "units": "1"}
    attributes |= {"_FillValue": given["_FillValue"]} if "_FillValue" in given else {}
    if name not in INDICES:
        return _with(layer, attributes)
    _check_valid_range(given.get("valid_range"), scale, stored_scale, index_range, where)
    limits = (round(index_range[0] / scale, 3), round(index_range[1] / scale, 3))
    return _with(layer, attributes, limits)


def check_index(layer: Layer, window: NDArray[Any]) -> None:
    """Refuses numbers that are neither an index nor the fill of the layer.

    Raises
    ------
    InputRefused : naming the file, the number and what is allowed
    """
    if layer.limits is None or window.size == 0:
        return
    low, high = layer.limits
    wrong = ((window < low) | (window > high)) & (window != layer.attributes.get("_FillValue"))
    if wrong.any():
        scale = layer.attributes["scale_factor"]
        worst = window[wrong].astype(float)
        raise InputRefused(
            f"{layer.path}, layer {layer.stored_name!r}: {int(wrong.sum()):,} stored numbers, such as "
            f"{worst[0]:g}, "
            f"give {worst[0] * scale:g} with the scale {layer.attributes['stored_scale_factor']:g} of the "
            "file; "
            f"allowed are {low * scale:g} to {high * scale:g}: the scale was changed or the file is damaged, "
            "get the granule from LP DAAC again"
        )


def cmg_coordinates(rows: int, columns: int, structure: str, where: str) -> dict[str, Any]:
    """Centres of the cells, latitude from north to south as stored, longitude from west to east.

    Raises
    ------
    InputRefused : the corners are not told and the grid is not the whole globe
    """
    corners = _corners(structure)
    if corners is None:
        if (rows, columns) != FULL_SHAPE:
            raise InputRefused(
                f"{where}: {rows} × {columns} cells and no corners in StructMetadata.0; without them only "
                "the whole "
                f"grid of {FULL_SHAPE[0]} × {FULL_SHAPE[1]} cells has a known place: use the original granule"
            )
        corners = (-180.0, 90.0, 180.0, -90.0)
    west, north, east, south = corners
    height, width = (north - south) / rows, (east - west) / columns
    latitude = np.round(north - (np.arange(rows) + 0.5) * height, 9)
    longitude = np.round(west + (np.arange(columns) + 0.5) * width, 9)
    return {
        "latitude": ("latitude", latitude, {"standard_name": "latitude", "units": "degrees_north"}),
        "longitude": ("longitude", longitude, {"standard_name": "longitude", "units": "degrees_east"}),
    }


def composite_start(file_name: str, core_metadata: str) -> np.datetime64:
    """First day of the composite, out of the name (``.A2001145.``) and the metadata.

    Raises
    ------
    InputRefused : neither tells it, they disagree, or no composite starts on that day
    """
    named = re.search(r"\.A(\d{4})(\d{3})\.", file_name)
    told = re.search(r'RANGEBEGINNINGDATE.*?VALUE\s*=\s*"(\d{4}-\d{2}-\d{2})', core_metadata, re.DOTALL)
    dates = []
    if named:
        dates.append(np.datetime64(f"{named[1]}-01-01", "D") + int(named[2]) - 1)
    if told:
        dates.append(np.datetime64(told[1], "D"))
    if not dates:
        raise InputRefused(
            f"{file_name}: no date, neither in the name (.AYYYYDDD.) nor in CoreMetadata.0; keep the name "
            "of LP DAAC"
        )
    if len(set(dates)) > 1:
        raise InputRefused(
            f"{file_name}: the name says {dates[0]}, the metadata say {dates[1]}; the file was renamed: "
            "give it its own name back"
        )
    day = int((dates[0] - dates[0].astype("datetime64[Y]").astype("datetime64[D]")).astype(int)) + 1
    if (day - 1) % 8:
        raise InputRefused(
            f"{file_name}: day {day} of the year; composites start on days 1, 9, 17, … 361: look at the name"
        )
    return dates[0].astype("datetime64[ns]")


def _with(layer: Layer, attributes: dict[str, Any], limits: tuple[float, float] | None = None) -> Layer:
    return Layer(layer.path, layer.stored_name, layer.shape, layer.dtype, attributes, limits)


def _check_valid_range(
    stored: Any, scale: float, stored_scale: float, allowed: tuple[float, float], where: str
) -> None:
    if stored is None or np.size(stored) != 2:
        return
    low, high = (float(value) * scale for value in stored)
    if low < allowed[0] - 1e-6 or high > allowed[1] + 1e-6 or high < 0.5 * allowed[1]:
        raise InputRefused(
            f"{where}: scale_factor {stored_scale:g} makes its valid range {low:g} to {high:g}, but the "
            "index lies in "
            f"{allowed[0]:g} to {allowed[1]:g}; the scale was changed: get the granule from LP DAAC again"
        )


def _corners(structure: str) -> tuple[float, float, float, float] | None:
    """West, north, east, south in degrees out of StructMetadata.0, where it is told."""
    found = []
    for key in ("UpperLeftPointMtrs", "LowerRightMtrs"):
        match = re.search(rf"{key}\s*=\s*\(\s*([-+0-9.eE]+)\s*,\s*([-+0-9.eE]+)\s*\)", structure)
        if match is None:
            return None
        found += [_packed_degrees(float(match[1])), _packed_degrees(float(match[2]))]
    return found[0], found[1], found[2], found[3]


def _packed_degrees(value: float) -> float:
    """Degrees of the packed form DDDMMMSSS.SS of HDF-EOS: 30015000 is 30° 15'."""
    degrees, rest = divmod(abs(value), 1e6)
    minutes, seconds = divmod(rest, 1e3)
    return float(np.sign(value)) * (degrees + minutes / 60 + seconds / 3600)
