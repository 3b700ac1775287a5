"""Tables of water samples in, a checked ``SampleTable`` out.

Only ``read*.py`` and ``write*.py`` touch files. May import ``stats`` and the leaves. Names are loaded when
they are asked for, so that a caller of one small piece does not pay for pandas.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headwater.samples.options import ReadOptions
    from headwater.samples.pool import pool_parallels
    from headwater.samples.read import read_samples
    from headwater.samples.table import Action, Kind, SampleTable

__all__ = ["Action", "Kind", "ReadOptions", "SampleTable", "pool_parallels", "read_samples"]

_MODULES = {
    "Action": "table",
    "Kind": "table",
    "ReadOptions": "options",
    "SampleTable": "table",
    "pool_parallels": "pool",
    "read_samples": "read",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
