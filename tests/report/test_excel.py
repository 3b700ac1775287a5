"""The workbook: a sheet a table, units, frozen header, and no text that can become a formula."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from headwater.report.excel import HEADER_ROWS, write_excel
from headwater.report.tables import TABLES
from headwater.report.text import Text
from headwater.study.result import StudyResult

pytestmark = pytest.mark.slow
"""Whole reports and figures: one of each is in the default tier, in test_write and test_mix_report."""

MakeResult = Callable[..., StudyResult]


def book(result: StudyResult, path: Path, lang: Any = "en") -> openpyxl.Workbook:
    write_excel(result, path / "report.xlsx", Text(lang), run={"seed": 7})
    return openpyxl.load_workbook(path / "report.xlsx")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_sheet_a_table_with_units_and_frozen_head(
    make_result: MakeResult, tmp_path: Path, lang: str
) -> None:
    result = make_result()
    found = book(result, tmp_path, lang)
    assert found.sheetnames == ["README", *TABLES, "problems", "provenance"]
    sheet = found["contributions"]
    assert sheet.freeze_panes == f"A{HEADER_ROWS + 1}"
    assert tuple(cell.value for cell in sheet[3]) == TABLES["contributions"]
    units = dict(zip(TABLES["isotopes"], (cell.value for cell in found["isotopes"][4]), strict=True))
    assert units["d18O_mean"] == "‰" and units["n"] in ("", None)
    assert sheet.max_row == HEADER_ROWS + len(result.tables.contributions)
    first = result.tables.contributions.iloc[0]
    assert sheet.cell(HEADER_ROWS + 1, 6).value == pytest.approx(first["mean"])
    assert sheet.cell(HEADER_ROWS + 1, 6).number_format == "0.0%"


def test_every_sheet_says_that_the_data_are_simulated(make_result: MakeResult, tmp_path: Path) -> None:
    banner = Text("en")("simulated.banner")
    for sheet in book(make_result(), tmp_path):
        assert sheet.oddHeader.center.text and banner in sheet.oddHeader.center.text, sheet.title
    for sheet in book(make_result(simulated=False), tmp_path):
        assert not sheet.oddHeader.center.text


def test_text_stays_text(make_result: MakeResult, tmp_path: Path) -> None:
    texts = ("=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "http://x.org", "1e5")
    result = make_result()
    problems = result.table.problems.loc[[0] * len(texts)].assign(found=texts)
    shares = result.tables.contributions.head(len(texts)).assign(source=texts)
    hostile = replace(
        result, title=texts[0], table=replace(result.table, problems=problems),
        tables=replace(result.tables, contributions=shares), settings=tuple((t, t, t) for t in texts),
    )  # fmt: skip
    found = book(hostile, tmp_path)
    for name, wanted in (
        ("problems", texts),
        ("contributions", texts),
        ("provenance", texts),
        ("README", texts[:1]),
    ):
        cells = [cell for row in found[name].iter_rows() for cell in row if cell.value in texts]
        assert {cell.value for cell in cells} == set(wanted), name
        assert all(cell.data_type in ("s", "inlineStr") and cell.hyperlink is None for cell in cells)


def test_missing_and_unbounded_cells_are_empty(make_result: MakeResult, tmp_path: Path) -> None:
    sheet = book(make_result(), tmp_path)["source_water"]
    place = {cell.value: cell.column for cell in sheet[3]}
    ill = [
        row for row in sheet.iter_rows(min_row=HEADER_ROWS + 1)
        if row[place["verdict"] - 1].value == "ill-defined"
    ]  # fmt: skip
    assert ill and all(row[place["d18O_low"] - 1].value is None for row in ill)
