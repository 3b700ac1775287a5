"""δ²H against δ¹⁸O of the mixture with meteoric and evaporation lines (figure 4 of the paper)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from headwater.report.figures.panels import (
    columns_for,
    heading,
    join_axes,
    line_key,
    note,
    panel_grid,
    panel_height,
    panel_width_mm,
    refused,
    scatter,
    thin,
    width_for,
    wrap,
)
from headwater.report.figures.words import (
    ALL,
    D2H,
    D18O,
    drawn_periods,
    equation,
    kind_label,
    level_label,
    mixture_waters,
    period_label,
    why_empty,
)
from headwater.report.numbers import number as written
from headwater.report.style import (
    ALERT,
    DASHES,
    GLOBAL_INTERCEPT,
    GLOBAL_LINE,
    GLOBAL_SLOPE,
    LOCAL_LINE,
    kind_mark,
    period_colours,
    shades,
)

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from headwater.report.text import Text
    from headwater.study.result import StudyResult

MOST_LAYERS = 5
NARROW_PANEL_MM = 40.0


def wants(result: StudyResult) -> bool:
    """There is mixture water with both isotopes."""
    return len(mixture_waters(result)) > 0


def draw(result: StudyResult, text: Text) -> Figure:
    """One panel a period: waters, meteoric lines, a line a soil layer, the line of all with its band."""
    periods = drawn_periods(result)
    waters = mixture_waters(result)
    layers = _layers(result)
    columns = columns_for(len(periods))
    fig, axes = panel_grid(
        len(periods),
        width_mm=width_for(len(periods)),
        height_mm=panel_height(columns, width_mm=width_for(len(periods))),
        legend=_legend(result, layers, text),
    )
    x_limits, y_limits = limits(waters["d18O"]), limits(waters["d2H"])
    colours = period_colours(result.periods)
    for number, (period, panel) in enumerate(zip(periods, axes, strict=True)):
        heading(panel, period_label(result, period, text, short=columns > 3), number)
        part = waters if period == ALL else waters[waters["period"] == period]
        if part.empty:
            refused(panel, why_empty(result, text, period=period, about=("line_refused", "too_few_samples")))
            continue
        _waters(panel, part, layers, kind_mark(result.mixture))
        draw_meteoric(panel, result, x_limits)
        _evaporation(panel, result, period, layers, colours.get(period, LOCAL_LINE))
        _remark(panel, result, period, text)
    join_axes(axes, columns, x=D18O, y=D2H, x_limits=x_limits, y_limits=y_limits)
    return fig


def finding(result: StudyResult, text: Text) -> str:
    """Slopes of the evaporation line over the periods, and the local line."""
    slopes = [line.slope for key, line in result.evaporation_lines.items() if key[1] == ALL]
    name = kind_label(result.mixture, text)
    if not slopes:
        return text("figure.dual_isotope.finding_none", mixture=name, n=len(mixture_waters(result)))
    values: dict[str, Any] = {
        "mixture": name,
        "local": written(GLOBAL_SLOPE if result.meteoric_line is None else result.meteoric_line.slope),
    }
    if len(slopes) == 1:
        return text("figure.dual_isotope.finding_one", slope=written(slopes[0]), **values)
    return text("figure.dual_isotope.finding", low=written(min(slopes)), high=written(max(slopes)), **values)


def method(result: StudyResult, text: Text) -> str:
    """What the lines are, and the number of waters."""
    return text(
        "figure.dual_isotope.method", n=len(mixture_waters(result)), mixture=kind_label(result.mixture, text)
    )


def limits(values: pd.Series, *, room: float = 0.06) -> tuple[float, float]:
    """Smallest and largest finite value with some room on both sides."""
    finite = values[np.isfinite(values)]
    if finite.empty:
        return -1.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    side = room * (high - low) or 1.0
    return low - side, high + side


def draw_meteoric(panel: Axes, result: StudyResult, x_limits: tuple[float, float]) -> None:
    """The global line grey, the local one dashed."""
    x = np.array(x_limits)
    panel.plot(x, GLOBAL_SLOPE * x + GLOBAL_INTERCEPT, color=GLOBAL_LINE, linewidth=1.0, zorder=3)
    line = result.meteoric_line
    if line is not None and result.meteoric_line_origin != "global":
        panel.plot(
            x, line.slope * x + line.intercept, color=LOCAL_LINE, linewidth=1.0, linestyle=DASHES[1], zorder=3
        )


def meteoric_keys(result: StudyResult, text: Text) -> list[Artist]:
    """Legend entries of the two meteoric lines, the local one with its equation."""
    entries = [line_key(text("figure.gmwl"), colour=GLOBAL_LINE)]
    line = result.meteoric_line
    if line is not None and result.meteoric_line_origin != "global":
        entries.append(
            line_key(text("figure.lmwl", equation=equation(line)), colour=LOCAL_LINE, dash=DASHES[1])
        )
    return entries


def _layers(result: StudyResult) -> tuple[str, ...]:
    """Soil layers that have a line, at most five of them, the first and the last included."""
    have = [
        level
        for level in result.strata.get("depth", ())
        if any(key[1:] == ("depth", level) for key in result.evaporation_lines)
    ]
    if len(have) <= MOST_LAYERS:
        return tuple(have)
    return tuple(have[round(i * (len(have) - 1) / (MOST_LAYERS - 1))] for i in range(MOST_LAYERS))


def _waters(panel: Axes, part: pd.DataFrame, layers: tuple[str, ...], mark: Any) -> None:
    part = thin(part)
    if not layers:
        scatter(panel, part["d18O"], part["d2H"], mark, alpha=0.5, size=13)
        return
    rest = part[~part["depth"].isin(layers)]
    scatter(panel, rest["d18O"], rest["d2H"], mark, alpha=0.25)
    for level, shade in zip(layers, shades(len(layers)), strict=True):
        own = part[part["depth"] == level]
        scatter(panel, own["d18O"], own["d2H"], mark, colour=shade, alpha=0.6, size=13)


def _evaporation(panel: Axes, result: StudyResult, period: str, layers: tuple[str, ...], colour: str) -> None:
    for number, (level, shade) in enumerate(zip(layers, shades(len(layers)), strict=True)):
        line = result.evaporation_lines.get((period, "depth", level))
        if line is not None:
            x = _span(result, period, "depth", level)
            dash = DASHES[1 + number % (len(DASHES) - 1)]
            panel.plot(
                x, line.slope * x + line.intercept, color=shade, linewidth=0.9, linestyle=dash, zorder=4
            )
    line = result.evaporation_lines.get((period, ALL, ALL))
    if line is not None:
        ends = _span(result, period, ALL, ALL)
        x = np.linspace(ends[0], ends[1], 40)
        low, high = line.band(x)
        panel.fill_between(x, low, high, color=colour, alpha=0.15, linewidth=0, zorder=1)
        panel.plot(x, line.slope * x + line.intercept, color=colour, linewidth=1.5, zorder=5)


def _span(result: StudyResult, period: str, stratum: str, level: str) -> np.ndarray:
    part = mixture_waters(result, period)
    if stratum != ALL:
        part = part[part[stratum] == level]
    return np.array([part["d18O"].min(), part["d18O"].max()])


def _remark(panel: Axes, result: StudyResult, period: str, text: Text) -> None:
    line = result.evaporation_lines.get((period, ALL, ALL))
    room = panel_width_mm(panel)
    if line is None:
        reason = why_empty(result, text, period=period, about=("line_refused", "too_few_samples"))
        note(panel, wrap(f"{text('figure.el')} {reason}", room - 3), colour=ALERT)
    elif room < NARROW_PANEL_MM:
        note(panel, text("figure.dual_isotope.slope", slope=written(line.slope)))
    else:
        note(panel, f"{equation(line)}\nR² {line.r2:.2f}, n {line.n}")


def _legend(result: StudyResult, layers: tuple[str, ...], text: Text) -> list[Artist]:
    entries = meteoric_keys(result, text)
    entries.append(
        line_key(
            text("figure.el_all"),
            colour=next(iter(period_colours(result.periods or ("",)).values())),
            width=1.8,
        )
    )
    for number, (level, shade) in enumerate(zip(layers, shades(len(layers)), strict=True)):
        name = level_label("depth", level, text)
        entries.append(
            line_key(
                text("figure.el_of", level=name), colour=shade, dash=DASHES[1 + number % (len(DASHES) - 1)]
            )
        )
    return entries
