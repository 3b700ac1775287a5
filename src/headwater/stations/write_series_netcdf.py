"""Writes readings as CF netCDF: discrete sampling geometry timeSeries, one file a variable.

Contiguous ragged array (CF-1.11, section 9.3.3 and appendix H.2.4): the readings of one series stand side by
side, and ``row_size`` says how many there are. Series have times of their own, so no grid of times would be
half empty; one variable a file, because values of all series share one unit there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headwater import __version__
from headwater.errors import InputRefused
from headwater.stations.flags import FlagWords
from headwater.stations.parsed import shown
from headwater.stations.read_flags import flag_words
from headwater.stations.read_variables import variables
from headwater.stations.readings import Readings, State
from headwater.stations.series import Series, Station
from headwater.stations.variables import Variable
from headwater.stations.write_ismn import station_of

CONVENTIONS = "CF-1.11"
PACKED = {"compression": "gzip", "compression_opts": 4, "shuffle": True, "fletcher32": True}
_NOT_IN_MEANINGS = re.compile(r"[^A-Za-z0-9_.+@-]+")
_EPOCH = "since 1970-01-01 00:00:00"


@dataclass(frozen=True)
class _Column:
    """A variable of the file."""

    dimensions: tuple[str, ...]
    data: NDArray[Any]
    attributes: dict[str, Any]


def write_series_netcdf(rows: Readings, stations: Iterable[Station], folder: Path) -> tuple[Path, ...]:
    """One file VARIABLE.nc for each variable that has readings.

    Within it, readings stand series by series, each in order of time. Files of the same names are replaced.

    Parameters
    ----------
    stations : of all series, with their coordinates
    folder : made if need be

    Raises
    ------
    InputRefused
        A series has no station, a station no coordinates, or h5netcdf is not installed.
    """
    try:
        import h5netcdf
    except ImportError as error:
        raise InputRefused("netCDF needs h5netcdf; install headwater[grids]") from error
    known = {one.id: one for one in stations}
    with_readings = [rows.series[at] for at in sorted(set(rows.of.tolist()))]
    files = {name: _columns(rows, name, with_readings, known) for name in _names(with_readings)}
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, columns in files.items():
        path = folder / f"{name}.nc"
        part = path.with_name(path.name + ".part")
        try:
            with h5netcdf.File(part, "w") as file:
                file.attrs.update(_about(variables()[name]))
                for column, made in columns.items():
                    _write(file, column, made)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        paths.append(path)
    return tuple(paths)


def _names(series: Sequence[Series]) -> list[str]:
    return list(dict.fromkeys(one.variable for one in series))


def _columns(
    rows: Readings, name: str, with_readings: Sequence[Series], known: dict[str, Station]
) -> dict[str, _Column]:
    """Everything that a file holds."""
    series = [one for one in with_readings if one.variable == name]
    parts = [rows.of_series(one) for one in series]
    sizes = np.array([len(part) for part in parts], np.int32)
    columns = _places(series, [station_of(one, known) for one in series])
    columns["row_size"] = _Column(
        ("series",), sizes, {"long_name": "number of readings of the series", "sample_dimension": "obs"}
    )
    one = {
        column: np.concatenate([getattr(part, column) for part in parts])
        for column in ("time", "value", "flags", "state", "says", "version")
    }
    columns["time"] = _time(one["time"])
    beside = " ".join(column for column in ("lat", "lon", "depth", "station") if column in columns)
    columns[name] = _Column(
        ("obs",),
        one["value"],
        _described(variables()[name])
        | {
            "_FillValue": np.float64(np.nan),
            "coordinates": f"time {beside}",
            "ancillary_variables": "flags state provider_flag",
        },
    )
    return columns | _flags(one, rows.said)


def _about(variable: Variable) -> dict[str, str]:
    return {
        "Conventions": CONVENTIONS,
        "featureType": "timeSeries",
        "title": f"{variable.long_name} at stations",
        "source": "in situ sensors",
        "history": f"written by headwater {__version__}",
        "comment": "Times are UTC: of the reading, or the end of the interval of a mean or sum. The state "
        "of the "
        "ground stands apart from the quality of the value.",
    }


def _described(variable: Variable) -> dict[str, Any]:
    named = {"standard_name": variable.standard_name} if variable.standard_name else {}
    if variable.units == "K":
        named["units_metadata"] = "temperature: on_scale"
    return {**named, "long_name": variable.long_name, "units": variable.units}


def _places(series: Sequence[Series], stations: Sequence[Station]) -> dict[str, _Column]:
    """Coordinates and names of each series."""
    for one in stations:
        if one.latitude is None or one.longitude is None:
            raise InputRefused(
                f"station {shown(one.id)}: latitude {one.latitude}, longitude {one.longitude}; a netCDF "
                "file of time "
                "series states both. Complete the table of stations."
            )
    degrees = {
        "lat": ("latitude", "degrees_north", [one.latitude for one in stations]),
        "lon": ("longitude", "degrees_east", [one.longitude for one in stations]),
    }
    columns = {
        name: _numbers(
            numbers, {"standard_name": word, "long_name": f"{word} of the station", "units": units}
        )
        for name, (word, units, numbers) in degrees.items()
    }
    ground = {"standard_name": "surface_altitude", "long_name": "altitude of the station", "units": "m"}
    columns["altitude"] = _numbers([one.altitude_m for one in stations], ground, gaps=True)
    columns |= _depths(series)
    columns["series_id"] = _texts(
        [_identity(one) for one in series],
        {"cf_role": "timeseries_id", "long_name": "identity of the series"},
    )
    columns["station"] = _texts(
        [one.station for one in series], {"standard_name": "platform_id", "long_name": "station"}
    )
    columns["sensor"] = _texts([one.sensor for one in series], {"long_name": "sensor"})
    return columns


def _identity(one: Series) -> str:
    depth = "" if one.depth_from_mm is None else f"{one.depth_from_mm} to {one.depth_to_mm} mm"
    return "|".join((one.station, one.variable, depth, one.sensor))


def _depths(series: Sequence[Series]) -> dict[str, _Column]:
    """Depths and their bounds; none where no series has any, and no coordinate where one has none."""
    layers = [(one.depth_from_mm, one.depth_to_mm) for one in series]
    bounds = np.array([[np.nan if edge is None else edge / 1000 for edge in layer] for layer in layers])
    if np.isnan(bounds).all():
        return {}
    whole = not np.isnan(bounds).any()
    attributes = {
        "standard_name": "depth",
        "long_name": "depth of the sensor",
        "units": "m",
        "positive": "down",
    }
    if whole:
        attributes |= {"axis": "Z", "bounds": "depth_bounds"}
    name = "depth" if whole else "depth_where_known"
    edges = {} if whole else {"long_name": "top and bottom of the measured layer", "units": "m"}
    return {
        name: _numbers(bounds.mean(axis=1), attributes, gaps=not whole),
        f"{name}_bounds": _Column(("series", "bound"), bounds, edges),
    }


def _numbers(numbers: Any, attributes: dict[str, Any], *, gaps: bool = False) -> _Column:
    filled = np.array([np.nan if number is None else number for number in numbers], float)
    return _Column(("series",), filled, attributes | ({"_FillValue": np.float64(np.nan)} if gaps else {}))


def _texts(texts: Sequence[str], attributes: dict[str, Any], dimension: str = "series") -> _Column:
    """Texts as netCDF's signs, each as wide as the longest."""
    coded = [text.encode("utf-8") for text in texts]
    wide = max([1, *map(len, coded)])
    signs = np.array(coded, dtype=f"S{wide}").view("S1").reshape(len(coded), wide)
    return _Column((dimension, f"letters_{wide}"), signs, {**attributes, "_Encoding": "utf-8"})


