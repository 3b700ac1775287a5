"""Clocks of loggers: simulated clocks whose UTC is known, repeated and missing hours, jumps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.errors import SettingsRefused
from headwater.stations.clock import Clocked, Ints, clock_zone, jumps, to_utc

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MINUTE = 60_000_000
ZONES = ("Europe/Berlin", "America/Denver", "Australia/Lord_Howe", "Asia/Shanghai", "UTC", "+08:00", "-03:30")


def shown_by(utc: Ints, zone: str) -> Ints:
    """What a clock in this zone shows, by the standard library: the truth."""
    kept = clock_zone(zone, where="test")
    moments = [(EPOCH + timedelta(microseconds=int(one))).astimezone(kept) for one in utc]
    return np.array(
        [(one.replace(tzinfo=UTC) - EPOCH) // timedelta(microseconds=1) for one in moments], np.int64
    )


def micro(text: str) -> int:
    return int(np.datetime64(text, "us").astype(np.int64))


def resolved(local: Ints, zone: str, record: Ints | None = None) -> Clocked:
    return to_utc(local.copy(), np.arange(len(local)) + 5, zone, where="station x", record=record)


@given(
    st.sampled_from(ZONES),
    st.integers(0, 50 * 366),
    st.integers(0, 1439),
    st.sampled_from([1, 10, 15, 30, 60]),
    st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_a_clock_that_runs_through_is_resolved_exactly(
    zone: str, day: int, minute: int, step: int, counted: bool
) -> None:
    utc = (day * 1440 + minute + step * np.arange(300, dtype=np.int64)) * MINUTE
    record = np.arange(300, dtype=np.int64) if counted else None
    found = resolved(shown_by(utc, zone), zone, record)
    doubtful = any(problem.action == "taken as the first pass" for problem in found.problems)
    # A run that begins or ends within the repeated hour leaves only its neighbours to tell.
    if not doubtful:
        np.testing.assert_array_equal(found.time.astype(np.int64), utc)


@pytest.mark.parametrize("change", ["2023-10-29T01:00", "2024-10-27T01:00"])
@pytest.mark.parametrize("step", [5, 10, 30, 60])
def test_both_passes_of_a_repeated_hour_are_told_apart(change: str, step: int) -> None:
    utc = micro(change) + step * MINUTE * np.arange(-40, 40, dtype=np.int64)
    local = shown_by(utc, "Europe/Berlin")
    assert len(np.unique(local)) < len(local)
    found = resolved(local, "Europe/Berlin")
    np.testing.assert_array_equal(found.time.astype(np.int64), utc)
    assert found.problems == ()


def test_record_numbers_tell_the_pass_when_one_is_missing() -> None:
    change = micro("2023-10-29T01:00")
    utc = change + 10 * MINUTE * np.arange(-20, 20, dtype=np.int64)
    for lost in (slice(14, 20), slice(20, 26)):
        keep = np.ones(40, bool)
        keep[lost] = False
        found = resolved(shown_by(utc[keep], "Europe/Berlin"), "Europe/Berlin", np.arange(40)[keep])
        np.testing.assert_array_equal(found.time.astype(np.int64), utc[keep])
        assert found.problems == ()


def test_a_repeated_hour_that_nothing_tells_apart_is_a_problem() -> None:
    local = micro("2023-10-29T00:00") + 10 * MINUTE * np.arange(40, dtype=np.int64)
    found = resolved(local, "Europe/Berlin", np.arange(40))
    assert [problem.action for problem in found.problems] == ["taken as the first pass"]


def test_a_time_that_the_clock_never_shows_has_no_utc_time() -> None:
    local = micro("2024-03-31T01:30") + 15 * MINUTE * np.arange(8, dtype=np.int64)
    found = resolved(local, "Europe/Berlin")
    assert np.isnat(found.time).tolist() == [False, False, True, True, True, True, False, False]
    assert [problem.line for problem in found.problems] == [7, 8, 9, 10]
    assert found.time[6] == np.datetime64("2024-03-31T01:00")


@pytest.mark.parametrize("zone", ["", " ", "Mars/Base", "+25:00", "+8", "../etc/passwd", "/etc/passwd", "\0"])
def test_a_zone_that_is_none_names_the_setting_or_what_is_allowed(zone: str) -> None:
    with pytest.raises(SettingsRefused, match="Allowed are"):
        clock_zone(zone, where="station x")


def test_no_zone_names_the_setting() -> None:
    with pytest.raises(SettingsRefused, match=r"station x.*set `zone` of the station"):
        resolved(np.array([0]), "")


def test_jumps_are_told_and_nothing_is_reordered() -> None:
    minutes = np.array([0, 10, 20, 5, 15, 25, 35, 45, 400, 410])
    record = np.array([0, 1, 2, 3, 4, 5, 6, 7, 43, 0])
    time = (minutes * MINUTE).astype(np.int64).view("datetime64[us]")
    found = jumps(time, np.arange(10) + 1, 10 * MINUTE, record=record)
    assert [(one.line, one.column) for one in found] == [(4, "time"), (9, "time"), (10, "RECORD")]
    assert "back" in found[0].found
    assert "35 records missing" in found[1].found
    assert found[2].found == "0 after 43"
    assert jumps(time[:3], np.arange(3), 10 * MINUTE) == ()


def test_a_standard_library_zone_agrees_over_two_centuries() -> None:
    rng = np.random.default_rng(1)
    utc = np.sort(rng.integers(micro("1901-01-01"), micro("2199-01-01"), 400))
    kept = ZoneInfo("America/Denver")
    local = shown_by(utc, "America/Denver")
    found = resolved(local, "America/Denver").time.astype(np.int64)
    moments = [(EPOCH + timedelta(microseconds=int(one))).astimezone(kept) for one in local]
    plain = np.array([one.fold == 0 for one in moments])
    assert (found == utc)[plain].mean() > 0.99
    np.testing.assert_array_equal(shown_by(found, "America/Denver"), local)
