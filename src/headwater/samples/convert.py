"""A sheet of text → canonical columns, with a finding for everything that did not convert."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from headwater.samples.convert_numbers import (
    convert_delta,
    convert_depths,
    convert_number,
    convert_places,
    decimal_sign,
)
from headwater.samples.findings import Finding
from headwater.samples.layout import RawSheet
from headwater.samples.options import FILLABLE, ReadOptions
from headwater.samples.parse_dates import Dates, parse_dates
from headwater.samples.parse_names import NO_TEXT, aspect_of, kind_of, plain_name
from headwater.samples.parse_numbers import distinct
from headwater.samples.read_vocabulary import Vocabulary
from headwater.samples.table import (
    CANONICAL_COLUMNS,
    DATE_COLUMNS,
    NUMBER_COLUMNS,
    TEXT_COLUMNS,
    Action,
    Kind,
)

Converted = tuple[dict[str, object], list[Finding]]


@dataclass(frozen=True)
class ConvertedSheet:
    """Canonical, place and kept columns of a sheet, what was found, and the last digit [‰] that δ columns show."""

    frame: pd.DataFrame
    findings: list[Finding]
    steps: dict[str, float]


def convert_sheet(raw: RawSheet, options: ReadOptions, vocabulary: Vocabulary) -> ConvertedSheet:
    """A sheet in canonical columns, with the findings of the conversion.

    Raises
    ------
    UnitsUnclear
        A unit of δ or depth is contradictory or nowhere declared.
    """
    n = len(raw.rows)
    raw, findings = _filled_down(raw, options)
    columns: dict[str, object] = {}
    decimal, about_decimal = decimal_sign(raw, options, vocabulary)
    delta, steps = convert_delta(raw, options, vocabulary, decimal)
    for converted, found in (
        *(_text(raw, name) for name in TEXT_COLUMNS if name not in ("kind", "vegetation", "aspect")),
        _kind(raw, options, vocabulary),
        _classes(raw, "vegetation", lambda text: vocabulary.vegetation.get(plain_name(text))),
        _classes(raw, "aspect", lambda text: aspect_of(text, vocabulary.aspect)),
        _dates(raw, options),
        delta,
        *(
            convert_number(raw, name, vocabulary, decimal)
            for name in NUMBER_COLUMNS[7:]
            if "depth" not in name
        ),
        convert_depths(raw, options, vocabulary),
        convert_places(raw, vocabulary),
    ):
        columns |= converted
        findings += found
    frame = pd.DataFrame({name: columns.get(name, _absent(name, n)) for name in CANONICAL_COLUMNS})
    frame["file"] = pd.Categorical.from_codes(np.zeros(n, np.int8), [raw.file])
    frame["sheet"] = pd.Categorical.from_codes(np.zeros(n, np.int8), [raw.sheet])
    frame["row"] = raw.rows
    for header in options.keep:
        if header not in frame:
            at = header_position(raw, header)
            frame[header] = _absent("site", n) if at is None else as_category(raw.columns[at])
    findings = [*about_decimal, *findings, *_remarks(raw, vocabulary), *_injections(raw, frame)]
    return ConvertedSheet(frame, findings, steps)


def header_position(raw: RawSheet, header: str) -> int | None:
    """Position of a header in a sheet: as written, blanks at the ends apart; None where it is absent."""
    wanted = header.strip()
    return next((i for i, one in enumerate(raw.layout.headers) if one.strip() == wanted), None)


def as_category(text: pa.Array) -> pd.Categorical:
    """Trimmed texts as a categorical; markers like NA, -, / are missing."""
    texts, code = distinct(text)
    missing = (
        pc.is_in(pc.utf8_lower(texts), pa.array(sorted(NO_TEXT))).to_numpy(zero_copy_only=False).astype(bool)
    )
    new = np.where(missing, -1, np.cumsum(~missing) - 1)
    return pd.Categorical.from_codes(
        new[code], pd.Index(texts.filter(pa.array(~missing)).to_pylist(), dtype=object)
    )


def _absent(name: str, n: int) -> object:
    if name in TEXT_COLUMNS:
        return pd.Categorical.from_codes(np.full(n, -1, np.int8), pd.Index([], dtype=object))
    if name in DATE_COLUMNS:
        return np.full(n, "NaT", dtype="datetime64[s]")
    return np.full(n, np.nan)


def _filled_down(raw: RawSheet, options: ReadOptions) -> tuple[RawSheet, list[Finding]]:
    """Sheet with merged cells (and the columns asked for) filled from above, each cell a finding."""
    findings: list[Finding] = []
    columns = list(raw.columns)
    for name in FILLABLE:
        claim = raw.layout.match.claims.get(name)
        spans = [span for span in raw.merged if claim is not None and span[2] == claim.position]
        if claim is None or not (spans or name in options.fill_down):
            continue
        text = pd.Series(columns[claim.position].to_pylist(), dtype=object)
        blank = text.isna() | (text.str.strip() == "")
        source = text.mask(blank).ffill()
        if name not in options.fill_down:
            inside = np.zeros(len(text), bool)
            for first, last, _ in spans:
                inside |= (raw.rows > first) & (raw.rows <= last)
            blank &= inside
        at = np.flatnonzero(blank & source.notna())
        text.iloc[at] = source.iloc[at]
        columns[claim.position] = pa.array(text.tolist(), pa.string())
        findings.append(Finding(claim.header, source.iloc[at].to_numpy(object), "a value in every row; filled from the cell above",
                                Action.CONVERTED, at))  # fmt: skip
    return RawSheet(
        raw.file, raw.sheet, raw.layout, tuple(columns), raw.rows, raw.rows_read, raw.merged, raw.spreadsheet
    ), findings


def _trimmed(text: pa.Array, header: str) -> list[Finding]:
    """One finding where cells have blanks at their ends."""
    padded = pc.fill_null(pc.not_equal(text, pc.utf8_trim_whitespace(text)), False)
    count = int(pc.sum(padded).as_py() or 0)
    if not count:
        return []
    first = text.filter(padded)[0].as_py()
    if not first.strip():
        return []
    return [
        Finding(
            header,
            f"{count} cells with blanks at the ends, the first {first[:60]!r}",
            "no blanks at the ends; removed",
            Action.CONVERTED,
        )
    ]


def _text(raw: RawSheet, name: str) -> Converted:
    claim = raw.layout.match.claims.get(name)
    if claim is None:
        return {}, []
    text = raw.columns[claim.position]
    return {name: as_category(text)}, _trimmed(text, claim.header)


def _kind(raw: RawSheet, options: ReadOptions, vocabulary: Vocabulary) -> Converted:
    """Kinds by the user's names, then ours; unknown ones are ``other``, each with a finding at its first row."""
    claim = raw.layout.match.claims.get("kind")
    n, labels = len(raw.rows), [str(kind) for kind in Kind]
    default = labels.index(options.default_kind or Kind.OTHER)
    if claim is None:
        found = (
            []
            if options.default_kind
            else [
                Finding(
                    "kind",
                    "no column of the kind of water",
                    "a column like type or 类型, or a default kind; all rows are 'other'",
                    Action.FLAGGED,
                )
            ]
        )
        return {"kind": pd.Categorical.from_codes(np.full(n, default, np.int8), labels)}, found
    own = {plain_name(raw_name): kind for raw_name, kind in options.kinds.items()}
    texts, code = distinct(raw.columns[claim.position])
    kinds = np.zeros(len(texts), np.int8)
    unknown: list[int] = []
    missing = 0
    for i, text in enumerate(texts.to_pylist()):
        empty = text.lower() in NO_TEXT
        kind = own.get(plain_name(text)) or (None if empty else kind_of(text, vocabulary.kinds))
        kinds[i] = default if kind is None and empty else labels.index(kind or Kind.OTHER)
        if kind is None and empty:
            missing = int((code == i).sum())
        elif kind is None:
            unknown.append(i)
    findings = _trimmed(raw.columns[claim.position], claim.header)
    if missing:
        findings.append(
            Finding(
                claim.header,
                f"{missing} cells without a kind",
                f"a kind of water; read as {labels[default]!r}",
                Action.FLAGGED,
            )
        )
    findings += _once_each(
        claim.header,
        texts,
        code,
        np.array(unknown, np.int64),
        f"one of {', '.join(labels)}, or a name that `kinds` maps to one; read as 'other'",
        Action.FLAGGED,
    )
    return {"kind": pd.Categorical.from_codes(kinds[code], labels)}, findings


