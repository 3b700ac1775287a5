"""The same readings, any number of times and in any order, end in the same ones, and none is uncounted."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.stations.ingest import (
    REASONS,
    Accept,
    Account,
    Correction,
    Duplicate,
    IngestRule,
    Kind,
    Late,
    Reading,
    Reason,
    Reject,
    decide,
    resolve,
)
from headwater.stations.ingest_batch import accounts, decide_batch, rejections
from headwater.stations.read_flags import flag_words
from headwater.stations.readings import Readings, State, no_readings, readings
from headwater.stations.series import Series

CONFLICT = flag_words().mask(["conflict"])
RULE = IngestRule(conflict=CONFLICT)
NOW = np.datetime64("2026-06-01T12:00", "us")
SERIES = tuple(
    Series(f"net/{name}", "soil_moisture", depth, depth, "5TM") for name in "ab" for depth in (50, 100)
)

READING = st.builds(
    Reading,
    value=st.sampled_from([math.nan, -0.0, 0.0, 0.2, 0.3]),
    version=st.integers(0, 2),
    flags=st.sampled_from([0, 1, 16, CONFLICT, CONFLICT | 2]),
    state=st.integers(0, 3),
    said=st.sampled_from(["", "P", "R"]),
)


def bits(reading: Reading) -> tuple[object, ...]:
    """What may be compared where NaN equals NaN and the sign of zero does not count."""
    value = "missing" if math.isnan(reading.value) else reading.value + 0.0
    return (value, *reading[1:])


def join_two(one: Reading, other: Reading) -> Reading:
    """The rule with the flag of the store."""
    return resolve(one, other, conflict=CONFLICT)


@given(READING, READING)
def test_resolution_does_not_mind_the_order(one: Reading, other: Reading) -> None:
    assert bits(join_two(one, other)) == bits(join_two(other, one))


@given(READING, READING, READING)
def test_resolution_does_not_mind_which_two_meet_first(a: Reading, b: Reading, c: Reading) -> None:
    assert bits(join_two(join_two(a, b), c)) == bits(join_two(a, join_two(b, c)))


@given(READING, READING)
def test_resolution_of_what_was_taken_in_changes_nothing(one: Reading, other: Reading) -> None:
    both = join_two(one, other)
    assert bits(join_two(one, one)) == bits(one)
    assert bits(join_two(both, other)) == bits(both)


def test_the_higher_version_holds_even_when_it_is_missing() -> None:
    corrected = Reading(math.nan, version=2)
    assert bits(join_two(Reading(0.2, version=1), corrected)) == bits(corrected)


def test_a_value_holds_over_a_missing_one_without_conflict() -> None:
    assert join_two(Reading(math.nan, said="R"), Reading(0.2, said="P")) == Reading(0.2, said="P")


def test_two_values_of_one_version_are_marked_until_a_higher_version_comes() -> None:
    both = join_two(Reading(0.2, flags=16), Reading(0.3))
    assert both == Reading(0.3, flags=CONFLICT)
    assert join_two(both, Reading(0.3)) == both
    assert join_two(both, Reading(0.1, version=1)) == Reading(0.1, version=1)


def test_readings_of_one_value_add_up_what_is_known() -> None:
    frozen, snow = (
        Reading(0.2, flags=1, state=State.FROZEN),
        Reading(0.2, flags=16, state=State.SNOW, said="P"),
    )
    assert join_two(frozen, snow) == Reading(0.2, flags=17, state=3, said="P")


@pytest.mark.parametrize(
    ("time", "value", "known", "reason"),
    [
        ("NaT", 0.2, True, Reason.NO_TIME),
        ("1949-12-31T23:59:59.999999", 0.2, True, Reason.TOO_EARLY),
        ("1950-01-01", 0.2, True, None),
        ("2026-06-01T12:15", 0.2, True, None),
        ("2026-06-01T12:15:00.000001", 0.2, True, Reason.FUTURE),
        ("2026-06-01", math.inf, True, Reason.INFINITE),
        ("2026-06-01", -math.inf, True, Reason.INFINITE),
        ("2026-06-01", 0.2, False, Reason.UNKNOWN_SERIES),
    ],
)
def test_what_is_rejected(time: str, value: float, known: bool, reason: Reason | None) -> None:
    rule = IngestRule(conflict=CONFLICT, refuse_unknown=True)
    at = np.datetime64(time, "us")
    decision = decide(Reading(value), at, None, rule, now=NOW, known=known)
    assert decision == (Reject(reason) if reason else Accept(Reading(value)))
    table = decide_batch(
        readings(SERIES[:1], [0], [at], [value]), no_readings(), rule, now=NOW, known=np.array([known])
    )
    assert (REASONS[table.reason[0] - 1] if table.reason[0] else None) == reason


def test_unknown_series_are_taken_unless_the_store_refuses_them() -> None:
    assert decide(Reading(0.2), NOW, None, RULE, now=NOW, known=False) == Accept(Reading(0.2))


def test_a_new_reading_is_late_when_others_came_more_than_an_hour_ahead_of_it() -> None:
    hour = np.timedelta64(1, "h")
    assert decide(Reading(0.2), NOW - hour, None, RULE, now=NOW, newest=NOW) == Accept(Reading(0.2))
    earlier = NOW - hour - np.timedelta64(1, "us")
    assert decide(Reading(0.2), earlier, None, RULE, now=NOW, newest=NOW) == Late(Reading(0.2))


def test_what_adds_nothing_is_a_duplicate_and_what_changes_is_a_correction() -> None:
    held = Reading(0.2, version=1)
    assert decide(held, NOW, held, RULE, now=NOW) == Duplicate(held)
    assert decide(Reading(0.9), NOW, held, RULE, now=NOW) == Duplicate(held)
    newer = Reading(0.1, version=2)
    assert decide(newer, NOW, held, RULE, now=NOW) == Correction(held, newer)
    missing = Reading(math.nan)
    assert decide(missing, NOW, missing, RULE, now=NOW) == Duplicate(missing)


MESSAGE = st.tuples(
    st.integers(0, len(SERIES) - 1),
    st.sampled_from(["1940-01-01", "2026-05-31", "2026-06-01T10:30", "2026-06-01T11:30", "2027-01-01"]),
    st.one_of(READING, st.just(Reading(math.inf))),
)
MESSAGES = st.lists(MESSAGE, max_size=25)


def table(messages: list[tuple[int, str, Reading]]) -> Readings:
    """Messages as columns."""
    said = ("", *sorted({reading.said for *_, reading in messages} - {""}, reverse=True))
    return readings(
        SERIES,
        [of for of, *_ in messages],
        np.array([time for _, time, _ in messages], "datetime64[us]"),
        [reading.value for *_, reading in messages],
        flags=[reading.flags for *_, reading in messages],
        state=[reading.state for *_, reading in messages],
        version=[reading.version for *_, reading in messages],
        said=said,
        says=[said.index(reading.said) for *_, reading in messages],
    )


def rows(kept: Readings) -> dict[tuple[Series, np.datetime64], tuple[object, ...]]:
    """Readings by series and time."""
    found = {
        (kept.series[of], time): bits(
            Reading(float(value), int(version), int(flags), int(state), kept.said[says])
        )
        for of, time, value, version, flags, state, says in zip(
            kept.of, kept.time, kept.value, kept.version, kept.flags, kept.state, kept.says, strict=True
        )
    }
    assert len(found) == len(kept)
    return found


class Held:
    """A store that is a dictionary, fed in batches."""

    def __init__(self) -> None:
        self.kept = {}
        self.account = Account()

    def put(self, messages: list[tuple[int, str, Reading]]) -> np.ndarray:
        batch = table(messages)
        keys = {(one, time) for one, time in zip([SERIES[of] for of in batch.of], batch.time, strict=True)}
        known = [(s, t, r) for (s, t), r in self.kept.items() if (s, t) in keys]
        held = table([(SERIES.index(s), str(t), r) for s, t, r in known])
        newest = np.full(len(SERIES), "NaT", "datetime64[us]")
        for s, t in self.kept:
            newest[SERIES.index(s)] = np.fmax(newest[SERIES.index(s)], t)
        made = decide_batch(batch, held, RULE, now=NOW, newest=newest)
        for (s, t), cells in rows(made.changed).items():
            value = math.nan if cells[0] == "missing" else cells[0]
            self.kept[s, t] = Reading(value, *cells[1:])
        self.account += accounts(batch, made.kind).total
        return made.kind


@settings(deadline=None)
@given(MESSAGES, st.lists(st.integers(1, 9), min_size=1), st.randoms(use_true_random=False))
def test_order_repetition_and_batches_do_not_matter(
    messages: list[tuple[int, str, Reading]], sizes: list[int], chance: random.Random
) -> None:
    plain, other = Held(), Held()
    plain.put(messages)
    again = messages + messages[: len(messages) // 2]
    chance.shuffle(again)
    while again:
        size = sizes[len(again) % len(sizes)]
        other.put(again[:size])
        again = again[size:]
    assert {key: bits(one) for key, one in plain.kept.items()} == {
        key: bits(one) for key, one in other.kept.items()
    }
    for held in (plain, other):
        assert held.account.adds_up
        assert held.account.accepted + held.account.late == len(held.kept)
    assert plain.account.received == len(messages)


@settings(deadline=None)
@given(MESSAGES, MESSAGES)
def test_a_batch_is_decided_as_its_readings_one_by_one(
    before: list[tuple[int, str, Reading]], messages: list[tuple[int, str, Reading]]
) -> None:
    store = Held()
    store.put(before)
    kept = dict(store.kept)
    newest = {s: max(t for other, t in kept if other == s) for s, _ in kept}
    expected = []
    for of, time, reading in messages:
        key = (SERIES[of], np.datetime64(time, "us"))
        decision = decide(reading, key[1], kept.get(key), RULE, now=NOW, newest=newest.get(key[0]))
        expected.append({
            Accept: Kind.ACCEPTED, Late: Kind.LATE, Duplicate: Kind.DUPLICATE, Correction: Kind.CORRECTED,
            Reject: Kind.REJECTED,
        }[type(decision)])  # fmt: skip
        if isinstance(decision, Accept | Late | Correction):
            kept[key] = decision.reading
    assert store.put(messages).tolist() == expected
    assert {key: bits(one) for key, one in store.kept.items()} == {
        key: bits(one) for key, one in kept.items()
    }


def test_accounts_are_kept_for_each_station_and_reason() -> None:
    batch = table(
        [
            (0, "2026-05-31", Reading(0.2)),
            (0, "2026-05-31", Reading(0.2)),
            (1, "2027-05-31", Reading(0.2)),
            (2, "1940-05-31", Reading(0.2)),
            (2, "2026-05-31", Reading(math.inf)),
            (2, "2026-05-31", Reading(0.3)),
            (2, "2026-05-31", Reading(0.4)),
        ]
    )
    made = decide_batch(batch, no_readings(), RULE, now=NOW)
    assert accounts(batch, made.kind).by_station() == {
        "net/a": Account(received=3, accepted=1, duplicate=1, rejected=1),
        "net/b": Account(received=4, accepted=1, corrected=1, rejected=2),
    }
    assert rejections(batch, made.reason) == {
        ("net/a", Reason.FUTURE): 1,
        ("net/b", Reason.TOO_EARLY): 1,
        ("net/b", Reason.INFINITE): 1,
    }
    assert made.changed.flags.tolist() == [0, CONFLICT]
    assert made.changed.value.tolist() == [0.2, 0.4]
    assert made.fresh.all()


def test_an_empty_batch_is_nothing() -> None:
    made = decide_batch(no_readings(), no_readings(), RULE, now=NOW)
    assert len(made.kind) == len(made.changed) == len(made.fresh) == 0
    assert accounts(no_readings(), made.kind).by_station() == {}
    assert accounts(no_readings(), made.kind).total == Account()
