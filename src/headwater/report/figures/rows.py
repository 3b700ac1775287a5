"""Rows of strata and their levels, from the top down, with their labels: what several figures share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from headwater.report.figures.panels import fit, panel_width_mm, text_mm
from headwater.report.figures.words import ALL, level_label, margins, period_label, stratum_label
from headwater.report.style import QUIET

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from headwater.report.text import Text
    from headwater.study.result import StudyResult

MOST_LEVELS = 30
"""Levels of one stratum that a figure shows; the tables hold all of them."""
HEAD_MM = 5.6
WIDEST_LABEL_MM = 42.0


@dataclass(frozen=True)
class Row:
    """One row: its height ``y`` (in rows from the top) and label; a heading has no ``level``.

    ``period`` is set where rows of several periods stand in one panel.
    """

    y: float
    label: str
    stratum: str
    level: str = ""
    period: str = ""


def stratum_rows(
    result: StudyResult, table: pd.DataFrame, text: Text, *, row_mm: float, few: bool
) -> list[Row]:
    """All waters first, then every stratum with its levels; the highest altitude on top.

    ``few`` keeps only the first stratum, for figures with very many panels.
    """
    head = HEAD_MM / row_mm
    rows = [Row(0.0, level_label(ALL, ALL, text), ALL, ALL)] if (table["stratum"] == ALL).any() else []
    y = float(len(rows))
    for stratum, levels in list(margins(result, table).items())[: 1 if few else None]:
        rows.append(Row(y - 0.5 + 0.54 * head, stratum_label(stratum, text), stratum))
        y += head
        shown = levels[:MOST_LEVELS]
        for level in reversed(shown) if stratum == "altitude" else shown:
            rows.append(Row(y, level_label(stratum, level, text), stratum, level))
            y += 1.0
    return rows


def paired_rows(
    result: StudyResult, table: pd.DataFrame, text: Text, *, row_mm: float, most: int
) -> list[Row]:
    """The first cells of the table, one below the other, under the heading of their period."""
    cells = table.drop_duplicates(["period", "stratum", "level"]).iloc[:most]
    head = HEAD_MM / row_mm
    rows: list[Row] = []
    y = 0.0
    for period in result.periods:
        own = cells[cells["period"] == period]
        if own.empty:
            continue
        rows.append(Row(y - 0.5 + 0.54 * head, period_label(result, period, text), "", "", period))
        y += head
        for stratum, level in zip(own["stratum"].astype(str), own["level"].astype(str), strict=True):
            rows.append(Row(y, level_label(stratum, level, text), stratum, level, period))
            y += 1.0
    return rows


def in_columns(rows: list[Row], columns: int) -> list[list[Row]]:
    """The rows in so many columns of about the same height, each counted from 0 again."""
    each = depth(rows) / columns
    found: list[list[Row]] = [[] for _ in range(columns)]
    for row in rows:
        found[min(int((row.y + 0.5) / each), columns - 1)].append(row)
    return [
        [Row(row.y - part[0].y + (0.0 if part[0].level else 0.1), *_rest(row)) for row in part]
        for part in found
        if part
    ]


def _rest(row: Row) -> tuple[str, str, str, str]:
    return row.label, row.stratum, row.level, row.period


def depth(rows: list[Row]) -> float:
    """Height that the rows take, in rows."""
    return max((row.y for row in rows), default=0.0) + 1.0


def levels_left_out(result: StudyResult, table: pd.DataFrame) -> int:
    """Levels that have rows in the table but no place in the figure."""
    return sum(max(0, len(levels) - MOST_LEVELS) for levels in margins(result, table).values())


def left_out_remark(result: StudyResult, table: pd.DataFrame, text: Text) -> str:
    """The sentence that says so, empty where every level is drawn."""
    count = levels_left_out(result, table)
    return text("figure.levels_left_out", n=count) if count else ""


def label_room(rows: list[Row]) -> float:
    """Width that the labels of the rows need [mm], within reason."""
    return min(WIDEST_LABEL_MM, max([14.0, *(text_mm(row.label) for row in rows)]) + 4)


def label_rows(panel: Axes, rows: list[Row], *, labelled: bool, left_mm: float) -> None:
    """Levels beside their rows, headings in grey above them."""
    shown = [row for row in rows if row.level]
    names = [fit(row.label, left_mm - 2) if labelled else "" for row in shown]
    panel.set_yticks([row.y for row in shown], names)
    panel.tick_params(axis="y", length=0)
    panel.spines["left"].set_visible(False)
    panel.set_ylim(depth(rows) - 0.4, -0.6)
    if not labelled:
        return
    edge = -(left_mm - 2) / panel_width_mm(panel)
    look = {"ha": "left", "va": "center_baseline", "fontsize": 7, "color": QUIET}
    for row in rows:
        if not row.level:
            panel.text(edge, row.y, row.label, transform=panel.get_yaxis_transform(), **look)
