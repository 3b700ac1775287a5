"""What a reader must know before using the numbers: cautions first, then what the paper leaves open."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from headwater.report.drivers.material import Material
from headwater.report.drivers.words import month_name, variable_name
from headwater.report.findings import opened
from headwater.report.notices import LEVELS, NoticeGroup, Said
from headwater.report.numbers import integer, number

if TYPE_CHECKING:
    from headwater.report.text import Text

FEW_STEPS = 10
FEW_PLACES = 5
MUCH_MISSING = 0.1


def notices(material: Material, text: Text) -> list[NoticeGroup]:
    """Every notice of a run, warnings first."""
    found = [*_numbers(material, text), *_paper(material, text), *_reading(material, text)]
    return sorted(found, key=lambda group: LEVELS.index(group.level))


def _numbers(material: Material, text: Text) -> Iterator[NoticeGroup]:
    attrs, counts = material.correlation.attrs, material.counts
    if attrs.get("n_eff") == "n":
        yield _one("warning", "naive", text("drivers.notice.naive"))
    if counts["n"] == counts["n"] and counts["n"] < FEW_STEPS:
        yield _one("warning", "few_steps", text("drivers.notice.few_steps", n=number(counts["n"], 0)))
    if material.means is not None:
        places = material.means["n_spatial"].to_numpy()
        few = int((places < FEW_PLACES).sum())
        if few:
            yield _one("warning", "few_places", text.count("drivers.notice.few_places", few))
    if material.mode == "pattern":
        yield _one("warning", "lasting_differences", text("drivers.notice.lasting_differences"))
    if _season_is_in(material):
        yield _one("warning", "season_left", text("drivers.notice.season_left"))
    empty = [month for month in material.months if _is_empty(material, month)]
    if empty:
        names = text.listing([month_name(month, text) for month in empty])
        yield _one("warning", "empty_months", text("drivers.notice.empty_months", months=names))
    infinite = int(attrs.get("infinite_left_out", 0))
    if infinite:
        yield _one("info", "infinite", text("drivers.notice.infinite", n=integer(infinite)))
    if material.is_map:
        yield from _undefined(material, text)
    if material.lags is None and int(attrs.get("lag", 0)) != 0:
        yield _one("info", "one_lag", text("drivers.notice.one_lag"))


def _season_is_in(material: Material) -> bool:
    """All steps of the year were taken together, with the year itself in both series."""
    attrs = material.correlation.attrs
    yearly = any(one.name == "step" and one.value == "year" for one in material.settings)
    together = attrs.get("by") == "none" and material.mode != "pattern" and not yearly
    return together and attrs.get("deseasonalise") == "False"


def _is_empty(material: Material, month: int) -> bool:
    """No driver has a correlation in this month, though others have."""
    r = material.correlation["r"]
    return "month" in r.dims and r.sizes["month"] > 1 and not bool(r.sel(month=month).notnull().any())


def _undefined(material: Material, text: Text) -> Iterator[NoticeGroup]:
    """Pixels that have data in one month or driver and no correlation in another."""
    r, known = material.correlation["r"], int(material.known.sum())
    total = known * (r.size // max(material.known.size, 1))
    missing = total - int(material.counts["correlations"])
    if missing:
        level = "warning" if missing > MUCH_MISSING * total else "info"
        yield _one(
            level, "undefined", text("drivers.notice.undefined", n=integer(missing), of=integer(total))
        )


def _paper(material: Material, text: Text) -> Iterator[NoticeGroup]:
    """What the paper leaves open, where its signs stand in the table."""
    stated = [one for one in material.signs if one.paper]
    if not stated:
        return
    said = [text(f"drivers.paper_open.{material.mode}"), text("drivers.paper_open.numbers")]
    notes = dict.fromkeys(one.note for one in stated)
    if "contradicts_itself" in notes:
        said.append(text("drivers.paper_open.contradicts_itself"))
    yield NoticeGroup("info", "paper_open", tuple(Said(sentence, ()) for sentence in said), "")
    differing = [one for one in stated if one.agreement == "differs"]
    if differing:
        yield _one("info", "differs", text.count("drivers.notice.differs", len(differing)))


def _reading(material: Material, text: Text) -> Iterator[NoticeGroup]:
    """What was changed while reading, with the variables, and what else the run had to say."""
    changes: dict[str, dict[str, None]] = {}
    for file in material.files:
        for change in filter(None, (part.strip() for part in file.changes.split(";"))):
            changes.setdefault(change, {})[variable_name(file.variable, text)] = None
    said = tuple(
        Said(text("drivers.notice.changed", change=change), (text("list.comma").join(names),))
        for change, names in changes.items()
    )
    if said:
        yield NoticeGroup("info", "changed", said, "")
    if material.notes:
        yield NoticeGroup("info", "notes", tuple(Said(opened(note), ()) for note in material.notes), "")


def _one(level: str, code: str, sentence: str) -> NoticeGroup:
    return NoticeGroup(level, code, (Said(opened(sentence), ()),), "")
