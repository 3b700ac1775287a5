"""Loads the compiled parts of the quality tests, once."""

from __future__ import annotations

from functools import cache
from types import ModuleType

from headwater.machine_code import load

_HERE = "headwater.stations.quality"
KERNELS = tuple(f"{_HERE}.kernel_{name}" for name in ("online", "rules", "windows", "causal", "stream"))
"""In the order in which they import each other."""


@cache
def online() -> ModuleType:
    """Windows that slide as pandas does it."""
    return load(KERNELS[:1])[0]


@cache
def rules() -> ModuleType:
    """Rules of single values."""
    return load(KERNELS[1:2])[0]


@cache
def causal() -> ModuleType:
    """The profile ``ismn``: every test over a stretch of hours."""
    return load(KERNELS[1:4])[-1]


@cache
def streaming() -> ModuleType:
    """The profile ``ismn`` for readings that come one after another."""
    return load(KERNELS[1:])[-1]
