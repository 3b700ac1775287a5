"""Read a table of any format as text: CSV, workbook or Parquet; its header is the first row with a cell."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Literal

import numpy as np

from headwater.errors import InputRefused
from headwater.mixing.tables.cells import TextTable
from headwater.samples.read_text import (
    SAMPLE,
    SEPARATORS,
    find_encoding,
    records,
    refuse_binary,
    refuse_damage,
)

WIDEST = 16_384
ZIP, OLE, PARQUET = b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"PAR1"
DECIMAL_COMMA = re.compile(r"^[+\-−–]?\d*,\d+([eE][+-]?\d+)?$")
DECIMAL_POINT = re.compile(r"^[+\-−–]?\d*\.\d+([eE][+-]?\d+)?$")
BLANK = str.maketrans("", "", "\ufeff\u200b")


def read_cells(path: Path | str | TextTable, *, notes: list[str] | None = None) -> TextTable:
    """The table of a file; ``book.xlsx#Sheet`` names a sheet, else the first one that is not empty is read.

    A table that was read already is handed back.

    Encoding, separator, line ends (also a bare CR) and the decimal sign are found from the file.

    Parameters
    ----------
    notes : takes what a user should know of how the file was read

    Raises
    ------
    InputRefused
        The file is absent, empty, damaged, or has a row with more cells than its header.
    """
    if isinstance(path, TextTable):
        return path
    notes = [] if notes is None else notes
    place, sheet = split_sheet(Path(path))
    try:
        with place.open("rb") as stream:
            start = stream.read(8)
        if start.startswith(PARQUET):
            return _from_parquet(place)
        if start.startswith((ZIP, OLE)):
            return _from_workbook(place, sheet, notes)
        if sheet is not None:
            raise InputRefused(
                f"{place.name} is no workbook, so it has no sheet {sheet!r}. Name the file alone."
            )
        return _from_text(place, notes)
    except OSError as error:
        reason = "there is no such file" if isinstance(error, FileNotFoundError) else error.strerror or error
        raise InputRefused(f"{place}: {reason}. Name a table (CSV, Excel or Parquet).") from None


def split_sheet(path: Path) -> tuple[Path, str | None]:
    """File and sheet of ``book.xlsx#Sheet``; no sheet where the name is that of a file as it is."""
    if "#" in path.name and not path.exists():
        name, _, sheet = path.name.partition("#")
        if name:
            return path.with_name(name), sheet
    return path, None


def _from_text(path: Path, notes: list[str]) -> TextTable:
    name = path.name
    encoding = find_encoding(path, name, None)
    spans: list[tuple[int, int]] = []
    with refuse_damage(name, encoding), path.open(encoding=encoding, newline="") as stream:
        sample = stream.read(SAMPLE)
        refuse_binary(sample, name)
        separator = _find_separator(sample)
        stream.seek(0)
        table = _table(name, records(stream, separator, name, spans), notes)
    if spans:
        notes.append(f"{name}, row {spans[0][0]}: a cell with line breaks; is a quotation mark unclosed?")
    if encoding in ("cp1252", "latin-1"):
        notes.append(
            f"{name}: neither UTF-8 nor GB18030; read as {encoding}, letters with accents may be wrong"
        )
    return table


def _find_separator(sample: str) -> str:
    """Separator that splits the header into most cells, the comma where none does."""
    most, best = 1, ","
    for separator in SEPARATORS:
        reader = csv.reader(io.StringIO(sample, newline=""), delimiter=separator)
        with suppress(csv.Error):  # met again, and named, when the whole file is read
            header = next((cells for cells in reader if any(cell.strip() for cell in cells)), [])
            if len(header) > most:
                most, best = len(header), separator
    return best


def _from_workbook(path: Path, sheet: str | None, notes: list[str]) -> TextTable:
    from headwater.samples.read_excel import as_text, read_sheets

    titles = []
    for title, rows, _ in read_sheets(path, path.name):
        titles.append(title)
        if rows and sheet in (None, title):
            if sheet is None and len(titles) > 1:
                notes.append(f"{path.name}: sheet {title!r} is read")
            name = f"{path.name}, sheet {title!r}"
            return _table(name, ([as_text(cell) for cell in row] for row in rows), notes)
    wanted = "any cell" if sheet is None else f"sheet {sheet!r}"
    raise InputRefused(
        f"{path.name}: no {wanted}; its sheets are {', '.join(titles)}. Name one as FILE#SHEET."
    )


def _from_parquet(path: Path) -> TextTable:
    from headwater.samples.read_parquet import as_text, open_parquet

    table = open_parquet(path, path.name)
    headers = tuple(_trimmed(str(one)) for one in table.column_names)
    columns = []
    for i, header in enumerate(headers):
        text = as_text(table.column(i), path.name, header)
        cells = [""] * table.num_rows if text is None else text.fill_null("").to_pylist()
        columns.append([cell.strip() for cell in cells])
    if not headers or not table.num_rows:
        raise InputRefused(f"{path.name}: no rows. One row a water or source is expected.")
    return TextTable(path.name, headers, tuple(columns), np.arange(2, table.num_rows + 2))


def _trimmed(cell: str) -> str:
    return cell.translate(BLANK).strip()


def _table(name: str, lines: Iterable[list[str]], notes: list[str]) -> TextTable:
    """Header and records; empty records are not counted."""
    numbered = enumerate(lines, start=1)
    header: list[str] = []
    for _, line in numbered:
        header = [_trimmed(cell) for cell in line]
        if any(header):
            break
    while header and not header[-1]:
        header.pop()
    if not 0 < len(header) <= WIDEST:
        raise InputRefused(f"{name}: {len(header)} columns; 1 to {WIDEST} are expected.")
    kept, rows = [], []
    for number, line in numbered:
        cells = [cell.strip() for cell in line]
        if any(cells):
            kept.append(cells)
            rows.append(number)
    if not kept:
        raise InputRefused(f"{name}: a header but no rows below it. One row a water or source is expected.")
    if all(len(cells) == len(header) + 1 for cells in kept) and any(cells[-1] for cells in kept):
        header = ["", *header]
        notes.append(
            f"{name}: one header fewer than cells; the first column is taken for row names, as R writes them"
        )
    columns = _columns(name, header, kept, rows)
    return TextTable(name, tuple(header), columns, np.array(rows, np.int64), _decimal(columns))


def _columns(name: str, header: list[str], kept: list[list[str]], rows: list[int]) -> tuple[list[str], ...]:
    width = len(header)
    for number, cells in zip(rows, kept, strict=True):
        if len(cells) != width:
            if any(cells[width:]):
                raise InputRefused(
                    f"{name}, row {number}: {len(cells)} cells, the header has {width}; as many are "
                    "expected. Is a separator or a decimal comma in a cell? Quote it."
                )
            cells[width:] = []
            cells += [""] * (width - len(cells))
    return tuple(list(column) for column in zip(*kept, strict=True))


def _decimal(columns: Iterable[list[str]]) -> Literal[".", ","]:
    """``,`` where cells have a decimal comma and none has a decimal point."""
    cells = [cell for column in columns for cell in islice(_numeric(column), 1000)]
    if not any(DECIMAL_COMMA.match(cell) for cell in cells):
        return "."
    return "." if any(DECIMAL_POINT.match(cell) for cell in cells) else ","


def _numeric(column: list[str]) -> Iterator[str]:
    return (cell for cell in column if "," in cell or "." in cell)
