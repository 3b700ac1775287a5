"""Jobs on grids that are larger than memory: block by block, resumable, the same numbers as at once.

``run_blocks`` cuts space into blocks that fit a stated memory, computes one after the other (or on the
workers of a running ``distributed`` client) and writes each into a Zarr store. A finished block is on the
disk, with a checksum in a journal beside the store, before the next begins; after a crash the job goes on
from there.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from headwater.errors import InputRefused, SettingsRefused
from headwater.grids.blocks import MIB, Plan, Source, plan_blocks
from headwater.grids.lazy import file_chunks, is_in_memory
from headwater.grids.on_workers import Compute, computed
from headwater.grids.read_memory import give_back, memory_in_use
from headwater.grids.trial import try_out
from headwater.grids.write_journal import Journal, read_journal
from headwater.grids.write_relaid import lay_out
from headwater.grids.write_store import Job, create_store, header, is_whole, stored_arrays, write_block

Progress = Callable[[str, int, int], None]
STEP = "computing blocks"
RESERVE = 48 * MIB
"""Kept free of blocks: buffers of file libraries, the piece being converted, the allocator's slack."""
PLACE = ("latitude", "longitude")


def run_blocks(
    inputs: Mapping[str, xr.DataArray],
    compute: Compute,
    out: str | Path,
    *,
    memory: int,
    fingerprint: str,
    progress: Progress | None = None,
    dims: Mapping[str, tuple[str, ...]] | None = None,
    coordinates: Mapping[str, Any] | None = None,
    copies: float | None = None,
) -> xr.Dataset:
    """The results of ``compute`` on all cells, lazily, out of the Zarr store ``out``.

    Parameters
    ----------
    inputs : grids (…, latitude, longitude) on the same cells; lazy ones are read block by block
    compute : takes arrays (…, row, column) by the names of the inputs, gives arrays (…, row, column); must
        treat
        every cell for itself, so that the cut does not matter
    memory : bytes that the process may take altogether
    fingerprint : text of everything else that the result depends on (settings); a change starts anew
    progress : called with what is done, parts done, parts in all
    dims, coordinates : names of the leading dimensions of each result, and their labels
    copies : of a block, besides the block, that ``compute`` makes at its peak; measured if not given

    Raises
    ------
    SettingsRefused : the memory is too small, or results of another shape than the block
    InputRefused : inputs on different cells, or ``out`` is a folder of something else
    """
    target = Path(out)
    shape = _same_cells(inputs)
    identity = _identity(inputs, fingerprint)
    if _is_finished(target, identity):
        _say(progress, "already done: inputs and settings are the same", 1, 1)
        return _open(target, inputs, dims, coordinates)
    leads = {name: (grid.shape[:-2], grid.dtype.str) for name, grid in inputs.items()}
    trial = try_out(leads, compute, spare=max(0, memory - memory_in_use() - RESERVE))
    sources = {name: _source(grid) for name, grid in inputs.items()}
    plan = plan_blocks(
        shape, sources, memory=memory, in_use=memory_in_use() + RESERVE, result_bytes=trial.result_bytes,
        copies=trial.copies if copies is None else copies,
    )  # fmt: skip
    plan = _kept_plan(target, identity, plan)
    ready = _laid_out(inputs, plan, sources, target, identity, memory, progress)
    job = Job(target.with_name(target.name + ".part"), plan, trial.results, identity)
    _run(job, ready, compute, target, progress)
    _finish(job, target)
    return _open(target, inputs, dims, coordinates)


def _run(
    job: Job, inputs: Mapping[str, xr.DataArray], compute: Compute, target: Path, progress: Progress | None
) -> None:
    """Computes and writes every block that is not yet there."""
    blocks = list(job.plan.blocks())
    path = _journal_path(target)
    with Journal(path, header(job)) as journal:
        if journal.changed:
            _say(progress, "inputs or settings changed: starting anew", 0, len(blocks))
        if not journal.entries or not job.store.exists():
            journal.start_anew()
            create_store(job)
        arrays = stored_arrays(job)
        kept = [
            name for name, entry in journal.entries.items() if is_whole(job, arrays, blocks[int(name)], entry)
        ]
        if damaged := len(journal.entries) - len(kept):
            _say(
                progress,
                f"{damaged} finished blocks do not match their checksum: computed again",
                0,
                len(blocks),
            )
        todo = [number for number in range(len(blocks)) if str(number) not in kept]
        done = len(blocks) - len(todo)
        if done:
            _say(progress, f"resuming: {done} of {len(blocks)} blocks were finished", done, len(blocks))
        for number, made in computed(todo, blocks, inputs, compute):
            sums = write_block(job, arrays, blocks[number], made)
            journal.add(str(number), sums)
            del made
            give_back()
            done += 1
            _say(progress, STEP, done, len(blocks))


def _source(grid: xr.DataArray) -> Source:
    steps = int(np.prod(grid.shape[:-2], dtype=np.int64)) * grid.dtype.itemsize // 4
    chunks = file_chunks(grid)
    if chunks is None or len(chunks) < 3:
        return Source(max(1, steps), None)
    return Source(max(1, steps), (chunks[-3], chunks[-2], chunks[-1]))


