"""ERA5-Land, ERA5, GLDAS, ESA CCI, CMFD and SMCI: each against numbers worked out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from headwater.errors import InputRefused, UnitsUnclear
from headwater.grids import open_grid
from tests.grids.make_reanalysis import LATITUDE, SHAPE, hours, months, write_era5_land, write_netcdf


def field(steps: int, low: float, high: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(low, high, (steps, *SHAPE)).astype(np.float32)


def test_temperature_and_moisture_of_era5_land(tmp_path: Path) -> None:
    t2m, swvl = field(3, 250, 290), field(3, 0, 0.6)
    path = write_era5_land(
        tmp_path / "e.nc", {"t2m": (t2m, "K"), "swvl1": (swvl, "m**3 m**-3")}, months("2001-06", 3)
    )
    grid = open_grid(path, "air_temperature")
    assert grid.dims == ("time", "latitude", "longitude") and grid.dtype == np.float32
    np.testing.assert_array_equal(grid, t2m[:, ::-1])
    np.testing.assert_array_equal(grid.latitude, LATITUDE[::-1])
    assert grid.units == "K" and grid.standard_name == "air_temperature" and grid.name == "air_temperature"
    assert grid.headwater_changes == "latitude turned to ascending"
    assert not isinstance(grid.variable._data, np.ndarray)
    assert open_grid(path, "soil_moisture").depth == "0 to 0.07 m"


def test_layers_of_the_soil_must_be_chosen(tmp_path: Path) -> None:
    layers = {f"swvl{i}": (field(2, 0, 0.1) + i / 10, "m**3 m**-3") for i in (2, 1, 4, 3)}
    path = write_era5_land(tmp_path / "e.nc", layers, months("2001-06", 2))
    with pytest.raises(InputRefused, match=r"1 = swvl1 \(0-7 cm\); 2 = swvl2 \(7-28 cm\)"):
        open_grid(path, "soil_moisture")
    for level in (3, "28-100 cm", "swvl3"):
        assert open_grid(path, "soil_moisture", level=level).source_variable == "swvl3"


def test_hourly_sums_since_midnight_become_hourly_fluxes(tmp_path: Path) -> None:
    rain = field(48, 0, 0.002)
    rain[5] = 0
    since = np.concatenate([np.cumsum(rain[:24], axis=0), np.cumsum(rain[24:], axis=0)])
    time = hours("2001-06-01T01", 48)  # the sum of a day is complete at 00 UTC of the next
    path = write_era5_land(tmp_path / "e.nc", {"tp": (since, "m"), "e": (-since, "m")}, time)
    grid = open_grid(path, "precipitation")
    np.testing.assert_allclose(grid, rain[:, ::-1] * 1000 / 3600, atol=2e-9)
    assert grid.time.values[0] == np.datetime64("2001-06-01T00") and grid.cell_methods == "time: mean"
    assert grid.time_end.values[0] == np.datetime64("2001-06-01T01")
    assert grid.units == "kg m-2 s-1"
    evaporation = open_grid(path, "evapotranspiration")
    np.testing.assert_allclose(evaporation, grid, atol=1e-12)
    assert "sign turned: positive is upward" in evaporation.headwater_changes


def test_every_window_of_sums_since_midnight_is_that_of_the_whole(tmp_path: Path) -> None:
    since = np.concatenate([np.cumsum(field(8, 0, 0.002, seed=day), axis=0) for day in range(2)])
    path = write_era5_land(tmp_path / "e.nc", {"tp": (since, "m")}, hours("2001-06-01T03", 16, step=3))
    grid = open_grid(path, "tp")
    whole = grid.values
    for steps in ([0], [3, 4], [7, 8, 9], [15, 2]):
        np.testing.assert_array_equal(
            open_grid(path, "tp").isel(time=steps, latitude=[2]), whole[steps][:, [2]]
        )


def test_missing_hours_make_the_next_difference_missing_and_are_counted(tmp_path: Path) -> None:
    since = np.cumsum(field(24, 0, 0.002), axis=0)
    kept = [h for h in range(24) if h not in (10, 11)]
    path = write_era5_land(tmp_path / "e.nc", {"tp": (since[kept], "m")}, hours("2001-06-01T01", 24)[kept])
    grid = open_grid(path, "tp")
    assert np.isnan(grid.sel(time="2001-06-01T12")).all() and int(np.isnan(grid).sum()) == int(np.prod(SHAPE))
    assert "1 steps set missing, because the step before them is not there" in grid.headwater_changes
    assert "2 missing between 2001-06-01T10:00 and 2001-06-01T13:00" in grid.headwater_changes


def test_daily_steps_of_midnight_are_the_sum_of_the_day_before(tmp_path: Path) -> None:
    day = field(4, 0, 0.01)
    path = write_era5_land(tmp_path / "e.nc", {"tp": (day, "m")}, hours("2001-06-02T00", 4, step=24))
    grid = open_grid(path, "precipitation")
    np.testing.assert_allclose(grid, day[:, ::-1] * 1000 / 86400, rtol=1e-6)
    assert grid.time.values[0] == np.datetime64("2001-06-01")


def test_monthly_means_of_sums_are_per_day(tmp_path: Path) -> None:
    tp = field(3, 0, 0.01)
    path = write_era5_land(tmp_path / "e.nc", {"tp": (tp, "m"), "pev": (-tp, "m")}, months("2001-06", 3))
    np.testing.assert_allclose(open_grid(path, "tp"), tp[:, ::-1] * 1000 / 86400, rtol=1e-6)
    np.testing.assert_allclose(open_grid(path, "pev"), tp[:, ::-1] * 1000 / 86400, rtol=1e-6)
    assert open_grid(path, "tp").time_end.values[0] == np.datetime64("2001-07-01")


def test_hourly_era5_is_a_sum_of_one_hour_and_other_grids_are_unclear(tmp_path: Path) -> None:
    tp = field(4, 0, 0.002)
    quarter = {"latitude": 36 - 0.25 * np.arange(SHAPE[0]), "longitude": 92 + 0.25 * np.arange(SHAPE[1])}
    path = write_era5_land(tmp_path / "e.nc", {"tp": (tp, "m")}, hours("2001-06-01T01", 4), **quarter)
    np.testing.assert_allclose(open_grid(path, "tp"), tp[:, ::-1] * 1000 / 3600, rtol=1e-6)
    coarse = {"latitude": 36 - 0.5 * np.arange(SHAPE[0]), "longitude": 92 + 0.5 * np.arange(SHAPE[1])}
    path = write_era5_land(tmp_path / "c.nc", {"tp": (tp, "m")}, hours("2001-06-01T01", 4), **coarse)
    with pytest.raises(UnitsUnclear, match=r"cells of 0\.5 degrees.*units='m hour-1'"):
        open_grid(path, "tp")
    np.testing.assert_allclose(open_grid(path, "tp", units="m day-1"), tp[:, ::-1] / 86.4, rtol=1e-6)


def test_evaporation_whose_sign_is_unknown_is_refused(tmp_path: Path) -> None:
    e = -field(3, 0, 0.005)
    path = write_netcdf(tmp_path / "e.nc", {"e": (e, {"units": "m"})}, months("2001-06", 3))
    with pytest.raises(InputRefused, match="nothing in the file says"):
        open_grid(path, "e", units="m day-1")
    told = {"units": "mm day-1", "standard_name": "water_evapotranspiration_flux"}
    path = write_netcdf(tmp_path / "f.nc", {"evap": (1000 * e, told)}, months("2001-06", 3))
    with pytest.raises(InputRefused, match="which is downward"):
        open_grid(path, "evapotranspiration")


def test_water_of_a_soil_layer_of_gldas_by_its_thickness(tmp_path: Path) -> None:
    water, rain = field(2, 5, 40), field(2, 0, 1e-4)
    path = write_netcdf(
        tmp_path / "g.nc4",
        {
            "SoilMoi0_10cm_inst": (water, {"units": "kg m-2"}),
            "SoilMoi10_40cm_inst": (3 * water, {"units": "kg m-2"}),
            "Rainf_tavg": (rain, {"units": "kg m-2 s-1"}),
            "Rainf_f_tavg": (1.5 * rain, {"units": "kg m-2 s-1"}),
        },
        months("2001-06", 2),
    )
    top = open_grid(path, "soil_moisture", level="0-10 cm")
    np.testing.assert_allclose(top, water[:, ::-1] / 100, rtol=1e-6)
    np.testing.assert_allclose(open_grid(path, "SoilMoi10_40cm_inst"), top, rtol=1e-6)
    assert "units 'kg m-2' converted to 'm3 m-3'" in top.headwater_changes
    np.testing.assert_allclose(open_grid(path, "precipitation"), 1.5 * rain[:, ::-1], rtol=1e-6)
    assert "rain only" in open_grid(path, "Rainf_tavg").headwater_changes


def test_frozen_ground_of_esa_cci_is_masked(tmp_path: Path) -> None:
    sm, flag = field(2, 0, 0.5), np.zeros((2, *SHAPE), np.int8)
    flag[0, 3], flag[1, 5] = 1, 16
    content = {"sm": (sm, {"units": "m3 m-3"}), "flag": (flag, {"_FillValue": np.int8(127)})}
    path = write_netcdf(tmp_path / "c.nc", content, hours("2001-06-01", 2, step=24))
    good = open_grid(path, "soil_moisture")
    assert int(np.isnan(good).sum()) == 2 * SHAPE[1] and np.isnan(good[0, SHAPE[0] - 1 - 3]).all()
    assert int(np.isnan(open_grid(path, "sm", quality="usable")).sum()) == SHAPE[1]
    assert not np.isnan(open_grid(path, "sm", quality="all")).any()
    bare = write_netcdf(tmp_path / "b.nc", {"sm": content["sm"]}, hours("2001-06-01", 2, step=24))
    assert open_grid(bare, "soil_moisture").headwater_changes.count("quality") == 0  # anybody's "sm"
    said = {"title": "ESA CCI Surface Soil Moisture COMBINED Product"}
    told = write_netcdf(
        tmp_path / "t.nc", {"sm": content["sm"]}, hours("2001-06-01", 2, step=24), attributes=said
    )
    assert "nothing masked by quality" in open_grid(told, "sm").headwater_changes


def test_short_names_of_cmip_are_known_and_their_units_checked(tmp_path: Path) -> None:
    warm, rain = field(2, 270, 300), field(2, 0, 1e-4)
    content = {"tas": (warm, {"units": "K"}), "pr": (rain, {"units": "kg m-2 s-1"})}
    path = write_netcdf(tmp_path / "c.nc", content, months("2001-06", 2))
    assert open_grid(path, "tas").name == open_grid(path, "air_temperature").name == "air_temperature"
    assert open_grid(path, "pr").name == "precipitation"
    wrong = {"pr": (rain, {"units": "K"})}
    path = write_netcdf(tmp_path / "w.nc", wrong, months("2001-06", 2))
    with pytest.raises(InputRefused, match="units 'K' are no units of precipitation"):
        open_grid(path, "pr")


def test_cmfd_and_smci(tmp_path: Path) -> None:
    temp, prec = field(3, 250, 290), field(3, 0, 4)
    content = {"temp": (temp, {"units": "K"}), "prec": (prec, {"units": "mm hr-1"})}
    path = write_netcdf(tmp_path / "cmfd.nc", content, months("2001-06", 3))
    np.testing.assert_array_equal(open_grid(path, "air_temperature"), temp[:, ::-1])
    np.testing.assert_allclose(open_grid(path, "precipitation"), prec[:, ::-1] / 3600, rtol=1e-6)

    stored = np.round(1000 * field(3, 0, 0.5)).astype(np.int16)
    for name, attributes in {"a.nc": {"units": "m3/m3"}, "b.nc": {}}.items():
        path = write_netcdf(tmp_path / name, {"SMCI": (stored, attributes)}, hours("2001-06-01", 3, step=24))
        grid = open_grid(path, "soil_moisture")
        np.testing.assert_allclose(grid, stored[:, ::-1] / 1000, atol=1e-7)
        assert "multiplied by 0.001" in grid.headwater_changes
    told = {"SMCI": (stored * 0.001, {"units": "m3/m3"})}
    packed = {"SMCI": {"dtype": "int16", "scale_factor": 0.001, "_FillValue": -999}}
    path = write_netcdf(tmp_path / "c.nc", told, hours("2001-06-01", 3, step=24), encoding=packed)
    np.testing.assert_allclose(open_grid(path, "SMCI"), stored[:, ::-1] / 1000, atol=1e-7)
