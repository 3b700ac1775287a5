"""Colours, markers, sizes and axis labels that all figures share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from headwater.report.fonts import register_fonts

if TYPE_CHECKING:
    import pandas as pd

MM = 1 / 25.4
WIDE_MM, MIDDLE_MM, NARROW_MM = 190.0, 140.0, 90.0
DPI = 300
POINTS_DRAWN_AS_PATHS = 3000
"""Scatters with more points are drawn as pixels inside the SVG."""

INK = "#22282E"
QUIET = "#6C7A89"
PALE = "#D5DADF"
GREY = "#8C97A3"
ALERT = "#C8313F"
GLOBAL_LINE = "#8C97A3"
LOCAL_LINE = "#111111"
PERIOD_COLOURS = ("#E3A335", "#C8553D", "#5C6F9C")
DASHES: tuple[Any, ...] = (
    "-",
    (0, (5, 2)),
    (0, (1, 1.3)),
    (0, (5, 1.5, 1, 1.5)),
    (0, (3, 1, 1, 1, 1, 1)),
    (0, (8, 3)),
)
DEPTH_SHADES = ("#D9A066", "#A86A2F", "#572E08")
ALTITUDE_MAP = "cividis"

GLOBAL_SLOPE, GLOBAL_INTERCEPT = 8.0, 10.0
"""δ²H = 8 δ¹⁸O + 10: Craig (1961), Science 133, 1702–1703."""


@dataclass(frozen=True)
class Mark:
    """How one water is drawn: in a scatter by marker, face and edge, in a bar by fill and hatch."""

    colour: str
    marker: str
    size: float = 16.0
    edge: str = "none"
    hollow: bool = False
    hatch: str = ""

    @property
    def face(self) -> str:
        """Colour inside the marker."""
        return "none" if self.hollow else self.colour

    @property
    def line(self) -> str:
        """Colour of lines and of the marker's border; dark where the fill is too pale for a line."""
        return self.edge if self.edge != "none" else self.colour

    @property
    def text(self) -> str:
        """Colour of letters on the fill."""
        red, green, blue = (int(self.colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
        return "#FFFFFF" if 0.299 * red + 0.587 * green + 0.114 * blue < 0.55 else INK


KIND_MARKS = {
    "precipitation": Mark("#302BDE", "o", 14),
    "ground_ice": Mark("#17C1F2", "D", 13),
    "snow_melt": Mark("#DAF1EA", "^", 18, edge="#2F5D50"),
    "soil_water": Mark("#572E08", ".", 10),
    "river": Mark("#18943B", "s", 13),
    "suprapermafrost": Mark("#866E87", "p", 18),
    "groundwater": Mark("#082D37", "H", 18),
    "stem": Mark("#E2D616", "*", 26, edge="#5C5706"),
    "leaf": Mark("#E2D616", "P", 18, edge="#5C5706"),
    "spring": Mark(GREY, "v", 18, hollow=True, hatch="////"),
    "lake": Mark(GREY, ">", 18, hollow=True, hatch="...."),
    "vapour": Mark(GREY, "x", 16, edge=GREY),
    "tap": Mark(GREY, "<", 16, hollow=True, hatch="xxxx"),
    "other": Mark(GREY, "X", 16, hollow=True, hatch="++++"),
}
"""Kind of water → its mark (the house table of colours)."""

OWN_MARKS = (
    Mark("#B65FCF", "d", 18),
    Mark("#B8860B", "8", 18),
    Mark("#4F8F8B", "h", 18),
    Mark("#D77A9B", "X", 18),
    Mark("#7A8B2A", "P", 18),
    Mark(GREY, "v", 18, hollow=True, hatch="////"),
    Mark(GREY, "d", 18, hollow=True, hatch="xxxx"),
)
"""Marks of sources with names of their own, in turn."""


def rc() -> dict[str, Any]:
    """Settings of matplotlib for every figure of headwater."""
    return {
        "font.family": list(register_fonts()),
        "font.size": 8,
        "axes.titlesize": 8,
        "axes.labelsize": 8,
        "xtick.labelsize": 7,
        "ytick.labelsize": 7,
        "legend.fontsize": 7,
        "legend.frameon": False,
        "legend.handletextpad": 0.5,
        "legend.columnspacing": 1.2,
        "legend.borderaxespad": 0.0,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.linewidth": 0.6,
        "axes.edgecolor": INK,
        "axes.labelcolor": INK,
        "text.color": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "axes.titlelocation": "left",
        "axes.titlepad": 4,
        "axes.labelpad": 3,
        "xtick.major.width": 0.6,
        "ytick.major.width": 0.6,
        "xtick.major.size": 2.5,
        "ytick.major.size": 2.5,
        "xtick.major.pad": 2,
        "ytick.major.pad": 2,
        "lines.linewidth": 1.0,
        "hatch.linewidth": 0.5,
        "axes.unicode_minus": True,
        "mathtext.fontset": "dejavusans",
        "figure.facecolor": "white",
        "figure.dpi": 100,
        "savefig.dpi": DPI,
        "svg.fonttype": "path",
        "svg.hashsalt": "headwater",
        "path.simplify": True,
    }


@contextmanager
def figure_style() -> Iterator[None]:
    """The settings of :func:`rc`, while a figure is drawn or saved."""
    import matplotlib

    with matplotlib.rc_context(rc()):
        yield


def kind_mark(kind: str) -> Mark:
    """Mark of a kind of water; unknown kinds look like ``other``."""
    return KIND_MARKS.get(kind, KIND_MARKS["other"])


def source_marks(sources: tuple[str, ...], waters: pd.DataFrame) -> dict[str, Mark]:
    """Source → its mark.

    A source named as a kind looks like that kind. One with a name of its own takes the look of the kind
    most of its waters have, as long as no other source has it; else a mark of its own.
    """
    marks = {name: KIND_MARKS[name] for name in sources if name in KIND_MARKS}
    own = iter(OWN_MARKS * (1 + len(sources) // len(OWN_MARKS)))
    taken = set(marks)
    for name in sources:
        if name in marks:
            continue
        kinds = waters.loc[waters["source"] == name, "kind"].astype(str).mode()
        kind = str(kinds.iloc[0]) if len(kinds) else "other"
        if kind in taken or kind in ("other", "soil_water") or kind not in KIND_MARKS:
            marks[name] = next(own)
        else:
            marks[name] = KIND_MARKS[kind]
            taken.add(kind)
    return {name: marks[name] for name in sources}


def period_colours(periods: tuple[str, ...]) -> dict[str, str]:
    """Period → its colour: the three of the house for up to three periods, else a row between them."""
    n = len(periods)
    if n <= len(PERIOD_COLOURS):
        return dict(zip(periods, PERIOD_COLOURS, strict=False))
    from matplotlib.colors import LinearSegmentedColormap, to_hex

    between = LinearSegmentedColormap.from_list("periods", PERIOD_COLOURS)
    return {period: to_hex(between(i / (n - 1))) for i, period in enumerate(periods)}


def shades(count: int, colours: tuple[str, ...] = DEPTH_SHADES) -> list[str]:
    """So many shades from the first to the last colour, as for soil layers from the top down."""
    from matplotlib.colors import LinearSegmentedColormap, to_hex

    between = LinearSegmentedColormap.from_list("shades", colours)
    return [to_hex(between(i / max(count - 1, 1))) for i in range(count)]


def altitude_shades(count: int) -> list[str]:
    """So many colours of the altitude map, low to high, the palest yellow left out."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    return [to_hex(colormaps[ALTITUDE_MAP](0.05 + 0.85 * i / max(count - 1, 1))) for i in range(count)]


def scaled(mark: Mark, factor: float) -> Mark:
    """The mark with its area times ``factor``."""
    return replace(mark, size=mark.size * factor)
