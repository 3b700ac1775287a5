"""The best lag: found where it is planted, and not believed where it is chance."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from headwater.drivers import correlate, lag_scan
from headwater.errors import InputRefused, SettingsRefused
from tests.drivers.make_grids import grid, punched, red_noise

SHAPE = (5, 8)


@pytest.fixture(scope="module")
def planted() -> tuple[xr.DataArray, xr.DataArray]:
    """Soil moisture follows rain after 2 steps, with a tenth of all values missing."""
    rng = np.random.default_rng(1)
    rain, noise = red_noise(rng, 0.5, 242, 40), red_noise(rng, 0.5, 240, 40)
    soil = 0.8 * rain[:-2] + noise
    soil, rain = punched(rng, soil, 0.1), punched(rng, rain[2:], 0.1)
    return grid(soil, "soil_moisture", shape=SHAPE), grid(rain, "precipitation", shape=SHAPE)


def test_a_planted_lag_is_found(planted):
    found = lag_scan(*planted, surrogates=99)
    assert (found["best_lag"] == 2).mean() > 0.9 and found["significant"].mean() > 0.95
    assert found["r"].dims == ("lag", "latitude", "longitude")


def test_r_at_every_lag_is_that_of_correlate(planted):
    found = lag_scan(*planted, lags=(-3, 0, 2), surrogates=19)
    by_month = lag_scan(*planted, lags=(-3, 0, 2), surrogates=19, by="month")
    for lag in (-3, 0, 2):
        for name in ("r", "n"):
            expected = correlate(*planted, lag=lag)[name]
            np.testing.assert_allclose(found[name].sel(lag=lag), expected, atol=1e-12)
            expected = correlate(*planted, lag=lag, by="month")[name]
            np.testing.assert_allclose(by_month[name].sel(lag=lag), expected, atol=1e-12)
    assert by_month["best_lag"].dims == ("month", "latitude", "longitude")


def test_p_is_the_rank_among_surrogates_made_by_hand(planted):
    from headwater.stats import phase_surrogates, random_phases

    rng = np.random.default_rng(3)
    a, b = (grid(red_noise(rng, 0.6, 80, 40), name, shape=SHAPE) for name in "ab")
    found = lag_scan(a, b, lags=range(-2, 3), surrogates=99, seed=7)
    phases = random_phases(99, 80, rng=np.random.default_rng(7))
    x, y = a.values[:, 2, 3].astype(float), b.values[:, 2, 3].astype(float)

    def largest(series: np.ndarray) -> float:
        return max(
            abs(np.corrcoef(x[max(lag, 0) : 80 + min(lag, 0)], series[max(-lag, 0) : 80 - max(lag, 0)])[0, 1])
            for lag in range(-2, 3)
        )

    beaten = sum(largest(s) >= largest(y) for s in phase_surrogates(y, phases))
    assert found["p"].values[2, 3] == pytest.approx((1 + beaten) / 100)
    assert abs(found["best_r"].values[2, 3]) == pytest.approx(largest(y))


def share_found(rng: np.random.Generator, series: int, *, gaps: float = 0.0, **options) -> float:
    shape = (series // 10, 10)
    a, b = (punched(rng, red_noise(rng, 0.6, 120, series), gaps) for _ in range(2))
    found = lag_scan(grid(a, "a", shape=shape), grid(b, "b", shape=shape), **options)
    return float((found["p"] <= 0.05).mean())


def test_chance_finds_a_lag_in_about_one_map_of_twenty():
    """600 series: 5 % ± 2.7 % (3 sd); the smallest p of 13 lags is below 0.05 in over a quarter."""
    rng = np.random.default_rng(4)
    assert 0.023 < share_found(rng, 600, surrogates=99) < 0.077
    a, b = (grid(red_noise(rng, 0.6, 120, 600), name, shape=(60, 10)) for name in "ab")
    best = np.min([correlate(a, b, lag=lag)["p"] for lag in range(-6, 7)], axis=0)
    assert (best < 0.05).mean() > 0.25


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, {"gaps": 0.2}, {"deseasonalise": True}, {"detrend": True}], ids=str)
def test_null_worlds_give_5_percent_within_1(options):
    assert 0.04 < share_found(np.random.default_rng(5), 8000, surrogates=199, **options) < 0.06


def test_cuts_of_space_change_no_bit(planted):
    a, b = planted
    part = {"latitude": slice(2, 4), "longitude": slice(1, 5)}
    whole = lag_scan(a, b, surrogates=19)
    for name in ("r", "n", "best_lag", "p"):
        np.testing.assert_array_equal(lag_scan(a[part], b[part], surrogates=19)[name], whole[name][part])


def test_a_yearly_cycle_is_taken_out_on_demand(planted):
    a, _ = planted
    cycle = xr.DataArray(np.sin(np.arange(240) * np.pi / 6).astype(np.float32) * 5, dims="time")
    rng = np.random.default_rng(6)
    unrelated = grid(red_noise(rng, 0.5, 240, 40), "x", shape=SHAPE) + cycle
    assert abs(lag_scan(a + cycle, unrelated, surrogates=19)["best_r"]).min() > 0.8
    assert abs(lag_scan(a + cycle, unrelated, surrogates=19, deseasonalise=True)["best_r"]).max() < 0.5


def test_datasets_and_missing_series(planted):
    a, b = planted
    a = a.copy(deep=True)
    a[:, 0, 0] = np.nan
    a[:, 0, 1] = 1.0
    found = lag_scan(a, xr.Dataset({"wet": b, "dry": -b}), surrogates=19, lags=[0, 2])
    assert found["r"].dims == ("driver", "lag", "latitude", "longitude")
    assert np.isnan(found["p"].values[:, 0, :2]).all() and np.isfinite(found["p"].values[:, 1:]).all()
    np.testing.assert_allclose(found["best_r"].sel(driver="wet"), -found["best_r"].sel(driver="dry"))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"lags": []}, "whole numbers"),
        ({"lags": [0.5]}, "whole numbers"),
        ({"lags": [1, 1]}, "do not repeat"),
        ({"surrogates": 5}, "19 or more"),
        ({"by": "year"}, "'month'"),
        ({"by": "month", "deseasonalise": True}, "no season"),
        ({"fdr": "none"}, "bh, by, wilks"),
        ({"least": 1}, "3 or more"),
    ],
)
def test_unfit_settings_are_refused(planted, options, says):
    with pytest.raises(SettingsRefused, match=says):
        lag_scan(*planted, **options)


def test_unfit_grids_are_refused(planted):
    a, b = planted
    with pytest.raises(InputRefused, match="at least 10 must overlap"):
        lag_scan(a, b, lags=[235])
    with pytest.raises(InputRefused, match="no series has 10 valid pairs"):
        lag_scan(a * np.nan, b)
    with pytest.raises(InputRefused, match="differ in latitude"):
        lag_scan(a, b.isel(latitude=slice(None, None, -1)))
