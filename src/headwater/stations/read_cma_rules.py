"""Reads the rules of the daily files of the China Meteorological Administration."""

from __future__ import annotations

import hashlib
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from headwater.stations.cma_daily import Element, Rules, Special, Variable


@cache
def read_rules() -> Rules:
    """Rules of ``data/cma_daily.toml``."""
    text = files("headwater.data").joinpath("cma_daily.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    everywhere = [_special(entry) for entry in data["special"]]
    elements = {
        name: Element(
            name,
            element["code"],
            tuple(
                _variable(v, data["kinds"][v["kind"]], everywhere, data["day"]) for v in element["variables"]
            ),
        )
        for name, element in data["elements"].items()
    }
    place = data["place"]
    return Rules(
        elements,
        {int(code): word for code, word in data["quality"].items()},
        data["day"]["zone_hours"],
        place["estimated_add"],
        (place["lowest_altitude"], place["highest_altitude"]),
        hashlib.sha256(text.encode()).hexdigest()[:16],
    )


def _special(entry: dict[str, Any]) -> Special:
    kept = entry.get("value", "kept") == "kept"
    return Special(entry["from"], entry["to"], entry["flag"], entry["subtract"] if kept else None)


def _variable(
    entry: dict[str, Any], kind: dict[str, Any], everywhere: list[Special], day: dict[str, Any]
) -> Variable:
    own = [_special(special) for special in kind.get("special", [])]
    first, last = entry.get("hours", day["hours"])
    return Variable(
        entry["name"],
        kind.get("standard_name", ""),
        entry["over_time"],
        kind["printed"],
        kind["units"],
        kind["factor"],
        kind.get("offset", 0.0),
        kind["lowest"],
        kind["highest"],
        (*own, *everywhere),
        (first, last),
    )
