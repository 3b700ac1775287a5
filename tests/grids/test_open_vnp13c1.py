"""VNP13C1: the HDF5 successor of MOD13C1, under the same names."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from headwater.errors import InputRefused
from headwater.grids import open_grid
from headwater.grids.open_vnp13c1 import Vnp13C1Entrypoint
from tests.grids.make_vnp13c1 import write_vnp13c1


def test_layers_place_date_and_numbers(tmp_path: Path) -> None:
    path, stored = write_vnp13c1(tmp_path)
    with xr.open_dataset(path, engine=Vnp13C1Entrypoint) as dataset:
        assert set(dataset.data_vars) == {
            "ndvi", "evi", "evi2", "vi_quality", "red_reflectance", "pixel_reliability"
        }  # fmt: skip
        np.testing.assert_array_equal(dataset.vi_quality[0, 3:9:2, ::-1], stored["VI Quality"][3:9:2, ::-1])
        np.testing.assert_allclose(pickle.loads(pickle.dumps(dataset.evi))[0], stored["EVI"] / 1e4, atol=1e-7)
        assert dataset.time.values == [np.datetime64("2013-05-25")]
        np.testing.assert_allclose(dataset.latitude[[0, -1]], [36.975, 34.025])


def test_open_grid_masks_by_the_reliability_of_viirs(tmp_path: Path) -> None:
    path, stored = write_vnp13c1(tmp_path)
    truth = np.where(stored["NDVI"] == -15000, np.nan, stored["NDVI"] / 1e4)
    truth[stored["pixel reliability"] > 2] = np.nan
    np.testing.assert_allclose(open_grid(path, "ndvi")[0], truth[::-1], atol=1e-7)


def test_changed_scale_and_cut_short_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="the index lies in -1 to 1"):
        open_grid(write_vnp13c1(tmp_path, scale=100.0)[0], "ndvi")
    path, _ = write_vnp13c1(tmp_path)
    path.write_bytes(path.read_bytes()[:4000])
    with pytest.raises(InputRefused, match="cut short"):
        open_grid(path, "ndvi")
