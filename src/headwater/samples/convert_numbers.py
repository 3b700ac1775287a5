"""Number columns of a sheet in the units past the reader; units from headers, options, cells, never from size."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from headwater.errors import UnitsUnclear
from headwater.samples.check_scale import refuse_fractions
from headwater.samples.findings import Finding
from headwater.samples.headers import Claim, Unit, plain_unit
from headwater.samples.layout import RawSheet
from headwater.samples.options import ReadOptions
from headwater.samples.parse_depths import parse_depths
from headwater.samples.parse_numbers import Numbers, comma_decimals, parse_numbers
from headwater.samples.parse_places import parse_degrees
from headwater.samples.read_vocabulary import Vocabulary
from headwater.samples.table import Action

Converted = tuple[dict[str, object], list[Finding]]
DELTAS = ("d18O", "d2H", "d_excess_given", "d18O_sd", "d2H_sd")


def decimal_sign(
    raw: RawSheet, options: ReadOptions, vocabulary: Vocabulary
) -> tuple[Literal[".", ","], list[Finding]]:
    """Decimal sign of a sheet: as asked, else a comma where number cells hold commas and none a point."""
    if options.decimal is not None:
        return options.decimal, []
    certain = grouped = points = 0
    for names in vocabulary.columns:
        claim = raw.layout.match.claims.get(names.column)
        if claim is None or not names.dimension or names.column == "depth":
            continue
        comma, thousands, point = comma_decimals(raw.columns[claim.position])
        delta = names.dimension == "delta"  # no δ reaches 1000 ‰, so that its comma is decimal
        certain += comma + (thousands if delta else 0)
        grouped += 0 if delta else thousands
        points += point
    if certain > points or (grouped and not points):
        sure = "" if certain else " (or groups of thousands: give the decimal sign to be sure)"
        return ",", [
            Finding(
                "",
                f"{certain + grouped} numbers with a comma",
                f"decimal points; read as decimal commas{sure}",
                Action.CONVERTED,
            )
        ]
    return ".", []


def unit_of(raw: RawSheet, claim: Claim, vocabulary: Vocabulary) -> tuple[Unit | None, str]:
    """Unit that header or unit row declares for a column; None, with the text, where it is no unit we know."""
    text = claim.unit or (plain_unit(raw.layout.units[claim.position]) if raw.layout.units else "") or ""
    dimension = next(names.dimension for names in vocabulary.columns if names.column == claim.column)
    return (vocabulary.units[dimension].get(text) if dimension else None), text


def convert_delta(
    raw: RawSheet, options: ReadOptions, vocabulary: Vocabulary, decimal: Literal[".", ","]
) -> tuple[Converted, dict[str, float]]:
    """δ18O, δ2H, their standard deviations and the stored d-excess in ‰, and the last digit [‰] each shows.

    Raises
    ------
    UnitsUnclear
        Header and option contradict, or nothing declares a unit and the values look like fractions.
    """
    claims = {name: raw.layout.match.claims[name] for name in DELTAS if name in raw.layout.match.claims}
    numbers = {name: parse_numbers(raw.columns[claim.position], decimal) for name, claim in claims.items()}
    factors: dict[str, float | None] = {}
    findings: list[Finding] = []
    for name, claim in claims.items():
        unit, text = unit_of(raw, claim, vocabulary)
        factors[name] = unit.factor if unit else None
        if unit is None and text and _known(text, vocabulary):
            raise UnitsUnclear(
                f"{raw.place}, column {claim.header!r}: unit {text!r}; a δ value is in ‰ or a fraction. Correct the header."
            )
        asked = {"permil": 1.0, "fraction": 1000.0, None: None}[options.delta_unit]
        if unit and asked and unit.factor != asked:
            raise UnitsUnclear(
                f"{raw.place}, column {claim.header!r}: the header says {text!r}, the option delta_unit says {options.delta_unit!r}. Drop one of them."
            )
        factors[name] = factors[name] or asked
    findings += refuse_fractions(raw.place, claims, numbers, factors)
    shared = factors.get("d18O") or factors.get("d2H") or 1.0
    columns: dict[str, object] = {}
    steps: dict[str, float] = {}
    for name, claim in claims.items():
        factor = factors[name] or shared
        columns[name] = numbers[name].values * factor
        steps[name] = factor * 10.0 ** -numbers[name].decimals
        findings += _about_numbers(claim.header, numbers[name])
        if factor != 1.0:
            findings.append(
                Finding(
                    claim.header, "fractions", f"‰; multiplied by {factor:g} as declared", Action.CONVERTED
                )
            )
    return (columns, findings), steps


def convert_number(raw: RawSheet, name: str, vocabulary: Vocabulary, decimal: Literal[".", ","]) -> Converted:
    """Any other number column in its canonical unit."""
    claim = raw.layout.match.claims.get(name)
    if claim is None:
        return {}, []
    numbers = parse_numbers(raw.columns[claim.position], decimal)
    findings = _about_numbers(claim.header, numbers)
    unit, text = unit_of(raw, claim, vocabulary)
    names = next(one for one in vocabulary.columns if one.column == name)
    if unit is None and text and _known(text, vocabulary):
        findings.append(
            Finding(
                claim.header,
                f"unit {text!r}",
                f"a unit of {names.dimension}: {', '.join(vocabulary.units[names.dimension])}; the column is set missing",
                Action.SET_MISSING,
            )
        )
        return {name: np.full(len(raw.rows), np.nan)}, findings
    if unit is None and names.default_unit:
        unit = vocabulary.units[names.dimension].get(plain_unit(names.default_unit))
        if name == "amount_mm":
            findings.append(
                Finding(
                    claim.header,
                    "no unit",
                    f"{names.default_unit} is assumed; put the unit into the header",
                    Action.FLAGGED,
                )
            )
    elif unit is None and names.dimension == "ratio" and bool((numbers.values > 1.0).any()):
        unit = vocabulary.units["ratio"]["%"]
        findings.append(
            Finding(
                claim.header,
                "no unit, values above 1",
                "a fraction or %; read as %, since no fraction exceeds 1",
                Action.CONVERTED,
            )
        )
    factor, offset = (unit.factor, unit.offset) if unit else (1.0, 0.0)
    return {name: numbers.values * factor + offset}, findings


def convert_depths(raw: RawSheet, options: ReadOptions, vocabulary: Vocabulary) -> Converted:
    """Upper and lower end of the depth [m] from a column of points or intervals, or of the two ends.

    Raises
    ------
    UnitsUnclear
        Depths other than 0 whose unit neither cell, header nor option declares.
    """
    n = len(raw.rows)
    top, bottom = np.full(n, np.nan), np.full(n, np.nan)
    findings: list[Finding] = []
    for name in ("depth", "depth_top_m", "depth_bottom_m"):
        claim = raw.layout.match.claims.get(name)
        if claim is None:
            continue
        unit, text = unit_of(raw, claim, vocabulary)
        asked = {"m": 1.0, "cm": 0.01, None: None}[options.depth_unit]
        if unit and asked and unit.factor != asked:
            raise UnitsUnclear(
                f"{raw.place}, column {claim.header!r}: the header says {text!r}, the option depth_unit says {options.depth_unit!r}. Drop one of them."
            )
        depths = parse_depths(raw.columns[claim.position], unit.factor if unit else asked)
        if depths.unitless.size:
            first = depths.text[int(depths.unitless[0])].as_py()
            raise UnitsUnclear(
                f"{raw.place}, row {raw.rows[depths.unitless[0]]}, column {claim.header!r}: depth {first!r} has no unit. "
                "Allowed: m or cm. Put it into the header, like depth (cm), or give depth_unit (--depth-unit cm)."
            )
        if name != "depth_bottom_m":
            top = np.where(np.isnan(depths.top), top, depths.top)
        if name != "depth_top_m":
            bottom = np.where(np.isnan(depths.bottom), bottom, depths.bottom)
        findings.append(
            Finding(
                claim.header,
                _texts(depths.text, depths.bad),
                "a depth: 15, 0-10, 40+",
                Action.SET_MISSING,
                depths.bad,
            )
        )
    crossed = np.flatnonzero(top > bottom)
    findings.append(Finding("depth_top_m", np.array([f"top {top[i]:g} m below bottom {bottom[i]:g} m" for i in crossed], object),
                            "the upper end above the lower one", Action.SET_MISSING, crossed))  # fmt: skip
    top[crossed] = bottom[crossed] = np.nan
    return {"depth_top_m": top, "depth_bottom_m": bottom}, findings


def convert_places(raw: RawSheet, vocabulary: Vocabulary) -> Converted:
    """Latitude and longitude in decimal degrees."""
    columns: dict[str, object] = {}
    findings: list[Finding] = []
    axis: Literal["latitude", "longitude"]
    for axis in ("latitude", "longitude"):
        claim = raw.layout.match.claims.get(axis)
        if claim is None:
            continue
        unit, _ = unit_of(raw, claim, vocabulary)
        degrees = parse_degrees(raw.columns[claim.position], axis, unit.factor if unit else 1.0)
        columns[axis] = degrees.values
        limit = 90 if axis == "latitude" else 180
        findings.append(
            Finding(
                claim.header,
                _texts(degrees.text, degrees.bad),
                f"{axis} within ±{limit}°, like 34.208 or 34°12′30″N",
                Action.SET_MISSING,
                degrees.bad,
            )
        )
        if degrees.rewritten.size:
            first = _texts(degrees.text, degrees.rewritten[:1])[0]
            findings.append(
                Finding(
                    claim.header,
                    f"{degrees.rewritten.size} cells like {first!r}",
                    "decimal degrees; converted",
                    Action.CONVERTED,
                )
            )
    for header in raw.layout.match.refused_xy:
        findings.append(
            Finding(
                header,
                "X and Y are not declared",
                'latitude and longitude; X is northing in Chinese surveys. Say xy = "lonlat", or map the columns; not used',
                Action.FLAGGED,
            )
        )
    return columns, findings


def _about_numbers(header: str, numbers: Numbers) -> list[Finding]:
    findings = [
        Finding(header, numbers.found(at), expected, Action.SET_MISSING, at)
        for at, expected in (
            (numbers.bad, "a number"),
            (numbers.censored, "a number; a value beyond the detection limit is not one"),
            (numbers.sentinel, "a number; this one is a code for missing"),
        )
        if at.size
    ]
    if numbers.rewritten.size:
        first = numbers.found(numbers.rewritten[:1])[0]
        findings.append(
            Finding(
                header,
                f"{numbers.rewritten.size} cells like {first!r}",
                "plain numbers; signs, units or digits were rewritten",
                Action.CONVERTED,
            )
        )
    return findings


def _known(text: str, vocabulary: Vocabulary) -> bool:
    """True where a text is a unit of any quantity (and not a remark in brackets)."""
    return any(text in table for table in vocabulary.units.values())


def _texts(text: pa.Array, at: NDArray[np.int64]) -> NDArray[np.object_]:
    return np.array([str(one)[:80] for one in text.take(pa.array(at)).to_pylist()], object)
