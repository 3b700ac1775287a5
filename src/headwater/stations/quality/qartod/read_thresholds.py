"""Reads the thresholds of QARTOD's tests for soil moisture from ``data/quality_profiles.toml``."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any

from headwater.stations.quality.qartod.run import Thresholds


@cache
def thresholds() -> Thresholds:
    """Those that are shipped; a start, to be set for each network."""
    text = resources.files("headwater.data").joinpath("quality_profiles.toml").read_text(encoding="utf-8")
    section: dict[str, Any] = tomllib.loads(text)["qartod"]
    pairs: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in section.items()
    }
    pairs.pop("source")
    return Thresholds(**pairs)
