"""Correlation of a pair of (460, 720, 1440) float32: all six outputs beside a bare reading of both arrays.

Times are the best of several turns, taken in turn with the bare dot product, so that ratios hold on a busy
machine. Peers that would need minutes or too much memory work on a part of the grid, and their time is
scaled. HEADWATER_BENCH_ROWS (720) makes the grid smaller.
"""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from numba import njit, prange

from headwater.drivers import CorrelationRule, correlate, correlate_blocks, pair_steps

SEED = 1
STEPS, COLUMNS, TURNS = 460, 1440, 5
ROWS = int(os.environ.get("HEADWATER_BENCH_ROWS", "720"))
PART_ROWS, RANKED, LOOP = 96, 32768, 150
Array = np.ndarray


def main() -> dict[str, float]:
    """Prints and returns seconds, ratios and errors."""
    rng = np.random.default_rng(SEED)
    a, b = (red_noise(rng, ROWS) for _ in range(2))
    values = dict(one_pair(a, b, "no NaN"))
    punch(rng, a, b)
    values |= one_pair(a, b, "10 % NaN")
    del a, b
    a, b = (red_noise(rng, min(PART_ROWS, ROWS)) for _ in range(2))
    values |= steps_of_cleverness(a, b)
    values |= peers(a, b)
    a, b = a[:, :RANKED].copy(), b[:, :RANKED].copy()
    values |= options(a, b)
    values |= ranks(a, b, "no NaN")
    punch(rng, a, b)
    return values | ranks(a, b, "10 % NaN")


def red_noise(rng: np.random.Generator, rows: int) -> Array:
    """First-order autoregressive grid (steps, pixels), made in place."""
    grid = np.empty((STEPS, rows * COLUMNS), np.float32)
    rng.standard_normal(out=grid[0], dtype=np.float32)
    for t in range(1, STEPS):
        rng.standard_normal(out=grid[t], dtype=np.float32)
        grid[t] += np.float32(0.6) * grid[t - 1]
    return grid


def punch(rng: np.random.Generator, *grids: Array) -> None:
    """Makes a tenth of all values missing."""
    for grid in grids:
        for row in grid:
            row[rng.random(row.size, dtype=np.float32) < 0.1] = np.nan


def labelled(grid: Array) -> xr.DataArray:
    """The same memory with coordinates."""
    rows = grid.shape[1] // COLUMNS
    coords = {
        "time": pd.date_range("1982-01-01", periods=STEPS, freq="MS").values,
        "latitude": np.linspace(-89.875, 89.875, rows),
        "longitude": np.linspace(-179.875, 179.875, COLUMNS),
    }
    return xr.DataArray(grid.reshape(STEPS, rows, COLUMNS), coords=coords, dims=list(coords))


class Cost(NamedTuple):
    """Seconds by the clock, and of the processor (all threads): the latter hold on a busy machine, too."""

    wall: float
    cpu: float

    def __truediv__(self, other: Cost | float) -> Cost:
        wall, cpu = other if isinstance(other, Cost) else (other, other)
        return Cost(self.wall / wall, self.cpu / cpu)

    def __str__(self) -> str:
        return f"{self.wall:.1f} ({self.cpu:.1f} by processor time)"


def best(functions: dict[str, Callable[[], object]], turns: int = TURNS) -> dict[str, Cost]:
    """Least cost of each function, called in turn."""
    costs = dict.fromkeys(functions, Cost(np.inf, np.inf))
    for function in functions.values():
        function()
    for _ in range(turns):
        for name, function in functions.items():
            wall, cpu = time.perf_counter(), time.process_time()
            function()
            now = Cost(time.perf_counter() - wall, time.process_time() - cpu)
            costs[name] = Cost(*map(min, costs[name], now))
    return costs


