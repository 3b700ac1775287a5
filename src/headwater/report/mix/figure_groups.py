"""Shares of groups that were fitted one by one: a panel a source, a row a group."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from headwater.report.figures.panels import Margins, columns_for, heading, panel_grid
from headwater.report.figures.rows import Row, depth, label_room, label_rows
from headwater.report.findings import opened
from headwater.report.mix.figure_levels import MOST_LEVELS, MOST_SOURCES, ROW_MM, TIGHT_MM
from headwater.report.mix.intervals_panel import draw_intervals, share_axis
from headwater.report.mix.material import Intervals, Material, intervals
from headwater.report.mix.words import level_name, natural
from headwater.report.numbers import share
from headwater.report.planned import Planned
from headwater.report.style import ALERT, WIDE_MM, Mark

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from headwater.report.text import Text


def plan(groups: Mapping[str, Material], factor: str, text: Text) -> list[Planned]:
    """One figure, where any group can be trusted."""
    trusted = {name: one for name, one in groups.items() if one.fit.trusted}
    if not trusted:
        return []
    first = next(iter(trusted.values()))
    names = first.names
    same = {name: one for name, one in trusted.items() if one.names == names}
    each = [intervals(one.overall) for one in same.values()]
    shares = Intervals(*(np.stack(part) for part in zip(*(vars(one).values() for one in each), strict=True)))
    order = sorted(groups, key=natural)[:MOST_LEVELS]
    rows = [Row(float(y), level_name(factor, name), "", name) for y, name in enumerate(order)]
    shown = np.sort(np.argsort(-shares.mean.mean(axis=0), kind="stable")[:MOST_SOURCES])
    k = int(np.argmax(shares.mean.mean(axis=0)))
    low, high = shares.mean[:, k].min(), shares.mean[:, k].max()
    said = text("mix.groups.finding", source=names[k], low=share(low), high=share(high), n=len(same))
    left_out = len(groups) - MOST_LEVELS
    return [
        Planned(
            name="groups", part="shares", title=text("mix.groups.title", factor=factor), finding=opened(said),
            method=text("mix.groups.method")
            + (text("mix.groups.left_out", n=left_out) if left_out > 0 else ""),
            draw=partial(
                draw_groups, rows, list(same),
                shares.of(slice(None), shown),
                names=tuple(names[i] for i in shown), marks=tuple(first.marks[i] for i in shown), text=text,
            ),
        )
    ]  # fmt: skip


def draw_groups(
    rows: list[Row],
    known: list[str],
    shares: Intervals,
    *,
    names: tuple[str, ...],
    marks: tuple[Mark, ...],
    text: Text,
) -> Figure:
    """The panels; a group that is refused says so in its row."""
    columns = len(names) if len(names) <= 3 else min(columns_for(len(names)), 6)
    left = label_room(rows)
    fig, axes = panel_grid(
        len(names), width_mm=WIDE_MM, columns=columns,
        height_mm=(ROW_MM if len(rows) <= 20 else TIGHT_MM) * depth(rows) + 2,
        margins=Margins(left=left, across=4, down=14),
    )  # fmt: skip
    shown = [row for row in rows if row.level in known]
    places = [known.index(row.level) for row in shown]
    chosen = shares.of(places)
    for number, panel in enumerate(axes):
        heading(panel, names[number], number if len(names) > 1 else None)
        draw_intervals(panel, [row.y for row in shown], chosen, number, marks[number])
        label_rows(panel, rows, labelled=number % columns == 0, left_mm=left)
        share_axis(panel, text("mix.share_axis") if number + columns >= len(names) else "")
        if number % columns == 0:
            for row in rows:
                if row.level not in known:
                    panel.text(
                        0, row.y, text("mix.groups.refused"), va="center_baseline", fontsize=7, color=ALERT
                    )
    return fig
