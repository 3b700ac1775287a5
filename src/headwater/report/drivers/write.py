"""Writes the report of drivers: one page, its figures beside it, and the same numbers as JSON."""

from __future__ import annotations

import gc
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from headwater.errors import InputRefused
from headwater.grids.read_memory import give_back
from headwater.report.drivers.material import Material
from headwater.report.drivers.page import page_of, planned
from headwater.report.drivers.results_json import results_document
from headwater.report.figures import save_figure
from headwater.report.figures.panels import mark_simulated
from headwater.report.inline import inline_svg
from headwater.report.mix.planned import Planned
from headwater.report.page import render
from headwater.report.results_json import results_text
from headwater.report.story import Drawing
from headwater.report.style import figure_style
from headwater.report.text import Language, Text

Progress = Callable[[str, int, int], None]
REPORT, FIGURES, RESULTS = "report.html", "figures", "results.json"


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
        raise _cannot_write(folder, error) from error
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
    try:
        folder.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".report-", dir=folder))
    except OSError as error:
        raise _cannot_write(folder, error) from error
    try:
        plans = planned(material, text)
        drawings = _draw(plans, draft, material, text, progress or _silent)
        page = page_of(material, drawings, {plan.name: plan.part for plan in plans}, text)
        (draft / REPORT).write_text(render(page, text), encoding="utf-8")
        shutil.rmtree(folder / FIGURES, ignore_errors=True)
        (draft / FIGURES).rename(folder / FIGURES)
        (draft / REPORT).replace(folder / REPORT)
    except OSError as error:
        raise _cannot_write(folder, error) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return folder / REPORT


def _draw(
    plans: Sequence[Planned], draft: Path, material: Material, text: Text, progress: Progress
) -> dict[str, Drawing]:
    (draft / FIGURES).mkdir()
    drawings = {}
    for done, plan in enumerate(plans):
        progress(FIGURES, done, len(plans) + 1)
        with figure_style():
            figure = plan.draw()
            if material.simulated:
                mark_simulated(figure, text)
        svg, png = save_figure(figure, draft / FIGURES / plan.name)
        del figure
        gc.collect()  # a tall figure is a hundred megabytes, in circles that go only when they are looked for
        give_back()
        drawings[plan.name] = Drawing(
            plan.name, plan.title, plan.finding, plan.method,
            inline_svg(svg.read_text(encoding="utf-8"), plan.name, plan.title), f"{FIGURES}/{png.name}",
        )  # fmt: skip
    progress(REPORT, len(plans), len(plans) + 1)
    return drawings


def _cannot_write(folder: Path, error: OSError) -> InputRefused:
    return InputRefused(
        f"{folder} cannot be written ({error}). Close programs that use its files, or choose another folder "
        "with -o."
    )


def _silent(step: str, done: int, steps: int) -> None:
    """No progress."""
