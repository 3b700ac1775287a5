"""Tables of the report about what was read: waters by kind and period, problems, files, settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from headwater.report.display import DisplayTable, Head, display_table
from headwater.report.figures.words import kind_label, kinds_present, period_label
from headwater.report.numbers import MISSING, integer

if TYPE_CHECKING:
    from headwater.report.text import Text
    from headwater.study.result import StudyResult


def kinds_by_period(result: StudyResult, text: Text) -> DisplayTable | None:
    """How many waters of each kind there are in each period."""
    waters = result.waters
    if waters.empty:
        return None
    counts = pd.crosstab(waters["kind"].astype(str), waters["period"].astype(object).fillna("").astype(str))
    periods = [period for period in result.period_names if period in counts.columns]
    elsewhere = [period for period in counts.columns if period not in periods]
    heads = [Head(text("head.water"), text=True)]
    heads += [Head(period_label(result, period, text)) for period in periods]
    heads += [Head(text("head.no_period"))] * bool(elsewhere) + [Head(text("head.sum"))]
    rows = []
    for kind in kinds_present(result):
        row = counts.loc[kind]
        rest = row[elsewhere].sum()
        other = [integer(rest) if rest else MISSING] if elsewhere else []
        rows.append(
            [
                kind_label(kind, text),
                *(integer(row[p]) if row[p] else MISSING for p in periods),
                *other,
                integer(row.sum()),
            ]
        )
    return display_table(
        "waters", text("table.waters"), heads, rows, file="tables/waters.csv", total=len(rows), first=16
    )


def problem_counts(result: StudyResult, text: Text) -> DisplayTable | None:
    """How many problems of each column there are, by what was done about them."""
    problems = result.table.problems
    if problems.empty:
        return None
    keys = [problems["action"].astype(str), problems["column"].astype(object).fillna("").astype(str)]
    counted = problems.groupby(keys, sort=False).agg(n=("found", "size"), example=("expected", "first"))
    counted = counted.sort_values("n", ascending=False, kind="stable").reset_index()
    rows = [
        [
            text.name("action", row.action),
            row.column or text("head.whole_row"),
            integer(row.n),
            str(row.example),
        ]
        for row in counted.itertuples()
    ]
    heads = [
        Head(text("column.action"), text=True),
        Head(text("column.column"), text=True),
        Head("n"),
        Head(text("head.expected_first"), text=True),
    ]
    return display_table("problem-counts", text("table.problem_counts"), heads, rows)


def problem_list(result: StudyResult, text: Text, *, most: int = 40) -> DisplayTable | None:
    """The first problems with their place, those that cost a row first."""
    problems = result.table.problems
    lost = problems["action"].astype(str) == "left out"
    chosen = pd.concat([problems[lost], problems[~lost]]).head(most)
    rows = [
        [
            _shown(row.file),
            _shown(row.sheet),
            integer(row.row) if pd.notna(row.row) else MISSING,
            _shown(row.column),
            _shown(row.found),
            _shown(row.expected),
            text.name("action", str(row.action)),
        ]
        for row in chosen.itertuples()
    ]
    heads = [
        Head(text(f"column.{name}"), text=name != "row")
        for name in ("file", "sheet", "row", "column", "found", "expected", "action")
    ]
    return display_table(
        "problems", text("table.problems"), heads, rows, file="problems.csv", first=8, total=len(problems)
    )


def file_list(result: StudyResult, text: Text) -> DisplayTable | None:
    """The files read, with the hash of their bytes."""
    rows = [[file.name, file.sha256, file.encoding, ", ".join(file.sheets)] for file in result.table.files]
    heads = [Head(text(f"head.{name}"), text=True) for name in ("file", "sha256", "encoding", "sheets")]
    return display_table("files", text("table.files"), heads, rows)


def column_mapping(result: StudyResult, text: Text) -> DisplayTable | None:
    """Which header of the tables was taken for which quantity."""
    rows = [[name, found] for name, found in result.table.mapping.items()]
    heads = [Head(text("head.quantity"), text=True), Head(text("head.found_header"), text=True)]
    return display_table("mapping", text("table.mapping"), heads, rows, first=6)


def setting_list(result: StudyResult, text: Text) -> DisplayTable | None:
    """Every setting with its value and origin, those that were chosen first."""
    rows = [[name, value or MISSING, origin] for name, value, origin in result.settings]
    rows.sort(key=lambda row: row[2] == "default")
    heads = [Head(text(f"head.{name}"), text=True) for name in ("setting", "value", "origin")]
    return display_table("settings", text("table.settings"), heads, rows)


def _shown(value: Any) -> str:
    return MISSING if pd.isna(value) or value == "" else str(value)
