"""Writes the report of a fitted mixing model: one page, and its figures beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from headwater.mixing.bayes.fit import Fit
from headwater.report.draft import REPORT, Progress, draft_in, draw_all
from headwater.report.mix.material import Material, OtherForm
from headwater.report.mix.page import Said, figure_of_groups, page_of_fit, page_of_groups, planned
from headwater.report.mix.words import source_looks, source_names
from headwater.report.page import render
from headwater.report.text import Language, Text


def write_mix_report(
    fit: Fit | Mapping[str, Fit],
    out: Path | str,
    *,
    lang: Language = "en",
    title: str = "",
    command: str = "",
    group: str = "",
    files: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
    other_form: Mapping[str, OtherForm] | None = None,
    progress: Progress | None = None,
) -> Path:
    """Path of ``report.html``, written into the folder ``out`` with the figures as SVG and PNG beside it.

    Shares of draws that cannot be trusted are not shown; the reason and the remedy are. Other files of the
    folder stay; an earlier report in it is replaced when the new one is complete.

    Parameters
    ----------
    fit : one fit, or fits of independent groups by their label
    title, command : as the reader shall see them
    group : factor whose levels the groups are
    files : name → SHA-256 of the files read
    notes : sentences from reading
    other_form : shares under another form of evaporation, by group; of the only fit under an empty label
    progress : told (what is written, done, in all)

    Raises
    ------
    InputRefused
        The folder cannot be written.
    """
    text, said = Text(lang), Said(title, command, dict(files or {}), tuple(notes))
    folder = Path(out)
    with draft_in(folder) as draft:
        if isinstance(fit, Fit):
            material = _material(fit, text, (other_form or {}).get(""))
            _write_fit(material, draft, said, text, progress)
        else:
            _write_groups(fit, group, draft, said, text, progress)
    return folder / REPORT


def _write_fit(material: Material, draft: Path, said: Said, text: Text, progress: Progress | None) -> None:
    plans = planned(material, text)
    drawings = draw_all(plans, draft, progress)
    page = page_of_fit(material, drawings, {plan.name: plan.part for plan in plans}, said, text)
    (draft / REPORT).write_text(render(page, text), encoding="utf-8")


def _write_groups(
    fits: Mapping[str, Fit], group: str, draft: Path, said: Said, text: Text, progress: Progress | None
) -> None:
    materials = {name: _material(fit, text) for name, fit in fits.items()}
    drawings = draw_all(figure_of_groups(materials, group, text), draft, progress)
    page = page_of_groups(materials, group, drawings, said, text)
    (draft / REPORT).write_text(render(page, text), encoding="utf-8")


def _material(fit: Fit, text: Text, other_form: OtherForm | None = None) -> Material:
    names, marks = source_names(fit.model, text), source_looks(fit.model.sources.names)
    return Material(fit, names, marks, other_form)
