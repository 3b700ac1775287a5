"""Brings the tables of a database to the version of this headwater, one numbered file after another."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from headwater.store.connect import APPLICATION, transaction
from headwater.store.errors import StoreRefused

TABLE = (
    "CREATE TABLE IF NOT EXISTS schema_version "
    "(version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP)"
)


def migrations() -> dict[int, tuple[str, str]]:
    """Name and text of every migration by number, in order."""
    folder = resources.files("headwater.store").joinpath("migrations")
    found = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return {int(name[:4]): (name, folder.joinpath(name).read_text(encoding="utf-8")) for name in found}


def migrate(
    connection: sqlite3.Connection, place: Path, known: dict[int, tuple[str, str]] | None = None
) -> None:
    """Applies what is missing, each file in a transaction of its own.

    Raises
    ------
    StoreRefused
        Another program, or a newer headwater, made the database.
    """
    known = known or migrations()
    present = check(connection, place, known, may_be_empty=True)
    for number, (name, text) in known.items():
        if number <= present:
            continue
        with transaction(connection):
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
            connection.execute(TABLE)
            for statement in statements(text):
                connection.execute(statement)
            connection.execute("INSERT INTO schema_version (version, name) VALUES (?, ?)", (number, name))


def check(
    connection: sqlite3.Connection,
    place: Path,
    known: dict[int, tuple[str, str]] | None = None,
    *,
    may_be_empty: bool = False,
) -> int:
    """Version of the tables, 0 if there are none yet; refuses those that cannot be used."""
    newest = max(known or migrations())
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    made_by = connection.execute("PRAGMA application_id").fetchone()[0]
    if (tables or not may_be_empty) and (made_by != APPLICATION or "schema_version" not in tables):
        raise StoreRefused(
            f"{place}: the database there is not a store of headwater. A folder that headwater made, or an "
            "empty one, is needed. Choose another folder."
        )
    found = connection.execute("SELECT max(version) FROM schema_version").fetchone()[0] if tables else None
    present = int(found or 0)
    if present > newest:
        raise StoreRefused(
            f"{place}: the store has version {present}, and this headwater knows versions up to {newest}. A "
            "newer headwater made it. Install that version, or restore a backup from before."
        )
    if present < newest and not may_be_empty:
        raise StoreRefused(
            f"{place}: the store has version {present}, and version {newest} is needed for reading. Open it "
            "once for writing with this headwater, which brings it up to date."
        )
    return present


def statements(text: str) -> Iterator[str]:
    """The statements of a file, one after another."""
    collected = ""
    for line in text.splitlines(keepends=True):
        collected += line
        if sqlite3.complete_statement(collected):
            yield collected
            collected = ""
    if any(line.strip() and not line.strip().startswith("--") for line in collected.splitlines()):
        raise ValueError(f"a statement does not end: {collected[:60]!r}")
