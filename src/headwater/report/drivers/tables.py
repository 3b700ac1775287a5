"""Tables of the report of drivers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater.report.display import Cell, Cells, DisplayTable, Head, display_table
from headwater.report.drivers.material import Material
from headwater.report.drivers.words import (
    correlation_word,
    interval_word,
    month_name,
    month_short,
    shares_word,
    sign_word,
    soil_label,
    stratum_name,
    variable_name,
)
from headwater.report.numbers import MISSING, integer, number

if TYPE_CHECKING:
    from headwater.drivers.sign_table import SignRecord
    from headwater.report.text import Text

SIGNS_FILE = "signs.csv"
MOST_MONTHS, MOST_WHOLE = 12, 6
"""Months of the first table, and months up to which its cells are written out."""


def glance(material: Material, text: Text) -> DisplayTable | None:
    """A row a driver and stratum, a column a month: sign and mean r, the paper's sign below."""
    known = {(one.soil, one.variable, one.month, one.stratum): one for one in material.signs}
    months = list(dict.fromkeys(one.month for one in material.signs))[:MOST_MONTHS]
    brief = len(months) > MOST_WHOLE
    rows: list[Cells] = []
    for soil, variable, stratum in dict.fromkeys((o.soil, o.variable, o.stratum) for o in material.signs):
        label = variable_name(variable, text)
        if len(material.soils) > 1:
            label = text("drivers.say.pair", soil=soil_label(material, soil, text), driver=label)
        cells = [_sign_cell(known.get((soil, variable, month, stratum)), brief, text) for month in months]
        rows.append([label, stratum_name(stratum, text), *cells])
    heads = [
        Head(text("drivers.head.driver"), text=True),
        Head(text("drivers.head.stratum"), text=True),
        *(Head((month_short if brief else month_name)(month, text)) for month in months),
    ]
    stated = any(one.paper for one in material.signs) and not brief
    caption = text("drivers.table.glance") + (text("drivers.table.glance_paper") if stated else "")
    return display_table("glance", caption, heads, rows, file=SIGNS_FILE, first=30, group_by=1)


def signs(material: Material, text: Text) -> DisplayTable | None:
    """Every record of the sign table."""
    rows: list[Cells] = []
    truth = material.simulated
    for one in material.signs:
        label = variable_name(one.variable, text)
        if len(material.soils) > 1:
            label = text("drivers.say.pair", soil=soil_label(material, one.soil, text), driver=label)
        row: Cells = [
            label, month_name(one.month, text), stratum_name(one.stratum, text), sign_word(one.sign),
            Cell(correlation_word(one.r), interval_word(one.low, one.high)),
        ]  # fmt: skip
        if truth:
            row.append(
                correlation_word(material.truth.get((one.variable, one.month, one.stratum), float("nan")))
            )
        row += [
            shares_word(one) if one.share_positive == one.share_positive else MISSING,
            Cell(integer(one.pixels), number(one.n_spatial, 0) if one.n_spatial == one.n_spatial else ""),
            number(one.n_eff, 1) if one.n_eff == one.n_eff else MISSING,
            sign_word(one.paper) if one.paper else MISSING,
            Cell(
                text.name("drivers.agreement", one.agreement),
                text.name("drivers.paper_note", one.note) if one.note else "",
            ),
        ]
        rows.append(row)
    heads = [
        Head(text("drivers.head.driver"), text=True), Head(text("drivers.head.month"), text=True),
        Head(text("drivers.head.stratum"), text=True), Head(text("drivers.head.sign")),
        Head(text("drivers.head.r"), text("drivers.head.interval")),
        *([Head(text("drivers.head.truth"))] if truth else []),
        Head(text("drivers.head.shares"), text("drivers.head.of_area")),
        Head(text("drivers.head.pixels"), text("drivers.head.places")),
        Head(text("drivers.head.n_eff"), text("drivers.head.steps")), Head(text("drivers.head.paper")),
        Head(text("drivers.head.agreement"), text=True),
    ]  # fmt: skip
    caption = text("drivers.table.signs") + " " + text(f"drivers.mode_printed.{material.mode}")
    return display_table("signs", caption, heads, rows, file=SIGNS_FILE, first=18, group_by=2)


def files(material: Material, text: Text) -> DisplayTable | None:
    """Variables that were read, with their files."""
    rows: list[Cells] = [
        [
            variable_name(one.variable, text),
            one.name_in_file,
            one.span or "–",
            Cell(one.file, f"{number(one.bytes / 1e6, 1)} MB"),
            one.sha256[:16] or MISSING,
        ]
        for one in material.files
    ]
    heads = [
        Head(text("drivers.head.variable"), text=True), Head(text("drivers.head.in_file"), text=True),
        Head(text("drivers.head.span"), text=True), Head(text("drivers.head.file"), text=True),
        Head("SHA-256", text=True),
    ]  # fmt: skip
    return display_table("files", text("drivers.table.files"), heads, rows, first=40)


def settings(material: Material, text: Text) -> DisplayTable | None:
    """Every setting, its value and origin."""
    rows: list[Cells] = [[one.name, one.value or MISSING, one.origin] for one in material.settings]
    heads = [
        Head(text("drivers.head.setting"), text=True), Head(text("drivers.head.value"), text=True),
        Head(text("drivers.head.origin"), text=True),
    ]  # fmt: skip
    return display_table("settings", text("drivers.table.settings"), heads, rows, first=60)


def _sign_cell(one: SignRecord | None, brief: bool, text: Text) -> Cell:
    """Sign, size and the paper's sign; sign and size below each other where there are many months."""
    if one is None or one.r != one.r:
        return Cell(MISSING)
    if brief:
        return Cell(sign_word(one.sign), number(abs(one.r) if one.sign != "0" else one.r, 2))
    main = (
        f"{sign_word(one.sign)}\u2002{number(abs(one.r), 2)}" if one.sign != "0" else correlation_word(one.r)
    )
    if one.sign == "0":
        main = f"0\u2002({main})"
    return Cell(main, text("drivers.paper_sign", sign=sign_word(one.paper)) if one.paper else "")
