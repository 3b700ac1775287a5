"""Drift and contradicting depths, where the truth is known: how much is found, how much is found wrongly."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from headwater.errors import InputRefused
from headwater.stations.quality.bits import Flag
from headwater.stations.quality.depths import contradicting_depths, rise_within
from headwater.stations.quality.drift import daily_medians, find_drift, theil_sen, trailing_median
from headwater.stations.quality.read_profiles import depth_limits, drift_limits

DRIFT, DEPTHS = drift_limits(), depth_limits()
DAYS, SENSORS = 1095, 6
FAULTS = 20
LAYERS = 4


def group(seed: int) -> np.ndarray:
    """Three years of six sound sensors: one weather, different soils; shape (sensors, hours)."""
    rng = np.random.default_rng(seed)
    hours = DAYS * 24
    season = 1 + 0.9 * np.sin(2 * np.pi * (np.arange(hours) / 8766 - 0.3))
    rain = (rng.random(hours) < 0.02 * season) * rng.exponential(0.02, hours)
    out = np.empty((SENSORS, hours))
    for sensor in range(SENSORS):
        own = rain * rng.lognormal(0, 0.3, hours)
        dries = rng.uniform(0.003, 0.006)
        wet = np.empty(hours)
        level = 0.1
        for hour in range(hours):
            level += own[hour] - dries * level
            wet[hour] = level
        slow = np.repeat(np.cumsum(rng.normal(0, 0.0006, DAYS)), 24)
        out[sensor] = rng.uniform(0.04, 0.12) + rng.uniform(0.7, 1.3) * np.minimum(wet, 0.4)
        out[sensor] += slow - slow.mean() + rng.normal(0, 0.002, hours)
    out[:, rng.random(hours) < 0.02] = np.nan
    return out


@pytest.mark.parametrize(
    ("per_year", "least"), [(0.06, 0.8), (0.10, 0.95), pytest.param(0.04, 0.3, marks=pytest.mark.slow)]
)
def test_a_sensor_that_drifts_is_found_and_sound_ones_seldom(
    per_year: float, least: float, record: Callable[..., None]
) -> None:
    seeds = range(10)
    found, false_days, sound_days, delay = 0, 0, 0, []
    for seed in seeds:
        values, bad = group(seed), seed % SENSORS
        begins = 400
        later = np.maximum(np.arange(DAYS * 24) / 24 - begins, 0)
        values[bad] += (-1) ** seed * per_year * later / 365.25
        drifts = find_drift(values, DRIFT).drifts
        sound = np.delete(drifts, bad, axis=0)
        false_days += int(sound.sum())
        sound_days += sound[:, DRIFT.reference_days :].size
        false_days += int(drifts[bad][:begins].sum())
        hit = np.flatnonzero(drifts[bad][begins:])
        found += bool(len(hit)) and bool(drifts[bad][-30:].mean() > 0.9)
        delay += [int(hit[0])] if len(hit) else []
    rates = {
        "hits": found / len(seeds),
        "false_days": false_days / sound_days,
        "days_to_first": np.median(delay),
    }
    record(f"quality_drift_{per_year}", rates, seed="0-9")
    assert rates["hits"] >= least
    assert rates["false_days"] <= 0.03


def profile_of_layers(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A year of four layers that rain wets from above, the same with rises that are faults, and which."""
    rng = np.random.default_rng(seed)
    hours = 8760
    theta = np.empty((LAYERS, hours))
    flow = (rng.random(hours) < 0.015) * rng.exponential(0.06, hours)
    for layer in range(LAYERS):
        level = np.empty(hours)
        now = 0.1
        passed = np.zeros(hours)
        for hour in range(hours):
            now += min(flow[hour], 0.45 - now)
            passed[hour] = 0.05 * max(now - 0.15, 0)
            now -= passed[hour] + 0.0004 * now
            level[hour] = now
        theta[layer] = level + rng.normal(0, 0.0008, hours)
        delay = int(rng.integers(1, 6))
        flow = np.concatenate([np.zeros(delay), passed[:-delay]])
    broken = theta.copy()
    at = np.sort(rng.choice(np.arange(100, hours - 100, 200), FAULTS, replace=False))
    layers = rng.integers(1, LAYERS, FAULTS)
    for hour, layer in zip(at, layers, strict=True):
        broken[layer, hour : hour + 60] += rng.uniform(0.04, 0.15)
    truth = np.zeros(theta.shape, bool)
    truth[layers, at] = True
    return np.stack([theta, broken]), truth


