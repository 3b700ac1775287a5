"""Vegetation indices of VIIRS on the 0.05 degree grid (VNP13C1, VJ113C1; HDF-EOS5): what follows MOD13C1.

Layers lie in the group ``HDFEOS/GRIDS/VIIRS_Grid_16Day_VI_CMG/Data Fields`` without coordinates, so plain
xarray opens the file as if it were empty. Names and meaning are those of ``open_mod13c1``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headwater.errors import InputRefused
from headwater.grids.open_layers import LayersEntrypoint
from headwater.grids.open_vegetation_index import Layer, meaning, plain_name

INDEX_RANGE = (-1.0, 1.0)
"""Valid range of the indices of VIIRS."""
GRIDS = "HDFEOS/GRIDS"
METADATA = ("HDFEOS INFORMATION/StructMetadata.0", "StructMetadata.0")


class Vnp13C1Entrypoint(LayersEntrypoint):
    """Engine ``vnp13c1``."""

    description = "Vegetation indices of VIIRS on the 0.05 degree grid (HDF-EOS5, through h5py)"
    url = "https://lpdaac.usgs.gov/products/vnp13c1v002/"
    title = "VNP13C1"
    without_layers = f"no layer below {GRIDS}"

    def guess_can_open(self, filename_or_obj: Any) -> bool:
        """True for a file that is named like the product."""
        try:
            return Path(filename_or_obj).name.upper().startswith(("VNP13C1", "VJ113C1", "VJ213C1"))
        except TypeError:
            return False

    def read_layers(self, path: Path) -> tuple[dict[str, Layer], str, str]:
        """Layers by plain name, the text of the structure, and that of the beginning."""
        return read_layers(path)

    def read_window(self, layer: Layer, key: tuple[int | slice, ...]) -> NDArray[Any]:
        """Part of a layer, as stored."""
        import h5py

        try:
            with h5py.File(layer.path, "r") as file:
                return np.asarray(file[layer.stored_name][key])
        except OSError as error:
            raise InputRefused(
                f"{layer.path}, layer {layer.stored_name!r}: cannot be read ({error}); the file is damaged "
                "or cut short: download it again"
            ) from error

    def chunks(self, layer: Layer) -> tuple[int, int]:
        """Rows and columns of a chunk of HDF5; the whole layer where it has none."""
        rows, columns = layer.attributes.get("chunks", layer.shape)
        return rows, columns


def is_vnp13c1(path: Path) -> bool:
    """True for an HDF5 file with the grid of this product in it; False also where it cannot be opened."""
    import h5py

    try:
        with h5py.File(path, "r") as file:
            return any("VI_CMG" in name for name in file.get(GRIDS, ()))
    except OSError:
        return False


def read_layers(path: Path) -> tuple[dict[str, Layer], str, str]:
    """Layers by plain name, the text of the structure, and that of the beginning in CoreMetadata's form."""
    import h5py

    layers: dict[str, Layer] = {}
    with h5py.File(path, "r") as file:
        for grid in file.get(GRIDS, {}).values():
            for name, data in grid.get("Data Fields", {}).items():
                if getattr(data, "ndim", 0) == 2:
                    layers[plain_name(name)] = _layer(path, data)
        structure = next((_text(file[key][()]) for key in METADATA if key in file), "")
        begin = _text(file.attrs.get("RangeBeginningDate", ""))
    return layers, structure, f'RANGEBEGINNINGDATE VALUE = "{begin}"' if begin else ""


def _layer(path: Path, data: Any) -> Layer:
    attributes = {key: _number(value) for key, value in data.attrs.items()}
    stored = Layer(str(path), data.name.rpartition("/")[2], data.shape, data.dtype.str, attributes)
    told = meaning(stored, index_range=INDEX_RANGE)
    chunks = {"chunks": data.chunks} if data.chunks else {}
    return Layer(str(path), data.name, data.shape, data.dtype.str, {**told.attributes, **chunks}, told.limits)


def _number(value: Any) -> Any:
    """An attribute as HDF5 gives it: arrays of one become a number, bytes become text."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value.reshape(-1)[0] if isinstance(value, np.ndarray) and value.size == 1 else value


def _text(value: Any) -> str:
    value = _number(np.asarray(value)) if isinstance(value, np.ndarray | np.bytes_) else value
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
