"""Copies of a store: an online backup, and a store made of one."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

from headwater.store.connect import DATABASE, connect_reader, own_words
from headwater.store.errors import StoreDamaged, StoreError, StoreRefused
from headwater.store.migrate import check
from headwater.store.months import FOLDER, manifest, sha256, sync

ATTEMPTS = 5


def backup(folder: Path, target: Path) -> None:
    """Copies the store to a new folder, as it is at one commit, while others write.

    Raises
    ------
    StoreRefused
        The target is there already.
    """
    _must_be_free(target)
    for _ in range(ATTEMPTS):
        partial = _partial(target)
        try:
            with own_words(folder):
                connection = connect_reader(folder)
                try:
                    connection.execute("VACUUM INTO ?", (str(partial / DATABASE),))
                finally:
                    connection.close()
            _copy_months(folder, partial)
        except FileNotFoundError:  # a seal replaced a file meanwhile: take a newer state
            shutil.rmtree(partial)
            continue
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        _finish(partial, target)
        return
    raise StoreError(
        f"{folder}: sealed months changed {ATTEMPTS} times while they were copied. "
        "Back up while no month is sealed."
    )


def restore(source: Path, target: Path) -> None:
    """Makes a store of a backup; every file is checked against its digest first.

    Raises
    ------
    StoreRefused
        The source is no backup, or the target is there already.
    StoreDamaged
        A file of the backup is not as it was written.
    """
    _must_be_free(target)
    if not (source / DATABASE).is_file():
        raise StoreRefused(
            f"{source}: there is no {DATABASE} in it. A folder that `backup` wrote is needed. Check the path."
        )
    partial = _partial(target)
    try:
        shutil.copyfile(source / DATABASE, partial / DATABASE)
        with own_words(source):
            _check_database(partial, source)
            _copy_months(source, partial)
    except FileNotFoundError as error:
        shutil.rmtree(partial)
        raise StoreDamaged(
            f"{source}: {Path(error.filename).name} is missing. Every sealed month that the database names "
            "is needed. Use another backup."
        ) from None
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    _finish(partial, target)


def _check_database(folder: Path, source: Path) -> None:
    connection = sqlite3.connect(folder / DATABASE, isolation_level=None)
    try:
        check(connection, source)
        (line,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    finally:
        connection.close()
    if line != "ok":
        raise StoreDamaged(f"{source}: the database is damaged ({line}). Use another backup.")


def _copy_months(source: Path, target: Path) -> None:
    connection = sqlite3.connect(target / DATABASE, isolation_level=None)
    try:
        months = manifest(connection)
    finally:
        connection.close()
    (target / FOLDER).mkdir()
    for month in months:
        place = target / FOLDER / month.file
        shutil.copyfile(source / FOLDER / month.file, place)
        if sha256(place) != month.sha256:
            raise StoreDamaged(
                f"{source}: {month.file} is not as it was written. Its SHA-256 must be {month.sha256}. Use "
                "another copy of it."
            )
        sync(place)


def _must_be_free(target: Path) -> None:
    if target.exists():
        raise StoreRefused(
            f"{target}: is there already. A folder that is not there yet is needed. Choose another."
        )


def _partial(target: Path) -> Path:
    place = target.with_name(target.name + ".partial")
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    return place


def _finish(partial: Path, target: Path) -> None:
    sync(partial / DATABASE)
    sync(partial / FOLDER)
    sync(partial)
    partial.rename(target)
    sync(target.parent)
