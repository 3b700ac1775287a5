"""Reads one variable of a converted data set as a table of stations."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from headwater.errors import InputRefused, SettingsRefused
from headwater.stations.cma_daily import Element, Rules, Variable
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
    frame = _frame(_read(Path(folder), element, variable, wanted), variable, folder)
    codes = [code for code, word in rules.quality.items() if word in qualities]
    present = frame["value"].notna()
    unfit = present & ~frame["quality"].isin(codes)
    flagged = present & ~unfit & frame["flag"].isin(flags)
    frame.loc[unfit | flagged, "value"] = np.nan
    counts = {
        "readings_left_out_by_quality": int(unfit.sum()),
        "readings_left_out_by_flag": int(flagged.sum()),
    }
    return _table(frame, kind, pd.read_csv(Path(folder) / "places.csv", dtype={"station": str})).assign_attrs(
        counts
    )


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


def _read(folder: Path, element: Element, variable: str, stations: list[str] | None) -> pa.Table:
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
    columns = ["station", "day", "start", "end", "value", "quality", "flag"]
    return ds.dataset(files, format="parquet").to_table(columns=columns, filter=chosen)


def _frame(table: pa.Table, variable: str, folder: Path) -> pd.DataFrame:
    frame = table.to_pandas(strings_to_categorical=True, date_as_object=False)
    if frame.empty:
        raise InputRefused(
            f"{folder}: no reading of {variable} for these stations. See places.csv for their numbers."
        )
    for name in ("start", "end"):
        frame[name] = frame[name].dt.tz_localize(None).astype("datetime64[ns]")
    frame["day"] = pd.to_datetime(frame["day"]).astype("datetime64[ns]")
    again = frame.duplicated(["station", "start"])
    if again.any():
        first = frame[again].iloc[0]
        raise InputRefused(
            f"{folder}: {int(again.sum())} readings of {variable} come twice, the first at station "
            f"{first['station']}, {first['start']} UTC: two files hold the same days. Convert them into "
            "separate folders, or take one away."
        )
    return frame


def _table(frame: pd.DataFrame, kind: Variable, places: pd.DataFrame) -> xr.DataArray:
    import xarray as xr

    wide = frame.pivot(index="start", columns="station", values="value").sort_index().sort_index(axis=1)
    last = places.sort_values("last_day").groupby("station").last().reindex(wide.columns.astype(str))
    moved = places.groupby("station").size().reindex(last.index) > 1
    times = frame.drop_duplicates("start").set_index("start").reindex(wide.index)
    return xr.DataArray(
        wide.to_numpy(np.float32),
        dims=("time", "station"),
        coords={
            "time": wide.index.to_numpy(),
            "station": last.index.to_numpy(str),
            "time_end": ("time", times["end"].to_numpy()),
            "day": ("time", times["day"].to_numpy()),
            "latitude": ("station", last["latitude"].to_numpy(float), {"units": "degrees_north"}),
            "longitude": ("station", last["longitude"].to_numpy(float), {"units": "degrees_east"}),
            "altitude": ("station", last["altitude"].to_numpy(float), {"units": "m"}),
            "moved": ("station", moved.to_numpy(bool)),
        },
        name=kind.name,
        attrs={"units": kind.units, "long_name": kind.name.replace("_", " "), "source": "CMA daily V3.0"},
    )
