"""A stream ends with the flags of the batch, whatever the order and the pieces in which readings come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.errors import InputRefused, SettingsRefused
from headwater.stations.quality.bits import Flag
from headwater.stations.quality.hourly import Hourly, Layer
from headwater.stations.quality.read_profiles import profile
from headwater.stations.quality.run_batch import flag_series
from headwater.stations.quality.stream import Decisions, Flagged, Input, Revised, Stream, start_stream
from tests.stations.quality.make_series import Simulated, simulate

ISMN = profile("ismn")
SHORT = replace(ISMN, longest_plateau_hours=45, highest_days=5)
"""Forgets soon, so that what a stream keeps is moved and overwritten within a short series."""
HORIZON = 60
HOURS = 900
FIELDS = {
    Input.SOIL_MOISTURE: "soil_moisture",
    Input.PRECIPITATION: "precipitation",
    Input.MODEL_PRECIPITATION: "model_precipitation",
    Input.SOIL_TEMPERATURE: "soil_temperature",
    Input.AIR_TEMPERATURE: "air_temperature",
    Input.MODEL_SOIL_TEMPERATURE: "model_soil_temperature",
}


def rows_of(series: Hourly) -> np.ndarray:
    """Hour, input, value of everything that is there, in order of time."""
    rows = []
    for what, name in FIELDS.items():
        values = getattr(series, name)
        if values is not None:
            there = ~np.isnan(values)
            rows.append(np.column_stack([series.hours[there], np.full(there.sum(), what), values[there]]))
    table = np.concatenate(rows)
    return table[np.lexsort((table[:, 1], table[:, 0]))]


class Told:
    """Keeps what decisions say, and checks that each follows from the one before."""

    def __init__(self) -> None:
        self.masks: dict[tuple[int, int], int] = {}
        self.too_old = 0

    def hear(self, decisions: Decisions) -> None:
        self.too_old += int(decisions.too_old.sum())
        columns = (decisions.series, decisions.hour, decisions.before, decisions.after)
        for series, hour, before, after in zip(*(column.tolist() for column in columns), strict=True):
            assert self.masks.get((series, hour), 0) == before != after
            self.masks[series, hour] = after

    def of(self, series: int, hours: np.ndarray) -> np.ndarray:
        return np.array([self.masks.get((series, hour), Flag.M.value) for hour in hours.tolist()], np.uint64)


def feed(kept: Stream, rows: np.ndarray, pieces: Sequence[np.ndarray], series: int = 0) -> Told:
    """Takes the rows piece by piece."""
    told = Told()
    for piece in pieces:
        if len(piece):
            hour, what, value = rows[piece].T
            told.hear(kept.take(np.full(len(piece), series), hour, what, value))
    return told


@settings(max_examples=40, deadline=None)
@given(
    case=st.integers(0, 10_000), late=st.integers(0, HORIZON), pieces=st.integers(1, 400), wrong=st.booleans()
)
def test_any_pieces_and_any_order_within_the_horizon_end_with_the_flags_of_the_batch(
    case: int, late: int, pieces: int, wrong: bool
) -> None:
    one = simulate(case, hours=HOURS)
    series = one.hourly()
    rows = rows_of(series)
    rng = np.random.default_rng(case)
    arrival = rows[:, 0] + np.where(rng.random(len(rows)) < 0.3, rng.integers(0, late + 1, len(rows)), 0)
    if wrong:
        first = rows[rng.random(len(rows)) < 0.1].copy()
        first[:, 2] *= rng.choice([0.5, 1.4, np.nan], len(first))
        arrival = np.concatenate([first[:, 0] - 0.5, arrival])
        rows = np.concatenate([first, rows])
    order = np.argsort(arrival, kind="stable")
    cuts = np.sort(rng.integers(0, len(rows), pieces))
    told = feed(start_stream([one.layer()], SHORT, horizon_hours=HORIZON), rows, np.split(order, cuts))
    assert told.too_old == 0
    assert np.array_equal(told.of(0, series.hours), flag_series(series, SHORT, layer=one.layer()).mask)


def test_at_every_moment_the_masks_told_are_those_of_the_batch_so_far() -> None:
    one = simulate(6, hours=260)
    series, kept, told = one.hourly(), start_stream([one.layer()], SHORT, horizon_hours=HORIZON), Told()
    rows = rows_of(series)
    for end in range(1, len(series) + 1):
        hour, what, value = rows[rows[:, 0] == series.hours[end - 1]].T
        told.hear(kept.take(np.zeros(len(hour)), hour, what, value))
        so_far = {name: getattr(series, name) for name in FIELDS.values()}
        cut = Hourly(series.first, **{name: None if v is None else v[:end] for name, v in so_far.items()})
        want = flag_series(cut, SHORT, layer=one.layer()).mask
        assert np.array_equal(told.of(0, cut.hours), want), end


def test_many_series_at_once_do_not_touch_each_other() -> None:
    several = [simulate(case, hours=300) for case in range(8, 16)]
    kept, told = start_stream([one.layer() for one in several], ISMN), Told()
    tables = [rows_of(one.hourly()) for one in several]
    of = np.concatenate([np.full(len(table), at) for at, table in enumerate(tables)])
    rows = np.concatenate(tables)
    order = np.lexsort((of, rows[:, 0]))
    for piece in np.array_split(order, 60):
        told.hear(kept.take(of[piece], *rows[piece].T))
    for at, one in enumerate(several):
        want = flag_series(one.hourly(), ISMN, layer=one.layer()).mask
        assert np.array_equal(told.of(at, one.hourly().hours), want)


@pytest.mark.parametrize(
    ("flag", "delay", "make"),
    [
        (Flag.D06, 12, lambda v: v.__setitem__(100, v[100] * 1.3)),
        (Flag.D07, 9, lambda v: v.__setitem__(slice(100, None), v[100:] - 6)),
        (Flag.D08, 9, lambda v: v.__setitem__(slice(100, None), v[100:] + 6)),
    ],
)
def test_a_test_that_looks_ahead_revises_after_its_delay(flag: Flag, delay: int, make: object) -> None:
    """A step of 6 has slope 3 and, of so many slopes known, the mean 6 / count: 3 > 60 / count from 21 on."""
    theta = np.full(200, 20.0)
    make(theta)  # type: ignore[operator]
    series = Simulated(theta, None, None, None, None, None, None, None).hourly()
    kept = start_stream([Layer()], ISMN)
    seen = []
    for hour, value in zip(series.hours, series.soil_moisture, strict=True):
        for decision in kept.take(0, hour, Input.SOIL_MOISTURE, value).each():
            if isinstance(decision, Revised) and decision.after & flag and not decision.before & flag:
                seen.append(
                    (int(hour - series.hours[0]), int(decision.time.astype(np.int64) - series.hours[0]))
                )
            if isinstance(decision, Flagged):
                assert decision.time.astype(np.int64) == hour
    assert seen == [(100 + delay, 100)]


def test_a_plateau_is_flagged_fourteen_hours_after_its_end() -> None:
    theta = np.full(300, 20.0)
    theta[100:150] = 40.0
    series = Simulated(theta, None, None, None, None, None, None, None).hourly()
    kept, when = start_stream([Layer()], ISMN), {}
    for hour, value in zip(series.hours, series.soil_moisture, strict=True):
        for decision in kept.take(0, hour, Input.SOIL_MOISTURE, value).each():
            if isinstance(decision, Revised) and decision.after & Flag.D10:
                when[int(decision.time.astype(np.int64) - series.hours[0])] = int(hour - series.hours[0])
    assert set(when) == set(range(100, 150)) and set(when.values()) == {149 + 14}


def test_late_temperature_and_rain_revise_what_was_told() -> None:
    theta = np.full(60, 20.0)
    theta[50:] = [21, 23, 25, 26, 26, 26, 26, 26, 26, 26]
    kept, told = start_stream([Layer(0.05)], ISMN), Told()
    hours = np.arange(60)
    told.hear(kept.take(np.zeros(60), hours, np.zeros(60), 0.01 * theta))
    assert not told.masks[0, 51] & Flag.D04
    told.hear(kept.take(np.zeros(60), hours, np.full(60, Input.PRECIPITATION), np.zeros(60)))
    assert told.masks[0, 51] & Flag.D04
    told.hear(kept.take(0, 45, Input.PRECIPITATION, 8.0))
    assert told.masks[0, 51] == Flag.G
    told.hear(kept.take(0, 51, Input.SOIL_TEMPERATURE, 270.0))
    assert told.masks[0, 51] == Flag.D01
    told.hear(kept.take(0, 51, Input.SOIL_MOISTURE, np.nan))
    assert told.masks[0, 51] == Flag.M


def test_what_is_older_than_the_horizon_is_handed_back_and_changes_nothing() -> None:
    kept = start_stream([Layer()], ISMN, horizon_hours=10)
    kept.take([0, 0], [100, 90], [0, 0], [0.2, 0.7])
    before = kept.theta.copy()
    decisions = kept.take([0, 0], [89, 101], [0, 0], [0.9, 0.2])
    assert decisions.too_old.tolist() == [True, False]
    assert [one.time.astype(int) for one in decisions.each()] == [101]
    assert np.nansum(kept.theta) == pytest.approx(np.nansum(before) + 20)


@pytest.mark.parametrize(("case", "pieces"), [(51, 1), (51, 50), (21, 2)])
def test_large_pieces_do_not_decide_old_plateaus_by_days_that_are_forgotten(case: int, pieces: int) -> None:
    """It went wrong once: a calm stretch of weeks led back beyond the highest values kept."""
    one = simulate(case, hours=HOURS)
    rows, kept = rows_of(one.hourly()), start_stream([one.layer()], SHORT, horizon_hours=HORIZON)
    told = feed(kept, rows, np.array_split(np.arange(len(rows)), pieces))
    want = flag_series(one.hourly(), SHORT, layer=one.layer()).mask
    assert np.array_equal(told.of(0, one.hourly().hours), want)


def test_a_stream_goes_on_from_its_saved_arrays() -> None:
    one = simulate(2, hours=600)
    rows, kept = rows_of(one.hourly()), start_stream([one.layer()], SHORT, horizon_hours=HORIZON)
    half = len(rows) // 2
    told = feed(kept, rows, [np.arange(half)])
    saved = {name: v.copy() for name, v in vars(kept).items() if isinstance(v, np.ndarray)}
    again = replace(start_stream([one.layer()], SHORT, horizon_hours=HORIZON), **saved)
    told.hear(again.take(np.zeros(len(rows) - half), *rows[half:].T))
    want = flag_series(one.hourly(), SHORT, layer=one.layer()).mask
    assert np.array_equal(told.of(0, one.hourly().hours), want)


def test_a_silence_of_years_is_no_trouble() -> None:
    kept, told = start_stream([Layer()], ISMN), Told()
    for hour in (0, 1, 50_000, 50_001):
        told.hear(kept.take(0, hour, Input.SOIL_MOISTURE, 0.2))
    assert set(told.masks.values()) == {Flag.G.value} and len(told.masks) == 4


@pytest.mark.parametrize(
    ("of", "what", "value"), [(1, 0, 0.2), (-1, 0, 0.2), (0, 6, 0.2), (0, -1, 0.2), (0, 0, np.inf)]
)
def test_rows_that_cannot_be_are_refused_and_nothing_is_taken(of: int, what: int, value: float) -> None:
    kept = start_stream([Layer()], ISMN)
    with pytest.raises(InputRefused, match="Nothing was taken"):
        kept.take([0, of], [5, 5], [0, what], [0.1, value])
    assert np.isnan(kept.theta).all()


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(InputRefused, match="same length"):
        start_stream([Layer()], ISMN).take([0, 0], [5], [0], [0.1])


def test_a_profile_that_needs_the_whole_series_is_refused() -> None:
    with pytest.raises(SettingsRefused, match="whole series"):
        start_stream([Layer()], profile("flagit-0.3"))
    with pytest.raises(SettingsRefused, match="horizon"):
        start_stream([Layer()], ISMN, horizon_hours=-1)
    with pytest.raises(SettingsRefused, match="no series"):
        start_stream([], ISMN)
    with pytest.raises(SettingsRefused, match="allowed are"):
        profile("flagit")
