"""From the cells of one regular grid to those of another: nearest cell, and mean by shared area.

Both grids run along latitude and longitude, so the shared area of two cells is the product of a part that
depends on the rows and one that depends on the columns: Δ sin(latitude) × Δ longitude. Two small matrices
hold all weights; no large one is built. First-order conservative remapping as Jones (1999), Mon. Weather
Rev. 127, 2204, equation 5, for this case.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from headwater.grids.lazy import WindowReader, in_strips, pieces

STRIP_VALUES = 2**24
"""A window that would take more values of the source than this at a time is cut into strips: 64 MiB."""


@dataclass(frozen=True)
class Weights:
    """Shared extents of cells along one axis: ``weights`` (new, old), ``extent`` (new) of new cells."""

    weights: Any
    extent: NDArray[np.float64]

    @property
    def size(self) -> int:
        """Number of new cells."""
        return len(self.extent)

    def covered(self) -> NDArray[np.float64]:
        """Part of every new cell that old cells cover, 0 to 1."""
        return np.asarray(self.weights.sum(axis=1)).ravel() / self.extent

    def needed(self, part: slice) -> slice:
        """Run of old cells that the new cells ``part`` touch."""
        columns = self.weights[part].indices
        return slice(int(columns.min()), int(columns.max()) + 1) if len(columns) else slice(0, 0)


@dataclass(frozen=True)
class NearestReader:
    """The old cell in which the centre of each new cell lies; -1 in ``rows`` or ``columns`` is outside."""

    source: WindowReader
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Steps, rows, columns."""
        return self.source.shape[0], len(self.rows), len(self.columns)

    def window(self, times: NDArray[np.intp], rows: slice, columns: slice) -> NDArray[np.float32]:
        """Values of the new cells."""
        y, x = self.rows[rows], self.columns[columns]
        out = np.full((len(times), len(y), len(x)), np.nan, np.float32)
        inside_y, inside_x = np.flatnonzero(y >= 0), np.flatnonzero(x >= 0)
        if len(inside_y) and len(inside_x):
            y, x = y[inside_y], x[inside_x]
            part = slice(int(y.min()), int(y.max()) + 1), slice(int(x.min()), int(x.max()) + 1)
            values = self.source.window(times, *part)[:, y - part[0].start][:, :, x - part[1].start]
            out[np.ix_(np.arange(len(times)), inside_y, inside_x)] = values
        return out


@dataclass(frozen=True)
class MeanReader:
    """Mean of old cells by the area shared with each new cell; missing below the part ``least`` of it."""

    source: WindowReader
    rows: Weights
    columns: Weights
    least: float
    chunk_steps: int = 1

    @property
    def shape(self) -> tuple[int, int, int]:
        """Steps, rows, columns."""
        return self.source.shape[0], self.rows.size, self.columns.size

    def window(self, times: NDArray[np.intp], rows: slice, columns: slice) -> NDArray[np.float32]:
        """Values of the new cells; few steps at a time, so that a long series needs no more memory."""
        y, x = self.rows.needed(rows), self.columns.needed(columns)
        cells = (y.stop - y.start) * (x.stop - x.start)
        if self.chunk_steps * cells > STRIP_VALUES and rows.stop - rows.start > 1:
            return in_strips(self, times, rows, columns)
        left, right = self.rows.weights[rows][:, y], self.columns.weights[columns][:, x].T
        whole = np.outer(self.rows.extent[rows], self.columns.extent[columns])
        out = np.full((len(times), *whole.shape), np.nan, np.float32)
        for piece in pieces(len(times), cells, self.chunk_steps):
            for step, values in enumerate(self.source.window(times[piece], y, x), piece.start):
                valid = ~np.isnan(values)
                total = left @ np.where(valid, values, 0.0).astype(np.float64) @ right
                area = left @ valid.astype(np.float64) @ right
                enough = area >= self.least * whole * (1 - 1e-9)
                out[step][enough] = (total[enough] / area[enough]).astype(np.float32)
        return out


def edges_of(centres: NDArray[Any]) -> NDArray[np.float64]:
    """Edges of cells, halfway between centres; shape (n + 1,)."""
    middle = np.asarray(centres, dtype=np.float64)
    if len(middle) < 2:
        return np.array([middle[0], middle[0]])
    half = (middle[:-1] + middle[1:]) / 2
    return np.concatenate([[2 * middle[0] - half[0]], half, [2 * middle[-1] - half[-1]]])


def places_of(new: NDArray[Any], old: NDArray[Any], *, around: bool) -> NDArray[np.intp]:
    """Old cell in which each new centre lies, -1 outside; ``around`` the globe for longitudes."""
    edges = edges_of(old)
    places = np.full(len(new), -1, np.intp)
    for shift in (0.0, 360.0, -360.0) if around else (0.0,):
        found = np.searchsorted(edges, np.asarray(new, dtype=np.float64) + shift + 1e-9, side="right") - 1
        inside = (found >= 0) & (found < len(old)) & (places < 0)
        places[inside] = found[inside]
    return places


def overlap_weights(new: NDArray[Any], old: NDArray[Any], *, spherical: bool) -> Weights:
    """Shared extents of new and old cells: sin of latitude where ``spherical``, else degrees of longitude."""
    new_edges, old_edges = edges_of(new), edges_of(old)
    if spherical:
        new_edges, old_edges = (
            np.sin(np.radians(np.clip(edges, -90, 90))) for edges in (new_edges, old_edges)
        )
        shifts: tuple[float, ...] = (0.0,)
    else:
        shifts = (0.0, 360.0, -360.0)
    total = sparse.csr_array((len(new), len(old)))
    for shift in shifts:
        total = total + _overlap(new_edges, old_edges + shift)
    return Weights(total.tocsr(), np.diff(new_edges))


def _overlap(new: NDArray[np.float64], old: NDArray[np.float64]) -> Any:
    """Lengths that intervals between ascending edges share, sparse (new, old)."""
    rows, columns, shared = [], [], []
    first = np.clip(np.searchsorted(old, new[:-1], side="right") - 1, 0, len(old) - 2)
    last = np.clip(np.searchsorted(old, new[1:], side="left") - 1, 0, len(old) - 2)
    for i, (start, stop) in enumerate(zip(first, last, strict=True)):
        j = np.arange(start, stop + 1)
        length = np.minimum(old[j + 1], new[i + 1]) - np.maximum(old[j], new[i])
        keep = length > 1e-12
        rows += [i] * int(keep.sum())
        columns += list(j[keep])
        shared += list(length[keep])
    return sparse.csr_array((shared, (rows, columns)), shape=(len(new) - 1, len(old) - 1))
