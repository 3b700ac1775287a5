"""Files that are cut along time, laid out anew in space: read once, so that blocks of cells can be read fast.

Satellites and reanalyses come as one map a step. A block of cells needs all steps of few cells, and would
unpack every map of the file again for each block. So the input is copied once into a plain file of float32 in
which all steps of a run of cells lie together. The copy can be interrupted and goes on where it stopped.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from headwater.errors import InputRefused
from headwater.grids.check import cut
from headwater.grids.lazy import DIMS, lazy_grid
from headwater.grids.read_memory import give_back
from headwater.grids.write_journal import Journal

STEP = "laying out anew"
SIZE = 4
"""Bytes of a value."""


@dataclass(frozen=True)
class RelaidReader:
    """Windows of a plain file with the layout (row, run of columns, time, column within the run)."""

    path: str
    shape: tuple[int, int, int]
    run: int

    def window(self, times: NDArray[np.intp], rows: slice, columns: slice) -> NDArray[np.float32]:
        """Values of the part; every run of cells is one piece of the file."""
        steps, _, width = self.shape
        out = np.empty((len(times), rows.stop - rows.start, columns.stop - columns.start), np.float32)
        whole = len(times) == steps and bool(np.all(times == np.arange(steps)))
        with Path(self.path).open("rb") as file:
            for row in range(rows.start, rows.stop):
                for first in range(columns.start // self.run * self.run, columns.stop, self.run):
                    count = min(self.run, width - first)
                    file.seek(SIZE * steps * (row * width + first))
                    values = np.fromfile(file, np.float32, steps * count).reshape(steps, count)
                    low, high = max(first, columns.start), min(first + count, columns.stop)
                    picked = values[:, low - first : high - first]
                    out[:, row - rows.start, low - columns.start : high - columns.start] = (
                        picked if whole else picked[times]
                    )
        return out


def lay_out(
    grid: xr.DataArray,
    path: Path,
    *,
    chunks: tuple[int, int, int],
    budget: int,
    fingerprint: str,
    progress: Callable[[str, int, int], None] | None = None,
) -> xr.DataArray:
    """The grid, read from a copy at ``path`` that is made, or finished, first.

    Parameters
    ----------
    chunks : how the files of the grid are cut
    budget : bytes that may be held at a time

    Raises
    ------
    InputRefused : not enough room on the disk
    """
    steps, rows, columns = grid.shape
    run = min(chunks[2], columns, max(1, budget // (4 * SIZE * steps)))
    reader = RelaidReader(str(path), (steps, rows, columns), run)
    parts = list(cut((steps, rows, columns), chunks, max(1, budget // (3 * SIZE))))
    with Journal(
        path.with_suffix(".journal"), {"fingerprint": fingerprint, "parts": len(parts), "run": run}
    ) as done:
        if not path.exists() or path.stat().st_size != SIZE * steps * rows * columns:
            _make_room(path, SIZE * steps * rows * columns)
            done.start_anew()
        for number, part in enumerate(parts):
            if progress:
                progress(f"{STEP}: {path.stem}", number, len(parts))
            if str(number) not in done.entries:
                values = np.asarray(grid.variable[part].values, dtype=np.float32)
                _put(reader, path, values, part)
                done.add(str(number), {})
                del values
                give_back()
    if progress:
        progress(f"{STEP}: {path.stem}", len(parts), len(parts))
    coordinates = {str(name): grid[name] for name in DIMS}
    return lazy_grid(reader, coordinates, name=str(grid.name), attributes=grid.attrs)


def _put(reader: RelaidReader, path: Path, values: NDArray[np.float32], part: tuple[slice, ...]) -> None:
    """Writes a part into its places, and onto the disk."""
    times, rows, columns = part
    steps, _, width = reader.shape
    with path.open("r+b", buffering=0) as file:
        for row in range(rows.start, rows.stop):
            for first in range(columns.start // reader.run * reader.run, columns.stop, reader.run):
                count = min(reader.run, width - first)
                low, high = max(first, columns.start), min(first + count, columns.stop)
                piece = np.ascontiguousarray(
                    values[:, row - rows.start, low - columns.start : high - columns.start]
                )
                start = SIZE * (steps * (row * width + first) + times.start * count)
                if high - low == count:
                    file.seek(start)
                    file.write(piece.tobytes())
                else:
                    for step in range(len(piece)):
                        file.seek(start + SIZE * (step * count + low - first))
                        file.write(piece[step].tobytes())
        os.fsync(file.fileno())


def _make_room(path: Path, size: int) -> None:
    """A file of this size; its place on the disk is taken now, not when it is too late."""
    with path.open("wb") as file:
        try:
            allocate: Any = getattr(os, "posix_fallocate", None)
            if allocate is not None:
                allocate(file.fileno(), 0, size)
            else:
                file.truncate(size)
        except OSError as error:
            path.unlink(missing_ok=True)
            raise InputRefused(
                f"{path}: no room for {size / 2**30:.2f} GiB ({error.strerror}); the input is cut along "
                "time and is "
                "laid out anew beside the result: choose a place for the result with more room"
            ) from error
