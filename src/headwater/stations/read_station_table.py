"""Reads one variable of a converted data set as a table of stations."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from headwater.errors import InputRefused, SettingsRefused
from headwater.stations.cma_daily import Element, Rules, Variable, bounds
from headwater.stations.read_cma_rules import read_rules

if TYPE_CHECKING:
    import pyarrow as pa
    import xarray as xr

Quality = Iterable[str]


def read_station_table(
    folder: Path,
    variable: str,
    *,
    stations: Iterable[str] | None = None,
    quality: Quality = ("right", "not_checked"),
    without_flags: Iterable[str] = (),
) -> xr.DataArray:
    """One variable of all stations, dims ("time", "station"), float32, NaN where there is no value.

    A reading lasts from ``time`` to ``time_end``, in UTC, its start included; ``day`` is the date that is
    printed, by which months are to be made. ``latitude``, ``longitude``, ``altitude`` are those of the last
    place of a station; ``moved`` tells that it had others, which stand in ``places.csv``. What quality and
    flags left out is counted in the attributes.

    Parameters
    ----------
    folder : as ``convert_cma_daily`` wrote it
    variable : such as "precipitation"
    stations : their numbers; None for all
    quality : words of the quality codes that are taken
    without_flags : flags whose readings are taken for missing, such as "fog_dew_frost" or "pan_dried_out"

    Raises
    ------
    InputRefused
        The folder holds no such variable.
    SettingsRefused
        A variable, quality or flag that the data set does not know.
    """
    rules = read_rules()
    element, kind = _find(variable, rules)
    flags, qualities = tuple(without_flags), tuple(quality)
    _check(flags, {special.flag for special in kind.special}, "flag", variable)
    _check(qualities, set(rules.quality.values()), "quality", variable)
    wanted = None if stations is None else [str(station) for station in stations]
    codes = [code for code, word in rules.quality.items() if word in qualities]
    readings = _read(Path(folder), element, variable, wanted, codes, flags)
    places = pd.read_csv(Path(folder) / "places.csv", dtype={"station": str})
    return _table(readings, kind, rules, places, folder)


@dataclass(frozen=True)
class _Readings:
    """Readings of one variable: position in ``stations``, day since 1970-01-01, value, shape (n,) each."""

    stations: list[str]
    station: NDArray[np.int32]
    day: NDArray[np.int32]
    value: NDArray[np.float32]
    left_out_by_quality: int
    left_out_by_flag: int


def _find(variable: str, rules: Rules) -> tuple[Element, Variable]:
    for element in rules.elements.values():
        for kind in element.variables:
            if kind.name == variable:
                return element, kind
    known = ", ".join(v.name for element in rules.elements.values() for v in element.variables)
    raise SettingsRefused(f"variable {variable!r}: allowed are {known}.")


def _check(given: tuple[str, ...], known: set[str], what: str, variable: str) -> None:
    for word in given:
        if word not in known:
            raise SettingsRefused(f"{what} {word!r} of {variable}: allowed are {', '.join(sorted(known))}.")


def _read(
    folder: Path,
    element: Element,
    variable: str,
    stations: list[str] | None,
    codes: list[int],
    flags: tuple[str, ...],
) -> _Readings:
    """Readings batch by batch, so that memory holds 12 bytes for each and little else."""
    import pyarrow.dataset as ds

    within = folder / "readings" / f"element={element.name}"
    files = sorted(str(path) for path in within.glob("*.parquet"))
    if not files or not (folder / "places.csv").is_file():
        raise InputRefused(
            f"{folder}: no readings of {element.name}, which holds {variable}. Convert its files first: "
            f"headwater convert cma-daily FILES -o {folder}"
        )
    chosen = ds.field("variable") == variable
    if stations is not None:
        chosen &= ds.field("station").isin(stations)
    columns = ["station", "day", "value", "quality", "flag"]
    known: dict[str, int] = {}
    parts, counts = [], np.zeros(2, np.int64)
    for batch in ds.dataset(files, format="parquet").to_batches(columns=columns, filter=chosen):
        if batch.num_rows:
            parts.append(_part(batch, known, codes, flags, counts))
    if not parts:
        raise InputRefused(
            f"{folder}: no reading of {variable} for these stations. See places.csv for their numbers."
        )
    row, day, value = (np.concatenate(column) for column in zip(*parts, strict=True))
    return _Readings(list(known), row, day, value, int(counts[0]), int(counts[1]))


def _part(
    batch: pa.RecordBatch,
    known: dict[str, int],
    codes: list[int],
    flags: tuple[str, ...],
    counts: NDArray[np.int64],
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]:
    """Station (position in ``known``), day and value of a batch; adds to ``counts`` what was left out."""
    import pyarrow as pa
    import pyarrow.compute as pc

    station = batch.column("station")
    used = station.indices.to_numpy(zero_copy_only=False)
    position = np.full(len(station.dictionary), -1, np.int32)
    for number in np.unique(used):
        position[number] = known.setdefault(station.dictionary[int(number)].as_py(), len(known))
    value = batch.column("value").to_numpy(zero_copy_only=False).astype(np.float32, copy=True)
    present = ~np.isnan(value)
    fit = np.isin(batch.column("quality").to_numpy(), codes)
    marked = pc.fill_null(
        pc.is_in(batch.column("flag").cast(pa.string()), pa.array(flags, pa.string())), False
    )
    flagged = marked.to_numpy(zero_copy_only=False)
    counts += (present & ~fit).sum(), (present & fit & flagged).sum()
    value[~fit | flagged] = np.nan
    return position[used], batch.column("day").cast(pa.int32()).to_numpy(), value


def _table(
    readings: _Readings, kind: Variable, rules: Rules, places: pd.DataFrame, folder: Path
) -> xr.DataArray:
    import xarray as xr

    order = np.argsort(readings.stations)
    names = np.array(readings.stations)[order]
    column = np.empty(len(order), np.int64)
    column[order] = np.arange(len(order))
    from_first = readings.day - readings.day.min()
    present = np.bincount(from_first) > 0
    days = (np.flatnonzero(present) + readings.day.min()).astype(np.int32)
    place = (np.cumsum(present) - 1)[from_first] * len(names) + column[readings.station]
    _refuse_twice(place, days, names, kind, folder)
    values = np.full(len(days) * len(names), np.nan, np.float32)
    values[place] = readings.value
    start, end = bounds(days, kind, rules)
    last = places.sort_values("last_day").groupby("station").last().reindex(names)
    moved = places.groupby("station").size().reindex(names) > 1
    return xr.DataArray(
        values.reshape(len(days), len(names)),
        dims=("time", "station"),
        coords={
            "time": start.astype("datetime64[ns]"),
            "station": names,
            "time_end": ("time", end.astype("datetime64[ns]"), {"long_name": "end of the time step"}),
            "day": (
                "time",
                days.astype("datetime64[D]").astype("datetime64[ns]"),
                {"long_name": "date printed"},
            ),
            "latitude": ("station", last["latitude"].to_numpy(float), {"units": "degrees_north"}),
            "longitude": ("station", last["longitude"].to_numpy(float), {"units": "degrees_east"}),
            "altitude": ("station", last["altitude"].to_numpy(float), {"units": "m"}),
            "moved": ("station", moved.to_numpy(bool)),
        },
        name=kind.name,
        attrs={
            **({"standard_name": kind.standard_name} if kind.standard_name else {}),
            "long_name": kind.name.replace("_", " "),
            "units": kind.units,
            "cell_methods": f"time: {kind.over_time}",
            "source": "CMA daily V3.0",
            "readings_left_out_by_quality": readings.left_out_by_quality,
            "readings_left_out_by_flag": readings.left_out_by_flag,
        },
    )


def _refuse_twice(
    place: NDArray[np.int64], days: NDArray[np.int32], names: NDArray[np.str_], kind: Variable, folder: Path
) -> None:
    """Refuses a station and day that comes twice."""
    count = np.bincount(place, minlength=0)
    if count.max() <= 1:
        return
    first = int(np.argmax(count > 1))
    day = days[first // len(names)].astype("datetime64[D]")
    raise InputRefused(
        f"{folder}: {int((count[count > 1] - 1).sum())} readings of {kind.name} come twice, the first at "
        f"station {names[first % len(names)]}, {day}: two files hold the same days. Convert them into "
        "separate folders, or take one away."
    )
