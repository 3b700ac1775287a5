"""Reads a plain table of one sensor, with what else was measured at its place, to be flagged row by row."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from headwater.errors import InputRefused, SettingsRefused, UnitsUnclear
from headwater.stations.parsed import shown
from headwater.stations.quality.hourly import Values
from headwater.stations.read_variables import variables

TIMES = ("utc", "time", "timestamp", "datetime", "date_time", "date")
NAMES = {
    "soil_moisture": ("soil_moisture", "sm", "vwc", "theta", "swc"),
    "soil_temperature": ("soil_temperature", "ts"),
    "air_temperature": ("air_temperature", "ta"),
    "precipitation": ("precipitation", "p", "rain"),
    "model_soil_temperature": ("model_soil_temperature", "gldas_soil_temperature"),
    "model_precipitation": ("model_precipitation", "gldas_precipitation"),
}
"""What a column may be called, without its unit."""
USUAL = {"moisture": "%", "temperature": "degC", "precipitation": "mm"}
"""Units of a table that names none: those in which flags of the ISMN are defined."""
NO_VALUE = ("", "nan", "na", "null", "none")
DELIMITERS = (",", ";", "\t")
UNIT = re.compile(r"^(.*?)\s*[(\[]([^)\]]*)[)\]]\s*$")
LEAST_PERCENT = 1.0
"""A table without a stated unit whose soil moisture never exceeds this may be in m3 m-3."""


@dataclass(frozen=True)
class QualityTable:
    """A table of n rows.

    Attributes
    ----------
    time : shape (n,), datetime64[us], UTC
    values : variable → shape (n,), SI, NaN for none; "soil_moisture" always
    units : variable → unit of its column
    ignored : columns that are not used
    """

    time: np.ndarray
    values: dict[str, Values]
    units: dict[str, str]
    ignored: tuple[str, ...]


def read_quality_table(path: Path, *, units: Mapping[str, str] | None = None) -> QualityTable:
    """The table of a CSV file with a header: times in UTC, soil moisture, and what else there is.

    Columns are known by name (``NAMES``), with the unit in brackets or not: "soil_moisture (m3/m3)". Without
    a unit, soil moisture is in % vol, temperature in °C, precipitation in mm.

    Parameters
    ----------
    units : variable → unit, over what the header says

    Raises
    ------
    InputRefused
        The file is no such table; the message names row and column.
    UnitsUnclear
        Soil moisture may be in m3 m-3 as well, and no unit is stated.
    SettingsRefused
        A unit for a variable that is not known.
    """
    stated = _known(dict(units or {}))
    frame = _read(path)
    heads = {column: _head(column) for column in frame.columns}
    time = next((column for column, (name, _) in heads.items() if name in TIMES), None)
    chosen = _columns(heads, path)
    if time is None or "soil_moisture" not in chosen:
        missing = "times" if time is None else "soil moisture"
        raise InputRefused(
            f"{path}: no column of {missing} among {', '.join(frame.columns)}. A time in UTC "
            f"({', '.join(TIMES)}) and soil_moisture are needed; rename the columns."
        )
    values, found = {}, {}
    for variable, column in chosen.items():
        unit = stated.get(variable) or heads[column][1]
        numbers = _numbers(frame[column], path, column)
        if variable == "soil_moisture" and not unit:
            _check_percent(numbers, path, column)
        found[variable] = unit or next(usual for word, usual in USUAL.items() if word in variable)
        quantity = variables()[variable.removeprefix("model_")]
        values[variable] = quantity.to_si(numbers, found[variable], where=f"{path}, column {column}")
    ignored = tuple(column for column in frame.columns if column not in {time, *chosen.values()})
    return QualityTable(_times(frame[time], path, time), values, found, ignored)


def _known(units: dict[str, str]) -> dict[str, str]:
    for variable in units:
        if variable not in NAMES:
            raise SettingsRefused(f"unit of {variable!r}: allowed are the variables {', '.join(NAMES)}.")
    return units


def _read(path: Path) -> pd.DataFrame:
    """All cells as text."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        header = lines[0] if lines else ""
        rows = list(csv.reader(lines, delimiter=max(DELIMITERS, key=header.count)))
    except OSError as error:
        raise InputRefused(f"{path}: cannot be read: {error.strerror}. Check the path.") from None
    except (UnicodeError, csv.Error) as error:
        raise InputRefused(
            f"{path}: not a CSV table in UTF-8 ({error}). Save it as CSV with a header."
        ) from None
    if len(rows) < 2:
        raise InputRefused(f"{path}: the table has no rows. A header and one row an observation are needed.")
    head, body = rows[0], [(number, row) for number, row in enumerate(rows[1:], start=2) if row]
    wrong = next((number for number, row in body if len(row) != len(head)), None)
    if wrong is not None or len(set(head)) < len(head):
        what = (
            f"row {wrong} has another number of cells than the header"
            if wrong
            else "two columns share a name"
        )
        raise InputRefused(f"{path}: {what}. One name and one cell for each column are needed.")
    return pd.DataFrame(
        [row for _, row in body], columns=head, index=[number for number, _ in body], dtype=str
    )


