"""docs/reference/results.md names every file, column, flag and notice code that a report can hold."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from headwater.report.results_json import FORMAT_VERSION
from headwater.report.tables import TABLES
from headwater.report.text import catalogue
from headwater.report.write import FILES, KEPT

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "reference" / "results.md").read_text(encoding="utf-8")


def _part(heading: str) -> str:
    return PAGE.split(f"\n{heading}\n", 1)[1].split("\n## ", 1)[0].split("\n### ", 1)[0]


def _first_column(part: str) -> tuple[str, ...]:
    return tuple(re.findall(r"^\| `(\w+)` \|", part, flags=re.MULTILINE))


def test_every_table_is_there_with_its_columns_in_order() -> None:
    found = {name: _first_column(_part(f"### tables/{name}.csv")) for name in TABLES}
    assert found == TABLES


def test_every_file_is_named() -> None:
    assert [
        name for name in (*FILES, *KEPT, "waters.csv") if f"`{name}`" not in PAGE and name not in PAGE
    ] == []
    assert f"`{FORMAT_VERSION}`" in PAGE


def test_every_notice_code_is_explained() -> None:
    codes = {key.removeprefix("notice.") for key in catalogue("en") if key.startswith("notice.")} - {"other"}
    assert set(_first_column(_part("## Notices"))) == codes


def test_every_flag_of_the_study_is_explained() -> None:
    tree = ast.parse((ROOT / "src/headwater/study/contributions.py").read_text(encoding="utf-8"))
    nodes = [
        node
        for node in ast.walk(tree)
        if (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "flags")
        or (isinstance(node, ast.Call) and ast.unparse(node.func) == "flags.append")
    ]
    texts = [text.value for node in nodes for text in ast.walk(node) if isinstance(text, ast.Constant)]
    flags = {text for text in texts if isinstance(text, str) and text.isidentifier()}
    explained = set(_first_column(_part("## Flags")))
    assert flags and flags <= explained
    assert all(f"flag.{flag}" in catalogue("en") for flag in explained)
