"""δ¹⁸O, d-excess and soil moisture against depth, by period."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from headwater.report.figures.panels import Margins, heading, line_key, panel_grid, refused
from headwater.report.figures.words import D18O, drawn_periods, kind_label, period_label
from headwater.report.numbers import number as written
from headwater.report.style import DASHES, MIDDLE_MM, WIDE_MM, period_colours

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from headwater.report.text import Text
    from headwater.study.result import StudyResult

MARKERS = "osD^vph*X"
MOST_WITH_INTERVALS = 6


def wants(result: StudyResult) -> bool:
    """At least two layers were sampled."""
    return _profiles(result)["depth_mid_m"].nunique() > 1


def draw(result: StudyResult, text: Text) -> Figure:
    """Depth downwards; one line a period with the 95 % interval of the mean of every layer."""
    table = _profiles(result)
    periods = [period for period in drawn_periods(result) if (table["period"] == period).any()]
    colours = period_colours(result.periods)
    wanted = [("d18O", D18O), ("d_excess", text("figure.d_excess"))]
    for name in ("soil_moisture", "soil_temperature_C"):
        if table[name].notna().any():
            wanted.append((name, text(f"figure.{name}")))
    entries = [
        line_key(
            period_label(result, period, text),
            colour=colours.get(period, "black"),
            dash=DASHES[number % len(DASHES)],
            marker=MARKERS[number % len(MARKERS)],
        )
        for number, period in enumerate(periods)
    ]
    fig, axes = panel_grid(
        len(wanted),
        width_mm=WIDE_MM if len(wanted) > 2 else MIDDLE_MM,
        height_mm=58,
        columns=len(wanted),
        margins=Margins(across=5),
        legend=entries,
    )
    for number, ((name, label), panel) in enumerate(zip(wanted, axes, strict=True)):
        heading(panel, "", number)
        if table.empty:
            refused(panel, text("figure.nothing"))
            continue
        few = len(periods) <= MOST_WITH_INTERVALS
        step = 1.4 * float(table["depth_mid_m"].max()) if few else 0.0
        for order, period in enumerate(periods):
            own = table[table["period"] == period].sort_values("depth_mid_m")
            look = {"color": colours.get(period, "black"), "linestyle": DASHES[order % len(DASHES)]}
            shift = step * (order - (len(periods) - 1) / 2)
            _line(panel, own, name, look, MARKERS[order % len(MARKERS)], shift=shift, intervals=few)
        panel.set_xlabel(label)
        panel.set_ylim(100 * float(table["depth_mid_m"].max()) * 1.12, 0)
        panel.set_ylabel(text("figure.depth") if number == 0 else "")
        panel.tick_params(labelleft=number == 0)
    return fig


def finding(result: StudyResult, text: Text) -> str:
    """Mean change of δ¹⁸O from the top to the bottom layer."""
    table = _profiles(result).sort_values("depth_mid_m")
    steps = table.groupby("period", observed=True)["d18O_mean"].agg(["first", "last"])
    change = float((steps["last"] - steps["first"]).mean())
    top, bottom = str(table["depth"].iloc[0]), str(table["depth"].iloc[-1])
    key = "figure.depth_profile.finding_lighter" if change < 0 else "figure.depth_profile.finding_heavier"
    return text(key, change=written(abs(change), 1), top=_dash(top), bottom=_dash(bottom))


def method(result: StudyResult, text: Text) -> str:
    """Number of waters a layer."""
    counts = _profiles(result)["n"].astype(int)
    name = kind_label(result.mixture, text)
    return text(
        "figure.depth_profile.method", n=int(counts.sum()), low=counts.min(), high=counts.max(), mixture=name
    )


def _profiles(result: StudyResult) -> pd.DataFrame:
    table = result.tables.profiles
    return table[table["depth_mid_m"].notna()]


def _line(
    panel: Axes, own: pd.DataFrame, name: str, look: dict, marker: str, *, shift: float, intervals: bool
) -> None:
    depth = 100 * own["depth_mid_m"].to_numpy(float) + shift
    value = own[f"{name}_mean"] if f"{name}_mean" in own else own[name]
    values = value.to_numpy(float)
    panel.plot(
        values,
        depth,
        marker=marker,
        markersize=4 if intervals else 2.5,
        markeredgecolor="white",
        markeredgewidth=0.5,
        zorder=3,
        **look,
    )
    if intervals and f"{name}_low" in own:
        low, high = own[f"{name}_low"].to_numpy(float), own[f"{name}_high"].to_numpy(float)
        known = np.isfinite(low) & np.isfinite(high)
        panel.hlines(
            depth[known], low[known], high[known], color=look["color"], linewidth=0.8, alpha=0.8, zorder=2
        )


def _dash(level: str) -> str:
    return level.replace("-", "–")
