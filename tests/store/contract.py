"""What every store of readings must do; each implementation runs all of it by giving ``open_again``.

A subclass has a fixture ``open_again``: a function that opens the one store of the test, for writing or for
reading, and closes it when the test ends.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from headwater.stations.ingest import Account, Reason
from headwater.stations.read_flags import flag_words
from headwater.stations.readings import Readings, join, no_readings, readings
from headwater.stations.series import Channel, Series, Station
from headwater.store import Judged, ReadingStore, StoreBusy
from tests.store.truth import TESTED, Truth, messages, range_test, said_of

CONFLICT = flag_words().mask(["conflict"])
C02 = flag_words().mask(["C02"])
NOW = np.datetime64("2026-06-20", "us")
EVER = (np.datetime64("1950-01-01", "us"), np.datetime64("2030-01-01", "us"))
AIR = Series("net/a", "air_temperature", -2000, -2000)
RAIN = Series("net/b", "precipitation")
SOIL = Series("net/b", "soil_moisture", 50, 50, "5TM")

OpenAgain = Callable[..., ReadingStore]


def table(*rows: tuple[Series, str, float], version: int = 0, flags: int = 0, said: str = "") -> Readings:
    """Readings of series, time and value."""
    series = tuple(dict.fromkeys(one for one, *_ in rows))
    return readings(
        series,
        [series.index(one) for one, *_ in rows],
        np.array([time for _, time, _ in rows], "datetime64[us]"),
        [value for *_, value in rows],
        version=version,
        flags=flags,
        said=tuple(dict.fromkeys(("", said))),
        says=1 if said else 0,
    )


class StoreContract:
    """The tests; ``store`` is open for writing."""

    @pytest.fixture
    def store(self, open_again: OpenAgain) -> ReadingStore:
        return open_again(writing=True)

    def test_a_new_store_is_empty_and_sound(self, store: ReadingStore) -> None:
        assert store.series() == store.stations() == ()
        assert len(store.read(None, *EVER)) == len(store.latest()) == 0
        assert len(store.day_means(None, *EVER).of) == 0
        assert store.accounts() == store.rejected() == {}
        assert store.seal(NOW).months == ()
        assert store.verify().summary() == {
            "sound": True,
            "readings": 0,
            "hot": 0,
            "sealed": 0,
            "problems": [],
        }

    def test_what_was_committed_is_read_in_order(self, store: ReadingStore) -> None:
        receipt = store.commit(
            table(
                (SOIL, "2026-06-02T00:10", 0.2), (AIR, "2026-06-01", 280.0),
                (SOIL, "1960-01-01T00:59:59.999999", 0.1),
                (RAIN, "2026-06-02", math.nan), flags=16, said="R", version=3,
            ),
            now=NOW,
        )  # fmt: skip
        assert receipt.account == Account(received=4, accepted=4)
        found = store.read([SOIL, AIR, RAIN], *EVER)
        assert found.series == (SOIL, AIR, RAIN)
        assert found.of.tolist() == [0, 0, 1, 2]
        assert found.time.astype(str).tolist() == [
            "1960-01-01T00:59:59.999999", "2026-06-02T00:10:00.000000", "2026-06-01T00:00:00.000000",
            "2026-06-02T00:00:00.000000",
        ]  # fmt: skip
        np.testing.assert_array_equal(found.value, [0.1, 0.2, 280.0, math.nan])
        assert set(found.flags.tolist()) == {16}
        assert set(found.version.tolist()) == {3}
        assert said_of(found) == ["R"] * 4
        assert store.series() == (AIR, RAIN, SOIL)
        assert store.series("net/b") == (RAIN, SOIL)
        assert store.read(None, *EVER).series == (AIR, RAIN, SOIL)

    def test_a_range_has_its_start_and_not_its_end(self, store: ReadingStore) -> None:
        times = [f"2026-06-01T{hour:02d}:30" for hour in range(4)]
        store.commit(table(*((SOIL, time, 0.2) for time in times)), now=NOW)
        found = store.read([SOIL], np.datetime64(times[1], "us"), np.datetime64(times[3], "us"))
        assert found.time.tolist() == np.array(times[1:3], "datetime64[us]").tolist()
        assert len(store.read([SOIL], NOW, NOW)) == 0

    def test_unknown_series_have_no_readings(self, store: ReadingStore) -> None:
        store.commit(table((SOIL, "2026-06-01", 0.2)), now=NOW)
        assert len(store.read([RAIN], *EVER)) == 0
        assert store.series("net/x") == ()
        assert len(store.latest([RAIN])) == 0
        assert len(store.day_means([RAIN], *EVER).of) == 0
        assert store.read([RAIN, SOIL], *EVER).of.tolist() == [1]

    def test_extremes_of_every_column_come_back(self, store: ReadingStore) -> None:
        given = readings(
            [SOIL], 0, np.array(["1950-01-01", "2026-06-01"], "datetime64[us]"),
            [-1.7976931348623157e308, 5e-324],
            flags=[2**64 - 1, 2**63], state=[3, 255], version=[2**63 - 1, -(2**63)],
            said=("", "it's \"quoted\", 水\n"), says=[0, 1],
        )  # fmt: skip
        store.commit(given, now=NOW)
        store.seal(NOW)
        found = store.read([SOIL], *EVER)
        for name in ("time", "value", "flags", "state", "version"):
            assert getattr(found, name).tolist() == getattr(given, name).tolist(), name
        assert said_of(found) == said_of(given)

    def test_the_same_again_changes_nothing(self, store: ReadingStore) -> None:
        batch = table((SOIL, "2026-06-01", 0.2), (AIR, "2026-06-01", 280.0))
        store.commit(batch, now=NOW)
        before = store.content_hash()
        assert store.commit(batch, now=NOW).account == Account(received=2, duplicate=2)
        assert store.content_hash() == before
        assert len(store.read(None, *EVER)) == 2
        assert store.accounts()["net/b"] == Account(received=2, accepted=1, duplicate=1)

    def test_a_higher_version_corrects_and_a_lower_one_does_not(self, store: ReadingStore) -> None:
        store.commit(table((SOIL, "2026-06-01", 0.2), version=1), now=NOW)
        assert store.commit(table((SOIL, "2026-06-01", 0.1), version=2), now=NOW).account.corrected == 1
        assert store.commit(table((SOIL, "2026-06-01", 0.9), version=1), now=NOW).account.duplicate == 1
        assert store.read([SOIL], *EVER).value.tolist() == store.latest([SOIL]).value.tolist() == [0.1]

    def test_two_values_of_one_version_are_marked(self, store: ReadingStore) -> None:
        for value in (0.3, 0.2):
            store.commit(table((SOIL, "2026-06-01", value)), now=NOW)
        found = store.read([SOIL], *EVER)
        assert (found.value.tolist(), found.flags.tolist()) == ([0.3], [CONFLICT])

    def test_an_older_reading_is_late_and_not_the_latest(self, store: ReadingStore) -> None:
        store.commit(table((SOIL, "2026-06-10", 0.2)), now=NOW)
        assert store.commit(table((SOIL, "2026-06-09", 0.1)), now=NOW).account == Account(received=1, late=1)
        assert store.latest().value.tolist() == [0.2]

    def test_what_is_rejected_is_counted_with_its_reason(self, store: ReadingStore) -> None:
        batch = table((SOIL, "2026-06-21", 0.2), (SOIL, "1949-01-01", 0.2), (AIR, "2026-06-01", math.inf))
        store.commit(batch, now=NOW)
        assert store.accounts() == {
            "net/a": Account(received=1, rejected=1),
            "net/b": Account(received=2, rejected=2),
        }
        assert store.rejected() == {
            ("net/a", Reason.INFINITE): 1, ("net/b", Reason.TOO_EARLY): 1, ("net/b", Reason.FUTURE): 1,
        }  # fmt: skip
        assert store.series() == ()
        assert store.verify().sound

    def test_an_empty_batch_is_taken(self, store: ReadingStore) -> None:
        assert store.commit(no_readings(), now=NOW).account == Account()
        assert store.commit(table((SOIL, "2026-06-01", 0.2)).take([]), now=NOW).account == Account()

    def test_a_series_without_depth_or_sensor_is_one_series(self, store: ReadingStore) -> None:
        for time in ("2026-06-01", "2026-06-02"):
            store.commit(table((RAIN, time, 1.0)), now=NOW)
        assert store.series() == (RAIN,)
        assert len(store.latest()) == 1

    def test_stations_come_back_as_they_were_added(self, store: ReadingStore) -> None:
        channel = Channel("VWC_5", "soil_moisture", 50, 50, units="%", factor=0.5)
        one = Station(
            "net/b", "net", "玛曲", 33.9, 102.1, 3430.0, "+08:00", ("a1",), (channel,), slope_deg=3.0
        )
        store.add_stations([one, Station("net/a")])
        store.add_stations([Station("net/a", name="again")])
        assert store.stations() == (Station("net/a", name="again"), one)

    def test_flags_of_a_judge_are_committed_with_the_batch(self, store: ReadingStore) -> None:
        batch = table((SOIL, "2026-06-01", 0.7), (SOIL, "2026-06-02", 0.2), flags=16)
        receipt = store.commit(batch, now=NOW, judge=range_test)
        expected = [16 | C02, 16]
        assert receipt.changed.flags.tolist() == store.read([SOIL], *EVER).flags.tolist() == expected
        assert store.read([SOIL], *EVER, sent=True).flags.tolist() == [16, 16]
        assert store.commit(batch, now=NOW, judge=range_test).account.duplicate == 2
        store.commit(table((SOIL, "2026-06-01", 0.3), version=1), now=NOW, judge=range_test)
        assert store.read([SOIL], *EVER).flags.tolist() == [0, 16]

    def test_a_judge_may_flag_earlier_readings(self, store: ReadingStore) -> None:
        earlier = table((SOIL, "2026-04-01", 0.7), (SOIL, "2026-06-01", 0.2))
        store.commit(earlier, now=NOW)
        store.seal(NOW)
        flagged = table(
            (SOIL, "2026-04-01", 0.0), (SOIL, "2026-06-01", 0.0), (AIR, "2026-06-01", 0.0), flags=C02
        )
        store.commit(table((SOIL, "2026-06-02", 0.2)), now=NOW, judge=lambda _: Judged(flagged, C02))
        assert store.read([SOIL], *EVER).flags.tolist() == [C02, C02, 0]
        assert store.read([SOIL], *EVER).value.tolist() == [0.7, 0.2, 0.2]
        assert store.verify().sound

    def test_when_a_judge_fails_nothing_of_the_batch_is_kept(self, store: ReadingStore) -> None:
        store.commit(table((SOIL, "2026-06-01", 0.2)), now=NOW)
        before = store.content_hash(), store.accounts()

        def fails(_: Readings) -> Judged:
            raise RuntimeError("no flags")

        with pytest.raises(RuntimeError):
            store.commit(table((SOIL, "2026-06-02", 0.2), (RAIN, "2026-06-02", 0.0)), now=NOW, judge=fails)
        assert (store.content_hash(), store.accounts()) == before
        assert store.series() == (SOIL,)
        assert store.latest().value.tolist() == [0.2]
        assert store.commit(table((RAIN, "2026-06-02", 1.0)), now=NOW).account.accepted == 1
        assert store.verify().sound

    def test_revision_replaces_the_tested_bits_alone(self, store: ReadingStore) -> None:
        store.commit(table((SOIL, "2026-06-01", 0.2), (SOIL, "2026-06-02", 0.2)), now=NOW)
        both = table((SOIL, "2026-06-01", 0.0), (SOIL, "2026-06-02", 0.0), flags=2 | 4)
        assert store.revise(Judged(both, 2 | 4)) == 2
        assert store.revise(Judged(table((SOIL, "2026-06-02", 0.0), flags=0), 2)) == 1
        assert store.revise(Judged(table((SOIL, "2026-06-02", 0.0), flags=0), 2)) == 0
        assert store.revise(Judged(table((AIR, "2026-06-02", 0.0), flags=2), 2)) == 0
        assert store.read([SOIL], *EVER).flags.tolist() == [6, 4]
        assert store.latest().flags.tolist() == [4]

    def test_latest_are_those_asked_for(self, store: ReadingStore) -> None:
        store.commit(
            table((SOIL, "2026-06-01", 0.2), (SOIL, "2026-06-02", math.nan), (AIR, "2026-06-01", 280)),
            now=NOW,
        )
        assert store.latest([AIR]).value.tolist() == [280.0]
        newest = store.latest([SOIL, AIR])
        assert newest.series == (SOIL, AIR)
        np.testing.assert_array_equal(newest.value, [math.nan, 280.0])

    def test_day_means_are_those_of_utc_days(self, store: ReadingStore) -> None:
        store.commit(
            table(
                (SOIL, "2026-05-31T23:59:59.999999", 0.5), (SOIL, "2026-06-01", 0.1),
                (SOIL, "2026-06-01T12:00", 0.2),
                (SOIL, "2026-06-01T13:00", math.nan), (SOIL, "2026-06-02", 0.4), (AIR, "2026-06-01", 280.0),
                (AIR, "2026-06-02T05:00", math.nan),
            ),
            now=NOW,
        )  # fmt: skip
        store.revise(Judged(table((SOIL, "2026-06-02", 0.0), flags=C02), C02))
        days = [np.datetime64(f"2026-06-0{day}", "us") for day in (1, 3)]
        means = store.day_means([SOIL, AIR], *days)
        assert means.of.tolist() == [0, 0, 1]
        assert means.day.astype(str).tolist() == ["2026-06-01", "2026-06-02", "2026-06-01"]
        np.testing.assert_allclose(means.mean, [0.15, 0.4, 280.0], rtol=1e-12)
        assert means.count.tolist() == [2, 1, 1]
        assert store.day_means([SOIL], *days, without=C02).count.tolist() == [2]
        assert store.day_means(None, *days).series == (AIR, SOIL)
        store.commit(table((SOIL, "1960-01-01T12:00", 0.2), (SOIL, "1960-01-02", 0.3)), now=NOW)
        for series in (None, [SOIL]):
            early = store.day_means(series, EVER[0], np.datetime64("1970-01-01", "us"))
            assert early.day.astype(str).tolist() == ["1960-01-01", "1960-01-02"]
        with pytest.raises(ValueError, match="whole UTC days"):
            store.day_means(None, days[0], days[1] + np.timedelta64(1, "h"))

    def test_sealing_changes_nothing_that_is_read(self, store: ReadingStore) -> None:
        truth = Truth()
        for batch in messages(seed=1, batches=12):
            truth.put(batch)
            store.commit(batch, now=NOW, judge=range_test)
        before = store.content_hash()
        means = store.day_means(None, *EVER, without=C02)
        sealed = store.seal(np.datetime64("2026-06-01", "us"))
        assert sealed.months == ("2026-03", "2026-04", "2026-05")
        assert store.content_hash() == before
        truth.compare(store.read(None, *EVER))
        after = store.day_means(None, *EVER, without=C02)
        np.testing.assert_allclose(after.mean, means.mean, rtol=1e-12)
        assert after.count.tolist() == means.count.tolist()
        verified = store.verify()
        assert verified.sound, verified.problems
        assert verified.readings == len(truth.kept)
        assert verified.sealed == sealed.rows
        assert verified.hot == verified.readings - verified.sealed
        assert store.seal(np.datetime64("2026-06-01", "us")).months == ()

    def test_late_readings_of_a_sealed_month_are_seen_and_join_at_the_next_seal(
        self, store: ReadingStore
    ) -> None:
        store.commit(
            table((SOIL, "2026-05-01", 0.2), (SOIL, "2026-05-02", 0.3), (SOIL, "2026-06-10", 0.1)), now=NOW
        )
        store.seal(NOW)
        late = table(
            (SOIL, "2026-05-01", 0.2), (SOIL, "2026-05-02", 0.4), (SOIL, "2026-05-03", 0.5), version=0
        )
        assert store.commit(late, now=NOW).account == Account(received=3, duplicate=1, corrected=1, late=1)
        for _ in range(2):
            found = store.read([SOIL], *EVER)
            assert found.value.tolist() == [0.2, 0.4, 0.5, 0.1]
            assert found.flags.tolist() == [0, CONFLICT, 0, 0]
            means = store.day_means(
                None, np.datetime64("2026-05-01", "us"), np.datetime64("2026-06-01", "us")
            )
            assert means.mean.tolist() == [0.2, 0.4, 0.5]
            verified = store.verify()
            assert verified.sound, verified.problems
            assert verified.readings == 4
            store.seal(NOW)
        assert store.verify().hot == 1

    @pytest.mark.parametrize("seed", [1, 2])
    def test_order_repetition_and_sealing_end_in_the_same_content(
        self, open_again: OpenAgain, seed: int
    ) -> None:
        hashes = []
        for variant in range(3):
            truth = Truth()
            store = open_again(writing=True, name=f"order{variant}")
            chance = np.random.default_rng([seed, variant])
            batches = messages(seed=seed, batches=10, chance=chance if variant else None)
            for at, batch in enumerate(batches):
                truth.put(batch)
                store.commit(batch, now=NOW, judge=range_test)
                if variant == 2 and at % 3 == 1:
                    store.seal(
                        np.datetime64("2026-05-01", "us") + np.timedelta64(int(chance.integers(40)), "D")
                    )
            truth.compare(store.read(None, *EVER))
            verified = store.verify()
            assert verified.sound, verified.problems
            assert sum(store.accounts().values(), Account()).adds_up
            hashes.append(store.content_hash())
        assert len(set(hashes)) == 1

    def test_every_column_counts_in_the_hash(self, open_again: OpenAgain) -> None:
        variants = [
            table((SOIL, "2026-06-01", 0.2)), table((SOIL, "2026-06-01", 0.3)),
            table((AIR, "2026-06-01", 0.2)), table((SOIL, "2026-06-01T00:00:00.000001", 0.2)),
            table((SOIL, "2026-06-01", 0.2), flags=2),
            table((SOIL, "2026-06-01", 0.2), version=1), table((SOIL, "2026-06-01", 0.2), said="P"),
            table((SOIL, "2026-06-01", 0.2), said="R"), table((SOIL, "2026-06-01", math.nan)),
        ]  # fmt: skip
        first, second = (
            table((SOIL, "2026-06-01", 0.2), said="P"),
            table((SOIL, "2026-06-01T01", 0.2), said="R"),
        )
        variants.append(join([first, second]))
        variants.append(join([replace(first, said=second.said), replace(second, said=first.said)]))
        hashes = set()
        for at, batch in enumerate(variants):
            store = open_again(writing=True, name=f"hash{at}")
            store.commit(batch, now=NOW)
            hashes.add(store.content_hash())
        store.revise(Judged(table((SOIL, "2026-06-01", 0.0), flags=2), 2))
        hashes.add(store.content_hash())
        assert len(hashes) == len(variants) + 1

    def test_a_second_writer_is_refused_and_readers_are_not(self, open_again: OpenAgain) -> None:
        first = open_again(writing=True)
        with pytest.raises(StoreBusy, match="One writer at a time"):
            open_again(writing=True)
        reader = open_again()
        first.commit(table((SOIL, "2026-06-01", 0.2)), now=NOW)
        assert reader.read([SOIL], *EVER).value.tolist() == [0.2]
        with pytest.raises(ValueError, match="opened for reading"):
            reader.commit(table((SOIL, "2026-06-02", 0.2)), now=NOW)
        first.close()
        open_again(writing=True).commit(table((SOIL, "2026-06-02", 0.2)), now=NOW)
        assert len(reader.read([SOIL], *EVER)) == 2

    def test_what_was_committed_is_there_when_opened_again(self, open_again: OpenAgain) -> None:
        first = open_again(writing=True)
        first.commit(table((SOIL, "2026-06-01", 0.2)), now=NOW)
        before = first.content_hash()
        first.close()
        first.close()
        again = open_again(writing=True)
        assert again.content_hash() == before
        assert again.commit(table((SOIL, "2026-06-01", 0.2)), now=NOW).account.duplicate == 1

    def test_readers_see_whole_batches_while_others_write_and_seal(self, open_again: OpenAgain) -> None:
        store, size, problems = open_again(writing=True), 40, []
        reader, done = open_again(), threading.Event()
        series = tuple(Series(f"net/{k}", "soil_moisture") for k in range(size))

        def look() -> None:
            while not done.is_set():
                many = len(reader.read(None, *EVER))
                if many % size:
                    problems.append(many)

        thread = threading.Thread(target=look)
        thread.start()
        try:
            for day in range(1, 29):
                at = np.full(size, f"2026-0{1 + day % 5}-{day:02d}", "datetime64[us]")
                store.commit(readings(series, np.arange(size), at, np.full(size, 0.2)), now=NOW)
                if day % 9 == 0:
                    store.seal(NOW)
        finally:
            done.set()
            thread.join()
        assert problems == []
        assert len(reader.read(None, *EVER)) == 28 * size

    def test_threads_may_commit_side_by_side(self, store: ReadingStore) -> None:
        def feed(part: int) -> None:
            for batch in messages(seed=5, batches=8)[part::2]:
                store.commit(batch, now=NOW)

        threads = [threading.Thread(target=feed, args=(part,)) for part in (0, 1, 0)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        truth = Truth()
        for batch in messages(seed=5, batches=8):
            truth.put(batch, tested=False)
        truth.compare(store.read(None, *EVER))
        assert store.verify().sound

    def test_a_backup_is_the_store_at_one_commit(self, store: ReadingStore, tmp_path: Path) -> None:
        store.commit(table((SOIL, "2026-04-01", 0.2), (SOIL, "2026-06-01", 0.3)), now=NOW)
        store.seal(NOW)
        before = store.content_hash()
        store.backup(tmp_path / "copy")
        store.commit(table((SOIL, "2026-06-02", 0.2)), now=NOW)
        assert self.hash_of_backup(tmp_path / "copy", tmp_path / "restored") == before

    def hash_of_backup(self, backup: Path, target: Path) -> str:
        """Content of what is restored from a backup; it must be sound."""
        raise NotImplementedError


assert TESTED & C02
