"""The record of what was done to a grid: one text in its attribute ``headwater_changes``."""

from __future__ import annotations

import xarray as xr

NAME = "headwater_changes"


def with_changes(grid: xr.DataArray, *notes: str) -> xr.DataArray:
    """The grid with notes added to its record; the grid given keeps its own."""
    told = "; ".join(part for part in (grid.attrs.get(NAME, ""), *notes) if part)
    marked = grid.copy(deep=False)
    marked.attrs = {**grid.attrs, NAME: told}
    return marked
