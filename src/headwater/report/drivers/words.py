"""What the report calls variables, months, signs and strata."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from headwater.report.numbers import MINUS, number, share
from headwater.report.text import spaced

if TYPE_CHECKING:
    from headwater.drivers.sign_table import SignRecord
    from headwater.report.drivers.material import Material
    from headwater.report.text import Text

BAND = re.compile(r"^(-?[\d.]+)-([\d.]+)$")
SEA_M, TOP_M = 0.0, 8850.0
"""Edges that leave a band open."""
SIGNS = {"+": "+", "-": MINUS, "0": "0", "": "–"}


def variable_name(label: str, text: Text) -> str:
    """The reader's word for a variable; what follows a colon (a layer) stays."""
    name, _, layer = label.partition(":")
    said = text.name("drivers.variable", name)
    return text("drivers.layer", variable=said, layer=layer) if layer else said


def pair_text(key: str, text: Text, **names: str) -> str:
    """A sentence with names of variables in it, blanks set where Chinese and Latin letters meet."""
    return spaced(text.sentences[key].format(**names))


def month_name(month: int, text: Text) -> str:
    """Name of a month; ``all months`` for 0."""
    return text(f"drivers.month.{month}")


def month_short(month: int, text: Text) -> str:
    """Few letters for the head of a narrow column."""
    return text(f"drivers.month_short.{month}")


def sign_word(sign: str) -> str:
    """``+``, a true minus, ``0``, or a dash where there are no data."""
    return SIGNS[sign]


def correlation_word(r: float) -> str:
    """r with its sign: ``+0.47``."""
    return number(r, 2, sign=True)


def interval_word(low: float, high: float) -> str:
    """``0.41…0.53``: an interval that may be negative, in few letters."""
    if low != low or high != high:
        return "–"
    return f"{number(low, 2)}…{number(high, 2)}"


def shares_word(record: SignRecord) -> str:
    """Parts of the area that are significant: ``+ 43 %, − 0 %``."""
    return f"+\u202f{share(record.share_positive)}, {MINUS}\u202f{share(record.share_negative)}"


def stratum_name(name: str, text: Text) -> str:
    """A stratum: ``all`` is the whole region, ``3500-4000`` a band of altitude, others are named by users."""
    if name == "all":
        return text("drivers.whole")
    band = BAND.match(name)
    if band is None:
        return name
    low, high = band.groups()
    if float(low) <= SEA_M:
        return text("drivers.below", high=high)
    return text("drivers.above", low=low) if float(high) >= TOP_M else f"{low}–{high}\u202fm"


def file_stem(label: str) -> str:
    """Letters of a variable that may stand in the name of a file."""
    return "".join(sign if sign.isalnum() or sign in "-_" else "_" for sign in label)


def soil_label(material: Material, soil: str, text: Text) -> str:
    """Soil moisture by its name, and its layer where there are several."""
    return variable_name(soil, text) if len(material.soils) > 1 else text("drivers.variable.soil_moisture")