def _head(column: str) -> tuple[str, str]:
    """Name in lower case, and unit, of a header."""
    match = UNIT.match(column)
    name, unit = (match[1], match[2]) if match else (column, "")
    return "_".join(name.split()).lower(), unit.strip()


def _columns(heads: dict[str, tuple[str, str]], path: Path) -> dict[str, str]:
    """Variable → column."""
    chosen: dict[str, str] = {}
    for column, (name, _) in heads.items():
        for variable, names in NAMES.items():
            if name in names and variable in chosen:
                raise InputRefused(
                    f"{path}: {chosen[variable]} and {column} are both {variable}. Leave one of them out."
                )
            if name in names:
                chosen[variable] = column
    return chosen


def _numbers(cells: pd.Series, path: Path, column: str) -> Values:
    text = cells.str.strip()
    empty = text.str.lower().isin(NO_VALUE)
    numbers = pd.to_numeric(text.where(~empty, "nan"), errors="coerce").to_numpy(float)
    wrong = (~empty.to_numpy() & np.isnan(numbers)) | np.isinf(numbers)
    if wrong.any():
        at = int(np.argmax(wrong))
        raise InputRefused(
            f"{path}, row {cells.index[at]}, column {column}: {shown(cells.iloc[at])!r} is no number "
            f"({int(wrong.sum())} such cells). Allowed are numbers with a decimal point; leave the cell "
            "empty where there is no value."
        )
    return numbers


def _times(cells: pd.Series, path: Path, column: str) -> np.ndarray:
    time = pd.to_datetime(cells.str.strip(), format="ISO8601", errors="coerce", utc=True)
    wrong = time.isna().to_numpy()
    if wrong.any():
        at = int(np.argmax(wrong))
        raise InputRefused(
            f"{path}, row {cells.index[at]}, column {column}: {shown(cells.iloc[at])!r} is no time "
            f"({int(wrong.sum())} such cells). Allowed is ISO 8601 such as 2020-06-01 13:00, in UTC or with "
            "its offset (+08:00)."
        )
    return np.asarray(time.dt.tz_localize(None).to_numpy(), dtype="datetime64[us]")


def _check_percent(numbers: Values, path: Path, column: str) -> None:
    most = np.nanmax(numbers) if (~np.isnan(numbers)).any() else np.inf
    if most <= LEAST_PERCENT:
        raise UnitsUnclear(
            f"{path}, column {column}: no unit is stated, and no value exceeds {most:g}, so this may be "
            "m3 m-3 or % vol. State it: --unit soil_moisture=m3/m3, or a header such as soil_moisture (%)."
        )
