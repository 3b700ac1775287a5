"""One variable in one file: found, put in order, with its times, its unit and its quality layer."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from headwater.errors import InputRefused
from headwater.grids.axes import Axes, Turn, find_axes, turn
from headwater.grids.products import Level, Meant, find_variable, select_level
from headwater.grids.time_axis import read_times


@dataclass(frozen=True)
class Part:
    """The variable in one file; ``data`` and ``quality`` are (time, row, column) in the order of the file."""

    path: Path
    meant: Meant
    data: xr.Variable
    quality: xr.Variable | None
    latitude: NDArray[Any]
    longitude: NDArray[Any]
    stamps: NDArray[np.datetime64] | None
    bounds: NDArray[np.datetime64] | None
    attributes: dict[str, Any]
    unscaled: bool


def open_part(dataset: xr.Dataset, path: Path, asked: str, level: Level, quality: str) -> Part:
    """The variable ``asked`` of the data set of one file, lazily.

    Raises
    ------
    InputRefused : the variable, its axes or its level cannot be told
    """
    meant = find_variable(dataset, asked, level, path.name)
    where = f"{path.name}, {meant.name}"
    axes = find_axes(dataset, meant.name, where)
    data, _ = select_level(dataset[meant.name], axes.extra, level, where)
    codes = None
    product = meant.product
    if product is not None and product.quality in dataset.data_vars and quality != "all":
        codes = _ordered(select_level(dataset[product.quality], axes.extra, level, where)[0], axes)
    stamps = bounds = None
    if axes.time is not None:
        stamps = read_times(data[axes.time], where)
        bounds = _bounds(dataset, axes.time, stamps, where)
    elif (scalar := _scalar_time(data)) is not None:
        stamps = read_times(scalar, where).reshape(1)
    if data.dtype.kind not in "fiu":
        raise InputRefused(f"{where}: its values are {data.dtype}, not numbers; name another variable")
    if data.size == 0:
        raise InputRefused(
            f"{where}: holds no values ({dict(data.sizes)}); look whether the download was cut short"
        )
    stored = data.encoding.get("dtype")
    unscaled = (
        stored is not None
        and np.dtype(stored).kind in "iu"
        and data.encoding.get("scale_factor") in (None, 1)
    )
    return Part(
        path, meant, _ordered(data, axes), codes, data[axes.latitude].values, data[axes.longitude].values,
        stamps, bounds, dict(data.attrs), bool(unscaled),
    )  # fmt: skip


def _ordered(data: xr.DataArray, axes: Axes) -> xr.Variable:
    """The variable with dimensions time, latitude, longitude in this order."""
    order: list[Hashable] = [data[axes.latitude].dims[0], data[axes.longitude].dims[0]]
    if axes.time is None:
        return data.variable.transpose(*order).expand_dims("time")
    return data.variable.transpose(data[axes.time].dims[0], *order)


def _scalar_time(data: xr.DataArray) -> xr.DataArray | None:
    for name in ("time", "valid_time"):
        if name in data.coords and data[name].ndim == 0 and np.issubdtype(data[name].dtype, np.datetime64):
            return data[name]
    return None


def _bounds(
    dataset: xr.Dataset, time: Hashable, stamps: NDArray[np.datetime64], where: str
) -> NDArray[np.datetime64] | None:
    """Start and end of every step out of the file, shape (time, 2)."""
    name = dataset[time].attrs.get("bounds") or dataset[time].encoding.get("bounds")
    if name not in dataset.variables or dataset[name].shape != (len(stamps), 2):
        return None
    if not np.issubdtype(dataset[name].dtype, np.datetime64):
        return None
    bounds = dataset[name].values.astype("datetime64[ns]")
    if np.isnat(bounds).any() or np.any(bounds[:, 1] <= bounds[:, 0]):
        raise InputRefused(
            f"{where}: the bounds of the time steps ({name}) are missing or do not rise; correct them"
        )
    return bounds


def same_place(parts: Sequence[Part], where: str) -> Turn:
    """How the grid that all files share is turned.

    Raises
    ------
    InputRefused : another grid, variable or unit in one of the files
    """
    first = parts[0]
    for part in parts[1:]:
        for role, one, other in (
            ("latitude", first.latitude, part.latitude),
            ("longitude", first.longitude, part.longitude),
        ):
            if one.shape != other.shape or not np.allclose(one, other, rtol=0, atol=1e-4):
                raise InputRefused(
                    f"{part.path.name}: its {role} ({len(other)} cells from {other[0]:g} to {other[-1]:g}) "
                    "is not that of "
                    f"{first.path.name} ({len(one)} from {one[0]:g} to {one[-1]:g}); open them apart and "
                    "align() them"
                )
        if part.meant.name != first.meant.name or part.attributes.get("units") != first.attributes.get(
            "units"
        ):
            raise InputRefused(
                f"{part.path.name}: {part.meant.name} in {part.attributes.get('units')!r}, but "
                f"{first.path.name} has "
                f"{first.meant.name} in {first.attributes.get('units')!r}; open them apart"
            )
        if (part.stamps is None) != (first.stamps is None) or part.unscaled != first.unscaled:
            raise InputRefused(f"{part.path.name}: stored otherwise than {first.path.name}; open them apart")
    return turn(first.latitude, first.longitude, where)
