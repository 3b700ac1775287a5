"""Shares of whole periods by the mixing model and, from the same samples, by plain algebra."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from headwater.report.engine import both_ways, differences, evaporation_inside, model_used
from headwater.report.figures.bars import quarters, tick_key, truth_of
from headwater.report.figures.panels import (
    Margins,
    fit,
    heading,
    is_leftmost,
    line_key,
    panel_grid,
    text_mm,
    width_for,
)
from headwater.report.figures.words import ALL, finite, kind_label, percent, period_label
from headwater.report.numbers import points
from headwater.report.style import GREY, INK, PALE, Mark, source_marks

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from headwater.report.text import Text
    from headwater.study.result import StudyResult

MOST_ROWS = 40
MOST_COLUMNS = 3
ROW_MM = 7.0
PLACES = {"": -0.2, "other_": 0.06, "algebra_": 0.3}
"""Where the three ways stand around the middle of a row."""


def wants(result: StudyResult) -> bool:
    """The model was used and one of the two ways has shares of whole periods."""
    return len(both_ways(result)) > 0


def draw(result: StudyResult, text: Text) -> Figure:
    """One panel a source, one row a period: model, its other form, algebra."""
    joint = both_ways(result)
    sources = [name for name in result.sources if (joint["source"] == name).any()] or [""]
    periods = [name for name in result.periods if (joint["period"] == name).any()][:MOST_ROWS] or [ALL]
    marks = source_marks(result.sources, result.waters)
    labels = [period_label(result, period, text, short=True) for period in periods]
    left = min(40.0, max(text_mm(label) for label in labels) + 4)
    columns = min(len(sources), MOST_COLUMNS)
    fig, axes = panel_grid(
        len(sources),
        width_mm=width_for(max(2, len(sources))),
        height_mm=max(16.0, ROW_MM * len(periods)),
        columns=columns,
        margins=Margins(left=left, right=4, across=6, top=9, down=15),
        legend=_legend(result, text),
    )
    truth, limits = truth_of(result), _limits(joint)
    for number, (source, panel) in enumerate(zip(sources, axes, strict=True)):
        heading(panel, kind_label(source, text), number)
        own = joint[joint["source"] == source].set_index("period")
        for y, period in enumerate(periods):
            panel.axhline(y + 0.5, color=PALE, linewidth=0.5, zorder=0)
            if period in own.index:
                _row(panel, y, own.loc[period], marks[source])
                known = truth.get((period, ALL, ALL), {}).get(source)
                if known is not None:
                    panel.plot([known] * 2, [y - 0.42, y + 0.42], color=INK, linewidth=1.2, zorder=1)
        _axes(panel, limits, text("figure.contributions.axis", mixture=kind_label(result.mixture, text)))
        shown = [fit(label, left - 3) for label in labels] if is_leftmost(axes, number, columns) else []
        panel.set_yticks(range(len(periods)), shown or [""] * len(periods))
        panel.set_ylim(len(periods) - 0.5, -0.5)
    return fig


def finding(result: StudyResult, text: Text) -> str:
    """Where algebra reads most more of a source than the model does."""
    joint, change = both_ways(result), differences(result)
    if change.empty:
        return text("figure.model_and_algebra.finding_none")
    row = joint.loc[change.idxmax()]
    return text(
        "figure.model_and_algebra.finding",
        source=kind_label(row["source"], text),
        period=period_label(result, row["period"], text),
        difference=points(row["algebra_mean"] - row["mean"]),
        plain=percent(row["algebra_mean"]),
        share=percent(row["mean"]),
    )


def method(result: StudyResult, text: Text) -> str:
    """What the three marks are."""
    return text(f"figure.model_and_algebra.method{'' if evaporation_inside(result) else '_plain'}")


def _row(panel: Axes, y: float, row: pd.Series, mark: Mark) -> None:
    looks: dict[str, dict[str, Any]] = {
        "": {"marker": mark.marker, "markerfacecolor": mark.colour, "color": mark.line, "markersize": 5},
        "other_": {"marker": mark.marker, "markerfacecolor": "white", "color": mark.line, "markersize": 4},
        "algebra_": {"marker": "x", "color": GREY, "markersize": 4.5, "markeredgewidth": 1.2},
    }
    for way, look in looks.items():
        low, high = row[f"{way}q025"], row[f"{way}q975"]
        loose = "underdetermined" in str(row["algebra_flags" if way == "algebra_" else "flags"])
        height = y + PLACES[way]
        if finite(low, high):
            panel.plot([low, high], [height] * 2, color=look["color"], linewidth=1.0, zorder=2)
        if finite(row[f"{way}mean"]) and not loose:
            panel.plot(row[f"{way}mean"], height, zorder=3, **look)


def _axes(panel: Axes, limits: tuple[float, float], label: str) -> None:
    panel.set_xlim(*limits)
    ticks = quarters(panel)
    panel.set_xticks([tick / 100 for tick in ticks], [str(tick) for tick in ticks])
    panel.set_xlabel(label)
    panel.grid(axis="x", color=PALE, linewidth=0.4, zorder=0)
    panel.set_axisbelow(True)
    panel.tick_params(axis="y", length=0)
    panel.spines["left"].set_visible(False)


def _limits(joint: pd.DataFrame) -> tuple[float, float]:
    values = joint[[f"{way}{name}" for way in PLACES for name in ("mean", "q025", "q975")]].to_numpy(float)
    values = values[np.isfinite(values)]
    return min([0.0, *values]) - 0.03, max([1.0, *values]) + 0.03


def _legend(result: StudyResult, text: Text) -> list[Artist]:
    from matplotlib.lines import Line2D

    entries = [line_key(text("figure.model_and_algebra.model"), marker="o")]
    if len(result.tables.other_form):
        entries.append(line_key(text("figure.model_and_algebra.other"), marker="o", hollow=True))
    if model_used(result):
        look = {"color": GREY, "marker": "x", "markersize": 4.5, "markeredgewidth": 1.2}
        entries.append(Line2D([], [], label=text("figure.model_and_algebra.algebra"), linewidth=1, **look))
    if result.truth is not None:
        entries.append(tick_key(text("figure.contributions.truth")))
    return entries
