"""A page with its figures, made beside the place where it belongs and put there when it is complete."""

from __future__ import annotations

import gc
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from headwater.errors import InputRefused
from headwater.report.figures import save_figure
from headwater.report.inline import inline_svg
from headwater.report.planned import Planned
from headwater.report.story import Drawing
from headwater.report.style import figure_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Progress = Callable[[str, int, int], None]
REPORT, FIGURES = "report.html", "figures"


@contextmanager
def draft_in(folder: Path) -> Iterator[Path]:
    """A new folder for the page and its figures; what was written there takes the place of an earlier report.

    Other files of ``folder`` stay. Where the work within fails nothing is replaced.

    Raises
    ------
    InputRefused
        The folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".report-", dir=folder))
        try:
            yield draft
            shutil.rmtree(folder / FIGURES, ignore_errors=True)
            (draft / FIGURES).rename(folder / FIGURES)
            (draft / REPORT).replace(folder / REPORT)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    except OSError as error:
        raise cannot_write(folder, error) from error


def draw_all(
    plans: Sequence[Planned],
    draft: Path,
    progress: Progress | None,
    *,
    mark: Callable[[Figure], None] | None = None,
    between: Callable[[], None] | None = None,
) -> dict[str, Drawing]:
    """Every planned figure drawn into the draft, by name.

    Parameters
    ----------
    mark : puts a mark on every figure, as that of simulated data
    between : called after every figure, when its memory is free
    """
    (draft / FIGURES).mkdir()
    drawings = {}
    for done, plan in enumerate(plans):
        if progress:
            progress(FIGURES, done, len(plans) + 1)
        with figure_style():
            figure = plan.draw()
            if mark:
                mark(figure)
        svg, png = save_figure(figure, draft / FIGURES / plan.name)
        drawings[plan.name] = Drawing(
            plan.name, plan.title, plan.finding, plan.method,
            inline_svg(svg.read_text(encoding="utf-8"), plan.name, plan.title), f"{FIGURES}/{png.name}",
        )  # fmt: skip
        if between:
            del figure
            gc.collect()  # a tall figure is a hundred megabytes, in circles that go only when looked for
            between()
    if progress:
        progress(REPORT, len(plans), len(plans) + 1)
    return drawings


def cannot_write(folder: Path, error: OSError) -> InputRefused:
    """The refusal of a folder that cannot be written."""
    return InputRefused(
        f"{folder} cannot be written ({error}). Choose another folder with -o, or close programs that use "
        "its files."
    )
