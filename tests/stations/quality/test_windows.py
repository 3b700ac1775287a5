"""D04–D10 by hand: what each test flags, at its thresholds, and what a gap does in each profile."""

from __future__ import annotations

import numpy as np
import pytest

from headwater.stations.quality.bits import Flag
from headwater.stations.quality.read_profiles import profile
from headwater.stations.quality.savitzky_golay import central, smoothed
from tests.stations.quality.make_series import CASES, simulate
from tests.stations.quality.shapes import BOTH, flags_of, flat, hours_with

both = pytest.mark.parametrize("name", BOTH)
GAP = np.nan


@both
@pytest.mark.parametrize(("rain", "depth", "found"), [(1.2, 0.05, True), (1.3, 0.05, False), (0.1, 0.0, True),
                                                      (0.2, None, False), (0.0, 0.1, False)])  # fmt: skip
def test_a_rise_needs_as_much_rain_as_its_depth_says(
    name: str, rain: float, depth: float | None, found: bool
) -> None:
    theta, fallen = flat(), np.zeros(120)
    theta[60:], fallen[50] = 26.0, rain
    flags = flags_of(theta, name, depth=depth, precipitation=fallen, model_precipitation=fallen)
    expected = [60] if found else []
    assert hours_with(flags, Flag.D04) == hours_with(flags, Flag.D05) == expected


@both
def test_rain_of_a_day_ago_counts_and_rain_before_does_not(name: str) -> None:
    theta, fallen = flat(), np.zeros(120)
    theta[60:] = 26.0
    fallen[60 - 24] = 9.0
    assert hours_with(flags_of(theta, name, depth=0.05, precipitation=fallen), Flag.D04) == [60]
    fallen[60 - 23] = 9.0
    assert hours_with(flags_of(theta, name, depth=0.05, precipitation=fallen), Flag.D04) == []


@pytest.mark.parametrize(("name", "found"), [("flagit-0.3", [60]), ("ismn", [])])
def test_rain_that_is_not_known_is_no_drought_in_ismn(name: str, found: list[int]) -> None:
    theta, fallen = flat(), np.zeros(120)
    theta[60:], fallen[55] = 26.0, GAP
    assert hours_with(flags_of(theta, name, depth=0.05, precipitation=fallen), Flag.D04) == found


def test_rain_of_a_model_every_three_hours_is_of_24_hours_in_ismn_and_of_24_values_in_flagit() -> None:
    theta, fallen = flat(), np.where(np.arange(120) % 3 == 0, 0.0, GAP)
    theta[60:], fallen[30] = 26.0, 9.0
    given = {"depth": 0.05, "model_precipitation": fallen}
    assert hours_with(flags_of(theta, "ismn", **given), Flag.D05) == [60]  # type: ignore[arg-type]
    assert hours_with(flags_of(theta, "flagit-0.3", **given), Flag.D05) == []  # type: ignore[arg-type]


@both
@pytest.mark.parametrize(("peak", "found"), [(23.0, False), (23.02, True), (17.0, False), (16.98, True)])
def test_a_spike_is_above_115_or_below_85_percent(name: str, peak: float, found: bool) -> None:
    theta = flat()
    theta[60] = peak
    assert hours_with(flags_of(theta, name), Flag.D06) == ([60] if found else [])


@both
def test_two_equal_values_are_one_spike_and_three_are_none(name: str) -> None:
    theta = flat() + 0.01 * np.sin(np.arange(120))
    theta[60:62] = 28.0
    assert hours_with(flags_of(theta, name), Flag.D06) == [60, 61]
    theta[62] = 28.0
    assert hours_with(flags_of(theta, name), Flag.D06) == []


@both
@pytest.mark.parametrize("hole", [48, 60 - 2, 72])
def test_a_gap_within_twelve_hours_hides_a_spike(name: str, hole: int) -> None:
    theta = flat()
    theta[60] = 26.0
    theta[hole] = GAP
    assert hours_with(flags_of(theta, name), Flag.D06) == []


@both
def test_a_drop_and_a_jump(name: str) -> None:
    theta = flat()
    theta[40:80] = 14.0
    flags = flags_of(theta, name)
    assert (hours_with(flags, Flag.D07), hours_with(flags, Flag.D08)) == ([40], [80])


@both
@pytest.mark.parametrize(("level", "size", "found"), [(5.0, 1.0, False), (5.0, 1.1, True), (30.0, 2.7, False),
                                                      (30.0, 3.5, True)])  # fmt: skip
def test_a_jump_is_larger_than_one_percent_vol_and_a_tenth(
    name: str, level: float, size: float, found: bool
) -> None:
    theta = flat(level=level)
    theta[60:] += size
    assert hours_with(flags_of(theta, name), Flag.D08) == ([60] if found else [])


