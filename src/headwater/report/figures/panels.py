"""Rows and columns of panels measured in millimetres, their headings, legends and notes."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from headwater.report.style import ALERT, INK, MIDDLE_MM, MM, POINTS_DRAWN_AS_PATHS, QUIET, WIDE_MM, Mark

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from headwater.report.text import Text

MOST_PANELS = 24
LEGEND_ROW_MM = 4.2
LABEL_PT = 7.0


@dataclass(frozen=True)
class Margins:
    """Room around the panels and between them [mm]."""

    left: float = 14.0
    right: float = 3.0
    top: float = 9.0
    bottom: float = 10.0
    across: float = 6.0
    down: float = 12.0


def width_for(count: int) -> float:
    """Width of a figure with so many panels [mm]: one panel does not need the whole page."""
    return MIDDLE_MM if count == 1 else WIDE_MM


def columns_for(count: int) -> int:
    """How many panels stand in a row: never more than six, few holes, wider than high."""
    if count <= 3:
        return max(count, 1)
    choices = [c for c in (2, 3, 4, 5, 6) if c <= math.ceil(count / 2)]
    return min(choices, key=lambda c: (-(-count // c) * c - count, abs(c - math.sqrt(1.6 * count))))


def panel_grid(
    count: int,
    *,
    width_mm: float,
    height_mm: float,
    columns: int | None = None,
    margins: Margins = Margins(),
    legend: Sequence[Artist] = (),
    ratios: Sequence[float] | None = None,
) -> tuple[Figure, list[Axes]]:
    """A figure and its panels, row by row.

    Parameters
    ----------
    count : number of panels
    width_mm : of the whole figure
    height_mm : of one panel
    legend : artists with labels, set below the panels
    ratios : relative width of each column
    """
    from matplotlib.figure import Figure

    columns = columns or columns_for(count)
    rows = max(1, -(-count // columns))
    legend_columns = _legend_columns(legend, width_mm - 6)
    legend_mm = LEGEND_ROW_MM * -(-len(legend) // legend_columns) + 2 if legend else 0.0
    total_mm = margins.top + rows * height_mm + (rows - 1) * margins.down + margins.bottom + legend_mm
    fig = Figure(figsize=(width_mm * MM, total_mm * MM))
    room = width_mm - margins.left - margins.right - (columns - 1) * margins.across
    shares = ratios or [1.0] * columns
    widths = [room * share / sum(shares) for share in shares]
    axes = []
    for number in range(count):
        row, column = divmod(number, columns)
        left = margins.left + sum(widths[:column]) + column * margins.across
        bottom = total_mm - margins.top - (row + 1) * height_mm - row * margins.down
        box = (left / width_mm, bottom / total_mm, widths[column] / width_mm, height_mm / total_mm)
        axes.append(fig.add_axes(box))
    if legend:
        fig.legend(
            handles=list(legend),
            loc="lower left",
            ncol=legend_columns,
            bbox_to_anchor=(min(margins.left, 14) / width_mm, 1.2 / total_mm),
            alignment="left",
        )
    return fig, axes


def is_lowest(axes: Sequence[Axes], number: int, columns: int) -> bool:
    """No drawn panel stands below this one, so that it carries the label of the x axis."""
    return number + columns >= len(axes) or not axes[number + columns].axison


def is_leftmost(axes: Sequence[Axes], number: int, columns: int) -> bool:
    """No drawn panel stands to the left of this one, so that it carries the labels of the y axis."""
    return number % columns == 0 or not axes[number - 1].axison


def join_axes(
    axes: Sequence[Axes],
    columns: int,
    *,
    x: str,
    y: str,
    x_limits: tuple[float, float] | None = None,
    y_limits: tuple[float, float] | None = None,
) -> None:
    """One scale for all panels; numbers and labels only at the outer ones."""
    for number, panel in enumerate(axes):
        if not panel.axison:
            continue
        if x_limits:
            panel.set_xlim(*x_limits)
        if y_limits:
            panel.set_ylim(*y_limits)
        lowest, leftmost = is_lowest(axes, number, columns), is_leftmost(axes, number, columns)
        panel.set_xlabel(x if lowest else "")
        panel.set_ylabel(y if leftmost else "")
        panel.tick_params(labelbottom=lowest, labelleft=leftmost)


def panel_height(columns: int, *, width_mm: float, ratio: float = 0.9, most_mm: float = 62.0) -> float:
    """Height of a panel from its width [mm]."""
    return min(most_mm, ratio * (width_mm - 17 - 6 * (columns - 1)) / columns)


def heading(axes: Axes, label: str, number: int | None = None) -> None:
    """Letter (a, b, …) and heading above a panel, cut where it is wider than the panel."""
    letter = "" if number is None or number > 25 else f"{chr(97 + number)}  "
    axes.set_title(letter + fit(label, panel_width_mm(axes) + 2 - 4 * bool(letter), scale=8 / 7))


def fit(label: str, room_mm: float, *, scale: float = 1.0) -> str:
    """The label, its end replaced by … where it does not fit."""
    if text_mm(label) * scale <= room_mm:
        return label
    while len(label) > 1 and text_mm(label + "…") * scale > room_mm:
        label = label[:-1]
    return label.rstrip() + "…"


def text_mm(label: str) -> float:
    """Width of a label at 7 pt [mm]."""
    return sum(map(_letter_mm, label))


@cache
def _letter_mm(letter: str) -> float:
    from matplotlib.font_manager import findfont, get_font

    if unicodedata.east_asian_width(letter) in "WF":
        return LABEL_PT / 72 * 25.4
    font = get_font(findfont("DejaVu Sans"))
    font.set_size(LABEL_PT, 72)
    return font.load_char(ord(letter)).linearHoriAdvance / 65536 / 72 * 25.4


def refused(axes: Axes, sentence: str, *, colour: str = ALERT) -> None:
    """An empty panel that says why it is empty."""
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.text(
        0.5,
        0.55,
        wrap(sentence, panel_width_mm(axes) - 4),
        ha="center",
        va="center",
        fontsize=7,
        color=colour,
        linespacing=1.4,
    )


def nothing(text: Text) -> Figure:
    """A figure of a study that has nothing for it."""
    fig, axes = panel_grid(1, width_mm=MIDDLE_MM, height_mm=20)
    refused(axes[0], text("figure.nothing"), colour=QUIET)
    return fig


def wrap(sentence: str, room_mm: float) -> str:
    """The sentence in lines that fit; Chinese breaks between any two letters."""
    lines, line = [], ""
    for piece in _pieces(sentence):
        if line and text_mm((line + piece).rstrip()) > room_mm:
            lines.append(line.rstrip())
            line = piece.lstrip()
        else:
            line += piece
    return "\n".join([*lines, line.rstrip()])


def panel_width_mm(axes: Axes) -> float:
    """Width of a panel on paper [mm]."""
    return axes.get_position().width * axes.figure.get_figwidth() / MM


def note(
    axes: Axes, label: str, *, x: float = 0.98, y: float = 0.03, ha: str = "right", colour: str = QUIET
) -> None:
    """A short remark inside a panel, on a pale ground so that points do not hide it."""
    ground = {"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 0.8}
    va = "bottom" if y < 0.5 else "top"
    axes.text(
        x, y, label, transform=axes.transAxes, ha=ha, va=va, fontsize=6.5, color=colour, bbox=ground, zorder=9
    )


def mark_simulated(fig: Figure, text: Text) -> None:
    """The word that no reader may miss on a figure of simulated data."""
    width, height = fig.get_size_inches() / MM
    fig.text(
        1 - 2.0 / width,
        1 - 1.6 / height,
        text("figure.simulated"),
        ha="right",
        va="top",
        fontsize=7,
        color="white",
        bbox={"facecolor": ALERT, "edgecolor": "none", "boxstyle": "round,pad=0.25"},
    )


def scatter(
    axes: Axes,
    x: Any,
    y: Any,
    mark: Mark,
    *,
    colour: str | None = None,
    size: float | None = None,
    alpha: float = 1.0,
    zorder: float = 2,
) -> None:
    """Points of one water; pixels instead of paths where there are very many."""
    size, look = (
        size or mark.size,
        {"alpha": alpha, "zorder": zorder, "rasterized": len(x) > POINTS_DRAWN_AS_PATHS},
    )
    if mark.marker == "x":
        axes.scatter(x, y, s=size, marker="x", c=[colour or mark.colour], linewidths=0.7, **look)
        return
    edge = mark.line if mark.hollow or mark.edge != "none" else "white"
    axes.scatter(
        x,
        y,
        s=size,
        marker=mark.marker,
        facecolors="none" if mark.hollow else (colour or mark.colour),
        edgecolors=edge,
        linewidths=0.7 if mark.hollow else 0.35,
        **look,
    )


def key(mark: Mark, label: str, *, line: bool = False) -> Artist:
    """Entry of a legend for a water drawn as points."""
    from matplotlib.lines import Line2D

    hollow = mark.hollow and mark.marker != "x"
    return Line2D(
        [],
        [],
        linestyle="-" if line else "none",
        linewidth=1,
        color=mark.line,
        marker=mark.marker,
        markersize=max(2.5, 1.15 * mark.size**0.5),
        markerfacecolor="none" if hollow else mark.colour,
        markeredgecolor=mark.line,
        markeredgewidth=0.6,
        label=label,
    )


def bar_key(mark: Mark, label: str) -> Artist:
    """Entry of a legend for a source drawn as a bar."""
    from matplotlib.patches import Patch

    return Patch(label=label, **bar_fill(mark))


def bar_fill(mark: Mark) -> dict[str, Any]:
    """Keywords that fill a bar as the mark says."""
    if mark.hollow:
        return {"facecolor": "#F1F3F5", "edgecolor": mark.colour, "hatch": mark.hatch, "linewidth": 0.5}
    return {"facecolor": mark.colour, "edgecolor": mark.line, "linewidth": 0.4}


def line_key(
    label: str,
    *,
    colour: str = INK,
    dash: Any = "-",
    width: float = 1.0,
    marker: str = "",
    hollow: bool = False,
) -> Artist:
    """Entry of a legend for a line."""
    from matplotlib.lines import Line2D

    return Line2D(
        [],
        [],
        label=label,
        color=colour,
        linestyle=dash,
        linewidth=width,
        marker=marker,
        markersize=4,
        markerfacecolor="white" if hollow else colour,
        markeredgecolor=colour if hollow else "white",
        markeredgewidth=0.8 if hollow else 0.5,
    )


def thin(frame: pd.DataFrame, most: int = 20_000) -> pd.DataFrame:
    """Every so-maniest row, where there are more points than a panel can show."""
    return frame if len(frame) <= most else frame.iloc[:: -(-len(frame) // most)]


def _legend_columns(legend: Sequence[Artist], room_mm: float) -> int:
    widest = max((text_mm(str(artist.get_label())) for artist in legend), default=0) + 9
    return max(1, min(len(legend), int(room_mm // widest)))


def _pieces(sentence: str) -> list[str]:
    pieces, word = [], ""
    for letter in sentence:
        if unicodedata.east_asian_width(letter) in "WF":
            pieces += [word, letter] if word else [letter]
            word = ""
        elif letter == " ":
            pieces.append(word + " ")
            word = ""
        else:
            word += letter
    return [*pieces, word] if word else pieces


def degree_axes(panel: Axes) -> None:
    """Writes longitude and latitude with their degrees and directions."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    def write(value: float, positive: str, negative: str) -> str:
        return f"{abs(value):g}°{positive if value >= 0 else negative}"

    panel.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
    panel.yaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 2.5, 5, 10]))
    panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: write(round(value, 4), "E", "W")))
    panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: write(round(value, 4), "N", "S")))
