"""A table as text, and the numbers and labels in it, every refusal with file, row and column."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from headwater.errors import InputRefused
from headwater.samples.parse_names import NO_TEXT
from headwater.samples.parse_number import SENTINELS, parse_number

Array = NDArray[np.float64]
Sign = Literal["any", "not negative", "positive"]
MOST_ROWS = 5
LARGEST = 1e9
WHOLE = re.compile(r"^([+-]?\d+)\.0*$")
STATES = {1: "is no number", 2: "is below a detection limit", 3: "is a code for a missing value"}
SIGNS = {"any": "a number", "not negative": "a number ≥ 0", "positive": "a number > 0"}


@dataclass(frozen=True)
class TextTable:
    """Cells of one table, trimmed.

    Attributes
    ----------
    file : name for messages, with the sheet of a workbook
    headers : one a column, as found
    columns : one list of cells a header
    rows : shape (n,), row of each record as a spreadsheet counts it
    decimal : sign that its numbers are written with
    """

    file: str
    headers: tuple[str, ...]
    columns: tuple[list[str], ...]
    rows: NDArray[np.int64]
    decimal: Literal[".", ","] = "."

    def __len__(self) -> int:
        """Number of records."""
        return len(self.rows)

    def place(self, at: int | None = None, header: str | None = None) -> str:
        """File, row and column for a message."""
        row = "" if at is None else f", row {self.rows[at]}"
        return f"{self.file}{row}" + ("" if header is None else f", column {header!r}")

    def cells(self, header: str) -> list[str]:
        """Cells of a column.

        Raises
        ------
        InputRefused
            Two columns have this header.
        """
        if self.headers.count(header) > 1:
            raise InputRefused(
                f"{self.file}: column {header!r} is there {self.headers.count(header)} times; each name is "
                "allowed once. Rename or remove the others."
            )
        return self.columns[self.headers.index(header)]

    def rows_text(self, at: Sequence[int] | NDArray[np.int64]) -> str:
        """Rows in words, the first few of them: ``rows 2, 7, 9 and 4 more``."""
        shown = ", ".join(str(self.rows[one]) for one in at[:MOST_ROWS])
        more = f" and {len(at) - MOST_ROWS} more" if len(at) > MOST_ROWS else ""
        return f"row{'s' if len(at) > 1 else ''} {shown}{more}"


def numbers(table: TextTable, header: str, *, sign: Sign = "any", what: str = "") -> Array:
    """Numbers of a column, all of them there and finite, shape (n,).

    Parameters
    ----------
    sign : which numbers are allowed
    what : what the number is, for the message

    Raises
    ------
    InputRefused
        A cell is empty, no number, beyond ±10⁹, or has a sign that is not allowed.
    """
    values, state = parse_column(table, header)
    what = what or "value"
    missing = np.flatnonzero(state == 0)
    if len(missing):
        cell = table.cells(header)[missing[0]]
        found = f"{cell!r} stands for a missing {what}" if cell else f"empty; a {what} is missing"
        also = f" (all: {table.rows_text(missing)})" if len(missing) > 1 else ""
        raise InputRefused(
            f"{table.place(int(missing[0]), header)}: {found}{also}; every row needs one. "
            "Fill it in, or leave the row out."
        )
    wrong = np.flatnonzero(state < 4)
    if len(wrong):
        cell = table.cells(header)[wrong[0]]
        raise InputRefused(
            f"{table.place(int(wrong[0]), header)}: {cell[:80]!r} {STATES[int(state[wrong[0]])]}; "
            f"{SIGNS[sign]} is expected as {what}. Correct it, or leave the row out."
        )
    large = np.flatnonzero(np.abs(values) > LARGEST)
    if len(large):
        raise InputRefused(
            f"{table.place(int(large[0]), header)}: {table.cells(header)[large[0]][:80]} as {what}; numbers "
            f"between ±{LARGEST:g} are expected. Correct it."
        )
    low = np.flatnonzero((values <= 0.0) if sign == "positive" else (values < 0.0))
    if sign != "any" and len(low):
        raise InputRefused(
            f"{table.place(int(low[0]), header)}: {table.cells(header)[low[0]]} as {what}; {SIGNS[sign]} is "
            "expected. Correct it."
        )
    return values


def parse_column(table: TextTable, header: str) -> tuple[Array, NDArray[np.int8]]:
    """Values and states: 0 missing, 1 no number, 2 below detection, 3 code for missing, 4 read."""
    cells = table.cells(header)
    joined = "".join(cells)
    if table.decimal == "." and joined.isascii() and "_" not in joined:
        try:
            values = np.fromiter(map(float, cells), float, len(cells))
        except ValueError:
            pass
        else:
            if np.isfinite(values).all() and not np.isin(values, list(SENTINELS)).any():
                return values, np.full(len(cells), 4, np.int8)
    values = np.full(len(cells), np.nan)
    state = np.zeros(len(cells), np.int8)
    for i, cell in enumerate(cells):
        values[i], state[i] = parse_number(cell, table.decimal)
        if values[i] in SENTINELS:
            state[i] = 3
        elif state[i] == 4 and (not np.isfinite(values[i]) or (table.decimal == "." and "," in cell)):
            state[i] = 1
    return values, state


def label(cell: str) -> str:
    """A level as text: what a spreadsheet has turned into ``1.0`` is ``1``."""
    whole = WHOLE.match(cell)
    return whole[1] if whole else cell


def labels(table: TextTable, header: str, *, what: str) -> tuple[str, ...]:
    """Labels of a column, none of them missing.

    Raises
    ------
    InputRefused
    """
    cells = table.cells(header)
    missing = [i for i, cell in enumerate(cells) if cell.lower() in NO_TEXT]
    if missing:
        raise InputRefused(
            f"{table.place(missing[0], header)}: no {what} ({table.rows_text(missing)}); every row needs "
            "one. Fill it in, or leave the row out."
        )
    known: dict[str, str] = {}
    return tuple(known.get(cell) or known.setdefault(cell, label(cell)) for cell in cells)
