"""Correlation of grids against scipy, xarray, xskillscore and least squares, pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
import xarray as xr

from headwater.drivers import correlate
from tests.drivers.make_grids import grid, punched, red_noise

SHAPE = (4, 5)
PIXELS = 20


@pytest.fixture(scope="module")
def pair() -> tuple[xr.DataArray, xr.DataArray]:
    """Soil moisture and temperature in kelvin, 20 years, related more or less, no gaps."""
    rng = np.random.default_rng(1)
    soil = red_noise(rng, 0.6, 240, PIXELS)
    warm = red_noise(rng, 0.6, 240, PIXELS) + np.linspace(-1, 1, PIXELS, dtype=np.float32) * soil
    return grid(soil * 0.01 + 0.2, "soil_moisture", shape=SHAPE), grid(
        warm + 280, "air_temperature", shape=SHAPE
    )


@pytest.fixture(scope="module")
def gappy(pair) -> tuple[xr.DataArray, xr.DataArray]:
    rng = np.random.default_rng(2)
    return tuple(v.copy(data=punched(rng, v.values, 0.15)) for v in pair)


def columns(a: xr.DataArray, b: xr.DataArray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Valid pairs of each pixel in float64."""
    x, y = (v.values.reshape(v.shape[0], -1).astype(float) for v in (a, b))
    keep = np.isfinite(x) & np.isfinite(y)
    return [(x[keep[:, j], j], y[keep[:, j], j]) for j in range(x.shape[1])]


@pytest.mark.parametrize("grids", ["pair", "gappy"])
@pytest.mark.parametrize("method", ["pearson", "spearman"])
def test_r_n_and_p_are_those_of_scipy(grids, method, request):
    a, b = request.getfixturevalue(grids)
    found = correlate(a, b, method=method, n_eff=False)
    oracle = scipy.stats.pearsonr if method == "pearson" else scipy.stats.spearmanr
    expected = [oracle(x, y) for x, y in columns(a, b)]
    np.testing.assert_allclose(found["r"].values.ravel(), [e.statistic for e in expected], atol=1e-12)
    np.testing.assert_allclose(found["p"].values.ravel(), [e.pvalue for e in expected], rtol=1e-9)
    np.testing.assert_array_equal(found["n"].values.ravel(), [len(x) for x, _ in columns(a, b)])
    np.testing.assert_array_equal(found["n_eff"], found["n"])


def test_r_is_that_of_xarray_and_p_is_t_at_effective_n(gappy):
    found = correlate(*gappy)
    np.testing.assert_allclose(found["r"], xr.corr(*(v.astype(float) for v in gappy), dim="time"), atol=1e-12)
    r, n_eff = found["r"].values, found["n_eff"].values
    t = r * np.sqrt((n_eff - 2) / (1 - r**2))
    np.testing.assert_allclose(found["p"], 2 * scipy.stats.t.sf(np.abs(t), n_eff - 2), rtol=1e-9)
    assert (found["n_eff"] < found["n"]).mean() > 0.8


@pytest.mark.slow
def test_effective_n_is_near_that_of_xskillscore_without_gaps(pair):
    """Theirs takes r of the series with itself moved by one step, ours the covariance about one mean."""
    xskillscore = pytest.importorskip("xskillscore")
    theirs = xskillscore.pearson_r_eff_p_value(*(v.astype(float) for v in pair), dim="time")
    np.testing.assert_allclose(correlate(*pair)["p"], theirs, rtol=0.5, atol=0.01)


def test_ties_share_their_rank():
    rng = np.random.default_rng(3)
    a, b = (grid(rng.integers(-2, 3, (60, 20)).astype(np.float32), "x", shape=SHAPE) for _ in range(2))
    a = a.where(a != 0, np.float32(-0.0))
    a[:10] = abs(a[:10])  # -0 and 0 are the same value
    found = correlate(a, b, method="spearman", n_eff=False)
    expected = [scipy.stats.spearmanr(x, y).statistic for x, y in columns(a, b)]
    np.testing.assert_allclose(found["r"].values.ravel(), expected, atol=1e-12)


@pytest.mark.parametrize("method", ["pearson", "spearman"])
def test_each_month_is_the_correlation_of_its_own_steps(gappy, method):
    a, b = gappy
    found = correlate(a, b, by="month", method=method, fdr="by")
    assert found["r"].dims == ("month", "latitude", "longitude")
    for month in (1, 8):
        chosen = a["time"].dt.month == month
        alone = correlate(a[chosen], b[chosen], method=method, fdr="by")
        for name in alone:
            np.testing.assert_array_equal(found[name].sel(month=month), alone[name], err_msg=name)


