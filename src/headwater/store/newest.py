"""The newest reading of every series, kept in the table ``latest`` in blocks of series numbers.

A round of all stations changes all of them. As one row a series that would cost as much as the readings
themselves; as a block of 64 it costs little, and reading all is one pass over a few pages.
"""

from __future__ import annotations

import sqlite3

import numpy as np
from numpy.typing import NDArray

from headwater.store.rows import Ints, Rows

SERIES_OF_A_BLOCK = 64
FIELDS = ("time", "value", "flags", "quality", "state", "version", "said")
ROW = np.dtype([(name, "<f8" if name == "value" else "<i8") for name in FIELDS])
NONE = np.iinfo(np.int64).min
"""Time of a series without any; the same number as NaT."""


class Newest:
    """The newest readings, at the places of the numbers of their series."""

    def __init__(self, table: NDArray[np.void]) -> None:
        self._table = table

    def times(self, numbers: Ints) -> Ints:
        """Time of the newest reading of these series."""
        known = numbers < len(self._table)
        found: Ints = np.where(known, self._table["time"][np.where(known, numbers, 0)], NONE)
        return found

    def rows(self) -> Rows:
        """All of them, by number of the series."""
        numbers = np.flatnonzero(self._table["time"] != NONE)
        return Rows(numbers, *(np.ascontiguousarray(self._table[name][numbers]) for name in FIELDS))

    def take_in(self, rows: Rows) -> Ints:
        """Keeps what is as new as what is kept, or newer; of each series one row. Blocks that changed."""
        kept = rows.take(rows.time >= self.times(rows.series))
        self._grow(int(kept.series.max(initial=0)) + 1)
        for name in FIELDS:
            self._table[name][kept.series] = getattr(kept, name)
        return np.unique(kept.series // SERIES_OF_A_BLOCK)

    def write(self, connection: sqlite3.Connection, blocks: Ints) -> None:
        """Writes these blocks."""
        parts = self._table.reshape(-1, SERIES_OF_A_BLOCK)
        connection.executemany(
            "INSERT OR REPLACE INTO latest (block, readings) VALUES (?, ?)",
            ((block, parts[block].tobytes()) for block in blocks.tolist()),
        )

    def _grow(self, needed: int) -> None:
        more = -(-needed // SERIES_OF_A_BLOCK) * SERIES_OF_A_BLOCK - len(self._table)
        if more > 0:
            self._table = np.concatenate([self._table, _empty(more)])


def read_newest(connection: sqlite3.Connection) -> Newest:
    """What is kept on the disk."""
    found = connection.execute("SELECT block, readings FROM latest ORDER BY block").fetchall()
    table = _empty((found[-1][0] + 1 if found else 1) * SERIES_OF_A_BLOCK)
    for block, readings in found:
        table[block * SERIES_OF_A_BLOCK : (block + 1) * SERIES_OF_A_BLOCK] = np.frombuffer(readings, ROW)
    return Newest(table)


def _empty(many: int) -> NDArray[np.void]:
    table = np.zeros(many, ROW)
    table["time"] = NONE
    return table
