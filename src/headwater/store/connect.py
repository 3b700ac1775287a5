"""Connections to the database file, transactions, and errors in the store's own words."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from headwater.store.errors import StoreBusy, StoreDamaged, StoreError, StoreFull, StoreRefused

DATABASE = "readings.sqlite"
LOCK = "writer.lock"
APPLICATION = 0x68656164
"""Marks a database as a store of headwater: "head" in ASCII."""
WAIT_S = 30.0
CHECKPOINT_PAGES = 2_000
CACHE_KIB = 65_536

FULL = {
    "SQLITE_FULL",
    "SQLITE_IOERR_WRITE",
    "SQLITE_IOERR_FSYNC",
    "SQLITE_IOERR_TRUNCATE",
    "SQLITE_IOERR_SHMSIZE",
}
NO_ROOM = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT}
DAMAGED = {"SQLITE_CORRUPT", "SQLITE_NOTADB"}


def connect(folder: Path) -> sqlite3.Connection:
    """A connection that could write, and does not yet."""
    return sqlite3.connect(folder / DATABASE, timeout=WAIT_S, isolation_level=None, check_same_thread=False)


def make_durable(connection: sqlite3.Connection) -> None:
    """From now on every commit is on disk when it returns, and readers do not wait for it."""
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "fullfsync = ON",
        f"wal_autocheckpoint = {CHECKPOINT_PAGES}",
        "journal_size_limit = 67108864",
        f"cache_size = -{CACHE_KIB}",
        "temp_store = MEMORY",
        "secure_delete = OFF",  # some builds overwrite what is deleted, which makes seals slow
    ):
        connection.execute(f"PRAGMA {pragma}")


def connect_reader(folder: Path) -> sqlite3.Connection:
    """A connection that only reads."""
    place = f"{(folder / DATABASE).resolve().as_uri()}?mode=ro"
    connection = sqlite3.connect(
        place, timeout=WAIT_S, isolation_level=None, check_same_thread=False, uri=True
    )
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    connection.execute("PRAGMA temp_store = MEMORY")
    return connection


def take_lock(folder: Path) -> sqlite3.Connection:
    """The right to write, held until the connection is closed or the process ends, however it ends."""
    lock = sqlite3.connect(folder / LOCK, timeout=0.0, isolation_level=None, check_same_thread=False)
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error:
        lock.close()
        raise StoreBusy(
            f"{folder}: another process, or another part of this one, writes to this store. One writer at a "
            "time is allowed, and any number of readers. Stop it, or open the store for reading."
        ) from None
    return lock


@contextmanager
def transaction(connection: sqlite3.Connection, how: str = "IMMEDIATE") -> Iterator[None]:
    """All or nothing."""
    connection.execute(f"BEGIN {how}")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def own_words(folder: Path) -> Iterator[None]:
    """Errors of the database as errors of the store."""
    try:
        yield
    except sqlite3.Error as error:
        raise in_own_words(folder, error) from error
    except OSError as error:
        if error.errno in NO_ROOM:
            raise _full(folder, error) from error
        raise


def in_own_words(folder: Path, error: sqlite3.Error) -> StoreError:
    """What an error of the database means for who uses the store."""
    name = getattr(error, "sqlite_errorname", None) or "SQLITE_ERROR"
    if name in FULL:
        return _full(folder, error)
    if name in DAMAGED:
        return StoreDamaged(
            f"{folder}: the database is damaged ({error}). A store that headwater wrote is needed. Restore "
            "it from a backup."
        )
    if name.startswith("SQLITE_BUSY"):
        return StoreBusy(
            f"{folder}: the database was in use for more than {WAIT_S:g} s. Only headwater may have it open. "
            "Close other programs that do, and try again."
        )
    if name.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_PERM")):
        return StoreRefused(
            f"{folder}: the database cannot be opened ({error}). The folder must be there and writable, for "
            "readers too. Check the path and its permissions."
        )
    return StoreError(
        f"{folder}: the database reports {name} ({error}). Nothing of this batch was kept. Verify the store."
    )


def _full(folder: Path, error: Exception) -> StoreFull:
    return StoreFull(
        f"{folder}: nothing more could be written ({error}). What was acknowledged is kept, this batch is "
        "not. Make room on the disk, or raise its limit, and send the batch again."
    )
