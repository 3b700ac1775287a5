"""Looks through a grid once after opening it, block by block, and says what is odd."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headwater.errors import InputRefused
from headwater.grids.file_reader import Counts, FileReader
from headwater.grids.read_variables import Variable

BLOCK_VALUES = 2**22
"""Values that are read at a time: 16 MiB."""
WHOLE_VALUES = 2**27
"""Grids up to this many values are looked through completely: 512 MiB."""
Part = tuple[slice, slice, slice]


@dataclass(frozen=True)
class Findings:
    """What a look through a grid found; ``empty_steps`` only where every value was looked at."""

    counts: Counts
    complete: bool
    empty_steps: tuple[int, ...]
    share: float


def look_through(
    reader: FileReader, chunks: tuple[int, int, int] | None, part: Part, *, everything: bool
) -> Findings:
    """Reads a part of the grid, all of it or blocks spread over it, and counts.

    ``part`` are slices without stride; ``everything`` reads all of a grid however large it is.
    """
    sizes = tuple(piece.stop - piece.start for piece in part)
    total = int(np.prod(sizes, dtype=np.int64))
    blocks = list(cut(sizes, chunks, BLOCK_VALUES))
    complete = everything or total <= WHOLE_VALUES
    if not complete:
        keep = max(3, int(len(blocks) * WHOLE_VALUES / 4 / total))
        blocks = [blocks[i] for i in np.unique(np.linspace(0, len(blocks) - 1, keep).astype(int))]
    counts, valid = Counts(), np.zeros(sizes[0], np.int64)
    for times, rows, columns in blocks:
        values, infinite, masked = reader.examine(
            np.arange(times.start, times.stop) + part[0].start,
            slice(rows.start + part[1].start, rows.stop + part[1].start),
            slice(columns.start + part[2].start, columns.stop + part[2].start),
        )
        counts.add(values, infinite, masked)
        valid[times] += np.count_nonzero(~np.isnan(values), axis=(1, 2))
    empty = tuple(int(i) for i in np.flatnonzero(valid == 0)) if complete else ()
    return Findings(counts, complete, empty, counts.values / max(total, 1))


def cut(sizes: tuple[int, ...], chunks: tuple[int, ...] | None, limit: int) -> Iterator[Part]:
    """Blocks of at most about ``limit`` values that cut a file's chunks as little as can be."""
    shape = list(chunks) if chunks is not None else [1, min(sizes[1], 256), sizes[2]]
    shape = [min(size, most) for size, most in zip(shape, sizes, strict=True)]
    for axis in (2, 1, 0):
        room = max(1, limit // int(np.prod(shape, dtype=np.int64)))
        shape[axis] = min(sizes[axis], shape[axis] * room)
    for t in range(0, sizes[0], shape[0]):
        for y in range(0, sizes[1], shape[1]):
            for x in range(0, sizes[2], shape[2]):
                yield (
                    slice(t, min(t + shape[0], sizes[0])),
                    slice(y, min(y + shape[1], sizes[1])),
                    slice(x, min(x + shape[2], sizes[2])),
                )


def say(
    findings: Findings, variable: Variable | None, start: NDArray[np.datetime64], where: str
) -> list[str]:
    """What was found, in words for ``headwater_changes``.

    Raises
    ------
    InputRefused : not one value in the grid, or evapotranspiration that points downward on average
    """
    counts = findings.counts
    if counts.valid == 0 and findings.complete:
        raise InputRefused(
            f"{where}: all {counts.values:,} values are missing ({counts.masked:,} by the quality layer, "
            f"{counts.infinite:,} infinite); choose another region, quality='all', or another file"
        )
    if variable is not None and variable.name.endswith("evapotranspiration") and counts.total < 0:
        raise InputRefused(
            f"{where}: {variable.name} is {counts.total / counts.valid:.3g} {variable.units} on average, "
            "which is "
            "downward; upward must be positive, and which sign the file uses cannot be told: turn its sign "
            "and write "
            f"standard_name = {variable.standard_name!r}"
        )
    seen = (
        "" if findings.complete else f" in the {100 * findings.share:.2g} % of the values that were looked at"
    )
    notes = []
    if counts.infinite:
        notes.append(f"{counts.infinite:,} infinite values set missing{seen}")
    if counts.masked:
        share = 100 * counts.masked / (counts.masked + counts.valid)
        notes.append(f"{counts.masked:,} values ({share:.3g} %) set missing by their quality{seen}")
    if not findings.complete:
        notes.append(f"looked at {100 * findings.share:.2g} % of the values only (check='all' looks at all)")
    if findings.empty_steps:
        shown = [str(start[i].astype("datetime64[D]")) for i in findings.empty_steps[:5]]
        more = f" and {len(findings.empty_steps) - 5} more" if len(findings.empty_steps) > 5 else ""
        notes.append(f"{len(findings.empty_steps)} steps without any value: {', '.join(shown)}{more}")
    if len(start) == 1:
        notes.append("one time step only")
    return notes
