"""All figures of a study, drawn and saved as SVG and PNG, against plain matplotlib with the same panels."""

from __future__ import annotations

import runpy
import tempfile
import time
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from headwater.report.figures import FIGURES, draw_figure, save_figure

SEED = 1
REPEATS = 3
POINTS = 200
RESULT = Path(__file__).resolve().parent.parent / "tests" / "report" / "make_result.py"


def plain(figure: Figure, rng: np.random.Generator) -> Figure:
    """As many panels of the same size, each with 200 points, a line, a title, labels and a legend."""
    bare = Figure(figsize=figure.get_size_inches())
    for panel in figure.axes:
        axes = bare.add_axes(panel.get_position())
        axes.scatter(*rng.normal(size=(2, POINTS)), label="points")
        axes.plot([-3, 3], [-3, 3], label="line")
        axes.set(title="panel", xlabel="x", ylabel="y")
        axes.legend()
    return bare


def cpu_seconds(lang: str, folder: Path) -> tuple[float, float, int]:
    """CPU seconds of all figures of headwater and of their plain doubles, and how many panels each has."""
    result = runpy.run_path(str(RESULT), run_name="make_result")["make_result"]()
    rng = np.random.default_rng(SEED)
    ours = theirs = 0.0
    panels = 0
    for name in FIGURES:
        start = time.process_time()
        figure = draw_figure(name, result, lang)  # type: ignore[arg-type]
        save_figure(figure, folder / name)
        drawn = time.process_time()
        bare = plain(figure, rng)
        bare.savefig(folder / "plain.svg")
        bare.savefig(folder / "plain.png", dpi=300)
        ours, theirs = ours + drawn - start, theirs + time.process_time() - drawn
        panels += len(figure.axes)
    return ours, theirs, panels


def main() -> dict[str, float]:
    """Prints and returns the CPU seconds of both and their ratio, for Chinese figures."""
    with tempfile.TemporaryDirectory() as folder:
        cpu_seconds("zh", Path(folder))
        runs = [cpu_seconds("zh", Path(folder)) for _ in range(REPEATS)]
    ours, theirs = (float(np.median([run[column] for run in runs])) for column in (0, 1))
    ratio = float(np.median([run[0] / run[1] for run in runs]))
    print(f"{len(FIGURES)} figures, {runs[0][2]} panels, SVG and PNG of 300 dpi: {ours:.1f} CPU s (asked 12)")
    print(f"plain matplotlib, same panels, {POINTS} points each: {theirs:.1f} CPU s; ratio {ratio:.2f}")
    return {"figures_cpu_s": round(ours, 2), "plain_cpu_s": round(theirs, 2), "ratio": round(ratio, 3)}


if __name__ == "__main__":
    main()
