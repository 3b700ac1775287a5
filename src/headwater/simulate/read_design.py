"""Reads the plan of a virtual campaign from a TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

from headwater.simulate import design as plan


def read_design(path: Path | None = None) -> plan.CampaignDesign:
    """The plan in ``path``, or that of the paper's campaign (``data/campaign_paper.toml``)."""
    return _paper_design() if path is None else _design(tomllib.loads(path.read_text("utf-8")))


@cache
def _paper_design() -> plan.CampaignDesign:
    text = files("headwater.data").joinpath("campaign_paper.toml").read_text("utf-8")
    return _design(tomllib.loads(text))


def _design(raw: Mapping[str, Any]) -> plan.CampaignDesign:
    raw = _frozen(raw)
    rain = dict(raw["precipitation"])
    rain["stations"] = tuple(plan.Place(**place) for place in rain["stations"])
    rain["months"] = tuple(plan.Month(**month) for month in rain["months"])
    effects = {
        source: MappingProxyType(
            {period: plan.Effect(**effect) for period, effect in raw["effects"][source].items()}
        )
        for source in plan.SOURCES[1:]
    }
    return plan.CampaignDesign(
        name=raw["name"],
        periods=tuple(plan.Period(**period) for period in raw["periods"]),
        soil=plan.Soil(**raw["soil"]),
        strata=plan.Strata(**raw["strata"]),
        region=plan.Region(**raw["region"]),
        precipitation=plan.Precipitation(**rain),
        ground_ice=_stored_water(raw["ground_ice"]),
        snow_melt=_stored_water(raw["snow_melt"]),
        ice_altitude_m=raw["ground_ice"]["altitude_m"],
        fronts=tuple(plan.Place(**place) for place in raw["snow_melt"]["fronts"]),
        surface_water=MappingProxyType(
            {kind: plan.SurfaceWater(**water) for kind, water in raw["surface_water"].items()}
        ),
        altitude_knots_m=raw["effects"]["altitude_knots_m"],
        site_sd=raw["effects"]["site_sd"],
        effects=MappingProxyType(effects),
        evaporation=plan.Evaporation(**raw["evaporation"]),
        ground=plan.Ground(**raw["ground"]),
        d18O_sd=raw["analysis"]["d18O_sd"],
        d2H_sd=raw["analysis"]["d2H_sd"],
        mess=plan.Mess(**raw["mess"]),
    )


def _stored_water(raw: Mapping[str, Any]) -> plan.StoredWater:
    return plan.StoredWater(**{key: raw[key] for key in ("d18O", "d_excess", "d18O_sd", "across_sd")})


def _frozen(value: Any) -> Any:
    """The value with lists as tuples and tables as read-only mappings."""
    if isinstance(value, dict):
        return MappingProxyType({key: _frozen(item) for key, item in value.items()})
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value