def _time(time: NDArray[np.datetime64]) -> _Column:
    micro = time.astype("datetime64[us]").astype(np.int64)
    whole = not (micro % 1_000_000).any()
    attributes = {
        "standard_name": "time",
        "long_name": "time of the reading",
        "units": f"{'seconds' if whole else 'microseconds'} {_EPOCH}",
        "calendar": "standard",
        "units_metadata": "leap_seconds: none",
        "axis": "T",
    }
    return _Column(("obs",), micro // 1_000_000 if whole else micro, attributes)


def _flags(one: dict[str, NDArray[Any]], said: Sequence[str]) -> dict[str, _Column]:
    """Flags, state and provider flags, and versions where there are any."""
    used, says = np.unique(one["says"], return_inverse=True)
    kept = [said[number] for number in used.tolist()]
    meanings = [_NOT_IN_MEANINGS.sub("_", text) or "none" for text in kept]
    index = {
        "standard_name": "status_flag",
        "long_name": "flag of the provider; as it was written in provider_flag_text",
        "flag_values": np.arange(len(kept), dtype=np.int32),
        "flag_meanings": " ".join(meanings),
    }
    columns = {
        "flags": _quality(one["flags"], flag_words()),
        "state": _Column(
            ("obs",),
            one["state"].astype(np.int8),
            {
                "standard_name": "status_flag",
                "long_name": "state of the ground",
                "flag_masks": np.array([bit.value for bit in State if bit], np.int8),
                "flag_meanings": " ".join(str(bit.name).lower() for bit in State if bit),
            },
        ),
        "provider_flag": _Column(("obs",), says.astype(np.int32), index),
        "provider_flag_text": _texts(
            kept, {"long_name": "flags as the provider wrote them"}, "provider_flags"
        ),
    }
    if one["version"].any():
        told = {"long_name": "of two readings of one series and time the higher version holds"}
        columns["version"] = _Column(("obs",), one["version"], told)
    return columns


def _quality(flags: NDArray[np.uint64], words: FlagWords) -> _Column:
    """Flags as 32 bits where they fit; a bit that has no word is an error of whoever set it."""
    unknown = np.bitwise_or.reduce(flags, initial=np.uint64(0)) & ~np.uint64(
        sum(1 << bit for bit in words.bits.values())
    )
    if unknown:
        raise InputRefused(
            f"flags with bits {int(unknown):#x}, which have no word; allowed are those of "
            "quality_flags.toml. "
            "Were they written by a newer version? Update headwater."
        )
    kind = np.int32 if max(words.bits.values()) < 31 else np.int64
    meanings = [f"{code}_{_slug(words.meanings[code])}" for code in words.bits]
    return _Column(
        ("obs",),
        flags.astype(kind),
        {
            "standard_name": "quality_flag",
            "long_name": "quality of the value; 0: not flagged",
            "flag_masks": np.array([1 << bit for bit in words.bits.values()], kind),
            "flag_meanings": " ".join(meanings),
        },
    )


def _slug(meaning: str) -> str:
    return _NOT_IN_MEANINGS.sub("_", meaning.replace("°", "deg")).strip("_")


def _write(file: Any, name: str, column: _Column) -> None:
    for dimension, size in zip(column.dimensions, column.data.shape, strict=True):
        if dimension not in file.dimensions:
            file.dimensions[dimension] = size
    fill = column.attributes.get("_FillValue")
    packed = PACKED if column.data.size else {}
    made = file.create_variable(
        name, column.dimensions, data=np.ascontiguousarray(column.data), fillvalue=fill, **packed
    )
    made.attrs.update({key: value for key, value in column.attributes.items() if key != "_FillValue"})
