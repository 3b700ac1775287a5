"""Correlation of grids that are larger than the memory cap: in blocks of space, resumable, same numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from headwater.cli.drivers_open import Opened
from headwater.cli.drivers_settings import DriversSettings
from headwater.cli.show import Progress
from headwater.drivers.blocks import adjust, correlate_many
from headwater.drivers.label_maps import MEANING
from headwater.drivers.rule import CorrelationRule
from headwater.drivers.steps import StepPairs, pair_steps

if TYPE_CHECKING:
    import xarray as xr

BLOCKS, ADJUSTED = "blocks.zarr", "adjusted.zarr"
LAYERS = ("r", "n", "n_eff", "p", "n_infinite")
Place = tuple[int, int, int]
"""Numbers of soil moisture, driver and month."""


@dataclass(frozen=True)
class CorrelateBlock:
    """Every pair of variables and every month of one block, a result (row, column) for each layer."""

    soils: tuple[str, ...]
    drivers: tuple[str, ...]
    covariates: tuple[str, ...]
    pairs: tuple[StepPairs, ...]
    rule: CorrelationRule

    def __call__(self, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Arrays (time, row, column) by the names of :func:`inputs_of` in, layers of all maps out."""
        flat = {name: np.ascontiguousarray(x.reshape(len(x), -1)) for name, x in arrays.items()}
        size = next(iter(arrays.values())).shape[1:]
        a = {name: flat[f"soil {name}"] for name in self.soils}
        b = {name: flat[f"driver {name}"] for name in self.drivers}
        given = [flat[name] for name in self.covariates]
        made = {}
        for month, pairs in enumerate(self.pairs):
            for (x, y), found in correlate_many(a, b, pairs, self.rule, given=given).items():
                place = (self.soils.index(x), self.drivers.index(y), month)
                for layer in LAYERS:
                    made[array_name(layer, place)] = found[layer].reshape(size)
        return made


def array_name(layer: str, place: Place) -> str:
    """Name of one layer of one map in the store."""
    return f"{layer}-{'-'.join(map(str, place))}"


def correlate_in_blocks(
    opened: Opened, settings: DriversSettings, folder: Path, attributes: Mapping[str, Any], progress: Progress
) -> xr.Dataset:
    """What ``correlate`` gives, read from a store map by map; the work of an interrupted run is taken up.

    p values are adjusted when all blocks are there, over all pixels of a map at a time, as in memory.
    """
    import zarr

    from headwater.grids.write_blocks import run_blocks

    first = next(iter(opened.soils.values()))
    pairs = pair_steps(
        first["time"].to_numpy(), lag=settings.lag, by=None if settings.by == "none" else "month",
        window=settings.window,
    )  # fmt: skip
    rule = CorrelationRule(
        settings.method, False if settings.n_eff == "off" else settings.n_eff, settings.least,
        settings.deseasonalise, settings.detrend,
    )  # fmt: skip
    inputs = inputs_of(opened)
    held = tuple(name for name in inputs if name.startswith("given "))
    compute = CorrelateBlock(tuple(opened.soils), tuple(opened.drivers), held, tuple(pairs), rule)
    told = {"rule": asdict(rule), "lag": settings.lag, "by": settings.by, "window": settings.window}
    store = run_blocks(
        inputs, compute, folder / BLOCKS, memory=settings.memory_bytes, progress=progress,
        fingerprint=json.dumps(told | {"soil": compute.soils, "with": compute.drivers}, default=str),
    )  # fmt: skip
    labels = [part.label for part in pairs]
    shape = (len(compute.soils), len(compute.drivers), len(labels))
    adjusted = _adjust(store, shape, settings, folder / ADJUSTED, progress)
    arrays = dict(zarr.open_group(folder / BLOCKS, mode="r").arrays()) | adjusted
    return _assemble(arrays, compute, labels, first, attributes)


def inputs_of(opened: Opened) -> dict[str, xr.DataArray]:
    """Grids by role and name."""
    return {
        **{f"soil {name}": grid for name, grid in opened.soils.items()},
        **{f"driver {name}": grid for name, grid in opened.drivers.items()},
        **{f"given {number}": grid for number, grid in enumerate(opened.covariates)},
    }


def _adjust(
    store: xr.Dataset, shape: Place, settings: DriversSettings, path: Path, progress: Progress
) -> dict[str, Any]:
    """Adjusted p and mask of every map, one map in memory at a time."""
    import zarr

    group = zarr.open_group(path, mode="w", zarr_format=3)
    places = list(np.ndindex(*shape))
    for done, place in enumerate(places):
        progress("correcting for the number of pixels", done, len(places))
        p = store[array_name("p", place)].to_numpy()
        found = adjust({"p": p.ravel()}, fdr=settings.fdr, alpha=settings.alpha)
        for layer in ("p_adjusted", "significant"):
            values = found[layer].reshape(p.shape)
            array = group.create_array(array_name(layer, place), shape=p.shape, dtype=values.dtype)
            array[...] = values
    return dict(group.arrays())


def _assemble(
    arrays: Mapping[str, Any],
    compute: CorrelateBlock,
    labels: Sequence[Any],
    like: xr.DataArray,
    attributes: Mapping[str, Any],
) -> xr.Dataset:
    """Dataset (soil, driver, [month or time,] latitude, longitude) that reads one map at a time."""
    import dask.array as da
    import xarray as xr

    shape = (len(compute.soils), len(compute.drivers), len(labels))
    dim = "time" if isinstance(labels[0], np.datetime64) else "month"

    def layer(name: str) -> Any:
        maps = [
            da.from_array(arrays[array_name(name, at)], chunks=-1, name=False) for at in np.ndindex(*shape)
        ]
        stacked = da.stack(maps)
        return stacked.reshape((*shape, *maps[0].shape))

    dims = ("soil", "driver", dim, "latitude", "longitude")
    data = {name: (dims, layer(name), {"long_name": meaning}) for name, meaning in MEANING.items()}
    coords = {
        "soil": list(compute.soils), "driver": list(compute.drivers),
        dim: np.array([0 if label is None else label for label in labels]),
        "latitude": like["latitude"], "longitude": like["longitude"],
    }  # fmt: skip
    return xr.Dataset(data, coords, dict(attributes))
