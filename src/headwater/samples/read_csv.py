"""Read text tables: encoding, separator, records."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

import numpy as np

from headwater.errors import InputRefused, SettingsRefused
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
from headwater.samples.read_vocabulary import Vocabulary
from headwater.samples.table import Action

SEPARATORS = ",;\t|"
BLOCK = 1 << 20
SAMPLE = 1 << 18
MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
         (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")


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
    try:
        with path.open(encoding=encoding, newline="") as stream:
            sample = stream.read(SAMPLE)
            _refuse_binary(sample, name)
            layout, separator = _find_separator(sample, name, vocabulary, options)
            stream.seek(0)
            spans: list[tuple[int, int]] = []
            records = _records(stream, separator, name, spans)
            list(islice(records, layout.first_data))
            sheet = collect(
                records, layout, file=name, sheet="", first_row=layout.first_data + 1, ledger=ledger
            )
    except UnicodeError as error:
        raise InputRefused(
            f"{name}: bytes that are not {encoding} ({error}). Give the encoding of the file."
        ) from None
    except csv.Error as error:
        raise InputRefused(
            f"{name}: not a table that can be split into cells ({error}); a quotation mark may be unclosed."
        ) from None
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


def find_encoding(path: Path, name: str, asked: str | None) -> str:
    """Encoding of a text file: as asked, else by its mark, else UTF-8, GB18030, Windows-1252 or Latin-1.

    UTF-8 and GB18030 must decode the whole file. Western text can decode as GB18030 by chance: it is taken
    for that only where most of its two-byte characters lie in GB 2312, as Chinese text does.
    """
    if asked is not None:
        try:
            return codecs.lookup(asked).name
        except LookupError:
            raise SettingsRefused(
                f"encoding {asked!r} is not known; allowed are names like utf-8, gb18030, latin-1."
            ) from None
    with path.open("rb") as stream:
        start = stream.read(BLOCK)
    if not start.strip():
        raise InputRefused(f"{name}: the file is empty. A table with a header row is expected.")
    for mark, encoding in MARKS:
        if start.startswith(mark):
            return encoding
    if _decodes(path, "utf-8"):
        return "utf-8"
    if _decodes(path, "gb18030") and _looks_chinese(start):
        return "gb18030"
    return "cp1252" if _decodes(path, "cp1252") else "latin-1"


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as stream:
            while block := stream.read(BLOCK):
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def _looks_chinese(start: bytes) -> bool:
    foreign = [sign for sign in start.decode("gb18030", "ignore") if ord(sign) > 127]
    common = sum(_in_gb2312(sign) for sign in foreign)
    return common * 2 >= len(foreign)


def _in_gb2312(sign: str) -> bool:
    try:
        return bool(sign.encode("gb2312"))
    except UnicodeError:
        return False


def _refuse_binary(sample: str, name: str) -> None:
    if not sample.strip():
        raise InputRefused(f"{name}: the file is empty. A table with a header row is expected.")
    if len(CONTROL.findall(sample)) > max(3, len(sample) // 100):
        raise InputRefused(
            f"{name}: not a text table (it holds control characters). CSV, Excel or Parquet is expected."
        )


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


def _records(
    stream: io.TextIOBase, separator: str, name: str, spans: list[tuple[int, int]]
) -> Iterator[list[str]]:
    """Records of the file; ``spans`` collects (row, lines) of records over several lines.

    Raises
    ------
    InputRefused
        A quotation mark stays open to the end of the file.
    """
    lines: list[str] = []
    reader = csv.reader(_remember(stream, lines), delimiter=separator)
    tail = ""
    number = 0
    for cells in reader:
        number += 1
        tail = ""
        if len(lines) > 1:
            tail = "".join(lines)
            spans.append((number, len(lines)))
        lines.clear()
        yield cells
    if tail.count('"') % 2:
        raise InputRefused(
            f"{name}, row {number}: a quotation mark opens here and never closes. Close or remove it."
        )


def _remember(stream: io.TextIOBase, lines: list[str]) -> Iterator[str]:
    for line in stream:
        lines.append(line)
        yield line
