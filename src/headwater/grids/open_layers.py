"""A granule of the 0.05 degree grid as a data set of xarray: what both products have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, ClassVar

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
)

Window = Callable[[Layer, tuple[int | slice, ...]], NDArray[Any]]


class LayersEntrypoint(BackendEntrypoint):
    """One file, all its layers, lazily, with the meaning of CF attributes restored.

    A product says its ``title``, what to tell where there is no layer, and how its files are read.
    """

    title: ClassVar[str]
    without_layers: ClassVar[str]
    open_dataset_parameters = ("filename_or_obj", "drop_variables", "mask_and_scale")
    supports_groups = False

    def read_layers(self, path: Path) -> tuple[dict[str, Layer], str, str]:
        """Layers by plain name, the text of the structure, and the text that holds the date."""
        raise NotImplementedError

    def read_window(self, layer: Layer, key: tuple[int | slice, ...]) -> NDArray[Any]:
        """Part of a layer, as stored; ``key`` picks rows and columns with positive steps."""
        raise NotImplementedError

    def chunks(self, layer: Layer) -> tuple[int, int]:
        """Rows and columns that are packed together in the file."""
        raise NotImplementedError

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
        InputRefused : not of this product, cut short, no place or date, or a scale that gives no NDVI
        """
        path = Path(filename_or_obj).absolute()
        dropped = {drop_variables} if isinstance(drop_variables, str) else set(drop_variables or ())
        layers, structure, date = self.read_layers(path)
        kept = {name: layer for name, layer in layers.items() if name not in dropped}
        if not kept:
            raise InputRefused(f"{path.name}: {self.without_layers}; give a granule as LP DAAC delivers it")
        rows, columns = next(iter(kept.values())).shape
        coordinates = cmg_coordinates(rows, columns, structure, path.name)
        coordinates["time"] = ("time", [composite_start(path.name, date)])
        variables = {name: self._variable(layer) for name, layer in kept.items()}
        dataset = xr.Dataset(variables, coordinates, {"source": path.name, "title": self.title})
        decoded = xr.decode_cf(dataset, mask_and_scale=mask_and_scale, decode_times=False)
        decoded.encoding["source"] = str(path)
        for variable in decoded.variables.values():
            variable.encoding.setdefault("source", str(path))
        return decoded

    def _variable(self, layer: Layer) -> xr.Variable:
        rows, columns = self.chunks(layer)
        encoding = {"preferred_chunks": {"time": 1, "latitude": rows, "longitude": columns}}
        data = indexing.LazilyIndexedArray(LayerArray(layer, self.read_window))
        attributes = {name: value for name, value in layer.attributes.items() if name != "chunks"}
        return xr.Variable(DIMS, data, attributes, encoding)


class LayerArray(BackendArray):
    """A layer as ``(1, row, column)``; every read opens the file, reads the window and closes it again.

    So there is no handle to leak, to share between threads or to send to another process.
    """

    def __init__(self, layer: Layer, read: Window) -> None:
        self.layer, self.read = layer, read
        self.shape = (1, *layer.shape)
        self.dtype = np.dtype(layer.dtype)

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.BASIC, self._read)

    def _read(self, key: tuple[int | slice, ...]) -> NDArray[Any]:
        window = self.read(self.layer, key[1:])
        check_index(self.layer, window)
        return window[np.newaxis][key[0]]
