"""The vocabulary of gridded variables and data sets, out of the package's own data file."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from headwater.errors import SettingsRefused


@dataclass(frozen=True)
class Variable:
    """What a gridded variable is: its names, SI unit and plausible range."""

    name: str
    standard_name: str
    also: tuple[str, ...]
    long_name: str
    units: str
    kind: str
    low: float
    high: float
    static: bool = False
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class ProductLayer:
    """A variable in the files of one data set, and what these files do not say or say otherwise."""

    name: str
    variable: str
    depth_m: tuple[float, float] | None = None
    units: str | None = None
    sign: int = 1
    rule: str = ""
    thickness_m: float | None = None
    scale: float | None = None
    note: str = ""
    least: bool = False


@dataclass(frozen=True)
class Product:
    """A data set with habits of its own."""

    key: str
    title: str
    evidence: tuple[str, ...]
    layers: tuple[ProductLayer, ...]
    attribute_prefix: str = ""
    beside: str = ""
    quality: str = ""
    cell_methods: str = ""
    step_days: int = 0


@cache
def variables() -> dict[str, Variable]:
    """Every variable of ``data/variables.toml`` by its name."""
    return {name: _variable(name, entry) for name, entry in _content()["variable"].items()}


@cache
def products() -> dict[str, Product]:
    """Every data set of ``data/variables.toml`` by its key."""
    return {key: _product(key, entry) for key, entry in _content()["product"].items()}


@cache
def unit_aliases() -> dict[str, str]:
    """Spellings of units that UDUNITS does not know, and how it writes them."""
    return dict(_content()["unit_aliases"])


def quality_codes(product: str, quality: str) -> tuple[int, ...]:
    """Codes of a data set's quality layer that ``quality`` lets pass.

    Raises
    ------
    SettingsRefused : ``quality`` is not a word of the vocabulary
    """
    entry = _content()["quality"][product]
    if quality not in ("good", "usable"):
        raise SettingsRefused(f"quality {quality!r}; allowed are good, usable, all: choose one of these")
    return tuple(entry[quality])


@cache
def _content() -> dict[str, Any]:
    text = resources.files("headwater.data").joinpath("variables.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _variable(name: str, entry: dict[str, Any]) -> Variable:
    low, high = entry["range"]
    return Variable(
        name=name,
        standard_name=entry["standard_name"],
        also=tuple(entry["also"]),
        long_name=entry["long_name"],
        units=entry["units"],
        kind=entry["kind"],
        low=float(low),
        high=float(high),
        static=bool(entry.get("static", False)),
        names=tuple(entry.get("names", ())),
    )


def _product(key: str, entry: dict[str, Any]) -> Product:
    return Product(
        key=key,
        title=entry["title"],
        evidence=tuple(entry["evidence"]),
        layers=tuple(_layer(layer) for layer in entry["layer"]),
        attribute_prefix=entry.get("attribute_prefix", ""),
        beside=entry.get("beside", ""),
        quality=entry.get("quality", ""),
        cell_methods=entry.get("cell_methods", ""),
        step_days=int(entry.get("step_days", 0)),
    )


def _layer(entry: dict[str, Any]) -> ProductLayer:
    depth = entry.get("depth_m")
    return ProductLayer(**{**entry, "depth_m": tuple(depth) if depth else None})
