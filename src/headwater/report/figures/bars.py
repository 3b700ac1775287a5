"""Shares of one stratum as a bar: stacked with whiskers, or as ranges where there is no single answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from headwater.report.figures.panels import bar_fill, bar_key, line_key, panel_width_mm
from headwater.report.figures.words import kind_label
from headwater.report.style import INK, QUIET, Mark, source_marks

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from headwater.report.text import Text
    from headwater.study.result import StudyResult

BAR = 0.74
CELL = ["period", "stratum", "level"]
MOST_WHISKER = 1.1
"""How far beyond 100 % an axis follows a whisker."""
RANGE: dict[str, Any] = {"facecolor": "white", "hatch": "//////", "linewidth": 0.6}
MOST_STACKED = 3
"""With more sources the errors of inner boundaries are unknown: each source gets its own interval."""
DIGITS_MM = 3.6
NEARLY_ALL = 0.995
SURELY_ONE = 1e-3
"""Intervals narrower than this are not drawn: the share is known."""
NARROW_MM = 36.0
REFUSED_CODES = ("one_source", "no_sources", "unpaired", "too_few_samples", "not_converged")
"""Notices that explain why a period has no shares."""


def loose_rows(table: pd.DataFrame) -> pd.Series:
    """True for rows whose shares are feasible ranges only."""
    return table["flags"].astype(str).str.contains("underdetermined")


def loose(rows: pd.DataFrame) -> bool:
    """True where any of the shares is a feasible range only."""
    return bool(loose_rows(rows).any())


def range_word(table: pd.DataFrame) -> str:
    """What the ranges are: ``range`` of what is feasible, or ``prior`` for intervals that rest on it."""
    on_prior = loose_rows(table) & (table["method"].astype(str) == "bayes")
    return "prior" if on_prior.any() else "range"


def as_ranges(rows: pd.DataFrame) -> bool:
    """True where the shares are drawn side by side instead of stacked."""
    return loose(rows) or len(rows) > MOST_STACKED


def row_height(contributions: pd.DataFrame) -> float:
    """Height of a row of bars [mm]: taller where any row shows its sources side by side."""
    if contributions.empty:
        return 4.8
    side_by_side = [len(rows) for _, rows in contributions.groupby(CELL, observed=True) if as_ranges(rows)]
    return max(4.8, 1.35 * max(side_by_side, default=0) + 1.0)


def draw_shares(
    axes: Axes,
    y: float,
    rows: pd.DataFrame,
    marks: dict[str, Mark],
    *,
    truth: dict[str, float],
    room_mm: float,
) -> None:
    """The shares of one stratum at height ``y``; ``room_mm`` is the width of 100 % on paper."""
    rows = rows.set_index("source").reindex([name for name in marks if name in set(rows["source"])])
    if as_ranges(rows):
        _ranges(axes, y, rows, marks, truth)
    else:
        _stacked(axes, y, rows, marks, truth, room_mm)


def _stacked(
    axes: Axes, y: float, rows: pd.DataFrame, marks: dict[str, Mark], truth: dict[str, float], room_mm: float
) -> None:
    whiskers = _whiskers(rows)
    edges = np.cumsum([truth.get(str(name), 0.0) for name in rows.index]) if truth else np.empty(0)
    edges = edges[edges < NEARLY_ALL]
    blocked = [(low, high) for _, low, high in whiskers] + [(float(edge), float(edge)) for edge in edges]
    above, below = 0.0, 0.0
    for name, value in rows["mean"].items():
        start = above if value >= 0 else below
        mark = marks[str(name)]
        axes.barh(y, value, left=start, height=BAR, zorder=2, **bar_fill(mark))
        at = _free_place(start, value, DIGITS_MM / room_mm / 2, blocked)
        if at is not None:
            look = {"fontsize": 6.5, "color": INK if mark.hollow else mark.text}
            axes.text(at, y, f"{100 * value:.0f}", ha="center", va="center_baseline", **look)
        above, below = (start + value, below) if value >= 0 else (above, start + value)
    for number, (at, low, high) in enumerate(whiskers):
        height = y + (0 if len(whiskers) == 1 else (-0.17, 0.17)[number % 2])
        _whisker(axes, height, at, low, high)
    for edge in edges:
        _tick(axes, float(edge), y - 0.5, y + 0.5)


def _free_place(start: float, value: float, half: float, blocked: list[tuple[float, float]]) -> float | None:
    """Where a number of half width ``half`` fits between what is drawn on a bar; None where nowhere."""
    for part in (0.5, 0.35, 0.65, 0.2, 0.8):
        at = start + part * value
        inside = start + 1.1 * half <= at <= start + value - 1.1 * half
        if inside and all(high < at - half or low > at + half for low, high in blocked):
            return at
    return None


def _tick(axes: Axes, x: float, low: float, high: float) -> None:
    """Known truth: a dark line that stands out on any colour."""
    for colour, width, order in (("white", 2.2, 5), (INK, 1.0, 6)):
        axes.plot([x, x], [low, high], color=colour, linewidth=width, zorder=order, solid_capstyle="butt")


def _whiskers(rows: pd.DataFrame) -> list[tuple[float, float, float]]:
    """Boundaries of a stack with 95 % intervals: behind the first source, before the last of three."""
    if len(rows) < 2:
        return []
    first, last = rows.iloc[0], rows.iloc[-1]
    found = [(first["mean"], first["q025"], first["q975"])]
    if len(rows) == MOST_STACKED:
        total = float(rows["mean"].sum())
        found.append((total - last["mean"], total - last["q975"], total - last["q025"]))
    wide = [(float(at), float(low), float(high)) for at, low, high in found if high - low > SURELY_ONE]
    return [whisker for whisker in wide if np.isfinite(whisker).all()]


def _whisker(axes: Axes, y: float, at: float, low: float, high: float) -> None:
    """An interval that can be read on any colour: dark on a white edge."""
    for colour, width, order in (("white", 2.4, 3), (INK, 0.9, 4)):
        axes.plot([low, high], [y, y], color=colour, linewidth=width, zorder=order, solid_capstyle="butt")
    axes.plot(
        [at],
        [y],
        marker="o",
        markersize=2.6,
        color=INK,
        markeredgecolor="white",
        markeredgewidth=0.5,
        zorder=4,
    )


def _ranges(
    axes: Axes, y: float, rows: pd.DataFrame, marks: dict[str, Mark], truth: dict[str, float]
) -> None:
    step = BAR / len(rows)
    for number, (name, row) in enumerate(rows.iterrows()):
        mark = marks[str(name)]
        height = y - BAR / 2 + (number + 0.5) * step
        width = max(float(row["q975"] - row["q025"]), 0.004)
        if loose(rows):
            axes.barh(
                height, width, left=row["q025"], height=0.78 * step, zorder=2, **RANGE, edgecolor=mark.line
            )
        else:
            axes.plot([row["q025"], row["q975"]], [height] * 2, color=mark.line, linewidth=1.2, zorder=2)
            axes.plot(
                row["mean"],
                height,
                marker=mark.marker,
                color=mark.colour,
                markeredgecolor=mark.line,
                markersize=3.5,
            )
        if str(name) in truth:
            axes.plot(
                [truth[str(name)]] * 2,
                [height - step / 2, height + step / 2],
                color=INK,
                linewidth=1.4,
                zorder=6,
            )


def legend(result: StudyResult, text: Text) -> list[Artist]:
    """Entries for the sources, the whiskers or ranges, and the known truth."""
    from matplotlib.patches import Patch

    table = result.tables.contributions
    marks = source_marks(result.sources, result.waters)
    shown = [name for name in marks if table.empty or (table["source"] == name).any()]
    entries = [bar_key(marks[name], kind_label(name, text)) for name in shown]
    if len(table) and not loose_rows(table).all():
        entries.append(line_key(text("figure.contributions.whisker")))
    if len(table) and loose(table):
        said = "range" if range_word(table) == "range" else "range_prior"
        entries.append(Patch(label=text(f"figure.contributions.{said}"), **RANGE, edgecolor=QUIET))
    if result.truth is not None and len(table):
        entries.append(tick_key(text("figure.contributions.truth")))
    return entries


def tick_key(label: str) -> Artist:
    from matplotlib.lines import Line2D

    return Line2D(
        [], [], linestyle="none", marker="|", markersize=8, markeredgewidth=1.3, color=INK, label=label
    )


def truth_of(result: StudyResult) -> dict[tuple[str, str, str], dict[str, float]]:
    """(period, stratum, level) → known share of every source; empty for real samples."""
    if result.truth is None:
        return {}
    found: dict[tuple[str, str, str], dict[str, float]] = {}
    for row in result.truth.itertuples():
        found.setdefault((str(row.period), str(row.stratum), str(row.level)), {})[str(row.source)] = float(
            row.share
        )
    return found


def quarters(axes: Axes) -> list[int]:
    """Ticks of a percent axis: quarters, in narrow panels halves."""
    return [0, 50, 100] if panel_width_mm(axes) < NARROW_MM else [0, 25, 50, 75, 100]


def percent_axis(axes: Axes, table: pd.DataFrame, label: str) -> None:
    """Axis from 0 to 100 %, wider where a share lies outside."""
    low, high = 0.0, 1.0
    if len(table):
        positive = table["mean"].clip(lower=0).groupby([table[name] for name in CELL], observed=True).sum()
        low = min(low, float(table["mean"].min()))
        high = max(high, float(positive.max()), min(MOST_WHISKER, float(table["q975"].max())))
    axes.set_xlim(1.05 * low, 1.005 * high)
    ticks = quarters(axes)
    axes.set_xticks([tick / 100 for tick in ticks], [str(tick) for tick in ticks])
    axes.set_xlabel(label)
    for edge in (0.0, 1.0):
        axes.axvline(edge, color=QUIET, linewidth=0.5, zorder=1)
