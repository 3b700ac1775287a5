"""Reads one variable of a converted data set as a table of stations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
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


def read_station_table(
    folder: Path,
    variable: str,
    *,
    stations: Iterable[str] | None = None,
    quality: Iterable[str] = ("right", "not_checked"),
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
        The folder holds no such variable, a conversion was not finished, or a day stands in two files.
    SettingsRefused
        A variable, quality or flag that the data set does not know.
    """
    rules, folder = read_rules(), Path(folder)
    element, kind = _find(variable, rules)
    flags, qualities = tuple(without_flags), tuple(quality)
    _check(flags, {special.flag for special in kind.special}, "flag", variable)
    _check(qualities, set(rules.quality.values()), "quality", variable)
    codes = [code for code, word in rules.quality.items() if word in qualities]
    files = sorted((folder / "readings" / f"element={element.name}").glob("*.parquet"))
    if not files or not (folder / "places.csv").is_file():
        raise InputRefused(
            f"{folder}: no readings of {element.name}, which holds {variable}. Convert its files first: "
            f"headwater convert cma-daily FILES -o {folder}"
        )
    places = pd.read_csv(folder / "places.csv", dtype={"station": str}, parse_dates=["first_day", "last_day"])
    if stations is not None:
        places = places[places["station"].isin([str(station) for station in stations])]
    if places.empty:
        raise InputRefused(f"{folder}: none of these stations. Their numbers stand in places.csv.")
    table = _Table.over(places, folder)
    for batch in _batches(files, variable, None if stations is None else table.names):
        table.add(batch, codes, flags)
    if not table.seen.any():
        raise InputRefused(f"{folder}: no reading of {variable} for these stations.")
    return _labelled(table, kind, rules, places)


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


def _batches(files: list[Path], variable: str, stations: list[str] | None) -> Iterator[pa.RecordBatch]:
    """Rows of one variable, file by file: no file holds a station and day twice."""
    import pyarrow.dataset as ds

    chosen = ds.field("variable") == variable
    if stations is not None:
        chosen &= ds.field("station").isin(stations)
    columns = ["station", "day", "value", "quality", "flag"]
    data = ds.dataset([str(path) for path in files], format="parquet")
    for batch in data.to_batches(columns=columns, filter=chosen, fragment_readahead=2, batch_readahead=2):
        if batch.num_rows:
            yield batch


@dataclass
class _Table:
    """Values (day, station) that are filled batch by batch: memory holds little but the table itself."""

    folder: Path
    names: list[str]
    first_day: int
    values: NDArray[np.float32]
    seen: NDArray[np.bool_]
    left_out: dict[str, int] = field(default_factory=lambda: {"quality": 0, "flag": 0})

    @classmethod
    def over(cls, places: pd.DataFrame, folder: Path) -> _Table:
        """An empty table over the stations and days of the places."""
        names = sorted(set(places["station"]))
        first, last = (
            int(np.datetime64(day, "D").astype(int))
            for day in (places["first_day"].min(), places["last_day"].max())
        )
        shape = (last - first + 1, len(names))
        return cls(folder, names, first, np.full(shape, np.nan, np.float32), np.zeros(shape, bool))

    def add(self, batch: pa.RecordBatch, codes: list[int], flags: tuple[str, ...]) -> None:
        """Put the rows of a batch in their places; what quality and flags leave out stays missing."""
        import pyarrow as pa
        import pyarrow.compute as pc

        day = batch.column("day").cast(pa.int32()).to_numpy() - self.first_day
        place = day, self._columns(batch.column("station"), day)
        if (again := self.seen[place]).any():
            at = int(np.argmax(again))
            raise InputRefused(
                f"{self.folder}: readings come twice, the first at station {self.names[place[1][at]]}, "
                f"{(day[at] + self.first_day).astype('datetime64[D]')}: two files hold the same days. "
                "Convert them into separate folders, or take one away."
            )
        self.seen[place] = True
        value = batch.column("value").to_numpy(zero_copy_only=False).astype(np.float32, copy=True)
        present = ~np.isnan(value)
        fit = np.isin(batch.column("quality").to_numpy(), codes)
        marked = pc.is_in(batch.column("flag").cast(pa.string()), pa.array(flags, pa.string()))
        flagged = marked.to_numpy(zero_copy_only=False)
        self.left_out["quality"] += int((present & ~fit).sum())
        self.left_out["flag"] += int((present & fit & flagged).sum())
        value[~fit | flagged] = np.nan
        self.values[place] = value

    def _columns(self, station: pa.DictionaryArray, day: NDArray[np.int32]) -> NDArray[np.int64]:
        """Column of each row."""
        used = station.indices.to_numpy()
        names = station.dictionary.to_pylist()
        known = {name: column for column, name in enumerate(self.names)}
        column = np.array([known.get(name, -1) for name in names])[used]
        if column.min() < 0 or day.min() < 0 or day.max() >= len(self.values):
            at = int(np.argmax((column < 0) | (day < 0) | (day >= len(self.values))))
            raise InputRefused(
                f"{self.folder}: places.csv does not know station {names[used[at]]} on "
                f"{(day[at] + self.first_day).astype('datetime64[D]')}: a conversion was not finished. Run "
                "it again; it goes on where it stopped."
            )
        return column


def _labelled(table: _Table, kind: Variable, rules: Rules, places: pd.DataFrame) -> xr.DataArray:
    """The days and stations that have readings, with their coordinates."""
    import xarray as xr

    with_day, with_station = table.seen.any(axis=1), table.seen.any(axis=0)
    days = (table.first_day + np.flatnonzero(with_day)).astype(np.int32)
    names = np.array(table.names)[with_station]
    start, end = bounds(days, kind, rules)
    last = places.sort_values("last_day").groupby("station").last().reindex(names)
    moved = places.groupby("station").size().reindex(names) > 1
    printed = days.astype("datetime64[D]").astype("datetime64[ns]")
    return xr.DataArray(
        table.values[with_day][:, with_station],
        dims=("time", "station"),
        coords={
            "time": start.astype("datetime64[ns]"),
            "station": names,
            "time_end": ("time", end.astype("datetime64[ns]"), {"long_name": "end of the time step"}),
            "day": ("time", printed, {"long_name": "date printed"}),
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
            **{f"readings_left_out_by_{why}": count for why, count in table.left_out.items()},
        },
    )
