"""End members and mixture in tracer space: the line or polygon of the sources (figure 6 of the paper)."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from headwater.report.engine import answers
from headwater.report.figures.dual_isotope import limits
from headwater.report.figures.panels import (
    Margins,
    columns_for,
    heading,
    join_axes,
    key,
    line_key,
    panel_grid,
    panel_height,
    refused,
    scatter,
    thin,
)
from headwater.report.figures.words import (
    ALL,
    D2H,
    D18O,
    drawn_periods,
    kind_label,
    level_label,
    mixture_waters,
    percent,
    period_label,
    why_empty,
)
from headwater.report.style import ALERT, INK, WIDE_MM, Mark, altitude_shades, kind_mark, source_marks

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from headwater.report.text import Text
    from headwater.study.result import StudyResult

MOST_WITH_TWO_ROWS = 3
ARROW = {"arrowstyle": "-|>,head_length=0.35,head_width=0.16", "color": ALERT, "linewidth": 1.1}
ARROW |= {"shrinkA": 0, "shrinkB": 0}
LEAST_FOR_INTERVAL = 3


def wants(result: StudyResult) -> bool:
    """At least one period has the composition of a source."""
    return len(_used(result.tables.end_members)) > 0


def draw(result: StudyResult, text: Text) -> Figure:
    """d-excess against δ¹⁸O, for up to three periods δ²H too: sources ± 1 sd joined by thin lines."""
    periods = drawn_periods(result)
    marks = source_marks(result.sources, result.waters)
    means, levels, stratum = _mixture_means(result)
    tracers = ["d_excess", "d2H"] if len(periods) <= MOST_WITH_TWO_ROWS else ["d_excess"]
    beside = len(periods) == 1  # one period: both planes in one row
    columns = 2 if beside else columns_for(len(periods))
    fig, axes = panel_grid(
        len(periods) * len(tracers),
        width_mm=WIDE_MM,
        columns=columns,
        height_mm=panel_height(columns, width_mm=WIDE_MM, ratio=0.8, most_mm=58),
        margins=Margins(across=16 if beside else 6),
        legend=_legend(result, marks, levels, stratum, text),
    )
    for row, tracer in enumerate(tracers):
        own = axes[row * len(periods) : (row + 1) * len(periods)]
        for number, (period, panel) in enumerate(zip(periods, own, strict=True)):
            label = "" if row else period_label(result, period, text, short=columns > 3)
            heading(panel, label, number + row * len(periods))
            if _sources(result, period).empty:
                refused(panel, why_empty(result, text, period=period, about=("no_sources", "one_source")))
            else:
                _panel(panel, result, period, tracer, marks, means, levels)
        last = beside or row == len(tracers) - 1
        join_axes(
            own,
            1 if beside else columns,
            x=D18O if last else "",
            y=text("figure.d_excess") if tracer == "d_excess" else D2H,
            x_limits=_limits(result, "d18O"),
            y_limits=_limits(result, tracer),
        )
    return fig


def finding(result: StudyResult, text: Text) -> str:
    """How likely the waters of the mixture lie between their sources."""
    table = result.tables.geometry
    rows = table[(table["stratum"] == ALL) & table["inside_probability"].notna()]
    name = kind_label(result.mixture, text)
    if rows.empty:
        return text("figure.mixing_space.finding_none", mixture=name, sources=len(result.sources))
    inside = float(np.average(rows["inside_probability"], weights=rows["n"]))
    return text(
        "figure.mixing_space.finding",
        mixture=name,
        inside=percent(inside),
        outside=int(rows["outside_n"].sum()),
        n=int(rows["n"].sum()),
    )


def method(result: StudyResult, text: Text) -> str:
    """What the points are, with the n of every source, and which came from another time."""
    used = _used(result.tables.end_members)
    counts = used.groupby("source", observed=True, sort=False)["n"].agg(["min", "max"])
    parts = []
    for source, row in counts.iterrows():
        low, high = int(row["min"]), int(row["max"])
        parts.append(f"{kind_label(str(source), text)} {low if low == high else f'{low}–{high}'}")
    sentence = text("figure.mixing_space.method", counts=text.listing(parts))
    sentence += text("figure.mixing_space.window") if (used["window"] != "period").any() else ""
    return sentence + (text("figure.mixing_space.evaporation") if len(answers(result)) else "")


def _used(end_members: pd.DataFrame) -> pd.DataFrame:
    known = np.isfinite(end_members["d18O_mean"].astype(float)) & np.isfinite(
        end_members["d2H_mean"].astype(float)
    )
    return end_members[end_members["used"].astype(bool) & known]


def _sources(result: StudyResult, period: str) -> pd.DataFrame:
    used = _used(result.tables.end_members)
    return used if period == ALL and ALL not in set(used["period"]) else used[used["period"] == period]


def _mixture_means(result: StudyResult) -> tuple[pd.DataFrame, tuple[str, ...], str]:
    """Means of the mixture by altitude, else by the first stratum there is, else of all."""
    table = result.tables.isotopes
    table = table[table["kind"] == result.mixture]
    for stratum in ("altitude", *result.strata):
        levels = result.strata.get(stratum, ())
        rows = table[table["stratum"] == stratum]
        if len(levels) and len(rows):
            return rows, levels, stratum
    return table[table["stratum"] == ALL], (ALL,), ALL


def _panel(
    panel: Axes,
    result: StudyResult,
    period: str,
    tracer: str,
    marks: dict[str, Mark],
    means: pd.DataFrame,
    levels: tuple[str, ...],
) -> None:
    waters = thin(mixture_waters(result, period))
    scatter(panel, waters["d18O"], waters[tracer], kind_mark(result.mixture), alpha=0.16, size=7)
    sources = _sources(result, period)
    spots = sources[["d18O_mean", f"{tracer}_mean"]].to_numpy(float)
    for a, b in _edges(spots):
        panel.plot(*spots[[a, b]].T, color=INK, linewidth=0.6, zorder=3)
    for row in sources.to_dict("records"):
        mark = marks.get(str(row["source"]))
        if mark is not None:
            _member(panel, row, tracer, mark)
    _evaporation(panel, result, period, tracer, waters)
    own = means[means["period"] == period]
    for level, shade in zip(levels, _shades(result, levels), strict=True):
        for row in own[own["level"] == level].to_dict("records"):
            spot = (row["d18O_mean"], row[f"{tracer}_mean"])
            panel.errorbar(
                *spot,
                xerr=_half(row, "d18O"),
                yerr=_half(row, tracer),
                color=shade,
                elinewidth=0.7,
                zorder=6,
                marker="o",
                markersize=4.2,
                markeredgecolor="white",
                markeredgewidth=0.5,
            )


def _evaporation(panel: Axes, result: StudyResult, period: str, tracer: str, waters: pd.DataFrame) -> None:
    """An arrow from the mean water before evaporation, as the model has it, to the mean that was sampled."""
    runs = answers(result)
    for run in runs[runs["period"] == period].to_dict("records"):
        end = (float(waters["d18O"].mean()), float(waters[tracer].mean()))
        rise = run["slope"] - (8.0 if tracer == "d_excess" else 0.0)
        start = (end[0] - run["evaporation"], end[1] - rise * run["evaporation"])
        panel.annotate("", xy=end, xytext=start, arrowprops=ARROW, zorder=7)


def _shades(result: StudyResult, levels: tuple[str, ...]) -> list[str]:
    """Colours of the levels; where there are none the colour of the mixture."""
    return [kind_mark(result.mixture).line] if levels == (ALL,) else altitude_shades(len(levels))


def _edges(spots: np.ndarray) -> list[tuple[int, int]]:
    """Pairs of sources that are joined: all of up to three, else the sides of their hull."""
    if len(spots) < 4:
        return list(combinations(range(len(spots)), 2))
    from scipy.spatial import ConvexHull

    return [(int(a), int(b)) for a, b in ConvexHull(spots, qhull_options="QJ").simplices]


def _half(row: dict, tracer: str) -> list[list[float]]:
    """Distance to both ends of the 95 % interval; none for a mean of two, which would cross the panel."""
    if row["n"] < LEAST_FOR_INTERVAL:
        return [[0.0], [0.0]]
    mean, low, high = (float(row[f"{tracer}_{part}"]) for part in ("mean", "low", "high"))
    return [
        [max(0.0, mean - low) if np.isfinite(low) else 0.0],
        [max(0.0, high - mean) if np.isfinite(high) else 0.0],
    ]


def _member(panel: Axes, row: dict, tracer: str, mark: Mark) -> None:
    sd = [float(row[f"{name}_sd"]) if np.isfinite(row[f"{name}_sd"]) else 0.0 for name in ("d18O", tracer)]
    panel.errorbar(
        row["d18O_mean"],
        row[f"{tracer}_mean"],
        xerr=sd[0],
        yerr=sd[1],
        color=mark.line,
        elinewidth=0.7,
        zorder=4,
        marker=mark.marker,
        markersize=7,
        markerfacecolor="white" if mark.hollow else mark.colour,
        markeredgecolor=mark.line if mark.edge != "none" or mark.hollow else "white",
        markeredgewidth=0.7,
    )


def _limits(result: StudyResult, tracer: str) -> tuple[float, float]:
    used = _used(result.tables.end_members)
    mean, sd = used[f"{tracer}_mean"], used[f"{tracer}_sd"].fillna(0)
    waters = mixture_waters(result)[tracer].dropna()
    inner = waters.quantile([0.01, 0.99]) if len(waters) else waters
    return limits(pd.concat([mean - sd, mean + sd, inner]).astype(float))


def _legend(
    result: StudyResult, marks: dict[str, Mark], levels: tuple[str, ...], stratum: str, text: Text
) -> list[Artist]:
    shown = set(_used(result.tables.end_members)["source"].astype(str))
    entries = [key(mark, kind_label(name, text)) for name, mark in marks.items() if name in shown]
    name = kind_label(result.mixture, text)
    entries.append(key(kind_mark(result.mixture), text("figure.single", mixture=name)))
    for level, shade in zip(levels, _shades(result, levels), strict=True):
        label = name if stratum == ALL else f"{name} {level_label(stratum, level, text)}"
        entries.append(key(Mark(shade, "o", 18, edge="#FFFFFF"), label))
    if len(answers(result)):
        entries.append(line_key(text("figure.mixing_space.arrow"), colour=ALERT))
    return entries
