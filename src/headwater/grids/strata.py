"""Strata of a grid: altitude bands, classes of a map, groups of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from headwater.errors import InputRefused, SettingsRefused
from headwater.grids.regrid import places_of

if TYPE_CHECKING:
    import pandas as pd

OUTSIDE = -1
PLACE = ("latitude", "longitude")


@dataclass(frozen=True, eq=False)
class Strata:
    """Which stratum every cell belongs to.

    ``codes`` (latitude, longitude) int16 are places in ``names``; -1 is outside all of them.
    """

    names: tuple[str, ...]
    codes: xr.DataArray

    def cells(self) -> tuple[int, ...]:
        """Number of cells of each stratum."""
        counts = np.bincount(self.codes.values[self.codes.values >= 0], minlength=len(self.names))
        return tuple(int(count) for count in counts)

    def summary(self) -> str:
        """One line for people: every stratum with its cells, and how many cells belong to none."""
        told = ", ".join(f"{name}: {count:,}" for name, count in zip(self.names, self.cells(), strict=True))
        return f"{told}; outside: {int((self.codes.values < 0).sum()):,} cells"


def altitude_bands(dem: xr.DataArray, edges: Sequence[float]) -> Strata:
    """Bands of altitude, named like ``3500-4000``; each holds its lower edge, the last one both.

    Parameters
    ----------
    dem : altitude, dimensions (latitude, longitude), m
    edges : ascending, m

    Raises
    ------
    SettingsRefused : fewer than two edges, or not ascending
    InputRefused : other dimensions or units, or no cell within the edges
    """
    limits = np.asarray(edges, dtype=np.float64)
    if len(limits) < 2 or np.any(np.diff(limits) <= 0):
        raise SettingsRefused(
            f"edges {list(edges)}; at least two ascending altitudes are needed, such as 3000 3500 4000"
        )
    if dem.attrs.get("units", "m") != "m":
        raise InputRefused(
            f"altitude in {dem.attrs['units']!r}; metres are needed: open it with open_grid(…, 'altitude')"
        )
    height = _map(dem, "altitude")
    codes = np.searchsorted(limits, height, side="right") - 1
    codes[height == limits[-1]] = len(limits) - 2
    codes[~((height >= limits[0]) & (height <= limits[-1]))] = OUTSIDE
    names = tuple(f"{low:g}-{high:g}" for low, high in pairwise(limits))
    if np.all(codes == OUTSIDE):
        raise InputRefused(
            f"no cell between {limits[0]:g} and {limits[-1]:g} m; altitude lies between "
            f"{np.nanmin(height):g} and "
            f"{np.nanmax(height):g} m: choose other edges"
        )
    return Strata(names, _codes(codes, dem))


def strata_from_map(classes: xr.DataArray, names: Mapping[int, str]) -> Strata:
    """Strata of a map of classes, such as vegetation; classes without a name are outside.

    Raises
    ------
    SettingsRefused : no names
    InputRefused : other dimensions, or none of the named classes on the map
    """
    if not names:
        raise SettingsRefused("no names of classes; give the code and the name of at least one class")
    values = _map(classes, "classes")
    codes = np.full(values.shape, OUTSIDE)
    order = tuple(dict.fromkeys(names.values()))
    for code, name in names.items():
        codes[values == code] = order.index(name)
    if np.all(codes == OUTSIDE):
        found = np.unique(values[~np.isnan(values)])[:10]
        raise InputRefused(
            f"none of the classes {sorted(names)} is on the map, which has "
            f"{', '.join(f'{v:g}' for v in found)}; "
            "correct the codes"
        )
    return Strata(order, _codes(codes, classes))


def strata_from_table(table: pd.DataFrame, *, by: str, onto: xr.DataArray | None = None) -> Strata:
    """Strata of cells that a table lists: columns ``latitude``, ``longitude`` and ``by``.

    Rows are put into the cells of ``onto``; without it the table itself spans the grid, one row a cell. Cells
    without a row, and rows without a stratum, are outside.

    Raises
    ------
    InputRefused : a column is missing, a row lies outside ``onto``, or two rows of one cell disagree
    """
    for column in (*PLACE, by):
        if column not in table.columns:
            raise InputRefused(f"no column {column!r}; the table has {', '.join(map(str, table.columns))}")
    known = table[table[by].notna()]
    if known.empty:
        raise InputRefused(f"column {by!r} is empty; name at least one stratum")
    latitude, longitude = (np.round(known[axis].to_numpy(float), 6) for axis in PLACE)
    if onto is None:
        onto = xr.DataArray(
            np.zeros((len(np.unique(latitude)), len(np.unique(longitude)))),
            {"latitude": np.unique(latitude), "longitude": np.unique(longitude)},
            PLACE,
        )
        rows, columns = (
            np.searchsorted(onto[axis], values)
            for axis, values in zip(PLACE, (latitude, longitude), strict=True)
        )
    else:
        rows = places_of(latitude, onto.latitude.values, around=False)
        columns = places_of(longitude, onto.longitude.values, around=True)
    names = tuple(dict.fromkeys(str(value) for value in known[by]))
    codes = np.full((onto.sizes["latitude"], onto.sizes["longitude"]), OUTSIDE)
    for place, (row, column, value) in enumerate(zip(rows, columns, known[by], strict=True)):
        where = f"row {place + 1} ({latitude[place]:g} north, {longitude[place]:g} east)"
        if row < 0 or column < 0:
            raise InputRefused(f"{where} lies outside the grid; leave it out or open a larger region")
        code = names.index(str(value))
        if codes[row, column] not in (OUTSIDE, code):
            raise InputRefused(
                f"{where}: {by} {value!s}, but its cell is already {names[codes[row, column]]}; one cell, "
                "one stratum"
            )
        codes[row, column] = code
    return Strata(names, _codes(codes, onto))


def _map(grid: xr.DataArray, what: str) -> NDArray[np.float64]:
    if set(grid.dims) != set(PLACE):
        raise InputRefused(
            f"{what} with dimensions {grid.dims}; latitude and longitude are needed, nothing else"
        )
    return np.asarray(grid.transpose(*PLACE).values, dtype=np.float64)


def _codes(codes: NDArray[np.integer], like: xr.DataArray) -> xr.DataArray:
    coordinates = {axis: like[axis] for axis in PLACE}
    attributes = {"long_name": "stratum", "comment": "-1 lies outside all strata"}
    return xr.DataArray(codes.astype(np.int16), coordinates, PLACE, "stratum", attributes)
