"""Shares by the levels of a factor: a panel a source, a row a level."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from headwater.report.figures.panels import Margins, columns_for, heading, panel_grid
from headwater.report.figures.rows import Row, depth, label_room, label_rows
from headwater.report.findings import opened
from headwater.report.mix.intervals_panel import draw_intervals, share_axis
from headwater.report.mix.material import Intervals, Material, intervals
from headwater.report.mix.words import level_name, natural
from headwater.report.numbers import share
from headwater.report.planned import Planned
from headwater.report.style import PALE, QUIET, WIDE_MM, Mark

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from headwater.mixing.bayes.design import Term
    from headwater.report.text import Text

MOST_LEVELS, MOST_SOURCES = 40, 12
ROW_MM, TIGHT_MM = 4.6, 3.6


def plan(material: Material, text: Text) -> list[Planned]:
    """One figure a factor."""
    return [_one(material, number, term, text) for number, term in material.factors]


def draw_levels(
    rows: list[Row],
    levels: Intervals,
    overall: Intervals,
    *,
    names: tuple[str, ...],
    marks: tuple[Mark, ...],
    axis: str,
) -> Figure:
    """The panels. ``rows`` have the number of their level as ``level``; the first is the overall share."""
    columns = min(columns_for(len(names)), 6) if len(names) > 3 else len(names)
    row_mm = ROW_MM if depth(rows) <= 20 else TIGHT_MM
    left = label_room(rows)
    fig, axes = panel_grid(
        len(names),
        width_mm=WIDE_MM,
        height_mm=row_mm * depth(rows) + 2,
        columns=columns,
        margins=Margins(left=left, across=4, down=14),
    )
    for number, panel in enumerate(axes):
        heading(panel, names[number], number if len(names) > 1 else None)
        panel.axvline(100 * overall.mean[0, number], color=PALE, linewidth=1.0, zorder=1)
        draw_intervals(panel, [rows[0].y], overall, number, _quiet(marks[number]))
        shown = [row for row in rows[1:] if row.level]
        chosen = levels.of([int(row.level) for row in shown])
        draw_intervals(panel, [row.y for row in shown], chosen, number, marks[number])
        label_rows(panel, rows, labelled=number % columns == 0, left_mm=left)
        share_axis(panel, axis if number + columns >= len(names) else "")
    return fig


def level_rows(term: Term, parent: Term | None, overall: str) -> list[Row]:
    """The overall row, then the levels in natural order, nested ones under the name of their parent."""
    order = sorted(range(len(term.levels)), key=lambda i: (_parent(term, parent, i), natural(term.levels[i])))
    rows, y, before = [Row(0.0, overall, "", "-1")], 1.25, ""
    for level in order[:MOST_LEVELS]:
        above = "" if parent is None else parent.levels[term.parents[level]]
        if above != before:
            y += 0.5
            rows.append(Row(y - 0.35, level_name(parent.name if parent else "", above), ""))
            y += 0.6
            before = above
        label = term.levels[level].removeprefix(f"{above}/") if above else term.levels[level]
        rows.append(Row(y, level_name(term.name, label), "", str(level)))
        y += 1.0
    return rows


def _one(material: Material, number: int, term: Term, text: Text) -> Planned:
    levels, overall = material.level_shares(term), intervals(material.overall[:, None])
    order = np.argsort(-overall.mean[0], kind="stable")[:MOST_SOURCES]
    shown = np.sort(order) if len(material.names) <= MOST_SOURCES else order
    parents = [other for _, other in material.factors if other.name == term.parent]
    rows = level_rows(term, parents[0] if parents else None, text("mix.overall"))
    left_out = len(term.levels) - MOST_LEVELS
    remark = text("mix.levels.left_out", n=left_out) if left_out > 0 else ""
    hidden = len(material.names) - len(shown)
    remark += text("mix.levels.sources_left_out", n=hidden) if hidden > 0 else ""
    kind = next(factor.kind for factor in material.fit.model.factors if factor.name == term.name)
    return Planned(
        name=f"levels-{number + 1}",
        part="shares",
        title=text("mix.levels.title", factor=term.name),
        finding=_finding(levels, term, material, text),
        method=text(f"mix.levels.method_{kind}", n=len(term.levels)) + remark,
        draw=partial(
            draw_levels, rows, levels.of(slice(None), shown), overall.of(slice(None), shown),
            names=tuple(material.names[i] for i in shown), marks=tuple(material.marks[i] for i in shown),
            axis=text("mix.share_axis"),
        ),
    )  # fmt: skip


def _finding(levels: Intervals, term: Term, material: Material, text: Text) -> str:
    """Which share differs most between levels, and whether the levels can be told apart at all."""
    spread = np.ptp(levels.mean, axis=0)
    k = int(np.argmax(spread))
    low, high = int(np.argmin(levels.mean[:, k])), int(np.argmax(levels.mean[:, k]))
    apart = levels.low[high, k] > levels.high[low, k]
    said = text(
        "mix.levels.finding" if apart else "mix.levels.finding_alike",
        factor=term.name,
        source=material.names[k],
        low=share(levels.mean[low, k]),
        high=share(levels.mean[high, k]),
        low_level=level_name(term.name, term.levels[low]),
        high_level=level_name(term.name, term.levels[high]),
    )
    return opened(said)


def _parent(term: Term, parent: Term | None, level: int) -> tuple[tuple[int, float, str], ...]:
    return () if parent is None else natural(parent.levels[term.parents[level]])


def _quiet(mark: Mark) -> Mark:
    return Mark(QUIET, mark.marker, mark.size)
