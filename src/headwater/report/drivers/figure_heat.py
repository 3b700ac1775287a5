"""Mean r of every driver, stratum and month in one table of colours, with the shares that are significant."""

from __future__ import annotations

from dataclasses import dataclass
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
from headwater.report.numbers import MINUS, share
from headwater.report.planned import Planned
from headwater.report.style import INK, PALE, QUIET, WIDE_MM

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


@dataclass(frozen=True)
class _Layout:
    """Rows (soil moisture, driver, stratum) with their tops and labels, columns, and widths [mm]."""

    months: list[int]
    rows: list[tuple[str, str, str]]
    tops: list[float]
    names: list[str]
    places: list[str]

    @property
    def place_mm(self) -> float:
        """Room for the names of strata."""
        return max(map(text_mm, self.places)) + 3

    @property
    def left_mm(self) -> float:
        """Room for all labels of rows."""
        return min(1.15 * max(map(text_mm, self.names)) + 3 + self.place_mm, 85.0)

    @property
    def cell_mm(self) -> float:
        """Width of a cell."""
        return min((WIDE_MM - self.left_mm - 3) / len(self.months), WIDEST_CELL_MM)

    @property
    def roomy(self) -> bool:
        """Shares fit into a cell."""
        return self.cell_mm >= ROOM_FOR_SHARES_MM


def plan(material: Material, text: Text) -> list[Planned]:
    """The figure, where there is anything to show."""
    if not any(one.r == one.r for one in material.signs):
        return []
    shares = any(one.share_positive == one.share_positive for one in material.signs)
    method = text("drivers.heat.method")
    if shares and _layout(material, text).roomy:
        method += text("drivers.heat.shares")
    return [
        Planned(
            name="heat", part="signs", title=text("drivers.heat.title"),
            finding=agreement(material, text) or significance(material, text),
            method=method + text("drivers.heat.unsure", mode=text(f"drivers.mode_printed.{material.mode}")),
            draw=partial(draw_heat, material, text),
        )
    ]  # fmt: skip


def draw_heat(material: Material, text: Text) -> Figure:
    """A row a driver and stratum, a column a month."""
    layout = _layout(material, text)
    total, across = layout.tops[-1] + 1, layout.cell_mm * len(layout.months)
    width = max(layout.left_mm + across + 3, 120.0)
    fig, (panel,) = panel_grid(
        1, width_mm=width, height_mm=ROW_MM * total,
        margins=Margins(left=layout.left_mm, right=width - layout.left_mm - across, top=11, bottom=17),
    )  # fmt: skip
    panel.set_xlim(0, len(layout.months))
    panel.set_ylim(total, 0)
    panel.axis("off")
    known = {(one.soil, one.variable, one.stratum, one.month): one for one in material.signs}
    for row, top in zip(layout.rows, layout.tops, strict=True):
        for column, month in enumerate(layout.months):
            _cell(panel, column, top, known.get((*row, month)), material.limit, layout.roomy)
    _label(panel, layout, text)
    colour_bar(fig, limit=material.limit, label=text("drivers.heat.axis"))
    return fig


def _layout(material: Material, text: Text) -> _Layout:
    records = material.signs
    rows = list(dict.fromkeys((one.soil, one.variable, one.stratum) for one in records))[:MOST_ROWS]
    return _Layout(
        months=list(dict.fromkeys(one.month for one in records)),
        rows=rows,
        tops=_tops(rows),
        names=[_name(material, soil, variable, text) for soil, variable, _ in rows],
        places=[stratum_name(stratum, text) for *_, stratum in rows],
    )


def _cell(panel: Axes, x: float, y: float, one: SignRecord | None, limit: float, roomy: bool) -> None:
    from matplotlib import colormaps
    from matplotlib.patches import Rectangle

    if one is None or one.r != one.r:
        panel.text(x + 0.5, y + 0.5, "–", ha="center", va="center", color=QUIET, fontsize=7)
        return
    colour = colormaps[COLOURS](min(max(one.r / limit, -1.0), 1.0) / 2 + 0.5)[:3]
    unsure = one.sign == "0"
    if unsure:
        colour = tuple(FADE + (1 - FADE) * part for part in colour)
    panel.add_patch(Rectangle((x, y), 1, 1, facecolor=colour, edgecolor="white", linewidth=1.2))
    if unsure:
        panel.add_patch(Rectangle((x, y), 1, 1, fill=False, edgecolor=PALE, hatch=".....", linewidth=0))
    dark = 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2] < 0.55
    shares = roomy and one.share_positive == one.share_positive
    ink = "white" if dark else QUIET if unsure else INK
    panel.text(
        x + 0.5, y + (0.36 if shares else 0.5), correlation_word(one.r), ha="center", va="center", color=ink,
        fontsize=8.5 if roomy else 6.5,
    )  # fmt: skip
    if shares:
        said = f"+{share(one.share_positive)}  {MINUS}{share(one.share_negative)}"
        panel.text(x + 0.5, y + 0.74, said, ha="center", va="center", color=ink, fontsize=5.8)


def _label(panel: Axes, layout: _Layout, text: Text) -> None:
    """Months above; a driver once for all of its strata, the stratum beside every row."""
    wide = all(1.15 * text_mm(month_name(month, text)) < layout.cell_mm - 1 for month in layout.months)
    for column, month in enumerate(layout.months):
        name = (month_name if wide else month_short)(month, text)
        panel.text(column + 0.5, -0.12, name, ha="center", va="bottom", fontsize=8)
    left, gap = layout.left_mm / layout.cell_mm, 2.0 / layout.cell_mm
    before: tuple[str, str] | None = None
    for row, name, place, top in zip(layout.rows, layout.names, layout.places, layout.tops, strict=True):
        panel.text(-gap, top + 0.5, place, ha="right", va="center", fontsize=7, color=QUIET)
        if row[:2] != before:
            shown = fit(name, layout.left_mm - layout.place_mm, scale=8 / 7)
            panel.text(0.5 / layout.cell_mm - left, top + 0.5, shown, ha="left", va="center", fontsize=8)
        before = row[:2]


def _tops(rows: list[tuple[str, str, str]]) -> list[float]:
    """Top of every row, with a gap before each driver."""
    found, y = [], 0.0
    for number, row in enumerate(rows):
        if number and row[:2] != rows[number - 1][:2]:
            y += GAP
        found.append(y)
        y += 1.0
    return found


def _name(material: Material, soil: str, variable: str, text: Text) -> str:
    name = variable_name(variable, text)
    if len(material.soils) > 1:
        return text("drivers.say.pair", soil=soil_label(material, soil, text), driver=name)
    return name
