"""Patterns within strata: each stratum is correlated over its own pixels, with an interval."""

from __future__ import annotations

import numpy as np
import xarray as xr

from headwater.drivers.strata_patterns import strata_patterns
from headwater.grids import Strata
from headwater.simulate.alike import alike_fields

LATITUDE, LONGITUDE = 33 + 0.1 * np.arange(16), 95 + 0.1 * np.arange(20)
TIME = np.datetime64("2001-01", "M") + np.arange(24)


def worlds(rho: float, seed: int) -> tuple[xr.Dataset, xr.Dataset]:
    """Two years of maps with the pattern correlation ``rho`` in the west and −``rho`` in the east."""
    rng = np.random.default_rng(seed)
    a, free = (alike_fields(24, LATITUDE, LONGITUDE, 12.0, rng) for _ in range(2))
    sign = np.where(np.arange(20) < 10, 1, -1)
    b = rho * sign * a + np.sqrt(1 - rho**2) * free
    coords = {"time": TIME.astype("datetime64[ns]"), "latitude": LATITUDE, "longitude": LONGITUDE}
    dims = ("time", "latitude", "longitude")
    return (
        xr.Dataset({"soil_moisture": (dims, a)}, coords),
        xr.Dataset({"ndvi": (dims, b.astype(np.float32))}, coords),
    )


def halves() -> Strata:
    codes = np.broadcast_to(np.where(np.arange(20) < 10, 0, 1), (16, 20)).astype(np.int16)
    place = {"latitude": LATITUDE, "longitude": LONGITUDE}
    return Strata(("west", "east"), xr.DataArray(codes, place, ("latitude", "longitude")))


def test_each_stratum_has_its_own_pattern_and_interval() -> None:
    a, b = worlds(0.7, seed=1)
    found, means = strata_patterns(a, b, halves(), by="month", n_eff="lag1")
    assert found["r"].dims == means["r"].dims == ("soil", "driver", "month", "stratum")
    west, east = (means["r"].sel(stratum=name).to_numpy() for name in ("west", "east"))
    assert (west > 0.3).all() and (east < -0.3).all()
    assert (means["r_low"] < means["r"]).all() and (means["r"] < means["r_high"]).all()
    assert (means["pixels"] == 160).all() and (means["n_spatial"] < 160).all()
    mean_a = a["soil_moisture"].isel(time=[0, 12], longitude=slice(10)).mean("time").to_numpy().astype(float)
    mean_b = b["ndvi"].isel(time=[0, 12], longitude=slice(10)).mean("time").to_numpy().astype(float)
    weight = np.cos(np.radians(LATITUDE))[:, None] * np.ones((16, 10))
    x, y = (z - np.average(z, weights=weight) for z in (mean_a, mean_b))
    r = (weight * x * y).sum() / np.sqrt((weight * x * x).sum() * (weight * y * y).sum())
    np.testing.assert_allclose(float(found["r"].sel(stratum="west", month=1).squeeze()), r, atol=1e-6)


def test_without_strata_there_is_one_for_all_pixels_and_without_months_one_a_step() -> None:
    a, b = worlds(0.0, seed=2)
    found, means = strata_patterns(a, b, None)
    assert means["stratum"].to_numpy().tolist() == ["all"] and found.sizes["time"] == 24
    inside = (means["r_low"] <= 0) & (means["r_high"] >= 0)
    assert float(inside.mean()) >= 0.8  # 95 % expected of 24 unrelated maps
