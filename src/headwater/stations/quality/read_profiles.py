"""Reads the thresholds of the quality tests from ``data/quality_profiles.toml``."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any

from headwater.errors import SettingsRefused
from headwater.stations.quality.profiles import (
    Break,
    DepthLimits,
    DriftLimits,
    LowConstant,
    Plateau,
    Profile,
    Rise,
    Spike,
)


@cache
def profiles() -> dict[str, Profile]:
    """Every profile by its name."""
    data = _data()
    return {name: _profile(name, entry, data) for name, entry in data["profile"].items()}


def profile(name: str) -> Profile:
    """The profile of this name.

    Raises
    ------
    SettingsRefused
        There is none; the message names those that are.
    """
    found = profiles().get(name)
    if found is None:
        raise SettingsRefused(
            f"Quality profile {name!r} is not known; allowed are {', '.join(profiles())}. Choose one of them."
        )
    return found


@cache
def drift_limits() -> DriftLimits:
    """Thresholds of the flag "drift"."""
    return DriftLimits(**_numbers(_data()["drift"]))


@cache
def depth_limits() -> DepthLimits:
    """Thresholds of the flag "depths"."""
    return DepthLimits(**_numbers(_data()["depths"]))


def _data() -> dict[str, Any]:
    text = resources.files("headwater.data").joinpath("quality_profiles.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _profile(name: str, own: dict[str, Any], data: dict[str, Any]) -> Profile:
    return Profile(
        name=name,
        causal=own["causal"],
        ranges={variable: (low, high) for variable, (low, high) in _numbers(data["range"]).items()},
        frozen_below=data["frozen"]["below_celsius"],
        rise=Rise(**_numbers(data["rise"])),
        spike=Spike(**_numbers(data["spike"])),
        breaks=Break(**_numbers(data["break"])),
        low_constant=LowConstant(**_numbers(data["low_constant"])),
        plateau=Plateau(**_numbers(data["plateau"])),
        rain_hours=own["rain_hours"],
        model_rain_hours=own["model_rain_hours"],
        longest_plateau_hours=own["longest_plateau_hours"],
        highest_days=own["highest_days"],
    )


def _numbers(section: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in section.items() if key != "source"}
