"""What the figures call things: periods, strata, levels, waters, and why a panel is empty."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from headwater.report.figures.panels import MOST_PANELS
from headwater.report.numbers import interval, line_equation, number
from headwater.samples.table import Kind

if TYPE_CHECKING:
    from headwater.report.text import Text
    from headwater.stats.line import Line
    from headwater.study.result import Notice, StudyResult

ALL = "all"
D18O = "δ¹⁸O (‰, VSMOW)"
D2H = "δ²H (‰, VSMOW)"
LEVEL_RANGE = re.compile(r"^(-?[\d.]+)\s*-\s*(-?[\d.]+)\s*(cm|m)?$")
KINDS = tuple(str(kind) for kind in Kind)


def period_label(result: StudyResult, period: str, text: Text, *, short: bool = False) -> str:
    """The reader's name of a period with its date, ``early ablation (2020-06)``; ``all`` is one word."""
    if period == ALL:
        return text("figure.whole_campaign")
    name = result.period_names.get(period, period)
    return name if short or period[:4] in name else text("figure.period", name=name, period=period)


def drawn_periods(result: StudyResult) -> tuple[str, ...]:
    """Periods that get a panel: the first 24; one panel for all where there are none."""
    return result.periods[:MOST_PANELS] or (ALL,)


def kind_label(kind: str, text: Text) -> str:
    """The reader's word for a kind of water or a source; a name of one's own stays."""
    return text.name("kind", LEVEL_RANGE.sub(_range, kind))


def stratum_label(stratum: str, text: Text) -> str:
    """The reader's word for a stratum, crossings included."""
    return " × ".join(text.name("stratum", part) for part in stratum.split("×"))


def level_label(stratum: str, level: str, text: Text) -> str:
    """A level as people write it: ``3500–4000 m``, ``0–20 cm``, ``meadow``, ``north``."""
    if level == ALL:
        return text("figure.all_waters")
    parts, names = stratum.split("×"), level.split("×")
    if len(parts) == len(names):
        return " × ".join(_one_level(part, name, text) for part, name in zip(parts, names, strict=True))
    return level


def _one_level(stratum: str, level: str, text: Text) -> str:
    found = LEVEL_RANGE.match(level)
    if found and stratum in ("altitude", "depth"):
        return _range(found)
    return text.name(f"level.{stratum}", level)


def _range(found: re.Match[str]) -> str:
    low, high, unit = found.groups()
    return f"{low}–{high} {unit or 'm'}".replace("-", "−")


def margins(result: StudyResult, frame: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Strata that a table has rows for → their levels in display order, crossings and pairings left out."""
    found = set(zip(frame["stratum"].astype(str), frame["level"].astype(str), strict=True))
    kept = {
        stratum: tuple(level for level in levels if (stratum, level) in found)
        for stratum, levels in result.strata.items()
        if "×" not in stratum
    }
    return {stratum: levels for stratum, levels in kept.items() if levels}


def cell(frame: pd.DataFrame, period: str, stratum: str = ALL, level: str = ALL) -> pd.DataFrame:
    """Rows of one period × stratum × level."""
    return frame[(frame["period"] == period) & (frame["stratum"] == stratum) & (frame["level"] == level)]


def by_cell(frame: pd.DataFrame) -> dict[tuple[str, str, str], pd.DataFrame]:
    """(period, stratum, level) → its rows, for tables that are looked up many times."""
    keys = ["period", "stratum", "level"]
    return {tuple(map(str, key)): rows for key, rows in frame.groupby(keys, observed=True, sort=False)}  # type: ignore[misc]


def kinds_present(result: StudyResult) -> tuple[str, ...]:
    """Kinds of the waters, the mixture first, then in the order of the vocabulary."""
    found = set(result.waters["kind"].dropna().astype(str).unique())
    order = [kind for kind in (result.mixture, *KINDS, *sorted(found)) if kind in found]
    return tuple(dict.fromkeys(order))


def mixture_waters(result: StudyResult, period: str | None = None) -> pd.DataFrame:
    """Waters of the mixture with both isotopes, of one period or of all."""
    waters = result.waters
    chosen = (waters["role"] == "mixture") & waters["d18O"].notna() & waters["d2H"].notna()
    if period is not None and period != ALL:
        chosen &= waters["period"] == period
    return waters[chosen]


def why_empty(result: StudyResult, text: Text, *, period: str, about: tuple[str, ...] = ()) -> str:
    """The sentence for an empty panel: the refusal of that period, else that there is nothing to show.

    ``about`` are the codes of notices that concern the panel, tried in that order.
    """
    refusals = [
        notice
        for notice in result.notices
        if notice.level == "refused" and notice.period in (period, "") and notice.stratum in ("", ALL)
    ]
    for code in about:
        for notice in refusals:
            if notice.code == code:
                return text("figure.refused", reason=_sentence(notice, text))
    return text("figure.nothing")


def _sentence(notice: Notice, text: Text) -> str:
    """The reason of a refusal in a few words; a code without words of its own is shown as it is."""
    key = f"figure.reason.{notice.code}"
    if key not in text:
        return notice.code.replace("_", " ")
    values = {
        name: text.name("kind", value) if isinstance(value, str) else value
        for name, value in notice.values.items()
    }
    return text.sentences[key].format_map(defaultdict(lambda: "–", values))


def equation(line: Line) -> str:
    """A line as it stands in a legend: ``δ²H = 7.90 δ¹⁸O + 12.43``."""
    return line_equation(line.slope, line.intercept)


def permil_interval(middle: float, low: float, high: float) -> str:
    """``−12.0 [−12.4, −11.6] ‰``."""
    return f"{number(middle, 1)} {interval(low, high)} ‰"


def percent(value: float) -> str:
    """A share as whole percent without its sign."""
    return number(100 * value, 0)


def finite(*values: Any) -> bool:
    """True where every value is a finite number."""
    return all(value is not None and np.isfinite(float(value)) for value in values)
