"""Vegetation indices of VIIRS on the 0.05 degree grid (VNP13C1, VJ113C1; HDF-EOS5): what follows MOD13C1.

Layers lie in the group ``HDFEOS/GRIDS/VIIRS_Grid_16Day_VI_CMG/Data Fields`` without coordinates, so plain
xarray opens the file as if it were empty. Names and meaning are those of ``open_mod13c1``.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from xarray.backends import BackendArray, BackendEntrypoint
from xarray.core import indexing

from headwater.errors import InputRefused
from headwater.grids.open_vegetation_index import (
    DIMS,
    Layer,
    check_index,
    cmg_coordinates,
    composite_start,
    meaning,
    plain_name,
)

INDEX_RANGE = (-1.0, 1.0)
"""Valid range of the indices of VIIRS."""
GRIDS = "HDFEOS/GRIDS"
METADATA = ("HDFEOS INFORMATION/StructMetadata.0", "StructMetadata.0")


class Vnp13C1Entrypoint(BackendEntrypoint):
    """One file, all its layers, lazily; ``xarray.open_dataset(path, engine=Vnp13C1Entrypoint)``."""

    description = "Vegetation indices of VIIRS on the 0.05 degree grid (HDF-EOS5, through h5py)"
    url = "https://lpdaac.usgs.gov/products/vnp13c1v002/"
    open_dataset_parameters = ("filename_or_obj", "drop_variables", "mask_and_scale")
    supports_groups = False

    def guess_can_open(self, filename_or_obj: Any) -> bool:
        """True for a file that is named like the product."""
        try:
            return Path(filename_or_obj).name.upper().startswith(("VNP13C1", "VJ113C1", "VJ213C1"))
        except TypeError:
            return False

    def open_dataset(
        self,
        filename_or_obj: Any,
        *,
        drop_variables: str | Iterable[str] | None = None,
        mask_and_scale: bool = True,
    ) -> xr.Dataset:
        """Layers as ``(time, latitude, longitude)`` under plain names (``ndvi``, ``pixel_reliability``, …).

        Raises
        ------
        InputRefused : no layer of this product, no place or date, or a scale that gives no NDVI
        """
        path = Path(filename_or_obj).absolute()
        dropped = {drop_variables} if isinstance(drop_variables, str) else set(drop_variables or ())
        layers, structure, begin = read_layers(path)
        kept = {name: layer for name, layer in layers.items() if name not in dropped}
        if not kept:
            raise InputRefused(f"{path.name}: no layer below {GRIDS}; give a granule as LP DAAC delivers it")
        rows, columns = next(iter(kept.values())).shape
        coordinates = cmg_coordinates(rows, columns, structure, path.name)
        coordinates["time"] = ("time", [composite_start(path.name, begin)])
        variables = {name: _variable(layer) for name, layer in kept.items()}
        dataset = xr.Dataset(variables, coordinates, {"source": path.name, "title": "VNP13C1"})
        decoded = xr.decode_cf(dataset, mask_and_scale=mask_and_scale, decode_times=False)
        decoded.encoding["source"] = str(path)
        return decoded


class LayerArray(BackendArray):
    """A layer as ``(1, row, column)``; every read opens the file, reads the window and closes it again."""

    def __init__(self, layer: Layer) -> None:
        self.layer = layer
        self.shape = (1, *layer.shape)
        self.dtype = np.dtype(layer.dtype)

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.BASIC, self._read)

    def _read(self, key: tuple[int | slice, ...]) -> NDArray[Any]:
        import h5py

        try:
            with h5py.File(self.layer.path, "r") as file:
                window = np.asarray(file[self.layer.stored_name][key[1:]])
        except OSError as error:
            raise InputRefused(
                f"{self.layer.path}, layer {self.layer.stored_name!r}: cannot be read ({error}); the file "
                "is damaged or "
                "cut short: download it again"
            ) from error
        check_index(self.layer, window)
        return window[np.newaxis][key[0]]


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


def _variable(layer: Layer) -> xr.Variable:
    attributes = dict(layer.attributes)
    rows, columns = attributes.pop("chunks", layer.shape)
    encoding = {"preferred_chunks": {"time": 1, "latitude": rows, "longitude": columns}}
    return xr.Variable(DIMS, indexing.LazilyIndexedArray(LayerArray(layer)), attributes, encoding)


def _number(value: Any) -> Any:
    """An attribute as HDF5 gives it: arrays of one become a number, bytes become text."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value.reshape(-1)[0] if isinstance(value, np.ndarray) and value.size == 1 else value


def _text(value: Any) -> str:
    value = _number(np.asarray(value)) if isinstance(value, np.ndarray | np.bytes_) else value
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
