"""Tries a computation on made-up cells: what it returns, and how much memory it takes a cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from headwater.errors import SettingsRefused
from headwater.grids.on_workers import Arrays, Compute
from headwater.grids.read_memory import memory_in_use, most_memory

Leads = Mapping[str, tuple[tuple[int, ...], str]]
"""Leading shape and type of the numbers of each array."""
UNKNOWN_COPIES = 3.0
"""Assumed where the system does not tell the peak of memory."""
LARGEST = 128 * 2**20
"""Bytes of the largest block that is tried; beyond, what else the process once took hardly matters."""


@dataclass(frozen=True)
class Trial:
    """Leading shape and type of every result, their bytes a cell, and memory beside the block, in blocks."""

    results: dict[str, tuple[tuple[int, ...], str]]
    result_bytes: int
    copies: float


def try_out(inputs: Leads, compute: Compute, *, spare: int) -> Trial:
    """What ``compute`` does to blocks of random numbers, larger ones as long as they fit well into ``spare``
    bytes.

    The peak of memory of a process never falls, so it bounds what a trial took from above; the larger the
    block, the closer. The first call also makes ``compute`` load and compile what it needs.

    Raises
    ------
    SettingsRefused : a result whose last two axes are not those of the block
    """
    made = _call(inputs, compute, 2)
    results = {name: (values.shape[:-2], values.dtype.str) for name, values in made.items()}
    for name, values in made.items():
        if values.shape[-2:] != (2, 2):
            raise SettingsRefused(
                f"result {name!r} has the shape {values.shape} for blocks of (…, 2, 2); keep the cells last"
            )
    cell = sum(int(np.prod(lead, dtype=np.int64)) * np.dtype(kind).itemsize for lead, kind in inputs.values())
    copies, size = UNKNOWN_COPIES, min(spare // 16, LARGEST)
    while True:
        side = max(2, int((size / cell) ** 0.5))
        block = cell * side * side
        before = memory_in_use()
        _call(inputs, compute, side)
        peak = most_memory()
        if peak is None:
            break
        copies = max(0.5, (peak - before) / block - 1)
        if 2 * block * (1 + copies) > spare or 2 * block > LARGEST:
            break
        size = 2 * block
    return Trial(results, sum(values.nbytes for values in made.values()) // 4, copies)


def _call(inputs: Leads, compute: Compute, side: int) -> Arrays:
    rng = np.random.default_rng(0)
    arrays = {}
    for name, (lead, kind) in inputs.items():
        dtype = np.dtype(kind)
        simple = dtype if dtype in (np.float32, np.float64) else np.dtype(np.float64)
        arrays[name] = rng.random((*lead, side, side), dtype=simple.type).astype(dtype, copy=False)
    return compute(arrays)
