"""Grids of different data sets on the cells and steps of one of them.

Nothing is moved in silence: cells outside a grid are missing, steps that not all grids have are left out, and
both stand with their numbers in ``headwater_changes``. Regridding is lazy: a window of the result reads only
the window underneath.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from headwater.errors import InputRefused, SettingsRefused
from headwater.grids.changes import with_changes
from headwater.grids.lazy import ArrayReader, file_chunks, is_in_memory, lazy_grid, run_of
from headwater.grids.regrid import MeanReader, NearestReader, overlap_weights, places_of
from headwater.grids.time_axis import step_kind

Method = Literal["exact", "nearest", "mean"]
TOLERANCE = 0.01
"""Of a cell: how far centres may differ and still be the same cell (rounding of single precision)."""


def align(
    grids: Mapping[str, xr.DataArray], *, onto: xr.DataArray, method: Method = "exact", least: float = 0.5
) -> dict[str, xr.DataArray]:
    """All grids on the cells of ``onto``, with the time steps that all of them and ``onto`` have.

    Parameters
    ----------
    method : ``exact`` takes cells with the same centre and refuses others; ``nearest`` takes the cell in
        which
        the centre lies; ``mean`` takes the mean of all cells by the area they share (first-order
        conservative)
    least : with ``mean``, the part of a cell's area that must hold values

    Raises
    ------
    InputRefused : a grid that does not fit exactly, does not overlap, has other kinds of steps or no common
        one
    """
    if method not in ("exact", "nearest", "mean"):
        raise SettingsRefused(f"method {method!r}; allowed are exact, nearest, mean: choose one of these")
    if not 0 < least <= 1:
        raise SettingsRefused(f"least {least}; a part of a cell above 0 and up to 1 is needed")
    place: Callable[[str, xr.DataArray], xr.DataArray] = {
        "exact": lambda name, grid: _exact(name, grid, onto),
        "nearest": lambda name, grid: _nearest(name, grid, onto),
        "mean": lambda name, grid: _mean(name, grid, onto, least),
    }[method]
    common = _common_steps(grids, onto)
    aligned = {}
    for name, grid in grids.items():
        aligned[name] = place(name, _at_steps(grid, common))
    return aligned


def _common_steps(grids: Mapping[str, xr.DataArray], onto: xr.DataArray) -> NDArray[np.datetime64] | None:
    """Steps that all grids with time have; None where none has time."""
    timed = {name: grid for name, grid in {"onto": onto, **grids}.items() if "time" in grid.dims}
    if not timed:
        return None
    kinds = {name: step_kind(grid.time.values) for name, grid in timed.items()}
    known = {kind for kind in kinds.values() if kind != "single"}
    if len(known) > 1:
        told = ", ".join(f"{name}: {kind}" for name, kind in kinds.items())
        raise InputRefused(
            f"grids with different time steps ({told}); bring them to the same step first, with composite()"
        )
    common = None
    for grid in timed.values():
        times = grid.time.values.astype("datetime64[ns]")
        common = times if common is None else np.intersect1d(common, times)
    assert common is not None
    if len(common) == 0:
        spans = ", ".join(
            f"{name}: {_day(g.time.values[0])} to {_day(g.time.values[-1])}" for name, g in timed.items()
        )
        raise InputRefused(
            f"no time step that all grids have ({spans}); check that they cover the same years and that the "
            "steps "
            "start at the same time"
        )
    return common


def _at_steps(grid: xr.DataArray, common: NDArray[np.datetime64] | None) -> xr.DataArray:
    if common is None or "time" not in grid.dims:
        return grid
    times = grid.time.values.astype("datetime64[ns]")
    picks = np.flatnonzero(np.isin(times, common))
    if len(picks) == len(times):
        return grid
    note = f"{len(picks)} of {len(times)} steps kept, those that all grids have"
    return with_changes(grid.isel(time=run_of(picks)), note)


def _exact(name: str, grid: xr.DataArray, onto: xr.DataArray) -> xr.DataArray:
    picks = {}
    for axis in ("latitude", "longitude"):
        wanted, have = onto[axis].values.astype(float), grid[axis].values.astype(float)
        near = (
            np.abs(have[None, :] - wanted[:, None]).argmin(axis=1)
            if len(have) < 2
            else _nearest_index(have, wanted)
        )
        off = np.abs(have[near] - wanted)
        cell = np.diff(wanted).min() if len(wanted) > 1 else (np.diff(have).min() if len(have) > 1 else 1.0)
        if off.max() > TOLERANCE * cell or (len(near) > 1 and np.any(np.diff(near) != 1)):
            worst = int(off.argmax())
            raise InputRefused(
                f"{name}: {axis} {wanted[worst]:g} is not a cell of it (nearest {have[near[worst]]:g}; "
                "cells of "
                f"{cell:g} degrees from {have[0]:g} to {have[-1]:g}); use method='nearest' or method='mean'"
            )
        picks[axis] = slice(int(near[0]), int(near[-1]) + 1)
    part = grid.isel(picks)
    return part.assign_coords(latitude=onto.latitude, longitude=onto.longitude)


def _nearest(name: str, grid: xr.DataArray, onto: xr.DataArray) -> xr.DataArray:
    rows = places_of(onto.latitude.values, grid.latitude.values, around=False)
    columns = places_of(onto.longitude.values, grid.longitude.values, around=True)
    _refuse_apart(name, grid, onto, bool((rows >= 0).any() and (columns >= 0).any()))
    source = _three_dimensional(grid)
    reader = NearestReader(ArrayReader(source), rows, columns)
    outside = rows.size * columns.size - int((rows >= 0).sum()) * int((columns >= 0).sum())
    note = "moved to the cells of another grid, nearest cell" + _outside(outside)
    return _dress(grid, onto, reader, note)


def _mean(name: str, grid: xr.DataArray, onto: xr.DataArray, least: float) -> xr.DataArray:
    if (
        min(grid.sizes["latitude"], grid.sizes["longitude"], onto.sizes["latitude"], onto.sizes["longitude"])
        < 2
    ):
        raise InputRefused(f"{name}: a mean by area needs at least 2 rows and 2 columns on both grids")
    rows = overlap_weights(onto.latitude.values, grid.latitude.values, spherical=True)
    columns = overlap_weights(onto.longitude.values, grid.longitude.values, spherical=False)
    _refuse_apart(name, grid, onto, bool(rows.weights.nnz and columns.weights.nnz))
    chunks = file_chunks(grid) if "time" in grid.dims else None
    source = ArrayReader(_three_dimensional(grid))
    reader = MeanReader(source, rows, columns, least, chunk_steps=chunks[0] if chunks else 1)
    empty = int((rows.covered() < least).sum()), int((columns.covered() < least).sum())
    outside = rows.size * columns.size - (rows.size - empty[0]) * (columns.size - empty[1])
    note = (
        f"moved to the cells of another grid, mean by area (at least {100 * least:g} % of a cell)"
        + _outside(outside)
    )
    return _dress(grid, onto, reader, note)


def _dress(
    grid: xr.DataArray, onto: xr.DataArray, reader: NearestReader | MeanReader, note: str
) -> xr.DataArray:
    """The reader as a grid on the cells of ``onto``; computed at once where the source is in memory."""
    coordinates = {"latitude": onto.latitude, "longitude": onto.longitude}
    timed = "time" in grid.dims
    if timed:
        coordinates |= {str(key): value for key, value in grid.coords.items() if value.dims == ("time",)}
    else:
        coordinates["time"] = xr.DataArray([np.datetime64(0, "ns")], dims="time")
    chunks = file_chunks(grid) if timed else None
    if chunks is not None:
        scale = [len(onto[axis]) / len(grid[axis]) for axis in ("latitude", "longitude")]
        sizes = [max(1, round(size * factor)) for size, factor in zip(chunks[1:], scale, strict=True)]
        chunks = (chunks[0], sizes[0], sizes[1])
    kept = {"files": grid.encoding["files"]} if "files" in grid.encoding else None
    moved = lazy_grid(
        reader, coordinates, name=str(grid.name), attributes=grid.attrs, chunks=chunks, encoding=kept
    )
    moved = with_changes(moved.load() if is_in_memory(grid) else moved, note)
    return moved if timed else moved.isel(time=0, drop=True)


def _three_dimensional(grid: xr.DataArray) -> xr.DataArray:
    return grid if "time" in grid.dims else grid.expand_dims("time")


def _refuse_apart(name: str, grid: xr.DataArray, onto: xr.DataArray, overlap: bool) -> None:
    if not overlap:
        raise InputRefused(
            f"{name}: no cell in common; it covers {_box(grid)}, the other grid {_box(onto)}: open the same "
            "region"
        )


def _outside(count: int) -> str:
    return f"; {count:,} cells lie outside and are missing" if count else ""


def _box(grid: xr.DataArray) -> str:
    south, north = float(grid.latitude[0]), float(grid.latitude[-1])
    return (
        f"{south:g} to {north:g} north and {float(grid.longitude[0]):g} to {float(grid.longitude[-1]):g} east"
    )


def _nearest_index(have: NDArray[np.float64], wanted: NDArray[np.float64]) -> NDArray[np.intp]:
    right = np.clip(np.searchsorted(have, wanted), 1, len(have) - 1)
    return np.where(wanted - have[right - 1] <= have[right] - wanted, right - 1, right).astype(np.intp)


def _day(time: np.datetime64) -> str:
    return str(time.astype("datetime64[D]"))
