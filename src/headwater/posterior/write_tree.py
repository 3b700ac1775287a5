"""Draws to a netCDF file that ArviZ and xarray open, and back.

Written without xarray: 0.1 s of processor time for 6 MB instead of 0.37 s.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from headwater.posterior.tree import Tree

if TYPE_CHECKING:
    import xarray

PACKED = {"compression": "gzip", "compression_opts": 4, "shuffle": True}


def write_netcdf(tree: Tree, path: Path) -> None:
    """Write all groups to ``path``, in full precision, packed; a file there is replaced at the end."""
    import h5netcdf

    part = path.with_name(path.name + ".part")
    try:
        with h5netcdf.File(part, "w") as file:
            file.attrs.update(tree.plain_attributes())
            for name, variables in tree.groups.items():
                group = file.create_group(name)
                coordinates = tree.coordinates(name)
                group.dimensions = {dim: len(labels) for dim, labels in coordinates.items()}
                for dim, labels in coordinates.items():
                    _write(group, dim, (dim,), labels)
                for variable, (dims, values) in variables.items():
                    _write(group, variable, dims, np.asarray(values))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def read_netcdf(path: Path) -> xarray.DataTree:
    """All groups of ``path``, in memory; the file is closed."""
    import xarray

    with xarray.open_datatree(path, engine="h5netcdf") as tree:
        return tree.load()


def _write(group: Any, name: str, dims: tuple[str, ...], values: NDArray[Any]) -> None:
    """One variable; truth values as netCDF's bytes with the mark by which xarray knows them."""
    packed = PACKED if values.ndim and values.size else {}
    if values.dtype == object:
        import h5py

        group.create_variable(name, dims, data=values, dtype=h5py.string_dtype())
    elif values.dtype == bool:
        group.create_variable(name, dims, data=values.astype(np.int8), **packed).attrs["dtype"] = "bool"
    else:
        group.create_variable(name, dims, data=values, **packed)
