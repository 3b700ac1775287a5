"""The embedded store: recent readings in SQLite, sealed months in Parquet, one folder."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import numpy as np

from headwater.stations.ingest import Account, IngestRule, Reason
from headwater.stations.readings import Readings
from headwater.stations.series import Channel, Series, Station
from headwater.store import check, copy, hot, months, seal
from headwater.store.cold import Cold, FilesGone
from headwater.store.commit_batch import Writer, apply, commit_batch, keep_newest
from headwater.store.connect import (
    DATABASE,
    connect,
    connect_reader,
    make_durable,
    own_words,
    take_lock,
    transaction,
)
from headwater.store.errors import StoreDamaged, StoreRefused
from headwater.store.migrate import check as check_version
from headwater.store.migrate import migrate
from headwater.store.names import Names
from headwater.store.newest import read_newest
from headwater.store.protocol import DayMeans, Judge, Judged, Receipt, Sealed, Verified
from headwater.store.rows import HOUR_US, Rows, no_rows, stack
from headwater.store.snapshot import Snapshot

T = TypeVar("T")
ATTEMPTS = 5
PAUSE_S = 0.002
"""Between two slices of sealed rows that leave the database, so that a batch gets its turn."""


class EmbeddedStore:
    """A store in a folder; ``open_store`` makes one. The promises are those of ``ReadingStore``."""

    def __init__(self, folder: Path, *, writing: bool, rule: IngestRule) -> None:
        self.folder, self.rule = folder, rule
        self._write_turn, self._read_turn, self._seal_turn = (threading.RLock() for _ in range(3))
        self._lock: sqlite3.Connection | None = None
        self._writer: Writer | None = None
        self._touched: list[Rows] | None = None
        self._reader: sqlite3.Connection | None = None
        self._connection: sqlite3.Connection | None = None
        self._cold, self._names = Cold(folder), Names()
        try:
            with own_words(folder):
                self._open(writing)
        except BaseException:
            self.close()
            raise

    def _open(self, writing: bool) -> None:
        if not writing and not (self.folder / DATABASE).is_file():
            raise StoreRefused(
                f"{self.folder}: there is no store. A folder with {DATABASE} is needed for reading. Check "
                "the path, or open it for writing to make a store."
            )
        if writing:
            (self.folder / months.FOLDER).mkdir(parents=True, exist_ok=True)
            self._lock = take_lock(self.folder)
            self._connection = connect(self.folder)
            check_version(self._connection, self.folder, may_be_empty=True)
            make_durable(self._connection)
            migrate(self._connection, self.folder)
            newest = read_newest(self._connection)
            self._writer = Writer(self._connection, Cold(self.folder), (), Names(), newest)
            self._learn()
            months.remove_strangers(self.folder / months.FOLDER, self._writer.months)
        self._reader = connect_reader(self.folder)
        check_version(self._reader, self.folder)

    def _learn(self) -> None:
        """What the writer knows, from the disk."""
        writer = self._writing()
        writer.names.forget()
        writer.names.refresh(writer.connection)
        writer.months = months.manifest(writer.connection)
        writer.newest = read_newest(writer.connection)

    def _writing(self) -> Writer:
        if self._writer is None:
            raise ValueError(f"{self.folder}: this store is closed or was opened for reading")
        return self._writer

    @contextmanager
    def _transaction(self) -> Iterator[Writer]:
        with self._write_turn, own_words(self.folder):
            writer = self._writing()
            try:
                with transaction(writer.connection):
                    yield writer
            except BaseException:
                with suppress(sqlite3.Error):
                    self._learn()
                raise

    def commit(self, batch: Readings, *, now: np.datetime64, judge: Judge | None = None) -> Receipt:
        """See ``ReadingStore.commit``."""
        with self._write_turn:
            with self._transaction() as writer:
                done = commit_batch(writer, batch, self.rule, now=now, judge=judge)
            self._written(done.written)
        return done.receipt

    def revise(self, judged: Judged) -> int:
        """See ``ReadingStore.revise``."""
        with self._write_turn:
            with self._transaction() as writer:
                _, others = apply(writer, judged, no_rows())
                hot.replace(writer.connection, others)
                keep_newest(writer, others)
            self._written(others)
        return len(others)

    def _written(self, rows: Rows) -> None:
        if self._touched is not None:
            self._touched.append(rows)

    def add_stations(self, stations: Iterable[Station]) -> None:
        """See ``ReadingStore.add_stations``."""
        records = [(one.id, json.dumps(asdict(one), ensure_ascii=False, sort_keys=True)) for one in stations]
        with self._transaction() as writer:
            writer.connection.executemany(
                "INSERT OR REPLACE INTO stations (id, record) VALUES (?, ?)", records
            )

    def _look(self, at: Callable[[Snapshot], T]) -> T:
        """What a function sees of one consistent state."""
        for _ in range(ATTEMPTS):
            with self._read_turn, own_words(self.folder):
                if self._reader is None:
                    raise ValueError(f"{self.folder}: this store is closed")
                try:
                    with transaction(self._reader, "DEFERRED"):
                        return at(self._view(self._reader, self._cold, self._names))
                except FilesGone:
                    continue
        raise StoreDamaged(
            f"{self.folder}: a sealed month that the database names is not there. Every file of the folder "
            f"{months.FOLDER} is needed. Verify the store, and restore the file from a backup."
        )

    def _view(self, connection: sqlite3.Connection, cold: Cold, names: Names) -> Snapshot:
        names.refresh(connection)
        return Snapshot(connection, cold, months.manifest(connection), names)

    def stations(self) -> tuple[Station, ...]:
        """See ``ReadingStore.stations``."""
        query = "SELECT record FROM stations ORDER BY id"
        return self._look(
            lambda view: tuple(_station(record) for (record,) in view.connection.execute(query))
        )

    def series(self, station: str | None = None) -> tuple[Series, ...]:
        """See ``ReadingStore.series``."""
        return self._look(lambda view: view.series(station))

    def read(
        self, series: Sequence[Series] | None, start: np.datetime64, end: np.datetime64, *, sent: bool = False
    ) -> Readings:
        """See ``ReadingStore.read``."""
        return self._look(lambda view: view.read(series, _us(start), _us(end), sent=sent))

    def latest(self, series: Sequence[Series] | None = None) -> Readings:
        """See ``ReadingStore.latest``."""
        return self._look(lambda view: view.latest(series))

    def day_means(
        self, series: Sequence[Series] | None, start: np.datetime64, end: np.datetime64, *, without: int = 0
    ) -> DayMeans:
        """See ``ReadingStore.day_means``."""
        days = [_us(time.astype("datetime64[D]")) for time in (start, end)]
        if days != [_us(start), _us(end)]:
            raise ValueError(f"day means need whole UTC days, not {start} to {end}")
        return self._look(lambda view: view.day_means(series, days[0], days[1], without))

    def accounts(self) -> Mapping[str, Account]:
        """See ``ReadingStore.accounts``."""
        return self._look(check.accounts)

    def rejected(self) -> Mapping[tuple[str, Reason], int]:
        """See ``ReadingStore.rejected``."""
        query = "SELECT station, reason, count FROM rejections ORDER BY station, reason"
        return self._look(
            lambda view: {
                (station, Reason(why)): many for station, why, many in view.connection.execute(query)
            }
        )

    def content_hash(self) -> str:
        """See ``ReadingStore.content_hash``."""
        return self._look(Snapshot.content_hash)

    def verify(self) -> Verified:
        """See ``ReadingStore.verify``; looks again, as a seal may have replaced a file meanwhile."""
        verified = self._look(check.verify)
        return verified if verified.sound else self._look(check.verify)

    def backup(self, path: Path) -> None:
        """See ``ReadingStore.backup``."""
        copy.backup(self.folder, path)

    def seal(self, before: np.datetime64) -> Sealed:
        """See ``ReadingStore.seal``; batches may be committed meanwhile from other threads."""
        with self._seal_turn:
            self._writing()
            names = self._look(lambda view: seal.months_to_seal(view, _us(before)))
            done = [self._seal(name) for name in names]
        return Sealed(tuple(names), sum(month.rows for month in done), sum(month.bytes for month in done))

    def _seal(self, name: str) -> months.Month:
        """File first, then its name in the database, then rows out of the database: readable at any point."""
        with self._write_turn:
            self._touched = []
        try:
            made = self._write_month(name)
            with self._transaction() as writer:
                old = next((one for one in writer.months if one.month == name), None)
                months.enter(writer.connection, made)
                writer.months = months.manifest(writer.connection)
            self._take_out(name)
        finally:
            with self._write_turn:
                self._touched = None
        if old is not None and old.file != made.file:
            (self.folder / months.FOLDER / old.file).unlink(missing_ok=True)
        return made

    def _write_month(self, name: str) -> months.Month:
        with own_words(self.folder):
            connection, cold = connect_reader(self.folder), Cold(self.folder)
            try:
                with transaction(connection, "DEFERRED"):
                    made = seal.write_month(self._view(connection, cold, Names()), name)
            finally:
                connection.close()
                cold.close()
        assert made is not None, "a month without rows was to be sealed"
        return made

    def _take_out(self, name: str) -> None:
        hour, last = seal.hours_of(name)
        while hour <= last:
            with self._transaction() as writer:
                end = hot.slice_end(writer.connection, hour, last)
                touched = stack(self._touched or [])
                inside = (touched.time >= hour * HOUR_US) & (touched.time < (end + 1) * HOUR_US)
                hot.remove(writer.connection, hour, end, touched.take(inside))
            hour = end + 1
            time.sleep(PAUSE_S)

    def close(self) -> None:
        """See ``ReadingStore.close``."""
        with self._write_turn, self._read_turn:
            if self._writer is not None:
                self._writer.cold.close()
            for one in (self._reader, self._connection, self._lock):
                if one is not None:
                    one.close()
            self._cold.close()
            self._reader = self._connection = self._writer = self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _us(time: np.datetime64) -> int:
    return int(time.astype("datetime64[us]").astype(np.int64))


def _station(record: str) -> Station:
    parts = json.loads(record)
    parts["devices"] = tuple(parts["devices"])
    parts["channels"] = tuple(Channel(**channel) for channel in parts["channels"])
    return Station(**parts)
