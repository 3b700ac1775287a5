"""The embedded store under the design load: commits, reads, means, size; plain SQLite and DuckDB beside it.

``HEADWATER_STORE_ROWS`` readings (default 2 million) of ``HEADWATER_STORE_SERIES`` series (default 5000)
every 10 minutes, each round one batch in random order of series. The plain stores get
``HEADWATER_STORE_PEER_ROWS`` (default 1 million): a SQLite table keyed (series, time) becomes slower with
every row. Ratios are taken over the same rows.
"""

from __future__ import annotations

import json
import os
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from headwater.stations.read_flags import flag_words
from headwater.stations.readings import Readings, readings
from headwater.stations.series import Series
from headwater.store import Judged, ReadingStore, Sealed, open_store

SEED = 1
ROWS, MANY, PEER_ROWS = (
    int(os.environ.get(f"HEADWATER_STORE_{name}", default))
    for name, default in (("ROWS", 2_000_000), ("SERIES", 5_000), ("PEER_ROWS", 1_000_000))
)
FOLDER = os.environ.get("HEADWATER_STORE_FOLDER")
DEPTHS_MM = (50, 100, 200, 400, 800)
SERIES = tuple(
    Series(f"net/{k // 5:04d}", "soil_moisture", DEPTHS_MM[k % 5], DEPTHS_MM[k % 5], "5TM")
    for k in range(MANY)
)
START = np.datetime64("2026-05-01", "us")
STEP = np.timedelta64(10, "m")
NOW = np.datetime64("2026-12-01", "us")
JUNE = np.datetime64("2026-06-01", "us")
TESTS = flag_words().mask(["C01", "C02", "G"])
C01, C02, GOOD = (np.uint64(flag_words().mask([code])) for code in ("C01", "C02", "G"))
MOST_ROUNDS = 31 * 144


