"""``open_grid``: any gridded file that people have, as one canonical grid.

Whatever the file: float32, dimensions (time, latitude, longitude), both coordinates ascending, longitude
within [-180, 180), times in UTC at the start of each step, SI units, missing values NaN. What had to be done
for that stands in the attribute ``headwater_changes``. Nothing is guessed: where a file leaves something
open, the error says which option closes it.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from headwater.errors import InputRefused, SettingsRefused
from headwater.grids.axes import Turn
from headwater.grids.check import look_through, say
from headwater.grids.file_reader import FileReader
from headwater.grids.lazy import DIMS, lazy_grid
from headwater.grids.open_files import Paths, list_files, open_file
from headwater.grids.open_part import Part, open_part, same_place
from headwater.grids.products import Level, Meant, accumulation_units, since_midnight
from headwater.grids.read_variables import quality_codes
from headwater.grids.time_axis import TimeAxis, gaps, refuse_duplicates, time_axis
from headwater.grids.units import SINCE_MIDNIGHT, Conversion, conversion

Region = tuple[float, float, float, float]
SHOWN_FILES = 3


def open_grid(
    path: Paths,
    variable: str,
    *,
    units: str | None = None,
    engine: str | None = None,
    level: Level = None,
    quality: str = "good",
    region: Region | None = None,
    check: bool | str = True,
) -> xr.DataArray:
    """One variable of a file, list, pattern or folder as a canonical grid; read when it is used.

    Parameters
    ----------
    variable : name of the vocabulary (``soil_moisture``, ``air_temperature``, …) or the file's own
        (``swvl1``)
    units : of the numbers in the file, where it says nothing or something wrong
    engine : of xarray, where the first bytes of the file do not tell
    level : layer of the soil, by number, depth (``"0-7 cm"``) or the value of a further dimension
    quality : ``good``, ``usable`` or ``all``; what the data set's own quality layer lets pass
    region : west, south, east, north in degrees; cells whose centre lies within
    check : look through the numbers once (a sample of a large grid; ``"all"`` for everything)

    Returns
    -------
    DataArray, dimensions (time, latitude, longitude); (latitude, longitude) for altitude

    Raises
    ------
    InputRefused : no such file or variable, damaged files, other grids or times twice in a list, values
        outside
        the plausible range
    UnitsUnclear : no unit, or an amount of water without the time in which it fell
    """
    if quality not in ("good", "usable", "all"):
        raise SettingsRefused(f"quality {quality!r}; allowed are good, usable, all: choose one of these")
    files = list_files(path)
    with ExitStack() as opened:
        parts = []
        for file in files:
            dataset = open_file(file, engine)
            opened.callback(dataset.close)
            parts.append(open_part(dataset, file, variable, level, quality))
        more = f" and {len(files) - 1} more" if len(files) > 1 else ""
        where = f"{files[0].name}{more}, {parts[0].meant.name}"
        turned = same_place(parts, where)
        if parts[0].stamps is None:
            return _map(parts, turned, units, region, bool(check), where)
        grid = _series(parts, turned, units, quality, region, check, where)
        opened.pop_all()  # the grid reads from the files when it is used; closed only where it is refused
        return grid


def _series(
    parts: list[Part],
    turned: Turn,
    units: str | None,
    quality: str,
    region: Region | None,
    check: bool | str,
    where: str,
) -> xr.DataArray:
    """A variable with time."""
    meant, names = parts[0].meant, tuple(part.path.name for part in parts)
    axis, part_of, index_of = _join_times(parts)
    notes = [*turned.notes(), *axis.notes, *gaps(axis)]
    told = _told_units(parts, units, axis, turned, where)
    change = _conversion(told, parts, where)
    before = None
    if change.per == SINCE_MIDNIGHT:
        differences = since_midnight(axis, where)
        axis, before = differences.axis, differences.before
        notes += differences.notes
    factor = _factor(change, axis, meant, parts[0].unscaled, where)
    notes += _unit_notes(change, meant, parts[0].unscaled, units)
    masks = [part.quality for part in parts if part.quality is not None]
    if meant.product is not None and meant.product.quality and quality != "all" and not masks:
        notes.append(f"no layer {meant.product.quality!r} in the file: nothing masked by quality")
    chunks = _chunks(parts, (len(axis.start), len(turned.latitude), len(turned.longitude)))
    reader = FileReader(
        tuple(part.data for part in parts), part_of, index_of, turned, factor, change.offset, where,
        before=before, quality=tuple(masks), names=names,
        allowed=quality_codes(meant.product.key, quality) if masks and meant.product else (),
        limits=(meant.variable.low, meant.variable.high) if check and meant.variable else None,
        chunk_steps=chunks[0] if chunks else 1,
    )  # fmt: skip
    picks = _region(turned, region, where)
    if check:
        seen = look_through(reader, chunks, (slice(0, len(axis.start)), *picks), everything=check == "all")
        notes += say(seen, meant.variable, axis.start, where)
    attributes = _attributes(parts, meant, change, notes)
    grid = lazy_grid(
        reader,
        _coordinates(axis, turned),
        name=meant.variable.name if meant.variable else meant.name,
        attributes=attributes,
        chunks=chunks,
        encoding={"files": tuple(str(part.path.absolute()) for part in parts)},
    )
    return grid if region is None else grid.isel(latitude=picks[0], longitude=picks[1])


def _map(
    parts: list[Part], turned: Turn, units: str | None, region: Region | None, check: bool, where: str
) -> xr.DataArray:
    """A variable without time, in memory; only those that do not change may be."""
    meant = parts[0].meant
    if meant.variable is not None and not meant.variable.static:
        raise InputRefused(
            f"{where}: no time coordinate; {meant.variable.name} needs one: add it to the file"
        )
    if len(parts) > 1:
        raise InputRefused(f"{where}: a map without time out of {len(parts)} files; give one file")
    change = _conversion(parts[0].attributes.get("units") if units is None else units, parts, where)
    zero = np.zeros(1, np.intp)
    limits = (meant.variable.low, meant.variable.high) if check and meant.variable else None
    factor = np.array([change.factor])
    reader = FileReader((parts[0].data,), zero, zero, turned, factor, change.offset, where, limits=limits)
    rows, columns = _region(turned, region, where)
    values, infinite, _ = reader.examine(zero, rows, columns)
    notes = turned.notes() + _unit_notes(change, meant, False, units)
    notes += [f"{infinite:,} infinite values set missing"] if infinite else []
    coordinates = {name: _coordinates(None, turned)[name] for name in DIMS[1:]}
    coordinates = {name: (dims, data[pick], attrs) for (name, (dims, data, attrs)), pick
                   in zip(coordinates.items(), (rows, columns), strict=True)}  # fmt: skip
    name = meant.variable.name if meant.variable else meant.name
    attributes = _attributes(parts, meant, change, notes)
    grid = xr.DataArray(values[0], coordinates, DIMS[1:], name, attributes)
    grid.encoding["files"] = (str(parts[0].path.absolute()),)
    return grid


def _join_times(parts: list[Part]) -> tuple[TimeAxis, NDArray[np.intp], NDArray[np.intp]]:
    """One axis of all files, and which step of which file each of its steps is."""
    stamps = np.concatenate([part.stamps for part in parts if part.stamps is not None])
    part_of = np.concatenate(
        [np.full(len(part.stamps), i) for i, part in enumerate(parts) if part.stamps is not None]
    )
    index_of = np.concatenate([np.arange(len(part.stamps)) for part in parts if part.stamps is not None])
    order = np.argsort(stamps, kind="stable")
    stamps, part_of, index_of = stamps[order], part_of[order], index_of[order]
    refuse_duplicates(stamps, [parts[i].path.name for i in part_of])
    bounds = None
    if all(part.bounds is not None for part in parts):
        bounds = np.concatenate([part.bounds for part in parts if part.bounds is not None])[order]
    product = parts[0].meant.product
    axis = time_axis(stamps, bounds, step_days=product.step_days if product else 0)
    if any(np.any(np.diff(part.stamps) < np.timedelta64(0)) for part in parts if part.stamps is not None):
        axis = replace(axis, notes=(*axis.notes, "steps put in the order of time"))
    return axis, part_of.astype(np.intp), index_of.astype(np.intp)


def _told_units(parts: list[Part], units: str | None, axis: TimeAxis, turned: Turn, where: str) -> str | None:
    """The unit by the user, the file, or the documentation of the data set, in this order."""
    layer, written = parts[0].meant.layer, parts[0].attributes.get("units")
    if units is not None:
        return units
    if layer is not None and layer.rule == "accumulated":
        if written is not None and str(written).strip() not in ("m", "m of water equivalent", "metres"):
            return str(written)
        return accumulation_units(axis, turned.latitude, turned.longitude, where)
    if written is None and layer is not None:
        return layer.units
    return None if written is None else str(written)


def _conversion(units: str | None, parts: list[Part], where: str) -> Conversion:
    meant = parts[0].meant
    if meant.variable is None:
        return Conversion(units or "", 1.0)
    summed = "time: sum" in str(parts[0].attributes.get("cell_methods", ""))
    thickness = meant.layer.thickness_m if meant.layer else None
    return conversion(units, meant.variable, where=where, thickness_m=thickness, summed=summed)


def _factor(
    change: Conversion, axis: TimeAxis, meant: Meant, unscaled: bool, where: str
) -> NDArray[np.float64]:
    """Factor of every step."""
    factor = np.full(len(axis.start), change.factor)
    if change.per:
        if change.per == "month":
            month = axis.start.astype("datetime64[M]")
            seconds = ((month + 1).astype("datetime64[s]") - month.astype("datetime64[s]")).astype(np.float64)
        else:
            known = axis.seconds()
            if known is None:
                raise InputRefused(
                    f"{where}: sums over time steps whose length the file does not say (no bounds of time); "
                    "give units= "
                    "with the time, such as 'mm day-1'"
                )
            seconds = known
        factor /= seconds
    if meant.layer is not None:
        factor *= meant.layer.sign
        if meant.layer.scale is not None and unscaled:
            factor *= meant.layer.scale
    return factor


def _unit_notes(change: Conversion, meant: Meant, unscaled: bool, given: str | None) -> list[str]:
    notes = []
    if meant.variable is None:
        return [
            f"{meant.name} is not in the vocabulary: unit {change.units or 'unknown'!r} kept, nothing "
            "checked; with a standard_name in the file it would be known"
        ]
    if given is not None:
        notes.append(f"units {given!r} as told by the user")
    if change.per or change.factor != 1 or change.offset:
        notes.append(f"units {change.units!r} converted to {meant.variable.units!r}")
    if meant.layer is not None and meant.layer.sign < 0:
        notes.append("sign turned: positive is upward")
    if meant.layer is not None and meant.layer.scale is not None and unscaled:
        notes.append(f"whole numbers without a scale_factor multiplied by {meant.layer.scale:g}")
    if meant.layer is not None and meant.layer.note:
        notes.append(meant.layer.note)
    return notes


def _attributes(parts: list[Part], meant: Meant, change: Conversion, notes: list[str]) -> dict[str, Any]:
    names = [part.path.name for part in parts]
    more = f" and {len(names) - SHOWN_FILES} more" if len(names) > SHOWN_FILES else ""
    attributes: dict[str, Any] = {}
    given = parts[0].attributes
    if meant.variable is not None:
        if meant.variable.standard_name:
            attributes["standard_name"] = meant.variable.standard_name
        attributes |= {"long_name": meant.variable.long_name, "units": meant.variable.units}
    else:
        attributes |= {key: given[key] for key in ("standard_name", "long_name") if key in given}
        attributes |= {"units": change.units} if change.units else {}
    methods = given.get("cell_methods") or (meant.product.cell_methods if meant.product else "")
    if change.per:
        methods = "time: mean"
    attributes |= {"cell_methods": methods} if methods else {}
    if meant.layer is not None and meant.layer.depth_m is not None:
        attributes["depth"] = f"{meant.layer.depth_m[0]:g} to {meant.layer.depth_m[1]:g} m"
    attributes["source"] = ", ".join(names[:SHOWN_FILES]) + more
    attributes["source_variable"] = meant.name
    attributes["headwater_changes"] = "; ".join(notes)
    return attributes


def _coordinates(axis: TimeAxis | None, turned: Turn) -> dict[str, Any]:
    coordinates: dict[str, Any] = {}
    if axis is not None:
        coordinates["time"] = ("time", axis.start, {"standard_name": "time", "axis": "T"})
        if axis.end is not None:
            coordinates["time_end"] = ("time", axis.end, {"long_name": "end of the time step"})
    north = {"standard_name": "latitude", "units": "degrees_north", "axis": "Y"}
    east = {"standard_name": "longitude", "units": "degrees_east", "axis": "X"}
    coordinates["latitude"] = ("latitude", turned.latitude, north)
    coordinates["longitude"] = ("longitude", turned.longitude, east)
    return coordinates


def _region(turned: Turn, region: Region | None, where: str) -> tuple[slice, slice]:
    """Rows and columns whose centres lie in the region."""
    height, width = len(turned.latitude), len(turned.longitude)
    if region is None:
        return slice(0, height), slice(0, width)
    west, south, east, north = region
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise SettingsRefused(
            f"region {region}; west < east within ±180 and south < north within ±90 are needed"
        )
    rows = np.flatnonzero((turned.latitude >= south) & (turned.latitude <= north))
    columns = np.flatnonzero((turned.longitude >= west) & (turned.longitude <= east))
    if len(rows) == 0 or len(columns) == 0:
        raise InputRefused(
            f"{where}: no cell in the region {region}; the grid reaches from {turned.longitude[0]:g} to "
            f"{turned.longitude[-1]:g} east and from {turned.latitude[0]:g} to {turned.latitude[-1]:g} north"
        )
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _chunks(parts: list[Part], shape: tuple[int, int, int]) -> tuple[int, int, int] | None:
    """How the files are cut: steps, rows, columns; None where any window costs the same."""
    preferred = parts[0].data.encoding.get("preferred_chunks") or {}
    dims = parts[0].data.dims
    if parts[0].data.chunks is not None or all(dim in preferred for dim in dims[1:]):
        sizes = [int(preferred.get(dim, size)) for dim, size in zip(dims, parts[0].data.shape, strict=True)]
        steps, rows, columns = (min(size, most) for size, most in zip(sizes, shape, strict=True))
        return steps, rows, columns
    return None
