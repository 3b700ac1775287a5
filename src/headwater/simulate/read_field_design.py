"""Reads the plan of virtual fields from a TOML file, with the outline of its region."""

from __future__ import annotations

import json
import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

from headwater.simulate import field_design as plan


def read_field_design(path: Path | None = None) -> plan.FieldDesign:
    """The plan in ``path``, or that of the paper's region (``data/fields_paper.toml``)."""
    return _paper_design() if path is None else _design(tomllib.loads(path.read_text("utf-8")))


@cache
def _paper_design() -> plan.FieldDesign:
    text = files("headwater.data").joinpath("fields_paper.toml").read_text("utf-8")
    return _design(tomllib.loads(text))


def _design(raw: dict[str, Any]) -> plan.FieldDesign:
    coupling = raw["coupling"]
    months = {
        int(name): plan.Side(tuple(side["low"]), tuple(side["high"]))
        for name, side in coupling.items()
        if name.isdigit()
    }
    grid = raw["grid"] | {name: tuple(raw["grid"][name]) for name in ("latitude", "longitude")}
    terrain: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in raw["terrain"].items()
    }
    sizes = {
        name: plan.Size(**size | {"mean": tuple(size["mean"])}) for name, size in raw["variables"].items()
    }
    return plan.FieldDesign(
        name=raw["name"],
        drivers=tuple(raw["drivers"]),
        grid=plan.Grid(**grid | {"outline": _outline(grid["outline"])}),
        terrain=plan.Terrain(**terrain),
        noise=plan.Noise(**raw["noise"]),
        coupling=plan.Coupling(
            boundary_m=coupling["boundary_m"],
            blend_m=coupling["blend_m"],
            between=tuple(tuple(row) for row in coupling["between"]),
            months=MappingProxyType(months),
        ),
        variables=MappingProxyType(sizes),
    )


def _outline(name: str) -> plan.Matrix:
    text = files("headwater.data").joinpath("outlines", name).read_text("utf-8")
    (ring,) = json.loads(text)["features"][0]["geometry"]["coordinates"]
    return tuple((float(x), float(y)) for x, y, *_ in ring)
