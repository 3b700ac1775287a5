"""Mann-Kendall and Sen's slope for every pixel, against a loop of pymannkendall and a plain compiled loop."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pymannkendall
from numba import njit

from headwater.drivers.trend_arrays import Method, TrendRule, trend_arrays

SEED = 1
CASES = {25: (40_000, 100), 460: (2_000, 20)}
"""Steps → series for headwater and for the loop."""
REPEATS = 3
ORACLES: dict[Method, str] = {"original": "original_test", "hamed_rao": "hamed_rao_modification_test"}


@njit(nogil=True)
def plain(values, out):  # type: ignore[no-untyped-def]
    """All pairs, and the median of all slopes: what a straightforward loop costs."""
    n = values.shape[0]
    slopes = np.empty(n * (n - 1) // 2)
    for column in range(values.shape[1]):
        score, k = 0, 0
        for i in range(n):
            for j in range(i + 1, n):
                difference = values[j, column] - values[i, column]
                score += (difference > 0) - (difference < 0)
                slopes[k] = difference / (j - i)
                k += 1
        out[column, 0], out[column, 1] = score, np.median(slopes)


def cpu_a_series(work: Callable[[], Any], series: int) -> float:
    """Least CPU seconds a series over some repeats."""
    best = np.inf
    for _ in range(REPEATS):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best / series


def main() -> dict[str, float]:
    """Prints and returns CPU microseconds a series of all routes, and their ratios."""
    rng = np.random.default_rng(SEED)
    numbers: dict[str, float] = {}
    plain(rng.normal(size=(5, 2)), np.empty((2, 2)))
    for n, (many, few) in CASES.items():
        values = rng.normal(size=(n, many)).astype(np.float32)
        for method, name in ORACLES.items():
            rule = TrendRule(method)
            trend_arrays(values[:, :10], np.arange(n), rule)
            ours = cpu_a_series(lambda v=values, r=rule: trend_arrays(v, np.arange(len(v)), r), many)
            test = getattr(pymannkendall, name)
            options = {"lag": 3} if method == "hamed_rao" else {}
            loop = cpu_a_series(
                lambda v=values, t=test, few=few, o=options: [t(one, **o) for one in v[:, :few].T], few
            )
            numbers |= {f"{method}_{n}_us": round(ours * 1e6, 1), f"{method}_{n}_ratio": round(loop / ours)}
            print(f"n = {n:3d} {method:9s}: {ours * 1e6:7.1f} µs a series; pymannkendall "
                  f"{loop * 1e6:8.0f} µs, {loop / ours:5.0f} times as long")  # fmt: skip
        wide = values[:, : min(many, 1000)].astype(np.float64)
        out = np.empty((wide.shape[1], 2))
        alone = cpu_a_series(lambda v=wide, o=out: plain(v, o), wide.shape[1])
        numbers[f"plain_{n}_us"] = round(alone * 1e6, 1)
        print(f"n = {n:3d} all pairs and np.median, compiled: {alone * 1e6:7.1f} µs a series, "
              f"{alone * 1e6 / numbers[f'original_{n}_us']:.1f} times as long as original")  # fmt: skip
    return numbers


if __name__ == "__main__":
    main()
