"""CF netCDF of time series: xarray reads back everything that was written; the structure is CF's."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from headwater.errors import InputRefused
from headwater.stations.read_flags import flag_words
from headwater.stations.read_variables import variables
from headwater.stations.readings import State, readings
from headwater.stations.series import Series
from headwater.stations.write_series_netcdf import write_series_netcdf
from tests.stations.make_series import SERIES, STATIONS, series_readings

xarray = pytest.importorskip("xarray")
pytest.importorskip("h5netcdf")
CHECKER = "HEADWATER_CF_CHECKER"
NOON = np.datetime64("2020-01-01T12:00", "us")


@pytest.fixture
def rows():
    """Readings with our own flags, snow and versions besides those of the ISMN."""
    made = series_readings(300)
    own = np.uint64(flag_words().mask(["drift", "late"]))
    return replace(
        made,
        flags=np.where(np.arange(300) % 7 == 0, made.flags | own, made.flags),
        state=np.where(np.arange(300) % 5 == 0, made.state | np.uint8(State.SNOW), made.state),
        version=np.arange(300) % 3,
    )


def opened(path: Path):
    with xarray.open_dataset(path, engine="h5netcdf") as found:
        return found.load()


def test_xarray_reads_back_everything(rows, tmp_path: Path) -> None:
    paths = write_series_netcdf(rows, STATIONS, tmp_path / "out")
    assert sorted(path.stem for path in paths) == sorted({one.variable for one in SERIES})
    assert sorted((tmp_path / "out").iterdir()) == sorted(paths)
    seen = 0
    for path in paths:
        found = opened(path)
        stops = np.cumsum(found.row_size.values)
        for at, stop in enumerate(stops.tolist()):
            part = slice(stop - int(found.row_size[at]), stop)
            station, variable, depth, sensor = str(found.series_id.values[at]).split("|")
            top, bottom = (int(edge) for edge in depth.removesuffix(" mm").split(" to "))
            series = Series(station, variable, top, bottom, sensor)
            assert series in SERIES
            mine = rows.of_series(series)
            np.testing.assert_array_equal(found.time.values[part].astype("M8[us]"), mine.time)
            np.testing.assert_array_equal(found[variable].values[part], mine.value)
            np.testing.assert_array_equal(found.flags.values[part].astype(np.uint64), mine.flags)
            np.testing.assert_array_equal(found.state.values[part], mine.state)
            np.testing.assert_array_equal(found.version.values[part], mine.version)
            texts = found.provider_flag_text.values[found.provider_flag.values[part]]
            assert texts.tolist() == [mine.said[one] for one in mine.says]
            np.testing.assert_allclose(found.depth_bounds.values[at] * 1000, [top, bottom])
            known = next(one for one in STATIONS if one.id == station)
            assert (float(found.lat[at]), float(found.lon[at])) == (known.latitude, known.longitude)
            assert str(found.station.values[at]) == station and str(found.sensor.values[at]) == sensor
            assert (
                np.isnan(found.altitude[at])
                if known.altitude_m is None
                else found.altitude[at] == known.altitude_m
            )
            seen += len(mine)
    assert seen == len(rows)


def test_the_structure_is_that_of_chapter_9(rows, tmp_path: Path) -> None:
    """CF-1.11, appendix H.2.4: contiguous ragged array of timeSeries."""
    for path in write_series_netcdf(rows, STATIONS, tmp_path):
        found = opened(path)
        assert found.attrs["Conventions"] == "CF-1.11" and found.attrs["featureType"] == "timeSeries"
        value = found[path.stem]
        assert value.dims == ("obs",) and value.attrs["units"] == variables()[path.stem].units
        assert value.attrs["standard_name"] == variables()[path.stem].standard_name
        assert found.row_size.attrs["sample_dimension"] == "obs"
        assert int(found.row_size.sum()) == found.sizes["obs"]
        roles = [name for name in found.variables if found[name].attrs.get("cf_role") == "timeseries_id"]
        assert roles == ["series_id"] and len(set(found.series_id.values)) == found.sizes["series"]
        assert set(value.encoding["coordinates"].split()) == {"time", "lat", "lon", "depth", "station"}
        assert set(value.attrs["ancillary_variables"].split()) <= set(found.variables)
        for name in ("flags", "state"):
            masks, meanings = found[name].attrs["flag_masks"], found[name].attrs["flag_meanings"].split()
            assert len(np.atleast_1d(masks)) == len(meanings) and masks.dtype == found[name].dtype
        assert len(found.provider_flag.attrs["flag_meanings"].split()) == found.sizes["provider_flags"]


def test_masks_mean_what_the_vocabulary_says(rows, tmp_path: Path) -> None:
    found = opened(write_series_netcdf(rows, STATIONS, tmp_path)[0])
    meanings = found.flags.attrs["flag_meanings"].split()
    by_code = {
        meaning.split("_")[0]: int(mask)
        for meaning, mask in zip(meanings, found.flags.attrs["flag_masks"], strict=True)
    }
    assert by_code == {code: 1 << bit for code, bit in flag_words().bits.items()}
    assert found.state.attrs["flag_masks"].tolist() == [State.FROZEN, State.SNOW]


def test_times_below_the_second_and_series_without_depth(tmp_path: Path) -> None:
    series = [Series("SOURCE/Ridge_01", "discharge"), Series("SOURCE/Ridge_01", "discharge", 0, 0, "float")]
    time = NOON + np.array([0, 1]) * np.timedelta64(1, "us")
    for kept, depths in ((series, ["depth_where_known"]), (series[:1], [])):
        rows = readings(kept, [0, len(kept) - 1], time, [1.0, 2.0])
        (path,) = write_series_netcdf(rows, STATIONS, tmp_path)
        found = opened(path)
        np.testing.assert_array_equal(found.time.values.astype("M8[us]"), time)
        assert [
            name for name in found.variables if name.startswith("depth") and "bounds" not in name
        ] == depths
        assert "version" not in found


def test_nothing_is_written_where_it_cannot_be(rows, tmp_path: Path) -> None:
    for stations, message in (
        (STATIONS[:1], "not among the stations"),
        ((*STATIONS[:2], replace(STATIONS[2], longitude=None)), "longitude None"),
    ):
        with pytest.raises(InputRefused, match=message):
            write_series_netcdf(rows, stations, tmp_path / "none")
    with pytest.raises(InputRefused, match="have no word"):
        write_series_netcdf(replace(rows, flags=rows.flags | np.uint64(1 << 40)), STATIONS, tmp_path / "none")
    assert not (tmp_path / "none").exists()
    assert write_series_netcdf(rows.take(slice(0, 0)), STATIONS, tmp_path / "empty") == ()


def test_the_compliance_checker_finds_nothing(rows, tmp_path: Path) -> None:
    """Oracle: the IOOS compliance checker, all warnings on, of CF-1.11."""
    if CHECKER not in os.environ:
        pytest.skip(
            f"{CHECKER} names no compliance-checker (pip install compliance-checker, compared with 6.1.0)"
        )
    for path in write_series_netcdf(rows, STATIONS, tmp_path):
        command = [os.environ[CHECKER], "--test=cf:1.11", "--criteria=strict", str(path)]
        told = subprocess.run(command, capture_output=True, text=True, check=False)
        assert "All tests passed" in told.stdout, told.stdout