def rounds(rows: int) -> Iterator[tuple[np.ndarray, np.datetime64, np.ndarray]]:
    """Series in random order, time and values of every round: slow changes, and noise of 0.001."""
    random = np.random.default_rng(SEED)
    level = random.uniform(0.1, 0.4, MANY)
    for step in range(min(rows // MANY, MOST_ROUNDS)):
        level += random.normal(0.0, 0.0003, MANY)
        order = random.permutation(MANY)
        yield order, START + step * STEP, np.round(level + random.normal(0.0, 0.001, MANY), 4)[order]


def timed(work: Callable[[], object], repeats: int = 1) -> float:
    """Median of the milliseconds that it takes."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - start))
    return float(np.median(times))


def judge(changed: Readings) -> Judged:
    """A range test, as a stand-in for all tests of quality."""
    flags = np.where(changed.value < 0, C01, np.where(changed.value > 0.6, C02, GOOD))
    return Judged(readings(changed.series, changed.of, changed.time, changed.value, flags=flags), TESTS)


def fill(store: ReadingStore) -> list[float]:
    """Milliseconds of each commit."""
    times = []
    for order, at, value in rounds(ROWS):
        batch = readings(SERIES, order, np.full(MANY, at), value)
        times.append(timed(lambda batch=batch: store.commit(batch, now=NOW)))
    return times


def seal_meanwhile(store: ReadingStore) -> dict[str, float]:
    """Seals while batches go on being committed from another thread."""
    sealed: list[Sealed] = []
    start, times, seconds = time.perf_counter(), [], []

    def work() -> None:
        sealed.append(store.seal(JUNE))
        seconds.append(time.perf_counter() - start)

    thread = threading.Thread(target=work)
    thread.start()
    for order, _, value in rounds(ROWS):
        batch = readings(SERIES, order, np.full(MANY, JUNE + len(times) * STEP), value)
        times.append(timed(lambda batch=batch: store.commit(batch, now=NOW)))
        time.sleep(0.1)
        if not thread.is_alive():
            break
    thread.join()
    return {
        "seal_rows_per_s": sealed[0].rows / seconds[0],
        "sealed_bytes_per_row": sealed[0].bytes / sealed[0].rows,
        "commit_p50_while_sealing_ms": float(np.percentile(times, 50)),
        "commit_p99_while_sealing_ms": float(np.percentile(times, 99)),
    }  # fmt: skip


def end_to_end(store: ReadingStore) -> float:
    """Readings a second from messages as text to the disk: 5 % again, 5 % late, 1 % corrected, with flags."""
    random = np.random.default_rng(SEED)
    names = {(one.station, str(one.depth_from_mm)): at for at, one in enumerate(SERIES)}
    texts: list[list[str]] = []
    for step in range(40):
        late = np.where(random.random(MANY // 5) < 0.05, random.integers(1, 4320, MANY // 5), 0)
        version = (random.random(MANY // 5) < 0.01).astype(int)
        late = np.where(version, 1, late)
        burst = [
            json.dumps({
                "station": f"net/{k:04d}", "version": int(version[k]),
                "time": str(NOW - np.timedelta64(1, "D") + (step - int(late[k])) * STEP),
                "values": dict(zip(map(str, DEPTHS_MM), np.round(random.random(5), 4).tolist(), strict=True)),
            })
            for k in random.permutation(MANY // 5).tolist()
        ]  # fmt: skip
        texts.append(burst + burst[: len(burst) // 20])
    many, seconds = 0, 0.0
    for burst in texts:
        start = time.perf_counter()
        of, at, value, version_of = [], [], [], []
        for text in burst:
            message = json.loads(text)
            for depth, number in message["values"].items():
                of.append(names[message["station"], depth])
                at.append(message["time"])
                value.append(number)
                version_of.append(message["version"])
        batch = readings(SERIES, of, np.array(at, "datetime64[us]"), value, version=version_of)
        store.commit(batch, now=NOW, judge=judge)
        seconds += time.perf_counter() - start
        many += len(of)
    return many / seconds


def reads(store: ReadingStore, last: np.datetime64) -> dict[str, float]:
    """Milliseconds of reading 7 days of a series, and of the means of 7 whole days of all."""
    random, week = np.random.default_rng(2), np.timedelta64(7, "D")
    one = timed(lambda: store.read([SERIES[int(random.integers(MANY))]], last - week, last), 51)
    day = last.astype("datetime64[D]").astype("datetime64[us]")
    return {"range_7d_ms": one, "day_means_7d_ms": timed(lambda: store.day_means(None, day - week, day), 3)}


def plain_sqlite(folder: Path) -> dict[str, float]:
    """The same rows in a table keyed (series, time), every commit on disk."""
    connection = sqlite3.connect(folder / "plain.sqlite", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA cache_size = -65536")
    connection.execute(
        "CREATE TABLE readings (series INTEGER, time INTEGER, value REAL, PRIMARY KEY (series, time)) "
        "WITHOUT ROWID"
    )
    times = []
    for order, at, value in rounds(PEER_ROWS):
        time_us = int(at.astype(np.int64))
        rows = sorted((of, time_us, one) for of, one in zip(order.tolist(), value.tolist(), strict=True))

        def work(rows: list[tuple[int, int, float]] = rows) -> None:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT OR REPLACE INTO readings VALUES (?, ?, ?)", rows)
            connection.execute("COMMIT")

        times.append(timed(work))
    means = "SELECT series, time / 86400000000, avg(value) FROM readings GROUP BY 1, 2"
    result = {
        "rows_per_s": len(times) * MANY / sum(times) * 1000,
        "day_means_ms": timed(lambda: connection.execute(means).fetchall()),
    }
    connection.close()
    return result


def plain_duckdb(folder: Path) -> dict[str, float]:
    """The same rows in a table without key."""
    import duckdb
    import pyarrow as pa

    connection = duckdb.connect(str(folder / "plain.duckdb"))
    connection.execute("CREATE TABLE readings (series INTEGER, time BIGINT, value DOUBLE)")
    times = []
    for order, at, value in rounds(PEER_ROWS):
        time_us = np.full(MANY, at.astype(np.int64))

        def work(columns: tuple[np.ndarray, ...] = (order, time_us, value)) -> None:
            connection.register(
                "batch", pa.table(dict(zip(("series", "time", "value"), columns, strict=True)))
            )
            connection.execute("INSERT INTO readings SELECT * FROM batch")

        times.append(timed(work))
    means = "SELECT series, time // 86400000000, avg(value) FROM readings GROUP BY 1, 2"
    one = "SELECT * FROM readings WHERE series = 7 ORDER BY time"
    result = {
        "rows_per_s": len(times) * MANY / sum(times) * 1000,
        "day_means_ms": timed(lambda: connection.execute(means).fetchnumpy(), 3),
        "range_ms": timed(lambda: connection.execute(one).fetchnumpy(), 11),
    }
    connection.close()
    return result


def main() -> dict[str, float]:
    """Prints and returns the numbers."""
    values: dict[str, float] = {"rows": ROWS, "series": MANY, "peer_rows": PEER_ROWS}
    with tempfile.TemporaryDirectory(dir=FOLDER) as place:
        folder = Path(place)
        with open_store(folder / "store", writing=True) as store:
            times = fill(store)
            done = len(times) * MANY
            last = START + len(times) * STEP
            values |= {"rows": done, "days": len(times) / 144, "commit_rows_per_s": 1000 * done / sum(times)}
            values |= {f"commit_p{q}_ms": float(np.percentile(times, q)) for q in (50, 99, 100)}
            values["latest_ms"] = timed(store.latest, 21)
            values |= {f"hot_{name}": value for name, value in reads(store, last).items()}
            values["hot_bytes_per_row"] = (folder / "store" / "readings.sqlite").stat().st_size / done
            values |= seal_meanwhile(store)
            values |= {f"sealed_{name}": value for name, value in reads(store, last).items()}
            values["end_to_end_rows_per_s"] = end_to_end(store)
            start = time.perf_counter()
            assert store.verify().sound
            values["verify_rows_per_s"] = done / (time.perf_counter() - start)
        ours = 1000 * PEER_ROWS / sum(times[: PEER_ROWS // MANY])
        values |= {f"plain_sqlite_{name}": value for name, value in plain_sqlite(folder).items()}
        values |= {f"plain_duckdb_{name}": value for name, value in plain_duckdb(folder).items()}
        values["commit_rate_over_plain_sqlite"] = ours / values["plain_sqlite_rows_per_s"]
        values["commit_rate_over_plain_duckdb"] = ours / values["plain_duckdb_rows_per_s"]
    for name, value in values.items():
        print(f"{name:32} {value:,.3g}" if isinstance(value, float) else f"{name:32} {value:,}")
    return values
