"""Blocks of a job, computed one after the other here or on the workers of a ``distributed`` client."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]
Compute = Callable[[Arrays], Arrays]
Block = tuple[slice, slice]


def computed(
    todo: list[int], blocks: list[Block], inputs: Mapping[str, xr.DataArray], compute: Compute
) -> Iterator[tuple[int, Arrays]]:
    """Results of the blocks, here or on the workers of a running client, as they are ready."""
    client = running_client()
    if client is None:
        for number in todo:
            yield number, compute_block(dict(inputs), blocks[number], compute)
        return
    from distributed import as_completed

    held = client.scatter(dict(inputs), broadcast=True, hash=False)
    limit = 2 * max(1, sum(client.nthreads().values()))
    waiting = iter(todo)
    numbers: dict[Any, int] = {}
    running = as_completed([], with_results=False)

    def submit() -> None:
        number = next(waiting, None)
        if number is not None:
            future = client.submit(compute_block, held, blocks[number], compute, pure=False)
            numbers[future.key] = number
            running.add(future)

    for _ in range(limit):
        submit()
    for future in running:
        made = future.result()
        yield numbers.pop(future.key), made
        submit()


def compute_block(inputs: Mapping[str, xr.DataArray], block: Block, compute: Compute) -> Arrays:
    """Results of one block; a function of its own so that it can be sent to a worker."""
    import dask

    with dask.config.set(scheduler="synchronous"):
        arrays = {name: np.asarray(grid.variable[(..., *block)].values) for name, grid in inputs.items()}
    return compute(arrays)


def running_client() -> Any:
    """The ``distributed`` client that is running; None without one."""
    if "distributed" not in sys.modules:
        return None
    from distributed import get_client

    try:
        return get_client()
    except ValueError:
        return None