def test_rises_that_no_layer_above_shows_are_found_and_rain_seldom(record: Callable[..., None]) -> None:
    found, faults, false_hours, hours, quiet = 0, 0, 0, 0, 0
    for seed in range(10):
        (sound, broken), truth = profile_of_layers(seed)
        false_hours += int((contradicting_depths(sound, DEPTHS) != 0).sum())
        hours += sound[1:].size
        hit = contradicting_depths(broken, DEPTHS) != 0
        rises = np.array([rise_within(layer, DEPTHS.rise_hours) for layer in sound])
        for layer, hour in np.argwhere(truth):
            dry = np.nanmax(rises[:layer, hour - DEPTHS.above_hours + 1 : hour + 1]) < DEPTHS.above_least
            quiet += bool(dry)
            found += bool(hit[layer, hour])
            faults += 1
            assert not (hit[layer, hour] and not dry), "a rise after rain cannot be told from a fault"
    rates = {"hits": found / faults, "hits_in_dry_weather": found / quiet, "false_hours": false_hours / hours}
    record("quality_depths", rates, seed="0-9")
    assert rates["hits_in_dry_weather"] >= 0.95 and rates["false_hours"] <= 1e-4
    assert quiet > faults / 4


def test_ice_that_melts_is_no_contradiction() -> None:
    theta = np.full((2, 100), 0.2)
    theta[1, 60:] = 0.3
    assert np.flatnonzero(contradicting_depths(theta, DEPTHS)[1]).tolist() == list(range(60, 66))
    for kelvin, found in ((273.15, False), (280.0, True), (np.nan, True)):
        ground = np.full(theta.shape, kelvin)
        assert bool(contradicting_depths(theta, DEPTHS, soil_temperature=ground).any()) == found


def test_a_layer_is_tested_only_where_what_is_above_is_known() -> None:
    theta = np.full((3, 200), 0.2)
    theta[2, 100:] = 0.3
    theta[0, 80] = np.nan
    assert contradicting_depths(theta, DEPTHS)[2].any(), "the layer between is complete"
    theta[1, 80] = np.nan
    assert not contradicting_depths(theta, DEPTHS).any()
    assert contradicting_depths(theta, DEPTHS).max(initial=0) in (0, Flag.DEPTHS)


def test_parts_of_the_drift_by_hand() -> None:
    x = np.arange(50.0)
    assert theil_sen(x, 3 + 2 * x) == pytest.approx((2, 3))
    assert theil_sen(np.zeros(9), np.arange(9.0)) == (0, 4)
    assert daily_medians(np.array([[*range(24), np.nan, 7.0]])).tolist() == [[11.5, 7.0]]
    assert trailing_median(np.array([1.0, 5, np.nan, 3]), 3, 2).tolist()[1:] == [3, 3, 4]
    flat = find_drift(np.full((4, 500 * 24), 0.2), DRIFT)
    assert not flat.drifts.any() and flat.of_hours(100).shape == (4, 100)


def test_arrays_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InputRefused, match="4 sensors or more"):
        find_drift(np.zeros((3, 100)), DRIFT)
    with pytest.raises(InputRefused, match=r"needed is \(layers, hours\)"):
        contradicting_depths(np.zeros((2, 5)), DEPTHS, soil_temperature=np.zeros((2, 4)))
