"""The Zarr store of a job's results: one chunk a block, on the disk and summed when it counts as done."""

from __future__ import annotations

import os
import shutil
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from headwater.errors import SettingsRefused
from headwater.grids.blocks import Plan
from headwater.grids.on_workers import Arrays, Block


@dataclass(frozen=True)
class Job:
    """A job as it is planned: its store, its blocks, leading shape and type of every result, its identity."""

    store: Path
    plan: Plan
    results: dict[str, tuple[tuple[int, ...], str]]
    fingerprint: str


def header(job: Job) -> dict[str, Any]:
    """What a journal must say to be of this job."""
    results = {name: [list(lead), kind] for name, (lead, kind) in job.results.items()}
    cut = {"rows": job.plan.rows, "columns": job.plan.columns, "shape": list(job.plan.shape)}
    return {"fingerprint": job.fingerprint, **cut, "results": results}


def create_store(job: Job) -> None:
    """An empty store with one chunk a block; one that is there is removed."""
    import zarr
    from zarr.codecs import ZstdCodec

    shutil.rmtree(job.store, ignore_errors=True)
    group = zarr.open_group(job.store, mode="w", zarr_format=3)
    for name, (lead, kind) in job.results.items():
        dtype = np.dtype(kind)
        group.create_array(
            name,
            shape=(*lead, *job.plan.shape),
            chunks=(*(max(1, size) for size in lead), job.plan.rows, job.plan.columns),
            dtype=dtype,
            compressors=[ZstdCodec(level=1)],
            config={"write_empty_chunks": True},
            fill_value=np.nan if dtype.kind == "f" else False if dtype.kind == "b" else 0,
        )


def stored_arrays(job: Job) -> dict[str, Any]:
    """The arrays of the store, to be written."""
    import zarr

    with zarr.config.set({"array.write_empty_chunks": True}):  # a block of fill values is a file too
        group = zarr.open_group(job.store, mode="r+")
        return {name: group[name] for name in job.results}


def write_block(job: Job, arrays: Mapping[str, Any], block: Block, made: Arrays) -> dict[str, int]:
    """Writes a block's results and brings them onto the disk; their checksums."""
    size = tuple(part.stop - part.start for part in block)
    sums = {}
    for name, array in arrays.items():
        lead, kind = job.results[name]
        values = np.ascontiguousarray(made[name], dtype=np.dtype(kind))
        if values.shape != (*lead, *size):
            raise SettingsRefused(
                f"result {name!r} has the shape {values.shape}, but (…{lead}, {size}) at first"
            )
        array[(..., *block)] = values
        sums[name] = zlib.crc32(values.tobytes())
        _onto_disk(job.store / name / "c", lead, block, job.plan)
    return sums


def _onto_disk(folder: Path, lead: tuple[int, ...], block: Block, plan: Plan) -> None:
    places = [*("0" for _ in lead), str(block[0].start // plan.rows), str(block[1].start // plan.columns)]
    with folder.joinpath(*places).open("rb") as file:
        os.fsync(file.fileno())


def is_whole(job: Job, arrays: Mapping[str, Any], block: Block, sums: Mapping[str, int]) -> bool:
    """Whether a finished block is on the disk as it was written."""
    try:
        return all(
            zlib.crc32(arrays[name][(..., *block)].tobytes()) == sums.get(name) for name in job.results
        )
    except (OSError, ValueError, RuntimeError):
        return False
