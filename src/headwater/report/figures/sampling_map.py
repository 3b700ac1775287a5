"""Where the samples were taken, by period (figure 3 of the paper)."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from headwater.report.figures.panels import (
    Margins,
    columns_for,
    degree_axes,
    fit,
    heading,
    join_axes,
    key,
    nothing,
    panel_grid,
)
from headwater.report.figures.words import drawn_periods, kind_label, kinds_present, period_label
from headwater.report.style import ALTITUDE_MAP, INK, PALE, QUIET, WIDE_MM, Mark, kind_mark

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Normalize
    from matplotlib.figure import Figure

    from headwater.report.text import Text
    from headwater.study.result import StudyResult

REGION = (89.75, 102.38, 31.65, 36.20)
"""West, east, south, north of the Three Rivers Headwater Region [°] (paper, section 2.1)."""
BESIDE = 0.5
KM_PER_DEGREE = 111.2


def wants(result: StudyResult) -> bool:
    """At least one water has coordinates."""
    return bool(_placed(result).any())


def draw(result: StudyResult, text: Text) -> Figure:
    """Points by kind (marker) and altitude (colour); the region's outline where the samples lie in it."""
    periods = drawn_periods(result)
    waters = result.waters[_placed(result)]
    if waters.empty:
        return nothing(text)
    in_region = _in_region(waters)
    west, east, south, north = _extent(waters, in_region)
    middle = np.cos(np.radians((south + north) / 2))
    count = len(periods)
    across = 2 if 2 <= count <= 4 else columns_for(count)
    margins = Margins(left=15, right=4, bottom=6 if count % across else 21, top=8, down=8, across=5)
    width = (WIDE_MM - 19 - 5 * (across - 1)) / across
    height = min(90.0, max(18.0, width * (north - south) / ((east - west) * middle)))
    kinds = kinds_present(result)
    entries = [key(_plain(kind), kind_label(kind, text)) for kind in kinds]
    fig, axes = panel_grid(
        count, width_mm=WIDE_MM, height_mm=height, columns=across, margins=margins, legend=entries
    )
    scale = _altitude_scale(waters)
    for number, (period, panel) in enumerate(zip(periods, axes, strict=True)):
        _ground(panel, in_region)
        part = waters[waters["period"] == period] if period != "all" else waters
        _points(panel, part, kinds, scale)
        panel.set_aspect(1 / middle, adjustable="box", anchor="W")
        heading(panel, f"{period_label(result, period, text, short=across > 3)}, n {len(part)}", number)
    join_axes(axes, across, x="", y="", x_limits=(west, east), y_limits=(south, north))
    for panel in axes:
        degree_axes(panel)
    for panel in axes[:1]:
        _scale_bar(panel, west, east, south, north, middle)
    if scale is not None:
        _altitude_bar(fig, scale, text, count=count, across=across)
    return fig


def finding(result: StudyResult, text: Text) -> str:
    """How many waters of how many kinds, and between which altitudes."""
    waters = result.waters
    altitude = waters["altitude_m"].dropna()
    values = {"n": len(waters), "kinds": waters["kind"].nunique(), "periods": len(result.periods)}
    if altitude.empty:
        return text("figure.sampling_map.finding_flat", **values)
    return text(
        "figure.sampling_map.finding", low=f"{altitude.min():.0f}", high=f"{altitude.max():.0f}", **values
    )


def method(result: StudyResult, text: Text) -> str:
    """How many waters have coordinates; that the outline is only a sketch."""
    placed = _placed(result)
    sentence = text("figure.sampling_map.method", placed=int(placed.sum()), n=len(placed))
    return sentence + (text("figure.sampling_map.outline") if _in_region(result.waters[placed]) else "")


def _placed(result: StudyResult) -> pd.Series:
    return result.waters["latitude"].notna() & result.waters["longitude"].notna()


def _in_region(waters: pd.DataFrame) -> bool:
    west, east, south, north = REGION
    inside = waters["longitude"].between(west - BESIDE, east + BESIDE) & waters["latitude"].between(
        south - BESIDE, north + BESIDE
    )
    return bool(len(waters)) and float(inside.mean()) > 0.9


