"""The labelled result of many correlations: adjusted map by map, with counts of what has no answer."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from headwater.drivers.blocks import Found, adjust
from headwater.errors import InputRefused
from headwater.stats.adjust import FdrRule

if TYPE_CHECKING:
    import xarray as xr

Maps = dict[tuple[str, str], list[Found]]
"""What was found for each pair of variables: one dict of (pixels,) for each label (month, time, or one in
all)."""

MEANING = {
    "r": "correlation",
    "n": "number of valid pairs",
    "n_eff": "effective number of independent pairs",
    "p": "two-sided p value of one correlation alone",
    "p_adjusted": "p value adjusted for the number of correlations",
    "significant": "true where the adjusted p value is small enough",
}


def label_maps(
    maps: Maps,
    labels: Sequence[Any],
    *,
    dim: str | None,
    shape: tuple[str, ...],
    like: xr.DataArray,
    least: int,
    fdr: FdrRule,
    alpha: float,
) -> xr.Dataset:
    """Dataset with dims (soil, driver, [``dim``,] ``shape``…).

    Parameters
    ----------
    maps : for each pair of variables as many as there are ``labels``
    dim : "month", "time", or None where there is one map a pair
    shape : dimensions of space; without any, the values along ``dim`` are adjusted as one family
    like : where the coordinates of space come from
    least : fewest valid pairs

    Raises
    ------
    InputRefused
        A pair of variables has no value in common.
    """
    import xarray as xr

    counts = _counts(maps, labels, least)
    adjusted = [part for found in maps.values() for part in _adjusted(found, bool(shape), fdr, alpha)]
    soils, drivers = (list(dict.fromkeys(key[side] for key in maps)) for side in (0, 1))
    dims = ("soil", "driver", *([dim] if dim else ()), *shape)
    lengths = (
        len(soils),
        len(drivers),
        *([len(labels)] if dim else ()),
        *(like.sizes[name] for name in shape),
    )
    data = {}
    for name, meaning in MEANING.items():
        stacked = np.stack([part[name] for part in adjusted]).reshape(lengths)
        told = {"long_name": meaning} if name == "significant" else {"long_name": meaning, "units": "1"}
        data[name] = (dims, stacked, told)
    coords: dict[Hashable, Any] = {
        name: coord for name, coord in like.coords.items() if set(coord.dims) <= set(shape)
    }
    if dim:
        coords[dim] = (dim, np.array(labels))
    result = xr.Dataset(data, coords={**coords, "soil": soils, "driver": drivers})
    return result.assign_attrs(
        variables_a=", ".join(soils), variables_b=", ".join(drivers),
        adjusted_over="all series of a map" if shape else f"all values along {dim}", **counts,
    )  # fmt: skip


def _adjusted(found: Sequence[Found], spatial: bool, fdr: FdrRule, alpha: float) -> list[Found]:
    if spatial:
        return [adjust(part, fdr=fdr, alpha=alpha) for part in found]
    row = {name: np.concatenate([np.atleast_1d(part[name]) for part in found]) for name in found[0]}
    return [adjust(row, fdr=fdr, alpha=alpha)]


def _counts(maps: Maps, labels: Sequence[Any], least: int) -> dict[str, Any]:
    """How many correlations were asked for, and how many have no answer for which reason."""
    told = {
        "correlations": 0,
        "too_few_pairs": 0,
        "constant": 0,
        "no_degrees_of_freedom": 0,
        "infinite_left_out": 0,
    }
    empty: dict[Any, None] = {}
    for (x, y), found in maps.items():
        if not any(np.any(part["n"]) for part in found):
            raise InputRefused(
                f"{x} and {y} have no place and time with a value in both. Check fill values, masks and "
                "the area that they cover."
            )
        for label, part in zip(labels, found, strict=True):
            short, none = part["n"] < least, np.isnan(part["r"])
            told["correlations"] += none.size
            told["too_few_pairs"] += int(np.sum(short))
            told["constant"] += int(np.sum(none & ~short))
            told["no_degrees_of_freedom"] += int(np.sum(~none & np.isnan(part["p"])))
            told["infinite_left_out"] += int(np.sum(part["n_infinite"]))
            if not np.any(part["n"]):
                empty[label] = None
    return {**told, "without_data": ", ".join(map(str, empty)) or "none"}
