"""Shares along a covariate, with the band of what is credible."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from headwater.report.figures.panels import (
    columns_for,
    heading,
    join_axes,
    panel_grid,
    panel_height,
    width_for,
)
from headwater.report.findings import opened
from headwater.report.mix.material import Intervals, Material
from headwater.report.numbers import share
from headwater.report.planned import Planned
from headwater.report.style import INK, PALE, QUIET, Mark

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from headwater.mixing.bayes.family import Array
    from headwater.report.text import Text

POINTS = 60
MOST_SOURCES = 12
MOST_TICKS = 300


def plan(material: Material, text: Text) -> list[Planned]:
    """One figure a covariate."""
    return [_one(material, number, name, text) for number, name in enumerate(material.covariates)]


def grid(measured: Array, points: int = POINTS) -> Array:
    """Values at which shares are drawn: from the lowest to the highest value measured, not beyond."""
    return np.linspace(measured.min(), measured.max(), points)


def draw_covariate(
    values: Array,
    shares: Intervals,
    measured: Array,
    *,
    names: tuple[str, ...],
    marks: tuple[Mark, ...],
    x: str,
    y: str,
) -> Figure:
    """A panel a source: mean, 50 % and 95 % band, and a tick at every value measured."""
    columns, width = columns_for(len(names)), width_for(len(names))
    fig, axes = panel_grid(
        len(names),
        width_mm=width,
        height_mm=panel_height(columns, width_mm=width, ratio=0.8, most_mm=52),
        columns=columns,
    )
    ticks = np.unique(measured)
    ticks = ticks[:: -(-len(ticks) // MOST_TICKS)]
    for number, panel in enumerate(axes):
        mark = marks[number]
        heading(panel, names[number], number if len(names) > 1 else None)
        low, lower, mean, upper, high = (
            100 * getattr(shares, name)[:, number] for name in ("low", "lower", "mean", "upper", "high")
        )
        panel.fill_between(values, low, high, color=mark.line, alpha=0.16, linewidth=0, zorder=1)
        panel.fill_between(values, lower, upper, color=mark.line, alpha=0.32, linewidth=0, zorder=2)
        panel.plot(values, mean, color=mark.line, linewidth=1.4, zorder=3)
        panel.vlines(ticks, -5, -1.5, color=INK, linewidth=0.5, alpha=0.6, zorder=3)
        panel.set_yticks([0, 25, 50, 75, 100])
        panel.grid(axis="y", color=PALE, linewidth=0.4, zorder=0)
        panel.set_axisbelow(True)
        panel.spines["left"].set_color(QUIET)
    join_axes(axes, columns, x=x, y=y, y_limits=(-5.0, 101.0))
    return fig


def _one(material: Material, number: int, name: str, text: Text) -> Planned:
    measured = np.asarray(material.fit.model.mixtures.covariates[name], float)
    values = grid(measured)
    shares = material.along(name, values)
    change = shares.mean[-1] - shares.mean[0]
    k = int(np.argmax(np.abs(change)))
    shown = np.argsort(-shares.mean.mean(axis=0), kind="stable")[:MOST_SOURCES]
    shown = np.sort(shown)
    sure = shares.low[-1, k] > shares.high[0, k] or shares.high[-1, k] < shares.low[0, k]
    said = text(
        "mix.covariate.finding" if sure else "mix.covariate.finding_unsure",
        source=material.names[k],
        covariate=name,
        first=share(shares.mean[0, k]),
        last=share(shares.mean[-1, k]),
        lowest=f"{values[0]:.4g}",
        highest=f"{values[-1]:.4g}",
    )
    style = material.fit.model.style
    fixed = style == "mixsiar" and any(factor.kind == "fixed" for factor in material.fit.model.factors)
    others = text("mix.covariate.others_first" if fixed else "mix.covariate.others_average")
    return Planned(
        name=f"covariate-{number + 1}",
        part="shares",
        title=text("mix.covariate.title", covariate=name),
        finding=opened(said),
        method=text("mix.covariate.method", n=len(measured), others=others),
        draw=partial(
            draw_covariate, values,
            shares.of(slice(None), shown), measured, names=tuple(material.names[i] for i in shown),
            marks=tuple(material.marks[i] for i in shown), x=name, y=text("mix.share_axis"),
        ),
    )  # fmt: skip
