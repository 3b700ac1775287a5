"""10⁴ lines at once over 10⁶ rows, against a loop of ``scipy.stats.linregress`` in the same process."""

from __future__ import annotations

import time
from itertools import pairwise

import numpy as np
import scipy.stats

from headwater.stats import fit_lines

ROWS, GROUPS, SEED, REPEATS = 1_000_000, 10_000, 1, 10


def main() -> dict[str, float]:
    """Prints and returns CPU seconds of both, their ratio, and the largest difference of their slopes."""
    rng = np.random.default_rng(SEED)
    groups = np.sort(rng.integers(0, GROUPS, ROWS))
    x = rng.normal(-12, 4, ROWS)
    y = 6.5 * x - 10 + rng.normal(0, 4, ROWS)
    fit_lines(x[:100], y[:100], groups[:100], GROUPS)  # imports are not part of the comparison

    start = time.process_time()
    for _ in range(REPEATS):
        together = fit_lines(x, y, groups, GROUPS)
    ours = (time.process_time() - start) / REPEATS

    # the loop gets its rows sorted and cut beforehand, so only the fits are timed
    bounds = np.searchsorted(groups, np.arange(GROUPS + 1))
    start = time.process_time()
    alone = [scipy.stats.linregress(x[a:b], y[a:b]) for a, b in pairwise(bounds)]
    theirs = time.process_time() - start

    differences = np.abs(together.slope - np.array([line.slope for line in alone]))
    print(f"{GROUPS} lines over {ROWS} rows, at once:       {ours:7.3f} CPU s")
    print(f"the same by scipy.stats.linregress, a loop: {theirs:7.3f} CPU s")
    print(f"ratio {theirs / ours:.0f}; largest difference of slopes {differences.max():.1e}")
    return {
        "at_once_cpu_s": round(ours, 3),
        "loop_cpu_s": round(theirs, 3),
        "ratio": round(theirs / ours, 1),
        "largest_slope_difference": float(differences.max()),
    }


if __name__ == "__main__":
    main()
