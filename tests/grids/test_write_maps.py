"""GeoTIFF read back with rasterio (place, values, bands, layout) and with ``open_grid``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
import xarray as xr

from headwater.errors import InputRefused
from headwater.grids import open_grid
from headwater.grids.write_maps import geotransform, write_geotiff
from tests.grids.make_grids import grid


def maps(shape: tuple[int, int] = (6, 8)) -> xr.Dataset:
    r = (
        grid(2, shape=shape)
        .rename(time="month")
        .assign_coords(month=[6, 8])
        .assign_attrs(units="1", long_name="r")
    )
    r[0, 0, 0] = np.nan
    codes = xr.DataArray(np.full(shape, -1, np.int16), r[0].drop_vars("month").coords, r.dims[1:])
    codes[2:, 3:] = 1
    return xr.Dataset({"r": r, "significant": r > 0.5, "stratum": codes}, attrs={"method": "pearson"})


def test_values_and_place_come_back(tmp_path: Path) -> None:
    dataset = maps()
    paths = write_geotiff(dataset, tmp_path / "maps", provenance={"source": "headwater"})
    assert [path.name for path in paths] == ["r.tif", "significant.tif", "stratum.tif"]
    with rasterio.open(paths[0]) as file:
        assert file.crs.to_epsg() == 4326 and file.count == 2 and np.isnan(file.nodata)
        assert file.bounds == (90.0, 30.0, 94.0, 33.0)
        assert file.descriptions == ("month=6", "month=8") and file.units == ("1", "1")
        assert file.tags()["method"] == "pearson" and file.tags()["source"] == "headwater"
        np.testing.assert_array_equal(file.read()[:, ::-1], dataset.r)
        assert next(file.sample([(93.1, 30.2)]))[0] == dataset.r[0].sel(latitude=30.25, longitude=93.25)
    with rasterio.open(paths[1]) as file:
        assert file.nodata == 255
        np.testing.assert_array_equal(file.read()[:, ::-1].astype(bool), dataset.significant)
    with rasterio.open(paths[2]) as file:
        assert file.nodata == -1 and file.dtypes == ("int16",)


def test_large_files_are_cloud_optimised(tmp_path: Path) -> None:
    (path, *_) = write_geotiff(maps((600, 700))[["r"]], tmp_path)
    with rasterio.open(path) as file:
        assert file.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert file.block_shapes[0] == (256, 256) and file.overviews(1) == [2, 4]


def test_an_altitude_written_opens_as_a_grid(tmp_path: Path) -> None:
    height = (grid(1)[0].drop_vars("time") * 1000 + 3000).rename("altitude").assign_attrs(units="m")
    (path,) = write_geotiff(height.to_dataset(), tmp_path)
    back = open_grid(path, "altitude")
    np.testing.assert_array_equal(back, height)
    np.testing.assert_allclose(back.latitude, height.latitude)
    assert back.units == "m" and "latitude turned" in back.headwater_changes


def test_projected_and_broken_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    profile = {"driver": "GTiff", "count": 1, "height": 2, "width": 2, "dtype": "float32"}
    with rasterio.open(
        path, "w", crs="EPSG:32647", transform=rasterio.Affine(30, 0, 0, 0, -30, 0), **profile
    ) as file:
        file.write(np.zeros((1, 2, 2), np.float32))
    with pytest.raises(InputRefused, match=r"EPSG:32647, not latitude and longitude.*gdalwarp"):
        open_grid(path, "altitude")
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(InputRefused, match="cannot be read"):
        open_grid(path, "altitude")


def test_maps_that_are_no_even_grid_are_refused(tmp_path: Path) -> None:
    uneven = maps().assign_coords(latitude=[30, 31, 32, 33, 34, 36])
    with pytest.raises(InputRefused, match="latitude is not evenly spaced"):
        write_geotiff(uneven, tmp_path)
    with pytest.raises(InputRefused, match="one cell along longitude"):
        geotransform(maps().r[:, :, :1])
    with pytest.raises(InputRefused, match="no variable with latitude and longitude among x"):
        write_geotiff(xr.Dataset({"x": 1}), tmp_path)
