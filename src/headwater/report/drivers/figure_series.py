"""r along time where it is no map: patterns over pixels at a time, or means of moving windows by stratum."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from headwater.report.drivers.material import Material
from headwater.report.drivers.sentences import driver_finding
from headwater.report.drivers.words import file_stem, pair_text, soil_label, stratum_name, variable_name
from headwater.report.figures.panels import Margins, heading, line_key, panel_grid
from headwater.report.numbers import share
from headwater.report.planned import Planned
from headwater.report.style import INK, MIDDLE_MM, PALE, altitude_shades

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from headwater.report.text import Text

MOST_LINES = 6


def plan(material: Material, text: Text) -> list[Planned]:
    """One figure a driver, for results along time."""
    if "time" not in material.correlation["r"].dims:
        return []
    return [_one(material, soil, driver, text) for driver in material.drivers for soil in material.soils]


def draw_series(material: Material, soil: str, driver: str, text: Text) -> Figure:
    """Lines by stratum; their intervals where they are means, dots where a pattern is significant."""
    lines = lines_of(material, soil, driver)[:MOST_LINES]
    colours = altitude_shades(len(lines)) if len(lines) > 1 else [INK]
    keys = [line_key(stratum_name(name, text), colour=c) for (name, _), c in zip(lines, colours, strict=True)]
    fig, (panel,) = panel_grid(
        1, width_mm=MIDDLE_MM, height_mm=48, margins=Margins(left=14, right=3, top=8, bottom=10),
        legend=keys if len(keys) > 1 else (),
    )  # fmt: skip
    panel.axhline(0, color=PALE, linewidth=0.8, zorder=0)
    for (_, values), colour in zip(lines, colours, strict=True):
        _line(panel, values, colour)
    panel.set_ylim(-1, 1)
    panel.set_ylabel("r")
    heading(panel, variable_name(driver, text))
    return fig


def lines_of(material: Material, soil: str, driver: str) -> list[tuple[str, xr.Dataset]]:
    """Stratum → r along time, with its interval or its significance."""
    source = material.means if material.means is not None else material.correlation
    part = source.sel(soil=soil, driver=driver)
    if "month" in part.dims:
        part = part.isel(month=0)
    if "stratum" in part.dims:
        return [(str(name), part.sel(stratum=name)) for name in part["stratum"].to_numpy()]
    return [("all", part)]


def _line(panel: Axes, values: xr.Dataset, colour: str) -> None:
    time, r = values["time"].to_numpy(), values["r"].to_numpy()
    for run in _runs(time):
        alone = "o" if run.stop - run.start < 4 else None
        panel.plot(time[run], r[run], color=colour, linewidth=1.0, marker=alone, markersize=2.0, zorder=2)
        if "r_low" in values:
            low, high = (values[name].to_numpy()[run] for name in ("r_low", "r_high"))
            panel.fill_between(time[run], low, high, color=colour, alpha=0.18, linewidth=0, zorder=1)
    if "r_low" in values:
        return
    if "significant" in values:
        firm = values["significant"].to_numpy().astype(bool) & np.isfinite(r)
        panel.plot(time[firm], r[firm], linestyle="none", marker="o", markersize=2.5, color=colour, zorder=3)


def _runs(time: NDArray[np.datetime64]) -> list[slice]:
    """Stretches without a gap of more than two and a half usual steps: no line is drawn across the others."""
    if len(time) < 3:
        return [slice(0, len(time))]
    steps = np.diff(time).astype(np.int64)
    cuts = (np.flatnonzero(steps > 2.5 * np.median(steps)) + 1).tolist()
    return [slice(a, b) for a, b in pairwise([0, *cuts, len(time)])]


def _one(material: Material, soil: str, driver: str, text: Text) -> Planned:
    name = f"series-{file_stem(driver)}" + (f"-{file_stem(soil)}" if len(material.soils) > 1 else "")
    return Planned(
        name=name,
        part="maps",
        title=pair_text(
            "drivers.series.title",
            text,
            soil=soil_label(material, soil, text),
            driver=variable_name(driver, text),
        ),
        finding=driver_finding(material, soil, driver, text),
        method=text(f"drivers.series.method_{material.mode}", alpha=share(material.alpha)),
        draw=partial(draw_series, material, soil, driver, text),
    )
