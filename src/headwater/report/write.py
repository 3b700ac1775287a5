"""Writes the whole report folder at once: page, workbook, JSON, figures and tidy tables."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headwater.errors import InputRefused
from headwater.report.excel import write_excel
from headwater.report.html import report_html
from headwater.report.inline import inline_svg
from headwater.report.results_json import FORMAT, results_document, results_text
from headwater.report.story import Drawing
from headwater.report.tables import tidy_tables, water_table, write_csv, write_large_csv
from headwater.report.text import Language, Text

if TYPE_CHECKING:
    from headwater.study.result import StudyResult

Progress = Callable[[str, int, int], None]
FILES = ("report.html", "report.xlsx", "results.json", "problems.csv", "run.json")
FOLDERS = ("figures", "tables")
KEPT = ("input",)
"""Folders of an earlier report that a new one takes over unchanged: they hold samples, not results."""
OF_THE_SYSTEM = (".DS_Store", "Thumbs.db", "desktop.ini")


@dataclass(frozen=True)
class ReportFiles:
    """Everything that was written; ``run`` is None where no record of the run was given."""

    folder: Path
    html: Path
    excel: Path
    results: Path
    problems: Path
    figures: tuple[Path, ...]
    tables: tuple[Path, ...]
    run: Path | None


def write_report(
    result: StudyResult,
    out: Path | str,
    *,
    lang: Language = "en",
    progress: Progress | None = None,
    run: Mapping[str, Any] | None = None,
    figures: bool = True,
) -> ReportFiles:
    """Write the report into the folder ``out`` and return what was written.

    All files are written beside ``out`` first and moved there when they are complete, so an interrupted
    run leaves no half report, and an earlier report stays until the new one is there.

    Parameters
    ----------
    out : new or empty folder, or an earlier report, which is replaced
    progress : called with (what is written, steps done, steps in all)
    run : record of the run (command, seed, versions, …) for ``run.json`` and the end of the page
    figures : False leaves the figures out, for the tables alone

    Raises
    ------
    InputRefused
        where ``out`` is a file, holds other files than a report's, or cannot be written.
    """
    target = Path(out).resolve()
    check_folder(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    except OSError as error:
        raise InputRefused(f"{target} cannot be written ({error}). Choose another folder with -o.") from error
    try:
        _write(result, draft, Text(lang), progress or _silent, run, figures)
        _put_in_place(draft, target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return _listing(target)


def check_folder(folder: Path) -> None:
    """Refuse a place where writing a report would destroy something else.

    Raises
    ------
    InputRefused
        where ``folder`` is a file, or a folder with files that no report has.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise InputRefused(f"{folder} is a file; a report needs a folder. Choose another name with -o.")
    names = {entry.name for entry in folder.iterdir()} - set(OF_THE_SYSTEM)
    if not names:
        return
    foreign = sorted(names - {*FILES, *FOLDERS, *KEPT})
    if foreign:
        raise InputRefused(
            f"{folder} holds {foreign[0]!r}, which is not part of a report; an empty folder or an earlier "
            "report is allowed. Move the file away or choose another folder with -o."
        )
    if not _is_report(folder):
        raise InputRefused(
            f"{folder} is not empty and holds no earlier report (results.json of headwater). "
            "Empty it or choose another folder with -o."
        )


def _is_report(folder: Path) -> bool:
    results = folder / "results.json"
    if not results.is_file():
        return False
    with results.open(encoding="utf-8", errors="replace") as file:
        return f'"format": "{FORMAT}"' in file.read(200)


def _write(
    result: StudyResult, folder: Path, text: Text, progress: Progress, run: Mapping[str, Any] | None,
    figures: bool,
) -> None:  # fmt: skip
    names = _wanted_figures(result) if figures else []
    steps = len(names) + 4
    drawings = {}
    (folder / "figures").mkdir()
    for done, name in enumerate(names):
        progress("figures", done, steps)
        drawings[name] = _draw(name, result, folder / "figures", text)
    progress("tables", len(names), steps)
    _write_tables(result, folder, text)
    progress("results.json", len(names) + 1, steps)
    document = results_document(result, run=run)
    (folder / "results.json").write_text(results_text(document), encoding="utf-8")
    if run is not None:
        written = json.dumps(document["run"], ensure_ascii=False, indent=2)
        (folder / "run.json").write_text(written + "\n", encoding="utf-8")
    progress("report.xlsx", len(names) + 2, steps)
    write_excel(result, folder / "report.xlsx", text, run=run)
    progress("report.html", len(names) + 3, steps)
    (folder / "report.html").write_text(report_html(result, text, drawings, run=run), encoding="utf-8")
    progress("report.html", steps, steps)


def _wanted_figures(result: StudyResult) -> list[str]:
    from headwater.report.figures import FIGURES

    return [name for name, figure in FIGURES.items() if figure.wants(result)]


def _draw(name: str, result: StudyResult, folder: Path, text: Text) -> Drawing:
    from headwater.report.figures import FIGURES, draw_figure, save_figure

    spec = FIGURES[name]
    title = spec.title(text)
    figure = draw_figure(name, result, text.lang)
    svg, png = save_figure(figure, folder / name)
    return Drawing(
        name, title, spec.finding(result, text), spec.method(result, text),
        inline_svg(svg.read_text(encoding="utf-8"), name, title), f"figures/{png.name}",
    )  # fmt: skip


def _write_tables(result: StudyResult, folder: Path, text: Text) -> None:
    tables = folder / "tables"
    tables.mkdir()
    lines = [result.title, text("simulated.banner") if result.simulated else "", text("csv.intro"), ""]
    for name, frame in tidy_tables(result).items():
        write_csv(frame, tables / f"{name}.csv")
        lines.append(f"{name}.csv: {text(f'table_meaning.{name}')}")
    write_large_csv(water_table(result), tables / "waters.csv")
    lines.append(f"waters.csv: {text('table_meaning.waters')}")
    (tables / "README.txt").write_text("\n".join(lines) + "\n", encoding="utf-8-sig")
    write_csv(result.table.problems, folder / "problems.csv")


def _put_in_place(draft: Path, target: Path) -> None:
    mask = os.umask(0)
    os.umask(mask)
    draft.chmod(0o777 & ~mask)
    before = draft.with_name(draft.name + ".before")
    try:
        if target.exists():
            target.rename(before)
        try:
            draft.rename(target)
        except OSError:
            if before.exists():
                before.rename(target)
            raise
        for name in KEPT:
            if (before / name).exists():
                (before / name).rename(target / name)
    except OSError as error:
        raise InputRefused(
            f"{target} cannot be replaced ({error}). Close programs that use its files, or choose another "
            "folder with -o."
        ) from error
    shutil.rmtree(before, ignore_errors=True)


def _listing(folder: Path) -> ReportFiles:
    run = folder / "run.json"
    return ReportFiles(
        folder=folder,
        html=folder / "report.html",
        excel=folder / "report.xlsx",
        results=folder / "results.json",
        problems=folder / "problems.csv",
        figures=tuple(sorted((folder / "figures").iterdir())),
        tables=tuple(sorted((folder / "tables").glob("*.csv"))),
        run=run if run.is_file() else None,
    )


def _silent(step: str, done: int, steps: int) -> None:
    """No progress."""
