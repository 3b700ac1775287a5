"""Mean r of every driver, stratum and month in one table of colours, with the shares that are significant."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from headwater.report.drivers.map_panel import COLOURS, FADE, colour_bar
from headwater.report.drivers.material import Material
from headwater.report.drivers.sentences import agreement, significance
from headwater.report.drivers.words import (
    correlation_word,
    month_name,
    month_short,
    soil_label,
    stratum_name,
    variable_name,
)
from headwater.report.figures.panels import Margins, fit, panel_grid, text_mm
from headwater.report.mix.planned import Planned
from headwater.report.numbers import MINUS, share
from headwater.report.style import INK, QUIET, WIDE_MM

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from headwater.drivers.sign_table import SignRecord
    from headwater.report.text import Text

ROW_MM = 8.2
WIDEST_CELL_MM = 34.0
ROOM_FOR_SHARES_MM = 17.0
MOST_ROWS = 60
GAP = 0.45
"""Space above the first stratum of a driver, in rows."""


def plan(material: Material, text: Text) -> list[Planned]:
    """The figure, where there is anything to show."""
    if not any(one.r == one.r for one in material.signs):
        return []
    said = agreement(material, text) or significance(material, text)
    return [
        Planned(
            name="heat", part="signs", title=text("drivers.heat.title"), finding=said,
            method=text("drivers.heat.method", mode=text(f"drivers.mode_printed.{material.mode}")),
            draw=partial(draw_heat, material, text),
        )
    ]  # fmt: skip


def draw_heat(material: Material, text: Text) -> Figure:
    """A row a driver and stratum, a column a month."""
    records = material.signs
    months = list(dict.fromkeys(one.month for one in records))
    rows = list(dict.fromkeys((one.soil, one.variable, one.stratum) for one in records))[:MOST_ROWS]
    heights = _heights(rows)
    names = [_names(material, soil, variable, text) for soil, variable, _ in rows]
    places = [stratum_name(stratum, text) for *_, stratum in rows]
    first, second = max(map(text_mm, names)) + 4, max(map(text_mm, places)) + 3
    left = min(first + second, 80.0)
    cell = min((WIDE_MM - left - 3) / len(months), WIDEST_CELL_MM)
    width = max(left + cell * len(months) + 3, 120.0)
    total = heights[-1] + 1
    fig, (panel,) = panel_grid(
        1, width_mm=width, height_mm=ROW_MM * total,
        margins=Margins(left=left, right=width - left - cell * len(months), top=11, bottom=17),
    )  # fmt: skip
    panel.set_xlim(0, len(months))
    panel.set_ylim(total, 0)
    panel.axis("off")
    known = {(one.soil, one.variable, one.stratum, one.month): one for one in records}
    for row, y in zip(rows, heights, strict=True):
        for column, month in enumerate(months):
            _cell(panel, column, y, known.get((*row, month)), material.limit, cell)
    _labels(panel, names, places, heights, left / cell, second / cell)
    for column, month in enumerate(months):
        name = (
            month_name(month, text)
            if text_mm(month_name(month, text)) < cell - 1
            else month_short(month, text)
        )
        panel.text(column + 0.5, -0.12, name, ha="center", va="bottom", fontsize=8)
    colour_bar(fig, limit=material.limit, label=text("drivers.heat.axis"))
    return fig


def _cell(panel: Axes, x: float, y: float, one: SignRecord | None, limit: float, width_mm: float) -> None:
    from matplotlib import colormaps
    from matplotlib.patches import Rectangle

    if one is None or one.r != one.r:
        panel.text(x + 0.5, y + 0.5, "–", ha="center", va="center", color=QUIET, fontsize=7)
        return
    colour = colormaps[COLOURS](min(max(one.r / limit, -1.0), 1.0) / 2 + 0.5)[:3]
    unsure = one.sign == "0"
    if unsure:
        colour = tuple(FADE + (1 - FADE) * part for part in colour)
    box = {"facecolor": colour, "edgecolor": "white", "linewidth": 1.2, "hatch": "....." if unsure else None}
    panel.add_patch(Rectangle((x, y), 1, 1, **box))
    dark = 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2] < 0.55
    ink = "white" if dark else QUIET if unsure else INK
    roomy = width_mm >= ROOM_FOR_SHARES_MM
    panel.text(
        x + 0.5, y + (0.36 if roomy else 0.5), correlation_word(one.r), ha="center", va="center", color=ink,
        fontsize=8.5 if roomy else 6.5,
    )  # fmt: skip
    if roomy and one.share_positive == one.share_positive:
        said = f"+{share(one.share_positive)}  {MINUS}{share(one.share_negative)}"
        panel.text(x + 0.5, y + 0.74, said, ha="center", va="center", color=ink, fontsize=5.8)


def _labels(
    panel: Axes, names: list[str], places: list[str], heights: list[float], left: float, second: float
) -> None:
    """Driver once for all of its strata, stratum beside every row."""
    before = ""
    for name, place, y in zip(names, places, heights, strict=True):
        panel.text(-0.06 * second, y + 0.5, place, ha="right", va="center", fontsize=7, color=QUIET)
        if name != before:
            room = left - second
            shown = fit(name, 60.0) if room < 1e-6 else name
            panel.text(-left + 0.02, y + 0.5, shown, ha="left", va="center", fontsize=8)
        before = name


def _heights(rows: list[tuple[str, str, str]]) -> list[float]:
    """Top of every row, with a gap before each driver."""
    found, y = [], 0.0
    for number, row in enumerate(rows):
        if number and row[:2] != rows[number - 1][:2]:
            y += GAP
        found.append(y)
        y += 1.0
    return found


def _names(material: Material, soil: str, variable: str, text: Text) -> str:
    name = variable_name(variable, text)
    if len(material.soils) > 1:
        return text("drivers.say.pair", soil=soil_label(material, soil, text), driver=name)
    return name
