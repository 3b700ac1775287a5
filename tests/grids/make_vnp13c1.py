"""Writes VNP13C1 granules (HDF-EOS5) with the structure of the file specification, of any size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from tests.grids.make_mod13c1 import PREFIX, TRHR, structure

GRID = "HDFEOS/GRIDS/VIIRS_Grid_16Day_VI_CMG/Data Fields"
LAYERS = {
    "NDVI": ("i2", -15000, (-10000, 10000), 10000.0),
    "EVI": ("i2", -15000, (-10000, 10000), 10000.0),
    "EVI2": ("i2", -15000, (-10000, 10000), 10000.0),
    "VI Quality": ("u2", 65535, (0, 65534), 1.0),
    "red reflectance": ("i2", -1000, (0, 10000), 10000.0),
    "pixel reliability": ("i1", -4, (0, 11), 1.0),
}


def write_vnp13c1(
    folder: Path,
    day: str = "2013145",
    *,
    shape: tuple[int, int] = (60, 80),
    corners: tuple[float, float, float, float] = TRHR,
    seed: int = 2,
    scale: float = 10000.0,
) -> tuple[Path, dict[str, NDArray[Any]]]:
    """Path of a granule, and its layers as stored."""
    rng = np.random.default_rng(seed)
    path = folder / f"VNP13C1.A{day}.002.2023000000000.h5"
    stored = {}
    with h5py.File(path, "w") as file:
        group = file.create_group(GRID)
        for name, (kind, fill, (low, high), usual) in LAYERS.items():
            values = rng.integers(low, high, shape, endpoint=True).astype(kind)
            if name == "pixel reliability":
                values = (np.arange(values.size).reshape(shape) % 12).astype(kind)
            if name == "NDVI":
                values[0, 0] = fill
            data = group.create_dataset(PREFIX + name, data=values, chunks=(30, 80), compression="gzip")
            data.attrs["_FillValue"] = np.array([fill], kind)
            data.attrs["valid_range"] = np.array([low, high], np.float64)
            data.attrs["scale_factor"] = np.array([scale if name in ("NDVI", "EVI", "EVI2") else usual])
            data.attrs["add_offset"] = np.array([0.0])
            stored[name] = values
        text = structure(*shape, corners, "VIIRS_Grid_16Day_VI_CMG")
        file["HDFEOS INFORMATION/StructMetadata.0"] = np.bytes_(text)
        file.attrs["RangeBeginningDate"] = np.bytes_(
            str(np.datetime64(f"{day[:4]}-01-01") + int(day[4:]) - 1)
        )
    return path, stored