def test_lag_counts_steps_of_the_whole_series_with_b_first(gappy):
    a, b = gappy
    found = correlate(a, b, lag=2, n_eff=False)
    later, earlier = a.isel(time=slice(2, None)), b.isel(time=slice(None, -2))
    expected = [scipy.stats.pearsonr(x, y).statistic for x, y in columns(later, earlier)]
    np.testing.assert_allclose(found["r"].values.ravel(), expected, atol=1e-12)
    june = correlate(a, b, lag=2, by="month", n_eff=False).sel(month=6)
    chosen = later["time"].dt.month == 6
    expected = [
        scipy.stats.pearsonr(x, y).statistic for x, y in columns(later[chosen], earlier[chosen.values])
    ]
    np.testing.assert_allclose(june["r"].values.ravel(), expected, atol=1e-12)


def test_negative_lag_is_the_pair_turned_round(gappy):
    a, b = gappy
    np.testing.assert_allclose(correlate(a, b, lag=-3)["r"], correlate(b, a, lag=3)["r"], atol=1e-12)


@pytest.mark.parametrize(
    "taken", [{"detrend": True}, {"deseasonalise": True}, {"deseasonalise": True, "detrend": True}]
)
@pytest.mark.parametrize("covariates", [0, 1, 5])
def test_what_is_taken_out_is_least_squares_with_its_degrees_of_freedom(gappy, taken, covariates):
    a, b = gappy
    rng = np.random.default_rng(4)
    given = [
        0.1 * a + grid(red_noise(rng, 0.5, 240, PIXELS), f"z{k}", shape=SHAPE) for k in range(covariates)
    ]
    found = correlate(a, b, given=given, n_eff=False, **taken)
    months, steps = a["time"].dt.month.values, np.arange(240.0)
    for j in (0, 7, 19):
        x, y, *z = (v.values.reshape(240, -1)[:, j].astype(float) for v in (a, b, *given))
        design = [np.ones(240), *z]
        design += [steps] if "detrend" in taken else []
        design += [(months == m).astype(float) for m in range(2, 13)] if "deseasonalise" in taken else []
        keep = np.isfinite(x + y + sum(z))
        design = np.array(design).T[keep]
        x, y = (v[keep] - design @ np.linalg.lstsq(design, v[keep], rcond=None)[0] for v in (x, y))
        r, nu = x @ y / np.sqrt((x @ x) * (y @ y)), keep.sum() - design.shape[1] - 1
        p = 2 * scipy.stats.t.sf(abs(r) * np.sqrt(nu / (1 - r**2)), nu)
        assert found["r"].values.ravel()[j] == pytest.approx(r, abs=1e-9)
        assert found["p"].values.ravel()[j] == pytest.approx(p, rel=1e-6)


def test_partial_rank_correlation_of_one_covariate_by_its_formula(pair):
    a, b = pair
    z = (0.01 * b + grid(red_noise(np.random.default_rng(5), 0.5, 240, PIXELS), "z", shape=SHAPE)).rename("z")
    ab, az, bz = (correlate(u, v, method="spearman")["r"] for u, v in ((a, b), (a, z), (b, z)))
    expected = (ab - az * bz) / np.sqrt((1 - az**2) * (1 - bz**2))
    np.testing.assert_allclose(correlate(a, b, given=[z], method="spearman")["r"], expected, atol=1e-10)


def test_all_lags_give_the_effective_n_of_stats(gappy):
    from headwater.stats import effective_n_lags

    a, b = gappy
    found = correlate(a, b, n_eff="full")["n_eff"].values.ravel()
    x, y = (v.values.reshape(240, -1).astype(float) for v in (a, b))
    np.testing.assert_allclose(found, [effective_n_lags(x[:, j], y[:, j]) for j in range(PIXELS)], rtol=1e-9)


def test_steps_left_out_of_the_time_axis_are_missing_steps_not_neighbours(gappy):
    a, b = gappy
    keep = np.random.default_rng(6).random(240) > 0.2
    shorter = correlate(a[keep], b[keep])
    masked = correlate(a.where(xr.DataArray(keep, dims="time")), b)
    for name in ("r", "n", "n_eff", "p"):
        np.testing.assert_allclose(shorter[name], masked[name], rtol=1e-9, err_msg=name)


