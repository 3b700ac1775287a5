"""MOD13C1 at full size: the engine beside bare pyhdf, and a window of the Three Rivers headwaters.

Times are the best of several runs; ratios hold on a loaded machine too.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import xarray as xr

from tests.grids.make_mod13c1 import PREFIX, write_mod13c1

REGION = (89.4, 31.5, 102.1, 36.2)
RUNS = 5


def best(work: Callable[[], object]) -> float:
    """Seconds of the fastest of several runs."""
    times = []
    for _ in range(RUNS):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return min(times)


def bare(path: Path) -> np.ndarray:
    """NDVI by hand: read, scale, mark missing."""
    from pyhdf.SD import SD

    file = SD(str(path))
    stored = file.select(PREFIX + "NDVI").get()
    file.end()
    values = stored.astype(np.float32) * np.float32(1e-4)
    values[stored == -3000] = np.nan
    return values


def main() -> dict[str, float]:
    """Prints seconds and ratios; returns them."""
    from headwater.grids import open_grid

    rng = np.random.default_rng(1)
    smooth = rng.integers(-2000, 10000, (360, 720)).repeat(10, 0).repeat(10, 1)
    layers = {
        "NDVI": (smooth + rng.integers(-50, 50, smooth.shape)).clip(-2000, 10000).astype("i2"),
        "pixel reliability": rng.integers(0, 5, smooth.shape).astype("i1"),
    }
    with tempfile.TemporaryDirectory() as folder:
        path = write_mod13c1(
            Path(folder), shape=smooth.shape, corners=(-180, 90, 180, -90), layers=layers, metadata=False,
            kept=tuple(layers),
        )  # fmt: skip

        def engine() -> np.ndarray:
            with xr.open_dataset(path, engine="mod13c1") as dataset:
                return dataset.ndvi.values

        def window() -> np.ndarray:
            return open_grid(path, "ndvi", region=REGION, check=False).values

        def whole() -> np.ndarray:
            return open_grid(path, "ndvi", check=False).values

        assert np.allclose(engine()[0], bare(path), rtol=0, atol=1e-6, equal_nan=True)
        seconds = {f.__name__: best(f) for f in (engine, window, whole)} | {"bare": best(lambda: bare(path))}
    values = {f"{name}_s": round(value, 3) for name, value in seconds.items()}
    values |= {
        f"{name}_over_bare": round(seconds[name] / seconds["bare"], 2)
        for name in ("engine", "window", "whole")
    }
    print(values)
    return values
