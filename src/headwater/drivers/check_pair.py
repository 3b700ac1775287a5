"""Whether two grids can be correlated as they are; what cannot is refused, with what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from headwater.drivers.rule import MOST_COVARIATES
from headwater.errors import InputRefused, SettingsRefused

if TYPE_CHECKING:
    import xarray as xr

SHOWN = 3


def as_variables(grid: xr.DataArray | xr.Dataset, what: str) -> dict[str, xr.DataArray]:
    """Variables of a grid by name, time first; a DataArray without a name is called ``what``.

    Raises
    ------
    InputRefused
        No grid, no variable, no dimension ``time``, or values that are no real floating-point numbers.
    """
    if hasattr(grid, "data_vars"):
        variables = {str(name): grid[name] for name in grid.data_vars}
    elif hasattr(grid, "dims") and hasattr(grid, "coords"):
        variables = {str(grid.name) if grid.name is not None else what: grid}
    else:
        raise InputRefused(
            f"{what}: a {type(grid).__name__}; give an xarray DataArray or Dataset, as open_grid does."
        )
    if not variables:
        raise InputRefused(f"{what}: a Dataset without variables. Choose a file or group that holds some.")
    return {name: _checked(variable, f"{what} {name}") for name, variable in variables.items()}


def _checked(variable: xr.DataArray, what: str) -> xr.DataArray:
    if "time" not in variable.dims:
        raise InputRefused(
            f"{what}: dims are {_list(variable.dims)}; 'time' is needed. Open it with open_grid, or rename "
            "its time axis."
        )
    if variable.dtype.kind != "f":
        raise InputRefused(
            f"{what}: holds {variable.dtype}, float32 or float64 is needed. Decode fill values and scale "
            "first (open_grid does), then .astype('float32')."
        )
    if variable.dtype.itemsize not in (4, 8):
        variable = variable.astype(np.float64 if variable.dtype.itemsize > 8 else np.float32)
    if "time" not in variable.coords:
        raise InputRefused(f"{what}: the time axis has no times. Give it a coordinate 'time' of dates.")
    if variable["time"].dtype.kind != "M":
        calendar = (
            getattr(variable["time"].dt, "calendar", None) if variable["time"].dtype == object else None
        )
        named = f"calendar {calendar}" if calendar else f"{variable['time'].dtype}"
        raise InputRefused(
            f"{what}: times are of {named}, dates of the standard calendar are needed. Use "
            "convert_calendar('standard') or xarray.decode_cf."
        )
    return variable.transpose("time", *(dim for dim in variable.dims if dim != "time"))


def check_aligned(first: xr.DataArray, others: Mapping[str, xr.DataArray], *, what: str) -> None:
    """Nothing where all variables lie on the grid and at the times of the first.

    Raises
    ------
    InputRefused
        Other dimensions or other coordinates; the message says which, and how they differ.
    """
    for name, other in others.items():
        if set(other.dims) != set(first.dims):
            raise InputRefused(
                f"{name} has dims {_list(other.dims)}, {what} has {_list(first.dims)}: they must be the "
                "same. Use headwater.grids.align or to_stations."
            )
        for dim in map(str, first.dims):
            _check_axis(first, other, dim, f"{name} and {what}")


def _check_axis(first: xr.DataArray, other: xr.DataArray, dim: str, names: str) -> None:
    mine, yours = (_labels(grid, dim) for grid in (first, other))
    if mine.shape == yours.shape and np.array_equal(mine, yours):
        return
    if dim == "time":
        both = len(np.intersect1d(mine, yours))
        raise InputRefused(
            f"{names} are not at the same times: {len(yours)} ({_span(yours)}) and {len(mine)} "
            f"({_span(mine)}), {both} of them the same. Take what both have, such as "
            "a.sel(time=np.intersect1d(a.time, b.time)), or bring both to the same steps with "
            "headwater.grids.composite."
        )
    hint = "Use headwater.grids.align."
    if mine.shape == yours.shape and np.array_equal(mine, yours[::-1]):
        hint = f"{dim} runs the other way: open both with open_grid, or use sortby('{dim}')."
    elif dim in ("longitude", "lon") and (yours.max(initial=0) > 180) != (mine.max(initial=0) > 180):
        hint = "One counts longitude from 0 to 360, the other from -180 to 180: open both with open_grid."
    elif mine.shape == yours.shape and mine.dtype.kind == "f" and np.isfinite(yours).all():
        hint = f"They differ by up to {np.abs(mine - yours).max():.3g}. {hint}"
    raise InputRefused(
        f"{names} differ in {dim}: {len(yours)} values ({_span(yours)}) and {len(mine)} "
        f"({_span(mine)}). {hint}"
    )


def _labels(grid: xr.DataArray, dim: str) -> np.ndarray[Any, Any]:
    return np.asarray(grid[dim].values) if dim in grid.coords else np.arange(grid.sizes[dim])


def _span(labels: np.ndarray[Any, Any]) -> str:
    if not len(labels):
        return "none"
    first, last = (
        str(label.astype("datetime64[D]")) if labels.dtype.kind == "M" else f"{label:.6g}"
        if labels.dtype.kind in "fiu" else str(label)
        for label in (labels[0], labels[-1])
    )  # fmt: skip
    return f"{first} to {last}"


def _list(names: Sequence[object]) -> str:
    return "(" + ", ".join(map(str, names)) + ")"


def check_given(given: Sequence[xr.DataArray], first: xr.DataArray) -> list[xr.DataArray]:
    """Covariates, checked as the grids are.

    Raises
    ------
    SettingsRefused
        More than five, or not a sequence of them.
    InputRefused
        As for the grids.
    """
    if hasattr(given, "data_vars"):
        given = [given[name] for name in given.data_vars]
    if hasattr(given, "dims") or isinstance(given, str):
        raise SettingsRefused("given: a list of grids is needed; write given=[x] for a single one.")
    if len(given) > MOST_COVARIATES:
        raise SettingsRefused(f"given: {len(given)} covariates; at most {MOST_COVARIATES} are allowed.")
    found = []
    for k, grid in enumerate(given):
        variables = as_variables(grid, f"covariate {k + 1}")
        check_aligned(first, {f"covariate {k + 1} {name}": v for name, v in variables.items()}, what="a")
        found += list(variables.values())
    if len(found) > MOST_COVARIATES:
        raise SettingsRefused(f"given: {len(found)} covariates; at most {MOST_COVARIATES} are allowed.")
    return [grid.transpose(*first.dims) for grid in found]
