"""Windows of one variable out of many files, already in SI units and in the canonical order."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from headwater.errors import InputRefused
from headwater.grids.axes import Turn
from headwater.grids.lazy import pieces, run_of

MISSING_BEFORE = -2
"""In ``FileReader.before``: the step that would have to be taken off is not there."""


@dataclass
class Counts:
    """What was met while reading: numbers of values, and their bounds in SI units."""

    values: int = 0
    infinite: int = 0
    masked: int = 0
    valid: int = 0
    low: float = np.inf
    high: float = -np.inf
    total: float = 0.0

    def add(self, values: NDArray[np.float32], infinite: int, masked: int) -> None:
        """Counts a window that was read."""
        good = values[~np.isnan(values)]
        self.values += values.size
        self.infinite += infinite
        self.masked += masked
        self.valid += good.size
        if good.size:
            self.low, self.high = min(self.low, float(good.min())), max(self.high, float(good.max()))
            self.total += float(good.sum(dtype=np.float64))


@dataclass(frozen=True)
class FileReader:
    """A variable that lies in one or many files.

    ``parts`` are the variables of the files, dimensions (time, row, column) in the order of the file; step t
    is step ``index_of[t]`` of part ``part_of[t]``. The value is ``factor[t] × stored + offset``, after the
    step ``before[t]`` was taken off where there is one. ``quality`` are layers beside the parts, ``allowed``
    their codes that pass. Values outside ``limits`` are refused at reading. ``chunk_steps`` is how many steps
    a file packs together.
    """

    parts: tuple[xr.Variable, ...]
    part_of: NDArray[np.intp]
    index_of: NDArray[np.intp]
    turn: Turn
    factor: NDArray[np.float64]
    offset: float
    where: str
    before: NDArray[np.intp] | None = None
    quality: tuple[xr.Variable, ...] = ()
    allowed: tuple[int, ...] = ()
    limits: tuple[float, float] | None = None
    names: tuple[str, ...] = field(default=())
    chunk_steps: int = 1

    @property
    def shape(self) -> tuple[int, int, int]:
        """Steps, rows, columns."""
        return len(self.part_of), len(self.turn.latitude), len(self.turn.longitude)

    def window(self, times: NDArray[np.intp], rows: slice, columns: slice) -> NDArray[np.float32]:
        """Values in SI units; infinite and masked ones are NaN."""
        out = np.empty((len(times), rows.stop - rows.start, columns.stop - columns.start), np.float32)
        for piece in pieces(len(times), out[0].size if len(out) else 0, self.chunk_steps):
            out[piece] = self.examine(times[piece], rows, columns)[0]
        return out

    def examine(
        self, times: NDArray[np.intp], rows: slice, columns: slice
    ) -> tuple[NDArray[np.float32], int, int]:
        """Values, how many stored numbers were infinite, and how many the quality layer took away."""
        values = self._stored(self.parts, times, rows, columns)
        infinite = np.isinf(values)
        count = int(np.count_nonzero(infinite))
        if count:
            values[infinite] = np.nan
        if self.before is not None:
            self._take_off(values, times, rows, columns)
        values *= self.factor[times].astype(np.float32)[:, None, None]
        if self.offset:
            values += np.float32(self.offset)
        masked = self._mask(values, times, rows, columns) if self.quality else 0
        self._refuse_outside(values, times)
        return values, count, masked

    def _stored(
        self, parts: tuple[xr.Variable, ...], times: NDArray[np.intp], rows: slice, columns: slice
    ) -> NDArray[np.float32]:
        """Numbers as the files have them, canonical order of cells."""
        out = np.empty((len(times), rows.stop - rows.start, columns.stop - columns.start), np.float32)
        part_of, index_of = self.part_of[times], self.index_of[times]
        edges = np.flatnonzero(np.diff(part_of, prepend=-1, append=-1))
        for start, stop in pairwise(edges):
            picks = run_of(index_of[start:stop])
            self._read_part(parts[part_of[start]], picks, rows, columns, out[start:stop])
        return out

    def _read_part(
        self, part: xr.Variable, picks: Any, rows: slice, columns: slice, out: NDArray[Any]
    ) -> None:
        height, width = len(self.turn.latitude), len(self.turn.longitude)
        step = 1
        if self.turn.flipped:
            rows, step = slice(height - rows.stop, height - rows.start), -1
        first, filled = columns.start + self.turn.roll, 0
        while filled < columns.stop - columns.start:
            begin = (first + filled) % width
            count = min(columns.stop - columns.start - filled, width - begin)
            values = part[picks, rows, begin : begin + count].values
            out[:, :, filled : filled + count] = values[:, ::step]
            filled += count

    def _take_off(
        self, values: NDArray[np.float32], times: NDArray[np.intp], rows: slice, columns: slice
    ) -> None:
        assert self.before is not None
        before = self.before[times]
        values[before == MISSING_BEFORE] = np.nan
        later = np.flatnonzero(before >= 0)
        if len(later):
            earlier = self._stored(self.parts, before[later], rows, columns)
            values[later] -= np.where(np.isinf(earlier), np.float32(np.nan), earlier)

    def _mask(self, values: NDArray[np.float32], times: NDArray[np.intp], rows: slice, columns: slice) -> int:
        codes = self._stored(self.quality, times, rows, columns)
        refused = ~np.isin(codes, np.asarray(self.allowed, np.float32)) & ~np.isnan(values)
        values[refused] = np.nan
        return int(np.count_nonzero(refused))

    def _refuse_outside(self, values: NDArray[np.float32], times: NDArray[np.intp]) -> None:
        if self.limits is None or values.size == 0:
            return
        low, high = self.limits
        outside = (values < low) | (values > high)
        if not outside.any():
            return
        step = int(np.flatnonzero(outside.any(axis=(1, 2)))[0])
        name = self.names[self.part_of[times[step]]] if self.names else ""
        found = values[outside]
        raise InputRefused(
            f"{self.where}: {found.size:,} of {np.count_nonzero(~np.isnan(values)):,} values read, from "
            f"{found.min():.6g} to {found.max():.6g}, lie outside the plausible {low:g} to {high:g} (first "
            f"in {name}, "
            f"step {int(self.index_of[times[step]]) + 1}); a unit, a scale or a fill value of the file is "
            "wrong: give "
            "units=, correct the file, or pass check=False to take the numbers as they are"
        )
