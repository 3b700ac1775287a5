"""Which variable of a file is meant, and what its data set does otherwise than the attributes say."""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from headwater.errors import InputRefused, UnitsUnclear
from headwater.grids.read_variables import Product, ProductLayer, Variable, products, variables
from headwater.grids.time_axis import DAY, HOUR, TimeAxis
from headwater.grids.units import SINCE_MIDNIGHT

Level = int | float | str | None
LAND_SPACING, ERA5_SPACING = 0.1, 0.25
"""Degrees between cells of ERA5-Land and of ERA5 as the archive delivers them."""


@dataclass(frozen=True)
class Meant:
    """A variable of a file, and what is known of it; ``variable`` is None for one outside the vocabulary."""

    name: str
    variable: Variable | None
    product: Product | None = None
    layer: ProductLayer | None = None


def find_variable(dataset: xr.Dataset, asked: str, level: Level, where: str) -> Meant:
    """The variable that ``asked`` means: a name of the vocabulary, or the file's own name.

    Raises
    ------
    InputRefused : none or several fit
    """
    if asked in dataset.data_vars:
        return _by_own_name(dataset, asked, where)
    if asked not in variables():
        raise InputRefused(
            f"{where}: no variable {asked!r}; the file has {_names(dataset)}, the vocabulary "
            f"{', '.join(variables())}: "
            "choose one of these"
        )
    known = [meant for meant in _of_products(dataset) if meant.variable is variables()[asked]]
    if any(meant.layer and not meant.layer.least for meant in known):
        known = [meant for meant in known if meant.layer and not meant.layer.least]
    if not known:
        known = _by_standard_name(dataset, variables()[asked])
    if not known:
        raise InputRefused(
            f"{where}: no {asked}; the file has {_names(dataset)}: give the name of the variable as it "
            "stands there"
        )
    return known[0] if len(known) == 1 else _at_level(known, asked, level, where)


def select_level(
    data: xr.DataArray, extra: tuple[Hashable, ...], level: Level, where: str
) -> tuple[xr.DataArray, bool]:
    """The variable without dimensions beside time and place, and whether ``level`` was used for it.

    Raises
    ------
    InputRefused : a further dimension with several values, and ``level`` picks none or there are two of them
    """
    used = False
    for dim in extra:
        if data.sizes[dim] == 1:
            data = data.isel({dim: 0})
            continue
        labels = data[dim].values if dim in data.coords else np.arange(data.sizes[dim])
        places = [] if level is None or used else [i for i, label in enumerate(labels) if _same(label, level)]
        if len(places) != 1:
            unit = data[dim].attrs.get("units", "") if dim in data.coords else ""
            raise InputRefused(
                f"{where}: a further dimension {dim!r} with the values {', '.join(map(str, labels))} {unit}; "
                f"level={level!r} picks none of them: give level= one of these"
            )
        data, used = data.isel({dim: places[0]}), True
    return data, used


def accumulation_units(
    axis: TimeAxis, latitude: NDArray[np.float64], longitude: NDArray[np.float64], where: str
) -> str:
    """Unit of ERA5's amounts of water, which the files give as metres only.

    Hourly ERA5-Land sums up since 00 UTC, hourly ERA5 over one hour, monthly means of both are per day; at
    daily steps of 00 UTC, ERA5-Land's number is the sum of the day before (ECMWF, ERA5-Land data
    documentation).

    Raises
    ------
    UnitsUnclear : the steps or the spacing of cells fit none of these
    """
    spacing = _spacing(latitude) or _spacing(longitude)
    if axis.step == "month":
        return "m day-1"
    if axis.step == "hour" and spacing == LAND_SPACING:
        return f"m {SINCE_MIDNIGHT}"
    if axis.step == "hour" and spacing == ERA5_SPACING and np.diff(axis.start).min() == HOUR:
        return "m hour-1"
    midnight = np.all(axis.start.astype("datetime64[D]") == axis.start)
    if axis.step == "day" and spacing == LAND_SPACING and midnight:
        return f"m {SINCE_MIDNIGHT}"
    raise UnitsUnclear(
        f"{where}: an amount of water of ERA5 in metres, with {axis.step} steps and cells of "
        f"{spacing or 'unknown'} "
        "degrees; over which time it is summed cannot be told: give units='m hour-1', 'm day-1', 'm "
        "month-1' or "
        f"'m {SINCE_MIDNIGHT}'"
    )


@dataclass(frozen=True)
class Differences:
    """How sums since 00 UTC become sums of a step.

    ``before`` is the step to take off: -1 where there is none to take, -2 where it is missing.
    """

    before: NDArray[np.intp]
    axis: TimeAxis
    notes: tuple[str, ...]


