"""A sheet of text → canonical columns, with a finding for everything that did not convert."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa

from headwater.samples.convert_dates import convert_dates
from headwater.samples.convert_numbers import convert_delta, convert_number, decimal_sign
from headwater.samples.convert_places import convert_depths, convert_places
from headwater.samples.convert_text import (
    as_category,
    convert_class,
    convert_kind,
    convert_text,
    doubtful_remarks,
)
from headwater.samples.findings import Finding, converted, flagged
from headwater.samples.layout import RawSheet
from headwater.samples.options import FILLABLE, ReadOptions
from headwater.samples.parse_names import NO_TEXT, aspect_of, plain_name
from headwater.samples.parse_numbers import distinct
from headwater.samples.read_vocabulary import Vocabulary
from headwater.samples.table import CANONICAL_COLUMNS, DATE_COLUMNS, NUMBER_COLUMNS, TEXT_COLUMNS

OWN_WAY = {"kind", "vegetation", "aspect", "latitude", "longitude", "depth_top_m", "depth_bottom_m"}
DELTA_COLUMNS = {"d18O", "d2H", "d18O_sd", "d2H_sd", "d_excess_given"}


@dataclass(frozen=True)
class ConvertedSheet:
    """A sheet in canonical, place and kept columns.

    Attributes
    ----------
    frame : the columns
    findings : what did not convert, or not as it stands
    steps : last digit that each δ column shows [‰]
    """

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
    raw, findings = fill_down(raw, options)
    raw, about_slope = slope_as_aspect(raw, vocabulary)
    columns: dict[str, object] = {}
    decimal, about_decimal = decimal_sign(raw, options, vocabulary)
    delta, steps = convert_delta(raw, options, vocabulary, decimal)
    for part, found in (
        *(convert_text(raw, name) for name in TEXT_COLUMNS if name not in OWN_WAY),
        convert_kind(raw, options, vocabulary),
        convert_class(raw, "vegetation", lambda text: vocabulary.vegetation.get(plain_name(text))),
        convert_class(raw, "aspect", lambda text: aspect_of(text, vocabulary.aspect)),
        convert_dates(raw, options),
        delta,
        *(
            convert_number(raw, name, vocabulary, decimal)
            for name in NUMBER_COLUMNS
            if name not in OWN_WAY | DELTA_COLUMNS
        ),
        convert_depths(raw, options, vocabulary),
        convert_places(raw, vocabulary),
    ):
        columns |= part
        findings += found
    frame = _frame(raw, columns, options)
    findings += [*about_slope, *about_decimal, *doubtful_remarks(raw, vocabulary), *_injections(raw, frame)]
    return ConvertedSheet(frame, findings, steps)


def _frame(raw: RawSheet, columns: dict[str, object], options: ReadOptions) -> pd.DataFrame:
    n = len(raw.rows)
    frame = pd.DataFrame({name: columns.get(name, _absent(name, n)) for name in CANONICAL_COLUMNS})
    frame["file"] = pd.Categorical.from_codes(np.zeros(n, np.int8), pd.Index([raw.file], dtype=object))
    frame["sheet"] = pd.Categorical.from_codes(np.zeros(n, np.int8), pd.Index([raw.sheet], dtype=object))
    frame["row"] = raw.rows
    for header in options.keep:
        if header not in frame:
            at = raw.position(header)
            frame[header] = _absent("site", n) if at is None else as_category(raw.columns[at])
    return frame


def _absent(name: str, n: int) -> object:
    if name in TEXT_COLUMNS:
        return pd.Categorical.from_codes(np.full(n, -1, np.int8), pd.Index([], dtype=object))
    if name in DATE_COLUMNS:
        return np.full(n, "NaT", dtype="datetime64[s]")
    return np.full(n, np.nan)


def fill_down(raw: RawSheet, options: ReadOptions) -> tuple[RawSheet, list[Finding]]:
    """Sheet with merged cells, and the columns asked for, filled from above; each cell is a finding."""
    findings: list[Finding] = []
    columns = list(raw.columns)
    for name in FILLABLE:
        claim = raw.layout.match.claims.get(name)
        spans = [span for span in raw.merged if claim is not None and span[2] == claim.position]
        if claim is None or not (spans or name in options.fill_down):
            continue
        text = pd.Series(columns[claim.position].to_pylist(), dtype=object)
        blank = text.isna() | (text.str.strip() == "")
        above = text.mask(blank).ffill()
        if name not in options.fill_down:
            inside = np.zeros(len(text), bool)
            for first, last, _ in spans:
                inside |= (raw.rows > first) & (raw.rows <= last)
            blank &= inside
        at = np.flatnonzero(blank & above.notna())
        text.iloc[at] = above.iloc[at]
        columns[claim.position] = pa.array(text.tolist(), pa.string())
        found = above.iloc[at].to_numpy(object)
        findings.append(
            converted(claim.header, found, "a value in every row; filled from the cell above", at)
        )
    return replace(raw, columns=tuple(columns)), findings


def slope_as_aspect(raw: RawSheet, vocabulary: Vocabulary) -> tuple[RawSheet, list[Finding]]:
    """Sheet whose column "slope" is read as the aspect where it holds N, E, S, W and not degrees."""
    claims = dict(raw.layout.match.claims)
    if "slope_deg" not in claims or "aspect" in claims:
        return raw, []
    claim = claims["slope_deg"]
    texts = [
        one for one in distinct(raw.columns[claim.position])[0].to_pylist() if one.lower() not in NO_TEXT
    ]
    if not texts or not all(plain_name(one) in vocabulary.aspect for one in texts):
        return raw, []
    del claims["slope_deg"]
    claims["aspect"] = replace(claim, column="aspect", unit=None)
    match = replace(raw.layout.match, claims=claims)
    told = flagged(claim.header, f"aspects like {texts[0]!r}", "degrees; the column is read as the aspect")
    return replace(raw, layout=replace(raw.layout, match=match)), [told]


def _injections(raw: RawSheet, frame: pd.DataFrame) -> list[Finding]:
    """A table of single injections: they become parallels, and one finding says so."""
    claim = raw.layout.match.claims.get("injection")
    if claim is None:
        return []
    if "replicate" not in raw.layout.match.claims:
        frame["replicate"] = as_category(raw.columns[claim.position])
    expected = (
        "one row a water; pooled as parallels. Calibrate before, leave out the first ones with `exclude`"
    )
    return [flagged(claim.header, "one row an injection of the analyser", expected)]
