"""Small canonical grids for tests."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from headwater.grids.lazy import ArrayReader, lazy_grid
from tests.grids.make_reanalysis import months


def grid(
    steps: int = 3,
    *,
    south: float = 30.0,
    west: float = 90.0,
    cell: float = 0.5,
    shape: tuple[int, int] = (6, 8),
    time: np.ndarray | None = None,
    seed: int = 1,
    **attributes: Any,
) -> xr.DataArray:
    """Uniform numbers between 0 and 1; ``south`` and ``west`` are edges."""
    time = months("2001-01", steps) if time is None else time
    values = np.random.default_rng(seed).random((len(time), *shape), np.float32)
    coordinates = {
        "time": time,
        "latitude": np.round(south + (np.arange(shape[0]) + 0.5) * cell, 6),
        "longitude": np.round(west + (np.arange(shape[1]) + 0.5) * cell, 6),
    }
    return xr.DataArray(
        values, coordinates, ("time", "latitude", "longitude"), "x", {"units": "K", **attributes}
    )


def lazy(eager: xr.DataArray, chunks: tuple[int, int, int] | None = None) -> xr.DataArray:
    """The same grid, read window by window."""
    return lazy_grid(
        ArrayReader(eager), eager.coords, name=str(eager.name), attributes=eager.attrs, chunks=chunks
    )
