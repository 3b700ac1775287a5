"""Trends against another package, worked examples, and properties that hold for every series."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pymannkendall
import pytest
import xarray as xr

from headwater.drivers.trend import trend
from headwater.drivers.trend_arrays import TrendRule, trend_arrays
from headwater.errors import InputRefused, SettingsRefused
from headwater.machine_code import load

ORACLES = {
    ("original", None): "original_test",
    ("hamed_rao", "all"): "hamed_rao_modification_test",
    ("hamed_rao", 3): "hamed_rao_modification_test",
    ("yue_wang", "all"): "yue_wang_modification_test",
    ("yue_wang", 1): "yue_wang_modification_test",
    ("prewhitened", None): "pre_whitening_modification_test",
    ("trend_free_prewhitened", None): "trend_free_pre_whitening_modification_test",
}
IRREGULAR = pd.Timestamp("2000-01-01") + pd.to_timedelta(np.arange(40) ** 1.5 * 7.3, unit="D")


def series(n: int, many: int, *, seed: int, whole: bool = False) -> np.ndarray:
    """Series (n, many) with memory and a trend; as whole numbers, so full of ties, if asked for."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(n, many))
    for step in range(1, n):
        noise[step] += 0.5 * noise[step - 1]
    values = noise + np.linspace(-0.02, 0.05, many) * np.arange(n)[:, None]
    return np.round(values) if whole else values


def grid(values: np.ndarray, *, start: str = "1982-01-01", freq: str = "MS") -> xr.DataArray:
    """Values (time, …) as a grid of one row of latitude."""
    time = pd.date_range(start, periods=len(values), freq=freq)
    values = values.reshape(len(values), 1, -1)
    coords = {"time": time, "latitude": [33.0], "longitude": np.arange(float(values.shape[2]))}
    return xr.DataArray(values, coords, ("time", "latitude", "longitude"), "swvl1", {"units": "m3 m-3"})


