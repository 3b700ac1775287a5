"""Correlation over pixels: weighted by area, with what neighbours are worth."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
import xarray as xr
from scipy.ndimage import gaussian_filter

from headwater.drivers import correlate
from headwater.errors import InputRefused
from tests.drivers.make_grids import grid

SHAPE = (12, 15)


@pytest.fixture(scope="module")
def pair() -> tuple[xr.DataArray, xr.DataArray]:
    rng = np.random.default_rng(1)
    a = rng.standard_normal((48, 180)).astype(np.float32)
    b = rng.standard_normal((48, 180)).astype(np.float32) + np.float32(0.5) * a
    b[:, 7] = np.nan
    a[5, 3] = np.inf
    return grid(a, "soil_moisture", shape=SHAPE), grid(b, "ndvi", shape=SHAPE)


def at_equator(a: xr.DataArray) -> xr.DataArray:
    """The same values where all pixels have the same area, nearly."""
    return a.assign_coords(latitude=np.linspace(-1e-6, 1e-6, a.sizes["latitude"]))


@pytest.mark.parametrize("method", ["pearson", "spearman"])
def test_equal_areas_give_the_numbers_of_scipy(pair, method):
    a, b = (at_equator(v) for v in pair)
    found = correlate(a, b, mode="pattern", method=method, n_eff=False)
    assert found["r"].dims == ("time",) and found.attrs["infinite_left_out"] == 1
    oracle = scipy.stats.pearsonr if method == "pearson" else scipy.stats.spearmanr
    for k in (0, 5, 40):
        x, y = a.values[k].ravel().astype(float), b.values[k].ravel().astype(float)
        keep = np.isfinite(x) & np.isfinite(y)
        expected = oracle(x[keep], y[keep])
        assert found["r"].values[k] == pytest.approx(expected.statistic)
        assert found["p"].values[k] == pytest.approx(expected.pvalue, rel=1e-6)
        assert found["n"].values[k] == keep.sum()


def test_weights_are_the_cosine_of_latitude(pair):
    a, b = pair
    found = correlate(a, b, mode="pattern")
    expected = xr.corr(
        *(v.where(np.isfinite(a) & np.isfinite(b)).astype(float) for v in pair),
        dim=("latitude", "longitude"), weights=np.cos(np.deg2rad(a["latitude"])),
    )  # fmt: skip
    np.testing.assert_allclose(found["r"], expected, atol=1e-12)


def test_months_compare_their_mean_maps(pair):
    a, b = pair
    found = correlate(a, b, mode="pattern", by="month", lag=1)
    june = a[a["time"].dt.month == 6].mean("time"), b[b["time"].dt.month == 5].mean("time")
    june = tuple(mean.where(np.isfinite(june[0]) & np.isfinite(june[1])) for mean in june)
    weights = np.cos(np.deg2rad(a["latitude"]))
    expected = xr.corr(*(v.astype(float) for v in june), dim=("latitude", "longitude"), weights=weights)
    assert found["r"].dims == ("month",)
    np.testing.assert_allclose(found["r"].sel(month=6), expected, atol=1e-6)


def test_covariates_are_held_constant_over_pixels(pair):
    a, b = pair
    altitude = grid(np.repeat(np.linspace(0, 9, 180, dtype=np.float32)[None], 48, 0), "altitude", shape=SHAPE)
    plain = correlate(a + altitude, b + altitude, mode="pattern")["r"]
    held = correlate(a + altitude, b + altitude, mode="pattern", given=[altitude])
    assert plain.min() > 0.8
    np.testing.assert_allclose(held["r"], correlate(a, b, mode="pattern", given=[altitude])["r"], atol=1e-4)
    assert held.attrs["covariates"] == "altitude"
    assert np.isnan(correlate(a, b, mode="pattern", given=[altitude * 0])["r"]).all()


def smooth(rng: np.random.Generator, maps: int, shape: tuple[int, int], width: float) -> np.ndarray:
    wide = tuple(length + 40 for length in shape)
    fields = [gaussian_filter(rng.standard_normal(wide), width)[20:-20, 20:-20] for _ in range(maps)]
    return np.array(fields, np.float32).reshape(maps, -1)


def null_share(seed: int, maps: int, width: float, *, n_eff="lag1", gaps: float = 0.0) -> float:
    rng = np.random.default_rng(seed)
    a, b = (smooth(rng, maps, (30, 50), width) for _ in range(2))
    missing = rng.random((maps, 1500)) < gaps
    a, b = (grid(np.where(missing, np.float32(np.nan), v), "x", shape=(30, 50)) for v in (a, b))
    return float((correlate(a, b, mode="pattern", n_eff=n_eff)["p"] < 0.05).mean())


def test_smooth_maps_without_relation_are_seldom_called_related():
    """120 maps: 3 sd are 6 %."""
    assert null_share(2, 120, 1.5) < 0.11
    assert null_share(2, 120, 1.5, n_eff=False) > 0.4


@pytest.mark.slow
@pytest.mark.parametrize(("width", "gaps"), [(0.1, 0.0), (1.0, 0.3), (2.0, 0.0)])
def test_null_maps_give_5_percent_within_2(width, gaps):
    """1500 maps: 2 % is 3.6 sd."""
    assert 0.03 < null_share(3, 1500, width, gaps=gaps) < 0.07


def test_series_of_stations_have_no_pattern(pair):
    a, b = (v.stack(station=("latitude", "longitude")).reset_index("station") for v in pair)
    with pytest.raises(InputRefused, match="needs maps"):
        correlate(a, b, mode="pattern")
