"""Grids read in blocks of space, never of time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import xarray as xr

BLOCK_BYTES = 2**27
"""Size of what is read from all lazy arrays together at a time."""


def read_blocks(grids: Mapping[Any, xr.DataArray]) -> Iterator[dict[Any, NDArray[np.floating]]]:
    """Blocks (time, pixels) of grids that lie on each other, cut along the first dimension of space.

    One block without a copy where all grids are in memory with time first; else as many as keep a block
    within ``BLOCK_BYTES``.
    """
    first = next(iter(grids.values()))
    space = first.shape[1:]
    in_memory = all(
        isinstance(grid.variable._data, np.ndarray) for grid in grids.values()
    )  # .data would load
    rows = space[0] if space else 1
    at_a_time = rows
    if not in_memory and rows:
        row_bytes = sum(grid.nbytes for grid in grids.values()) / rows
        at_a_time = max(1, int(BLOCK_BYTES / max(row_bytes, 1)))
    for start in range(0, rows, at_a_time):
        where = {first.dims[1]: slice(start, start + at_a_time)} if space and at_a_time < rows else {}
        yield {
            name: np.ascontiguousarray(grid.isel(where).values.reshape(first.shape[0], -1))
            for name, grid in grids.items()
        }
