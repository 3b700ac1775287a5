"""Mean r of each stratum by lag, a panel a month."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from headwater.report.drivers.material import Material
from headwater.report.drivers.words import (
    correlation_word,
    file_stem,
    month_name,
    pair_text,
    soil_label,
    stratum_name,
    variable_name,
)
from headwater.report.figures.panels import Margins, columns_for, heading, line_key, panel_grid
from headwater.report.findings import opened
from headwater.report.numbers import integer, number, share
from headwater.report.planned import Planned
from headwater.report.style import DASHES, INK, PALE, WIDE_MM, altitude_shades

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

    from headwater.report.text import Text

HEIGHT_MM = 40.0
MOST_STRATA = 6


def plan(material: Material, text: Text) -> list[Planned]:
    """One figure a driver, where lags were scanned."""
    if material.lags is None:
        return []
    return [
        _one(material.lags.sel(soil=soil, driver=driver), soil, driver, material, text)
        for driver in material.drivers
        for soil in material.soils
    ]


def draw_lags(part: xr.Dataset, text: Text) -> Figure:
    """Lines of strata; the mark is the lag where the mean is largest by size."""
    months = [int(month) for month in part["month"].to_numpy()]
    strata = [str(name) for name in part["stratum"].to_numpy()][:MOST_STRATA]
    colours = altitude_shades(len(strata)) if len(strata) > 1 else [INK]
    keys = [
        line_key(stratum_name(name, text), colour=colour, dash=DASHES[place % len(DASHES)])
        for place, (name, colour) in enumerate(zip(strata, colours, strict=True))
    ]
    columns = min(columns_for(len(months)), 4)
    fig, axes = panel_grid(
        len(months), width_mm=WIDE_MM, height_mm=HEIGHT_MM, columns=columns,
        margins=Margins(left=13, right=3, top=11, bottom=11, across=12, down=11),
        legend=keys if len(keys) > 1 else (),
    )  # fmt: skip
    lag, r = part["lag"].to_numpy(), part["mean_r"].transpose("month", "stratum", "lag").to_numpy()
    top = max(0.2, float(np.ceil(10 * np.nanmax(np.abs(r)) + 0.4) / 10)) if np.isfinite(r).any() else 1.0
    for place, (panel, month) in enumerate(zip(axes, months, strict=True)):
        panel.axhline(0, color=PALE, linewidth=0.8, zorder=0)
        panel.axvline(0, color=PALE, linewidth=0.8, zorder=0)
        for number_, colour in enumerate(colours):
            values = r[place, number_]
            panel.plot(lag, values, color=colour, linestyle=DASHES[number_ % len(DASHES)], zorder=2)
            if np.isfinite(values).any():
                best = int(np.nanargmax(np.abs(values)))
                panel.plot(lag[best], values[best], marker="o", markersize=3.5, color=colour, zorder=3)
        panel.set_ylim(-top, top)
        panel.xaxis.get_major_locator().set_params(integer=True)
        heading(panel, month_name(month, text), place if len(months) > 1 else None)
        panel.set_xlabel(text("drivers.lags.axis") if place + columns >= len(months) else "")
        panel.set_ylabel(text("drivers.head.r") if place % columns == 0 else "")
    return fig


def _one(part: xr.Dataset, soil: str, driver: str, material: Material, text: Text) -> Planned:
    r = part["mean_r"].transpose("month", "stratum", "lag").to_numpy()
    names = {"soil": soil_label(material, soil, text), "driver": variable_name(driver, text)}
    surrogates = int(part.attrs.get("surrogates", 0))
    finding = text("drivers.say.no_data")
    if np.isfinite(r).any():
        month, stratum, lag = np.unravel_index(np.nanargmax(np.abs(r)), r.shape)
        tested = np.isfinite(part["p"].to_numpy())
        firm = part["significant"].to_numpy().astype(bool) & tested
        finding = text(
            "drivers.lags.finding", lag=number(float(part["lag"][lag]), 0, sign=True),
            r=correlation_word(float(r[month, stratum, lag])),
            month=month_name(int(part["month"][month]), text),
            stratum=stratum_name(str(part["stratum"].to_numpy()[stratum]), text),
            share=share(float(firm.sum()) / max(int(tested.sum()), 1)), **names,
        )  # fmt: skip
    return Planned(
        name=f"lags-{file_stem(driver)}" + (f"-{file_stem(soil)}" if len(material.soils) > 1 else ""),
        part="lags",
        title=pair_text("drivers.lags.title", text, **names),
        finding=opened(finding),
        method=text(
            "drivers.lags.method", alpha=share(material.alpha),
            surrogates=integer(surrogates), least=f"{1 / (1 + surrogates):.2g}",
        ),
        draw=partial(draw_lags, part, text),
    )  # fmt: skip
