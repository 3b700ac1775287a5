"""How a large job is cut: blocks of cells with all their time steps, within a stated memory.

Space is cut, never time, so every cell is computed at once and the result does not depend on the cut.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil

from headwater.errors import SettingsRefused

MIB = 2**20
REREAD = 2.0
"""An input that blocks would read more than this many times over is laid out anew first."""


@dataclass(frozen=True)
class Source:
    """What planning needs of an input: steps (1 for a map), and how its file is cut; None where it is not."""

    steps: int
    chunks: tuple[int, int, int] | None

    def chunk_bytes(self) -> int:
        """Memory that unpacking one chunk takes."""
        return 0 if self.chunks is None else 4 * self.chunks[0] * self.chunks[1] * self.chunks[2]


@dataclass(frozen=True)
class Plan:
    """Blocks of ``rows`` × ``columns`` cells on a grid of ``shape``; ``again`` are inputs to lay out anew."""

    shape: tuple[int, int]
    rows: int
    columns: int
    again: tuple[str, ...]
    block_bytes: int

    def blocks(self) -> Iterator[tuple[slice, slice]]:
        """Rows and columns of every block, in the order of the grid."""
        for y in range(0, self.shape[0], self.rows):
            for x in range(0, self.shape[1], self.columns):
                yield (
                    slice(y, min(y + self.rows, self.shape[0])),
                    slice(x, min(x + self.columns, self.shape[1])),
                )

    def count(self) -> int:
        """Number of blocks."""
        return ceil(self.shape[0] / self.rows) * ceil(self.shape[1] / self.columns)


def plan_blocks(
    shape: tuple[int, int],
    sources: Mapping[str, Source],
    *,
    memory: int,
    in_use: int,
    result_bytes: int,
    copies: float,
) -> Plan:
    """The cut that re-reads least among those that fit.

    Parameters
    ----------
    memory, in_use : bytes that the process may take, and takes already
    result_bytes : of one cell of all results
    copies : of a block, besides the block itself, that computing makes

    Raises
    ------
    SettingsRefused : not even one row of cells fits
    """
    per_cell = (1 + copies) * 4 * sum(source.steps for source in sources.values()) + 2 * result_bytes
    spare = memory - in_use - 2 * max((source.chunk_bytes() for source in sources.values()), default=0)
    cells = int(spare / per_cell)
    if cells < min(shape[1], 16):
        least = in_use + (memory - in_use - spare) + per_cell * min(shape[1], 16)
        raise SettingsRefused(
            f"{memory / MIB:.0f} MiB are too little: the program itself takes {in_use / MIB:.0f} MiB, "
            "unpacking the "
            f"files and the smallest block make it {least / MIB:.0f} MiB: allow more memory"
        )
    plain = _whole_rows(shape, cells)
    cuts = [plain, *(cut for source in sources.values() if (cut := _along_chunks(shape, source, cells)))]
    best = min(cuts, key=lambda cut: _read_bytes(shape, cut, sources))
    again = tuple(name for name, source in sources.items() if reread(shape, best, source) > REREAD)
    if again:
        best = plain
        again = tuple(name for name, source in sources.items() if reread(shape, best, source) > REREAD)
    return Plan(shape, *best, again, int(per_cell * best[0] * best[1]))


def reread(shape: tuple[int, int], cut: tuple[int, int], source: Source) -> float:
    """How often blocks of this cut read an input, on average: 1 is once."""
    if source.chunks is None:
        return 1.0
    factor = 1.0
    for size, step, chunk in zip(shape, cut, source.chunks[1:], strict=True):
        touched = sum(
            ceil(min(start + step, size) / chunk) - start // chunk for start in range(0, size, step)
        )
        factor *= touched / ceil(size / chunk)
    return factor


def _whole_rows(shape: tuple[int, int], cells: int) -> tuple[int, int]:
    rows = cells // shape[1]
    return (min(rows, shape[0]), shape[1]) if rows else (1, min(cells, shape[1]))


def _along_chunks(shape: tuple[int, int], source: Source, cells: int) -> tuple[int, int] | None:
    """Blocks of whole chunks, as wide as they fit; None where one chunk does not."""
    if source.chunks is None or source.chunks[1] * source.chunks[2] > cells:
        return None
    _, height, width = source.chunks
    across = min(ceil(shape[1] / width), max(1, cells // (height * width)))
    columns = min(across * width, shape[1])
    rows = height * max(1, cells // (height * columns)) if columns == shape[1] else height
    return min(rows, shape[0]), columns


def _read_bytes(shape: tuple[int, int], cut: tuple[int, int], sources: Mapping[str, Source]) -> float:
    return sum(source.steps * reread(shape, cut, source) for source in sources.values())
