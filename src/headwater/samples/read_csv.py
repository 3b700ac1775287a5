"""Read text tables: encoding, separator, records."""

from __future__ import annotations

import csv
import io
from contextlib import suppress
from itertools import islice
from pathlib import Path

import numpy as np

from headwater.errors import InputRefused
from headwater.samples.findings import Ledger
from headwater.samples.layout import (
    ABOVE_HEADER,
    HEADER_WITHIN,
    Layout,
    RawSheet,
    collect,
    find_layout,
    no_isotopes,
)
from headwater.samples.options import ReadOptions
from headwater.samples.read_text import (
    SAMPLE,
    SEPARATORS,
    find_encoding,
    records,
    refuse_binary,
    refuse_damage,
)
from headwater.samples.read_vocabulary import Vocabulary
from headwater.samples.table import Action


def read_csv(
    path: Path, name: str, options: ReadOptions, vocabulary: Vocabulary, ledger: Ledger
) -> tuple[RawSheet, str]:
    """The table of a text file, and the encoding it was read with.

    Raises
    ------
    InputRefused
        The file is empty, binary, cannot be decoded, or has no column of δ18O or δ2H.
    """
    encoding = find_encoding(path, name, options.encoding)
    with refuse_damage(name, encoding), path.open(encoding=encoding, newline="") as stream:
        sample = stream.read(SAMPLE)
        refuse_binary(sample, name)
        layout, separator = _find_separator(sample, name, vocabulary, options)
        stream.seek(0)
        spans: list[tuple[int, int]] = []
        rows = records(stream, separator, name, spans)
        list(islice(rows, layout.first_data))
        sheet = collect(rows, layout, file=name, sheet="", first_row=layout.first_data + 1, ledger=ledger)
    below = [(row, n) for row, n in spans if row > layout.first_data]
    ledger.add(file=name, sheet="", row=[row for row, _ in below], column="",
               found=np.array([f"a cell with line breaks: {n} lines in one row" for _, n in below], object),
               expected="one line a row; is a quotation mark unclosed?", action=Action.FLAGGED)  # fmt: skip
    if layout.index:
        ledger.flag(name, "", f"{layout.index} rows above the header", ABOVE_HEADER)
    if encoding in ("cp1252", "latin-1"):
        found = f"neither UTF-8 nor GB18030; read as {encoding}"
        ledger.flag(name, "", found, "UTF-8; letters with accents may be wrong")
    if not sheet.rows_read:
        raise InputRefused(f"{name}: a header but no rows below it. One row a water is expected.")
    return sheet, encoding


def _find_separator(
    sample: str, name: str, vocabulary: Vocabulary, options: ReadOptions
) -> tuple[Layout, str]:
    """Layout and separator that recognise most columns."""
    best: tuple[Layout, str] | None = None
    tops = {}
    for separator in SEPARATORS:
        top: list[list[str]] = []
        reader = csv.reader(io.StringIO(sample, newline=""), delimiter=separator)
        with suppress(csv.Error):  # met again, and named, when the whole file is read
            top.extend(islice(reader, HEADER_WITHIN + 1))
        tops[separator] = top
        layout = find_layout(top, vocabulary, options)
        if layout is not None and (best is None or layout.score > best[0].score):
            best = layout, separator
    if best is None:
        shown = max(tops.values(), key=lambda top: len(top[0]) if top else 0, default=[])
        raise no_isotopes(name, shown)
    return best
