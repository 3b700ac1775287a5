"""Energy distance between every two kinds of water, by period: who lies close to whom?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from headwater.report.figures.panels import (
    Margins,
    columns_for,
    fit,
    heading,
    panel_grid,
    refused,
    text_mm,
    width_for,
)
from headwater.report.figures.words import ALL, drawn_periods, kind_label, kinds_present, period_label
from headwater.report.numbers import number as written
from headwater.report.numbers import p_value
from headwater.report.style import ALTITUDE_MAP, INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from headwater.report.text import Text
    from headwater.study.result import StudyResult

SURE = 0.05
LEAST_CELL_MM = 6.2


def wants(result: StudyResult) -> bool:
    """At least two kinds were compared."""
    return len(result.tables.distances) > 0


def draw(result: StudyResult, text: Text) -> Figure:
    """One matrix a period; pairs that cannot be told apart are white with a ring."""
    table = result.tables.distances
    periods = [period for period in (*drawn_periods(result), ALL) if (table["period"] == period).any()] or [
        ALL
    ]
    kinds = _kinds(result)
    names = [kind_label(kind, text) for kind in kinds]
    label_mm = min(30.0, max([8.0, *map(text_mm, names)]) + 2)
    columns = columns_for(len(periods))
    width = (width_for(len(periods)) - label_mm - 4 - 4 * (columns - 1)) / columns
    rows, across = max(len(kinds) - 1, 1), max(len(kinds) - 1, 1)
    cell = min(11.0, width / across)
    fig, axes = panel_grid(
        len(periods),
        width_mm=width_for(len(periods)),
        height_mm=max(cell * rows, 14),
        columns=columns,
        margins=Margins(
            left=label_mm, right=4, bottom=label_mm * 0.8 + 4, across=4, down=12 + (0 if columns == 1 else 2)
        ),
    )
    top = float(table["energy"].max()) if len(table) else 1.0
    for number, (period, panel) in enumerate(zip(periods, axes, strict=True)):
        heading(panel, period_label(result, period, text, short=columns > 2), number)
        own = table[table["period"] == period]
        if own.empty:
            refused(panel, text("figure.nothing"))
            continue
        _matrix(panel, own, kinds, top, written_in=cell >= LEAST_CELL_MM)
        lowest = number + columns >= len(periods)
        panel.set_xticks(
            range(across),
            [fit(name, label_mm) for name in names[:-1]] if lowest else [],
            rotation=35,
            ha="right",
            rotation_mode="anchor",
        )
        panel.set_yticks(
            range(rows), [fit(name, label_mm - 2) for name in names[1:]] if number % columns == 0 else []
        )
        panel.set_xlim(-0.5, max(across, width / cell) - 0.5)
        panel.set_ylim(rows - 0.5, -0.5)
    return fig


def finding(result: StudyResult, text: Text) -> str:
    """The pairs that cannot be told apart, else the closest pair."""
    table = result.tables.distances
    same = table[table["p_adjusted"] >= SURE]
    row = table.loc[table["energy"].idxmin()]
    values = {
        "a": kind_label(str(row["kind_a"]), text),
        "b": kind_label(str(row["kind_b"]), text),
        "distance": written(row["energy"], 2),
        "p": p_value(row["p_adjusted"]),
        "period": period_label(result, str(row["period"]), text),
    }
    key = "figure.kind_distance.finding" if len(same) else "figure.kind_distance.finding_apart"
    return text(key, same=len(same), n=len(table), **values)


def method(result: StudyResult, text: Text) -> str:
    """What the distance is, and the number of waters of a kind."""
    table = result.tables.distances
    counts = pd.concat([table["n_a"], table["n_b"]]).astype(int)
    return text("figure.kind_distance.method", low=counts.min(), high=counts.max())


def _kinds(result: StudyResult) -> list[str]:
    table = result.tables.distances
    found = set(table["kind_a"].astype(str)) | set(table["kind_b"].astype(str))
    order = [kind for kind in kinds_present(result) if kind in found]
    return order + sorted(found - set(order))


def _matrix(panel: Axes, own: pd.DataFrame, kinds: list[str], top: float, *, written_in: bool) -> None:
    from matplotlib import colormaps
    from matplotlib.patches import Rectangle

    colours = colormaps[ALTITUDE_MAP].reversed()
    for row in own.to_dict("records"):
        a, b = sorted((kinds.index(str(row["kind_a"])), kinds.index(str(row["kind_b"]))))
        value = float(row["energy"])
        same = float(row["p_adjusted"]) >= SURE
        part = 0.1 + 0.9 * (value / top if top > 0 and np.isfinite(value) else 0.0)
        face = colours(part)
        panel.add_patch(
            Rectangle(
                (a - 0.48, b - 1.48),
                0.96,
                0.96,
                facecolor="white" if same else face,
                edgecolor=INK if same else "none",
                linewidth=0.7,
                linestyle=(0, (2, 1.5)),
            )
        )
        if written_in:
            dark = not same and 0.3 * face[0] + 0.59 * face[1] + 0.11 * face[2] < 0.55
            panel.text(
                a,
                b - 1,
                written(value, 2 if value < 10 else 0),
                ha="center",
                va="center_baseline",
                fontsize=6.2,
                color="white" if dark else INK,
            )
    panel.tick_params(length=0)
    panel.spines[:].set_visible(False)