def by_oracle(values: np.ndarray, name: str, **options: Any) -> dict[str, np.ndarray]:
    """The same by pymannkendall, one series after another."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # roots of negative variances
        found = [getattr(pymannkendall, name)(column, **options) for column in values.T]
    names = {"slope": "slope", "intercept": "intercept", "tau": "Tau", "z": "z", "p": "p"}
    return {ours: np.array([getattr(one, theirs) for one in found]) for ours, theirs in names.items()}


def assert_same(ours: dict[str, np.ndarray], theirs: dict[str, np.ndarray]) -> None:
    for name, expected in theirs.items():
        np.testing.assert_allclose(ours[name], expected, rtol=1e-8, atol=1e-8, err_msg=name)


@pytest.mark.parametrize("n", [12, 25, 101])
@pytest.mark.parametrize(("method", "lags"), ORACLES)
def test_equal_to_pymannkendall(method: Any, lags: Any, n: int) -> None:
    values = series(n, 12, seed=n)
    options = {"lag": lags} if isinstance(lags, int) else {}
    ours = trend_arrays(values, np.arange(n), TrendRule(method, lags=n - 1 if lags == "all" else lags))
    assert_same(ours, by_oracle(values, ORACLES[method, lags], **options))
    assert (ours["p"] < 0.05).any()
    assert (ours["p"] > 0.05).any()


@pytest.mark.parametrize("method", ["original", "hamed_rao", "yue_wang"])
def test_equal_to_pymannkendall_with_ties(method: Any) -> None:
    values = series(90, 12, seed=3, whole=True)
    values[:, 0] = 2.0  # a constant: nothing but ties
    lags = None if method == "original" else 89
    theirs = by_oracle(values[:, 1:], ORACLES[method, lags and "all"])
    ours = trend_arrays(values, np.arange(90), TrendRule(method, lags=lags))
    assert_same({name: column[1:] for name, column in ours.items()}, theirs)
    assert (ours["z"][0], ours["p"][0], ours["slope"][0]) == (0.0, 1.0, 0.0)


def test_seasonal_equal_to_pymannkendall_with_gaps_and_ties() -> None:
    values = series(128, 8, seed=4)
    values[:, 4:] = np.round(values[:, 4:])
    values[np.random.default_rng(1).random(values.shape) < 0.2] = np.nan
    ours = trend(grid(values), method="seasonal")
    assert_same({name: ours[name].values[0] for name in ours}, by_oracle(values, "seasonal_test"))
    assert ours["slope"].attrs["units"] == "m3 m-3 year-1"


def test_original_equal_to_pymannkendall_with_gaps() -> None:
    values = series(60, 8, seed=5)
    values[np.random.default_rng(1).random(values.shape) < 0.3] = np.nan
    ours = trend_arrays(values, np.arange(60), TrendRule())
    assert_same(ours, by_oracle(values, "original_test"))
    assert (ours["n"] == np.isfinite(values).sum(axis=0)).all()


@pytest.mark.parametrize("kind", ["smooth", "ties", "mostly zero", "gaps", "steep"])
def test_slope_of_long_series_is_the_median_of_all_slopes(kind: str) -> None:
    """Beyond 3000 pairs only slopes near the median are searched; the answer must be exact all the same."""
    values = series(150, 20, seed=6, whole=kind == "ties")
    if kind == "mostly zero":
        values = np.where(values < 1.5, 0.0, values)
    if kind == "gaps":
        values[40:70] = np.nan
    if kind == "steep":
        values = values * 1e-7 + 1e6 * np.arange(150)[:, None]
    ours = trend_arrays(values, np.arange(150), TrendRule())
    first, second = np.triu_indices(150, 1)
    slopes = (values[second] - values[first]) / (second - first)[:, None]
    assert np.array_equal(ours["slope"], np.nanmedian(slopes, axis=0))


def test_epa_example_of_five_values() -> None:
    """EPA QA/G-9 (2000), box 4-20: 5, 6, 11, 8, 10 give S = 8 - 2; their slopes have the median 9/8."""
    ours = trend_arrays(np.array([[5.0], [6], [11], [8], [10]]), np.arange(5), TrendRule(least=4))
    assert ours["tau"][0] == pytest.approx(6 / 10)
    assert ours["z"][0] == pytest.approx(5 / np.sqrt(5 * 4 * 15 / 18))
    assert ours["slope"][0] == pytest.approx(1.125)


def test_backwards_in_time_turns_the_sign() -> None:
    values = series(80, 10, seed=7)
    for method in ("original", "hamed_rao", "yue_wang"):
        rule = TrendRule(method)  # type: ignore[arg-type]
        forth, back = (trend_arrays(v, np.arange(80), rule) for v in (values, values[::-1]))
        for name in ("slope", "tau", "z"):
            np.testing.assert_allclose(forth[name], -back[name], rtol=1e-9, atol=1e-12)


def test_blocks_change_no_bit() -> None:
    values = series(70, 600, seed=8).astype(np.float32)
    for method in ("hamed_rao", "trend_free_prewhitened"):
        rule = TrendRule(method)  # type: ignore[arg-type]
        whole = trend_arrays(values, np.arange(70), rule)
        parts = [trend_arrays(values[:, s], np.arange(70), rule) for s in (slice(0, 7), slice(7, 600))]
        for name, column in whole.items():
            assert np.array_equal(column, np.concatenate([part[name] for part in parts]), equal_nan=True)


def test_p_values_stay_exact_where_they_are_tiny() -> None:
    """pymannkendall gives 0 beyond z = 8.3, because it takes 1 - Φ."""
    values = np.arange(200.0)[:, None]
    z = trend_arrays(values, np.arange(200), TrendRule())
    assert 0 < z["p"][0] < 1e-80


def test_first_order_factor_is_the_sum_of_the_paper() -> None:
    """Yue & Wang (2004): variance times 1 + 2 Σ (1 - k/n) ρ₁ᵏ, here summed term by term."""
    n = 40
    values = series(n, 30, seed=12)
    plain = trend_arrays(values, np.arange(n), TrendRule())
    corrected = trend_arrays(values, np.arange(n), TrendRule("yue_wang"))
    rest = values - plain["slope"] * np.arange(n)[:, None]
    rest -= rest.mean(axis=0)
    rho = (rest[1:] * rest[:-1]).sum(axis=0) / (rest**2).sum(axis=0)
    k = np.arange(1, n)[:, None]
    factor = 1 + 2 * ((1 - k / n) * rho**k).sum(axis=0)
    np.testing.assert_allclose((plain["z"] / corrected["z"]) ** 2, factor, rtol=1e-9)
    assert (factor > 1.5).any()


@pytest.mark.parametrize("module", ["headwater.drivers.kernel_trend", "headwater.stations.kernel_cma_daily"])
def test_machine_code_is_kept(module: str) -> None:
    (kernel,) = load((module,))
    compiled = {name: part for name, part in vars(kernel).items() if hasattr(part, "signatures")}
    assert compiled
    assert [name for name, part in compiled.items() if part.stats.cache_path is None] == []


def test_gaps_do_not_make_neighbours_of_distant_steps() -> None:
    """Every second step missing: the lag-1 autocorrelation has no pair, so nothing is corrected."""
    values = series(80, 5, seed=9)
    values[1::2] = np.nan
    plain, corrected = (
        trend_arrays(values, np.arange(80), TrendRule(method))  # type: ignore[arg-type]
        for method in ("original", "yue_wang")
    )
    assert np.array_equal(plain["z"], corrected["z"])


@pytest.mark.parametrize(
    ("start", "freq", "name", "a_year"),
    [
        ("1982-01-01", "YS", "year", 1),
        ("1982-06-01", "YS-JUN", "year", 1),
        ("1982-03-01", "MS", "month", 12),
        ("1982-03-31", "ME", "month", 12),
        ("1982-01-01", "D", "1 days", 365.2425),
        ("1982-01-01", "6h", "0.25 days", 4 * 365.2425),
    ],
)
def test_slope_is_per_year_whatever_the_steps(start: str, freq: str, name: str, a_year: float) -> None:
    values = np.arange(40.0)[:, None] + np.zeros((1, 3))
    found = trend(grid(values, start=start, freq=freq))
    assert found.attrs["steps"] == name
    np.testing.assert_allclose(found["slope"], a_year)
    np.testing.assert_allclose(found["intercept"], 0, atol=1e-12)
    np.testing.assert_allclose(trend(grid(values, start=start, freq=freq), per="step")["slope"], 1)


def test_steps_of_modis_composites() -> None:
    days = [pd.Timestamp(year, 1, 1) + pd.Timedelta(days=16 * k) for year in (2001, 2002) for k in range(23)]
    composites = grid(np.arange(46.0)[:, None], freq="D").assign_coords(time=days)
    found = trend(composites)
    assert (found.attrs["steps"], float(found["slope"][0, 0])) == ("16 days", pytest.approx(23))


def test_missing_steps_keep_their_place() -> None:
    whole = grid(np.arange(60.0)[:, None] ** 2)
    holed = whole.isel(time=[*range(20), *range(26, 60)])
    found = trend(holed)
    assert found.attrs["steps_missing_from_time"] == 6
    expected = whole.copy()
    expected[20:26] = np.nan
    np.testing.assert_array_equal(found["slope"], trend(expected)["slope"])


def test_each_month_has_its_own_trend() -> None:
    values = np.zeros((240, 4))
    values[5::12] = np.arange(20)[:, None] * [1, 2, -1, 0]
    found = trend(grid(values), by="month")
    assert found["slope"].dims == ("month", "latitude", "longitude")
    assert found["month"].values.tolist() == list(range(1, 13))
    np.testing.assert_array_equal(found["slope"].sel(month=6).values[0], [1, 2, -1, 0])
    assert found["significant"].sel(month=6).values[0].tolist() == [True, True, True, False]
    assert not found["significant"].sel(month=7).any()
    assert (found["n"] == 20).all()


def test_false_discoveries_are_those_of_scipy() -> None:
    from scipy.stats import false_discovery_control

    values = grid(series(40, 500, seed=10))
    p = trend(values)["p"].values
    for fdr, method, level in (("bh", "bh", 0.05), ("by", "by", 0.05), ("wilks", "bh", 0.1)):
        found = trend(values, fdr=fdr)  # type: ignore[arg-type]
        expected = false_discovery_control(p.ravel(), method=method).reshape(p.shape)
        np.testing.assert_allclose(found["p_adjusted"], expected)
        assert np.array_equal(found["significant"], expected <= level)
    assert np.array_equal(trend(values, fdr=None)["p_adjusted"], p)


def test_what_has_no_answer_is_counted() -> None:
    values = series(30, 6, seed=11)
    values[:, 0] = np.nan
    values[5:, 1] = np.nan
    values[3, 2] = np.inf
    found = trend(grid(values))
    assert np.isnan(found["p"].values[0, :2]).all()
    assert np.isfinite(found["p"].values[0, 2:]).all()
    assert not found["significant"].values[0, :2].any()
    assert found["n"].values[0].tolist() == [0, 5, 29, 30, 30, 30]
    told = [found.attrs[what] for what in ("without_values", "too_few_values", "without_p")]
    assert told == [1, 1, 0]
    assert found.attrs["infinite_left_out"] == 1


def test_lazy_input_is_read_in_blocks_and_gives_the_same() -> None:
    values = xr.concat([grid(series(40, 30, seed=k)).assign_coords(latitude=[float(k)]) for k in range(4)],
                       "latitude")  # fmt: skip
    xr.testing.assert_identical(trend(values.chunk(latitude=1)).load(), trend(values))


def test_a_table_of_stations_will_do() -> None:
    table = grid(series(40, 5, seed=2)).isel(latitude=0, drop=True).rename(longitude="station")
    assert trend(table)["slope"].dims == ("station",)
    assert trend(table.isel(station=0))["slope"].dims == ()


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        (lambda a: a, {"method": "sens"}, "allowed are original"),
        (lambda a: a, {"alpha": 0.0}, "between 0 and 1"),
        (lambda a: a, {"lags": 3}, "with hamed_rao"),
        (lambda a: a, {"least": 2}, "4 values or more"),
        (lambda a: a, {"fdr": "bonferroni"}, "'bh', 'by', 'wilks'"),
        (lambda a: a, {"by": "season"}, "allowed are None and 'month'"),
        (lambda a: a, {"by": "month", "method": "seasonal"}, "needs months"),
    ],
)
def test_settings_that_are_not_allowed(change: Any, options: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsRefused, match=words):
        trend(change(grid(series(40, 2, seed=1))), **options)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda a: a.rename(time="year"), "needs 'time'"),
        (lambda a: a.to_dataset(), "choose it"),
        (lambda a: a.isel(time=slice(0, 1)), "several are needed"),
        (lambda a: a.isel(time=slice(0, 5)), "no series has 10 values"),
        (lambda a: a[::-1], "must rise"),
        (lambda a: a.isel(time=[0, 1, 1, 2, 3]), "must rise"),
        (lambda a: a * np.nan, "no series has 10 values"),
        (lambda a: a.astype(complex), "needs numbers"),
        (lambda a: a.assign_coords(time=IRREGULAR), "no whole number of steps"),
    ],
)
def test_input_that_cannot_be_used(change: Any, words: str) -> None:
    with pytest.raises(InputRefused, match=words):
        trend(change(grid(series(40, 2, seed=1))))


@pytest.mark.parametrize("freq", ["D", "YS"])
def test_seasonal_needs_steps_of_a_cycle(freq: str) -> None:
    with pytest.raises(SettingsRefused, match="needs months or composites"):
        trend(grid(series(40, 2, seed=1), freq=freq), method="seasonal")
