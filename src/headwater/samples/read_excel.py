"""Read workbooks (xlsx, xls, xlsb, ods): every sheet, merged cells, cells as text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from headwater.errors import InputRefused
from headwater.samples.findings import Ledger
from headwater.samples.layout import ABOVE_HEADER, HEADER_WITHIN, RawSheet, collect, find_layout, no_isotopes
from headwater.samples.options import ReadOptions
from headwater.samples.read_vocabulary import Vocabulary

MOST_CELLS = 100_000_000


def read_excel(
    path: Path, name: str, options: ReadOptions, vocabulary: Vocabulary, ledger: Ledger
) -> list[RawSheet]:
    """All sheets of a workbook that hold a column of δ18O or δ2H; the others are flagged.

    Raises
    ------
    InputRefused
        The workbook is damaged, locked, or none of its sheets can be used.
    """
    sheets: list[RawSheet] = []
    skipped: list[tuple[str, int]] = []
    tops: list[list[list[str]]] = []
    for title, rows, merged in read_sheets(path, name):
        top = [[as_text(cell) for cell in row] for row in rows[: HEADER_WITHIN + 1]]
        layout = find_layout(top, vocabulary, options)
        if layout is None:
            tops.append(top)
            if rows:
                skipped.append((title, len(rows)))
            continue
        records = ([as_text(cell) for cell in row] for row in rows[layout.first_data :])
        raw = collect(records, layout, file=name, sheet=title, first_row=layout.first_data + 1, ledger=ledger)
        sheets.append(replace(raw, merged=merged, spreadsheet=True))
        if layout.index:
            ledger.flag(name, title, f"{layout.index} rows above the header", ABOVE_HEADER)
    if not any(sheet.rows_read for sheet in sheets):
        if sheets:
            raise InputRefused(f"{name}: a header but no rows below it. One row a water is expected.")
        raise no_isotopes(name, next((top for top in tops if top), []))
    for title, count in skipped:
        found = f"no column of δ18O or δ2H; {count} rows"
        ledger.flag(name, title, found, "a sheet of samples; this one is not read")
    return sheets


def read_sheets(
    path: Path, name: str
) -> Iterator[tuple[str, list[list[Any]], tuple[tuple[int, int, int], ...]]]:
    """Title, cells from A1 on, and vertical merged cells of each worksheet."""
    book = _guarded(name, lambda calamine: calamine.CalamineWorkbook.from_path(str(path)))
    for title in book.sheet_names:
        sheet = _guarded(name, lambda calamine, title=title: book.get_sheet_by_name(title))
        if sheet.total_height * sheet.total_width > MOST_CELLS:
            raise InputRefused(
                f"{name}, sheet {title!r}: {sheet.total_height} × {sheet.total_width} cells, more than "
                f"{MOST_CELLS}. Delete the empty area, or save the sheet as CSV."
            )
        rows = _guarded(name, lambda calamine, sheet=sheet: sheet.to_python(skip_empty_area=False))
        ranges = _guarded(name, lambda calamine, sheet=sheet: sheet.merged_cell_ranges) or ()
        merged = tuple(
            (top + 1, bottom + 1, left)
            for (top, left), (bottom, right) in ranges
            if bottom > top and left == right
        )
        yield title, rows, merged


def _guarded(name: str, work: Any) -> Any:
    """Result of a call into calamine; whatever goes wrong there is damage of the file."""
    import python_calamine

    try:
        return work(python_calamine)
    except python_calamine.PasswordError:
        raise InputRefused(f"{name}: the workbook is locked with a password. Save it without one.") from None
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:  # the library's own panics do not derive from Exception
        raise InputRefused(
            f"{name}: not a workbook that can be read ({str(error)[:200]}). "
            "Open and save it again, or save as CSV."
        ) from None


def as_text(cell: object) -> str:
    """Cell as the text that a CSV file would hold."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return str(cell)
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(" ", "seconds")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return "" if cell is None else str(cell)
