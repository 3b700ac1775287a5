"""What the mixing model found of evaporation: its slope, with the prior, and how far it moved the water."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from headwater.report.engine import answers, trusted_runs
from headwater.report.figures.panels import Margins, fit, line_key, panel_grid, text_mm
from headwater.report.figures.words import ALL, finite, kind_label, period_label
from headwater.report.numbers import PLUS_MINUS
from headwater.report.numbers import number as written
from headwater.report.style import GREY, INK, MIDDLE_MM, PALE, period_colours

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from headwater.report.text import Text
    from headwater.study.result import StudyResult

MOST_ROWS = 40
ROW_MM = 7.0
HALF = 1.96
"""Half the width of a 95 % interval in units of the sd."""
APART = 0.17


def wants(result: StudyResult) -> bool:
    """Some fit with evaporation can be trusted."""
    return len(trusted_runs(result)) > 0


def draw(result: StudyResult, text: Text) -> Figure:
    """Left: slope with its prior; right: mean evaporation; a row a period."""
    runs = trusted_runs(result)
    periods = [name for name in result.periods if (runs["period"] == name).any()][:MOST_ROWS] or [ALL]
    labels = [period_label(result, period, text) for period in periods]
    left = min(44.0, max(text_mm(label) for label in labels) + 4)
    fig, axes = panel_grid(
        2,
        width_mm=MIDDLE_MM,
        height_mm=max(16.0, ROW_MM * len(periods)),
        margins=Margins(left=left, right=4, across=7, top=8),
        legend=_legend(result, text),
        ratios=(1.25, 1),
    )
    colours = period_colours(result.periods)
    for y, period in enumerate(periods):
        colour = colours.get(period, INK)
        for row in runs[runs["period"] == period].to_dict("records"):
            height = y - APART if row["used"] else y + APART
            look = colour if row["used"] else "white"
            _point(axes[0], height, row["slope"], row["slope_sd"], colour, look)
            _point(axes[1], height, row["evaporation"], row["evaporation_sd"], colour, look, least=0.0)
            if row["used"]:
                _prior(axes[0], y, row["slope_prior"], row["slope_prior_sd"])
        _others(axes[0], y, result, period)
    for number, (panel, label) in enumerate(zip(axes, ("slope", "raised"), strict=True)):
        panel.set_xlabel(text(f"figure.evaporation.{label}"))
        shown = [fit(name, left - 3) for name in labels] if number == 0 else []
        panel.set_yticks(range(len(periods)), shown or [""] * len(periods))
        panel.tick_params(axis="y", length=0)
        panel.spines["left"].set_visible(False)
        panel.set_ylim(len(periods) - 0.45, -0.55)
        panel.grid(axis="x", color=PALE, linewidth=0.4, zorder=0)
        panel.set_axisbelow(True)
    axes[1].set_xlim(left=0.0)
    return fig


def finding(result: StudyResult, text: Text) -> str:
    """The period with most evaporation, and its slope."""
    runs = answers(result)
    if runs.empty:
        return text("figure.nothing")
    most = runs.loc[runs["evaporation"].idxmax()]
    values = {
        "mixture": kind_label(result.mixture, text),
        "value": _with_sd(most["evaporation"], most["evaporation_sd"]),
        "slope": _with_sd(most["slope"], most["slope_sd"]),
    }
    if len(runs) == 1:
        return text("figure.evaporation.finding_one", **values)
    period = period_label(result, str(most["period"]), text)
    return text("figure.evaporation.finding", period=period, n=len(runs), **values)


def method(result: StudyResult, text: Text) -> str:
    """What marks, bars and crosses are."""
    return text("figure.evaporation.method")


def _with_sd(mean: float, sd: float) -> str:
    return f"{written(mean, 1)}{PLUS_MINUS}{written(sd, 1)}"


def _point(
    panel: Axes, y: float, mean: float, sd: float, colour: str, face: str, *, least: float | None = None
) -> None:
    if not finite(mean, sd):
        return
    low = mean - HALF * sd if least is None else max(least, mean - HALF * sd)
    panel.plot([low, mean + HALF * sd], [y, y], color=colour, linewidth=1.2, zorder=3)
    look = {"marker": "o", "markersize": 5, "markerfacecolor": face, "markeredgecolor": colour}
    panel.plot(mean, y, zorder=4, **look)


def _prior(panel: Axes, y: float, mean: float, sd: float) -> None:
    if finite(mean, sd):
        panel.barh(y, 2 * HALF * sd, left=mean - HALF * sd, height=0.8, color=PALE, alpha=0.7, zorder=1)


def _others(panel: Axes, y: float, result: StudyResult, period: str) -> None:
    """Slope of the line through the samples, and the one expected from weather."""
    line = result.evaporation_lines.get((period, ALL, ALL))
    if line is not None:
        panel.plot(line.slope, y, marker="x", markersize=4.5, markeredgewidth=1.2, color=GREY, zorder=2)
    expected = _expected(result)
    own = expected[expected["period"].astype(str) == period]
    if len(own):
        panel.plot(own["craig_gordon_slope"].iloc[0], y, marker="|", markersize=9, color=INK, zorder=2)


def _expected(result: StudyResult) -> pd.DataFrame:
    table = result.tables.source_water
    return table[(table["stratum"] == ALL) & table["craig_gordon_slope"].notna()]


def _legend(result: StudyResult, text: Text) -> list[Artist]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    runs = trusted_runs(result)
    colour = next(iter(period_colours(result.periods or ("",)).values()))
    entries: list[Artist] = [line_key(text("figure.evaporation.posterior"), colour=colour, marker="o")]
    if (~runs["used"].astype(bool)).any():
        entries.append(line_key(text("figure.evaporation.other"), colour=colour, marker="o", hollow=True))
    entries.append(Patch(label=text("figure.evaporation.prior"), color=PALE, alpha=0.7))
    signs = [("line", "x", GREY)] if result.evaporation_lines else []
    signs += [("weather", "|", INK)] if len(_expected(result)) else []
    for name, marker, ink in signs:
        label = text(f"figure.evaporation.{name}")
        entries.append(Line2D([], [], label=label, linestyle="none", marker=marker, color=ink))
    return entries
