"""The page of a mixing model: which sentences, figures and tables stand where."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

import headwater
from headwater.report.mix import (
    figure_chains,
    figure_covariate,
    figure_evaporation,
    figure_groups,
    figure_levels,
    figure_predictive,
    figure_prior,
    figure_space,
    figure_tradeoff,
    sentences,
    tables,
    verdict,
)
from headwater.report.mix.material import Material
from headwater.report.mix.references import references
from headwater.report.numbers import integer, number
from headwater.report.page import Page, versions
from headwater.report.planned import Planned
from headwater.report.story import Drawing, Section

if TYPE_CHECKING:
    from headwater.mixing.bayes.fit import Fit
    from headwater.report.display import DisplayTable
    from headwater.report.text import Text

BEFORE = (figure_space,)
"""Figures that need no draws."""
AFTER = (
    figure_levels,
    figure_covariate,
    figure_evaporation,
    figure_prior,
    figure_tradeoff,
    figure_predictive,
)
"""Figures of draws that can be trusted."""


@dataclass(frozen=True)
class Said:
    """What the caller knows of a run.

    Attributes
    ----------
    title : of the page
    command : as typed
    files : name → SHA-256 of the files read
    notes : sentences from reading
    """

    title: str = ""
    command: str = ""
    files: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    notes: Sequence[str] = ()


def planned(material: Material, text: Text) -> list[Planned]:
    """Every figure of the report of one fit."""
    modules = (*AFTER, *BEFORE) if material.fit.trusted else BEFORE
    return [one for module in (*modules, figure_chains) for one in module.plan(material, text)]


def page_of_fit(material: Material, drawings: Mapping[str, Drawing], parts: Mapping[str, str], said: Said,
                text: Text) -> Page:  # fmt: skip
    """The page of one fit. ``parts`` is the part of each drawing."""
    model = material.fit.model
    groups = verdict.notices(material, text, said.notes)
    warned = sum(group.level == "warning" for group in groups)
    listed = [tables.model(material, text), tables.files(said.files, text)]
    return Page(
        over=text("mix.page.over"),
        title=said.title or text("mix.page.title"),
        facts=sentences.facts(model, text),
        summary=sentences.summary(material, text),
        caution=text.count("mix.caution", warned) if warned else "",
        glance=tables.overall(material, text) if material.fit.trusted else None,
        notices=groups,
        sections=list(_sections(material, drawings, parts, text)),
        methods=list(_methods(material.fit, text)),
        references=references(model),
        provenance=[table for table in listed if table],
        run=run_of(material.fit, said, text),
        footer=text("mix.page.footer", version=headwater.__version__),
    )


def page_of_groups(
    materials: Mapping[str, Material], factor: str, drawings: Mapping[str, Drawing], said: Said, text: Text
) -> Page:
    """The page of groups that were fitted one by one."""
    first = next(iter(materials.values()))
    table = tables.groups(materials, factor, text)
    shown = Section(
        "shares", text("mix.groups.section"), (), tuple(drawings.values()), (table,) if table else ()
    )
    good = sum(one.fit.trusted for one in materials.values())
    key = "mix.groups.summary_all" if good == len(materials) else "mix.groups.summary"
    listed = [tables.model(first, text), tables.files(said.files, text)]
    return Page(
        over=text("mix.page.over"),
        title=said.title or text("mix.page.title"),
        facts=[text.count("mix.fact.groups", len(materials)), *sentences.facts(first.fit.model, text)[1:3]],
        summary=[
            text.sentences[key].format(good=good, n=len(materials), factor=factor), text("mix.groups.alone")
        ],
        caution="",
        glance=None,
        notices=list(verdict.notes(said.notes)),
        sections=[shown],
        methods=list(_methods(first.fit, text)),
        references=references(first.fit.model),
        provenance=[one for one in listed if one],
        run={"command": said.command, "versions": run_of(first.fit, said, text)["versions"]},
        footer=text("mix.groups.footer", version=headwater.__version__),
    )  # fmt: skip


def figure_of_groups(materials: Mapping[str, Material], factor: str, text: Text) -> list[Planned]:
    """Figures of the page of groups."""
    return figure_groups.plan(materials, factor, text)


def run_of(fit: Fit, said: Said, text: Text) -> dict[str, str]:
    """What is needed to repeat the run, and what it cost."""
    settings, own = fit.settings, versions("numba")
    return {
        "command": said.command,
        "seed": str(settings.seed),
        "chains": f"{settings.chains} × ({settings.tune} + {fit.diagnosis.draws})",
        "accept": f"{settings.accept:g}",
        "metric": text(f"mix.metric.{settings.metric}"),
        "parameters": str(fit.problem.dimension),
        "gradients": integer(int(fit.chains.gradients.sum() + fit.chains.tuning_gradients.sum())),
        "cpu_seconds": text(
            "mix.seconds", sampling=number(fit.sampling_seconds, 1), compile=number(fit.compile_seconds, 1)
        ),
        "versions": ", ".join(f"{name} {version}" for name, version in own.items()),
    }


Part = tuple[list[str], list["DisplayTable | None"]]


def _sections(
    material: Material, drawings: Mapping[str, Drawing], parts: Mapping[str, str], text: Text
) -> Iterator[Section]:
    """Every part that has something to say, in reading order."""
    for name in CONTENTS if material.fit.trusted else ("space", "identify", "chains"):
        own = tuple(drawing for drawing in drawings.values() if parts[drawing.name] == name)
        paragraphs, listed = CONTENTS[name](material, text)
        shown = tuple(table for table in listed if table is not None)
        if own or shown or (name == "identify" and paragraphs):
            yield Section(name, text(f"mix.section.{name}"), tuple(paragraphs), own, shown)


def _shares(material: Material, text: Text) -> Part:
    return [], [*tables.levels(material, text), *tables.covariates(material, text)]


def _space(material: Material, text: Text) -> Part:
    return [], [tables.outside(material, text)]


def _evaporation(material: Material, text: Text) -> Part:
    return [], [tables.evaporation(material, text), tables.other_form(material, text)]


def _prior(material: Material, text: Text) -> Part:
    return [text("mix.lead.prior")], [tables.groups_of_sources(material, text)]


def _identify(material: Material, text: Text) -> Part:
    geometry, model = material.geometry, material.fit.model
    dimension = geometry.dimension[np.isfinite(geometry.dimension)]
    said = []
    if len(dimension):
        low, high = number(float(dimension.min()), 1), number(float(dimension.max()), 1)
        said.append(
            text("mix.lead.dimension", tracers=len(model.sources.tracers), dimension=low if low == high
                 else f"{low}–{high}", sources=len(model.sources.names),
                 needed=len(model.sources.names) - 1)
        )  # fmt: skip
        said.append(
            text.count("mix.lead.surplus", geometry.surplus) if geometry.surplus else text("mix.lead.enough")
        )
    return said, [tables.overlap(material, text)]


def _model_fit(material: Material, text: Text) -> Part:
    left = material.left_out
    said = []
    if left is not None:
        said.append(
            text("mix.lead.loo", elpd=number(left.elpd, 1), se=number(left.se, 1), p=number(left.p, 1))
        )
        doubtful = len(left.doubtful)
        said.append(text.count("mix.lead.doubtful", doubtful) if doubtful else text("mix.lead.no_doubt"))
    return said, [tables.predictions(material, text)]


def _parameters(material: Material, text: Text) -> Part:
    return [], [tables.parameters(material, text)]


def _chains(material: Material, text: Text) -> Part:
    return [], [tables.diagnostics(material, text)]


CONTENTS: dict[str, Callable[[Material, Text], Part]] = {
    "shares": _shares,
    "space": _space,
    "evaporation": _evaporation,
    "prior": _prior,
    "identify": _identify,
    "model_fit": _model_fit,
    "parameters": _parameters,
    "chains": _chains,
}
"""Parts of the report in reading order → their sentences and tables."""


def _methods(fit: Fit, text: Text) -> Iterator[str]:
    model = fit.model
    yield text("mix.method.mixing")
    yield text("mix.method.shares")
    yield text("mix.method.evaporation" if model.evaporation is not None else "mix.method.error")
    yield text("mix.method.sampling")
    yield text("mix.method.refusal")
    yield text("mix.method.prior_part")
    if model.style != "headwater":
        yield text(f"mix.method.{model.style}")
