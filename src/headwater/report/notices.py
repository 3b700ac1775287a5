"""The sentence of every notice, with its blanks filled as people write numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headwater.report.figures.words import level_label, period_label, stratum_label
from headwater.report.numbers import integer, number, permil, points, share

if TYPE_CHECKING:
    from headwater.report.text import Text
    from headwater.study.result import Notice, StudyResult

LEVELS = ("refused", "warning", "info")
FIRST = (
    "not_converged", "evaporation_offset", "evaporation_offset_other", "bayes_not_available", "forms_differ",
    "evaporation_assumed", "parallel_evaporation", "sources_pulled", "slope_conflict", "prior_decides",
    "underdetermined", "outside_polygon",
)  # fmt: skip
"""Codes that matter most to how the shares are read; they open their level."""


@dataclass(frozen=True)
class Said:
    """One sentence and every place it holds for."""

    sentence: str
    places: tuple[str, ...]


@dataclass(frozen=True)
class NoticeGroup:
    """All that was said under one code, and ``why`` it matters, said once."""

    level: str
    code: str
    said: tuple[Said, ...]
    why: str


class _Blanks(dict[str, str]):
    """Blanks of a sentence; one that nobody filled shows as ``…`` instead of failing the report."""

    def __missing__(self, key: str) -> str:
        return "…"


def sentence(notice: Notice, text: Text, result: StudyResult) -> str:
    """What a notice says with its numbers, and what that means."""
    return " ".join(part for part in (_say(notice, text, result), _why(notice, text, result)) if part)


def notice_groups(result: StudyResult, text: Text) -> tuple[NoticeGroup, ...]:
    """Notices by level and code, refusals first; the same sentence of several places is said once."""
    found: dict[tuple[str, str], dict[str, list[str]]] = {}
    reasons: dict[tuple[str, str], dict[str, None]] = {}
    for notice in result.notices:
        key = (notice.level, notice.code)
        places = found.setdefault(key, {}).setdefault(_say(notice, text, result), [])
        where = _place(notice, text, result)
        places += [where] if where else []
        reasons.setdefault(key, {})[_why(notice, text, result)] = None
    groups = [
        NoticeGroup(
            *key, tuple(Said(words, tuple(places)) for words, places in said.items()), " ".join(reasons[key])
        )
        for key, said in found.items()
    ]
    return tuple(sorted(groups, key=_importance))


def _importance(group: NoticeGroup) -> tuple[int, int]:
    return LEVELS.index(group.level), FIRST.index(group.code) if group.code in FIRST else len(FIRST)


def _say(notice: Notice, text: Text, result: StudyResult) -> str:
    filled = _filled(notice, text, result)
    key = f"notice.{notice.code}"
    if key not in text:
        listed = ", ".join(f"{name} = {value}" for name, value in filled.items() if name in notice.values)
        return text("notice.other", code=notice.code, values=listed)
    said = text.sentences[key].format_map(filled)
    return said[0].upper() + said[1:]


def _why(notice: Notice, text: Text, result: StudyResult) -> str:
    return text.sentences.get(f"why.{notice.code}", "").format_map(_filled(notice, text, result))


def _filled(notice: Notice, text: Text, result: StudyResult) -> _Blanks:
    filled = _Blanks({name: _fill(name, value, text, result) for name, value in notice.values.items()})
    for name, look in _OWN_NUMBERS.get(notice.code, {}).items():
        if name in notice.values:
            filled[name] = look(float(notice.values[name]))
    if "troubles" in notice.values:
        filled["troubles"] = text("list.sentences").join(_troubles(notice.values["troubles"], text))
    if "places" in notice.values:
        filled["places"] = _listed(notice.values["places"], notice.values.get("column", ""), text, result)
    if notice.period:
        filled.setdefault("period", period_label(result, notice.period, text))
    return filled


def _place(notice: Notice, text: Text, result: StudyResult) -> str:
    parts = []
    if notice.period and "{period}" not in text.sentences.get(f"notice.{notice.code}", ""):
        parts.append(period_label(result, notice.period, text))
    if notice.stratum and notice.stratum != "all":
        level = level_label(notice.stratum, notice.stratum_level, text)
        parts.append(f"{stratum_label(notice.stratum, text)} {level}")
    return ", ".join(parts)


def _listed(places: list[dict[str, Any]], stratum: str, text: Text, result: StudyResult) -> str:
    """Cells with their period and count: ``3500–4000 m (June: 2)``."""
    cells = []
    for place in places:
        level = level_label(stratum, place["level"], text)
        cells.append(f"{level} ({period_label(result, place['period'], text)}: {place['n']})")
    return text("list.comma").join(cells)


def _troubles(troubles: list[dict[str, Any]], text: Text) -> list[str]:
    """Reasons against draws, each a sentence."""
    from headwater.posterior.diagnose import Quantity, Reason, Trouble
    from headwater.report.mix.verdict import trouble_sentence

    found = []
    for trouble in troubles:
        worst = Quantity(**trouble["worst"]) if trouble["worst"] else None
        numbers = {name: trouble[name] for name in ("count", "value", "limit")}
        said = Trouble(Reason(trouble["reason"]), worst=worst, remedies=(), **numbers)
        found.append(trouble_sentence(said, text))
    return found


def _fill(name: str, value: Any, text: Text, result: StudyResult) -> str:
    if isinstance(value, dict):
        return ""  # a cell: listed with its stratum by the caller
    if isinstance(value, list | tuple | set | frozenset):
        return text.listing([_fill(name, item, text, result) for item in value])
    if isinstance(value, str):
        return _words(name, value, text, result)
    if isinstance(value, bool):
        return str(value)
    look = _NUMBERS.get(name)
    if look is not None:
        return look(float(value))
    return integer(value) if float(value).is_integer() else number(float(value))


def _words(name: str, value: str, text: Text, result: StudyResult) -> str:
    if name == "period":
        return period_label(result, value, text)
    if name == "window":
        return text.name("window", value)
    if name == "column":
        return text.name("stratum", value)
    if name == "form":
        return text.name("form", value)
    if name in ("source", "sources", "a", "b", "what", "kind"):
        return text.name("kind", value) if f"kind.{value}" in text else text.name("what", value)
    return value.rstrip(".")


_NUMBERS: dict[str, Callable[[float], str]] = {
    "lc_excess": permil,
    "low": permil,
    "high": permil,
    "max": permil,
    "difference": number,
    "bias_low": points,
    "bias_high": points,
    "probability": share,
}
_OWN_NUMBERS: dict[str, dict[str, Callable[[float], str]]] = {
    "forms_differ": {"difference": lambda gap: number(100 * gap, 0)},
    "sources_pulled": {"pull": lambda pull: number(pull, 1)},
}
"""Looks of numbers that mean another thing under one code."""
