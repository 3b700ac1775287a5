"""Maps of the trend of every variable, a panel a month."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from headwater.report.drivers.map_panel import Array, Extent, colour_bar, draw_map, trimmed
from headwater.report.drivers.material import Material
from headwater.report.drivers.words import file_stem, month_name, pair_text, variable_name
from headwater.report.figures.panels import Margins, heading, panel_grid
from headwater.report.findings import opened
from headwater.report.numbers import integer, number, share
from headwater.report.planned import Planned
from headwater.report.style import WIDE_MM

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

    from headwater.report.text import Text

MARGINS = Margins(left=11, right=2, top=11, bottom=19, across=6, down=9)
PER_DECADE = 10.0
MM_A_MONTH = 86400 * 365.25 / 12
SCALES = {"kg m-2 s-1": (MM_A_MONTH, "mm/month"), "m3 m-3": (100.0, "%"), "K": (1.0, "K"), "1": (1.0, "1")}
"""Unit → factor and unit that people read."""


def plan(material: Material, text: Text) -> list[Planned]:
    """One figure a variable whose trend was asked for."""
    if material.trend is None:
        return []
    return [_one(material, str(name), text) for name in material.trend["variable"].to_numpy()]


def draw_trend(trend: xr.Dataset, variable: str, alpha: float, text: Text) -> Figure:
    """Slopes per decade of one variable."""
    part = trend.sel(variable=variable)
    months = [int(month) for month in part["month"].to_numpy()] if "month" in part.dims else [0]
    slopes = [_layer(part, month, "slope") for month in months]
    factor, unit = scale_of(trend, variable)
    whole = Extent(part["latitude"].to_numpy(), part["longitude"].to_numpy())
    rows, across = trimmed(np.any(np.isfinite(slopes), axis=0), whole)
    extent = Extent(whole.latitude[rows], whole.longitude[across])
    columns = min(len(months), 2 if len(months) < 9 else 3)
    room = (WIDE_MM - MARGINS.left - MARGINS.right - (columns - 1) * MARGINS.across) / columns
    height = float(np.clip(room * extent.ratio, 12.0, 90.0))
    fig, axes = panel_grid(len(months), width_mm=WIDE_MM, height_mm=height, columns=columns, margins=MARGINS)
    limit = _limit(np.stack(slopes) * factor * PER_DECADE)
    for place, (panel, month, slope) in enumerate(zip(axes, months, slopes, strict=True)):
        firm = _layer(part, month, "significant") > 0.5
        values = (slope * factor * PER_DECADE)[rows, across]
        draw_map(panel, values, extent, limit=limit, significant=firm[rows, across])
        heading(panel, month_name(month, text), place if len(months) > 1 else None)
        panel.tick_params(labelleft=place % columns == 0, labelbottom=place + columns >= len(months))
    label = pair_text("drivers.trend.axis", text, variable=variable_name(variable, text), unit=unit)
    colour_bar(fig, limit=limit, label=label, pale=text("drivers.maps.pale", alpha=share(alpha)))
    return fig


def scale_of(trend: xr.Dataset, variable: str) -> tuple[float, str]:
    """Factor to the unit that people read, and that unit."""
    units = trend.attrs.get("units", {})
    unit = units.get(variable, "") if isinstance(units, dict) else ""
    return SCALES.get(unit, (1.0, unit))


def _one(material: Material, variable: str, text: Text) -> Planned:
    assert material.trend is not None
    trend = material.trend
    alpha = float(trend.attrs.get("alpha", 0.05))
    part = trend.sel(variable=variable)
    slope, firm = part["slope"].to_numpy(), part["significant"].to_numpy().astype(bool)
    valid = np.isfinite(slope)
    factor, unit = scale_of(trend, variable)
    total = max(int(valid.sum()), 1)
    middle = float(np.median(slope[valid])) * factor * PER_DECADE if valid.any() else float("nan")
    finding = text(
        "drivers.trend.finding", variable=variable_name(variable, text), unit=unit, slope=_slope(middle),
        up=share(float((firm & (slope > 0)).sum()) / total),
        down=share(float((firm & (slope < 0)).sum()) / total),
    )  # fmt: skip
    return Planned(
        name=f"trend-{file_stem(variable)}", part="trends",
        title=pair_text("drivers.trend.title", text, variable=variable_name(variable, text)),
        finding=opened(finding),
        method=text(
            "drivers.trend.method", method=str(trend.attrs.get("method", "original")).replace("_", "–"),
            n=integer(float(np.median(part["n"].to_numpy()[valid]))) if valid.any() else "–",
            alpha=share(alpha),
        ),
        draw=partial(draw_trend, trend, variable, alpha, text),
    )  # fmt: skip


def _slope(value: float) -> str:
    decimals = 2 if abs(value) < 10 else 1
    return number(value, decimals if abs(value) >= 0.01 else 4, sign=True)


def _layer(part: xr.Dataset, month: int, layer: str) -> Array:
    chosen = part[layer].sel(month=month) if "month" in part.dims else part[layer]
    return np.asarray(chosen.transpose("latitude", "longitude").to_numpy(), dtype=np.float64)


def _limit(values: Array) -> float:
    """A round number above nearly all slopes."""
    found = np.abs(values[np.isfinite(values)])
    top = float(np.quantile(found, 0.99)) if found.size else 1.0
    if top <= 0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(top))
    return float(next(step * power for step in (1, 2, 5, 10) if step * power >= top))
