"""Number columns of a sheet in the units past the reader; a unit is declared, never guessed from size."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pyarrow.compute as pc

from headwater.errors import UnitsUnclear
from headwater.samples.check_scale import refuse_fractions
from headwater.samples.findings import Finding, converted, flagged, set_missing
from headwater.samples.headers import Claim, ColumnNames, Unit, plain_unit
from headwater.samples.layout import RawSheet
from headwater.samples.options import ReadOptions
from headwater.samples.parse_numbers import Numbers, comma_decimals, parse_numbers
from headwater.samples.read_vocabulary import Vocabulary

Converted = tuple[dict[str, object], list[Finding]]
Decimal = Literal[".", ","]
DELTAS = ("d18O", "d2H", "d_excess_given", "d18O_sd", "d2H_sd")
BEHIND = {
    "delta": "‰|per ?mil", "length": "m|米|masl", "water": "mm|毫米", "temperature": "°c|c", "angle": "°|deg",
}  # fmt: skip


def decimal_sign(
    raw: RawSheet, options: ReadOptions, vocabulary: Vocabulary
) -> tuple[Decimal, list[Finding]]:
    """Decimal sign of a sheet: as asked, else a comma where number cells hold commas and none a point."""
    if options.decimal is not None:
        return options.decimal, []
    numeric = {names.column: names.dimension for names in vocabulary.columns if names.dimension}
    claims = raw.layout.match.claims
    found = [name for name in numeric if name in claims and name != "depth"]
    asked = {name: raw.columns[claims[name].position] for name in found}
    if not any(pc.any(pc.match_substring(text, ",")).as_py() for text in asked.values()):
        return ".", []
    certain = grouped = points = 0
    for name, text in asked.items():
        comma, thousands, point = comma_decimals(text)
        delta = numeric[name] == "delta"  # no δ reaches 1000 ‰, so that its comma is decimal
        certain += comma + (thousands if delta else 0)
        grouped += 0 if delta else thousands
        points += point
    if not (certain > points or (grouped and not points)):
        return ".", []
    sure = "" if certain else " (or groups of thousands: give the decimal sign to be sure)"
    told = f"{certain + grouped} numbers with a comma"
    return ",", [converted("", told, f"decimal points; read as decimal commas{sure}")]


def unit_of(raw: RawSheet, claim: Claim, vocabulary: Vocabulary) -> tuple[Unit | None, str]:
    """Unit that header or unit row declares for a column, and its text; None where it is no unit we know."""
    below = plain_unit(raw.layout.units[claim.position]) if raw.layout.units else ""
    text = claim.unit or below
    dimension = _names(claim.column, vocabulary).dimension
    return (vocabulary.units[dimension].get(text) if dimension else None), text


def convert_delta(
    raw: RawSheet, options: ReadOptions, vocabulary: Vocabulary, decimal: Decimal
) -> tuple[Converted, dict[str, float]]:
    """δ18O, δ2H, their standard deviations and the stored d-excess in ‰, and the last digit [‰] each shows.

    Raises
    ------
    UnitsUnclear
        Header and option contradict, or nothing declares a unit and the values look like fractions.
    """
    claims = {name: raw.layout.match.claims[name] for name in DELTAS if name in raw.layout.match.claims}
    factors = {name: _delta_factor(raw, claim, options, vocabulary) for name, claim in claims.items()}
    shared = factors.get("d18O") or factors.get("d2H") or 1.0
    numbers = {
        name: parse_numbers(
            raw.columns[claim.position], decimal, BEHIND["delta"] if (factors[name] or shared) == 1.0 else ""
        )
        for name, claim in claims.items()
    }
    findings = refuse_fractions(raw.place, claims, numbers, factors)
    columns: dict[str, object] = {}
    steps: dict[str, float] = {}
    for name, claim in claims.items():
        factor = factors[name] or shared
        columns[name] = numbers[name].values * factor
        steps[name] = factor * 10.0 ** -numbers[name].decimals
        findings += about_numbers(claim.header, numbers[name])
        if factor != 1.0:
            findings.append(converted(claim.header, "fractions", f"‰; multiplied by {factor:g} as declared"))
    return (columns, findings), steps


def _delta_factor(raw: RawSheet, claim: Claim, options: ReadOptions, vocabulary: Vocabulary) -> float | None:
    """1 or 1000 as header or option declare, None where neither does."""
    unit, text = unit_of(raw, claim, vocabulary)
    asked = {"permil": 1.0, "fraction": 1000.0, None: None}[options.delta_unit]
    if unit is None and text and _is_unit(text, vocabulary):
        raise UnitsUnclear(
            f"{raw.place}, column {claim.header!r}: unit {text!r}; a δ value is in ‰ or a fraction. "
            "Correct the header."
        )
    if unit and asked and unit.factor != asked:
        raise UnitsUnclear(
            f"{raw.place}, column {claim.header!r}: the header says {text!r}, the option delta_unit says "
            f"{options.delta_unit!r}. Drop one of them."
        )
    return unit.factor if unit else asked


def convert_number(raw: RawSheet, name: str, vocabulary: Vocabulary, decimal: Decimal) -> Converted:
    """Any other number column in its canonical unit."""
    claim = raw.layout.match.claims.get(name)
    if claim is None:
        return {}, []
    unit, text = unit_of(raw, claim, vocabulary)
    names = _names(name, vocabulary)
    if unit is None and text and _is_unit(text, vocabulary):
        expected = f"one of {', '.join(vocabulary.units[names.dimension])}; the column is set missing"
        return {name: np.full(len(raw.rows), np.nan)}, [set_missing(claim.header, f"unit {text!r}", expected)]
    assumed = unit is None and bool(names.default_unit)
    if assumed:
        unit = vocabulary.units[names.dimension][plain_unit(names.default_unit)]
    plain = unit is not None and (unit.factor, unit.offset) == (1.0, 0.0)
    behind = BEHIND.get(names.dimension, "") if plain else ""
    numbers = parse_numbers(raw.columns[claim.position], decimal, behind)
    findings = about_numbers(claim.header, numbers)
    if assumed and name == "amount_mm":
        expected = f"{names.default_unit} is assumed; put the unit into the header"
        findings.append(flagged(claim.header, "no unit", expected))
    if unit is None and names.dimension == "ratio" and bool((numbers.values > 1.0).any()):
        unit = vocabulary.units["ratio"]["%"]
        expected = "a fraction or %; read as %, since no fraction exceeds 1"
        findings.append(converted(claim.header, "no unit, values above 1", expected))
    factor, offset = (unit.factor, unit.offset) if unit else (1.0, 0.0)
    return {name: numbers.values * factor + offset}, findings


def about_numbers(header: str, numbers: Numbers) -> list[Finding]:
    """Findings about cells that are no number, below a detection limit, a code, or were rewritten."""
    findings = [
        set_missing(header, numbers.found(at), expected, at)
        for at, expected in (
            (numbers.bad, "a number"),
            (numbers.censored, "a number; a value beyond the detection limit is not one"),
            (numbers.sentinel, "a number; this one is a code for missing"),
        )
        if at.size
    ]
    if numbers.rewritten.size:
        found = f"{numbers.rewritten.size} cells like {numbers.found(numbers.rewritten[:1])[0]!r}"
        findings.append(converted(header, found, "plain numbers; signs, units or digits were rewritten"))
    return findings


def _names(column: str, vocabulary: Vocabulary) -> ColumnNames:
    return next(names for names in vocabulary.columns if names.column == column)


def _is_unit(text: str, vocabulary: Vocabulary) -> bool:
    """True where a text is a unit of any quantity (and not a remark in brackets)."""
    return any(text in table for table in vocabulary.units.values())