@both
@pytest.mark.parametrize(("level", "found"), [(5.0, False), (5.1, True)])
def test_a_fall_of_more_than_five_to_zero_is_a_drop(name: str, level: float, found: bool) -> None:
    theta = flat(level=level)
    theta[60] = 0.0
    assert hours_with(flags_of(theta, name), Flag.D07) == ([60] if found else [])


@both
def test_a_constant_level_after_a_drop_lasts_to_its_end(name: str) -> None:
    theta = flat() + np.tile([0.0, 0.3], 60)
    theta[40:80] = 3.0
    assert hours_with(flags_of(theta, name), Flag.D09) == list(range(40, 80))
    theta[40:52] = 3.0
    theta[52:] = 20.0
    assert hours_with(flags_of(theta, name), Flag.D09) == []


@pytest.mark.parametrize(("name", "last"), [("flagit-0.3", 80), ("ismn", 60)])
def test_a_gap_ends_a_constant_level_in_ismn(name: str, last: int) -> None:
    theta = flat() + np.tile([0.0, 0.3], 60)
    theta[40:80] = 3.0
    theta[60] = GAP
    found = hours_with(flags_of(theta, name), Flag.D09)
    assert found == [hour for hour in range(40, last) if hour != 60]


@both
@pytest.mark.parametrize(("share", "found"), [(0.94, False), (0.96, True)])
def test_a_plateau_stands_near_the_highest_value_seen(name: str, share: float, found: bool) -> None:
    theta = flat(200) + 0.5 * np.sin(np.arange(200))
    theta[20] = 45.0
    theta[100:150] = 45.0 * share
    hours = hours_with(flags_of(theta, name), Flag.D10)
    assert (set(range(101, 149)) <= set(hours)) == found and bool(hours) == found


def test_a_later_highest_value_does_not_reach_back_in_ismn() -> None:
    theta = flat(300) + 0.5 * np.sin(np.arange(300))
    theta[100:150] = 40.0
    theta[250] = 55.0
    assert hours_with(flags_of(theta, "ismn"), Flag.D10)
    assert not hours_with(flags_of(theta, "flagit-0.3"), Flag.D10)


def test_the_highest_value_is_forgotten_after_two_years_in_ismn() -> None:
    hours = 24 * 760
    theta = flat(hours) + 0.5 * np.sin(np.arange(hours))
    theta[10 * 24 + 5] = 55.0
    for day, found in ((735, False), (745, True)):
        again = theta.copy()
        again[day * 24 : day * 24 + 50] = 40.0
        assert bool(hours_with(flags_of(again, "ismn"), Flag.D10)) == found


def test_a_plateau_of_more_than_thirty_days_is_a_water_table_in_ismn() -> None:
    for days, found in ((29, True), (31, False)):
        theta = flat(24 * 50) + 0.5 * np.sin(np.arange(24 * 50))
        theta[100 : 100 + 24 * days] = 40.0
        assert bool(hours_with(flags_of(theta, "ismn"), Flag.D10)) == found
        assert hours_with(flags_of(theta, "flagit-0.3"), Flag.D10)


def test_profiles_agree_on_spikes_and_breaks_where_nothing_is_missing() -> None:
    same, all_flags = 0, Flag.D06 | Flag.D07 | Flag.D08
    for case in range(CASES):
        one = simulate(case)
        if np.isnan(one.theta).any():
            continue
        flagit, ismn = (flags_of(one.theta, name).mask & np.uint64(all_flags) for name in BOTH)
        inner = slice(13, -13)
        unequal = np.flatnonzero((flagit ^ ismn)[inner])
        same += int(((flagit & ismn) != 0).sum())
        assert len(unequal) <= 1, (case, unequal)
    assert same > 400


def test_derivatives_of_both_kinds_are_those_of_a_parabola() -> None:
    t = np.arange(20.0)
    for made in (smoothed(3 + 2 * t + t**2), central(3 + 2 * t + t**2)):
        assert np.allclose(made.slope[1:-1], (2 + 2 * t)[1:-1])
        assert np.allclose(made.curvature[1:-1], 2.0)
    assert np.isnan(central(t).slope[[0, -1]]).all()
    assert len(central(t[:2]).slope) == 2 and len(smoothed(t[:0]).slope) == 0


def test_least_rain_is_that_of_the_depth() -> None:
    rise = profile("ismn").rise
    assert rise.least(0.05) == pytest.approx(1.25) and rise.least(0.0) == rise.least(None) == 0.2
    assert rise.least(0.1) is None
