"""Read the data files of names: columns, kinds, vegetation, aspect, remarks, instruments."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from headwater.errors import SettingsRefused
from headwater.samples.headers import ColumnNames, Unit, plain_header
from headwater.samples.options import CHECK_COLUMNS
from headwater.samples.parse_names import plain_name
from headwater.samples.table import CANONICAL_COLUMNS


@dataclass(frozen=True)
class Vocabulary:
    """Names of columns with their units, and names of the values of text columns (plain name → class)."""

    columns: tuple[ColumnNames, ...]
    units: Mapping[str, Mapping[str, Unit]]
    kinds: Mapping[str, str]
    vegetation: Mapping[str, str]
    aspect: Mapping[str, str]
    remarks: Mapping[str, str]


def read_vocabulary(own: Path | None = None) -> Vocabulary:
    """Vocabulary of headwater, with a user's ``columns.toml`` in front where one is given.

    Raises
    ------
    SettingsRefused
        The user's file cannot be read or names a column that does not exist.
    """
    shipped = _shipped("columns")
    extra = _read_own(own) if own is not None else {}
    try:
        units = {
            dimension: {
                str(key): Unit(str(key), float(pair[0]), float(pair[1])) for key, pair in table.items()
            }
            for dimension, table in _merged(shipped["unit"], extra.get("unit", {})).items()
        }
        columns = tuple(
            _names(name, table, extra.get("column", {}).get(name, {}), units)
            for name, table in shipped["column"].items()
        )
    except (TypeError, ValueError, AttributeError, IndexError, KeyError) as error:
        raise SettingsRefused(
            f"{own}: not laid out as columns.toml ({error!r}); see docs/methods/reading_tables.md."
        ) from None
    return Vocabulary(
        columns, units, _classes("kinds"), _classes("vegetation"), _classes("aspect"), _shipped("remarks")
    )


@lru_cache
def default_analytical_sd() -> dict[str, float]:
    """Analytical standard deviation [‰] of one analysis where nothing else is known: d18O, d2H."""
    default = _shipped("instruments")["default"]
    return {"d18O": float(default["d18O"]), "d2H": float(default["d2H"])}


@lru_cache
def _shipped(name: str) -> dict[str, Any]:
    return tomllib.loads(files("headwater.data").joinpath(f"{name}.toml").read_text("utf-8"))


@lru_cache
def _classes(name: str) -> dict[str, str]:
    return {plain_name(raw): label for label, raws in _shipped(name).items() for raw in (label, *raws)}


def _read_own(path: Path) -> dict[str, Any]:
    try:
        content = tomllib.loads(Path(path).read_text("utf-8-sig"))
    except (OSError, ValueError) as error:
        raise SettingsRefused(
            f"vocabulary {path}: {error}. A TOML file like headwater's columns.toml is expected."
        ) from None
    allowed = {"column": {*CANONICAL_COLUMNS, *CHECK_COLUMNS}, "unit": set(_shipped("columns")["unit"])}
    for part, table in content.items():
        for name in table if isinstance(table, dict) else ():
            if part in allowed and name not in allowed[part]:
                raise SettingsRefused(
                    f"vocabulary {path}: no {part} {name!r}; allowed: {', '.join(sorted(allowed[part]))}."
                )
        if part not in allowed or not isinstance(table, dict):
            raise SettingsRefused(f"vocabulary {path}: section {part!r}; allowed: column, unit.")
    return content


def _names(
    column: str, shipped: dict[str, Any], extra: dict[str, Any], units: Mapping[str, Mapping[str, Unit]]
) -> ColumnNames:
    names = [plain_header(one) for one in (*extra.get("names", ()), *shipped.get("names", ()))]
    dimension = shipped.get("unit", "")
    endings = {plain_header(unit): unit for unit in units.get(dimension, ())}
    return ColumnNames(
        column=column,
        dimension=dimension,
        default_unit=extra.get("default", shipped.get("default", "")),
        exact={**shipped.get("exact", {}), **extra.get("exact", {})},
        names={name: rank for rank, name in reversed(list(enumerate(names)))},
        suffixed={
            name + ending: unit
            for name in names
            for ending, unit in endings.items()
            if ending and not ending.isdigit() and len(name) > 1
        },
        beside=(*extra.get("beside", ()), *shipped.get("beside", ())),
    )


def _merged(shipped: dict[str, Any], extra: dict[str, Any]) -> dict[str, Any]:
    return {name: {**table, **extra.get(name, {})} for name, table in shipped.items()}
