"""Shares of the sources by altitude, vegetation, aspect and depth in every period (figure 7 of the paper)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from headwater.report.figures.bars import (
    REFUSED_CODES,
    draw_shares,
    legend,
    loose,
    percent_axis,
    row_height,
    truth_of,
)
from headwater.report.figures.panels import (
    Margins,
    columns_for,
    fit,
    heading,
    panel_grid,
    panel_width_mm,
    refused,
    text_mm,
    width_for,
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
from headwater.report.style import MM, QUIET, source_marks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from headwater.report.text import Text
    from headwater.study.result import StudyResult

MOST_WITH_ALL_STRATA = 6
HEAD_MM = 5.6


def wants(result: StudyResult) -> bool:
    """Shares were computed for at least one stratum."""
    return len(result.tables.contributions) > 0


def draw(result: StudyResult, text: Text) -> Figure:
    """One column a period, one bar a level; the highest altitude on top."""
    periods = drawn_periods(result)
    table = result.tables.contributions
    row_mm = row_height(table)
    rows = stratum_rows(result, table, few=len(periods) > MOST_WITH_ALL_STRATA, head=HEAD_MM / row_mm)
    marks = source_marks(result.sources, result.waters)
    columns = columns_for(len(periods))
    height = row_mm * (_depth(rows) + 0.2)
    left = label_room(rows, text)
    fig, axes = panel_grid(
        len(periods),
        width_mm=width_for(len(periods)),
        height_mm=max(height, 16),
        legend=legend(result, marks, text),
        margins=Margins(left=left, right=9 if columns <= 3 else 3, across=10 if columns <= 3 else 4, down=14),
    )
    cells, truth = by_cell(table), truth_of(result)
    for number, (period, panel) in enumerate(zip(periods, axes, strict=True)):
        heading(panel, period_label(result, period, text, short=columns > 2), number)
        if not any(key[0] == period for key in cells):
            refused(panel, why_empty(result, text, period=period, about=REFUSED_CODES))
            continue
        room = panel_width_mm(panel)
        for y, stratum, level in rows:
            if not level:
                continue
            found = cells.get((period, stratum, level))
            if found is None:
                panel.text(0.02, y, text("figure.no_value"), va="center_baseline", fontsize=6.5, color=QUIET)
                continue
            key = (period, stratum, level)
            draw_shares(panel, y, found, marks, truth=truth.get(key, {}), room_mm=room)
            if columns <= 3:
                panel.annotate(
                    f"{int(found['n'].iloc[0])}",
                    (1, y),
                    xycoords=panel.get_yaxis_transform(),
                    xytext=(2, 0),
                    textcoords="offset points",
                    va="center_baseline",
                    fontsize=6,
                    color=QUIET,
                )
        percent_axis(
            panel, table, text("figure.contributions.axis", mixture=kind_label(result.mixture, text))
        )
        label_rows(panel, rows, text, labelled=_labelled(axes, number, columns), left_mm=left)
        lowest = number + columns >= len(periods) or not axes[number + columns].axison
        panel.set_xlabel(panel.get_xlabel() if lowest else "")
    return fig


def finding(result: StudyResult, text: Text) -> str:
    """The stratum and source with the widest spread of shares within a period."""
    table = result.tables.contributions
    table = table[table["stratum"].isin(result.strata) & ~table["stratum"].astype(str).str.contains("×")]
    if table.empty or loose(table):
        return text(
            "figure.contributions.finding_range" if len(table) else "figure.contributions.finding_all"
        )
    groups = table.groupby(["period", "stratum", "source"], observed=True)["mean"]
    spread = (groups.max() - groups.min()).sort_values()
    period, stratum, source = map(str, spread.index[-1])
    rows = table[(table["period"] == period) & (table["stratum"] == stratum) & (table["source"] == source)]
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
    """How the shares were computed, from how many waters, and what the whiskers are."""
    table = result.tables.contributions
    whole = table[table["stratum"] == ALL].drop_duplicates("period")
    names = [text.name("method", name) for name in dict.fromkeys(table["method"].astype(str))]
    key = "figure.contributions.method_range" if loose(table) else "figure.contributions.method"
    return text(key, n=int(whole["n"].sum()), method=text.listing(names))


def stratum_rows(
    result: StudyResult, table: pd.DataFrame, *, few: bool, head: float = 1.15
) -> list[tuple[float, str, str]]:
    """(y, stratum, level) from the top; an empty level is the heading of its stratum.

    ``head`` is the height of a heading in rows. ``few`` keeps only the first stratum, for figures with
    very many panels.
    """
    rows: list[tuple[float, str, str]] = [(0.0, ALL, ALL)] if (table["stratum"] == ALL).any() else []
    kept = margins(result, table)
    if not kept:
        others = dict.fromkeys(str(name) for name in table["stratum"] if name != ALL)
        kept = {
            name: tuple(dict.fromkeys(table.loc[table["stratum"] == name, "level"].astype(str)))
            for name in others
        }
    y = 1.0 if rows else 0.0
    for stratum, levels in list(kept.items())[: 1 if few else None]:
        rows.append((y - 0.5 + 0.54 * head, stratum, ""))
        y += head
        for level in reversed(levels) if stratum == "altitude" else levels:
            rows.append((y, stratum, level))
            y += 1.0
    return rows


def label_room(rows: list[tuple[float, str, str]], text: Text) -> float:
    """Width that the labels of the rows need [mm], within reason."""
    widths = [
        text_mm(level_label(stratum, level, text)) if level else text_mm(stratum_label(stratum, text))
        for _, stratum, level in rows
    ]
    return min(42.0, max([14.0, *widths]) + 3)


def label_rows(
    panel: Axes, rows: list[tuple[float, str, str]], text: Text, *, labelled: bool, left_mm: float
) -> None:
    """Levels beside the bars, headings of the strata in grey above theirs."""
    levels = [(y, level_label(stratum, level, text)) for y, stratum, level in rows if level]
    names = [fit(name, left_mm - 2) for _, name in levels] if labelled else [""] * len(levels)
    panel.set_yticks([y for y, _ in levels], names)
    panel.tick_params(axis="y", length=0)
    panel.spines["left"].set_visible(False)
    panel.set_ylim(_depth(rows) - 0.4, -0.6)
    if not labelled:
        return
    width = panel.get_position().width * panel.figure.get_figwidth() / MM
    for y, stratum, level in rows:
        if not level:
            panel.text(
                -(left_mm - 2) / width,
                y,
                stratum_label(stratum, text),
                transform=panel.get_yaxis_transform(),
                ha="left",
                va="center_baseline",
                fontsize=7,
                color=QUIET,
            )


def _labelled(axes: list[Axes], number: int, columns: int) -> bool:
    return number % columns == 0 or not axes[number - 1].axison


def _depth(rows: list[tuple[float, str, str]]) -> float:
    return max((y for y, _, _ in rows), default=0.0) + 1.0


def _with_sd(row: pd.Series) -> str:
    return f"{percent(row['mean'])} ± {percent(row['sd'])} %"
