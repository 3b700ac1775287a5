"""A region cuts soil moisture; drivers of other pixels keep all that lies in its outermost ones."""

from __future__ import annotations

import numpy as np
import pytest

from headwater.cli.drivers_region import open_around, same_pixels

xr = pytest.importorskip("xarray")
BOX = (90.0, 32.0, 92.0, 33.0)


def grid(cell: float, seed: int = 0) -> xr.DataArray:
    """Cells of 80–100 E, 28–38 N."""
    axes = {
        "latitude": np.arange(28.0 + cell / 2, 38.0, cell),
        "longitude": np.arange(80.0 + cell / 2, 100.0, cell),
    }
    values = np.random.default_rng(seed).normal(size=[len(axis) for axis in axes.values()])
    return xr.DataArray(values, axes)


def reader(whole: xr.DataArray):
    def read(box):
        if box is None:
            return whole
        west, south, east, north = box
        lat, lon = whole["latitude"], whole["longitude"]
        return whole.isel(
            latitude=((lat >= south) & (lat <= north)).to_numpy(),
            longitude=((lon >= west) & (lon <= east)).to_numpy(),
        )

    return read


@pytest.mark.parametrize("cell", [0.03, 0.1, 0.4, 1.0])
def test_means_of_the_outermost_pixels_are_those_without_a_region(cell):
    from headwater.grids import align

    soil = reader(grid(0.25))(BOX)
    driver = grid(cell, seed=1)
    cut = align({"driver": open_around(reader(driver), BOX, soil)}, onto=soil, method="mean")["driver"]
    whole = align({"driver": driver}, onto=soil, method="mean")["driver"]
    np.testing.assert_allclose(cut.to_numpy(), whole.to_numpy(), rtol=1e-6)
    assert cut.notnull().all()


def test_the_same_pixels_stay_the_same():
    soil = reader(grid(0.25))(BOX)
    other = open_around(reader(grid(0.25, seed=1)), BOX, soil)
    assert same_pixels(other, soil)


def test_soil_moisture_itself_and_no_region_are_read_as_they_are():
    whole = grid(0.25)
    assert open_around(reader(whole), None, None) is whole
    assert open_around(reader(whole), BOX, None).sizes == {"latitude": 4, "longitude": 8}
