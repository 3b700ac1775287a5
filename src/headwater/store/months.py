"""Sealed months: which there are, and their Parquet files written, read and checked."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from headwater.store.rows import Rows

FOLDER = "sealed"
ROWS_OF_A_GROUP = 65_536
SCHEMA_FIELDS = ("series", "time", "value", "flags", "quality", "state", "version", "said")


@dataclass(frozen=True)
class Month:
    """A sealed month.

    Attributes
    ----------
    month : such as "2026-05"
    file : name in the folder of sealed months
    sha256 : of the file
    rows, bytes : its size
    """

    month: str
    file: str
    sha256: str
    rows: int
    bytes: int

    @property
    def start(self) -> int:
        """First microsecond."""
        return int(np.datetime64(self.month, "us").astype(np.int64))

    @property
    def end(self) -> int:
        """First microsecond of the next month."""
        return month_end(self.month)


def month_end(month: str) -> int:
    """First microsecond after a month."""
    return int((np.datetime64(month, "M") + 1).astype("datetime64[us]").astype(np.int64))


def month_of(time: int) -> str:
    """Month of a time in microseconds."""
    return str(np.datetime64(time, "us").astype("datetime64[M]"))


def manifest(connection: sqlite3.Connection) -> tuple[Month, ...]:
    """All sealed months, in order."""
    found = connection.execute("SELECT month, file, sha256, rows, bytes FROM sealed ORDER BY month")
    return tuple(Month(*row) for row in found)


def enter(connection: sqlite3.Connection, month: Month) -> None:
    """Makes this file the one of its month."""
    row = (month.month, month.file, month.sha256, month.rows, month.bytes)
    connection.execute(
        "INSERT OR REPLACE INTO sealed (month, file, sha256, rows, bytes) VALUES (?, ?, ?, ?, ?)", row
    )


def write(folder: Path, name: str, blocks: Iterable[Rows]) -> Month | None:
    """Writes blocks, in order of series and time, as the file of a month; on disk before it has its name."""
    import pyarrow.parquet as parquet

    partial = folder / f"{name}.partial"
    rows = 0
    writer = None
    try:
        for block in blocks:
            table = _table(block)
            if writer is None:
                writer = parquet.ParquetWriter(partial, table.schema, **_layout())
            writer.write_table(table, row_group_size=ROWS_OF_A_GROUP)
            rows += len(block)
    finally:
        if writer is not None:
            writer.close()
    if not rows:
        partial.unlink(missing_ok=True)
        return None
    sync(partial)
    digest = sha256(partial)
    final = folder / f"{name}-{digest[:16]}.parquet"
    partial.replace(final)
    sync(folder)
    return Month(name, final.name, digest, rows, final.stat().st_size)


def _layout() -> dict[str, Any]:
    codes = ["series", "value", "flags", "quality", "state", "version", "said"]
    return {
        "compression": "zstd",
        "compression_level": 9,
        "use_dictionary": codes,
        "column_encoding": {"time": "DELTA_BINARY_PACKED"},
        "write_statistics": ["series", "time"],
        "data_page_size": 2**18,
    }


def _table(rows: Rows) -> Any:
    import pyarrow as pa

    kinds = {"series": pa.int32(), "state": pa.uint8(), "said": pa.int32()}
    columns = [
        pa.array(rows.value, from_pandas=True)  # NaN becomes null
        if name == "value"
        else pa.array(getattr(rows, name)).cast(kinds.get(name, pa.int64()))
        for name in SCHEMA_FIELDS
    ]
    return pa.table(columns, names=list(SCHEMA_FIELDS))


def sync(place: Path) -> None:
    """Waits until a file, or the names in a folder, are on disk."""
    if os.name == "nt" and place.is_dir():
        return
    handle = os.open(place, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sha256(path: Path) -> str:
    """Digest of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def remove_strangers(folder: Path, known: Iterable[Month]) -> list[str]:
    """Takes away files that no month names: what a seal left that did not end."""
    names = {month.file for month in known}
    strangers = [path for path in folder.glob("*") if path.name not in names]
    for path in strangers:
        path.unlink()
    return sorted(path.name for path in strangers)
