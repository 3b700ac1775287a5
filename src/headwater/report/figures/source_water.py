"""Water before evaporation: where evaporation lines meet the meteoric line, and the posterior beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from headwater.report.figures.panels import (
    Margins,
    columns_for,
    heading,
    is_leftmost,
    is_lowest,
    line_key,
    panel_grid,
    refused,
    width_for,
)
from headwater.report.figures.rows import (
    depth,
    label_room,
    label_rows,
    left_out_remark,
    stratum_rows,
)
from headwater.report.figures.words import (
    ALL,
    D18O,
    drawn_periods,
    finite,
    kind_label,
    period_label,
    permil_interval,
    why_empty,
)
from headwater.report.style import (
    ALERT,
    INK,
    PALE,
    kind_mark,
    period_colours,
)

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from headwater.report.text import Text
    from headwater.study.result import StudyResult

MOST_WITH_ALL_STRATA = 6
ROW_MM = 4.6
GAP = 0.22
WELL = "well-defined"


def wants(result: StudyResult) -> bool:
    """A crossing or a posterior was computed for at least one stratum."""
    return len(result.tables.source_water) > 0


def draw(result: StudyResult, text: Text) -> Figure:
    """One column a period: δ¹⁸O of the source by both ways with 95 % intervals, and that of precipitation."""
    periods = drawn_periods(result)
    table = result.tables.source_water
    rows = stratum_rows(result, table, text, row_mm=ROW_MM, few=len(periods) > MOST_WITH_ALL_STRATA)
    columns = columns_for(len(periods))
    left = label_room(rows)
    fig, axes = panel_grid(
        len(periods),
        width_mm=width_for(len(periods)),
        height_mm=max(16.0, ROW_MM * (depth(rows) + 0.2)),
        columns=columns,
        margins=Margins(left=left, right=4, across=6, down=14),
        legend=_legend(result, text),
    )
    bounds = _bounds(result, table)
    colours = period_colours(result.periods)
    for number, (period, panel) in enumerate(zip(periods, axes, strict=True)):
        heading(panel, period_label(result, period, text, short=columns > 2), number)
        own = table[table["period"] == period]
        if own.empty:
            refused(panel, why_empty(result, text, period=period, about=("line_refused", "too_few_samples")))
            continue
        panel.set_xlim(*bounds)
        _rain(panel, result, period)
        found = {(str(row["stratum"]), str(row["level"])): row for row in own.to_dict("records")}
        for place in rows:
            row = found.get((place.stratum, place.level))
            if row is not None:
                _row(panel, place.y, row, bounds, colours.get(period, INK), text)
        label_rows(panel, rows, labelled=is_leftmost(axes, number, columns), left_mm=left)
        lowest = is_lowest(axes, number, columns)
        panel.set_xlabel(D18O if lowest else "")
        panel.locator_params(axis="x", nbins=6, integer=True)
        panel.grid(axis="x", color=PALE, linewidth=0.4, zorder=0)
        panel.set_axisbelow(True)
    return fig


def finding(result: StudyResult, text: Text) -> str:
    """How many crossings are well defined, and the source of one whole period."""
    table = result.tables.source_water
    well = table[table["verdict"] == WELL]
    sentence = text("figure.source_water.finding", well=len(well), n=len(table))
    whole = table[(table["stratum"] == ALL) & table["posterior_d18O"].notna()]
    if whole.empty:
        return sentence
    row = whole.iloc[0]
    value = permil_interval(row["posterior_d18O"], row["posterior_d18O_low"], row["posterior_d18O_high"])
    return sentence + text(
        "figure.source_water.finding_posterior",
        mixture=kind_label(result.mixture, text),
        value=value,
        period=period_label(result, str(row["period"]), text),
    )


def method(result: StudyResult, text: Text) -> str:
    """How both values were computed, from how many waters."""
    table = result.tables.source_water
    n = int(table.loc[table["stratum"] == ALL, "n"].sum())
    return text("figure.source_water.method", n=n) + left_out_remark(result, table, text)


def _row(panel: Axes, y: float, row: dict, bounds: tuple[float, float], colour: str, text: Text) -> None:
    low, high = row["d18O_low"], row["d18O_high"]
    if row["verdict"] == WELL and finite(row["d18O"], low, high):
        _interval(panel, y - GAP, low, high, bounds, colour)
        if bounds[0] <= row["d18O"] <= bounds[1]:
            panel.plot(
                row["d18O"],
                y - GAP,
                marker="o",
                markersize=4.2,
                color=colour,
                markeredgecolor="white",
                zorder=3,
            )
    else:
        panel.text(
            bounds[0] + 0.015 * (bounds[1] - bounds[0]),
            y - GAP,
            text("figure.source_water.ill"),
            fontsize=5.5,
            va="center_baseline",
            color=ALERT,
            zorder=4,
        )
    if finite(row["posterior_d18O"], row["posterior_d18O_low"], row["posterior_d18O_high"]):
        _interval(panel, y + GAP, row["posterior_d18O_low"], row["posterior_d18O_high"], bounds, INK)
        panel.plot(
            row["posterior_d18O"],
            y + GAP,
            marker="D",
            markersize=3.6,
            markerfacecolor="white",
            markeredgecolor=INK,
            markeredgewidth=0.8,
            zorder=3,
        )


def _interval(
    panel: Axes, y: float, low: float, high: float, bounds: tuple[float, float], colour: str
) -> None:
    """An interval; an arrow where it goes on beyond the panel."""
    a, b = max(low, bounds[0]), min(high, bounds[1])
    if a > b:
        a = b = bounds[0] if high < bounds[0] else bounds[1]
    panel.plot([a, b], [y, y], color=colour, linewidth=1.2, zorder=2)
    inset = 0.012 * (bounds[1] - bounds[0])
    left, right = (low < bounds[0], bounds[0] + inset, "<"), (high > bounds[1], bounds[1] - inset, ">")
    for beyond, x, marker in (left, right):
        if beyond:
            panel.plot(x, y, marker=marker, markersize=3.2, color=colour, zorder=3)


def _rain(panel: Axes, result: StudyResult, period: str) -> None:
    members = result.tables.end_members
    rows = members[
        (members["source"] == "precipitation") & (members["period"] == period) & members["d18O_mean"].notna()
    ]
    if len(rows):
        mean, sd = float(rows["d18O_mean"].iloc[0]), float(rows["d18O_sd"].iloc[0])
        colour = kind_mark("precipitation").colour
        panel.axvline(mean, color=colour, linewidth=0.9, zorder=1)
        if np.isfinite(sd):
            panel.axvspan(mean - sd, mean + sd, color=colour, alpha=0.07, linewidth=0, zorder=0)


def _bounds(result: StudyResult, table: pd.DataFrame) -> tuple[float, float]:
    """A range that holds the bulk of the finite values; the rest ends in arrows."""
    well = table[table["verdict"] == WELL]
    parts = [table["posterior_d18O_low"], table["posterior_d18O_high"], well["d18O"]]
    wide = pd.concat([well["d18O_low"], well["d18O_high"]]).astype(float)
    wide = wide[np.isfinite(wide)]
    if len(wide):
        parts.append(wide.clip(*wide.quantile([0.1, 0.9])))
    members = result.tables.end_members
    parts.append(members.loc[members["source"] == "precipitation", "d18O_mean"])
    values = pd.concat([part.astype(float) for part in parts])
    values = values[np.isfinite(values)]
    if values.empty:
        return -20.0, 0.0
    low, high = float(values.min()), float(values.max())
    side = 0.06 * (high - low) or 1.0
    return low - side, high + side


def _legend(result: StudyResult, text: Text) -> list[Artist]:
    colour = next(iter(period_colours(result.periods or ("",)).values()))
    entries = [
        line_key(text("figure.source_water.crossing"), colour=colour, marker="o"),
        line_key(text("figure.source_water.posterior"), colour=INK, marker="D", hollow=True),
    ]
    if (result.tables.end_members["source"] == "precipitation").any():
        label = text("figure.source_water.rain", kind=kind_label("precipitation", text))
        entries.append(line_key(label, colour=kind_mark("precipitation").colour))
    return entries