def _laid_out(
    inputs: Mapping[str, xr.DataArray],
    plan: Plan,
    sources: Mapping[str, Source],
    target: Path,
    identity: str,
    memory: int,
    progress: Progress | None,
) -> dict[str, xr.DataArray]:
    ready = dict(inputs)
    for name in plan.again:
        chunks = sources[name].chunks
        assert chunks is not None
        budget = memory - memory_in_use() - RESERVE - sources[name].chunk_bytes()
        path = target.with_name(f"{target.name}.{name}.cells")
        ready[name] = lay_out(
            inputs[name], path, chunks=chunks, budget=budget, fingerprint=identity, progress=progress
        )
    return ready


def _kept_plan(target: Path, identity: str, plan: Plan) -> Plan:
    """The cut of the interrupted job, where there is one that fits the memory; else the new one."""
    kept = read_journal(_journal_path(target))
    if kept is None or kept[0].get("fingerprint") != identity:
        return plan
    rows, columns = int(kept[0]["rows"]), int(kept[0]["columns"])
    if rows * columns > plan.rows * plan.columns * 1.25:
        return plan
    return Plan(plan.shape, rows, columns, plan.again, plan.block_bytes)


def _finish(job: Job, target: Path) -> None:
    import zarr

    group = zarr.open_group(job.store, mode="r+")
    group.attrs["headwater_fingerprint"] = job.fingerprint
    if target.exists():
        shutil.rmtree(target)
    job.store.replace(target)
    _journal_path(target).unlink(missing_ok=True)
    for left in target.parent.glob(f"{target.name}.*.cells"):
        left.unlink()
        left.with_suffix(".journal").unlink(missing_ok=True)


def _is_finished(target: Path, identity: str) -> bool:
    import zarr

    if not target.exists():
        return False
    if not (target / "zarr.json").is_file():
        raise InputRefused(f"{target}: not a result of this program; choose another name for the result")
    return zarr.open_group(target, mode="r").attrs.get("headwater_fingerprint") == identity


def _open(
    target: Path,
    inputs: Mapping[str, xr.DataArray],
    dims: Mapping[str, tuple[str, ...]] | None,
    coordinates: Mapping[str, Any] | None,
) -> xr.Dataset:
    """The store as a data set; arrays are read when they are used."""
    import zarr
    from xarray.core import indexing

    from headwater.grids.open_store import StoredArray

    group = zarr.open_group(target, mode="r")
    place = next(iter(inputs.values()))
    variables = {}
    for name, array in sorted(group.arrays()):
        lead = (dims or {}).get(name, tuple(f"{name}_axis{i}" for i in range(array.ndim - 2)))
        data = indexing.LazilyIndexedArray(StoredArray(str(target), name, array.shape, array.dtype))
        variables[name] = xr.Variable((*lead, *PLACE), data)
    return xr.Dataset(variables, {**{axis: place[axis] for axis in PLACE}, **(coordinates or {})})


def _same_cells(inputs: Mapping[str, xr.DataArray]) -> tuple[int, int]:
    if not inputs:
        raise SettingsRefused("no inputs; give at least one grid")
    first_name, first = next(iter(inputs.items()))
    for name, grid in inputs.items():
        if grid.dims[-2:] != PLACE:
            raise InputRefused(
                f"{name}: dimensions {grid.dims}; latitude and longitude must come last: transpose it"
            )
        for axis in PLACE:
            if not np.array_equal(grid[axis].values, first[axis].values):
                raise InputRefused(f"{name}: its {axis} is not that of {first_name}; align() the grids first")
    return first.sizes["latitude"], first.sizes["longitude"]


def _identity(inputs: Mapping[str, xr.DataArray], fingerprint: str) -> str:
    """Hash over settings, and over what every input is: axes, attributes, and its files or its numbers."""
    digest = hashlib.sha256(fingerprint.encode())
    for name, grid in sorted(inputs.items()):
        digest.update(
            f"{name} {grid.dims} {grid.shape} {grid.dtype} {sorted(map(str, grid.attrs.items()))}".encode()
        )
        for axis in grid.dims:
            if axis in grid.coords:
                digest.update(np.ascontiguousarray(grid[axis].values).tobytes())
        for file in grid.encoding.get("files", ()) or filter(None, [grid.encoding.get("source")]):
            told = Path(file).stat()
            digest.update(f"{file} {told.st_size} {told.st_mtime_ns}".encode())
        if is_in_memory(grid):
            digest.update(np.ascontiguousarray(grid.values).data)
        elif grid.chunks is not None:
            digest.update(str(grid.variable.data.name).encode())
    return digest.hexdigest()


def _journal_path(target: Path) -> Path:
    return target.with_name(target.name + ".journal")


def _say(progress: Progress | None, what: str, done: int, total: int) -> None:
    if progress is not None:
        progress(what, done, total)
