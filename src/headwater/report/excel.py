"""The study as one Excel workbook: README, a sheet a table, problems and provenance."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

import headwater
from headwater.report.notices import sentence
from headwater.report.numbers import missing
from headwater.report.tables import Look, column, tidy_tables

if TYPE_CHECKING:
    from headwater.report.text import Text
    from headwater.study.result import StudyResult

MOST_ROWS = 200_000
"""Rows of one sheet (Excel ends at 1 048 576); the CSV files have all."""
HEADER_ROWS = 4
FORMATS: dict[Look, str] = {
    "text": "@", "count": "#,##0", "delta": "0.00", "slope": "0.00", "share": "0.0%", "p": "0.0000",
    "plain": "General",
}  # fmt: skip
OPTIONS = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
           "nan_inf_to_errors": False}  # fmt: skip


def write_excel(result: StudyResult, path: Path, text: Text, *, run: Mapping[str, Any] | None = None) -> None:
    """Write the workbook. Texts stay texts: nothing that a table holds can become a formula."""
    import xlsxwriter

    with xlsxwriter.Workbook(str(path), OPTIONS) as book:
        # A fixed date, so that the same study gives the same bytes.
        book.set_properties({"title": result.title, "created": datetime(2020, 1, 1)})
        looks = _Looks(book)
        tables = {name: frame for name, frame in tidy_tables(result).items() if len(frame)}
        _readme(book, looks, result, text, tables)
        for name, frame in tables.items():
            _table(book, looks, result, text, name, frame)
        if len(result.table.problems):
            _table(book, looks, result, text, "problems", result.table.problems)
        _provenance(book, looks, result, text, run or {})


class _Looks:
    """Cell formats of the workbook."""

    def __init__(self, book: Any) -> None:
        self.title = book.add_format({"bold": True, "font_size": 12})
        self.warning = book.add_format({"bold": True, "font_color": "#C8313F"})
        self.head = book.add_format({"bold": True, "text_wrap": True, "valign": "bottom"})
        self.code = book.add_format({"font_color": "#6C7A89", "font_size": 9})
        self.unit = book.add_format({"font_color": "#6C7A89", "bottom": 1})
        self.wrap = book.add_format({"text_wrap": True, "valign": "top"})
        self.of = {look: book.add_format({"num_format": code}) for look, code in FORMATS.items()}


def _sheet(book: Any, name: str, result: StudyResult, text: Text) -> Any:
    sheet = book.add_worksheet(name)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&L&F · &A&R&P / &N")
    if result.simulated:
        sheet.set_header("&C&B" + text("simulated.banner"))
        sheet.set_tab_color("#C8313F")
    return sheet


def _readme(
    book: Any, looks: _Looks, result: StudyResult, text: Text, tables: Mapping[str, pd.DataFrame]
) -> None:
    sheet = _sheet(book, "README", result, text)
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 100, looks.wrap)
    sheet.write_string(0, 0, result.title, looks.title)
    row = 1
    if result.simulated:
        sheet.write_string(row, 0, text("simulated.banner"), looks.warning)
        row += 1
    sheet.write_string(row, 0, text("excel.intro"))
    row += 2
    for name, frame in tables.items():
        sheet.write_url(row, 0, f"internal:'{name}'!A1", string=name)
        rows = text.count("excel.rows", len(frame))
        sheet.write_string(row, 1, f"{text(f'table_meaning.{name}')} {rows}")
        row += 1
    sheet.write_string(row + 1, 0, text("section.notices"), looks.head)
    for place, notice in enumerate(result.notices, start=row + 2):
        sheet.write_string(place, 0, text.name("level_of_notice", notice.level))
        where = " · ".join(part for part in (notice.period, notice.stratum, notice.stratum_level) if part)
        said = sentence(notice, text, result)
        sheet.write_string(place, 1, f"{where}: {said}" if where else said)


def _table(book: Any, looks: _Looks, result: StudyResult, text: Text, name: str, frame: pd.DataFrame) -> None:
    sheet = _sheet(book, name, result, text)
    title = text(f"table_meaning.{name}")
    if len(frame) > MOST_ROWS:
        title += " " + text("excel.cut", n=MOST_ROWS, of=len(frame))
        frame = frame.iloc[:MOST_ROWS]
    sheet.write_string(0, 0, title, looks.title)
    if result.simulated:
        sheet.write_string(0, min(8, len(frame.columns)), text("simulated.banner"), looks.warning)
    for place, header in enumerate(frame.columns):
        unit, look = column(name, str(header))
        sheet.write_string(1, place, text.name("column", str(header)), looks.head)
        sheet.write_string(2, place, str(header), looks.code)
        sheet.write_string(3, place, unit, looks.unit)
        _values(sheet, place, frame[header], looks.of[look])
        sheet.set_column(place, place, _width(frame[header], str(header), look))
    sheet.freeze_panes(HEADER_ROWS, 0)
    sheet.repeat_rows(0, HEADER_ROWS - 1)
    sheet.autofilter(HEADER_ROWS - 1, 0, HEADER_ROWS - 1 + len(frame), len(frame.columns) - 1)


def _values(sheet: Any, place: int, values: pd.Series, look: Any) -> None:
    for row, value in enumerate(values.tolist(), start=HEADER_ROWS):
        if missing(value):
            continue
        if isinstance(value, bool):
            sheet.write_boolean(row, place, value)
        elif isinstance(value, int | float):
            if abs(value) != float("inf"):
                sheet.write_number(row, place, value, look)
        else:
            sheet.write_string(row, place, str(value)[:32_000], look)


def _width(values: pd.Series, header: str, look: Look) -> float:
    longest = values.head(500).astype(str).str.len().max() if look in ("text", "plain") else 0
    return float(min(max(9, len(header) * 0.9, (longest if longest == longest else 0) + 2), 48))


def _provenance(book: Any, looks: _Looks, result: StudyResult, text: Text, run: Mapping[str, Any]) -> None:
    sheet = _sheet(book, "provenance", result, text)
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 70)
    sheet.set_column(2, 2, 24)
    rows: list[tuple[str, ...]] = [("headwater", headwater.__version__, "")]
    rows += [(text("head.file"), file.name, f"sha256 {file.sha256}") for file in result.table.files]
    rows += [(name, str(count), "") for name, count in result.table.summary().items()]
    rows += [(str(name), str(value), "run") for name, value in run.items()]
    rows += list(result.settings)
    for place, head in enumerate(("setting", "value", "origin")):
        sheet.write_string(0, place, text(f"head.{head}"), looks.head)
    for row, cells in enumerate(rows, start=1):
        for place, value in enumerate(cells):
            sheet.write_string(row, place, str(value)[:32_000])
    sheet.freeze_panes(1, 0)
