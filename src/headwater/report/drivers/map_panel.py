"""A map of one number in a panel: colours, pale and stippled where not significant, degrees at the edges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from headwater.report.figures.panels import degree_axes, panel_width_mm
from headwater.report.style import INK, PALE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
COLOURS = "RdBu_r"
ELSEWHERE = (0.925, 0.937, 0.945, 1.0)
"""Pixels with a value that belong to another panel."""
FADE = 0.62
"""How far the colour of a pixel that is not significant goes towards white."""
MOST_PIXELS = 420
"""Pixels of a panel along its longer side; more are averaged in blocks, since no print shows them."""
DOT_MM = 1.9


@dataclass(frozen=True)
class Extent:
    """Centres of a regular grid [degrees], rising."""

    latitude: Array
    longitude: Array

    @property
    def edges(self) -> tuple[float, float, float, float]:
        """West, east, south and north edge of the outer pixels."""
        dy, dx = (
            float(np.median(np.diff(a))) if len(a) > 1 else 1.0 for a in (self.latitude, self.longitude)
        )
        return (
            float(self.longitude[0]) - dx / 2,
            float(self.longitude[-1]) + dx / 2,
            float(self.latitude[0]) - dy / 2,
            float(self.latitude[-1]) + dy / 2,
        )

    @property
    def ratio(self) -> float:
        """Height of the map relative to its width, in kilometres."""
        west, east, south, north = self.edges
        return (north - south) / ((east - west) * self.middle)

    @property
    def middle(self) -> float:
        """Length of a degree of longitude relative to one of latitude, at the middle."""
        _, _, south, north = self.edges
        return float(max(np.cos(np.radians((south + north) / 2)), 0.1))


def trimmed(valid: Mask, extent: Extent) -> tuple[slice, slice]:
    """Rows and columns around all pixels that have a value anywhere."""
    rows, columns = np.flatnonzero(valid.any(axis=1)), np.flatnonzero(valid.any(axis=0))
    if not len(rows):
        return slice(0, len(extent.latitude)), slice(0, len(extent.longitude))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def draw_map(
    panel: Axes,
    values: Array,
    extent: Extent,
    *,
    limit: float,
    significant: Mask | None = None,
    here: Mask | None = None,
    colours: str = COLOURS,
) -> None:
    """Draw ``values`` with a diverging map centred on 0.

    Parameters
    ----------
    values : shape (latitude, longitude); nothing is drawn where NaN
    limit : value of the strongest colours, either sign
    significant : pixels in full colour; others are pale and stippled
    here : pixels of this panel; others are grey
    """
    from matplotlib import colormaps

    here = np.isfinite(values) if here is None else here & np.isfinite(values)
    sure = np.ones(values.shape, bool) if significant is None else significant & here
    shown, part, firm, known = _in_blocks(values, here, sure)
    picture = colormaps[colours](np.clip(shown / limit, -1, 1) / 2 + 0.5)
    picture[~firm, :3] = FADE + (1 - FADE) * picture[~firm, :3]
    picture[known & ~part] = ELSEWHERE
    picture[~known] = (1.0, 1.0, 1.0, 0.0)
    west, east, south, north = extent.edges
    panel.imshow(
        picture, origin="lower", extent=(west, east, south, north), interpolation="none",
        aspect=1.0 / extent.middle, zorder=2,
    )  # fmt: skip
    panel.set_facecolor("#FAFBFB")
    if significant is not None:
        _stipple(panel, part & ~firm, extent)
    degree_axes(panel)
    panel.tick_params(labelsize=6)
    for side in ("left", "bottom"):
        panel.spines[side].set_color(PALE)


def colour_bar(
    fig: Figure, *, limit: float, label: str, pale: str = "", bottom_mm: float = 9.0, colours: str = COLOURS
) -> None:
    """A bar of the colours below the panels, and a swatch for what is not significant."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    width, height = fig.get_size_inches() * 25.4
    long, left = min(80.0, width / 2 - 10), 16.0
    box = fig.add_axes((left / width, bottom_mm / height, long / width, 2.6 / height))
    fig.colorbar(ScalarMappable(Normalize(-limit, limit), colours), cax=box, orientation="horizontal")
    box.set_xlabel(label, labelpad=2)
    box.spines[:].set_visible(False)
    if pale:
        _pale_key(fig, left + long + 8, bottom_mm, pale, colours)


def _pale_key(fig: Figure, left: float, bottom: float, label: str, colours: str) -> None:
    from matplotlib import colormaps

    width, height = fig.get_size_inches() * 25.4
    box = fig.add_axes((left / width, (bottom - 0.6) / height, 9 / width, 3.8 / height))
    ramp = colormaps[colours](np.linspace(0.1, 0.9, 9))[None, :, :3]
    box.imshow(FADE + (1 - FADE) * ramp, extent=(0, 9, 0, 3.8), aspect="auto", interpolation="none")
    x, y = np.meshgrid(np.arange(0.95, 9, DOT_MM), (0.95, 2.85))
    box.plot(x.ravel(), y.ravel(), linestyle="none", marker=".", markersize=1.1, color=INK, markeredgewidth=0)
    box.set_axis_off()
    fig.text((left + 11) / width, (bottom + 1.3) / height, label, va="center", fontsize=7)


def _in_blocks(values: Array, here: Mask, sure: Mask) -> tuple[Array, Mask, Mask, Mask]:
    """Values, pixels of the panel, significant ones, any with a value; averaged where too many."""
    known = np.isfinite(values)
    step = max(1, -(-max(values.shape) // MOST_PIXELS))
    if step == 1:
        return np.where(known, values, 0.0), here, sure, known
    count, total, firm, any_value = (
        _block_sums(x, step) for x in (here, np.where(here, values, 0.0), sure, known)
    )
    shown = np.divide(total, count, out=np.zeros_like(total), where=count > 0)
    return shown, count > 0, firm * 2 > count, any_value > 0


def _block_sums(field: NDArray[Any], step: int) -> Array:
    rows, columns = (-(-n // step) for n in field.shape)
    padded = np.zeros((rows * step, columns * step))
    padded[: field.shape[0], : field.shape[1]] = field
    return np.asarray(padded.reshape(rows, step, columns, step).sum(axis=(1, 3)))


def _stipple(panel: Axes, where: Mask, extent: Extent) -> None:
    """Dots on a lattice of even distance on paper, over the pixels that are not significant."""
    west, east, south, north = extent.edges
    across = max(int(panel_width_mm(panel) / DOT_MM), 4)
    down = max(int(across * extent.ratio), 3)
    x = west + (np.arange(across) + 0.5) * (east - west) / across
    y = south + (np.arange(down) + 0.5) * (north - south) / down
    rows = ((y - south) / (north - south) * where.shape[0]).astype(int)
    columns = ((x - west) / (east - west) * where.shape[1]).astype(int)
    grid_y, grid_x = np.meshgrid(y, x, indexing="ij")
    chosen = where[np.ix_(rows, columns)]
    panel.plot(
        grid_x[chosen], grid_y[chosen], linestyle="none", marker=".", markersize=1.3, color=INK,
        markeredgewidth=0, zorder=3,
    )  # fmt: skip
