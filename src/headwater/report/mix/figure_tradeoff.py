"""Which sources trade off: correlation of their shares, and the pair that trades most."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from headwater.report.figures.panels import Margins, fit, heading, panel_grid, text_mm
from headwater.report.mix.material import Material
from headwater.report.numbers import number as written
from headwater.report.planned import Planned
from headwater.report.style import INK, QUIET, WIDE_MM

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from headwater.mixing.bayes.family import Array
    from headwater.report.text import Text

MOST_SOURCES = 12
MOST_POINTS = 1500
FEW = 5
"""Sources up to which every correlation is written, and their names stand side by side."""
WORTH_WRITING = 0.3


def plan(material: Material, text: Text) -> list[Planned]:
    """One figure where there are three sources or more; two shares always trade one for one."""
    if len(material.names) < 3:
        return []
    shown = np.sort(np.argsort(-material.overall.mean(axis=0), kind="stable")[:MOST_SOURCES])
    correlation = material.correlation[np.ix_(shown, shown)]
    if not np.isfinite(correlation[np.triu_indices(len(shown), 1)]).any():
        return []
    a, b = strongest(correlation)
    names = tuple(material.names[i] for i in shown)
    value = correlation[a, b]
    said = text(
        "mix.tradeoff.finding" if value < -0.5 else "mix.tradeoff.finding_weak",
        a=names[a], b=names[b], r=written(value, 2),
    )  # fmt: skip
    hidden = len(material.names) - len(shown)
    return [
        Planned(
            name="tradeoff", part="prior", title=text("mix.tradeoff.title"), finding=said,
            method=text("mix.tradeoff.method")
            + (text("mix.levels.sources_left_out", n=hidden) if hidden else ""),
            draw=partial(
                draw_tradeoff, material.overall[:, shown], correlation, (a, b), names=names, text=text
            ),
        )
    ]  # fmt: skip


def strongest(correlation: Array) -> tuple[int, int]:
    """The pair of the most negative correlation."""
    upper = np.triu(np.ones_like(correlation, dtype=bool), 1) & np.isfinite(correlation)
    a, b = np.unravel_index(np.argmin(np.where(upper, correlation, np.inf)), correlation.shape)
    return int(a), int(b)


def draw_tradeoff(
    shares: Array, correlation: Array, pair: tuple[int, int], *, names: tuple[str, ...], text: Text
) -> Figure:
    """Left the correlation of every two shares, right the draws of the two that trade most."""
    upright, widest = len(names) > FEW, max(text_mm(name) for name in names) + 4
    room = Margins(left=min(34.0, widest), right=28, across=26, bottom=min(24.0, widest) if upright else 12)
    fig, axes = panel_grid(
        2, width_mm=WIDE_MM, height_mm=min(64.0, max(36.0, 8.0 * len(names))), columns=2, ratios=(0.9, 1.0),
        margins=room,
    )  # fmt: skip
    heading(axes[0], text("mix.tradeoff.correlation"), 0)
    _matrix(axes[0], correlation, names, upright)
    a, b = pair
    some = 100 * shares[:: max(1, -(-len(shares) // MOST_POINTS))]
    axes[1].scatter(some[:, a], some[:, b], s=3, color=INK, alpha=0.25, linewidths=0, rasterized=True)
    together = 100 * float((shares[:, a] + shares[:, b]).mean())
    axes[1].plot([0, together], [together, 0], color=QUIET, linewidth=0.8, linestyle=(0, (4, 2)), zorder=1)
    axes[1].set_xlabel(f"{names[a]} (%)")
    axes[1].set_ylabel(f"{names[b]} (%)")
    axes[1].set_xlim(-2.0, float(some[:, a].max()) + 3.0)
    axes[1].set_ylim(-2.0, float(some[:, b].max()) + 3.0)
    heading(axes[1], text("mix.tradeoff.pair"), 1)
    return fig


def _matrix(panel: Axes, correlation: Array, names: tuple[str, ...], upright: bool) -> None:
    from matplotlib import colormaps

    k = len(names)
    shown = np.where(np.tri(k, k=-1, dtype=bool), correlation, np.nan)[1:, :-1]
    panel.imshow(np.ma.masked_invalid(shown), cmap=colormaps["RdBu"], vmin=-1, vmax=1, aspect="auto")
    for row, column in np.argwhere(np.isfinite(shown)):
        value = shown[row, column]
        if upright and abs(value) < WORTH_WRITING:
            continue
        colour = "white" if abs(value) > 0.6 else INK
        label = written(value, 1 if upright else 2)
        panel.text(column, row, label, ha="center", va="center", fontsize=6 if upright else 7, color=colour)
    panel.set_yticks(range(k - 1), [fit(name, 30) for name in names[1:]])
    room = 20 if upright else 60 / (k - 1)
    panel.set_xticks(range(k - 1), [fit(name, room) for name in names[:-1]], rotation=90 if upright else 0)
    panel.tick_params(length=0)
    for side in panel.spines.values():
        side.set_visible(False)
