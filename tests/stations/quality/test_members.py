"""Readings of ten minutes: on which hour they go, and which flags come back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.errors import InputRefused
from headwater.stations.quality.bits import Flag
from headwater.stations.quality.hourly import Layer
from headwater.stations.quality.members import flag_readings, hour_of, measured, on_hours
from headwater.stations.quality.read_profiles import profile
from headwater.stations.quality.run_batch import flag_series
from tests.stations.quality.make_series import simulate

ISMN = profile("ismn")
START = np.datetime64("2021-06-01T00:10", "us")


def ten_minutes(hours: int) -> np.ndarray:
    """Times of six readings an hour; the first six end with 01:00."""
    return START + np.arange(6 * hours) * np.timedelta64(10, "m")


def test_an_hour_holds_what_comes_after_the_one_before_up_to_its_full_stroke() -> None:
    times = np.array(["1970-01-01T01:00:00", "1970-01-01T01:00:01", "1970-01-01T02:00", "1969-12-31T23:59"])
    assert hour_of(times.astype("datetime64[us]")).tolist() == [1, 2, 2, 0]


def test_moisture_and_temperature_are_means_and_rain_a_sum_where_all_is_there() -> None:
    time = ten_minutes(3)
    theta, rain = np.repeat([0.2, 0.3, 0.4], 6), np.full(18, 0.1)
    theta[0], rain[7], theta[12:] = 0.26, np.nan, np.nan
    made = on_hours(
        measured(time, theta),
        precipitation=measured(time, rain, an_hour=6),
        air_temperature=measured(time, theta),
    )
    assert made.at.tolist() == np.repeat([0, 1, 2], 6).tolist()
    assert made.series.first == np.datetime64("2021-06-01T01", "h")
    assert made.series.soil_moisture[:2] == pytest.approx([0.21, 0.3])
    assert np.isnan(made.series.soil_moisture[2]) and np.isnan(made.series.precipitation[1])  # type: ignore[index]
    assert made.series.precipitation[0] == pytest.approx(0.6)  # type: ignore[index]


def test_a_break_flags_all_members_of_its_hour_and_bounds_only_the_member_itself() -> None:
    theta = np.full(6 * 100, 0.20)
    theta[6 * 50 :] = 0.30
    theta[6 * 20 + 2] = 0.61
    theta[6 * 30 + 1] = np.nan
    flags = flag_readings(on_hours(measured(ten_minutes(100), theta)), theta, ISMN, layer=Layer(0.05, 0.45))
    assert np.flatnonzero(flags.mask & np.uint64(Flag.D08)).tolist() == list(range(300, 306))
    assert np.flatnonzero(flags.mask & np.uint64(Flag.C02 | Flag.C03)).tolist() == [122]
    assert flags.mask[6 * 30 + 1] == Flag.M and flags.mask[6 * 30] == Flag.G
    assert set(flags.mask[[120, 121, 123, 124, 125]].tolist()) <= {Flag.G.value, Flag.D06.value}


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 200), st.integers(1, 12))
def test_steady_members_have_the_flags_of_the_hourly_series(case: int, an_hour: int) -> None:
    one = simulate(case, hours=150)
    series = one.hourly()
    hours = np.repeat(series.hours, an_hour)
    step = 3600 // an_hour
    minute = np.tile(step * np.arange(an_hour) - step * (an_hour - 1), len(series))
    time = hours.astype("datetime64[h]").astype("datetime64[us]") + minute.astype("timedelta64[s]")
    keep = np.random.default_rng(case).permutation(len(time))
    theta = np.repeat(series.soil_moisture, an_hour)[keep]
    made = on_hours(measured(time[keep], theta))
    assert np.allclose(made.series.soil_moisture, series.soil_moisture, rtol=1e-12, equal_nan=True)
    got = flag_readings(made, theta, ISMN, layer=one.layer())
    if an_hour in (1, 2, 4, 8):  # the mean of so many equal numbers is that number
        want = flag_series(made.series, ISMN, layer=one.layer()).mask
        assert np.array_equal(got.mask, np.repeat(want, an_hour)[keep])


@pytest.mark.parametrize(
    ("time", "value", "an_hour", "said"),
    [
        (["2020-01-01", "2020-01-01"], [0.1, 0.2], 1, "has 2 readings"),
        (["2020-01-01", "NaT"], [0.1, 0.2], 1, "Reading 1 has no time"),
        (["2020-01-01"], [0.1, 0.2], 1, "beside"),
        (["2020-01-01"], [0.1], 0, "1 or more"),
    ],
)
def test_readings_that_cannot_be_placed_are_refused(
    time: list[str], value: list[float], an_hour: int, said: str
) -> None:
    with pytest.raises(InputRefused, match=said):
        measured(time, value, an_hour=an_hour)


def test_no_reading_at_all_is_refused() -> None:
    with pytest.raises(InputRefused, match="no reading of soil moisture"):
        on_hours(measured([], []))
