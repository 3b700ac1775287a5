"""Reads sealed months with DuckDB. The files are never changed here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from headwater.store.errors import StoreDamaged, StoreError
from headwater.store.months import FOLDER, SCHEMA_FIELDS, Month
from headwater.store.rows import DAY_US, Ints, Rows, no_rows

SELECT = ", ".join(f"s.{name}" for name in SCHEMA_FIELDS)
DAY_SUMS = """
SELECT series, day, sum(value), count(value) FROM (
    SELECT s.series, s.time // {day} AS day, s.value FROM read_parquet($files) s {anti}
    WHERE s.time >= {start} AND s.time < {end} AND ((s.flags | s.quality) & {without}) = 0 {some}
) GROUP BY series, day HAVING count(value) > 0
"""
ANTI = "ANTI JOIN above a ON a.series = s.series AND a.time = s.time"


class FilesGone(Exception):
    """A file that was named is not there any more: a seal replaced it. Look again which there are."""


class Cold:
    """Sealed months of one store.

    Attributes
    ----------
    folder : of their files
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / FOLDER
        self._duckdb: Any = None

    def read(self, months: Iterable[Month], series: Ints | None, start: int, end: int) -> Rows:
        """Rows of [start, end) microseconds, of these series or of all, in no order."""
        files = [month for month in months if month.start < end and month.end > start]
        if not files or (series is not None and not len(series)):
            return no_rows()
        query = f"SELECT {SELECT} FROM read_parquet($files) s WHERE time >= {start} AND time < {end}"
        if series is not None and len(series) == 1:
            query += f" AND series = {int(series[0])}"
        elif series is not None:
            query += " AND series IN (SELECT number FROM wanted)"
            return self._rows(query, files, wanted={"number": series})
        return self._rows(query, files)

    def block(self, month: Month, first: int, last: int) -> Rows:
        """Rows of the series from ``first`` to ``last``."""
        return self._rows(
            f"SELECT {SELECT} FROM read_parquet($files) s WHERE series BETWEEN {first} AND {last}", [month]
        )

    def held(self, months: Iterable[Month], series: Ints, time: Ints) -> Rows:
        """What sealed months hold of these series and times; each is asked for once."""
        files = [month for month in months if ((time >= month.start) & (time < month.end)).any()]
        if not files:
            return no_rows()
        return self._rows(
            f"SELECT {SELECT} FROM read_parquet($files) s "
            "JOIN wanted w ON w.series = s.series AND w.time = s.time",
            files,
            wanted={"series": series, "time": time},
        )

    def day_sums(
        self, months: Iterable[Month], series: Ints | None, start: int, end: int, without: int, above: Rows
    ) -> list[tuple[int, int, float, int]]:
        """Series, day, sum and count of values in whole days, but for the readings of ``above``."""
        files = [month for month in months if month.start < end and month.end > start]
        if not files:
            return []
        tables: dict[str, dict[str, Any]] = {}
        if len(above):
            tables["above"] = {"series": above.series, "time": above.time}
        if series is not None:
            tables["wanted"] = {"number": series}
        query = DAY_SUMS.format(
            day=DAY_US, start=start, end=end, without=without,
            anti=ANTI if len(above) else "",
            some="" if series is None else "AND s.series IN (SELECT number FROM wanted)",
        )  # fmt: skip
        found: list[tuple[int, int, float, int]] = self._run(query, files, tables).fetchall()
        return found

    def counts(self, month: Month) -> dict[int, int]:
        """Rows of each series."""
        query = "SELECT series, count(*) FROM read_parquet($files) GROUP BY series"
        return dict(self._run(query, [month], {}).fetchall())

    def close(self) -> None:
        """Lets go of DuckDB."""
        if self._duckdb is not None:
            self._duckdb.close()
            self._duckdb = None

    def _rows(self, query: str, files: Sequence[Month], **tables: dict[str, Any]) -> Rows:
        found = self._run(query, files, tables).fetchnumpy()
        value = found["value"]
        if isinstance(value, np.ma.MaskedArray):
            value = value.filled(np.nan)
        columns = {name: np.asarray(found[name], np.int64) for name in SCHEMA_FIELDS if name != "value"}
        return Rows(value=np.asarray(value, np.float64), **columns)

    def _run(self, query: str, files: Sequence[Month], tables: dict[str, dict[str, Any]]) -> Any:
        import duckdb

        paths = [self.folder / month.file for month in files]
        connection = self._connected(duckdb)
        try:
            for name, columns in tables.items():
                connection.register(name, _arrow(columns))
            return connection.execute(query, {"files": [str(path) for path in paths]})
        except duckdb.IOException as error:
            if any(not path.is_file() for path in paths):
                raise FilesGone from None
            raise self._damaged(error) from error
        except duckdb.Error as error:
            raise self._damaged(error) from error

    def _connected(self, duckdb: Any) -> Any:
        if self._duckdb is None:
            self._duckdb = duckdb.connect(config={"autoinstall_known_extensions": False})
            self._duckdb.execute("SET parquet_metadata_cache = true")
            self._duckdb.execute("SET preserve_insertion_order = false")
        return self._duckdb

    def _damaged(self, error: Exception) -> StoreError:
        return StoreDamaged(
            f"{self.folder}: a sealed month cannot be read ({str(error).splitlines()[0]}). Files as "
            "headwater wrote them are needed. Verify the store, and restore the file from a backup."
        )


def _arrow(columns: dict[str, Any]) -> Any:
    import pyarrow as pa

    return pa.table({name: pa.array(column) for name, column in columns.items()})
