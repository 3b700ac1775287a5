"""Written files read back: numbers, CF attributes, provenance, checksums."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr

from headwater.errors import InputRefused, SettingsRefused
from headwater.grids import composite, open_grid, write_grid
from tests.grids.make_grids import grid, lazy
from tests.grids.make_reanalysis import hours, months


def result() -> xr.Dataset:
    place = grid(1, shape=(20, 30))[0].drop_vars("time")
    months_of = xr.DataArray([6, 8], dims="month")
    r = (place * 2 - 1).expand_dims(month=months_of).astype(np.float32)
    out = xr.Dataset({"r": r.assign_attrs(units="1", long_name="correlation"), "significant": r > 0.5})
    return out.assign_attrs(method="pearson", lag=0, given=("a", "b"), detrend=False, none={"k": 1})


@pytest.mark.parametrize("name", ["out.nc", "out.zarr"])
def test_numbers_and_attributes_come_back(tmp_path: Path, name: str) -> None:
    path = write_grid(result(), tmp_path / name, title="t", command="headwater drivers --by month")
    with xr.open_dataset(path) as read:
        np.testing.assert_array_equal(read.r, result().r)
        np.testing.assert_array_equal(read.significant, result().significant)
        assert read.significant.flag_meanings == "no yes" and read.r.grid_mapping == "crs"
        assert read.crs.grid_mapping_name == "latitude_longitude"
        assert (
            read.attrs["Conventions"] == "CF-1.11" and read.attrs["history"] == "headwater drivers --by month"
        )
        assert (
            read.attrs["given"] == "a, b"
            and read.attrs["detrend"] == "no"
            and "numpy" in read.attrs["versions"]
        )
        assert "_FillValue" not in read.latitude.encoding or read.latitude.encoding["_FillValue"] is None
        assert read.latitude.standard_name == "latitude" and read.longitude.units == "degrees_east"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [name]


@pytest.mark.parametrize("name", ["out.nc", "out.zarr"])
def test_a_grid_opens_again_as_the_same_grid(tmp_path: Path, name: str) -> None:
    daily = (
        grid(time=hours("2001-01-01", 59, step=24), units="kg m-2 s-1", standard_name="precipitation_flux")
        / 100
    )
    daily.attrs |= {"units": "kg m-2 s-1", "standard_name": "precipitation_flux", "headwater_changes": "x"}
    monthly = composite(lazy(daily.rename("precipitation")), "month")
    back = open_grid(write_grid(monthly, tmp_path / name), "precipitation")
    np.testing.assert_array_equal(back, monthly)
    assert list(back.time.values) == list(months("2001-01", 2)) and back.time_end.equals(monthly.time_end)
    assert back.units == monthly.units and back.cell_methods == "time: mean"


def test_same_input_same_bytes_and_inputs_are_hashed(tmp_path: Path) -> None:
    source = tmp_path / "in.txt"
    source.write_text("abc")
    one, two = (
        write_grid(result(), tmp_path / n, inputs=[source], hash_inputs=True) for n in ("a.nc", "b.nc")
    )
    assert one.read_bytes() == two.read_bytes()
    with xr.open_dataset(one) as read:
        told = json.loads(read.attrs["inputs"])
    assert told == [{"name": "in.txt", "bytes": 3, "sha256": hashlib.sha256(b"abc").hexdigest()}]
    with pytest.raises(InputRefused, match="no such input"):
        write_grid(result(), tmp_path / "c.nc", inputs=[tmp_path / "none"])


@pytest.mark.parametrize("name", ["out.nc", "out.zarr"])
def test_a_changed_byte_is_found_at_reading(tmp_path: Path, name: str) -> None:
    noise = grid(1, shape=(60, 80))
    path = write_grid(noise, tmp_path / name)
    if name.endswith("nc"):
        with h5py.File(path) as stored:
            chunk = stored["x"].id.get_chunk_info(0)
        _flip(path, chunk.byte_offset + chunk.size // 2)
        with pytest.raises(OSError, match="filter"), xr.open_dataset(path) as read:
            read.x.load()
    else:
        chunk = max(path.glob("x/c/**/0"), key=lambda one: one.stat().st_size)
        _flip(chunk, chunk.stat().st_size // 2)
        with (
            pytest.raises(ValueError, match="checksum"),
            xr.open_dataset(path, engine="zarr") as read,
        ):
            read.x.load()


def _flip(file: Path, place: int) -> None:
    content = bytearray(file.read_bytes())
    content[place] ^= 1
    file.write_bytes(content)


def test_other_endings_and_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused, match=r"endings \.nc .* and \.zarr"):
        write_grid(result(), tmp_path / "a.csv")
    (tmp_path / "data.zarr").mkdir()
    with pytest.raises(InputRefused, match="no Zarr store"):
        write_grid(result(), tmp_path / "data.zarr")
    write_grid(result(), tmp_path / "a.zarr")
    write_grid(result(), tmp_path / "a.zarr")
