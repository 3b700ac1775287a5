"""Text columns of a sheet: plain text, kinds of water, vegetation and aspect classes, remarks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from headwater.samples.findings import Finding, Text, converted, flagged
from headwater.samples.layout import RawSheet
from headwater.samples.options import ReadOptions
from headwater.samples.parse_names import NO_TEXT, kind_of, plain_name
from headwater.samples.parse_numbers import distinct
from headwater.samples.read_vocabulary import Vocabulary
from headwater.samples.table import Kind

Converted = tuple[dict[str, object], list[Finding]]


def as_category(text: pa.Array) -> pd.Categorical:
    """Trimmed texts as a categorical; markers like NA, -, / are missing."""
    texts, code = distinct(text)
    marker = pc.is_in(pc.utf8_lower(texts), pa.array(sorted(NO_TEXT)))
    missing = marker.to_numpy(zero_copy_only=False).astype(bool)
    number = np.where(missing, -1, np.cumsum(~missing) - 1)
    labels = pd.Index(texts.filter(pa.array(~missing)).to_pylist(), dtype=object)
    return pd.Categorical.from_codes(number[code], labels)


def convert_text(raw: RawSheet, name: str) -> Converted:
    """A text column as it stands, without blanks at the ends."""
    claim = raw.layout.match.claims.get(name)
    if claim is None:
        return {}, []
    text = raw.columns[claim.position]
    return {name: as_category(text)}, about_blanks(text, claim.header)


def about_blanks(text: pa.Array, header: str) -> list[Finding]:
    """One finding where cells have blanks at their ends."""
    trimmed = pc.utf8_trim_whitespace(text)
    padded = pc.fill_null(pc.and_(pc.not_equal(text, trimmed), pc.not_equal(trimmed, "")), False)
    count = int(pc.sum(padded).as_py() or 0)
    if not count:
        return []
    found = f"{count} cells with blanks at the ends, the first {text.filter(padded)[0].as_py()[:60]!r}"
    return [converted(header, found, "no blanks at the ends; removed")]


def convert_kind(raw: RawSheet, options: ReadOptions, vocabulary: Vocabulary) -> Converted:
    """Kinds by the user's names, then ours; an unknown one is ``other``, with a finding at its first row."""
    claim = raw.layout.match.claims.get("kind")
    labels = [str(kind) for kind in Kind]
    default = labels.index(options.default_kind or Kind.OTHER)
    if claim is None:
        expected = f"a column like type or 类型, or a default kind; all rows are {labels[default]!r}"
        found = [] if options.default_kind else [flagged("kind", "no column of the kind of water", expected)]
        return {"kind": pd.Categorical.from_codes(np.full(len(raw.rows), default, np.int8), labels)}, found
    texts, code = distinct(raw.columns[claim.position])
    own = {plain_name(name): kind for name, kind in options.kinds.items()}
    kinds = np.full(len(texts), labels.index(Kind.OTHER), np.int8)
    unknown: list[int] = []
    empty: list[int] = []
    for i, text in enumerate(texts.to_pylist()):
        kind = own.get(plain_name(text)) or kind_of(text, vocabulary.kinds)
        if kind is not None:
            kinds[i] = labels.index(kind)
        elif text.lower() in NO_TEXT:
            kinds[i] = default
            empty.append(i)
        else:
            unknown.append(i)
    findings = about_blanks(raw.columns[claim.position], claim.header)
    if missing := int(np.isin(code, empty).sum()):
        expected = f"a kind of water; read as {labels[default]!r}"
        findings.append(flagged(claim.header, f"{missing} cells without a kind", expected))
    expected = f"one of {', '.join(labels)}, or a name that `kinds` maps to one; read as 'other'"
    findings += _once_each(flagged, claim.header, texts, code, np.array(unknown, np.int64), expected)
    return {"kind": pd.Categorical.from_codes(kinds[code], labels)}, findings


def convert_class(raw: RawSheet, name: str, class_of: Callable[[str], str | None]) -> Converted:
    """A text column whose known names become classes; a name that changes is a finding at its first row."""
    claim = raw.layout.match.claims.get(name)
    if claim is None:
        return {}, []
    texts, code = distinct(raw.columns[claim.position])
    names = texts.to_pylist()
    labels = [None if text.lower() in NO_TEXT else class_of(text) or text for text in names]
    changes = [i for i, text in enumerate(names) if labels[i] is not None and labels[i] != text]
    changed = np.array(changes, np.int64)
    expected = np.array([f"read as {labels[i]!r}" for i in changed], object)
    findings = about_blanks(raw.columns[claim.position], claim.header)
    findings += _once_each(converted, claim.header, texts, code, changed, expected)
    return {name: pd.Categorical(np.array(labels, object)[code])}, findings


def _once_each(
    finding: Callable[..., Finding],
    header: str,
    texts: pa.Array,
    code: NDArray[np.int64],
    which: NDArray[np.int64],
    expected: Text,
) -> list[Finding]:
    """A finding at the first row of each of these distinct texts, with the number of its rows."""
    if not which.size:
        return []
    count = np.bincount(code, minlength=len(texts))
    first = np.full(len(texts), len(code))
    np.minimum.at(first, code, np.arange(len(code)))
    found = np.array([f"{texts[int(i)].as_py()[:80]!r} ({count[i]} rows)" for i in which], object)
    return [finding(header, found, expected, first[which])]


def doubtful_remarks(raw: RawSheet, vocabulary: Vocabulary) -> list[Finding]:
    """Rows whose remark doubts the sample or its depth."""
    claim = raw.layout.match.claims.get("remark")
    if claim is None:
        return []
    texts, code = distinct(raw.columns[claim.position])
    remarks = texts.to_pylist()
    notes = [
        next((note for phrase, note in vocabulary.remarks.items() if phrase in one.lower()), "")
        for one in remarks
    ]
    said = np.array(notes, object)[code]
    at = np.flatnonzero(said != "")
    found = np.array([one[:120] for one in remarks], object)[code[at]]
    return [flagged(claim.header, found, said[at], at)]
