"""Where the header of a sheet stands, and the sheet as columns of text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from headwater.errors import InputRefused
from headwater.samples.findings import Ledger
from headwater.samples.headers import HeaderMatch, match_headers, plain_unit
from headwater.samples.options import ReadOptions
from headwater.samples.parse_number import PLAIN
from headwater.samples.read_vocabulary import Vocabulary
from headwater.samples.table import Action

HEADER_WITHIN = 40
WIDEST = 16_384
CHUNK = 50_000
END_MARK = "//"
ABOVE_HEADER = "the header in the first row; these rows are not read"


@dataclass(frozen=True)
class Layout:
    """Header of a sheet: ``index`` of its row (from 0), headers, units of a second row, and the match."""

    index: int
    headers: tuple[str, ...]
    units: tuple[str, ...]
    match: HeaderMatch

    @property
    def first_data(self) -> int:
        """Index of the first row below the header."""
        return self.index + (2 if self.units else 1)

    @property
    def score(self) -> tuple[int, int, int]:
        """Layouts with both isotopes, more recognised columns and more columns are better."""
        isotopes = sum(name in self.match.claims for name in ("d18O", "d2H"))
        return isotopes, len(self.match.claims), len(self.headers)


@dataclass(frozen=True)
class RawSheet:
    """A sheet as text: one string array a header, and the row number of each row as a spreadsheet counts it.

    ``merged`` are vertical merged cells as (first row, last row, column), rows from 1, columns from 0.
    """

    file: str
    sheet: str
    layout: Layout
    columns: tuple[pa.Array, ...]
    rows: NDArray[np.int64]
    rows_read: int
    merged: tuple[tuple[int, int, int], ...] = ()
    spreadsheet: bool = False

    @property
    def place(self) -> str:
        """File and sheet for a message."""
        return f"{self.file}, sheet {self.sheet!r}" if self.sheet else self.file

    def position(self, header: str) -> int | None:
        """Position of a header as written, blanks at the ends apart; None where it is absent."""
        wanted = header.strip()
        return next((i for i, one in enumerate(self.layout.headers) if one.strip() == wanted), None)

    def keep(self, mask: NDArray[np.bool_]) -> RawSheet:
        """The same sheet with only these rows."""
        if mask.all():
            return self
        columns = tuple(column.filter(pa.array(mask)) for column in self.columns)
        return replace(self, columns=columns, rows=self.rows[mask])


def find_layout(top: Sequence[Sequence[str]], vocabulary: Vocabulary, options: ReadOptions) -> Layout | None:
    """Header among the first rows: the first row with both isotopes, else the first with one, else None."""
    best: Layout | None = None
    for index, cells in enumerate(top[:HEADER_WITHIN]):
        if _is_long_form(cells):
            return None
        if len(cells) > WIDEST or (len(cells) > 1000 and index > 2):
            continue
        match = match_headers(cells, vocabulary.columns, vocabulary.units, options)
        isotopes = sum(name in match.claims for name in ("d18O", "d2H"))
        if not isotopes or (best is not None and best.score[0] >= isotopes):
            continue
        below = top[index + 1] if index + 1 < len(top) else ()
        best = Layout(index, tuple(cells), _unit_row(below, len(cells), match, vocabulary), match)
        if isotopes == 2:
            break
    return best


def _is_long_form(cells: Sequence[str]) -> bool:
    """True for the header of a table with one row a measured property (WQX, DataStream)."""
    return any(cell.replace(" ", "").lower() == "characteristicname" for cell in cells)


def no_isotopes(place: str, top: Sequence[Sequence[str]]) -> InputRefused:
    """The refusal of a table without a column of δ18O or δ2H."""
    first = next((cells for cells in top if any(cell.strip() for cell in cells)), [])
    shown = ", ".join(repr(cell[:40]) for cell in first[:20])
    if len(first) > WIDEST:
        return InputRefused(
            f"{place}: {len(first)} columns ({shown}, …); at most {WIDEST} are allowed. Drop some."
        )
    if _is_long_form(first):
        return InputRefused(
            f"{place}: one row a measured property (columns {shown}); one row a water is expected. "
            "Pivot the table first."
        )
    return InputRefused(
        f"{place}: no column of δ18O or δ2H in the first {HEADER_WITHIN} rows "
        f"(first row: {shown or 'empty'}). "
        'Expected a header like d18O, δ2H(‰), dD, 氧-18; or map one: columns = {"my header" = "d18O"}.'
    )


def collect(
    records: Iterator[Sequence[str]], layout: Layout, *, file: str, sheet: str, first_row: int, ledger: Ledger
) -> RawSheet:
    """Sheet out of the records below its header.

    Empty records are not counted. A record with more filled cells than the header has lost its columns and
    is left out; a shorter one is read with its end missing and flagged. A record that begins with ``//`` ends
    the table (Los Gatos files).
    """
    width = len(layout.headers)
    blocks: list[list[pa.Array]] = []
    numbers: list[NDArray[np.int64]] = []
    short: list[tuple[int, int]] = []
    long: list[tuple[int, int]] = []
    row = first_row
    ended = False
    while not ended and (chunk := list(islice(records, CHUNK))):
        kept = np.arange(row, row + len(chunk))
        row += len(chunk)
        if set(map(len, chunk)) != {width}:
            chunk, kept, ended = _even(chunk, kept, width, short, long)
        if chunk:
            blocks.append([pa.array(column, pa.string()) for column in zip(*chunk, strict=True)])
            numbers.append(kept)
    columns = [
        pa.chunked_array([block[i] for block in blocks], pa.string()).combine_chunks() for i in range(width)
    ]
    rows = np.concatenate(numbers) if numbers else np.zeros(0, np.int64)
    filled = _filled(columns, len(rows))
    if not filled.all():
        columns = [column.filter(pa.array(filled)) for column in columns]
    rows = rows[filled]
    for wrong, expected, action in (
        (short, "cells at the end are read as missing", Action.FLAGGED),
        (long, "more cells than columns: a separator or decimal comma in a cell? Quote it", Action.LEFT_OUT),
    ):
        found = np.array([f"{n} cells, header has {width}" for _, n in wrong], object)
        number = [number for number, _ in wrong]
        ledger.add(
            file=file, sheet=sheet, row=number, column="", found=found, expected=expected, action=action
        )
    if ended:
        rest = sum(1 for _ in records)
        expected = f"the rows from there on are no samples ({rest} records not read)"
        ledger.flag(file, sheet, f"table ends at a row that begins with {END_MARK}", expected)
    return RawSheet(file, sheet, layout, tuple(columns), rows, len(rows) + len(long))


def _even(
    chunk: list[Sequence[str]],
    numbers: NDArray[np.int64],
    width: int,
    short: list[tuple[int, int]],
    long: list[tuple[int, int]],
) -> tuple[list[Sequence[str]], NDArray[np.int64], bool]:
    """Records of one width and their row numbers; True where the end of the table was met."""
    even: list[Sequence[str]] = []
    kept: list[int] = []
    for number, cells in zip(numbers.tolist(), chunk, strict=True):
        if cells and cells[0].startswith(END_MARK) and len(cells) < width:
            return even, np.array(kept, np.int64), True
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > width and any(cell.strip() for cell in cells[width:]):
            long.append((number, len(cells)))
            continue
        if len(cells) < width:
            short.append((number, len(cells)))
        even.append([*cells[:width], *[""] * (width - len(cells))])
        kept.append(number)
    return even, np.array(kept, np.int64), False


def _filled(columns: Sequence[pa.Array], n: int) -> NDArray[np.bool_]:
    """True where a row has any cell that is not blank."""
    blank = np.ones(n, bool)
    for column in columns:
        if not blank.any():
            break
        empty = pc.equal(pc.utf8_trim_whitespace(pc.fill_null(column, "")), "")
        blank &= empty.to_numpy(zero_copy_only=False).astype(bool)
    return ~blank


def _unit_row(
    below: Sequence[str], width: int, match: HeaderMatch, vocabulary: Vocabulary
) -> tuple[str, ...]:
    """Units in the row below the header; empty where that row is no row of units."""
    dimensions = {names.column: names.dimension for names in vocabulary.columns}
    cells = [*below[:width], *[""] * (width - len(below))]
    units = 0
    for claim in match.claims.values():
        dimension = dimensions.get(claim.column, "")
        text = cells[claim.position].strip() if dimension else ""
        if not text:
            continue
        if re.match(PLAIN, text):
            return ()
        units += plain_unit(text.strip("()（）[] ")) in vocabulary.units[dimension]
    return tuple(cell.strip("()（）[] ") for cell in cells) if units else ()
