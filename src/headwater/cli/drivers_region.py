"""A region that cuts soil moisture, and leaves what is compared with it wide enough for whole cells."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

Box = tuple[float, float, float, float]
FARTHEST = 3.0
"""Degrees around the region in which cells are looked at; those of no known product are larger."""
SAME_PLACE = 1e-4
"""Degrees by which centres of the same pixels may differ: rounding of single precision."""


def open_around(
    read: Callable[[Box | None], xr.DataArray], box: Box | None, onto: xr.DataArray | None
) -> xr.DataArray:
    """The grid in the region: its very pixels where they are those of ``onto``, else a cell more all around.

    Cut at the centres of its own cells, a finer grid would lack part of what lies in the outermost pixels of
    ``onto``, and their mean would be that of the rest.
    """
    if box is None or onto is None:
        return read(box)
    wide = read(_wider(box, _cell(onto) + FARTHEST))
    inside = _within(wide, box)
    if same_pixels(inside, onto):
        return inside
    return _within(wide, _wider(box, _cell(onto) + _cell(wide)))


def same_pixels(grid: xr.DataArray, onto: xr.DataArray) -> bool:
    """Whether both have the same centres, but for rounding."""
    return all(
        grid.sizes[axis] == onto.sizes[axis]
        and bool((np.abs(grid[axis].to_numpy() - onto[axis].to_numpy()) < SAME_PLACE).all())
        for axis in ("latitude", "longitude")
    )


def _cell(grid: xr.DataArray) -> float:
    """Longest side of a cell, in degrees."""
    sides = [np.diff(grid[axis].to_numpy()) for axis in ("latitude", "longitude")]
    return float(max((side.max() for side in sides if side.size), default=FARTHEST))


def _wider(box: Box, degrees: float) -> Box:
    west, south, east, north = box
    return (
        max(west - degrees, -180.0),
        max(south - degrees, -90.0),
        min(east + degrees, 180.0),
        min(north + degrees, 90.0),
    )


def _within(grid: xr.DataArray, box: Box) -> xr.DataArray:
    """Cells whose centre lies in the box; the same rule as ``open_grid(region=)``."""
    west, south, east, north = box
    return grid.isel(
        latitude=_between(grid["latitude"].to_numpy(), south, north),
        longitude=_between(grid["longitude"].to_numpy(), west, east),
    )


def _between(centres: np.ndarray, low: float, high: float) -> slice:
    found = np.flatnonzero((centres >= low) & (centres <= high))
    return slice(int(found[0]), int(found[-1]) + 1) if found.size else slice(0, 0)
