"""Date columns of a sheet, and time zones without a sign."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from headwater.samples.findings import Finding, converted, flagged, set_missing
from headwater.samples.layout import RawSheet
from headwater.samples.options import ReadOptions
from headwater.samples.parse_dates import Dates, parse_dates
from headwater.samples.parse_numbers import distinct, texts_at
from headwater.samples.table import DATE_COLUMNS

Converted = tuple[dict[str, object], list[Finding]]


def convert_dates(raw: RawSheet, options: ReadOptions) -> Converted:
    """Date columns; ``date`` is the middle of the period where only begin and end are given."""
    stamps: dict[str, NDArray[np.datetime64]] = {}
    findings: list[Finding] = []
    for name in DATE_COLUMNS:
        claim = raw.layout.match.claims.get(name)
        if claim is not None:
            dates = parse_dates(raw.columns[claim.position], options.date_order)
            stamps[name] = dates.values
            findings += _about_dates(claim.header, dates, spreadsheet=raw.spreadsheet)
    if "date" not in stamps and "date_start" in stamps and "date_end" in stamps:
        stamps["date"] = stamps["date_start"] + (stamps["date_end"] - stamps["date_start"]) // 2
        expected = "a date; the middle of the period is taken"
        findings.append(converted("date", "only the begin and end of a period", expected))
    return dict(stamps), [*findings, *_unsigned_zones(raw)]


def _unsigned_zones(raw: RawSheet) -> list[Finding]:
    claim = raw.layout.match.claims.get("time_zone")
    if claim is None:
        return []
    zones = distinct(raw.columns[claim.position])[0].to_pylist()
    unsigned = [one for one in zones if one.replace(".", "", 1).isdecimal() and 0 < float(one) <= 14]
    if not unsigned:
        return []
    found = f"time zones without a sign: {', '.join(sorted(unsigned)[:10])}"
    return [flagged(claim.header, found, "+8 or -6; times are taken as local, no zone is applied")]


def _about_dates(header: str, dates: Dates, *, spreadsheet: bool) -> list[Finding]:
    exists = "a date that exists, like 2020-06-03 or 3/6/2020"
    findings = [set_missing(header, texts_at(dates.text, dates.bad), exists, dates.bad)]
    if dates.order == "conflict":
        expected = "one order of day and month (the column holds both); give the date order"
        findings.append(set_missing(header, texts_at(dates.text, dates.ambiguous), expected, dates.ambiguous))
    elif dates.ambiguous.size and not dates.evidence:
        first = texts_at(dates.text, dates.ambiguous[:1])[0]
        told = (
            f"{dates.ambiguous.size} dates like {first!r}, and none that settles the order of day and month"
        )
        findings.append(flagged(header, told, "day first is assumed; give the date order to be sure"))
    serial = dates.serial[: 0 if spreadsheet else None]
    for finding, at, what, expected in (
        (converted, serial, "spreadsheet day numbers", "a date; counted from 1899-12-30"),
        (converted, dates.month_only, "dates without a day", "a date; the first of the month is taken"),
        (converted, dates.zoned, "times with a zone", "local time as written; the zone is not applied"),
        (flagged, dates.timed, "times without a zone", "a zone; times are taken as local, as written"),
    ):
        if at.size:
            found = f"{at.size} {what}, the first {texts_at(dates.text, at[:1])[0]!r}"
            findings.append(finding(header, found, expected))
    return findings
