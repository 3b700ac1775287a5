"""Gridded data of any source in, one canonical grid (SI units, CF attributes) out; and back to files.

Only ``read*.py``, ``open*.py`` and ``write*.py`` touch files. May import ``stats`` and the leaves. Names are
loaded when they are asked for, so that a caller of one small piece does not pay for xarray.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headwater.grids.open import open_grid

__all__ = ["open_grid"]

_MODULES = {
    "open_grid": "open",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
