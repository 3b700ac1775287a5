"""Grids whose numbers are made window by window, when they are asked for.

A ``WindowReader`` hands out any part of a grid as float32; ``lazy_grid`` dresses it as a ``DataArray``. Every
step of this folder (opening, regridding, compositing) is such a reader on top of another one, so a chain of
them never holds more than the window in hand. A reader is picklable where its source is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from xarray.backends import BackendArray
from xarray.core import indexing

DIMS = ("time", "latitude", "longitude")
PIECE_VALUES = 2**22
"""Values that a reader takes from its source at a time, where the source allows it: 16 MiB."""


class WindowReader(Protocol):
    """Something from which any part of a grid can be read."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Steps, rows, columns."""

    def window(self, times: NDArray[np.intp], rows: slice, columns: slice) -> NDArray[np.float32]:
        """Values at the steps ``times``, rows and columns without stride, shape (time, row, column)."""


class WindowArray(BackendArray):
    """A reader, as xarray indexes it."""

    def __init__(self, reader: WindowReader) -> None:
        self.reader = reader
        self.shape = reader.shape
        self.dtype = np.dtype(np.float32)

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.OUTER, self._read)

    def _read(self, key: tuple[Any, ...]) -> NDArray[np.float32]:
        times = np.atleast_1d(np.arange(self.shape[0])[key[0]])
        rows, row_picks = _span(key[1], self.shape[1])
        columns, column_picks = _span(key[2], self.shape[2])
        values = self.reader.window(times, rows, columns)
        if not (isinstance(row_picks, slice) and isinstance(column_picks, slice)):
            values = values[:, row_picks, :][:, :, column_picks]
        whole = tuple(0 if isinstance(part, int | np.integer) else slice(None) for part in key)
        return np.asarray(values[whole])


@dataclass(frozen=True)
class ArrayReader:
    """Windows of any ``DataArray`` with the dimensions of a grid: in memory, of dask, or lazy itself."""

    grid: xr.DataArray

    @property
    def shape(self) -> tuple[int, int, int]:
        """Steps, rows, columns."""
        steps, rows, columns = self.grid.shape
        return steps, rows, columns

    def window(self, times: NDArray[np.intp], rows: slice, columns: slice) -> NDArray[np.float32]:
        """Values of the part, float32."""
        part = self.grid.variable[_run(times), rows, columns]
        return np.asarray(part.values, dtype=np.float32)


def lazy_grid(
    reader: WindowReader,
    coordinates: Mapping[str, Any],
    *,
    name: str,
    attributes: Mapping[str, Any],
    chunks: tuple[int, int, int] | None = None,
    encoding: Mapping[str, Any] | None = None,
) -> xr.DataArray:
    """The reader as a grid; nothing is read yet. ``chunks`` is how the files are cut, where known."""
    data = indexing.MemoryCachedArray(
        indexing.CopyOnWriteArray(indexing.LazilyIndexedArray(WindowArray(reader)))
    )
    kept = dict(encoding or {})
    if chunks is not None:
        kept["preferred_chunks"] = dict(zip(DIMS, chunks, strict=True))
    grid = xr.DataArray(xr.Variable(DIMS, data, dict(attributes)), coords=dict(coordinates), name=name)
    grid.encoding = kept  # a DataArray takes over attributes of a variable, but not this
    return grid


def is_in_memory(grid: xr.DataArray) -> bool:
    """True where the values are at hand, so that working on them at once costs no reading."""
    return isinstance(grid.variable._data, np.ndarray)


def file_chunks(grid: xr.DataArray) -> tuple[int, ...] | None:
    """How the file (or dask) cuts the grid, one size a dimension; None where any window costs the same."""
    if grid.chunks is not None:
        return tuple(max(sizes) for sizes in grid.chunks)
    if is_in_memory(grid):
        return None
    preferred = grid.encoding.get("preferred_chunks")
    if not preferred or any(dim not in preferred for dim in grid.dims):
        return None
    return tuple(min(int(preferred[dim]), size) for dim, size in zip(grid.dims, grid.shape, strict=True))


def pieces(count: int, cells: int, chunk_steps: int = 1) -> Iterator[slice]:
    """Runs of steps to read at a time: whole chunks of the file, as many as keep a piece small."""
    steps = max(1, PIECE_VALUES // max(1, cells) // chunk_steps) * chunk_steps
    for start in range(0, count, steps):
        yield slice(start, min(start + steps, count))


def in_strips(
    reader: WindowReader, times: NDArray[np.intp], rows: slice, columns: slice
) -> NDArray[np.float32]:
    """A window out of its two halves, for readers whose source packs many steps together."""
    middle = (rows.start + rows.stop) // 2
    halves = slice(rows.start, middle), slice(middle, rows.stop)
    return np.concatenate([reader.window(times, half, columns) for half in halves], axis=1)


def run_of(picks: NDArray[np.intp]) -> slice | NDArray[np.intp]:
    """A slice where the places follow one another, which files read faster."""
    return _run(picks)


def _run(picks: NDArray[np.intp]) -> slice | NDArray[np.intp]:
    if len(picks) and (len(picks) == 1 or np.all(np.diff(picks) == 1)):
        return slice(int(picks[0]), int(picks[-1]) + 1)
    return picks


def _span(key: Any, size: int) -> tuple[slice, Any]:
    """The least run of places that holds the key, and what to pick of it."""
    if isinstance(key, int | np.integer):
        return slice(int(key), int(key) + 1), slice(None)
    places = np.arange(size)[key]
    if len(places) == 0:
        return slice(0, 0), slice(None)
    low, high = int(places.min()), int(places.max()) + 1
    if len(places) == high - low and (len(places) == 1 or places[0] < places[-1]):
        return slice(low, high), slice(None)
    return slice(low, high), places - low