def since_midnight(axis: TimeAxis, where: str) -> Differences:
    """Differences of a series that sums up since 00 UTC and is stamped at the end of each step.

    Raises
    ------
    UnitsUnclear : one step only, or steps that do not divide the day
    """
    if len(axis.start) < 2:
        raise UnitsUnclear(
            f"{where}: one step of a sum since 00 UTC; the step before it is needed: open the whole day"
        )
    stamps, step = axis.start, np.diff(axis.start).min()
    if step > DAY or DAY % step != np.timedelta64(0, "ns"):
        raise UnitsUnclear(f"{where}: steps of {step / HOUR:g} h do not divide the day of a sum since 00 UTC")
    begins = (stamps - step).astype("datetime64[D]") == stamps - step
    follows = np.zeros(len(stamps), dtype=bool)
    follows[1:] = np.diff(stamps) == step
    before = np.where(begins, -1, np.where(follows, np.arange(len(stamps)) - 1, -2)).astype(np.intp)
    notes = ["sums since 00 UTC turned into sums of each step, stamped at its start"]
    if missing := int((before == -2).sum()):
        notes.append(f"{missing} steps set missing, because the step before them is not there")
    turned = TimeAxis(stamps - step, stamps, axis.step, axis.notes)
    return Differences(before, turned, tuple(notes))


def _by_own_name(dataset: xr.Dataset, name: str, where: str) -> Meant:
    for meant in _of_products(dataset):
        if meant.name == name:
            return meant
    standard = dataset[name].attrs.get("standard_name")
    for variable in variables().values():
        if name in (variable.name, *variable.names) or (
            standard and standard in (variable.standard_name, *variable.also)
        ):
            return Meant(name, variable)
    for product in products().values():
        for layer in product.layers:
            if layer.name != name:
                continue
            if layer.sign < 0:
                raise InputRefused(
                    f"{where}: {name!r} counts upward as negative in {product.title}, but nothing in the "
                    "file says that "
                    "it comes from there; give it a standard_name (upward positive) or open the original file"
                )
            return Meant(name, variables()[layer.variable])
    return Meant(name, None)


def _of_products(dataset: xr.Dataset) -> list[Meant]:
    found = []
    for product in products().values():
        for layer in product.layers:
            if layer.name in dataset.data_vars and _is_from(dataset, layer.name, product):
                found.append(Meant(layer.name, variables()[layer.variable], product, layer))
    return found


def _is_from(dataset: xr.Dataset, name: str, product: Product) -> bool:
    attributes = {**dataset.attrs, **dataset[name].attrs}
    prefix = product.attribute_prefix
    if (
        not product.evidence
        or product.beside in dataset.data_vars
        or (prefix and any(str(key).startswith(prefix) for key in attributes))
    ):
        return True
    text = " ".join(str(value) for value in attributes.values()).lower()
    return any(word in text for word in product.evidence)


def _by_standard_name(dataset: xr.Dataset, variable: Variable) -> list[Meant]:
    wanted = {variable.standard_name, *variable.also} - {""}
    named = [name for name in dataset.data_vars if name in (variable.name, *variable.names)]
    told = [name for name, data in dataset.data_vars.items() if data.attrs.get("standard_name") in wanted]
    return [Meant(str(name), variable) for name in (named or told)]


def _at_level(known: list[Meant], asked: str, level: Level, where: str) -> Meant:
    ordered = sorted(
        known, key=lambda meant: meant.layer.depth_m or (0.0, 0.0) if meant.layer else (0.0, 0.0)
    )
    listed = [f"{number} = {meant.name}{_depth(meant)}" for number, meant in enumerate(ordered, 1)]
    picked = []
    if isinstance(level, int) and 1 <= level <= len(ordered):
        picked = [ordered[level - 1]]
    elif isinstance(level, str):
        wanted = [float(number) for number in re.findall(r"\d+\.?\d*", level)]
        picked = [
            meant for meant in ordered
            if meant.name == level or (_depth_cm(meant) is not None and _depth_cm(meant) == wanted)
        ]  # fmt: skip
    if len(picked) != 1:
        raise InputRefused(
            f"{where}: {len(ordered)} variables are {asked}: {'; '.join(listed)}; level={level!r} picks "
            "none of them: "
            "give level= the number, the depth such as '0-7 cm', or ask for the variable by its own name"
        )
    return picked[0]


def _depth(meant: Meant) -> str:
    depth = _depth_cm(meant)
    return f" ({depth[0]:g}-{depth[1]:g} cm)" if depth else ""


def _depth_cm(meant: Meant) -> list[float] | None:
    if meant.layer is None or meant.layer.depth_m is None:
        return None
    return [round(100 * edge, 6) for edge in meant.layer.depth_m]


def _same(label: object, level: object) -> bool:
    try:
        return abs(float(str(label)) - float(str(level))) < 1e-6
    except ValueError:
        return str(label) == str(level)


def _spacing(values: NDArray[np.float64]) -> float | None:
    return round(float(np.median(np.diff(values))), 4) if len(values) > 1 else None


def _names(dataset: xr.Dataset) -> str:
    return ", ".join(map(str, dataset.data_vars))
