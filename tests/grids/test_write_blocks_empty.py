"""Blocks that hold nothing but fill values: sea, masks, counts of zero."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from headwater.grids.write_blocks import run_blocks


def test_a_block_of_fill_values_is_a_block_like_any_other(tmp_path: Path) -> None:
    values = np.full((5, 8, 6), np.nan, np.float32)
    values[:, :, 3:] = 1.0
    place = {"latitude": np.arange(8.0), "longitude": np.arange(6.0)}
    grid = xr.DataArray(values, {"time": np.arange(5), **place}, ("time", "latitude", "longitude"))

    def compute(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        a = arrays["a"]
        return {
            "mean": a.mean(axis=0),
            "zero": np.zeros(a.shape[1:], np.int32),
            "no": np.zeros(a.shape[1:], bool),
        }

    result = run_blocks({"a": grid}, compute, tmp_path / "out.zarr", memory=2**30, fingerprint="")
    assert np.isnan(result["mean"].values[:, :3]).all() and (result["mean"].values[:, 3:] == 1).all()
    assert not result["zero"].values.any() and not result["no"].values.any()
