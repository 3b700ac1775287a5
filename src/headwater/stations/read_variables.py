"""Reads the vocabulary of measured variables from ``data/station_variables.toml``."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any

from headwater.stations.variables import Variable, spelled


@cache
def variables() -> dict[str, Variable]:
    """Every variable by its name."""
    text = resources.files("headwater.data").joinpath("station_variables.toml").read_text(encoding="utf-8")
    entries: dict[str, dict[str, Any]] = tomllib.loads(text)["variable"]
    return {name: _variable(name, entry, entries) for name, entry in entries.items()}


@cache
def by_ismn_code() -> dict[str, Variable]:
    """Every variable of the ISMN by its code, such as "sm"."""
    return {variable.ismn: variable for variable in variables().values() if variable.ismn}


def _variable(name: str, entry: dict[str, Any], entries: dict[str, dict[str, Any]]) -> Variable:
    units = entries[entry.get("same_units_as", name)].get("accepts", {})
    accepts = {spelled(entry["units"]): (1.0, 0.0)}
    accepts |= {spelled(unit): (float(factor), float(offset)) for unit, (factor, offset) in units.items()}
    low, high = entry["range"]
    return Variable(
        name=name,
        long_name=entry["long_name"],
        standard_name=entry.get("standard_name", ""),
        units=entry["units"],
        ismn=entry.get("ismn", ""),
        ismn_units=entry.get("ismn_units", ""),
        range=(float(low), float(high)),
        accepts=accepts,
    )
