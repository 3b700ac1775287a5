"""Does the model make data like those measured? Every mixture beside what the model says of it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from headwater.report.figures.panels import (
    Margins,
    heading,
    line_key,
    panel_grid,
)
from headwater.report.mix.material import Material
from headwater.report.mix.words import tracer_axis, tracer_name
from headwater.report.numbers import share
from headwater.report.planned import Planned
from headwater.report.style import ALERT, INK, QUIET, WIDE_MM

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from headwater.mixing.bayes.family import Array, Integers
    from headwater.report.text import Text

MOST_MIXTURES = 120
MOST_TRACERS = 4
FEWEST_FOR_RANKS = 30


def plan(material: Material, text: Text) -> list[Planned]:
    """One figure, where data could be replicated."""
    replicated = material.replicated
    if replicated is None:
        return []
    data = material.fit.model.mixtures
    found = [check for check in replicated.check.statistics if check.statistic == "inside_90"]
    inside = float(np.mean([check.observed for check in found]))
    outside = len(replicated.check.outside)
    said = (
        text.count("mix.fit.finding", outside, inside=share(inside))
        if outside
        else text("mix.fit.finding.none", inside=share(inside))
    )
    hidden = len(data.tracers) - MOST_TRACERS
    method = text("mix.fit.method", draws=len(replicated.values), n=len(data.values))
    method += text("mix.fit.thinned", n=MOST_MIXTURES) if len(data.values) > MOST_MIXTURES else ""
    method += text("mix.fit.ranks") if len(data.values) >= FEWEST_FOR_RANKS else ""
    method += text("mix.fit.tracers_left_out", n=hidden) if hidden > 0 else ""
    return [
        Planned(
            name="predictive", part="model_fit", title=text("mix.fit.title"), finding=said, method=method,
            draw=partial(
                draw_predictive, data.values, replicated.values, replicated.check.outside,
                tracers=data.tracers, text=text,
            ),
        )
    ]  # fmt: skip


def draw_predictive(
    observed: Array, replicated: Array, outside: Integers, *, tracers: tuple[str, ...], text: Text
) -> Figure:
    """A row a tracer: mixtures in the order of their value, and the ranks of all among their replicates."""
    ranked = len(observed) >= FEWEST_FOR_RANKS
    rows = min(len(tracers), MOST_TRACERS)
    legend = [
        line_key(text("mix.fit.observed"), colour=INK, dash="none", marker="o"),
        line_key(text("mix.fit.replicated"), colour=QUIET, width=1.6),
    ]
    if len(outside):
        legend.append(line_key(text("mix.fit.outside"), colour=ALERT, dash="none", marker="o"))
    fig, axes = panel_grid(
        rows * (2 if ranked else 1), width_mm=WIDE_MM, height_mm=42, columns=2 if ranked else 1,
        ratios=(2.6, 1.0) if ranked else None, margins=Margins(left=16, across=15, down=12), legend=legend,
    )  # fmt: skip
    for j in range(rows):
        panel = axes[2 * j if ranked else j]
        heading(panel, tracer_name(tracers[j]), (2 * j if ranked else j))
        _beside(panel, observed[:, j], replicated[:, :, j], outside)
        panel.set_ylabel(tracer_axis(tracers[j]))
        panel.set_xlabel(text("mix.fit.order") if j == rows - 1 else "")
        if ranked:
            heading(axes[2 * j + 1], text("mix.fit.rank_title"), 2 * j + 1)
            _ranks(axes[2 * j + 1], observed[:, j], replicated[:, :, j])
            axes[2 * j + 1].set_xlabel(text("mix.fit.rank") if j == rows - 1 else "")
            axes[2 * j + 1].set_ylabel(text("mix.fit.mixtures"))
    return fig


def _beside(panel: Axes, observed: Array, replicated: Array, outside: Integers) -> None:
    order = np.argsort(observed, kind="stable")
    if len(order) > MOST_MIXTURES:
        kept = np.unique(np.linspace(0, len(order) - 1, MOST_MIXTURES).astype(int))
        order = order[np.union1d(kept, np.flatnonzero(np.isin(order, outside))[:MOST_MIXTURES])]
    x = np.arange(1, len(order) + 1)
    low, lower, upper, high = np.quantile(replicated[:, order], [0.025, 0.25, 0.75, 0.975], axis=0)
    wide = float(np.clip(150 / len(order), 0.8, 2.6))
    panel.vlines(x, low, high, color=QUIET, linewidth=0.35 * wide, zorder=2)
    panel.vlines(x, lower, upper, color=QUIET, linewidth=wide, zorder=3)
    far = np.isin(order, outside)
    for chosen, colour, above in ((~far, INK, 4), (far, ALERT, 5)):
        panel.plot(
            x[chosen], observed[order[chosen]], linestyle="none", marker="o", markersize=2.6, color=colour,
            markeredgecolor="white", markeredgewidth=0.3, zorder=above,
        )  # fmt: skip
    panel.set_xlim(0, len(order) + 1)
    panel.xaxis.get_major_locator().set_params(integer=True)


def _ranks(panel: Axes, observed: Array, replicated: Array) -> None:
    """How often the measured value ranks where among its replicates: level, if the model is right."""
    n = len(observed)
    bins = 20 if n >= 400 else 10 if n >= 100 else 5
    rank = (replicated < observed).mean(axis=0)
    count, _ = np.histogram(rank, bins=bins, range=(0, 1))
    expected = n / bins
    half = 1.96 * np.sqrt(expected * (1 - 1 / bins))
    panel.axhspan(max(expected - half, 0.0), expected + half, color=QUIET, alpha=0.2, linewidth=0)
    panel.axhline(expected, color=QUIET, linewidth=0.8)
    panel.stairs(count, np.linspace(0, 1, bins + 1), color=INK, linewidth=1.1)
    panel.set_xlim(0, 1)
    panel.set_ylim(0, 1.15 * max(count.max(), expected + half))
    panel.set_xticks([0, 0.5, 1])
