"""Maps of r for one driver: a row a month, a column a stratum (layout of the paper's supplement 1–4)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from headwater.report.drivers.map_panel import Extent, colour_bar, draw_map, trimmed
from headwater.report.drivers.material import Material
from headwater.report.drivers.sentences import driver_finding
from headwater.report.drivers.words import (
    correlation_word,
    file_stem,
    interval_word,
    month_name,
    pair_text,
    soil_label,
    stratum_name,
    variable_name,
)
from headwater.report.figures.panels import Margins, heading, panel_grid, panel_width_mm
from headwater.report.numbers import integer, number, share
from headwater.report.planned import Planned
from headwater.report.style import QUIET, WIDE_MM

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from headwater.drivers.sign_table import SignRecord
    from headwater.report.text import Text

MOST_COLUMNS, MOST_ROWS = 3, 6
"""Strata side by side, and months below each other; with more, each month is one map of all strata."""
MARGINS = Margins(left=11, right=2, top=11, bottom=19, across=6, down=9)
TALLEST_MM = 90.0


def plan(material: Material, text: Text) -> list[Planned]:
    """One figure a driver (and layer of soil moisture)."""
    if not material.is_map:
        return []
    return [
        _one(material, soil, driver, text)
        for driver in material.drivers
        for soil in material.soils
    ]  # fmt: skip


def draw_maps(material: Material, soil: str, driver: str, text: Text) -> Figure:
    """The panels of one driver."""
    strata = material.stratum_names if _apart(material) else ("all",)
    cells = [(month, stratum) for month in material.months for stratum in strata]
    columns = len(strata) if len(strata) > 1 else min(2 if len(cells) < 9 else 3, len(cells))
    r = material.correlation
    whole = Extent(r["latitude"].to_numpy(), r["longitude"].to_numpy())
    rows, across = trimmed(material.known, whole)
    extent = Extent(whole.latitude[rows], whole.longitude[across])
    room = (WIDE_MM - MARGINS.left - MARGINS.right - (columns - 1) * MARGINS.across) / columns
    height = float(np.clip(room * extent.ratio, 12.0, TALLEST_MM))
    fig, axes = panel_grid(len(cells), width_mm=WIDE_MM, height_mm=height, columns=columns, margins=MARGINS)
    records = _records(material, soil, driver)
    for number_, (panel, (month, stratum)) in enumerate(zip(axes, cells, strict=True)):
        here = None
        if stratum != "all" and material.codes is not None:
            here = (material.codes == material.stratum_names.index(stratum))[rows, across]
        values = material.map_of(soil, driver, month)[rows, across]
        firm = material.map_of(soil, driver, month, "significant")[rows, across] > 0.5
        draw_map(panel, values, extent, limit=material.limit, significant=firm, here=here)
        label = month_name(month, text)
        label += "" if stratum == "all" else text("list.comma") + stratum_name(stratum, text)
        heading(panel, label, number_ if len(cells) > 1 else None)
        _remark(panel, records.get((month, stratum)))
        panel.tick_params(labelleft=number_ % columns == 0, labelbottom=number_ + columns >= len(cells))
    names = {"soil": soil_label(material, soil, text), "driver": variable_name(driver, text)}
    pair = pair_text("drivers.maps.axis", text, **names)
    colour_bar(fig, limit=material.limit, label=pair, pale=_pale(material, text))
    return fig


def _one(material: Material, soil: str, driver: str, text: Text) -> Planned:
    variable = variable_name(driver, text)
    counts = material.counts
    name = f"maps-{file_stem(driver)}" + (f"-{file_stem(soil)}" if len(material.soils) > 1 else "")
    remark = text("drivers.maps.above") if _apart(material) or not material.stratum_names else ""
    if material.stratum_names and not _apart(material):
        remark = text("drivers.maps.too_many", n=len(material.stratum_names))
    return Planned(
        name=name,
        part="maps",
        title=pair_text("drivers.maps.title", text, soil=soil_label(material, soil, text), driver=variable),
        finding=driver_finding(material, soil, driver, text),
        method=text(
            "drivers.maps.method", n=integer(counts["n"]), n_eff=number(counts["n_eff"], 1),
            alpha=share(material.alpha),
            fdr=text(f"drivers.fdr.{material.correlation.attrs.get('fdr', 'bh')}"),
        )
        + remark,
        draw=partial(draw_maps, material, soil, driver, text),
    )  # fmt: skip


def _apart(material: Material) -> bool:
    """Strata have panels of their own."""
    return 1 <= len(material.stratum_names) <= MOST_COLUMNS and len(material.months) <= MOST_ROWS


def _pale(material: Material, text: Text) -> str:
    return text("drivers.maps.pale", alpha=share(material.alpha))


def _remark(panel: Axes, record: SignRecord | None) -> None:
    """Mean r and its interval at the right end of the heading."""
    if record is None or record.r != record.r:
        return
    said = correlation_word(record.r)
    if panel_width_mm(panel) > 55:
        said += f"  [{interval_word(record.low, record.high)}]"
    panel.set_title(said, loc="right", fontsize=7, color=QUIET)


def _records(material: Material, soil: str, driver: str) -> dict[tuple[int, str], SignRecord]:
    return {
        (one.month, one.stratum): one for one in material.signs if one.soil == soil and one.variable == driver
    }
