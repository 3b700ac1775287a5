"""Arrays of a Zarr store as lazy variables, opened anew at every reading."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from xarray.backends import BackendArray
from xarray.core import indexing


class StoredArray(BackendArray):
    """One array of a store."""

    def __init__(self, store: str, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.store, self.name = store, name
        self.shape, self.dtype = shape, dtype

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.BASIC, self._read)

    def _read(self, key: tuple[int | slice, ...]) -> NDArray[Any]:
        import zarr

        return np.asarray(zarr.open_group(self.store, mode="r")[self.name][key])
