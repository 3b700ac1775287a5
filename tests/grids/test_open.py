"""``open_grid`` on files of any source: axes, units, many files, and all that must be refused or flagged."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from headwater.errors import InputRefused, SettingsRefused, UnitsUnclear
from headwater.grids import open_grid
from headwater.grids.lazy import file_chunks
from tests.grids.make_reanalysis import LATITUDE, LONGITUDE, SHAPE, hours, months, write_netcdf

KELVIN = {"units": "K", "standard_name": "air_temperature"}


def field(steps: int, low: float = 250, high: float = 290) -> np.ndarray:
    return np.random.default_rng(1).uniform(low, high, (steps, *SHAPE)).astype(np.float32)


def write(
    path: Path, values: np.ndarray, attributes: dict | None = None, first: str = "2001-06", **options
) -> Path:
    told = KELVIN if attributes is None else attributes
    return write_netcdf(path, {"ta": (values, told)}, months(first, len(values)), **options)


def test_longitude_0_360_is_turned_and_recorded(tmp_path: Path) -> None:
    longitude = np.arange(0.0, 360, 22.5)
    values = np.random.default_rng(1).uniform(250, 290, (2, 3, 16)).astype(np.float32)
    path = write(tmp_path / "a.nc", values, longitude=longitude, latitude=np.array([30.0, 31, 32]))
    grid = open_grid(path, "air_temperature")
    np.testing.assert_allclose(grid.longitude, np.arange(-180, 180, 22.5))
    for column, east in enumerate(longitude):
        west = east - 360 if east >= 180 else east
        np.testing.assert_array_equal(grid.sel(longitude=west), values[:, :, column])
    np.testing.assert_array_equal(grid[:, 1:, 5:11], grid.values[:, 1:, 5:11])
    assert grid.headwater_changes == "longitude turned from 0-360 to -180-180"


@pytest.mark.parametrize(
    ("units", "values", "truth"),
    [("degC", 10.0, 283.15), ("Celsius", -5.0, 268.15), ("degF", 50.0, 283.15), ("kelvin", 280.0, 280.0)],
)
def test_temperatures_become_kelvin(tmp_path: Path, units: str, values: float, truth: float) -> None:
    path = write(
        tmp_path / "a.nc", np.full((2, *SHAPE), values), {"units": units, "standard_name": "air_temperature"}
    )
    np.testing.assert_allclose(open_grid(path, "ta"), truth, rtol=1e-6)


@pytest.mark.parametrize(
    ("attributes", "units", "truth"),
    [
        ({"units": "mm", "cell_methods": "time: sum"}, None, 30 / (30 * 86400)),
        ({"units": "mm"}, "mm month-1", 30 / (30 * 86400)),
        ({"units": "mm"}, "mm day-1", 30 / 86400),
        ({"units": "kg m-2 day-1"}, None, 30 / 86400),
        ({"units": "m s-1"}, "1e-9 m s-1", 30e-6),
    ],
)
def test_amounts_of_water_become_fluxes(
    tmp_path: Path, attributes: dict[str, str], units: str | None, truth: float
) -> None:
    told = {"standard_name": "precipitation_amount", **attributes}
    path = write(tmp_path / "a.nc", np.full((3, *SHAPE), 30.0), told)
    grid = open_grid(path, "precipitation", units=units)
    np.testing.assert_allclose(grid[0], truth, rtol=1e-6)  # June has 30 days


def test_missing_or_unclear_units_name_the_option(tmp_path: Path) -> None:
    path = write(tmp_path / "a.nc", field(2), {"standard_name": "air_temperature"})
    with pytest.raises(UnitsUnclear, match=r"a\.nc, ta: no units.*units='K'"):
        open_grid(path, "air_temperature")
    assert "units 'K' as told by the user" in open_grid(path, "ta", units="K").headwater_changes
    amount = write(
        tmp_path / "b.nc", np.ones((2, *SHAPE)), {"units": "mm", "standard_name": "precipitation_amount"}
    )
    with pytest.raises(UnitsUnclear, match="does not say over which time"):
        open_grid(amount, "precipitation")
    odd = write(tmp_path / "c.nc", field(2), {"units": "furlongs", "standard_name": "air_temperature"})
    with pytest.raises((UnitsUnclear, InputRefused), match="furlongs"):
        open_grid(odd, "air_temperature")
    layer = write(
        tmp_path / "d.nc",
        np.ones((2, *SHAPE)),
        {"units": "kg m-2", "standard_name": "mass_content_of_water_in_soil_layer"},
    )
    with pytest.raises(UnitsUnclear, match="thickness"):
        open_grid(layer, "soil_moisture")


def test_wrong_units_and_swapped_scales_are_refused_by_what_comes_out(tmp_path: Path) -> None:
    celsius = write(tmp_path / "a.nc", field(2) - 273)
    with pytest.raises(
        InputRefused, match=r"lie outside the plausible 170 to 340 \(first in a\.nc, step 1\)"
    ):
        open_grid(celsius, "ta")
    assert float(open_grid(celsius, "ta", check=False).max()) < 20
    other = write(tmp_path / "b.nc", field(2), {"units": "Pa", "standard_name": "air_temperature"})
    with pytest.raises(InputRefused, match="'Pa' are no units of air_temperature"):
        open_grid(other, "ta")
    told = {"units": "1", "standard_name": "normalized_difference_vegetation_index"}
    scaled = write(tmp_path / "c.nc", field(2, 1000, 9000), told)
    with pytest.raises(InputRefused, match="a scale or a fill value"):
        open_grid(scaled, "ndvi")


def test_infinite_values_are_counted_and_an_empty_month_is_flagged(tmp_path: Path) -> None:
    values = field(3)
    values[0, 1, 2], values[2, 0, 0], values[1] = np.inf, -np.inf, np.nan
    grid = open_grid(write(tmp_path / "a.nc", values), "ta")
    assert "2 infinite values set missing" in grid.headwater_changes
    assert "1 steps without any value: 2001-07-01" in grid.headwater_changes
    assert int(np.isnan(grid).sum()) == 2 + SHAPE[0] * SHAPE[1]
    with pytest.raises(InputRefused, match=r"all 624 values are missing \(0 by the quality layer"):
        open_grid(write(tmp_path / "b.nc", np.full((3, *SHAPE), np.nan)), "ta")


def test_one_step_is_flagged(tmp_path: Path) -> None:
    grid = open_grid(write(tmp_path / "a.nc", field(1)), "ta")
    assert grid.shape[0] == 1 and "one time step only" in grid.headwater_changes


def test_axes_without_attributes_are_found_by_name(tmp_path: Path) -> None:
    values = field(2)
    path = write(tmp_path / "a.nc", values, plain_axes=True)
    np.testing.assert_array_equal(open_grid(path, "ta"), values[:, ::-1])
    bad = write(tmp_path / "b.nc", values, names=("time", "row", "col"), plain_axes=True)
    with pytest.raises(InputRefused, match=r"no latitude among the coordinates \['col', 'row', 'time'\]"):
        open_grid(bad, "ta")


def test_order_of_dimensions_does_not_matter(tmp_path: Path) -> None:
    values = field(2)
    path = write(tmp_path / "a.nc", values)
    with xr.open_dataset(path) as dataset:
        dataset.transpose("lon", "time", "lat").to_netcdf(tmp_path / "b.nc", engine="scipy")
    np.testing.assert_array_equal(open_grid(tmp_path / "b.nc", "ta"), values[:, ::-1])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"latitude": np.linspace(0, 3e6, SHAPE[0])}, "projected grid"),
        ({"latitude": np.r_[LATITUDE[:5], LATITUDE[5:][::-1]]}, "neither rises nor falls"),
        ({"longitude": np.linspace(0, 360, SHAPE[1])}, "a meridian twice"),
        ({"longitude": LONGITUDE[::-1]}, "it must rise"),
    ],
)
def test_coordinates_that_are_no_grid_of_the_globe_are_refused(
    tmp_path: Path, options: dict[str, np.ndarray], message: str
) -> None:
    with pytest.raises(InputRefused, match=message):
        open_grid(write(tmp_path / "a.nc", field(2), **options), "ta")


def test_files_join_in_time_and_twice_the_same_month_is_refused(tmp_path: Path) -> None:
    first, second = field(3), field(2) + 1
    write(tmp_path / "b.nc", first, first="2001-01")
    write(tmp_path / "a.nc", second, first="2001-05")
    for path in (tmp_path, str(tmp_path / "*.nc"), [tmp_path / "a.nc", tmp_path / "b.nc"]):
        grid = open_grid(path, "ta")
        np.testing.assert_array_equal(grid, np.concatenate([first, second])[:, ::-1])
    assert "1 missing between 2001-03-01 and 2001-05-01; not filled" in grid.headwater_changes
    assert grid.source == "a.nc, b.nc"
    write(tmp_path / "c.nc", second, first="2001-02")
    with pytest.raises(InputRefused, match=r"2 times are there twice: 2001-02-01.* in b\.nc and c\.nc"):
        open_grid(tmp_path, "ta")


def test_files_of_other_grids_or_units_do_not_join(tmp_path: Path) -> None:
    write(tmp_path / "a.nc", field(2))
    write(tmp_path / "b.nc", field(2), first="2002-01", longitude=LONGITUDE + 0.05)
    with pytest.raises(InputRefused, match=r"its longitude .* is not that of a\.nc"):
        open_grid(tmp_path, "ta")
    write(
        tmp_path / "b.nc",
        field(2) - 273,
        {"units": "degC", "standard_name": "air_temperature"},
        first="2002-01",
    )
    with pytest.raises(InputRefused, match=r"ta in 'degC', but a\.nc has ta in 'K'"):
        open_grid(tmp_path, "ta")


def test_stamps_within_the_month_move_to_its_start_and_bounds_win(tmp_path: Path) -> None:
    values, mid = field(3), months("2001-06", 3) + np.timedelta64(14, "D")
    path = write_netcdf(tmp_path / "a.nc", {"ta": (values, KELVIN)}, mid)
    grid = open_grid(path, "ta")
    assert list(grid.time.values) == list(months("2001-06", 3))
    assert "time moved from within the month to its start" in grid.headwater_changes
    with xr.open_dataset(path) as dataset:
        days = np.timedelta64(5, "D")
        dataset = dataset.assign(time_bnds=(("time", "nv"), np.stack([mid - days, mid + days], axis=1)))
        dataset.time.attrs["bounds"] = "time_bnds"
        dataset.to_netcdf(tmp_path / "b.nc", engine="scipy")
    grid = open_grid(tmp_path / "b.nc", "ta")
    assert list(grid.time.values) == list(mid - days) and list(grid.time_end.values) == list(mid + days)


def test_calendars_with_impossible_days_are_refused_and_others_read(tmp_path: Path) -> None:
    for calendar, days in {"noleap": 365, "360_day": 360}.items():
        content = xr.Dataset(
            {"ta": (("time", "lat", "lon"), field(2), KELVIN)},
            {
                "time": ("time", [0, days], {"units": "days since 2001-01-01", "calendar": calendar}),
                "lat": ("lat", LATITUDE, {"units": "degrees_north"}),
                "lon": ("lon", LONGITUDE, {"units": "degrees_east"}),
            },
        )
        content.to_netcdf(tmp_path / f"{calendar}.nc", engine="scipy")
    grid = open_grid(tmp_path / "noleap.nc", "ta")
    assert list(grid.time.values) == [np.datetime64("2001-01-01"), np.datetime64("2002-01-01")]
    with pytest.raises(InputRefused, match="calendar '360_day'"):
        open_grid(tmp_path / "360_day.nc", "ta")


def test_steps_out_of_order_are_sorted_and_said(tmp_path: Path) -> None:
    values = field(3)
    path = write_netcdf(tmp_path / "a.nc", {"ta": (values, KELVIN)}, months("2001-06", 3)[::-1])
    grid = open_grid(path, "ta")
    np.testing.assert_array_equal(grid, values[::-1, ::-1])
    assert "steps put in the order of time" in grid.headwater_changes


def test_files_without_steps_numbers_or_readable_times_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match=r"holds no values \({'time': 0"):
        open_grid(write(tmp_path / "a.nc", field(2)[:0]), "ta")
    with pytest.raises(InputRefused, match="its values are <U1, not numbers"):
        open_grid(write(tmp_path / "b.nc", np.full((2, *SHAPE), "x"), encoding={}), "ta")
    with xr.open_dataset(write(tmp_path / "c.nc", field(2))) as dataset:
        told = dataset.assign_coords(time=("time", [0, 1], {"units": "months since 2001-01-01"}))
        told.to_netcdf(tmp_path / "d.nc", engine="scipy")
        told.assign_coords(time=("time", [200101, 200102])).to_netcdf(tmp_path / "e.nc", engine="scipy")
    with pytest.raises(InputRefused, match="'months since' has no fixed length"):
        open_grid(tmp_path / "d.nc", "ta")
    with pytest.raises(InputRefused, match="'time' is not a time"):
        open_grid(tmp_path / "e.nc", "ta")


def test_region_and_further_dimension(tmp_path: Path) -> None:
    values = field(2)
    path = write(tmp_path / "a.nc", values)
    grid = open_grid(path, "ta", region=(92.35, 35.15, 93.05, 35.55))
    np.testing.assert_array_equal(grid, values[:, ::-1][:, 4:8, 4:11])
    with pytest.raises(InputRefused, match="no cell in the region"):
        open_grid(path, "ta", region=(0, 0, 1, 1))
    with pytest.raises(SettingsRefused, match="west < east"):
        open_grid(path, "ta", region=(93, 35, 92, 36))
    with xr.open_dataset(path) as dataset:
        deep = xr.concat([dataset, dataset + 5], xr.DataArray([0.05, 0.2], dims="depth", name="depth"))
        deep.ta.attrs.update(KELVIN)
        deep.to_netcdf(tmp_path / "b.nc", engine="scipy")
    np.testing.assert_array_equal(open_grid(tmp_path / "b.nc", "ta", level=0.2), values[:, ::-1] + 5)
    with pytest.raises(InputRefused, match=r"a further dimension 'depth' with the values 0\.05, 0\.2"):
        open_grid(tmp_path / "b.nc", "ta")


def test_zarr_and_netcdf4_open_like_classic_netcdf(tmp_path: Path) -> None:
    values = field(2)
    with xr.open_dataset(write(tmp_path / "a.nc", values)) as dataset:
        dataset.to_zarr(tmp_path / "a.zarr", zarr_format=3, consolidated=False)
        dataset.to_netcdf(tmp_path / "c.nc", engine="h5netcdf")
    for name in ("a.zarr", "c.nc"):
        np.testing.assert_array_equal(open_grid(tmp_path / name, "ta"), values[:, ::-1])


def test_files_that_are_no_grid_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.nc", field(20), encoding={})
    for content, message in {
        path.read_bytes()[:3000]: "cut short",
        b"GRIB\x00\x00\x00\x02": "GRIB is read only with engine='cfgrib'",
        b"CDF\x05aaaa": "64-bit data",
        b"PK\x03\x04": "a zip archive",
        b"<html>": "of no kind that is read",
        b"": "0 bytes",
    }.items():
        (tmp_path / "x.nc").write_bytes(content)
        with pytest.raises(InputRefused, match=message):
            open_grid(tmp_path / "x.nc", "ta")
    (tmp_path / "empty").mkdir()
    for given, message in {
        tmp_path / "none.nc": "no such file or folder",
        str(tmp_path / "*.grb"): "no file fits this pattern",
        tmp_path / "empty": "no gridded file in this folder",
    }.items():
        with pytest.raises(InputRefused, match=message):
            open_grid(given, "ta")
    with pytest.raises(SettingsRefused, match="engine 'nonesuch' is not installed"):
        open_grid(path, "ta", engine="nonesuch")
    with pytest.raises(SettingsRefused, match="allowed are good, usable, all"):
        open_grid(path, "ta", quality="best")


def test_variables_that_are_not_there_are_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.nc", field(2), {"units": "K"})
    with pytest.raises(InputRefused, match="no air_temperature; the file has ta"):
        open_grid(path, "air_temperature")
    with pytest.raises(
        InputRefused, match="no variable 'tmax'; the file has ta, the vocabulary soil_moisture"
    ):
        open_grid(path, "tmax")
    grid = open_grid(path, "ta")
    assert grid.units == "K" and "not in the vocabulary" in grid.headwater_changes


def test_a_grid_knows_its_files_and_their_chunks_and_can_be_sent_to_another_process(tmp_path: Path) -> None:
    values = field(6)
    path = write(tmp_path / "a.nc", values, encoding={"ta": {"chunksizes": (2, 5, *SHAPE[1:])}})
    grid = open_grid(path, "ta")
    assert grid.encoding["files"] == (str(path),)
    assert file_chunks(grid) == (2, 5, SHAPE[1]) and file_chunks(grid[:, :3]) == (2, 3, SHAPE[1])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(grid)), values[:, ::-1])


def test_large_grids_are_looked_at_in_part_and_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = np.repeat(field(2), 100, axis=0)
    path = write(tmp_path / "a.nc", values, first="1990-01")
    monkeypatch.setattr("headwater.grids.check.WHOLE_VALUES", 4000)
    monkeypatch.setattr("headwater.grids.check.BLOCK_VALUES", 400)
    assert "of the values only (check='all' looks at all)" in open_grid(path, "ta").headwater_changes
    assert open_grid(path, "ta", check="all").headwater_changes == "latitude turned to ascending"


def test_hourly_instants_keep_their_time(tmp_path: Path) -> None:
    path = write_netcdf(tmp_path / "a.nc", {"ta": (field(6), KELVIN)}, hours("2001-06-01T05", 6))
    grid = open_grid(path, "ta")
    assert list(grid.time.values) == list(hours("2001-06-01T05", 6)) and "time_end" not in grid.coords


def test_altitude_is_a_map_without_time(tmp_path: Path) -> None:
    height = np.random.default_rng(1).uniform(3000, 5000, SHAPE).astype(np.float32)
    dataset = xr.Dataset(
        {"dem": (("lat", "lon"), height, {"units": "km"})},
        {
            "lat": ("lat", LATITUDE, {"units": "degrees_north"}),
            "lon": ("lon", LONGITUDE, {"units": "degrees_east"}),
        },
    )
    (dataset / 1000).assign_coords(dataset.coords).to_netcdf(tmp_path / "x.nc", engine="scipy")
    told = dataset.copy(deep=True)
    told["dem"] = told.dem / 1000
    told.dem.attrs["units"] = "km"
    told.to_netcdf(tmp_path / "a.nc", engine="scipy")
    grid = open_grid(tmp_path / "a.nc", "altitude")
    assert grid.dims == ("latitude", "longitude") and grid.units == "m"
    np.testing.assert_allclose(grid, height[::-1], rtol=1e-6)
    with pytest.raises(InputRefused, match="no time coordinate"):
        told.rename(dem="ta").assign(ta=told.dem.rename("ta").assign_attrs(KELVIN)).to_netcdf(
            tmp_path / "b.nc", engine="h5netcdf"
        )
        open_grid(tmp_path / "b.nc", "ta")
