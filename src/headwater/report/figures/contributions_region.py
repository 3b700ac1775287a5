"""Shares of the sources over the whole region, period by period (figure 7 of the paper, first rows)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from headwater.report.figures.bars import (
    REFUSED_CODES,
    draw_shares,
    legend,
    loose,
    percent_axis,
    range_word,
    row_height,
    truth_of,
)
from headwater.report.figures.panels import Margins, fit, panel_grid, text_mm
from headwater.report.figures.words import ALL, by_cell, kind_label, percent, period_label, why_empty
from headwater.report.style import ALERT, INK, MIDDLE_MM, PALE, QUIET, Mark, source_marks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from headwater.report.text import Text
    from headwater.study.result import StudyResult

MOST_ROWS = 60
MOST_NAMED = 3


def wants(result: StudyResult) -> bool:
    """Shares of a whole period were computed."""
    return len(_table(result)) > 0


def draw(result: StudyResult, text: Text) -> Figure:
    """A bar a period, and beside it every share with its 95 % interval."""
    table = _table(result)
    periods = result.periods[:MOST_ROWS] or (ALL,)
    marks = source_marks(result.sources, result.waters)
    labels = [period_label(result, period, text) for period in periods]
    left = min(44.0, max(text_mm(label) for label in labels) + 4)
    height = max(row_height(table), 6.5 if len(periods) <= 6 else 4.8)
    height = max(height, 2.1 * len(marks)) if len(periods) <= 12 else height
    ranges = loose(table)
    fig, axes = panel_grid(
        1 if ranges else 2,
        width_mm=MIDDLE_MM,
        height_mm=max(16.0, height * len(periods) + 2),
        margins=Margins(left=left, right=4, across=7, top=8),
        legend=legend(result, text),
        ratios=None if ranges else (1.25, 1),
    )
    cells, truth = by_cell(table), truth_of(result)
    room = axes[0].get_position().width * MIDDLE_MM
    for y, period in enumerate(periods):
        rows = cells.get((period, ALL, ALL))
        if rows is None:
            _refusal(axes, y, why_empty(result, text, period=period, about=REFUSED_CODES), room)
            continue
        known = truth.get((period, ALL, ALL), {})
        draw_shares(axes[0], y, rows, marks, truth=known, room_mm=room)
        if not ranges:
            _intervals(axes[1], y, rows, marks, known)
    for number, panel in enumerate(axes):
        percent_axis(
            panel, table, text("figure.contributions.axis", mixture=kind_label(result.mixture, text))
        )
        panel.set_yticks(
            range(len(periods)), [fit(label, left - 3) for label in labels] if number == 0 else []
        )
        panel.tick_params(axis="y", length=0)
        panel.spines["left"].set_visible(False)
        panel.set_ylim(len(periods) - 0.45, -0.55)
    if not ranges:
        _bound(axes[1], table)
    return fig


def finding(result: StudyResult, text: Text) -> str:
    """Every share with its sd for up to three periods, else the range of the largest source."""
    table = _table(result)
    if loose(table):
        return text("figure.contributions.finding_range")
    present = [period for period in result.periods if (table["period"] == period).any()]
    if len(present) <= MOST_NAMED:
        parts = []
        for period in present:
            rows = table[table["period"] == period].sort_values("mean", ascending=False)
            shares = [
                f"{kind_label(str(r.source), text)} {percent(r.mean)} ± {percent(r.sd)} %"
                for r in rows.itertuples(name="Row")
            ]
            parts.append(
                text(
                    "figure.contributions_region.part",
                    period=period_label(result, period, text),
                    shares=text.listing(shares),
                )
            )
        return text("figure.contributions_region.joint").join(parts) + text("figure.stop")
    top = str(table.groupby("source", observed=True)["mean"].mean().idxmax())
    own = table.loc[table["source"] == top, "mean"]
    return text(
        "figure.contributions_region.finding",
        source=kind_label(top, text),
        low=percent(own.min()),
        high=percent(own.max()),
        periods=len(present),
    )


def method(result: StudyResult, text: Text) -> str:
    """Number of waters a period, and what the intervals are."""
    table = _table(result)
    counts = table.drop_duplicates("period")["n"].astype(int)
    low, high = counts.min(), counts.max()
    key = f"method_{range_word(table)}" if loose(table) else "method"
    said = text(f"figure.contributions_region.{key}", n=f"{low}" if low == high else f"{low}–{high}")
    names = [text.name("method", name) for name in dict.fromkeys(table["method"].astype(str))]
    return said + text("figure.contributions_region.method_of", method=text.listing(names))


def _table(result: StudyResult) -> pd.DataFrame:
    table = result.tables.contributions
    return table[table["stratum"] == ALL]


def _refusal(axes: list[Axes], y: int, sentence: str, room_mm: float) -> None:
    label = fit(sentence, room_mm * 1.7)
    axes[0].text(0.01, y, label, va="center_baseline", fontsize=7, color=ALERT)


def _intervals(
    panel: Axes, y: float, rows: pd.DataFrame, marks: dict[str, Mark], truth: dict[str, float]
) -> None:
    names = [name for name in marks if (rows["source"] == name).any()]
    panel.axhline(y + 0.5, color=PALE, linewidth=0.5, zorder=0)
    for number, name in enumerate(names):
        row = rows[rows["source"] == name].iloc[0]
        mark = marks[name]
        height = y + 0.72 * ((number + 0.5) / len(names) - 0.5)
        if np.isfinite([row["q025"], row["q975"]]).all():
            panel.plot([row["q025"], row["q975"]], [height] * 2, color=mark.line, linewidth=1.1, zorder=2)
        panel.plot(
            row["mean"],
            height,
            marker=mark.marker,
            markersize=4.5,
            zorder=3,
            markerfacecolor="white" if mark.hollow else mark.colour,
            markeredgecolor=mark.line,
            markeredgewidth=0.6,
        )
        if name in truth:
            panel.plot([truth[name]] * 2, [height - 0.1, height + 0.1], color=INK, linewidth=1.3, zorder=4)


def _bound(panel: Axes, table: pd.DataFrame) -> None:
    low = min(0.0, float(table["q025"].min()))
    high = max(1.0, float(table["q975"].max()))
    panel.set_xlim(low - 0.03, high + 0.03)
    panel.grid(axis="x", color=PALE, linewidth=0.4, zorder=0)
    panel.set_axisbelow(True)
    panel.spines["bottom"].set_color(QUIET)
