"""Gridded data of any source in, one canonical grid (SI units, CF attributes) out; and back to files.

Only ``read*.py``, ``open*.py`` and ``write*.py`` touch files. May import ``stats`` and the leaves. Names are
loaded when they are asked for, so that a caller of one small piece does not pay for xarray.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headwater.grids.alignment import align
    from headwater.grids.longer_steps import composite
    from headwater.grids.open import open_grid
    from headwater.grids.stations import to_stations
    from headwater.grids.strata import Strata, altitude_bands, strata_from_map, strata_from_table
    from headwater.grids.write import write_grid
    from headwater.grids.write_blocks import run_blocks
    from headwater.grids.write_gpkg import write_geopackage
    from headwater.grids.write_maps import write_geotiff

__all__ = [
    "Strata",
    "align",
    "altitude_bands",
    "composite",
    "open_grid",
    "run_blocks",
    "strata_from_map",
    "strata_from_table",
    "to_stations",
    "write_geopackage",
    "write_geotiff",
    "write_grid",
]

_MODULES = {
    "Strata": "strata",
    "align": "alignment",
    "altitude_bands": "strata",
    "composite": "longer_steps",
    "open_grid": "open",
    "run_blocks": "write_blocks",
    "strata_from_map": "strata",
    "strata_from_table": "strata",
    "to_stations": "stations",
    "write_geopackage": "write_gpkg",
    "write_geotiff": "write_maps",
    "write_grid": "write",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
