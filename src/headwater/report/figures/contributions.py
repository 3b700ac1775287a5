"""Shares of the sources by altitude, vegetation, aspect and depth in every period (figure 7 of the paper)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from headwater.report.engine import evaporation_inside
from headwater.report.figures.bars import (
    REFUSED_CODES,
    draw_shares,
    legend,
    loose_rows,
    percent_axis,
    range_word,
    row_height,
    truth_of,
)
from headwater.report.figures.panels import (
    Margins,
    columns_for,
    heading,
    is_leftmost,
    is_lowest,
    panel_grid,
    panel_width_mm,
    refused,
    width_for,
)
from headwater.report.figures.rows import (
    Row,
    depth,
    in_columns,
    label_room,
    label_rows,
    left_out_remark,
    paired_rows,
    stratum_rows,
)
from headwater.report.figures.words import (
    ALL,
    by_cell,
    drawn_periods,
    kind_label,
    level_label,
    margins,
    percent,
    period_label,
    stratum_label,
    why_empty,
)
from headwater.report.style import QUIET, WIDE_MM, source_marks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from headwater.report.text import Text
    from headwater.study.result import StudyResult

MOST_WITH_ALL_STRATA = 6
MOST_IN_A_COLUMN = 34
MOST_PAIRS = 120


def wants(result: StudyResult) -> bool:
    """Shares were computed for at least one stratum."""
    return len(result.tables.contributions) > 0


def draw(result: StudyResult, text: Text) -> Figure:
    """One column a period, one bar a level; mixtures that are paired with their own sources in a list."""
    if _paired(result):
        return _draw_pairs(result, text)
    periods = drawn_periods(result)
    table = result.tables.contributions
    row_mm = row_height(table)
    rows = stratum_rows(result, table, text, row_mm=row_mm, few=len(periods) > MOST_WITH_ALL_STRATA)
    columns = columns_for(len(periods))
    left = label_room(rows)
    fig, axes = panel_grid(
        len(periods),
        width_mm=width_for(len(periods)),
        height_mm=max(row_mm * (depth(rows) + 0.2), 16),
        legend=legend(result, text),
        margins=Margins(left=left, right=9 if columns <= 3 else 3, across=10 if columns <= 3 else 4, down=14),
    )
    shown = set(table["period"].astype(str))
    for number, (period, panel) in enumerate(zip(periods, axes, strict=True)):
        heading(panel, period_label(result, period, text, short=columns > 2), number)
        if period not in shown:
            refused(panel, why_empty(result, text, period=period, about=REFUSED_CODES))
            continue
        _bars(panel, result, rows, period, text, counts=columns <= 3)
        label_rows(panel, rows, labelled=is_leftmost(axes, number, columns), left_mm=left)
        lowest = is_lowest(axes, number, columns)
        panel.set_xlabel(panel.get_xlabel() if lowest else "")
    return fig


def finding(result: StudyResult, text: Text) -> str:
    """The stratum and source with the widest spread of shares within a period."""
    table = result.tables.contributions
    firm = table[~loose_rows(table)]
    if table.empty:
        return text("figure.nothing")
    if firm.empty:
        return text("figure.contributions.finding_range")
    if _paired(result):
        top = firm.loc[firm.groupby(["period", "stratum", "level"], observed=True)["mean"].idxmax()]
        counts = top["source"].astype(str).value_counts()
        source = kind_label(str(counts.index[0]), text)
        return text("figure.contributions.finding_pairs", n=len(top), k=int(counts.iloc[0]), source=source)
    firm = firm[firm["stratum"].isin(list(margins(result, firm)))]
    if firm.empty:
        return text("figure.contributions.finding_all")
    groups = firm.groupby(["period", "stratum", "source"], observed=True)["mean"]
    period, stratum, source = map(str, (groups.max() - groups.min()).idxmax())
    rows = firm[(firm["period"] == period) & (firm["stratum"] == stratum) & (firm["source"] == source)]
    low, high = rows.loc[rows["mean"].idxmin()], rows.loc[rows["mean"].idxmax()]
    return text(
        "figure.contributions.finding",
        source=kind_label(source, text),
        stratum=stratum_label(stratum, text),
        period=period_label(result, period, text),
        low=_with_sd(low),
        high=_with_sd(high),
        low_level=level_label(stratum, str(low["level"]), text),
        high_level=level_label(stratum, str(high["level"]), text),
    )


def method(result: StudyResult, text: Text) -> str:
    """How the shares were computed, from how many waters, and what whiskers and ranges are."""
    table = result.tables.contributions
    whole = table[table["stratum"] == ALL] if (table["stratum"] == ALL).any() else table
    n = int(whole.drop_duplicates(["period", "stratum", "level"])["n"].sum())
    names = [text.name("method", name) for name in dict.fromkeys(table["method"].astype(str))]
    loose = loose_rows(table)
    sentence = text("figure.contributions.method", n=n, method=text.listing(names))
    sentence += text("figure.contributions.method_whisker") if not loose.all() else ""
    sentence += text(f"figure.contributions.method_{range_word(table)}") if loose.any() else ""
    sentence += text("figure.contributions.method_engine") if evaporation_inside(result) else ""
    if _paired(result):
        pairs = len(table.drop_duplicates(["period", "stratum", "level"]))
        return sentence + (text("figure.levels_left_out", n=pairs - MOST_PAIRS) if pairs > MOST_PAIRS else "")
    return sentence + left_out_remark(result, table, text)


def _paired(result: StudyResult) -> bool:
    """True where every mixture was mixed from its own sources, so that no stratum has shares."""
    table = result.tables.contributions
    return len(table) > 0 and not (table["stratum"] == ALL).any() and not margins(result, table)


def _draw_pairs(result: StudyResult, text: Text) -> Figure:
    """Up to three columns of bars, each under the heading of its period."""
    table = result.tables.contributions
    row_mm = row_height(table)
    rows = paired_rows(result, table, text, row_mm=row_mm, most=MOST_PAIRS)
    parts = in_columns(rows, min(3, 1 + len(rows) // MOST_IN_A_COLUMN))
    left = label_room(rows)
    fig, axes = panel_grid(
        len(parts),
        width_mm=WIDE_MM if len(parts) > 1 else width_for(1),
        height_mm=max(row_mm * (max(map(depth, parts)) + 0.2), 16),
        columns=len(parts),
        legend=legend(result, text),
        margins=Margins(left=left, right=7, across=left + 5, top=8),
    )
    deepest = max(map(depth, parts))
    for part, panel in zip(parts, axes, strict=True):
        _bars(panel, result, part, "", text, counts=True)
        label_rows(panel, part, labelled=True, left_mm=left)
        panel.set_ylim(deepest - 0.4, -0.6)
    return fig


def _bars(
    panel: Axes, result: StudyResult, rows: list[Row], period: str, text: Text, *, counts: bool
) -> None:
    """The bars of a panel; ``counts`` writes the number of samples at their right."""
    table = result.tables.contributions
    marks = source_marks(result.sources, result.waters)
    cells, truth = by_cell(table), truth_of(result)
    look = {"va": "center_baseline", "color": QUIET}
    for row in rows:
        key = (row.period or period, row.stratum, row.level)
        found = cells.get(key) if row.level else None
        if found is not None:
            known = truth.get(key, {})
            draw_shares(panel, row.y, found, marks, truth=known, room_mm=panel_width_mm(panel))
            if counts:
                panel.annotate(
                    f"{int(found['n'].iloc[0])}",
                    (1, row.y),
                    xycoords=panel.get_yaxis_transform(),
                    xytext=(2, 0),
                    textcoords="offset points",
                    fontsize=6,
                    **look,
                )
        elif row.level:
            panel.text(0.02, row.y, text("figure.no_value"), fontsize=6.5, **look)
    percent_axis(panel, table, text("figure.contributions.axis", mixture=kind_label(result.mixture, text)))


def _with_sd(row: pd.Series) -> str:
    return f"{percent(row['mean'])} ± {percent(row['sd'])} %"
