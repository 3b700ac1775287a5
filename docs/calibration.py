"""Table and pictures of the calibration of every model family, from the last ``./run long``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np

from headwater.posterior.rank_uniformity import band
from headwater.report.style import ALERT, INK, MM, PALE, QUIET, WIDE_MM, figure_style

RESULTS = Path(__file__).resolve().parent.parent / "benchmarks" / "results" / "bench_calibration.json"
LEVEL = 0.95
COLUMNS = 6
ROW_MM = 24.0


def results() -> Mapping[str, Any]:
    """What was measured: ``models`` and ``bugs``, each by name."""
    values: Mapping[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8"))["values"]
    return values


def table() -> str:
    """One row for each model, then one for each planted bug."""
    found = results()
    outside = [strays for row in found["models"].values() for strays in _outside(row)]
    share = f"Of {len(outside)} lines {sum(outside)} ({np.mean(outside):.1%}) leave the band."
    return "\n\n".join([share, _rows("model", found["models"]), _rows("planted bug", found["bugs"])])


def _rows(first: str, rows: Mapping[str, Any]) -> str:
    lines = [f"| {first} | data sets × quantities | strays most | chance that any strays as far | CPU s |"]
    lines.append("|---|---|---|---|---|")
    for name, row in rows.items():
        size = f"{row['replicates']} × {row['quantities']}"
        lines.append(f"| {name} | {size} | {row['worst']} | {_chance(row['chance'])} | {row['cpu_s']:.0f} |")
    return "\n".join(lines)


def _chance(chance: float) -> str:
    if chance >= 0.01:
        return f"{chance:.2f}"
    digit, _, exponent = f"{chance:.0e}".partition("e")
    return rf"${digit}\cdot 10^{{{int(exponent)}}}$"


def draw(folder: Path) -> None:
    """Writes ``calibration.png`` and ``calibration_bugs.png``."""
    found = results()
    for name, rows, limit in (
        ("calibration", found["models"], 0.2),
        ("calibration_bugs", found["bugs"], 0.5),
    ):
        _figure(rows, limit).savefig(folder / f"{name}.png", dpi=160, metadata={"Software": None})


def _figure(rows: Mapping[str, Any], limit: float) -> Any:
    """One panel for each model: how far the distribution of ranks lies above or below the uniform one."""
    from matplotlib.figure import Figure

    height = -(-len(rows) // COLUMNS)
    with figure_style():
        figure = Figure(figsize=(WIDE_MM * MM, (height * ROW_MM + 8.0) * MM), layout="constrained")
        axes = figure.subplots(height, COLUMNS, sharex=True, sharey=True, squeeze=False)
        for ax, (name, row) in zip(axes.flat, rows.items(), strict=False):
            _panel(ax, name, row, limit)
        for ax in axes.flat[len(rows) :]:
            ax.set_axis_off()
        figure.supxlabel("rank of the truth among posterior draws, as a fraction", fontsize=7)
        figure.supylabel("share of ranks below − expected", fontsize=7)
    return figure


def _panel(ax: Any, name: str, row: Mapping[str, Any], limit: float) -> None:
    s = row["replicates"]
    low, high = band(s, LEVEL)
    fraction = np.arange(1, len(low) + 1) / (len(low) + 1)
    ax.fill_between(fraction, low / s - fraction, high / s - fraction, color=PALE, linewidth=0)
    for counts, strays in zip(_counts(row), _outside(row), strict=True):
        colour, width = (ALERT, 0.7) if strays else (INK, 0.35)
        ax.plot(fraction, counts / s - fraction, color=colour, linewidth=width, alpha=0.7)
    ax.axhline(0.0, color=QUIET, linewidth=0.5)
    ax.set(xlim=(0.0, 1.0), ylim=(-limit, limit), xticks=[0, 0.5, 1], yticks=[-limit, 0, limit])
    ax.set_title(fill(name, 24), fontsize=6)
    ax.tick_params(labelsize=6)


def _outside(row: Mapping[str, Any]) -> list[bool]:
    """Which quantities leave the band."""
    low, high = band(row["replicates"], LEVEL)
    return [bool(((counts < low) | (counts > high)).any()) for counts in _counts(row)]


def _counts(row: Mapping[str, Any]) -> Iterator[np.ndarray]:
    for line in row["below"].values():
        yield np.array(line.split(), dtype=float)
