"""Damaged gridded files, cut short or overwritten, are refused or read, never a traceback."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from headwater.errors import HeadwaterError
from headwater.grids import open_grid

ENGINES = {"netCDF-3": "scipy", "netCDF-4": "h5netcdf"}
SEED = 1


def whole(folder: Path, engine: str) -> bytes:
    """A good file: 3 steps of 4 × 5 cells."""
    axes = {
        "time": np.array(["2001-06-01", "2001-07-01", "2001-08-01"], "datetime64[ns]"),
        "latitude": ("latitude", np.linspace(30, 33, 4), {"units": "degrees_north"}),
        "longitude": ("longitude", np.linspace(90, 94, 5), {"units": "degrees_east"}),
    }
    values = np.random.default_rng(SEED).uniform(0, 1e-4, (3, 4, 5)).astype(np.float32)
    grid = xr.DataArray(values, axes, ("time", "latitude", "longitude"), attrs={"units": "kg m-2 s-1"})
    path = folder / "whole.nc"
    grid.to_dataset(name="pr").to_netcdf(path, engine=engine)
    return path.read_bytes()


def damage(content: bytes, rng: np.random.Generator) -> bytes:
    """Cut at a random place, or with up to 20 bytes overwritten, mostly in the head."""
    if rng.random() < 0.4:
        return content[: rng.integers(4, len(content))]
    changed = bytearray(content)
    reach = len(changed) if rng.random() < 0.5 else min(400, len(changed))
    for place in rng.integers(4, reach, rng.integers(1, 20)):
        changed[place] = rng.integers(256)
    return bytes(changed)


def read(path: Path) -> str:
    """``read``, or the refusal; any other error comes out."""
    try:
        open_grid(path, "precipitation").load()
    except HeadwaterError as error:
        return str(error)
    return "read"


def damaged(folder: Path, engine: str, count: int) -> list[str]:
    content, rng, found = whole(folder, ENGINES[engine]), np.random.default_rng(SEED), []
    for number in range(count):
        path = folder / f"{number}.nc"
        path.write_bytes(damage(content, rng))
        found.append(read(path))
        path.unlink()
    return found


@pytest.mark.parametrize("engine", list(ENGINES))
@pytest.mark.parametrize("count", [60, pytest.param(1500, marks=pytest.mark.slow)])
@pytest.mark.filterwarnings("ignore")
def test_damaged_files_are_refused_or_read(tmp_path: Path, engine: str, count: int) -> None:
    found = damaged(tmp_path, engine, count)
    refused = [said for said in found if said != "read"]
    assert len(refused) > count // 4 and all(".nc" in said for said in refused)


@pytest.mark.parametrize("engine", list(ENGINES))
def test_a_file_cut_anywhere_in_its_head_is_refused(tmp_path: Path, engine: str) -> None:
    content = whole(tmp_path, ENGINES[engine])
    for length in [*range(120), *range(120, len(content) // 2, 97)]:
        path = tmp_path / "cut.nc"
        path.write_bytes(content[:length])
        assert read(path) != "read", length
