"""The report as a story: which part holds which sentences, figures and tables, in which order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headwater.report import findings, show_engine, show_isotopes, show_mixing, show_samples
from headwater.report.numbers import integer

if TYPE_CHECKING:
    from headwater.report.display import DisplayTable
    from headwater.report.text import Text
    from headwater.study.result import StudyResult


@dataclass(frozen=True)
class Drawing:
    """A figure in the page: its finding above, its method below, and where the file is."""

    name: str
    title: str
    finding: str
    method: str
    svg: str
    file: str


@dataclass(frozen=True)
class Section:
    """One part of the report: its sentences, then figures, then tables."""

    name: str
    title: str
    paragraphs: tuple[str, ...]
    figures: tuple[Drawing, ...]
    tables: tuple[DisplayTable, ...]


FIGURES_OF: dict[str, tuple[str, ...]] = {
    "data": ("sampling_map",),
    "lines": ("dual_isotope", "line_distance"),
    "source_water": ("source_water",),
    "end_members": ("mixing_space",),
    "shares": ("contributions_region", "contributions"),
    "engine": ("model_and_algebra", "evaporation"),
    "truth": ("estimate_truth",),
    "distances": ("water_kinds", "kind_distance"),
    "gradients": ("altitude_gradient",),
    "profiles": ("depth_profile",),
}
"""Part of the report → names of its figures."""


def sections(result: StudyResult, text: Text, drawings: Mapping[str, Drawing]) -> tuple[Section, ...]:
    """Every part that has something to say, in reading order."""
    placed = {name for names in FIGURES_OF.values() for name in names}
    found = []
    for name, (paragraphs, undrawn, tables) in _parts(result, text).items():
        wanted = FIGURES_OF.get(name, ())
        if name == "shares":  # a figure that nobody placed is shown, not lost
            wanted = (*wanted, *(other for other in drawings if other not in placed))
        figures = tuple(drawings[figure] for figure in wanted if figure in drawings)
        kept = tuple(table for table in tables if table is not None)
        if figures or kept or name == "shares":  # a refusal is a result
            said = (*(() if figures else undrawn), *paragraphs)
            opened = tuple(findings.opened(sentence) for sentence in said)
            found.append(Section(name, text(f"section.{name}"), opened, figures, kept))
    return tuple(found)


Part = tuple[list[str], list[str], tuple["DisplayTable | None", ...]]
"""Sentences of a part, those that only stand where no figure says the same, and its tables."""


def _parts(result: StudyResult, text: Text) -> dict[str, Part]:
    samples, isotopes, mixing = show_samples, show_isotopes, show_mixing
    nothing = result.tables.contributions.empty
    return {
        "data": (
            [findings.read_sentence(result, text), *_outside(result, text)],
            [],
            (
                samples.kinds_by_period(result, text),
                samples.problem_counts(result, text),
                samples.problem_list(result, text),
            ),
        ),
        "isotopes": (
            findings.means(result, text),
            [],
            (isotopes.kind_means(result, text), isotopes.stratum_means(result, text)),
        ),
        "lines": (
            findings.meteoric(result, text),
            findings.slopes(result, text),
            (
                isotopes.line_grid(result, text),
                isotopes.other_lines(result, text),
                isotopes.line_distances(result, text),
            ),
        ),
        "source_water": ([], findings.crossings(result, text), (isotopes.source_water(result, text),)),
        "end_members": (
            [*findings.absences(result, text), text("lead.end_members")],
            [],
            (mixing.end_members(result, text),),
        ),
        "shares": (
            findings.shares(result, text) if nothing else [text("lead.shares")],
            [],
            mixing.stratum_shares(result, text),
        ),
        "engine": (
            show_engine.lead(result, text),
            show_engine.evaporation(result, text),
            (show_engine.table_both_ways(result, text), show_engine.table_fits(result, text)),
        ),
        "truth": (
            _evaporated(result, text),
            findings.truth(result, text),
            (mixing.truth_by_period(result, text), mixing.truth_region(result, text)),
        ),
        "distances": ([], findings.nearest(result, text), (isotopes.kind_distances(result, text),)),
        "gradients": (
            [text("lead.gradients")],
            [],
            (isotopes.gradients(result, text), isotopes.contrasts(result, text)),
        ),
        "profiles": ([], [], (isotopes.profiles(result, text),)),
        "geometry": (
            findings.inside(result, text),
            [],
            (mixing.geometry(result, text), mixing.overlap(result, text)),
        ),
        "emma": (
            [*findings.dimensions(result, text), text("lead.emma")],
            [],
            (mixing.emma(result, text),),
        ),
    }


def _outside(result: StudyResult, text: Text) -> list[str]:
    n = result.outside_bands
    return [text("notice.outside_bands", n=integer(n))] if n else []


def _evaporated(result: StudyResult, text: Text) -> list[str]:
    warned = any(notice.code == "evaporation_offset" for notice in result.notices)
    return [text("lead.truth_evaporation")] if warned and result.simulated else []
