"""All kinds of water together in the dual-isotope plane, by period (figure 5 of the paper)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from headwater.report.figures.dual_isotope import draw_meteoric, limits, meteoric_keys
from headwater.report.figures.panels import (
    columns_for,
    heading,
    join_axes,
    key,
    panel_grid,
    panel_height,
    refused,
    scatter,
    thin,
    width_for,
)
from headwater.report.figures.words import (
    ALL,
    D2H,
    D18O,
    drawn_periods,
    kind_label,
    kinds_present,
    period_label,
    why_empty,
)
from headwater.report.numbers import number as written
from headwater.report.style import Mark, kind_mark

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from headwater.report.text import Text
    from headwater.study.result import StudyResult

LEAST_FOR_ELLIPSE = 5
TWO_THIRDS = float(np.sqrt(-2 * np.log(1 - 0.68)))
"""Mahalanobis radius that holds 68 % of a bivariate normal: r² = −2 ln(1 − p)."""


def wants(result: StudyResult) -> bool:
    """There are waters with both isotopes."""
    return len(_complete(result)) > 0


def draw(result: StudyResult, text: Text) -> Figure:
    """One panel a period: waters by kind, soil water lowest, with the mean and an ellipse of every kind."""
    periods = drawn_periods(result)
    waters = _complete(result)
    kinds = kinds_present(result)
    columns = columns_for(len(periods))
    counts = waters["kind"].astype(str).value_counts()
    entries = [key(kind_mark(kind), f"{kind_label(kind, text)}, n {counts.get(kind, 0)}") for kind in kinds]
    fig, axes = panel_grid(
        len(periods),
        width_mm=width_for(len(periods)),
        height_mm=panel_height(columns, width_mm=width_for(len(periods))),
        legend=[*entries, *meteoric_keys(result, text)],
    )
    shown = waters if periods == (ALL,) else waters[waters["period"].isin(periods)]
    x_limits, y_limits = limits(shown["d18O"]), limits(shown["d2H"])
    for number, (period, panel) in enumerate(zip(periods, axes, strict=True)):
        part = shown if period == ALL else shown[shown["period"] == period]
        heading(panel, f"{period_label(result, period, text, short=columns > 3)}", number)
        if part.empty:
            refused(panel, why_empty(result, text, period=period))
            continue
        draw_meteoric(panel, result, x_limits)
        for order, kind in enumerate(kinds):
            _kind(panel, part[part["kind"] == kind], kind_mark(kind), 2.0 + 0.05 * order)
    join_axes(axes, columns, x=D18O, y=D2H, x_limits=x_limits, y_limits=y_limits)
    return fig


def finding(result: StudyResult, text: Text) -> str:
    """Which kind of water lies closest to the mixture, over all periods."""
    table = result.tables.distances
    mixture = result.mixture
    pairs = table[(table["kind_a"] == mixture) ^ (table["kind_b"] == mixture)]
    if pairs.empty:
        waters = _complete(result)
        return text("figure.water_kinds.finding_none", n=len(waters), kinds=waters["kind"].nunique())
    other = pairs["kind_a"].where(pairs["kind_a"] != mixture, pairs["kind_b"]).astype(str)
    mean = pairs["energy"].groupby(other).mean().sort_values()
    near, far = str(mean.index[0]), str(mean.index[-1])
    values = {
        "mixture": kind_label(mixture, text),
        "near": kind_label(near, text),
        "distance": written(mean.iloc[0]),
    }
    if len(mean) == 1:
        return text("figure.water_kinds.finding_one", **values)
    return text(
        "figure.water_kinds.finding", far=kind_label(far, text), far_distance=written(mean.iloc[-1]), **values
    )


def method(result: StudyResult, text: Text) -> str:
    """What the ellipses are, and the number of waters."""
    return text("figure.water_kinds.method", n=len(_complete(result)))


def _complete(result: StudyResult) -> pd.DataFrame:
    waters = result.waters
    return waters[waters["d18O"].notna() & waters["d2H"].notna()]


def _kind(panel: Axes, part: pd.DataFrame, mark: Mark, zorder: float) -> None:
    if part.empty:
        return
    shown = thin(part)
    scatter(panel, shown["d18O"], shown["d2H"], mark, alpha=0.4, size=0.6 * mark.size, zorder=zorder)
    points = part[["d18O", "d2H"]].to_numpy(float)
    mean = points.mean(axis=0)
    if len(points) >= LEAST_FOR_ELLIPSE:
        ring = ellipse(mean, np.cov(points.T), TWO_THIRDS)
        panel.plot(ring[:, 0], ring[:, 1], color="white", linewidth=2.0, alpha=0.7, zorder=4)
        panel.plot(ring[:, 0], ring[:, 1], color=mark.line, linewidth=0.9, zorder=4.1)
    panel.plot(
        *mean,
        marker="o" if mark.marker == "." else mark.marker,
        markersize=5.5,
        linestyle="none",
        markerfacecolor="white" if mark.hollow else mark.colour,
        markeredgecolor=mark.line if mark.edge != "none" or mark.hollow else "white",
        markeredgewidth=0.8,
        zorder=5,
    )


def ellipse(mean: np.ndarray, covariance: np.ndarray, radius: float, points: int = 72) -> np.ndarray:
    """Points at the given Mahalanobis distance around the mean, shape (points, 2)."""
    values, vectors = np.linalg.eigh(covariance)
    angle = np.linspace(0, 2 * np.pi, points)
    circle = np.column_stack([np.cos(angle), np.sin(angle)]) * np.sqrt(np.clip(values, 0, None)) * radius
    return mean + circle @ vectors.T
