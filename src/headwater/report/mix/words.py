"""What the report calls sources, tracers, levels and numbers, and how sources look."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

from headwater.mixing.bayes.problem import OVERALL
from headwater.report.style import KIND_MARKS, OWN_MARKS, Mark
from headwater.report.text import spaced

if TYPE_CHECKING:
    from headwater.mixing.bayes.model import MixingModel
    from headwater.posterior.diagnose import Quantity
    from headwater.report.text import Text

ISOTOPE = re.compile(r"^(?:d|δ|delta[ _]?)(\d{1,3}|D)([A-Z][a-z]?)?(?:_permil)?$")
OF_WATER = ("δ¹⁸O", "δ²H", "δ¹⁷O")
RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
FAMILIES = ("sd_", "slope_", "evaporation_of_", "evaporation_sd_")
"""Beginnings of names of parameters that go on with the name of a factor or covariate."""


def tracer_name(tracer: str) -> str:
    """An isotope ratio as papers print it (``d13C``: δ¹³C); another tracer as it is called in the table."""
    found = ISOTOPE.match(tracer)
    if found is None:
        return tracer
    mass, element = found.groups()
    if mass == "D":
        return "δ²H" if element is None else tracer
    return tracer if element is None else f"δ{mass.translate(RAISED)}{element}"


def tracer_axis(tracer: str) -> str:
    """Label of an axis: ``δ¹⁸O (‰, VSMOW)``, ``δ¹³C (‰)``, ``Ca``."""
    name = tracer_name(tracer)
    if name in OF_WATER:
        return f"{name} (‰, VSMOW)"
    return f"{name} (‰)" if name.startswith("δ") else name


def source_names(model: MixingModel, text: Text) -> tuple[str, ...]:
    """The reader's words for the sources."""
    return tuple(source_name(name, text) for name in model.sources.names)


def source_name(name: str, text: Text) -> str:
    """The reader's word for a kind of water (``Ground ice`` too); a name of one's own stays."""
    code = name.strip().lower().replace(" ", "_")
    return text.name("kind", code) if code in KIND_MARKS else name


def source_looks(names: Iterable[str]) -> tuple[Mark, ...]:
    """One mark a source: that of its kind of water where its name says one, else one of its own."""
    found: list[Mark | None] = []
    taken: set[str] = set()
    for name in names:
        kind = _kind(name)
        usable = kind is not None and kind not in taken and kind not in ("other", "soil_water")
        found.append(KIND_MARKS[kind] if usable and kind is not None else None)
        taken |= {kind} if usable and kind is not None else set()
    own = iter(OWN_MARKS * (1 + len(found) // len(OWN_MARKS)))
    return tuple(next(own) if mark is None else mark for mark in found)


def level_name(factor: str, level: str) -> str:
    """A level that is only a number gets the name of its factor: ``Region 1``."""
    return f"{factor} {level}" if re.fullmatch(r"[\d.\-–]+", level) else level


def natural(label: str) -> tuple[tuple[int, float, str], ...]:
    """Key that sorts ``Pack 2`` before ``Pack 10``."""
    parts = re.split(r"(\d+(?:\.\d+)?)", label)
    return tuple((0, float(part), "") if part[:1].isdigit() else (1, 0.0, part) for part in parts if part)


def quantity_name(quantity: Quantity, text: Text) -> str:
    """A reported number in words: ``share of Deer, Region 1``."""
    return spaced(_quantity(quantity, text))


def _quantity(quantity: Quantity, text: Text) -> str:
    labels = {key: value for key, value in quantity.labels.items() if value}
    if quantity.name == OVERALL:
        return text("mix.quantity.overall", source=source_name(labels["source"], text))
    factor = quantity.name.removeprefix("p_")
    if factor in labels and "source" in labels and factor != quantity.name:
        level = level_name(factor, labels[factor])
        return text("mix.quantity.level", source=source_name(labels["source"], text), level=level)
    return parameter_name(quantity.name, tuple(labels.values()), text)


def parameter_name(name: str, of: tuple[str, ...], text: Text) -> str:
    """A parameter in words, with what it belongs to in brackets."""
    said = text.sentences.get(f"mix.parameter.{name}", "")
    if not said:
        for family in FAMILIES:
            if name.startswith(family):
                said = text(f"mix.parameter.{family.rstrip('_')}", name=name.removeprefix(family))
    labels = ", ".join(tracer_name(label) if label != "all" else text("mix.all") for label in of if label)
    said = said or name.replace("_", " ")
    return f"{said} ({labels})" if labels else said


def diverged(count: int, text: Text) -> str:
    """How many draws diverged, in words."""
    return text.count("mix.diverged", count) if count else text("mix.diverged.none")


@cache
def _kind(name: str) -> str | None:
    from headwater.samples.parse_names import kind_of
    from headwater.samples.read_vocabulary import read_vocabulary

    return name if name in KIND_MARKS else kind_of(name, read_vocabulary().kinds)
