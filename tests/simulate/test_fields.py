"""The virtual fields have the correlations, sizes and places that their design states."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import pytest
import xarray as xr

from headwater.errors import SettingsRefused
from headwater.simulate.alike import KM_PER_DEGREE, alike_fields
from headwater.simulate.field_design import FieldDesign
from headwater.simulate.fields import autocorrelation_of_years, simulate_fields, true_correlations
from headwater.simulate.read_field_design import read_field_design

DESIGN = read_field_design()
SIGNS = {  # issue 5: month → driver → (below 4000 m, above)
    6: {"air_temperature": "++", "ground_temperature": "++", "precipitation": "+-",
        "evapotranspiration": "--", "ndvi": "++"},
    8: {"air_temperature": "--", "ground_temperature": "--", "precipitation": "--",
        "evapotranspiration": "--", "ndvi": "--"},
    9: {"air_temperature": "-+", "ground_temperature": "-+", "precipitation": "+-",
        "evapotranspiration": "--", "ndvi": "-+"},
}  # fmt: skip


def smaller(step: float = 0.35, years: int = 20) -> FieldDesign:
    """The paper's region on fewer pixels."""
    return replace(DESIGN, grid=replace(DESIGN.grid, step_degrees=step, years=years, first_year=1801))


@pytest.fixture(scope="module")
def fields() -> xr.Dataset:
    return simulate_fields(1, design=smaller())


def correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Pearson's r along time, in float64."""
    a, b = (x - x.mean(0) for x in (a.astype(float), b.astype(float)))
    return (a * b).sum(0) / np.sqrt((a * a).sum(0) * (b * b).sum(0))


def test_signs_of_the_truth_are_those_of_the_issue(fields: xr.Dataset) -> None:
    truth = true_correlations(fields.altitude, design=smaller())
    for month, of_driver in SIGNS.items():
        for driver, (low, high) in of_driver.items():
            r = truth.sel(month=month, driver=driver)
            for sign, side in ((low, fields.altitude < 4000), (high, fields.altitude >= 4000)):
                mean = float(r.where(side).mean())
                assert mean * (1 if sign == "+" else -1) > 0.3, (month, driver)
    others = [month for month in range(1, 13) if month not in SIGNS]
    assert float(abs(truth.sel(month=others)).max()) < 0.03


@pytest.fixture(scope="module")
def long() -> tuple[xr.Dataset, FieldDesign]:
    """200 years without trends: r of a pixel has a standard error of 0.07, the mean far less."""
    level = {name: replace(size, trend=0.0) for name, size in DESIGN.variables.items()}
    design = replace(smaller(0.8, 200), variables=level)
    return simulate_fields(7, design=design), design


def test_long_series_have_the_true_correlation_in_every_part_of_the_world(
    long: tuple[xr.Dataset, FieldDesign],
) -> None:
    fields, design = long
    truth = true_correlations(fields.altitude, design=design)
    for month in (6, 8, 9, 2):
        here = fields.sel(time=fields.time.dt.month == month)
        for driver in design.drivers:
            r = correlation(here.soil_moisture.to_numpy(), here[driver].to_numpy())
            wrong = r - truth.sel(month=month, driver=driver).to_numpy()
            assert abs(np.nanmean(wrong)) < 0.03, (month, driver)
            assert np.sqrt(np.nanmean(wrong**2)) < 0.1, (month, driver)


def test_years_remember_the_year_before(long: tuple[xr.Dataset, FieldDesign]) -> None:
    fields, design = long
    march = fields.air_temperature.sel(time=fields.time.dt.month == 3).to_numpy().astype(float)
    march -= march.mean(0)
    found = np.nanmean(march[1:] * march[:-1]) / np.nanmean(march**2)
    assert found == pytest.approx(autocorrelation_of_years(design.noise), abs=0.04)


def test_trends_raise_the_true_correlation_as_stated() -> None:
    design = smaller(1.0, 200)
    steep = {
        name: replace(design.variables[name], trend=0.2 * design.variables[name].sd)
        for name in ("soil_moisture", "air_temperature")
    }  # 0.2 sd a decade make 4 sd in 200 years
    design = replace(design, variables={**design.variables, **steep})
    fields = simulate_fields(2, design=design)
    march = fields.sel(time=fields.time.dt.month == 3)
    truth = true_correlations(fields.altitude, design=design).sel(month=3, driver="air_temperature")
    assert float(truth.mean()) > 0.5
    r = correlation(march.soil_moisture.to_numpy(), march.air_temperature.to_numpy())
    assert np.nanmean(r) == pytest.approx(float(truth.mean()), abs=0.03)


def test_sizes_units_and_places(fields: xr.Dataset) -> None:
    heights = fields.altitude.to_numpy()
    assert np.nanmin(heights) == 2610 and np.nanmax(heights) == 6920
    inside = np.isfinite(heights)
    assert 0.5 < inside.mean() < 0.8 and 0.15 < (heights[inside] < 4000).mean() < 0.25
    assert fields.latitude.to_numpy().min() > 31.65 and fields.longitude.to_numpy().max() < 102.38
    for name in ("soil_moisture", *DESIGN.drivers):
        assert fields[name].dtype == np.float32 and fields[name].dims == ("time", "latitude", "longitude")
        assert (np.isfinite(fields[name].to_numpy()) == inside).all()
    july = fields.isel(time=6)
    assert 0.1 < float(july.soil_moisture.mean()) < 0.4
    assert 275 < float(july.air_temperature.mean()) < 290
    monthly_mm = float(july.precipitation.mean()) * 86400 * 31
    assert 60 < monthly_mm < 150
    assert float(fields.precipitation.min()) > 0
    assert float(fields.ndvi.min()) > -0.2 and float(fields.ndvi.max()) < 1
    lapse = np.polyfit(heights[inside], july.air_temperature.to_numpy()[inside], 1)[0]
    assert lapse == pytest.approx(-0.006, abs=0.001)


def test_the_same_seed_gives_the_same_fields(fields: xr.Dataset) -> None:
    xr.testing.assert_identical(fields, simulate_fields(1, design=smaller()))
    other = simulate_fields(2, design=smaller())
    assert not np.allclose(fields.soil_moisture, other.soil_moisture, equal_nan=True)


@pytest.mark.parametrize("shape", ["exponential", "gaussian"])
def test_fields_are_alike_over_distance(shape: Literal["exponential", "gaussian"]) -> None:
    latitude, longitude = 33 + 0.1 * np.arange(24), 95 + 0.1 * np.arange(30)
    length = 3 * 0.1 * KM_PER_DEGREE
    fields = alike_fields(300, latitude, longitude, length, np.random.default_rng(5), shape=shape)
    assert fields.std() == pytest.approx(1.0, abs=0.03)
    apart = (fields[:, 3:] * fields[:, :-3]).mean()  # three rows are one length
    assert apart == pytest.approx(np.exp(-1), abs=0.05)


def test_years_that_time_cannot_hold_are_refused() -> None:
    with pytest.raises(SettingsRefused, match=r"2001 to 2300.*1678 to 2261"):
        simulate_fields(1, design=replace(DESIGN, grid=replace(DESIGN.grid, years=300)))
