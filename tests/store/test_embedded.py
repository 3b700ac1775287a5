"""The embedded store keeps the contract, and its own promises on files, locks, versions and damage."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from headwater.stations.ingest import IngestRule
from headwater.store import (
    ReadingStore,
    StoreBusy,
    StoreDamaged,
    StoreError,
    StoreFull,
    StoreRefused,
    open_store,
    restore,
)
from headwater.store.connect import DATABASE
from headwater.store.months import FOLDER
from tests.store.contract import AIR, EVER, NOW, SOIL, StoreContract, table
from tests.store.truth import RULE, Truth, messages

OpenAgain = Callable[..., ReadingStore]


@pytest.fixture
def open_again(tmp_path: Path) -> Iterator[OpenAgain]:
    opened: list[ReadingStore] = []

    def again(*, writing: bool = False, name: str = "store", rule: IngestRule | None = None) -> ReadingStore:
        opened.append(open_store(tmp_path / name, writing=writing, rule=rule))
        return opened[-1]

    yield again
    for store in opened:
        store.close()


class TestEmbedded(StoreContract):
    """The contract."""

    def hash_of_backup(self, backup: Path, target: Path) -> str:
        restore(backup, target)
        with open_store(target) as store:
            assert store.verify().sound
            return store.content_hash()


def filled(open_again: OpenAgain) -> ReadingStore:
    """A store with two sealed months and a recent one."""
    store = open_again(writing=True)
    rows = [(SOIL, f"2026-0{month}-0{day}", day / 10) for month in (4, 5, 6) for day in range(1, 5)]
    store.commit(table(*rows, (AIR, "2026-04-01", 280.0)), now=NOW)
    store.seal(NOW)
    return store


def database(tmp_path: Path) -> sqlite3.Connection:
    """The database beside the store, to damage it."""
    return sqlite3.connect(tmp_path / "store" / DATABASE, isolation_level=None)


def test_a_place_without_store_is_refused_for_reading(tmp_path: Path) -> None:
    with pytest.raises(StoreRefused, match="there is no store"):
        open_store(tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()


def test_an_address_of_another_kind_is_refused() -> None:
    with pytest.raises(StoreRefused, match="no store of this kind"):
        open_store("mysql://host/name")


def test_a_path_that_could_mean_other_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreRefused, match="Rename"):
        open_store(tmp_path / "a*", writing=True)


def test_the_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    with closing(database(tmp_path)) as other:
        other.execute("CREATE TABLE theirs (x)")
    before = (tmp_path / "store" / DATABASE).read_bytes()
    for writing in (True, False):
        with pytest.raises(StoreRefused, match="not a store of headwater"):
            open_store(tmp_path / "store", writing=writing)
    with closing(database(tmp_path)) as other:
        assert [name for (name,) in other.execute("SELECT name FROM sqlite_master")] == ["theirs"]
    assert before == (tmp_path / "store" / DATABASE).read_bytes()


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / DATABASE).write_bytes(b"not a database" * 1000)
    for writing in (True, False):
        with pytest.raises(StoreDamaged, match="damaged"):
            open_store(tmp_path / "store", writing=writing)


def test_a_newer_store_is_refused(open_again: OpenAgain, tmp_path: Path) -> None:
    open_again(writing=True).close()
    with closing(database(tmp_path)) as newer:
        newer.execute("INSERT INTO schema_version (version, name) VALUES (999, 'later')")
    for writing in (True, False):
        with pytest.raises(StoreRefused, match=r"version 999.*Install that version"):
            open_again(writing=writing)


def test_an_older_store_must_be_opened_for_writing_first(open_again: OpenAgain, tmp_path: Path) -> None:
    open_again(writing=True).close()
    with closing(database(tmp_path)) as older:
        older.execute("UPDATE schema_version SET version = 0")
    with pytest.raises(StoreRefused, match="Open it once for writing"):
        open_again()


def test_unknown_series_are_refused_where_the_rule_says_so(open_again: OpenAgain) -> None:
    open_again(writing=True).commit(table((SOIL, "2026-06-01", 0.2)), now=NOW)
    open_again().close()
    store = open_again(writing=True, name="strict", rule=IngestRule(RULE.conflict, refuse_unknown=True))
    assert store.commit(table((SOIL, "2026-06-01", 0.2)), now=NOW).account.rejected == 1


WRITER = """
import sys
from headwater.store import open_store
store = open_store(sys.argv[1], writing=True)
print("open", flush=True)
sys.stdin.read()
"""


def test_a_writer_in_another_process_is_respected_until_it_dies(
    open_again: OpenAgain, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path / "store")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None and writer.stdout.readline() == "open\n"
        with pytest.raises(StoreBusy):
            open_again(writing=True)
        assert len(open_again().read(None, *EVER)) == 0
        writer.kill()
        writer.wait()
    assert open_again(writing=True).commit(table((SOIL, "2026-06-01", 0.2)), now=NOW).account.accepted == 1


def test_a_full_database_keeps_what_was_acknowledged_and_goes_on(open_again: OpenAgain) -> None:
    store, truth = open_again(writing=True), Truth()
    first, *others = messages(seed=3, batches=30)
    truth.put(first, tested=False)
    store.commit(first, now=NOW)
    connection = store._writer.connection  # type: ignore[attr-defined]
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages + 1}")
    refused = []
    for batch in others:
        try:
            store.commit(batch, now=NOW)
        except StoreFull as error:
            assert "Make room" in str(error)
            refused.append(batch)
        else:
            truth.put(batch, tested=False)
    assert refused
    truth.compare(store.read(None, *EVER))
    assert store.verify().sound
    connection.execute("PRAGMA max_page_count = 100000")
    for batch in refused:
        truth.put(batch, tested=False)
        store.commit(batch, now=NOW)
    truth.compare(store.read(None, *EVER))
    assert store.verify().sound


LIMITED = """
import resource, sys
import numpy as np
from headwater.store import StoreFull, open_store
from tests.store.truth import messages
store = open_store(sys.argv[1], writing=True)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
for at, batch in enumerate(messages(seed=3, batches=60)):
    try:
        store.commit(batch, now=np.datetime64("2026-06-20", "us"))
    except StoreFull:
        print("full", at, flush=True)
    else:
        print("kept", at, flush=True)
