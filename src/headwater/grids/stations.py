"""Series of a grid at stations: the cell in which each station lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from headwater.errors import InputRefused
from headwater.grids.changes import with_changes
from headwater.grids.lazy import file_chunks
from headwater.grids.regrid import places_of

if TYPE_CHECKING:
    import pandas as pd

EARTH_RADIUS_M = 6_371_008.8
BLOCK_VALUES = 2**24
"""Values read at a time: 64 MiB."""


def to_stations(grid: xr.DataArray, table: pd.DataFrame) -> xr.DataArray:
    """Series at stations, dimensions (time, station), read at once.

    Parameters
    ----------
    table : columns ``station`` (or the index), ``latitude``, ``longitude`` in degrees

    Returns
    -------
    DataArray with the coordinates of station and cell, and ``distance`` between them, m

    Raises
    ------
    InputRefused : a column is missing, a name is there twice, or a station lies outside the grid
    """
    for column in ("latitude", "longitude"):
        if column not in table.columns:
            raise InputRefused(f"no column {column!r}; the table has {', '.join(map(str, table.columns))}")
    names = (
        (table["station"] if "station" in table.columns else table.index.to_series()).astype(str).to_numpy()
    )
    if len(set(names)) < len(names):
        twice = sorted({name for name in names if list(names).count(name) > 1})
        raise InputRefused(f"stations twice in the table: {', '.join(twice)}; give each once")
    latitude, longitude = (table[axis].to_numpy(float) for axis in ("latitude", "longitude"))
    rows = places_of(latitude, grid.latitude.values, around=False)
    columns = places_of(longitude, grid.longitude.values, around=True)
    outside = [
        f"{names[i]} ({latitude[i]:g}, {longitude[i]:g})" for i in np.flatnonzero((rows < 0) | (columns < 0))
    ]
    if outside:
        raise InputRefused(
            f"{len(outside)} of {len(names)} stations lie outside the grid: {', '.join(outside[:10])}; "
            "leave them out "
            "or open a larger region"
        )
    cell_latitude, cell_longitude = grid.latitude.values[rows], grid.longitude.values[columns]
    coordinates = {
        "time": grid.time,
        "station": ("station", names),
        "latitude": ("station", latitude, {"units": "degrees_north", "standard_name": "latitude"}),
        "longitude": ("station", longitude, {"units": "degrees_east", "standard_name": "longitude"}),
        "cell_latitude": ("station", cell_latitude, {"units": "degrees_north"}),
        "cell_longitude": ("station", cell_longitude, {"units": "degrees_east"}),
        "distance": ("station", _metres(latitude, longitude, cell_latitude, cell_longitude), {"units": "m"}),
    }
    series = xr.DataArray(
        _read(grid, rows, columns), coordinates, ("time", "station"), grid.name, dict(grid.attrs)
    )
    return with_changes(series, f"the cells of {len(names)} stations")


def _read(grid: xr.DataArray, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.float32]:
    """Values (time, station), by blocks of steps, or by stations where files are cut along time."""
    variable = grid.variable
    y, x = slice(int(rows.min()), int(rows.max()) + 1), slice(int(columns.min()), int(columns.max()) + 1)
    steps = max(1, BLOCK_VALUES // ((y.stop - y.start) * (x.stop - x.start)))
    chunks = file_chunks(grid)
    out = np.empty((grid.sizes["time"], len(rows)), np.float32)
    if chunks is not None and chunks[0] > steps:
        for place, (row, column) in enumerate(zip(rows, columns, strict=True)):
            out[:, place] = variable[:, int(row), int(column)].values
        return out
    for start in range(0, len(out), steps):
        block = variable[start : start + steps, y, x].values
        out[start : start + steps] = block[:, rows - y.start, columns - x.start]
    return out


def _metres(
    latitude: NDArray[np.float64],
    longitude: NDArray[np.float64],
    other_latitude: NDArray[np.float64],
    other_longitude: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Distance on the sphere by the haversine formula, m."""
    a, b = np.radians(latitude), np.radians(other_latitude)
    east = np.radians(other_longitude - longitude)
    haversine = np.sin((b - a) / 2) ** 2 + np.cos(a) * np.cos(b) * np.sin(east / 2) ** 2
    return 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(haversine))
