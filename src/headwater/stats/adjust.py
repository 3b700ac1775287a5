"""p values adjusted for many tests; missing ones stay missing and do not count."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def benjamini_hochberg(p: ArrayLike) -> Array:
    """p values adjusted to control the false discovery rate (Benjamini & Hochberg 1995)."""
    from scipy.stats import false_discovery_control

    p = np.asarray(p, float)
    adjusted = np.full(p.shape, np.nan)
    present = np.isfinite(p)
    if present.any():
        adjusted[present] = false_discovery_control(p[present], method="bh")
    return adjusted


def holm(p: ArrayLike) -> Array:
    """p values adjusted to control the family-wise error rate (Holm 1979, Scand. J. Stat. 6, 65)."""
    p = np.asarray(p, float)
    adjusted = np.full(p.shape, np.nan)
    present = np.flatnonzero(np.isfinite(p))
    order = present[np.argsort(p[present], kind="stable")]
    steps = p[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted
