"""Distance of the mixture from the local meteoric line (lc-excess) by stratum, with rank and interval."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from headwater.report.figures.panels import (
    Margins,
    columns_for,
    heading,
    is_leftmost,
    is_lowest,
    panel_grid,
    refused,
    width_for,
)
from headwater.report.figures.rows import (
    Row,
    depth,
    label_room,
    label_rows,
    left_out_remark,
    stratum_rows,
)
from headwater.report.figures.words import (
    ALL,
    drawn_periods,
    kind_label,
    level_label,
    period_label,
    permil_interval,
    why_empty,
)
from headwater.report.numbers import number as written
from headwater.report.style import INK, PALE, QUIET, period_colours

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from headwater.report.text import Text
    from headwater.study.result import StudyResult

MOST_WITH_ALL_STRATA = 6
ROW_MM = 4.2
LEAST_FOR_SCALE = 3
"""Intervals of fewer samples may run off the panel: they must not set its scale."""


def wants(result: StudyResult) -> bool:
    """lc-excess was computed for at least one stratum."""
    return len(result.tables.line_distance) > 0


def draw(result: StudyResult, text: Text) -> Figure:
    """One column a period; 0 is the meteoric line, the number at the right the rank within the stratum."""
    periods = drawn_periods(result)
    table = result.tables.line_distance
    rows = stratum_rows(result, table, text, row_mm=ROW_MM, few=len(periods) > MOST_WITH_ALL_STRATA)
    columns = columns_for(len(periods))
    left = label_room(rows)
    fig, axes = panel_grid(
        len(periods),
        width_mm=width_for(len(periods)),
        height_mm=max(16.0, ROW_MM * (depth(rows) + 0.2)),
        columns=columns,
        margins=Margins(left=left, right=7, across=8 if columns <= 3 else 5, down=14),
    )
    colours = period_colours(result.periods)
    bounds = _bounds(table)
    for number, (period, panel) in enumerate(zip(periods, axes, strict=True)):
        heading(panel, period_label(result, period, text, short=columns > 2), number)
        own = table[table["period"] == period]
        if own.empty:
            refused(panel, why_empty(result, text, period=period, about=("line_refused", "too_few_samples")))
            continue
        _column(panel, own, rows, colours.get(period, INK), ranks=columns <= 4)
        panel.set_xlim(*bounds)
        label_rows(panel, rows, labelled=is_leftmost(axes, number, columns), left_mm=left)
        lowest = is_lowest(axes, number, columns)
        panel.set_xlabel(text("figure.lc_excess") if lowest else "")
    return fig


def finding(result: StudyResult, text: Text) -> str:
    """Mean distance of the whole period furthest from the line, and the extremes among the altitude bands."""
    table = result.tables.line_distance
    whole = table[table["stratum"] == ALL]
    name = kind_label(result.mixture, text)
    if whole.empty:
        whole = table
    far = whole.loc[whole["lc_excess"].idxmin()]
    value = permil_interval(far["lc_excess"], far["low"], far["high"])
    sentence = text(
        "figure.line_distance.finding",
        mixture=name,
        value=value,
        period=period_label(result, str(far["period"]), text),
    )
    parts = table[(table["period"] == far["period"]) & ~table["stratum"].isin([ALL])]
    first = next((stratum for stratum in result.strata if (parts["stratum"] == stratum).sum() > 1), None)
    if first is None:
        return sentence
    parts = parts[parts["stratum"] == first].sort_values("lc_excess")
    return sentence + text(
        "figure.line_distance.finding_levels",
        far=level_label(first, str(parts["level"].iloc[0]), text),
        near=level_label(first, str(parts["level"].iloc[-1]), text),
    )


def method(result: StudyResult, text: Text) -> str:
    """What lc-excess is, from how many waters."""
    table = result.tables.line_distance
    whole = table[table["stratum"] == ALL]
    line = result.meteoric_line
    values: dict[str, Any] = {"n": int(whole["n"].sum())}
    if line is None:
        return text("figure.line_distance.method_none", **values)
    remark = left_out_remark(result, table, text)
    sign = "+" if line.intercept < 0 else "−"
    equation = {"slope": written(line.slope), "intercept": f"{sign} {written(abs(line.intercept))}"}
    return text("figure.line_distance.method", **equation, **values) + remark


def _column(panel: Axes, own: pd.DataFrame, rows: list[Row], colour: str, *, ranks: bool) -> None:
    panel.axvline(0, color=QUIET, linewidth=0.7, zorder=1)
    panel.grid(axis="x", color=PALE, linewidth=0.4, zorder=0)
    panel.set_axisbelow(True)
    found = {(str(row["stratum"]), str(row["level"])): row for row in own.to_dict("records")}
    for place in rows:
        row = found.get((place.stratum, place.level))
        if row is None:
            continue
        y, whole = place.y, place.stratum == ALL
        if np.isfinite([row["low"], row["high"]]).all():
            panel.plot([row["low"], row["high"]], [y, y], color=colour, linewidth=1.3, zorder=2)
        panel.plot(
            row["lc_excess"],
            y,
            marker="D" if whole else "o",
            markersize=4.2,
            color=colour,
            markeredgecolor="white",
            markeredgewidth=0.5,
            zorder=3,
        )
        if ranks and not whole and np.isfinite(row["rank"]):
            panel.annotate(
                f"{int(row['rank'])}",
                (1, y),
                xycoords=panel.get_yaxis_transform(),
                xytext=(3, 0),
                textcoords="offset points",
                va="center_baseline",
                fontsize=6,
                color=QUIET,
            )


def _bounds(table: pd.DataFrame) -> tuple[float, float]:
    table = table[table["n"] >= LEAST_FOR_SCALE] if (table["n"] >= LEAST_FOR_SCALE).any() else table
    values = table[["lc_excess", "low", "high"]].to_numpy(float)
    values = values[np.isfinite(values)]
    if not values.size:
        return -1.0, 1.0
    low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
    side = 0.05 * (high - low) or 1.0
    return low - side, high + side
