"""Depths and coordinates of a sheet."""

from __future__ import annotations

from typing import Literal

import numpy as np

from headwater.errors import UnitsUnclear
from headwater.samples.convert_numbers import unit_of
from headwater.samples.findings import Finding, converted, flagged, set_missing
from headwater.samples.headers import Claim
from headwater.samples.layout import RawSheet
from headwater.samples.options import ReadOptions
from headwater.samples.parse_depths import Depths, parse_depths
from headwater.samples.parse_numbers import texts_at
from headwater.samples.parse_places import parse_degrees
from headwater.samples.read_vocabulary import Vocabulary

Converted = tuple[dict[str, object], list[Finding]]


def convert_depths(raw: RawSheet, options: ReadOptions, vocabulary: Vocabulary) -> Converted:
    """Upper and lower end of the depth [m] from a column of points or intervals, or of the two ends.

    Raises
    ------
    UnitsUnclear
        Depths other than 0 whose unit neither cell, header nor option declares, or the latter two contradict.
    """
    top, bottom = np.full(len(raw.rows), np.nan), np.full(len(raw.rows), np.nan)
    findings: list[Finding] = []
    for name in ("depth", "depth_top_m", "depth_bottom_m"):
        claim = raw.layout.match.claims.get(name)
        if claim is None:
            continue
        depths = _depths(raw, claim, options, vocabulary)
        if name != "depth_bottom_m":
            top = np.where(np.isnan(depths.top), top, depths.top)
        if name != "depth_top_m":
            bottom = np.where(np.isnan(depths.bottom), bottom, depths.bottom)
        found = texts_at(depths.text, depths.bad)
        findings.append(set_missing(claim.header, found, "a depth: 15, 0-10, 40+", depths.bad))
    crossed = np.flatnonzero(top > bottom)
    told = np.array([f"top {top[i]:g} m below bottom {bottom[i]:g} m" for i in crossed], object)
    findings.append(set_missing("depth_top_m", told, "the upper end above the lower one", crossed))
    top[crossed] = bottom[crossed] = np.nan
    return {"depth_top_m": top, "depth_bottom_m": bottom}, findings


def _depths(raw: RawSheet, claim: Claim, options: ReadOptions, vocabulary: Vocabulary) -> Depths:
    unit, text = unit_of(raw, claim, vocabulary)
    asked = {"m": 1.0, "cm": 0.01, None: None}[options.depth_unit]
    if unit and asked and unit.factor != asked:
        raise UnitsUnclear(
            f"{raw.place}, column {claim.header!r}: the header says {text!r}, the option depth_unit says "
            f"{options.depth_unit!r}. Drop one of them."
        )
    depths = parse_depths(raw.columns[claim.position], unit.factor if unit else asked)
    if depths.unitless.size:
        first = int(depths.unitless[0])
        raise UnitsUnclear(
            f"{raw.place}, row {raw.rows[first]}, column {claim.header!r}: depth "
            f"{depths.text[first].as_py()!r} has no unit. Allowed: m or cm. "
            "Put it into the header, like depth (cm), or give depth_unit (`--depth-unit cm`)."
        )
    return depths


def convert_places(raw: RawSheet, vocabulary: Vocabulary) -> Converted:
    """Latitude and longitude in decimal degrees."""
    columns: dict[str, object] = {}
    findings: list[Finding] = []
    axis: Literal["latitude", "longitude"]
    for axis, limit in (("latitude", 90), ("longitude", 180)):
        claim = raw.layout.match.claims.get(axis)
        if claim is None:
            continue
        unit, _ = unit_of(raw, claim, vocabulary)
        degrees = parse_degrees(raw.columns[claim.position], axis, unit.factor if unit else 1.0)
        columns[axis] = degrees.values
        expected = f"{axis} within ±{limit}°, like 34.208 or 34°12′30″N"
        findings.append(set_missing(claim.header, texts_at(degrees.text, degrees.bad), expected, degrees.bad))
        if degrees.rewritten.size:
            found = (
                f"{degrees.rewritten.size} cells like {texts_at(degrees.text, degrees.rewritten[:1])[0]!r}"
            )
            findings.append(converted(claim.header, found, "decimal degrees; converted"))
    expected = (
        'latitude and longitude; X is northing in Chinese surveys. Not used; say xy = "lonlat" or map them'
    )
    findings += [
        flagged(header, "X and Y are not declared", expected) for header in raw.layout.match.refused_xy
    ]
    return columns, findings
