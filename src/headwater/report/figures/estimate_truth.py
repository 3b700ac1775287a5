"""Estimated against true shares of a simulated campaign, with the 95 % intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from headwater.report.figures.bars import REFUSED_CODES, quarters
from headwater.report.figures.panels import (
    columns_for,
    heading,
    join_axes,
    key,
    note,
    panel_grid,
    panel_height,
    refused,
    width_for,
)
from headwater.report.figures.words import ALL, drawn_periods, kind_label, period_label, why_empty
from headwater.report.numbers import number as written
from headwater.report.style import PALE, QUIET, Mark, source_marks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from headwater.report.text import Text
    from headwater.study.result import StudyResult


def wants(result: StudyResult) -> bool:
    """The truth is known and shares were computed."""
    return len(_pairs(result)) > 0


def draw(result: StudyResult, text: Text) -> Figure:
    """One panel a period: a point and an interval for every stratum and source; the diagonal is agreement."""
    periods = drawn_periods(result)
    pairs = _pairs(result)
    marks = source_marks(result.sources, result.waters)
    columns = columns_for(len(periods))
    shown = [name for name in marks if (pairs["source"] == name).any()]
    fig, axes = panel_grid(
        len(periods),
        width_mm=width_for(len(periods)),
        height_mm=panel_height(columns, width_mm=width_for(len(periods))),
        legend=[key(marks[name], kind_label(name, text), line=True) for name in shown],
    )
    low, high = _bounds(pairs)
    for number, (period, panel) in enumerate(zip(periods, axes, strict=True)):
        heading(panel, period_label(result, period, text, short=columns > 3), number)
        own = pairs[pairs["period"] == period]
        if own.empty:
            refused(panel, why_empty(result, text, period=period, about=REFUSED_CODES))
            continue
        panel.plot([low, high], [low, high], color=QUIET, linewidth=0.8, zorder=1)
        for name in shown:
            _points(panel, own[own["source"] == name], marks[name])
        note(panel, text("figure.estimate_truth.covered", covered=int(own["covered"].sum()), n=len(own)))
        panel.set_xticks(quarters(panel))
        panel.set_yticks([0, 25, 50, 75, 100])
        panel.grid(color=PALE, linewidth=0.4, zorder=0)
        panel.set_axisbelow(True)
    join_axes(
        axes,
        columns,
        x=text("figure.estimate_truth.x"),
        y=text("figure.estimate_truth.y"),
        x_limits=(-6, 106),
        y_limits=(low - 4, high + 4),
    )
    return fig


def finding(result: StudyResult, text: Text) -> str:
    """How many intervals hold the truth, and the mean absolute error."""
    pairs = _pairs(result)
    error = float((pairs["mean"] - pairs["share"]).abs().mean())
    worst = pairs.loc[(pairs["mean"] - pairs["share"]).abs().idxmax()]
    return text(
        "figure.estimate_truth.finding",
        covered=int(pairs["covered"].sum()),
        n=len(pairs),
        error=written(100 * error, 1),
        worst=written(100 * float(worst["mean"] - worst["share"]), 0, sign=True),
        source=kind_label(str(worst["source"]), text),
        period=period_label(result, str(worst["period"]), text),
    )


def method(result: StudyResult, text: Text) -> str:
    """What a point is, and how many there are."""
    pairs = _pairs(result)
    return text("figure.estimate_truth.method", n=len(pairs), periods=pairs["period"].nunique())


def _pairs(result: StudyResult) -> pd.DataFrame:
    """Shares beside their truth, with ``covered``; sources that were the only possible one are left out."""
    table = result.tables.contributions
    if result.truth is None or table.empty:
        return table.iloc[:0].assign(share=[], covered=[])
    keys = ["period", "stratum", "level", "source"]
    table = table[~table["flags"].astype(str).str.contains("only_source")]
    pairs = table.astype(dict.fromkeys(keys, object)).merge(
        result.truth[[*keys, "share"]].astype(dict.fromkeys(keys, object)), on=keys
    )
    slack = 1e-9
    inside = (pairs["q025"] - slack <= pairs["share"]) & (pairs["share"] <= pairs["q975"] + slack)
    return pairs.assign(covered=inside)


def _points(panel: Axes, own: pd.DataFrame, mark: Mark) -> None:
    x = 100 * own["share"].to_numpy(float)
    low, high = 100 * own["q025"].to_numpy(float), 100 * own["q975"].to_numpy(float)
    panel.vlines(x, low, high, color=mark.line, linewidth=0.7, alpha=0.55, zorder=2)
    whole = (own["stratum"] == ALL).to_numpy()
    y = 100 * own["mean"].to_numpy(float)
    for chosen, size in ((~whole, 12.0), (whole, 34.0)):
        panel.scatter(
            x[chosen],
            y[chosen],
            s=size,
            marker=mark.marker,
            facecolors="white" if mark.hollow else mark.colour,
            edgecolors=mark.line if mark.edge != "none" or mark.hollow else "white",
            linewidths=0.5,
            zorder=3,
        )


def _bounds(pairs: pd.DataFrame) -> tuple[float, float]:
    values = 100 * pairs[["q025", "q975", "mean"]].to_numpy(float)
    values = values[np.isfinite(values)]
    if not values.size:
        return 0.0, 100.0
    return min(0.0, float(values.min())), max(100.0, float(values.max()))
