"""Reads the signs that the paper reports, ``data/paper_signs.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

Sign = Literal["+", "-", "0", ""]
"""``0``: the interval holds 0; empty: nothing to say."""


@dataclass(frozen=True)
class PaperSign:
    """Sign at low and at high altitude, and how plainly the paper says so (``note``)."""

    low: Sign
    high: Sign
    note: str
    section: str


@dataclass(frozen=True)
class PaperSigns:
    """Signs by month (1–12) and variable, the boundary between low and high, and where they stand."""

    boundary_m: float
    source: str
    signs: dict[tuple[int, str], PaperSign]


@cache
def read_paper_signs() -> PaperSigns:
    """The signs of sections 4.1 and 4.2."""
    raw = tomllib.loads(files("headwater.data").joinpath("paper_signs.toml").read_text("utf-8"))
    signs = {
        (entry["month"], variable): PaperSign(entry["low"], entry["high"], entry["note"], entry["section"])
        for entry in raw["signs"]
        for variable in entry["variables"]
    }
    return PaperSigns(float(raw["boundary_m"]), raw["source"], signs)