def test_every_variable_of_a_dataset_with_every_other(gappy):
    a, b = gappy
    soils, drivers = xr.Dataset({"top": a, "deep": a + b}), xr.Dataset({"warm": b, "wet": b * a})
    for method in ("pearson", "spearman"):
        found = correlate(soils, drivers, by="month", method=method)
        assert found["r"].dims == ("soil", "driver", "month", "latitude", "longitude")
        alone = correlate(soils["deep"], drivers["wet"], by="month", method=method)
        xr.testing.assert_equal(found.sel(soil="deep", driver="wet", drop=True), alone)
    assert correlate(a, drivers)["r"].dims == ("driver", "latitude", "longitude")


def test_moving_windows_are_correlations_of_their_steps(gappy):
    a, b = gappy
    found = correlate(a, b, mode="moving", window=60)
    assert found["r"].dims == ("time", "latitude", "longitude") and found.sizes["time"] == 181
    part = slice(30, 90)
    np.testing.assert_array_equal(found["r"][30], correlate(a[part], b[part])["r"])
    assert found["time"].values[30] == a["time"].values[30 + 29]


def test_stations_and_a_single_series(gappy):
    a, b = (v.stack(station=("latitude", "longitude")).reset_index("station") for v in gappy)
    by_station = correlate(a, b)
    np.testing.assert_array_equal(
        by_station["p_adjusted"].values, correlate(*gappy)["p_adjusted"].values.ravel()
    )
    alone = correlate(a[:, 3], b[:, 3])
    assert alone["r"].ndim == 0 and alone["r"] == by_station["r"][3] and alone["p_adjusted"] == alone["p"]


def test_infinite_values_are_left_out_and_counted(pair):
    a, b = (v.copy(deep=True) for v in pair)
    a[3, 0, 0], b[5, 1, 1], b[3, 0, 0] = np.inf, -np.inf, np.nan
    found, missing = correlate(a, b), correlate(a.where(np.isfinite(a)), b.where(np.isfinite(b)))
    xr.testing.assert_equal(found, missing)
    assert found.attrs["infinite_left_out"] == 1  # the other one has no partner anyway
    assert correlate(a, b, method="spearman").attrs["infinite_left_out"] == 1


def test_what_has_no_answer_is_missing_and_counted(pair):
    a, b = (v.copy(deep=True) for v in pair)
    a[:, 0, 0] = 0.3
    a[9:, 0, 1] = np.nan
    b[:, 0, 2] = a[:, 0, 2] = np.sin(2 * np.pi * np.arange(240) / 240)
    found = correlate(a, b)
    assert np.isnan(found["r"].values[0, :2]).all() and not found["significant"].values[0, :2].any()
    assert found["n"].values[0, :3].tolist() == [240, 9, 240]
    assert np.isnan(found["p"].values[0, 2])  # two slow waves are worth fewer than two values
    told = {name: found.attrs[name] for name in ("constant", "too_few_pairs", "no_degrees_of_freedom")}
    assert told == {"constant": 1, "too_few_pairs": 1, "no_degrees_of_freedom": 1}


def test_a_month_without_data_is_named(pair):
    a, b = pair
    found = correlate(a.where(a["time"].dt.month != 2), b, by="month")
    assert np.isnan(found["r"].sel(month=2)).all() and np.isfinite(found["r"].sel(month=3)).all()
    assert found.attrs["without_data"] == "2" and found.attrs["too_few_pairs"] == PIXELS


def test_collinear_covariates_give_no_answer(pair):
    a, b = pair
    for given in ([a], [b * 2 + 1], [a * 0 + 1], [a + b, a + b]):
        assert np.isnan(correlate(a, b, given=given)["r"]).all()


def test_adjusted_p_are_those_of_each_map(gappy):
    a, b = gappy
    found = correlate(a, b, by="month", fdr="wilks", alpha=0.04)
    for month in range(12):
        p, adjusted = (found[name].values[month].ravel() for name in ("p", "p_adjusted"))
        there = np.isfinite(p)
        assert there.sum() > 10
        expected = scipy.stats.false_discovery_control(p[there], method="bh")
        np.testing.assert_allclose(adjusted[there], expected, rtol=1e-12)
    np.testing.assert_array_equal(found["significant"], found["p_adjusted"] <= 0.08)
