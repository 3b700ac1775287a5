"""Correlation over the pixels of two maps, weighted by area, at each time or for each month's mean map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from headwater.drivers.blocks import KERNELS, Found
from headwater.drivers.label_maps import Maps
from headwater.drivers.rule import CorrelationRule
from headwater.drivers.steps import pair_steps
from headwater.errors import InputRefused, SettingsRefused
from headwater.machine_code import load
from headwater.stats import effective_n_lags

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]


def correlate_patterns(
    soils: Mapping[str, xr.DataArray],
    drivers: Mapping[str, xr.DataArray],
    covariates: Sequence[xr.DataArray],
    *,
    by: Literal["month"] | None,
    lag: int,
    rule: CorrelationRule,
) -> tuple[Maps, list[Any]]:
    """What was found for each pair of variables and each time (or month), and the times (or months).

    Raises
    ------
    SettingsRefused
        Options that speak of the series of a pixel.
    InputRefused
        No latitude and longitude.
    """
    if rule.deseasonalise or rule.detrend:
        raise SettingsRefused("mode pattern with deseasonalise or detrend: those belong to series over time.")
    first = next(iter(soils.values()))
    if tuple(first.dims[1:]) != ("latitude", "longitude"):
        raise InputRefused(
            f"mode pattern needs maps (time, latitude, longitude); dims are {first.dims}. Use mode temporal."
        )
    area = np.cos(np.deg2rad(np.asarray(first["latitude"].values, float)))
    weights = np.repeat(np.maximum(area, 0.0)[:, None], first.sizes["longitude"], axis=1)
    pairs = pair_steps(first["time"].values, lag=lag, by=by)
    if by is None:
        labels = list(first["time"].values[pairs[0].rows_a])
        rows = [(np.array([k]), np.array([m])) for k, m in zip(pairs[0].rows_a, pairs[0].rows_b, strict=True)]
    else:
        labels = [part.label for part in pairs]
        rows = [(part.rows_a, part.rows_b) for part in pairs]
    maps: Maps = {(x, y): [] for x in soils for y in drivers}
    for rows_a, rows_b in rows:
        mine = {name: _mean_map(grid, rows_a) for name, grid in soils.items()}
        yours = {name: _mean_map(grid, rows_b) for name, grid in drivers.items()}
        others = [_mean_map(grid, rows_a) for grid in covariates]
        for x, y in maps:
            maps[x, y].append(correlate_maps(mine[x], yours[y], weights, rule, given=others))
    return maps, labels


def _mean_map(grid: xr.DataArray, rows: NDArray[np.int64]) -> Array:
    """Mean over some times of the values that are there; infinite ones stay, to be counted."""
    values = np.asarray(grid.isel(time=rows).values, np.float64)
    if len(rows) == 1:
        return values[0]
    there = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        total = np.where(there, values, 0.0).sum(axis=0) / np.maximum(there.sum(axis=0), 1)
    return np.where(there.any(axis=0), total, np.nan)


def correlate_maps(
    a: Array, b: Array, weights: Array, rule: CorrelationRule, *, given: Sequence[Array] = ()
) -> Found:
    """Weighted correlation of two maps and the effective number of independent pixels.

    Parameters
    ----------
    a, b, weights : shape (latitude, longitude); NaN and ±inf of a, b are missing
    given : covariates held constant, the same shape

    Returns
    -------
    ``r, n, n_eff, p, n_infinite``, shape (1,) each. n_eff is that of Clifford, Richardson & Hémon 1989
    (``stats.effective_n_lags``); with ``rule.n_eff=False`` the number of pixels that equal areas would make
    """
    stacked = np.stack([a, b, *given])
    total = np.abs(stacked).sum(axis=0)
    valid, infinite = np.isfinite(total), int(np.isinf(total).sum())
    n, w = int(valid.sum()), weights[valid]
    found = {"r": np.nan, "n_eff": np.nan, "p": np.nan}
    if n >= rule.least and (residuals := _residuals(stacked[:, valid], w, rule.method)) is not None:
        x, y = residuals
        found["r"] = float(np.clip(np.sum(w * x * y) / np.sqrt(np.sum(w * x * x) * np.sum(w * y * y)), -1, 1))
        if rule.n_eff is False:
            found["n_eff"] = float(w.sum() ** 2 / np.sum(w**2))
        else:
            field = np.full((2, *a.shape), np.nan)
            field[:, valid] = residuals
            found["n_eff"] = effective_n_lags(field[0], field[1], weights=weights)
    out: Found = {name: np.array([value]) for name, value in found.items()}
    load(KERNELS)[1].p_values(0, 1, out["r"], out["n_eff"], float(rule.lost(len(given))), out["p"])
    return {**out, "n": np.array([n], np.int32), "n_infinite": np.array([infinite], np.int32)}


def _residuals(values: Array, w: Array, method: str) -> tuple[Array, Array] | None:
    """Both variables (pixels,) without mean and covariates, by least squares; None if nothing is left."""
    if method == "spearman":
        from scipy.stats import rankdata

        values = rankdata(values, axis=1)
    centred = values - np.average(values, axis=1, weights=w)[:, None]
    constant = np.ptp(values, axis=1) == 0
    if constant.any():
        return None
    x, y, *z = centred
    if z:
        root = np.sqrt(w)
        columns = np.array(z).T / np.std(z, axis=1)
        held, _, rank, _ = np.linalg.lstsq(
            columns * root[:, None], np.array([x, y]).T * root[:, None], rcond=1e-5
        )
        left = np.array([x, y]) - (columns @ held).T
        if rank < len(z) or np.any(np.sum(left**2, axis=1) <= 1e-10 * np.sum(np.array([x, y]) ** 2, axis=1)):
            return None
        x, y = left
    return x, y
