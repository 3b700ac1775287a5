"""Dots with 50 % and 95 % intervals, a row each: what several figures of shares are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from headwater.report.numbers import MISSING
from headwater.report.style import INK, PALE, QUIET, Mark

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from headwater.report.mix.material import Intervals


def draw_intervals(
    panel: Axes, rows: Sequence[float], shares: Intervals, column: int, mark: Mark, *, wide: float = 2.6
) -> None:
    """One source of the shares (L, K), an interval a row [%]: thin 95 %, thick 50 %, dot at the mean.

    A dash where the source takes no part.
    """
    own = [100 * getattr(shares, name)[:, column] for name in ("mean", "low", "lower", "upper", "high")]
    absent = own[4] == 0.0
    places = np.asarray(rows)[~absent]
    mean, low, lower, upper, high = (values[~absent] for values in own)
    panel.hlines(places, low, high, color=mark.line, linewidth=0.9, zorder=2)
    panel.hlines(places, lower, upper, color=mark.line, linewidth=wide, zorder=3)
    panel.plot(
        mean, places, linestyle="none", marker="o", markersize=3.4, markerfacecolor="white",
        markeredgecolor=INK, markeredgewidth=0.8, zorder=4,
    )  # fmt: skip
    for y in np.asarray(rows)[absent]:
        panel.text(0, y, MISSING, ha="center", va="center_baseline", fontsize=7, color=QUIET)


def share_axis(panel: Axes, label: str) -> None:
    """x from 0 to 100 %, with pale lines at the quarters."""
    panel.set_xlim(-2, 102)
    panel.set_xticks([0, 25, 50, 75, 100])
    panel.grid(axis="x", color=PALE, linewidth=0.4, zorder=0)
    panel.set_axisbelow(True)
    panel.set_xlabel(label)
    panel.spines["bottom"].set_color(QUIET)
