"""Mixtures among their sources, in the space of the tracers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from headwater.report.figures.panels import (
    Margins,
    columns_for,
    heading,
    join_axes,
    key,
    line_key,
    panel_grid,
    panel_height,
    scatter,
    width_for,
)
from headwater.report.mix.material import Material
from headwater.report.mix.space import MOST_PANELS, Among, Line, Place, among, evaporation_line, places
from headwater.report.mix.words import tracer_axis
from headwater.report.numbers import number as written
from headwater.report.numbers import share
from headwater.report.planned import Planned
from headwater.report.style import INK, QUIET, Mark

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from headwater.mixing.bayes.family import Array
    from headwater.report.text import Text

MOST_NAMED = 12
MOST_POINTS = 20_000
FEW = 10
TOGETHER = 0.02
"""Correlation of two tracers in a source from which its sd is an ellipse."""
MIXTURE = Mark("#572E08", "o", 11)
WARM = "#C8553D"


def plan(material: Material, text: Text) -> list[Planned]:
    """One figure."""
    model, line = material.fit.model, evaporation_line(material)
    return [
        Planned(
            name="space", part="space", title=text("mix.space.title"), finding=_finding(material, text),
            method=_method(material, line, text),
            draw=partial(
                draw_space, among(model), places(model), line, tracers=model.sources.tracers,
                names=material.names, marks=material.marks, text=text,
            ),
        )
    ]  # fmt: skip


def draw_space(
    data: Among,
    panels: list[Place],
    line: Line | None,
    *,
    tracers: tuple[str, ...],
    names: tuple[str, ...],
    marks: tuple[Mark, ...],
    text: Text,
) -> Figure:
    """The panels: mixtures as dots, source means ± 1 sd joined by the mixtures that two sources make."""
    columns, width, one = columns_for(len(panels)), width_for(len(panels)), len(tracers) == 1
    height = panel_height(columns, width_mm=width, ratio=0.85, most_mm=80 if len(panels) == 1 else 60)
    fig, axes = panel_grid(
        len(panels),
        width_mm=width,
        height_mm=12 + 5.0 * min(len(names), MOST_NAMED) if one else height,
        columns=columns,
        margins=Margins(left=16, across=15 if len(tracers) > 2 else 6, down=14),
        legend=_legend(names, marks, line, text),
    )
    looks = marks if len(names) <= MOST_NAMED else (Mark(QUIET, "o", 10),) * len(names)
    for number, (place, panel) in enumerate(zip(panels, axes, strict=True)):
        heading(panel, place.label, number if len(panels) > 1 else None)
        if one:
            _one_tracer(panel, data, place.levels[0], looks)
        else:
            _two_tracers(panel, data, place, looks, line)
        for j, label, limit in zip(
            place.tracers,
            (panel.set_xlabel, panel.set_ylabel),
            (panel.set_xlim, panel.set_ylim),
            strict=False,
        ):
            label(tracer_axis(tracers[j]))
            limit(*data.limits(j))
    if len(tracers) == 2:
        join_axes(axes, columns, x=tracer_axis(tracers[0]), y=tracer_axis(tracers[1]))
    return fig


def _finding(material: Material, text: Text) -> str:
    inside = material.geometry.inside
    known = inside[np.isfinite(inside)]
    if not len(known):
        return text("mix.space.finding_none", k=len(material.names), n=len(inside))
    if material.fit.model.evaporation is not None:
        return text("mix.space.finding_evaporated", inside=share(float(known.mean())))
    outside = int((known < 0.05).sum())
    return text("mix.space.finding", inside=share(float(known.mean())), outside=outside, n=len(known))


def _method(material: Material, line: Line | None, text: Text) -> str:
    model = material.fit.model
    said = text("mix.space.method", n=len(model.mixtures.values))
    said += text("mix.space.shifted") if model.sources.discrimination is not None else ""
    said += text("mix.space.bent") if model.sources.concentration is not None else ""
    hidden = len(model.sources.mean) - MOST_PANELS
    said += text("mix.space.levels_left_out", n=hidden) if hidden > 0 else ""
    if line is not None:
        said += text("mix.space.evaporation_learned" if line.learned else "mix.space.evaporation_prior")
    return said


def _two_tracers(panel: Axes, data: Among, place: Place, marks: tuple[Mark, ...], line: Line | None) -> None:
    a, b = place.tracers
    here = np.flatnonzero(np.isin(data.level, place.levels))
    here = here[:: max(1, -(-len(here) // MOST_POINTS))]
    alpha = 0.45 if len(here) > FEW else 1.0
    scatter(panel, data.values[here, a], data.values[here, b], MIXTURE, alpha=alpha, zorder=2)
    for level in place.levels:
        for way in data.sides(level, (a, b)):
            panel.plot(*way.T, color=INK, linewidth=0.6, zorder=3)
        for k, mark in enumerate(marks):
            spot = data.mean[level, k, [a, b]]
            if np.isfinite(spot).all():
                _source(panel, spot, data.covariance[level, k][np.ix_([a, b], [a, b])], mark)
        if line is not None:
            _evaporation(panel, data.values[data.level == level], line, level)


def _source(panel: Axes, spot: Array, covariance: Array, mark: Mark) -> None:
    """A source mean with its sd: as ellipse where its tracers are known to vary together."""
    sd = np.sqrt(np.nan_to_num(np.diagonal(covariance)))
    product = sd[0] * sd[1]
    correlation = covariance[0, 1] / product if product > 0 else 0.0
    if abs(correlation) > TOGETHER:
        turn = np.linspace(0, 2 * np.pi, 73)
        other = correlation * np.cos(turn) + np.sqrt(1 - min(correlation**2, 1.0)) * np.sin(turn)
        panel.plot(
            spot[0] + sd[0] * np.cos(turn), spot[1] + sd[1] * other, color=mark.line, linewidth=0.7, zorder=4
        )
        sd = np.zeros(2)
    panel.errorbar(
        *spot, xerr=sd[0], yerr=sd[1], color=mark.line, elinewidth=0.7, zorder=4, marker=mark.marker,
        markersize=7, markerfacecolor="white" if mark.hollow else mark.colour,
        markeredgecolor=mark.line if mark.edge != "none" or mark.hollow else "white", markeredgewidth=0.7,
    )  # fmt: skip


def _evaporation(panel: Axes, mixtures: Array, line: Line, level: int) -> None:
    """The way that evaporation takes, through the middle of the mixtures."""
    if not len(mixtures):
        return
    middle, reach = mixtures.mean(axis=0), 0.5 * np.ptp(mixtures[:, 0])
    x = np.array([-reach, reach])
    low, high = line.low[level] * x, line.high[level] * x
    panel.fill_between(
        middle[0] + x, middle[1] + low, middle[1] + high, color=WARM, alpha=0.15, linewidth=0, zorder=1
    )
    step = np.array([1.0, line.slope[level]]) * reach
    look = {
        "arrowstyle": "-|>", "color": WARM, "linewidth": 1.1, "shrinkA": 0, "shrinkB": 0,
        "linestyle": "-" if line.learned else "--", "clip_path": panel.patch,
    }  # fmt: skip
    panel.annotate(
        "",
        xy=tuple(middle + step),
        xytext=tuple(middle - step),
        annotation_clip=False,
        zorder=5,
        arrowprops=look,
    )


def _one_tracer(panel: Axes, data: Among, level: int, marks: tuple[Mark, ...]) -> None:
    """One tracer: mixtures in the lowest row, a source a row above them."""
    own = data.values[data.level == level, 0]
    own = own[:: max(1, -(-len(own) // MOST_POINTS))]
    scatter(panel, own, 0.35 * np.sin(12.9898 * np.arange(len(own))), MIXTURE, alpha=0.45)
    for k, mark in enumerate(marks[:MOST_NAMED]):
        spot = data.mean[level, k, 0]
        if np.isfinite(spot):
            covariance = np.array([[data.covariance[level, k, 0, 0], 0.0], [0.0, 0.0]])
            _source(panel, np.array([spot, k + 1.0]), covariance, mark)
    panel.set_ylim(-0.7, min(len(marks), MOST_NAMED) + 0.6)
    panel.set_yticks([])
    panel.spines["left"].set_visible(False)


def _legend(names: tuple[str, ...], marks: tuple[Mark, ...], line: Line | None, text: Text) -> list[Artist]:
    if len(names) > MOST_NAMED:
        entries = [key(Mark(QUIET, "o", 18), text("mix.space.sources", n=len(names)))]
    else:
        entries = [key(mark, name) for name, mark in zip(names, marks, strict=True)]
    entries.append(key(MIXTURE, text("mix.space.mixtures")))
    if line is not None:
        low, high = (written(float(end), 1) for end in (line.slope.min(), line.slope.max()))
        slope = low if low == high else f"{low}–{high}"
        dash = "-" if line.learned else (0, (4, 2))
        entries.append(line_key(text("mix.space.line", slope=slope), colour=WARM, dash=dash))
    return entries
