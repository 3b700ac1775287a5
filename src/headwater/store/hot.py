"""Recent readings in the database: the only statements that change the table ``readings``."""

from __future__ import annotations

import sqlite3

import numpy as np

from headwater.store.rows import COLUMNS, HOUR_US, Ints, Rows, no_rows, rows_of, stack

PLACES = "?, ?, ?, ?, ?, ?, ?, ?, ?"
INSERT = f"INSERT INTO readings ({COLUMNS}) VALUES ({PLACES})"
REPLACE = f"INSERT OR REPLACE INTO readings ({COLUMNS}) VALUES ({PLACES})"
RESULT = "r.hour, r.series, r.time, r.value, r.flags, r.quality, r.state, r.version, r.said"
HOURS = "WITH RECURSIVE hours(h) AS (SELECT ? UNION ALL SELECT h + 1 FROM hours WHERE h < ?) "
OF_SERIES = (
    f"{HOURS}SELECT {RESULT} FROM hours CROSS JOIN readings r WHERE r.hour = h AND r.series BETWEEN ? AND ?"
)
BETWEEN = f"SELECT {COLUMNS} FROM readings WHERE hour BETWEEN ? AND ?"
WANTED = "CREATE TEMP TABLE IF NOT EXISTS wanted (hour INTEGER, series INTEGER, time INTEGER)"
HELD = (
    f"SELECT {RESULT} FROM temp.wanted w CROSS JOIN readings r "
    "WHERE r.hour = w.hour AND r.series = w.series AND r.time = w.time"
)
FEW_SERIES = 64
"""Up to so many series each is sought by itself; for more all readings of the time are scanned."""
ROWS_OF_A_SLICE = 20_000
DAY_SHIFT = 100_000
"""Added to days so that the database rounds hours before 1970 down."""
DAY_SUMS = f"""
SELECT series, (hour + {24 * DAY_SHIFT}) / 24 - {DAY_SHIFT} AS day, sum(total), sum(many) FROM (
    SELECT hour, series, sum(value) AS total, count(value) AS many FROM readings
    WHERE hour BETWEEN ? AND ? AND (flags | quality) & ? = 0 GROUP BY hour, series
) GROUP BY series, day HAVING sum(many) > 0
"""


def insert(connection: sqlite3.Connection, rows: Rows) -> None:
    """Adds rows; that one is there already would be a fault of headwater and takes the batch back."""
    connection.executemany(INSERT, rows.tuples())


def replace(connection: sqlite3.Connection, rows: Rows) -> None:
    """Writes rows over those that are there, or adds them."""
    connection.executemany(REPLACE, rows.tuples())


def held(connection: sqlite3.Connection, series: Ints, time: Ints) -> Rows:
    """What the database holds of these series and times; each is asked for once."""
    if not len(series):
        return no_rows()
    hour = time // HOUR_US
    order = np.lexsort((time, series, hour))
    wanted = (hour[order].tolist(), series[order].tolist(), (time - hour * HOUR_US)[order].tolist())
    connection.execute(WANTED)
    connection.execute("DELETE FROM temp.wanted")
    connection.executemany("INSERT INTO temp.wanted VALUES (?, ?, ?)", zip(*wanted, strict=True))
    return rows_of(connection.execute(HELD).fetchall())


def span(connection: sqlite3.Connection) -> tuple[int, int] | None:
    """First and last hour with a reading."""
    first, last = connection.execute(
        "SELECT (SELECT min(hour) FROM readings), (SELECT max(hour) FROM readings)"
    ).fetchone()
    return None if first is None else (first, last)


def read(connection: sqlite3.Connection, series: Ints | None, start: int, end: int) -> Rows:
    """Rows of [start, end) microseconds, of these series or of all, in any order."""
    hours = hours_of(connection, start, end)
    if hours is None:
        return no_rows()
    if series is None or len(series) > FEW_SERIES:
        found = rows_of(connection.execute(BETWEEN, hours).fetchall())
    else:
        found = stack(block(connection, number, number, *hours) for number in series.tolist())
    keep = (found.time >= start) & (found.time < end)
    if series is not None and len(series) > FEW_SERIES:
        keep &= np.isin(found.series, series)
    return found if keep.all() else found.take(keep)


def block(connection: sqlite3.Connection, first: int, last: int, first_hour: int, last_hour: int) -> Rows:
    """Rows of the series from ``first`` to ``last`` in these hours."""
    return rows_of(connection.execute(OF_SERIES, (first_hour, last_hour, first, last)).fetchall())


def hours_of(connection: sqlite3.Connection, start: int, end: int) -> tuple[int, int] | None:
    """Hours of [start, end) that can have readings."""
    known = span(connection)
    if known is None or end <= start:
        return None
    first, last = max(known[0], start // HOUR_US), min(known[1], (end - 1) // HOUR_US)
    return (first, last) if first <= last else None


def day_sums(
    connection: sqlite3.Connection, start: int, end: int, without: int
) -> list[tuple[int, int, float, int]]:
    """Series, day, sum and count of values in whole days."""
    hours = hours_of(connection, start, end)
    return [] if hours is None else connection.execute(DAY_SUMS, (*hours, without)).fetchall()


def slice_end(connection: sqlite3.Connection, first_hour: int, last_hour: int) -> int:
    """Last of the hours from the first that together have few enough rows to be taken out at once."""
    found = connection.execute(
        "SELECT hour FROM readings WHERE hour BETWEEN ? AND ? ORDER BY hour LIMIT 1 OFFSET ?",
        (first_hour, last_hour, ROWS_OF_A_SLICE),
    ).fetchone()
    return last_hour if found is None else max(first_hour, int(found[0]) - 1)


def remove(connection: sqlite3.Connection, first_hour: int, last_hour: int, keep: Rows) -> None:
    """Takes all rows of these hours out but those that have series and time of ``keep``."""
    kept = held(connection, keep.series, keep.time)
    connection.execute("DELETE FROM readings WHERE hour BETWEEN ? AND ?", (first_hour, last_hour))
    insert(connection, kept)


def counts(connection: sqlite3.Connection) -> dict[int, int]:
    """Rows of each series."""
    return dict(connection.execute("SELECT series, count(*) FROM readings GROUP BY series").fetchall())
