"""Writes MOD13C1 granules of version 6.1 with the structure of the file specification, of any size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

PREFIX = "CMG 0.05 Deg 16 days "
LAYERS = {
    # name: (type, fill, valid range, scale as stored)
    "NDVI": ("i2", -3000, (-2000, 10000), 10000.0),
    "EVI": ("i2", -3000, (-2000, 10000), 10000.0),
    "VI Quality": ("u2", 65535, (0, 65534), 1.0),
    "red reflectance": ("i2", -1000, (0, 10000), 10000.0),
    "NIR reflectance": ("i2", -1000, (0, 10000), 10000.0),
    "blue reflectance": ("i2", -1000, (0, 10000), 10000.0),
    "MIR reflectance": ("i2", -1000, (0, 10000), 10000.0),
    "Avg sun zen angle": ("i2", -10000, (0, 9000), 100.0),
    "NDVI std dev": ("i2", -3000, (-2000, 10000), 10000.0),
    "EVI std dev": ("i2", -3000, (-2000, 10000), 10000.0),
    "#1km pix used": ("u1", 255, (0, 36), 1.0),
    "#1km pix +-30deg VZ": ("u1", 255, (0, 36), 1.0),
    "pixel reliability": ("i1", -1, (0, 4), 1.0),
}
TRHR = (90.0, 37.0, 94.0, 34.0)
"""West, north, east, south of the window that the tests use."""


def packed(degrees: float) -> float:
    """Degrees in the packed form DDDMMMSSS.SS of HDF-EOS."""
    sign, size = (-1.0 if degrees < 0 else 1.0), abs(degrees)
    minutes = (size - int(size)) * 60
    return sign * (int(size) * 1e6 + int(minutes) * 1e3 + (minutes - int(minutes)) * 60)


def structure(rows: int, columns: int, corners: tuple[float, float, float, float], name: str) -> str:
    """StructMetadata.0 of a grid with these corners (west, north, east, south)."""
    west, north, east, south = (packed(value) for value in corners)
    return (
        "GROUP=SwathStructure\nEND_GROUP=SwathStructure\nGROUP=GridStructure\n\tGROUP=GRID_1\n"
        f'\t\tGridName="{name}"\n\t\tXDim={columns}\n\t\tYDim={rows}\n'
        f"\t\tUpperLeftPointMtrs=({west:.6f},{north:.6f})\n\t\tLowerRightMtrs=({east:.6f},{south:.6f})\n"
        "\t\tProjection=GCTP_GEO\n\tEND_GROUP=GRID_1\nEND_GROUP=GridStructure\nEND\n"
    )


def core_metadata(date: str) -> str:
    """The part of CoreMetadata.0 that tells the first day."""
    return (
        "GROUP = INVENTORYMETADATA\n  GROUP = RANGEDATETIME\n    OBJECT = RANGEBEGINNINGDATE\n      NUM_VAL "
        "= 1\n"
        f'      VALUE = "{date}"\n    END_OBJECT = RANGEBEGINNINGDATE\n  END_GROUP = RANGEDATETIME\n'
        "END_GROUP = INVENTORYMETADATA\nEND\n"
    )


def stored_layers(rows: int, columns: int, seed: int) -> dict[str, NDArray[Any]]:
    """Numbers of all 13 layers as a file stores them; one cell is fill, reliability runs through codes."""
    rng = np.random.default_rng(seed)
    layers: dict[str, NDArray[Any]] = {}
    for name, (kind, fill, (low, high), _) in LAYERS.items():
        values = rng.integers(low, high, (rows, columns), endpoint=True).astype(kind)
        if name in ("NDVI", "EVI"):
            values[0, 0] = fill
        layers[name] = values
    layers["pixel reliability"][...] = np.arange(rows * columns).reshape(rows, columns) % 5
    return layers


def write_mod13c1(
    folder: Path,
    day: str = "2001145",
    *,
    shape: tuple[int, int] = (60, 80),
    corners: tuple[float, float, float, float] = TRHR,
    seed: int = 1,
    scale: float = 10000.0,
    layers: dict[str, NDArray[Any]] | None = None,
    metadata: bool = True,
    core_date: str | None = None,
    kept: tuple[str, ...] = tuple(LAYERS),
) -> Path:
    """Path of a granule; ``scale`` is stored with NDVI and EVI."""
    from pyhdf.SD import SD, SDC

    types = {"i1": SDC.INT8, "u1": SDC.UINT8, "i2": SDC.INT16, "u2": SDC.UINT16}
    path = folder / f"MOD13C1.A{day}.061.2020071000000.hdf"
    rows, columns = shape
    stored = stored_layers(rows, columns, seed) if layers is None else layers
    file = SD(str(path), SDC.WRITE | SDC.CREATE | SDC.TRUNC)
    for name in kept:
        kind, fill, valid, usual = LAYERS[name]
        data = file.create(PREFIX + name, types[kind], shape)
        data.setcompress(SDC.COMP_DEFLATE, 1)
        data.attr("long_name").set(SDC.CHAR, PREFIX + name)
        data.attr("units").set(SDC.CHAR, "NDVI" if name == "NDVI" else "unknown")
        data.attr("valid_range").set(types[kind], list(valid))
        data.attr("_FillValue").set(types[kind], fill)
        data.attr("scale_factor").set(SDC.FLOAT64, scale if name in ("NDVI", "EVI") else usual)
        data.attr("scale_factor_err").set(SDC.FLOAT64, 0.0)
        data.attr("add_offset").set(SDC.FLOAT64, 0.0)
        data.attr("add_offset_err").set(SDC.FLOAT64, 0.0)
        data.attr("calibrated_nt").set(SDC.INT32, 5)
        data[:] = stored[name]
        data.endaccess()
    file.attr("HDFEOSVersion").set(SDC.CHAR, "HDFEOS_V2.19")
    if metadata:
        file.attr("StructMetadata.0").set(
            SDC.CHAR, structure(rows, columns, corners, "MODIS_Grid_16Day_VI_CMG")
        )
    date = core_date or str(np.datetime64(f"{day[:4]}-01-01") + int(day[4:]) - 1)
    file.attr("CoreMetadata.0").set(SDC.CHAR, core_metadata(date))
    file.attr("ArchiveMetadata.0").set(
        SDC.CHAR, "GROUP = ARCHIVEDMETADATA\nEND_GROUP = ARCHIVEDMETADATA\nEND\n"
    )
    file.end()
    return path