def _extent(waters: pd.DataFrame, in_region: bool) -> tuple[float, float, float, float]:
    if in_region:
        west, east, south, north = REGION
        return west - 0.35, east + 0.35, south - 0.35, north + 0.35
    west, east = (float(waters["longitude"].quantile(q)) for q in (0.0, 1.0))
    south, north = (float(waters["latitude"].quantile(q)) for q in (0.0, 1.0))
    middle = max(np.cos(np.radians((south + north) / 2)), 0.05)
    half = 0.56 * max(east - west, (north - south) / middle * 0.6, 0.01)
    tall = 0.56 * max(north - south, (east - west) * middle * 0.4, 0.006)
    x, y = (west + east) / 2, (south + north) / 2
    return x - half, x + half, y - tall, y + tall


def _ground(panel: Axes, in_region: bool) -> None:
    panel.grid(color=PALE, linewidth=0.4, zorder=0)
    panel.set_axisbelow(True)
    if not in_region:
        return
    shape = json.loads(
        files("headwater.data").joinpath("outlines", "three_rivers.geojson").read_text("utf-8")
    )
    for ring in shape["features"][0]["geometry"]["coordinates"]:
        outline = np.array(ring)
        panel.fill(
            outline[:, 0], outline[:, 1], facecolor="#F4F6F2", edgecolor=QUIET, linewidth=0.7, zorder=0.5
        )


def _altitude_scale(waters: pd.DataFrame) -> Normalize | None:
    from matplotlib.colors import Normalize

    altitude = waters["altitude_m"].dropna()
    if altitude.empty:
        return None
    low, high = float(altitude.min()), float(altitude.max())
    return Normalize(low, high if high > low else low + 1)


def _points(panel: Axes, waters: pd.DataFrame, kinds: tuple[str, ...], scale: Normalize | None) -> None:
    from matplotlib import colormaps

    for number, kind in enumerate(kinds[1:] + kinds[:1]):  # the mixture on top
        part = waters[waters["kind"] == kind]
        part = part.drop_duplicates(["longitude", "latitude"])
        mark = kind_mark(kind)
        if scale is None or part["altitude_m"].isna().all():
            face = np.array([mark.colour] * len(part))
        else:
            face = colormaps[ALTITUDE_MAP](scale(part["altitude_m"].fillna(scale.vmin).to_numpy()))
        panel.scatter(
            part["longitude"],
            part["latitude"],
            s=_size(mark),
            marker=_shape(mark),
            c=face,
            edgecolors=None if mark.marker == "x" else INK,
            linewidths=0.3,
            zorder=2 + 0.1 * number,
            rasterized=len(part) > 3000,
        )


def _plain(kind: str) -> Mark:
    """The marker of a kind without its colour, which stands for altitude here."""
    mark = kind_mark(kind)
    return replace(mark, colour=PALE, edge=INK, hollow=False, marker=_shape(mark), size=_size(mark))


def _shape(mark: Mark) -> str:
    return "o" if mark.marker == "." else mark.marker


def _size(mark: Mark) -> float:
    """Soil water small, so that it is not taken for precipitation."""
    return 5.0 if mark.marker == "." else 0.85 * mark.size


def _scale_bar(panel: Axes, west: float, east: float, south: float, north: float, middle: float) -> None:
    span_km = (east - west) * KM_PER_DEGREE * middle
    power = 10 ** np.floor(np.log10(span_km / 4))
    length_km = max(step * power for step in (1, 2, 5) if step * power <= span_km / 4)
    width = length_km / (KM_PER_DEGREE * middle)
    x, y = west + 0.03 * (east - west), south + 0.06 * (north - south)
    panel.plot([x, x + width], [y, y], color=INK, linewidth=1.6, solid_capstyle="butt", zorder=8)
    label = f"{length_km:g} km" if length_km >= 1 else f"{1000 * length_km:g} m"
    panel.text(
        x + width / 2, y + 0.03 * (north - south), label, ha="center", va="bottom", fontsize=6, zorder=8
    )


def _altitude_bar(fig: Figure, scale: Normalize, text: Text, *, count: int, across: int) -> None:
    from matplotlib.cm import ScalarMappable

    width, height = fig.get_size_inches() * 25.4
    lowest = min(panel.get_position().y0 for panel in fig.axes) * height
    if count % across:  # the free place at the end of the last row
        last = fig.axes[count - 1].get_position()
        left, bottom, long = last.x1 * width + 14, (last.y0 + last.y1) / 2 * height, 60.0
        long = min(long, width - left - 10)
    else:
        left, bottom, long = 60.0, lowest - 10, 70.0
    box = fig.add_axes((left / width, bottom / height, long / width, 2.4 / height))
    fig.colorbar(ScalarMappable(scale, ALTITUDE_MAP), cax=box, orientation="horizontal")
    box.set_xlabel(fit(text("figure.altitude"), long))
    box.spines[:].set_visible(False)