@njit(parallel=True, fastmath=True)
def bare_dot(a, b):  # type: ignore[no-untyped-def]
    """Sum of products, float32: the time of reading both arrays once."""
    tasks, total = 64, np.zeros(64)
    for task in prange(tasks):
        part = np.float32(0.0)
        for k in range(a.size * task // tasks, a.size * (task + 1) // tasks):
            part += a[k] * b[k]
        total[task] = part
    return total.sum()


def one_pair(a: Array, b: Array, name: str) -> dict[str, float]:
    """Six outputs of one pair, their errors, and the peak of memory."""
    from scipy import stats

    x, y = labelled(a), labelled(b)
    flat = a.reshape(-1), b.reshape(-1)
    small = a[:, :512].copy(), b[:, :512].copy()
    pairs = pair_steps(x["time"].values)[0]
    correlate_blocks(*small, pairs)
    costs = best({"floor": lambda: bare_dot(*flat), "six": lambda: correlate(x, y)})
    seconds = {name: cost.wall for name, cost in costs.items()}
    ratio = seconds["six"] / seconds["floor"]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / (a.nbytes + b.nbytes)
    found = correlate_blocks(*small, pairs)
    naive = correlate_blocks(*small, pairs, CorrelationRule(n_eff=False))
    errors = np.zeros(3)
    for j in range(0, 512, 5):
        u, v = (s[np.isfinite(small[0][:, j] + small[1][:, j]), j].astype(float) for s in small)
        expected, n_eff, r = stats.pearsonr(u, v), found["n_eff"][j], found["r"][j]
        p = 2 * stats.t.sf(abs(r) * np.sqrt((n_eff - 2) / (1 - r**2)), n_eff - 2)
        errors = np.maximum(errors, np.abs(
            [r - expected.statistic, found["p"][j] - p, naive["p"][j] - expected.pvalue]))  # fmt: skip
    print(
        f"{name}: floor {seconds['floor']:.3f} s, six outputs {seconds['six']:.3f} s, ratio {ratio:.2f}; "
        f"peak memory {peak:.2f} x input; largest errors: r {errors[0]:.0e}, p at n_eff {errors[1]:.0e}, "
        f"p at n {errors[2]:.0e}",
        flush=True,
    )
    key = name.replace(" ", "_").replace("%", "percent")
    return {
        f"floor_s_{key}": seconds["floor"],
        f"six_outputs_s_{key}": seconds["six"],
        f"ratio_to_floor_{key}": ratio,
        f"peak_memory_ratio_{key}": peak,
        f"largest_error_of_r_{key}": float(errors[0]),
    }


def peers(a: Array, b: Array) -> dict[str, float]:
    """xarray and xskillscore on a part of the grid, beside ours on the same part."""
    import xskillscore

    x, y = labelled(a), labelled(b)
    seconds = best(
        {
            "ours": lambda: correlate(x, y),
            "xr_corr": lambda: xr.corr(x, y, dim="time"),
            "xskillscore_r": lambda: xskillscore.pearson_r(x, y, dim="time"),
            "xskillscore_eff_p": lambda: xskillscore.pearson_r_eff_p_value(x, y, dim="time"),
        },
        turns=1,
    )
    ratios = {name: cost / seconds["ours"] for name, cost in seconds.items() if name != "ours"}
    for name, ratio in ratios.items():
        print(f"{name} on {len(x.latitude)} rows: {ratio} x our six outputs", flush=True)
    return {f"ratio_{name}": ratio.wall for name, ratio in ratios.items()} | {
        f"processor_ratio_{name}": ratio.cpu for name, ratio in ratios.items()
    }


def ranks(a: Array, b: Array, name: str) -> dict[str, float]:
    """Spearman on a part of the grid, beside a loop of scipy and xskillscore."""
    import warnings

    import xskillscore
    from scipy import stats

    pairs = pair_steps(pd.date_range("1982-01-01", periods=STEPS, freq="MS").values)[0]
    few = slice(0, 4096)
    x, y = (xr.DataArray(v[:, few], dims=("time", "pixel")) for v in (a, b))
    peer = {"skipna": True} if np.isnan(a[0]).any() else {}

    def loop() -> None:
        for j in range(LOOP):
            keep = np.isfinite(a[:, j] + b[:, j])
            stats.spearmanr(a[keep, j], b[keep, j])

    def xskill() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            xskillscore.spearman_r(x, y, dim="time", **peer)

    ours = best({"ours": lambda: correlate_blocks(a, b, pairs, CorrelationRule("spearman"))}, turns=3)["ours"]
    their = best({"scipy": loop, "xskillscore": xskill}, turns=2)
    ours = ours / a.shape[1]
    ratios = {"scipy_loop": their["scipy"] / LOOP / ours, "xskillscore": their["xskillscore"] / 4096 / ours}
    print(
        f"Spearman, {name}: {ours.wall * 1e6:.1f} us a pixel ({ours.wall * ROWS * COLUMNS:.1f} s for the "
        f"grid); loop of scipy {ratios['scipy_loop']} x, xskillscore (r only) {ratios['xskillscore']} x",
        flush=True,
    )
    key = name.replace(" ", "_").replace("%", "percent")
    return {f"spearman_ratio_{peer}_{key}": ratio.wall for peer, ratio in ratios.items()}


TILE = 256


@njit(parallel=True, error_model="numpy")
def plain_sums(a, b, sums):  # type: ignore[no-untyped-def]
    """The sums by plain loops: a tile of pixels, one step after another."""
    steps, pixels = a.shape
    inf = np.float32(np.inf)
    for tile in prange(pixels // TILE):
        first = tile * TILE
        s = np.zeros((11, TILE))
        for t in range(1, steps):
            for j in range(TILE):
                i = first + j
                v0, v1 = abs(a[t - 1, i]) + abs(b[t - 1, i]), abs(a[t, i]) + abs(b[t, i])
                m0, m1 = 1.0 if v0 < inf else 0.0, 1.0 if v1 < inf else 0.0
                x0 = np.float64(a[t - 1, i]) if v0 < inf else 0.0
                y0 = np.float64(b[t - 1, i]) if v0 < inf else 0.0
                x1 = np.float64(a[t, i]) if v1 < inf else 0.0
                y1 = np.float64(b[t, i]) if v1 < inf else 0.0
                s[0, j] += x1
                s[1, j] += y1
                s[2, j] += x1 * x1
                s[3, j] += y1 * y1
                s[4, j] += x1 * y1
                s[5, j] += x1 * x0
                s[6, j] += y1 * y0
                s[7, j] += m1
                s[8, j] += m1 * m0
                s[9, j] += x1 * m0 + x0 * m1
                s[10, j] += y1 * m0 + y0 * m1
        sums[:, first : first + TILE] = s


def steps_of_cleverness(a: Array, b: Array) -> dict[str, float]:
    """What four steps at once, and leaving out the masks, buy: sums alone, in times of the floor."""
    from headwater.drivers import kernel_pair

    flat = a.reshape(-1), b.reshape(-1)
    rows, linked = np.arange(STEPS), np.arange(STEPS) > 0
    sums, shift = np.empty((11, a.shape[1])), np.zeros(TILE)

    @njit(parallel=True)
    def by_fours(a, b, rows, linked, shift, masks):  # type: ignore[no-untyped-def]
        for tile in prange(a.shape[1] // TILE):
            if masks:
                kernel_pair._sum_masked(a, rows, b, rows, linked, tile * TILE, TILE, shift, shift)
            else:
                kernel_pair._sum_complete(a, rows, b, rows, linked, tile * TILE, TILE, shift, shift)

    seconds = best(
        {
            "floor": lambda: bare_dot(*flat),
            "plain loops": lambda: plain_sums(a, b, sums),
            "four steps at once": lambda: by_fours(a, b, rows, linked, shift, True),
            "and no masks where nothing is missing": lambda: by_fours(a, b, rows, linked, shift, False),
        }
    )
    told = ", ".join(f"{name} {s.wall / seconds['floor'].wall:.2f}" for name, s in seconds.items())
    print(f"Sums alone, in times of the floor: {told}", flush=True)
    return {
        f"sums_ratio_{name.replace(' ', '_')}": s.wall / seconds["floor"].wall for name, s in seconds.items()
    }


def options(a: Array, b: Array) -> dict[str, float]:
    """What months, season, trend, covariates and all lags cost, in microseconds of the processor a pixel."""
    axis = pd.date_range("1982-01-01", periods=STEPS, freq="MS").values
    whole, months = pair_steps(axis)[0], pair_steps(axis, by="month")
    out = CorrelationRule(deseasonalise=True, detrend=True)
    seconds = best(
        {
            "plain": lambda: correlate_blocks(a, b, whole),
            "twelve months": lambda: [correlate_blocks(a, b, month) for month in months],
            "season and trend out": lambda: correlate_blocks(a, b, whole, out),
            "five covariates": lambda: correlate_blocks(a, b, whole, given=[b, a, b, a, b]),
            "all lags": lambda: correlate_blocks(a, b, whole, CorrelationRule(n_eff="full")),
        },
        turns=2,
    )
    cost = {name: s.cpu / a.shape[1] * 1e6 for name, s in seconds.items()}
    print(
        "Microseconds of the processor a pixel: "
        + ", ".join(f"{name} {us:.1f}" for name, us in cost.items()),
        flush=True,
    )
    return {f"us_a_pixel_{name.replace(' ', '_')}": us for name, us in cost.items()}


if __name__ == "__main__":
    main()
