"""Small grids of red noise for the tests of correlation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr
from scipy.signal import lfilter


def red_noise(rng: np.random.Generator, rho: float, steps: int, series: int) -> np.ndarray:
    """First-order autoregressive series (steps, series) of variance near 1/(1 - rho²), float32."""
    return lfilter([1], [1, -rho], rng.standard_normal((steps + 60, series)), axis=0)[60:].astype(np.float32)


def grid(values: np.ndarray, name: str, *, shape: tuple[int, int], start: str = "1990-01-01") -> xr.DataArray:
    """Monthly grid (time, latitude, longitude) of values (steps, pixels)."""
    steps = values.shape[0]
    coords = {
        "time": pd.date_range(start, periods=steps, freq="MS").values.astype("datetime64[ns]"),
        "latitude": 31.0 + 0.5 * np.arange(shape[0]),
        "longitude": 90.0 + 0.5 * np.arange(shape[1]),
    }
    return xr.DataArray(values.reshape(steps, *shape), coords=coords, dims=list(coords), name=name)


def punched(rng: np.random.Generator, values: np.ndarray, share: float) -> np.ndarray:
    """Values with a share of them missing."""
    return np.where(rng.random(values.shape) < share, np.float32(np.nan), values)
