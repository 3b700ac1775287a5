"""The density of draws, smooth, with nothing beyond the ends."""

from __future__ import annotations

import numpy as np

from headwater.mixing.bayes.family import Array

BINS = 512


def density(draws: Array, low: float = 0.0, high: float = 1.0, *, points: int = 201) -> tuple[Array, Array]:
    """Values from ``low`` to ``high`` and the density of the draws there; draws beyond count at the ends.

    A Gaussian kernel of Silverman's width, mirrored at both ends so that no probability leaves them.
    Draws that are all equal give a spike two bins wide.

    References
    ----------
    Silverman 1986, Density Estimation for Statistics and Data Analysis, eq. 3.31 and section 2.10
    """
    x = (np.clip(np.asarray(draws, float).ravel(), low, high) - low) / (high - low)
    quarter, three_quarters = np.quantile(x, [0.25, 0.75])
    spread = min(x.std(), (three_quarters - quarter) / 1.349) or x.std()
    width = max(0.9 * spread * len(x) ** -0.2, 2.0 / BINS)
    count, edges = np.histogram(x, bins=BINS, range=(0.0, 1.0))
    mirrored = np.concatenate([count[::-1], count, count[::-1]]) * (BINS / len(x))
    reach = min(BINS - 1, int(np.ceil(4 * width * BINS)))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / (width * BINS)) ** 2)
    smooth = np.convolve(mirrored, kernel / kernel.sum(), mode="same")[BINS : 2 * BINS]
    at = np.linspace(0.0, 1.0, points)
    found = np.interp(at, 0.5 * (edges[1:] + edges[:-1]), smooth)
    return low + (high - low) * at, found / (high - low)