def _once_each(
    header: str,
    texts: pa.Array,
    code: NDArray[np.int64],
    which: NDArray[np.int64],
    expected: str | NDArray[np.object_],
    action: Action,
) -> list[Finding]:
    """A finding at the first row of each of these distinct texts, with the number of its rows."""
    if not which.size:
        return []
    count = np.bincount(code, minlength=len(texts))
    first = np.full(len(texts), len(code))
    np.minimum.at(first, code, np.arange(len(code)))
    found = np.array([f"{texts[int(i)].as_py()[:80]!r} ({count[i]} rows)" for i in which], object)
    return [Finding(header, found, expected, action, first[which])]


def _classes(raw: RawSheet, name: str, class_of: Callable[[str], str | None]) -> Converted:
    """Text column whose known names become classes; a change of more than case and blanks is a finding."""
    claim = raw.layout.match.claims.get(name)
    if claim is None:
        return {}, []
    texts, code = distinct(raw.columns[claim.position])
    raw_names = texts.to_pylist()
    labels = [None if text.lower() in NO_TEXT else class_of(text) or text for text in raw_names]
    changed = np.array(
        [i for i, text in enumerate(raw_names) if labels[i] is not None and labels[i] != text], np.int64
    )
    expected = np.array([f"read as {labels[i]!r}" for i in changed], object)
    values = np.array(labels, object)[code]
    findings = _once_each(claim.header, texts, code, changed, expected, Action.CONVERTED)
    return {name: pd.Categorical(values)}, [*_trimmed(raw.columns[claim.position], claim.header), *findings]


