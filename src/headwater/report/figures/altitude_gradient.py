"""δ¹⁸O against altitude for every kind of water."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from headwater.report.figures.dual_isotope import limits
from headwater.report.figures.panels import (
    columns_for,
    heading,
    join_axes,
    line_key,
    note,
    nothing,
    panel_grid,
    panel_height,
    scatter,
    thin,
    width_for,
)
from headwater.report.figures.words import ALL, D18O, kind_label, kinds_present, period_label
from headwater.report.numbers import number as written
from headwater.report.numbers import p_value
from headwater.report.style import DASHES, INK, WIDE_MM, kind_mark, period_colours

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from headwater.report.text import Text
    from headwater.study.result import StudyResult

SURE = 0.05
MOST_LINES = 6
LEAST_TO_NAME = 10


def wants(result: StudyResult) -> bool:
    """A gradient of δ¹⁸O with altitude was computed for at least one kind."""
    return len(_gradients(result)) > 0


def draw(result: StudyResult, text: Text) -> Figure:
    """One panel a kind: waters, and the fitted line of every period (dashed where the slope may be 0)."""
    waters = result.waters[result.waters["d18O"].notna() & result.waters["altitude_m"].notna()]
    kinds = [kind for kind in kinds_present(result) if (waters["kind"] == kind).any()]
    if not kinds:
        return nothing(text)
    gradients = _gradients(result)
    periods = _periods(result, gradients)
    colours = {ALL: INK} | period_colours(result.periods)
    columns = columns_for(len(kinds))
    entries = [
        line_key(period_label(result, period, text), colour=colours.get(period, INK)) for period in periods
    ]
    fig, axes = panel_grid(
        len(kinds),
        width_mm=width_for(len(kinds)),
        height_mm=panel_height(columns, width_mm=WIDE_MM, ratio=0.75, most_mm=50),
        legend=entries,
    )
    for number, (kind, panel) in enumerate(zip(kinds, axes, strict=True)):
        own = waters[waters["kind"] == kind]
        heading(panel, f"{kind_label(kind, text)}, n {len(own)}", number)
        shown = thin(own)
        mark = kind_mark(kind)
        scatter(panel, shown["altitude_m"], shown["d18O"], mark, alpha=0.3, size=0.6 * mark.size)
        rows = gradients[gradients["kind"] == kind]
        for period in periods:
            part = own if period == ALL else own[own["period"] == period]
            for row in rows[rows["period"] == period].to_dict("records"):
                _line(panel, part, row, colours.get(period, INK))
        best = _main(rows)
        if best is not None:
            note(panel, _slope(best, text))
    join_axes(
        axes,
        columns,
        x=text("figure.altitude"),
        y=D18O,
        x_limits=limits(waters["altitude_m"]),
        y_limits=limits(waters["d18O"]),
    )
    return fig


def finding(result: StudyResult, text: Text) -> str:
    """The steepest gradient that is surely not zero."""
    table = _gradients(result)
    sure = table[(table["p"] < SURE) & (table["n"] >= LEAST_TO_NAME)]
    if sure.empty:
        return text("figure.altitude_gradient.finding_none")
    row = sure.loc[sure["slope"].abs().idxmax()]
    return text(
        "figure.altitude_gradient.finding",
        kind=kind_label(str(row["kind"]), text),
        slope=_per_100(row["slope"]),
        se=written(100 * row["slope_se"], 2),
        period=period_label(result, str(row["period"]), text),
        n=int(row["n"]),
        p=p_value(row["p"]),
    )


def method(result: StudyResult, text: Text) -> str:
    """How the lines were fitted, to how many waters."""
    waters = result.waters
    return text(
        "figure.altitude_gradient.method",
        n=int((waters["d18O"].notna() & waters["altitude_m"].notna()).sum()),
    )


def _gradients(result: StudyResult) -> pd.DataFrame:
    table = result.tables.gradients
    against = table["against"].astype(str).str.startswith("altitude")
    return table[(table["variable"] == "d18O") & against & table["slope"].notna()]


def _periods(result: StudyResult, gradients: pd.DataFrame) -> list[str]:
    """Periods with a line; only the whole campaign where there are too many to tell apart."""
    found = set(gradients["period"].astype(str))
    periods = [period for period in (*result.period_names, ALL) if period in found]
    if len(periods) > MOST_LINES and ALL in periods:
        return [ALL]
    return list(dict.fromkeys(periods))


def _main(rows: pd.DataFrame) -> dict | None:
    """The gradient that the panel names: of the whole campaign, else the one with most waters."""
    if rows.empty:
        return None
    whole = rows[rows["period"] == ALL]
    chosen = whole if len(whole) else rows.loc[[rows["n"].astype(float).idxmax()]]
    return chosen.iloc[0].to_dict()


def _line(panel: Axes, part: pd.DataFrame, row: dict, colour: str) -> None:
    if len(part) < 2:
        return
    x = np.array([part["altitude_m"].min(), part["altitude_m"].max()], float)
    y = float(part["d18O"].mean()) + float(row["slope"]) * (x - float(part["altitude_m"].mean()))
    sure = float(row["p"]) < SURE
    panel.plot(x, y, color="white", linewidth=2.4, alpha=0.8, zorder=4)
    panel.plot(
        x, y, color=colour, linewidth=1.4 if sure else 1.0, linestyle="-" if sure else DASHES[1], zorder=5
    )


def _slope(row: dict, text: Text) -> str:
    return text(
        "figure.altitude_gradient.slope", slope=_per_100(row["slope"]), se=written(100 * row["slope_se"], 2)
    )


def _per_100(slope: float) -> str:
    return written(100 * slope, 2, sign=True)
