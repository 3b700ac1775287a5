"""All checks that look at one sheet, in their order."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from headwater.errors import InputRefused
from headwater.samples.check_excess import check_excess
from headwater.samples.check_places import check_placeless
from headwater.samples.check_ranges import check_no_delta, check_odd_waters, check_ranges
from headwater.samples.check_swapped import check_swapped
from headwater.samples.convert import convert_sheet
from headwater.samples.findings import Finding, Ledger, apply_findings, flagged, set_missing
from headwater.samples.headers import plain_header, split_unit
from headwater.samples.layout import RawSheet
from headwater.samples.options import ReadOptions
from headwater.samples.parse_numbers import distinct
from headwater.samples.read_vocabulary import Vocabulary
from headwater.samples.table import Action, Kind

WITH_AMOUNT = (Kind.PRECIPITATION, Kind.SNOW_MELT, Kind.OTHER)


def check_sheet(raw: RawSheet, options: ReadOptions, vocabulary: Vocabulary, ledger: Ledger) -> pd.DataFrame:
    """Checked frame of one sheet; rows left out and values set missing have their lines in the ledger.

    Raises
    ------
    InputRefused, UnitsUnclear
        The sheet cannot be used.
    """
    refuse_twins(raw)
    raw = without_excluded(raw, options, ledger)
    converted = convert_sheet(raw, options, vocabulary)
    frame = apply_findings(converted.frame, [*about_headers(raw), *converted.findings], ledger)
    claims = dict(raw.layout.match.claims)
    frame = apply_findings(frame, check_swapped(frame, raw.place, claims), ledger)
    frame = apply_findings(frame, check_amounts(frame), ledger)
    frame = apply_findings(frame, check_ranges(frame), ledger)
    frame = apply_findings(frame, check_no_delta(frame), ledger)
    doubts = [*check_excess(frame, converted.steps), *check_odd_waters(frame), *check_placeless(frame)]
    return apply_findings(frame, doubts, ledger)


def refuse_twins(raw: RawSheet) -> None:
    """Refuse a sheet where two columns claim one isotope by names of equal rank and hold different texts.

    Raises
    ------
    InputRefused
    """
    for loser in raw.layout.match.losers:
        winner = raw.layout.match.claims[loser.column]
        if loser.column not in ("d18O", "d2H") or loser.rank != winner.rank:
            continue
        if not raw.columns[winner.position].equals(raw.columns[loser.position]):
            raise InputRefused(
                f"{raw.place}: columns {winner.position + 1} ({winner.header!r}) and {loser.position + 1} "
                f"({loser.header!r}) both read as {loser.column} and differ. One column is expected; "
                'rename one, or map it to "ignore".'
            )


def about_headers(raw: RawSheet) -> list[Finding]:
    """Headers that lost to a better one, and means read as samples."""
    claims = raw.layout.match.claims
    findings = [
        flagged(
            loser.header,
            f"also reads as {loser.column}",
            f"one column; {claims[loser.column].header!r} is used",
        )
        for loser in raw.layout.match.losers
    ]
    for name in ("d18O", "d2H"):
        claim = claims.get(name)
        by_user = claim is not None and claim.rank[0] == 0
        if claim is not None and by_user and _named_as_mean(claim.header, name):
            expected = "a measured water; a mean (of a map?) is read as one"
            findings.append(flagged(claim.header, "named as a mean", expected))
    return findings


def _named_as_mean(header: str, column: str) -> bool:
    return plain_header(split_unit(header)[0]).endswith((f"{column.lower()}m", "mean", "avg"))


def without_excluded(raw: RawSheet, options: ReadOptions, ledger: Ledger) -> RawSheet:
    """Sheet without the rows that the user excludes, each with its line."""
    keep = np.ones(len(raw.rows), bool)
    for header, values in options.exclude.items():
        at = raw.position(header)
        if at is None:
            continue
        texts, code = distinct(raw.columns[at])
        wanted = {_comparable(value) for value in values}
        listed = np.array([_comparable(text) in wanted for text in texts.to_pylist()], bool)
        hit = listed[code] & keep
        found = texts.take(pa.array(code[hit])).to_numpy(zero_copy_only=False).astype(object)
        ledger.add(file=raw.file, sheet=raw.sheet, row=raw.rows[hit], column=header, found=found,
                   expected="not one of the values to exclude", action=Action.LEFT_OUT)  # fmt: skip
        keep &= ~hit
    return raw.keep(keep)


def _comparable(text: str) -> str:
    """Cell text for comparing: trimmed, whole numbers without decimals."""
    plain = str(text).strip()
    return plain.removesuffix(".0") if plain.replace(".", "", 1).isdigit() else plain


def check_amounts(frame: pd.DataFrame) -> list[Finding]:
    """Amounts in rows that are no precipitation (a flow, say): set missing."""
    given = frame["amount_mm"].notna() & ~frame["kind"].isin(WITH_AMOUNT)
    at = np.flatnonzero(given)
    pairs = zip(frame["amount_mm"].iloc[at], frame["kind"].iloc[at], strict=True)
    found = np.array([f"{amount:g} in a row of {kind}" for amount, kind in pairs], object)
    return [set_missing("amount_mm", found, "an amount of precipitation", at, blank=("amount_mm",))]