def _dates(raw: RawSheet, options: ReadOptions) -> Converted:
    """Date columns, and ``date`` as the middle of its period where only begin and end are given."""
    columns: dict[str, object] = {}
    findings: list[Finding] = []
    for name in DATE_COLUMNS:
        claim = raw.layout.match.claims.get(name)
        if claim is not None:
            dates = parse_dates(raw.columns[claim.position], options.date_order)
            columns[name] = dates.values
            findings += _about_dates(claim.header, dates, raw.spreadsheet)
    if "date" not in columns and "date_start" in columns and "date_end" in columns:
        start, end = columns["date_start"], columns["date_end"]
        columns["date"] = start + (end - start) // 2  # type: ignore[operator]
        findings.append(
            Finding(
                "date",
                "only the begin and end of a period",
                "a date; the middle of the period is taken",
                Action.CONVERTED,
            )
        )
    claim = raw.layout.match.claims.get("time_zone")
    if claim is not None:
        zones = [
            one for one in distinct(raw.columns[claim.position])[0].to_pylist() if one.lower() not in NO_TEXT
        ]
        unsigned = [one for one in zones if one.replace(".", "", 1).isdigit() and 0 < float(one) <= 14]
        if unsigned:
            findings.append(
                Finding(
                    claim.header,
                    f"time zones without a sign: {', '.join(sorted(unsigned)[:10])}",
                    "+8 or -6; times are taken as local, no zone is applied",
                    Action.FLAGGED,
                )
            )
    return columns, findings


def _about_dates(header: str, dates: Dates, spreadsheet: bool) -> list[Finding]:
    text = dates.text

    def found(at: NDArray[np.int64]) -> NDArray[np.object_]:
        return np.array([str(one)[:80] for one in text.take(pa.array(at)).to_pylist()], object)

    findings = [
        Finding(
            header,
            found(dates.bad),
            "a date that exists, like 2020-06-03 or 3/6/2020",
            Action.SET_MISSING,
            dates.bad,
        )
    ]
    if dates.order == "conflict":
        findings.append(Finding(header, found(dates.ambiguous), "one order of day and month (the column holds both); give the date order",
                                Action.SET_MISSING, dates.ambiguous))  # fmt: skip
    elif dates.ambiguous.size and not dates.evidence:
        findings.append(Finding(header, f"{dates.ambiguous.size} dates like {found(dates.ambiguous[:1])[0]!r} and none that settles the order",
                                "day first is assumed; give the date order to be sure", Action.FLAGGED))  # fmt: skip
    for at, what, expected, action in (
        (
            dates.serial[: 0 if spreadsheet else None],
            "spreadsheet day numbers",
            "a date; counted from 1899-12-30",
            Action.CONVERTED,
        ),
        (
            dates.month_only,
            "dates without a day",
            "a date; the first of the month is taken",
            Action.CONVERTED,
        ),
        (
            dates.zoned,
            "times with a zone",
            "local time as written; the zone is not applied",
            Action.CONVERTED,
        ),
        (dates.timed, "times without a zone", "a zone; times are taken as local, as written", Action.FLAGGED),
    ):
        if at.size:
            findings.append(
                Finding(header, f"{at.size} {what}, the first {found(at[:1])[0]!r}", expected, action)
            )
    return findings


def _remarks(raw: RawSheet, vocabulary: Vocabulary) -> list[Finding]:
    """Rows whose remark doubts the sample or its depth."""
    claim = raw.layout.match.claims.get("remark")
    if claim is None:
        return []
    texts, code = distinct(raw.columns[claim.position])
    lowered = [text.lower() for text in texts.to_pylist()]
    said = np.array(
        [
            next((note for phrase, note in vocabulary.remarks.items() if phrase in text), "")
            for text in lowered
        ],
        object,
    )
    if not any(said):
        return []
    at = np.flatnonzero((said != "")[code])
    found = np.array([str(one)[:120] for one in texts.to_pylist()], object)[code[at]]
    return [Finding(claim.header, found, said[code[at]], Action.FLAGGED, at)]


def _injections(raw: RawSheet, frame: pd.DataFrame) -> list[Finding]:
    """A table of single injections: they become parallels, and one finding says so."""
    claim = raw.layout.match.claims.get("injection")
    if claim is None:
        return []
    if "replicate" not in raw.layout.match.claims:
        frame["replicate"] = as_category(raw.columns[claim.position])
    return [
        Finding(
            claim.header,
            "one row an injection of the analyser",
            "one row a water; injections are pooled as parallels. Leave out the first ones (memory) with `exclude`, and calibrate before",
            Action.FLAGGED,
        )
    ]
