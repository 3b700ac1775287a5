"""Evaporation: the slope that was learned beside its prior, and how far each mixture was enriched."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from headwater.report.figures.panels import Margins, heading, line_key, panel_grid
from headwater.report.mix.density import density
from headwater.report.mix.material import Material
from headwater.report.mix.words import level_name
from headwater.report.numbers import number
from headwater.report.planned import Planned
from headwater.report.style import DASHES, INK, MIDDLE_MM, QUIET, WIDE_MM

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from headwater.mixing.bayes.family import Array
    from headwater.report.text import Text

WARM = "#C8553D"
MOST_LEVELS = 6
BINS = 30
FEWEST = 5
"""Mixtures whose enrichments are worth a histogram."""


def plan(material: Material, text: Text) -> list[Planned]:
    """One figure, where the model has evaporation."""
    own, enrichment = material.fit.model.evaporation, material.enrichment
    slopes = material.fit.draws.get("evaporation_slope")
    if own is None or enrichment is None or (slopes is None and len(enrichment) < FEWEST):
        return []
    draws = None if slopes is None else slopes.value.reshape(len(slopes.value), -1)
    by, levels = material.fit.model.sources.by, material.fit.model.sources.levels
    labels = (
        [level_name(by or "", level) for level in levels] if draws is not None and draws.shape[1] > 1 else []
    )
    low, middle, high = np.quantile(enrichment, [0.05, 0.5, 0.95])
    said = text("mix.evaporation.finding", middle=number(middle, 1), low=number(low, 1), high=number(high, 1))
    return [
        Planned(
            name="evaporation", part="evaporation", title=text("mix.evaporation.title"), finding=said,
            method=text("mix.evaporation.method", n=len(enrichment)),
            draw=partial(
                draw_evaporation, draws, (own.slope, own.slope_sd), enrichment, labels=labels, text=text
            ),
        )
    ]  # fmt: skip


def draw_evaporation(
    slopes: Array | None, prior: tuple[float, float], enrichment: Array, *, labels: list[str], text: Text
) -> Figure:
    """Left the slope, prior dashed and posterior drawn through; right the enrichment of all mixtures."""
    legend = [
        line_key(label or text("mix.prior.posterior"), colour=WARM, dash=DASHES[i % len(DASHES)], width=1.2)
        for i, label in enumerate(labels[:MOST_LEVELS] or [""])
    ]
    legend.append(line_key(text("mix.prior.prior"), colour=QUIET, dash=(0, (4, 2)), width=1.1))
    learned, many = slopes is not None, len(enrichment) >= FEWEST
    panels = int(learned) + int(many)
    fig, axes = panel_grid(
        panels, width_mm=WIDE_MM if panels > 1 else MIDDLE_MM, height_mm=42, columns=panels,
        margins=Margins(left=12, across=16, bottom=11), legend=legend if learned else (),
    )  # fmt: skip
    if slopes is not None:
        heading(axes[0], text("mix.evaporation.slope"), 0 if many else None)
        _slope(axes[0], slopes[:, :MOST_LEVELS], *prior)
    if many:
        heading(axes[-1], text("mix.evaporation.enrichment"), 1 if learned else None)
        _enrichment(axes[-1], enrichment)
        axes[-1].set_xlabel(text("mix.evaporation.axis"))
        axes[-1].set_ylabel(text("mix.fit.mixtures"))
    return fig


def _enrichment(panel: Axes, enrichment: Array) -> None:
    count, edges = np.histogram(enrichment, bins=min(BINS, max(5, len(enrichment) // 4)))
    panel.stairs(count, edges, color=INK, fill=True, alpha=0.25)
    panel.stairs(count, edges, color=INK, linewidth=1.0)
    panel.set_xlim(left=min(0.0, float(edges[0])))
    panel.yaxis.get_major_locator().set_params(integer=True)


def _slope(panel: Axes, slopes: Array, mean: float, sd: float) -> None:
    low, high = min(mean - 3.5 * sd, slopes.min()), max(mean + 3.5 * sd, slopes.max())
    at = np.linspace(low, high, 201)
    if sd > 0:
        before = np.exp(-0.5 * ((at - mean) / sd) ** 2) / (sd * np.sqrt(2 * np.pi))
        panel.plot(at, before, color=QUIET, linewidth=1.1, linestyle=(0, (4, 2)))
    for i, own in enumerate(slopes.T):
        x, after = density(own, low, high)
        panel.plot(x, after, color=WARM, linewidth=1.2, linestyle=DASHES[i % len(DASHES)])
        if slopes.shape[1] == 1:
            panel.fill_between(x, after, color=WARM, alpha=0.25, linewidth=0)
    panel.set_ylim(bottom=0)
    panel.set_yticks([])
    panel.spines["left"].set_visible(False)