"""


def test_a_limit_of_file_size_loses_nothing_that_was_acknowledged(
    open_again: OpenAgain, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", LIMITED, str(tmp_path / "store")]
    root = str(Path(__file__).resolve().parents[2])
    done = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": root}, check=True
    )
    lines = [line.split() for line in done.stdout.splitlines()]
    assert {word for word, _ in lines} == {"full", "kept"}
    batches, truth = messages(seed=3, batches=60), Truth()
    for word, at in lines:
        if word == "kept":
            truth.put(batches[int(at)], tested=False)
    store = open_again(writing=True)
    truth.compare(store.read(None, *EVER))
    assert store.verify().sound


def test_what_a_seal_left_behind_is_removed_and_its_month_is_readable(
    open_again: OpenAgain, tmp_path: Path
) -> None:
    store = filled(open_again)
    before = store.content_hash()
    store.close()
    folder = tmp_path / "store" / FOLDER
    (folder / "2026-06.partial").write_bytes(b"half")
    (folder / "2026-06-0123456789abcdef.parquet").write_bytes(b"not named")
    again = open_again(writing=True)
    assert again.content_hash() == before
    assert len(list(folder.iterdir())) == 2
    assert again.verify().sound


@pytest.mark.parametrize("step", ["write_month", "enter", "remove", "unlink"])
def test_a_seal_that_breaks_anywhere_leaves_a_readable_store(
    open_again: OpenAgain, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    store = filled(open_again)
    store.commit(
        table((SOIL, "2026-05-01", 0.9), (SOIL, "2026-05-20", 0.5), (SOIL, "2026-04-20", 0.5)), now=NOW
    )
    before = store.content_hash()

    def breaks(*_: object, **__: object) -> None:
        raise OSError("the plug was pulled")

    with monkeypatch.context() as broken:
        target = {
            "write_month": "headwater.store.seal.write", "enter": "headwater.store.months.enter",
            "remove": "headwater.store.hot.remove", "unlink": "pathlib.Path.unlink",
        }[step]  # fmt: skip
        broken.setattr(target, breaks)
        with pytest.raises(OSError, match="plug"):
            store.seal(NOW)
    for again in (store, open_again()):
        assert again.content_hash() == before
        verified = again.verify()
        assert verified.sound, verified.problems
    store.close()
    last = open_again(writing=True)
    last.commit(table((SOIL, "2026-05-20", 0.5)), now=NOW)
    last.seal(NOW)
    assert last.content_hash() == before
    assert last.verify().sound
    assert last.verify().hot == 4


@pytest.mark.parametrize("moment", ["before", "after"])
def test_readings_that_come_while_a_month_is_sealed_stay(
    open_again: OpenAgain, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    from headwater.store.embedded import EmbeddedStore

    store = open_again(writing=True)
    store.commit(
        table((SOIL, "2026-05-01", 0.2), (SOIL, "2026-05-02", 0.3), (SOIL, "2026-06-01", 0.3)), now=NOW
    )
    plain = EmbeddedStore._write_month if moment == "before" else EmbeddedStore._take_out

    def slow(self: EmbeddedStore, name: str) -> object:
        made = plain(self, name) if moment == "before" else None
        self.commit(table((SOIL, "2026-05-01", 0.1), (SOIL, "2026-05-03", 0.4), version=1), now=NOW)
        return made if moment == "before" else plain(self, name)

    with monkeypatch.context() as patched:
        patched.setattr(EmbeddedStore, plain.__name__, slow)
        store.seal(NOW)
    for _ in range(2):
        assert store.read([SOIL], *EVER).value.tolist() == [0.1, 0.3, 0.4, 0.3]
        assert store.verify().sound
        store.seal(NOW)


def test_a_reader_finds_the_new_file_when_the_old_one_went(open_again: OpenAgain) -> None:
    store = filled(open_again)
    reader = open_again()
    assert len(reader.read([SOIL], *EVER)) == 12
    store.commit(table((SOIL, "2026-05-20", 0.5)), now=NOW)
    store.seal(NOW)
    assert len(reader.read([SOIL], *EVER)) == 13


def test_a_missing_month_is_said_clearly(open_again: OpenAgain, tmp_path: Path) -> None:
    store = filled(open_again)
    next((tmp_path / "store" / FOLDER).glob("2026-05*")).unlink()
    with pytest.raises(StoreDamaged, match="is not there"):
        store.read([SOIL], *EVER)
    assert len(store.read([SOIL], np.datetime64("2026-06-01"), NOW)) == 4


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("UPDATE accounts SET accepted = accepted + 1 WHERE station = 'net/a'", "does not add up"),
        (
            "UPDATE accounts SET accepted = accepted + 1, received = received + 1 WHERE station = 'net/a'",
            "taken in",
        ),
        ("UPDATE accounts SET rejected = 1, received = received + 1", "with a reason"),
        ("DELETE FROM readings WHERE hour = (SELECT max(hour) FROM readings)", "were taken in"),
        ("UPDATE latest SET readings = CAST(zeroblob(length(readings)) AS BLOB)", "newer"),
        (
            "DELETE FROM latest",
            "newer",
        ),
        ("UPDATE readings SET time = 3600000001 WHERE hour = (SELECT min(hour) FROM readings)", "not theirs"),
        ("UPDATE sealed SET rows = rows + 1", "rows, not"),
        ("UPDATE sealed SET sha256 = 'x'", "SHA-256"),
        ("UPDATE sealed SET file = 'x'", "is not there"),
        ("DELETE FROM series WHERE variable = 'air_temperature'", "have no name"),
        ("UPDATE readings SET said = 77", "a text that is not there"),
    ],
)
def test_damage_is_found(open_again: OpenAgain, tmp_path: Path, damage: str, said: str) -> None:
    filled(open_again).close()
    with closing(database(tmp_path)) as connection:
        connection.execute(damage)
    problems = open_again().verify().problems
    assert any(said in problem for problem in problems), problems


@pytest.mark.parametrize("sealed", [True, False])
def test_a_kept_newest_reading_that_is_not_in_the_table_is_found(
    open_again: OpenAgain, tmp_path: Path, sealed: bool
) -> None:
    store = open_again(writing=True)
    store.commit(table((SOIL, "2026-05-01", 0.2)), now=NOW)
    if sealed:
        store.seal(NOW)
    store.close()
    with closing(database(tmp_path)) as connection:
        (kept,) = connection.execute("SELECT readings FROM latest").fetchone()
        other = kept.replace(np.float64(0.2).tobytes(), np.float64(0.3).tobytes())
        assert other != kept
        connection.execute("UPDATE latest SET readings = ?", (other,))
    problems = open_again().verify().problems
    assert len(problems) == 1 and "not those of the table" in problems[0]


def test_a_changed_byte_of_a_sealed_month_is_found_and_not_copied(
    open_again: OpenAgain, tmp_path: Path
) -> None:
    store = filled(open_again)
    store.backup(tmp_path / "good")
    for place in (tmp_path / "store", tmp_path / "good"):
        path = next((place / FOLDER).glob("2026-05*"))
        whole = bytearray(path.read_bytes())
        whole[len(whole) // 2] ^= 1
        path.write_bytes(whole)
    assert any("SHA-256" in problem for problem in store.verify().problems)
    with pytest.raises(StoreDamaged, match="not as it was written"):
        store.backup(tmp_path / "bad")
    with pytest.raises(StoreDamaged, match="not as it was written"):
        restore(tmp_path / "good", tmp_path / "restored")
    assert not (tmp_path / "bad").exists() and not (tmp_path / "restored").exists()
    assert not list(tmp_path.glob("*.partial"))


def test_copies_never_go_over_something(open_again: OpenAgain, tmp_path: Path) -> None:
    store = filled(open_again)
    store.backup(tmp_path / "copy")
    with pytest.raises(StoreRefused, match="already"):
        store.backup(tmp_path / "copy")
    with pytest.raises(StoreRefused, match="already"):
        restore(tmp_path / "copy", tmp_path / "store")
    with pytest.raises(StoreRefused, match="there is no"):
        restore(tmp_path / "nothing", tmp_path / "new")
    shutil.rmtree(tmp_path / "copy" / FOLDER)
    with pytest.raises(StoreDamaged, match="is missing"):
        restore(tmp_path / "copy", tmp_path / "new")


def test_a_copy_is_a_store_that_can_be_written(open_again: OpenAgain, tmp_path: Path) -> None:
    filled(open_again).backup(tmp_path / "copy")
    copy = open_again(writing=True, name="copy")
    assert copy.commit(table((SOIL, "2026-04-01", 0.1)), now=NOW).account.duplicate == 1
    assert copy.verify().sound


def test_a_closed_store_says_so(open_again: OpenAgain) -> None:
    store = open_again(writing=True)
    store.close()
    for call in (store.series, store.verify, lambda: store.commit(table((SOIL, "2026-06-01", 0.2)), now=NOW)):
        with pytest.raises(ValueError, match="closed"):
            call()


def test_errors_of_the_store_are_errors_of_headwater() -> None:
    assert {kind.exit_code for kind in (StoreError, StoreFull, StoreBusy, StoreRefused, StoreDamaged)} == {
        1,
        3,
        4,
    }
