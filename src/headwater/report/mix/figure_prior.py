"""Prior and posterior of each overall share, and how much of the answer is prior."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from headwater.report.figures.panels import (
    Margins,
    columns_for,
    heading,
    line_key,
    note,
    panel_grid,
    panel_height,
    width_for,
)
from headwater.report.findings import opened
from headwater.report.mix.density import density
from headwater.report.mix.material import Intervals, Material, intervals
from headwater.report.numbers import share
from headwater.report.planned import Planned
from headwater.report.style import INK, QUIET, WIDE_MM, Mark

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from headwater.mixing.bayes.family import Array
    from headwater.report.text import Text

MOST_SOURCES = 12


def plan(material: Material, text: Text) -> list[Planned]:
    """One figure."""
    overlap = material.learned.overlap
    worst = int(np.argmax(overlap))
    shown = np.argsort(-material.overall.mean(axis=0), kind="stable")[:MOST_SOURCES]
    shown = np.sort(shown)
    hidden = len(material.names) - len(shown)
    said = text("mix.prior.finding", source=material.names[worst], part=share(overlap[worst]))
    return [
        Planned(
            name="prior", part="prior", title=text("mix.prior.title"), finding=opened(said),
            method=text("mix.prior.method")
            + (text("mix.levels.sources_left_out", n=hidden) if hidden else ""),
            draw=partial(
                draw_prior, material.prior[:, shown], material.overall[:, shown], overlap[shown],
                names=tuple(material.names[i] for i in shown), marks=tuple(material.marks[i] for i in shown),
                text=text,
            ),
        )
    ]  # fmt: skip


def draw_prior(
    prior: Array,
    posterior: Array,
    overlap: Array,
    *,
    names: tuple[str, ...],
    marks: tuple[Mark, ...],
    text: Text,
) -> Figure:
    """A panel a source: prior dashed, posterior filled, its 50 and 95 % interval below."""
    columns, width = columns_for(len(names)), WIDE_MM if len(names) > 1 else width_for(1)
    fig, axes = panel_grid(
        len(names),
        width_mm=width,
        height_mm=panel_height(columns, width_mm=width, ratio=0.62, most_mm=38),
        columns=columns,
        margins=Margins(left=6, across=6, down=13),
        legend=[
            line_key(text("mix.prior.posterior"), colour=INK, width=1.2),
            line_key(text("mix.prior.prior"), colour=QUIET, dash=(0, (4, 2)), width=1.1),
        ],
    )
    summary = intervals(posterior)
    for number, panel in enumerate(axes):
        heading(panel, names[number], number if len(names) > 1 else None)
        _panel(panel, prior[:, number], posterior[:, number], marks[number], summary.of(number))
        note(panel, text("mix.prior.part", part=share(overlap[number])), y=0.97)
        panel.set_xlabel(text("mix.share_axis") if number + columns >= len(names) else "")
    return fig


def _panel(panel: Axes, prior: Array, posterior: Array, mark: Mark, summary: Intervals) -> None:
    at, before = density(prior)
    _, after = density(posterior)
    top = 1.12 * max(after.max(), before[5:-5].max())
    panel.fill_between(100 * at, after, color=mark.colour, alpha=0.35, linewidth=0, zorder=2)
    panel.plot(100 * at, after, color=mark.line, linewidth=1.2, zorder=4)
    panel.plot(100 * at, before, color=QUIET, linewidth=1.1, linestyle=(0, (4, 2)), zorder=3)
    low, lower, mean, upper, high = (
        100 * float(getattr(summary, name)) for name in ("low", "lower", "mean", "upper", "high")
    )
    below = -0.06 * top
    panel.hlines(below, low, high, color=mark.line, linewidth=0.9)
    panel.hlines(below, lower, upper, color=mark.line, linewidth=2.6)
    panel.plot(mean, below, marker="o", markersize=3.2, markerfacecolor="white", markeredgecolor=INK,
               markeredgewidth=0.8)  # fmt: skip
    panel.set_ylim(-0.12 * top, top)
    panel.set_xlim(-2, 102)
    panel.set_xticks([0, 25, 50, 75, 100])
    panel.set_yticks([])
    panel.spines["left"].set_visible(False)
