"""Writes the report of drivers: one page, its figures beside it, and the same numbers as JSON."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from headwater.grids.read_memory import give_back
from headwater.report.draft import REPORT, Progress, cannot_write, draft_in, draw_all
from headwater.report.drivers.material import Material
from headwater.report.drivers.page import page_of, planned
from headwater.report.drivers.results_json import results_document
from headwater.report.figures.panels import mark_simulated
from headwater.report.page import render
from headwater.report.results_json import results_text
from headwater.report.text import Language, Text

RESULTS = "results.json"


def write_results(material: Material, out: Path | str) -> Path:
    """Path of ``results.json``: signs, means, counts and notices; its form is in ``drivers.schema.json``.

    Raises
    ------
    InputRefused
        The folder cannot be written.
    """
    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f".{RESULTS}.new"
        draft.write_text(results_text(results_document(material)), encoding="utf-8")
        draft.replace(folder / RESULTS)
    except OSError as error:
        raise cannot_write(folder, error) from error
    return folder / RESULTS


def write_drivers_report(
    material: Material, out: Path | str, *, lang: Language = "en", progress: Progress | None = None
) -> Path:
    """Path of ``report.html``, written into the folder ``out`` with the figures as SVG and PNG beside it.

    Other files of the folder stay; an earlier report in it is replaced when the new one is complete.

    Parameters
    ----------
    material : what was found
    progress : told (what is written, done, in all)

    Raises
    ------
    InputRefused
        The folder cannot be written.
    """
    text, folder = Text(lang), Path(out)
    mark = partial(mark_simulated, text=text) if material.simulated else None
    with draft_in(folder) as draft:
        plans = planned(material, text)
        drawings = draw_all(plans, draft, progress, mark=mark, between=give_back)
        page = page_of(material, drawings, {plan.name: plan.part for plan in plans}, text)
        (draft / REPORT).write_text(render(page, text), encoding="utf-8")
    return folder / REPORT
