"""Vegetation indices of MODIS on the 0.05 degree grid (MOD13C1, MYD13C1; HDF4-EOS) as an engine of xarray.

``xarray.open_dataset(path, engine="mod13c1")`` needs nothing but pyhdf, whose wheel brings the HDF4 library.
Windows are read when they are asked for. Names, types, fills and bits: LP DAAC's file specification of
MOD13C1 version 6.1 and the MODIS Vegetation Index User's Guide (Didan and Munoz 2019, tables 5 and 8).
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headwater.errors import InputRefused
from headwater.grids.open_layers import LayersEntrypoint
from headwater.grids.open_vegetation_index import Layer, meaning, plain_name

MAGIC = b"\x0e\x03\x13\x01"
"""First four bytes of every HDF4 file."""
INDEX_RANGE = (-0.2, 1.0)
"""Valid range of NDVI and EVI of MODIS."""
LOCK = threading.Lock()
"""The HDF4 library must not be entered by two threads at a time."""


class Mod13C1Entrypoint(LayersEntrypoint):
    """Engine ``mod13c1``."""

    description = "Vegetation indices of MODIS on the 0.05 degree grid (HDF4-EOS, through pyhdf)"
    url = "https://lpdaac.usgs.gov/products/mod13c1v061/"
    title = "MOD13C1"
    without_layers = "no layer of MOD13C1 in it"

    def guess_can_open(self, filename_or_obj: Any) -> bool:
        """True for a file that is named like the product and is HDF4."""
        try:
            path = Path(filename_or_obj)
            with path.open("rb") as file:
                return path.name.upper().startswith(("MOD13C1", "MYD13C1")) and file.read(4) == MAGIC
        except (TypeError, OSError):
            return False

    def read_layers(self, path: Path) -> tuple[dict[str, Layer], str, str]:
        """Layers by plain name, the text of the structure, and the core metadata."""
        layers, attributes = read_layers(path)
        return layers, attributes.get("StructMetadata.0", ""), attributes.get("CoreMetadata.0", "")

    def read_window(self, layer: Layer, key: tuple[int | slice, ...]) -> NDArray[Any]:
        """Part of a layer, as stored."""
        rows, columns = (_span(part, size) for part, size in zip(key, layer.shape, strict=True))
        picks = tuple(0 if isinstance(part, int | np.integer) else slice(None) for part in key)
        return np.asarray(read_window(layer, rows, columns)[picks])

    def chunks(self, layer: Layer) -> tuple[int, int]:
        """A layer is packed whole."""
        return layer.shape


def read_layers(path: Path) -> tuple[dict[str, Layer], dict[str, Any]]:
    """Layers of a file by plain name, and the attributes of the file."""
    layers = {}
    with LOCK:
        file = _open(path)
        try:
            attributes = dict(file.attributes())
            for sds, (_, shape, _, _) in file.datasets().items():
                if len(shape) == 2:
                    layers[plain_name(sds)] = _layer(file, path, sds)
        finally:
            file.end()
    return layers, attributes


def read_window(layer: Layer, rows: range, columns: range) -> NDArray[Any]:
    """Stored numbers of a window, shape (rows, columns), with the steps of the two ranges.

    Raises
    ------
    InputRefused : the file ends before the window does
    """
    from pyhdf.error import HDF4Error

    if len(rows) == 0 or len(columns) == 0:  # the library would write past its buffer
        return np.empty((len(rows), len(columns)), layer.dtype)
    with LOCK:
        file = _open(Path(layer.path))
        try:
            data = file.select(layer.stored_name)
            window = data.get(
                start=(rows.start, columns.start),
                count=(len(rows), len(columns)),
                stride=(rows.step, columns.step),
            )
            data.endaccess()
        except HDF4Error as error:
            raise InputRefused(_cut_short(Path(layer.path), layer.stored_name, error)) from error
        finally:
            file.end()
    return np.asarray(window).astype(layer.dtype, copy=False).reshape(len(rows), len(columns))


def _open(path: Path) -> Any:
    from pyhdf.error import HDF4Error
    from pyhdf.SD import SD, SDC

    if not path.is_file():
        raise InputRefused(f"{path}: no such file")
    try:
        return SD(str(path), SDC.READ)
    except HDF4Error as error:
        with path.open("rb") as file:
            start = file.read(4)
        if start != MAGIC:
            raise InputRefused(
                f"{path.name}: not HDF4 (first bytes {start!r}); MOD13C1 granules are HDF4: download it "
                "again, "
                "an error page may have been saved in its place"
            ) from error
        raise InputRefused(_cut_short(path, "its index", error)) from error


def _cut_short(path: Path, what: str, error: Exception) -> str:
    return (
        f"{path.name}: {what} cannot be read ({error}); the file is {path.stat().st_size:,} bytes and "
        "probably cut "
        "short: compare its size with the archive's and download it again"
    )


def _layer(file: Any, path: Path, sds: str) -> Layer:
    from pyhdf.SD import SDC

    types = {
        SDC.INT8: "i1", SDC.UINT8: "u1", SDC.INT16: "i2", SDC.UINT16: "u2", SDC.INT32: "i4",
        SDC.UINT32: "u4", SDC.FLOAT32: "f4", SDC.FLOAT64: "f8",
    }  # fmt: skip
    data = file.select(sds)
    _, _, shape, kind, _ = data.info()
    layer = Layer(str(path), sds, (int(shape[0]), int(shape[1])), types[kind], data.attributes())
    data.endaccess()
    return meaning(layer, index_range=INDEX_RANGE)


def _span(part: int | slice, size: int) -> range:
    """The places that an index picks, with a positive step."""
    if isinstance(part, slice):
        return range(*part.indices(size))
    return range(int(part), int(part) + 1)
