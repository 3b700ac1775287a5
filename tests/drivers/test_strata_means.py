"""Means of strata: Fisher's z, shares of area, and intervals that hold where pixels resemble each other."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Literal

import numpy as np
import pytest
import xarray as xr

from headwater.drivers.strata_means import spatial_mean, strata_means
from headwater.errors import InputRefused, SettingsRefused
from headwater.simulate.alike import alike_fields

LATITUDE, LONGITUDE = 33 + 0.1 * np.arange(30), 95 + 0.1 * np.arange(40)
YEARS = 20
Shape = Literal["exponential", "gaussian"]


def result_of(r: np.ndarray, n_eff: float = 1e6, latitude: np.ndarray = LATITUDE, **attrs: Any) -> xr.Dataset:
    """A map of correlations as ``correlate`` hands it out; |r| > 0.5 counts as significant."""
    dims = ("latitude", "longitude")
    coords = {"latitude": latitude, "longitude": LONGITUDE[: r.shape[1]]}
    return xr.Dataset(
        {"r": (dims, r), "n_eff": (dims, np.full(r.shape, n_eff)), "significant": (dims, abs(r) > 0.5)},
        coords,
        {"method": "pearson"} | attrs,
    )


def strata_of(
    codes: np.ndarray, names: tuple[str, ...] = ("low", "high"), latitude: np.ndarray = LATITUDE
) -> Any:
    coords = {"latitude": latitude, "longitude": LONGITUDE[: codes.shape[1]]}
    return SimpleNamespace(
        names=names, codes=xr.DataArray(codes.astype(np.int16), coords, ("latitude", "longitude"))
    )


def world(length_km: float, shape: Shape, rho: float, rng: np.random.Generator) -> np.ndarray:
    """r of two fields over 20 years, true correlation ``rho``."""
    a, free = (alike_fields(YEARS, LATITUDE, LONGITUDE, length_km, rng, shape=shape) for _ in range(2))
    a, b = (x - x.mean(0) for x in (a, rho * a + np.sqrt(1 - rho**2) * free))
    return (a * b).sum(0) / np.sqrt((a * a).sum(0) * (b * b).sum(0))


def coverage(worlds: int, length_km: float, shape: Shape, rho: float, seed: int) -> tuple[float, float]:
    """How often the interval holds the truth, and how often that of independent pixels would."""
    rng = np.random.default_rng(seed)
    strata = strata_of(np.zeros((30, 40)), ("all",))
    held, naive = [], []
    for _ in range(worlds):
        r = world(length_km, shape, rho, rng)
        means = strata_means(result_of(r, YEARS), strata).isel(stratum=0)
        held.append(float(means.r_low) <= rho <= float(means.r_high))
        naive.append(abs(np.arctanh(r).mean() - np.arctanh(rho)) < 1.96 / np.sqrt((YEARS - 3) * r.size))
    return float(np.mean(held)), float(np.mean(naive))


def test_interval_holds_the_truth_where_neighbours_are_alike() -> None:
    held, naive = coverage(60, 60.0, "exponential", 0.4, seed=1)
    assert held >= 0.88  # 57 of 60 expected
    assert naive < 0.5


@pytest.mark.slow
@pytest.mark.parametrize("rho", [0.0, 0.5])
@pytest.mark.parametrize(
    ("length_km", "shape"),
    [(15, "exponential"), (40, "exponential"), (120, "exponential"), (60, "gaussian"), (150, "gaussian")],
)
def test_interval_holds_at_any_length_and_shape(length_km: float, shape: Shape, rho: float) -> None:
    held, _ = coverage(100, length_km, shape, rho, seed=2)
    assert held >= 0.89  # 0.95 less 2.8 standard errors; wider than needed where few places are independent


def test_mean_is_fishers_z_weighted_by_area() -> None:
    latitude = np.array([0.0, 60.0])
    r = np.array([[0.2, 0.2], [0.8, 0.8]])
    means = strata_means(result_of(r, latitude=latitude), strata_of(np.zeros((2, 2)), ("all",), latitude))
    z = (1.0 * np.arctanh(0.2) + 0.5 * np.arctanh(0.8)) / 1.5  # cos 60° = 0.5
    assert float(means.r[0]) == pytest.approx(np.tanh(z), abs=1e-6)
    assert float(means.share_positive[0]) == pytest.approx(1 / 3)
    assert float(means.share_negative[0]) == 0.0 and float(means.share_above_zero[0]) == pytest.approx(1.0)


def test_independent_pixels_are_worth_their_number() -> None:
    rng = np.random.default_rng(3)
    z = rng.normal(0, 0.25, (40, 50))
    found = spatial_mean(z, np.ones(z.shape), 0.0625, north_km=10, east_km=10)
    assert 0.8 * z.size < found.n_spatial <= z.size
    assert found.standard_error == pytest.approx(0.25 / np.sqrt(z.size), rel=0.15)


def test_large_strata_are_thinned_to_the_same_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    z = 0.25 * world(80.0, "gaussian", 0.0, np.random.default_rng(9))
    whole = spatial_mean(z, np.ones(z.shape), 0.0625, north_km=11, east_km=9)
    monkeypatch.setitem(spatial_mean.__globals__, "MOST_PIXELS", z.size // 4)
    thinned = spatial_mean(z, np.ones(z.shape), 0.0625, north_km=11, east_km=9)
    assert thinned.mean == whole.mean
    assert 0.5 < thinned.n_spatial / whole.n_spatial < 1.3


def test_a_constant_map_is_worth_one_pixel() -> None:
    found = spatial_mean(np.full((20, 20), 0.3), np.ones((20, 20)), 0.06, north_km=10, east_km=10)
    assert found.mean == pytest.approx(0.3) and found.n_spatial < 1.5


def test_semivariogram_counts_every_pair_once() -> None:
    """Against a double loop over pixels, with holes."""
    from headwater.drivers.strata_means import _semivariogram

    rng = np.random.default_rng(4)
    z, weight = rng.normal(size=(6, 7)), (rng.random((6, 7)) > 0.3).astype(float)
    pairs, _, (distance, count, gamma) = _semivariogram(np.where(weight > 0, z, 0.0), weight, 11.0, 9.0)
    assert pairs.sum() == pytest.approx(weight.sum() ** 2)
    points = [(11.0 * i, 9.0 * j, z[i, j]) for i, j in np.argwhere(weight > 0)]
    found: dict[int, list[tuple[float, float]]] = {}
    for y, x, value in points:
        for y2, x2, other in points:
            h = np.hypot(y - y2, x - x2)
            found.setdefault(int(np.ceil(h / 11.0 - 1e-9)), []).append((h, (value - other) ** 2 / 2))
    del found[0]
    for number, (h, n, g) in enumerate(zip(distance, count, gamma, strict=True), start=1):
        assert n == pytest.approx(len(found[number]))
        assert (h, g) == pytest.approx(tuple(np.mean(found[number], axis=0)))


def test_bias_of_z_is_taken_off() -> None:
    """Without that, many independent pixels are sure of a wrong mean (Hotelling 1953)."""
    rng = np.random.default_rng(8)
    a = rng.normal(size=(10, 60, 60))
    b = 0.6 * a + 0.8 * rng.normal(size=a.shape)
    a, b = a - a.mean(0), b - b.mean(0)
    r = (a * b).sum(0) / np.sqrt((a * a).sum(0) * (b * b).sum(0))
    coords = {"latitude": 33 + 0.1 * np.arange(60), "longitude": 95 + 0.1 * np.arange(60)}
    dims = ("latitude", "longitude")
    maps = {"r": (dims, r), "n_eff": (dims, np.full(r.shape, 10.0)), "significant": (dims, r > 1)}
    strata = SimpleNamespace(names=("all",), codes=xr.DataArray(np.zeros((60, 60), np.int16), coords, dims))
    means = strata_means(xr.Dataset(maps, coords), strata).isel(stratum=0)
    assert float(means.r_low) < 0.6 < float(means.r_high)
    assert not float(means.r_low) < np.tanh(np.arctanh(r).mean()) < float(means.r_high)


def test_strata_are_kept_apart_and_missing_pixels_left_out() -> None:
    rng = np.random.default_rng(5)
    codes = np.where(np.arange(40)[None, :] < 20, 0, 1) * np.ones((30, 1))
    codes[:, 38:] = -1
    r = np.where(codes == 0, 0.6, -0.6) + rng.normal(0, 0.02, codes.shape)
    r[:5, :5] = np.nan
    means = strata_means(result_of(r), strata_of(codes))
    assert list(means.stratum.to_numpy()) == ["low", "high"]
    assert means.pixels.to_numpy().tolist() == [575.0, 540.0]
    assert means.n_eff.to_numpy() == pytest.approx([1e6, 1e6])
    np.testing.assert_allclose(means.r, [0.6, -0.6], atol=0.01)
    assert (means.r_low < means.r).all() and (means.r < means.r_high).all()
    assert float(means.share_positive[0]) == float(means.share_negative[1]) == 1.0


def test_other_dimensions_pass_through() -> None:
    one = result_of(np.full((30, 40), 0.3))
    many = xr.concat([one, one.assign(r=-one.r)], xr.Variable("month", [6, 8]))
    means = strata_means(many.expand_dims(driver=["ndvi"]), strata_of(np.zeros((30, 40)), ("all",)))
    assert means.r.dims == ("driver", "month", "stratum")
    assert float(means.r.sel(month=6, driver="ndvi")[0]) == pytest.approx(0.3)
    assert float(means.r.sel(month=8, driver="ndvi")[0]) == pytest.approx(-0.3)


def test_ranks_and_held_variables_widen_the_interval() -> None:
    rng = np.random.default_rng(6)
    r, strata = np.tanh(rng.normal(0.2, 0.01, (30, 40))), strata_of(np.zeros((30, 40)), ("all",))
    plain, ranks, partial = (
        strata_means(result_of(r, YEARS, **attrs), strata).isel(stratum=0)
        for attrs in ({}, {"method": "spearman"}, {"covariates": "precipitation; ndvi"})
    )
    widths = [np.arctanh(float(m.r_high)) - np.arctanh(float(m.r_low)) for m in (plain, ranks, partial)]
    assert widths[1] / widths[0] == pytest.approx(np.sqrt(1.06), rel=0.02)
    assert widths[2] / widths[0] == pytest.approx(np.sqrt(17 / 15), rel=0.02)


@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (20, 20)])
def test_a_stratum_worth_one_place_has_the_interval_of_one_pixel(shape: tuple[int, int]) -> None:
    latitude, r = LATITUDE[: shape[0]], np.full(shape, 0.89)
    means = strata_means(result_of(r, 14.0, latitude), strata_of(np.zeros(shape), ("all",), latitude))
    z, half = np.arctanh(0.89) - 0.89 / 26, 1.959964 / np.sqrt(11)  # Fisher 1921, less Hotelling's bias
    assert 0 < np.tanh(z - half) - 1e-6 <= float(means.r_low[0]) < 0.89
    assert float(means.r_high[0]) <= np.tanh(z + half) + 1e-6
    if shape == (1, 1):
        assert float(means.r_low[0]) == pytest.approx(np.tanh(z - half), abs=1e-6)


def test_without_degrees_of_freedom_there_is_no_interval() -> None:
    means = strata_means(
        result_of(np.full((30, 40), 0.9), n_eff=2.5), strata_of(np.zeros((30, 40)), ("all",))
    )
    assert float(means.r[0]) == pytest.approx(0.9) and np.isnan(float(means.r_low[0]))


def test_an_empty_stratum_has_no_mean() -> None:
    means = strata_means(result_of(np.full((30, 40), 0.9)), strata_of(np.zeros((30, 40))))
    assert np.isnan(float(means.r[1])) and float(means.pixels[1]) == 0


def test_what_is_no_map_or_lies_elsewhere_is_refused() -> None:
    r, strata = result_of(np.full((30, 40), 0.3)), strata_of(np.zeros((30, 40)))
    with pytest.raises(InputRefused, match="n_eff is not there"):
        strata_means(r.drop_vars("n_eff"), strata)
    with pytest.raises(InputRefused, match="no map"):
        strata_means(r.mean("longitude").rename(latitude="time"), strata)
    with pytest.raises(InputRefused, match="same pixels: latitude"):
        strata_means(r, strata_of(np.zeros((30, 40)), latitude=LATITUDE + 0.05))
    with pytest.raises(SettingsRefused, match="level 95"):
        strata_means(r, strata, level=95)
