"""Writes the report of a fitted mixing model: one page, and its figures beside it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from headwater.errors import InputRefused
from headwater.mixing.bayes.fit import Fit
from headwater.report.figures import save_figure
from headwater.report.inline import inline_svg
from headwater.report.mix.material import Material, OtherForm
from headwater.report.mix.page import Said, figure_of_groups, page_of_fit, page_of_groups, planned
from headwater.report.mix.planned import Planned
from headwater.report.mix.words import source_looks, source_names
from headwater.report.page import render
from headwater.report.story import Drawing
from headwater.report.style import figure_style
from headwater.report.text import Language, Text

Progress = Callable[[str, int, int], None]
REPORT, FIGURES = "report.html", "figures"


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
    try:
        folder.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".report-", dir=folder))
    except OSError as error:
        raise InputRefused(f"{folder} cannot be written ({error}). Choose another folder with -o.") from error
    try:
        if isinstance(fit, Fit):
            material = _material(fit, text, (other_form or {}).get(""))
            _write_fit(material, draft, said, text, progress or _silent)
        else:
            _write_groups(fit, group, draft, said, text, progress or _silent)
        _put_in_place(draft, folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return folder / REPORT


def _write_fit(material: Material, draft: Path, said: Said, text: Text, progress: Progress) -> None:
    plans = planned(material, text)
    drawings = _draw(plans, draft, progress)
    page = page_of_fit(material, drawings, {plan.name: plan.part for plan in plans}, said, text)
    (draft / REPORT).write_text(render(page, text), encoding="utf-8")


def _write_groups(
    fits: Mapping[str, Fit], group: str, draft: Path, said: Said, text: Text, progress: Progress
) -> None:
    materials = {name: _material(fit, text) for name, fit in fits.items()}
    drawings = _draw(figure_of_groups(materials, group, text), draft, progress)
    page = page_of_groups(materials, group, drawings, said, text)
    (draft / REPORT).write_text(render(page, text), encoding="utf-8")


def _material(fit: Fit, text: Text, other_form: OtherForm | None = None) -> Material:
    names, marks = source_names(fit.model, text), source_looks(fit.model.sources.names)
    return Material(fit, names, marks, other_form)


def _draw(plans: Sequence[Planned], draft: Path, progress: Progress) -> dict[str, Drawing]:
    (draft / FIGURES).mkdir()
    drawings = {}
    for done, plan in enumerate(plans):
        progress(FIGURES, done, len(plans) + 1)
        with figure_style():
            figure = plan.draw()
        svg, png = save_figure(figure, draft / FIGURES / plan.name)
        drawings[plan.name] = Drawing(
            plan.name, plan.title, plan.finding, plan.method,
            inline_svg(svg.read_text(encoding="utf-8"), plan.name, plan.title), f"{FIGURES}/{png.name}",
        )  # fmt: skip
    progress(REPORT, len(plans), len(plans) + 1)
    return drawings


def _put_in_place(draft: Path, folder: Path) -> None:
    """Replace an earlier report by the new one."""
    try:
        shutil.rmtree(folder / FIGURES, ignore_errors=True)
        (draft / FIGURES).rename(folder / FIGURES)
        (draft / REPORT).replace(folder / REPORT)
    except OSError as error:
        raise InputRefused(
            f"{folder} cannot be replaced ({error}). Close programs that use its files, or choose another "
            "folder with -o."
        ) from error


def _silent(step: str, done: int, steps: int) -> None:
    """No progress."""
