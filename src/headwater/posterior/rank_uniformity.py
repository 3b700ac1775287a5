"""Whether ranks are uniform, as those of a truth among draws of its posterior must be."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from headwater.posterior.records import Array, Integers

POINTS = 31
"""Places between 0 and 1, evenly apart, at which an empirical distribution is looked at."""


def below(ranks: Integers, highest: int, *, points: int = POINTS) -> Integers:
    """How many of S ranks 0 … highest lie below the fraction i/(points + 1) of them, shape (points, Q).

    Parameters
    ----------
    ranks : shape (S, Q)
    highest : largest rank; highest + 1 must be a multiple of points + 1
    """
    if (highest + 1) % (points + 1):
        raise ValueError(f"{highest + 1} ranks cannot be cut into {points + 1} equal parts")
    edges = (highest + 1) // (points + 1) * np.arange(1, points + 1)
    return np.asarray((ranks[None] < edges[:, None, None]).sum(axis=1))


def uniformity(counts: Integers, replicates: int) -> Array:
    """Probability that S uniform ranks stray from uniformity as far as these, shape (Q,); exact.

    Each count is Binomial(S, i/(points + 1)); the statistic is the smallest two-sided tail of all points.
    Its distribution follows point by point, as the counts are a Markov chain.

    Parameters
    ----------
    counts : shape (points, Q), of ``below``
    replicates : S

    References
    ----------
    Säilynoja, Bürkner, Vehtari (2022), Statistics and Computing 32, 32, section 2 (the band is the same test)
    """
    points = len(counts)
    tails = _tails(replicates, points)
    least = np.array([tails[i, counts[i]] for i in range(points)]).min(axis=0)
    levels, of = np.unique(least, return_inverse=True)
    return _chances(levels, replicates, points)[of]


def band(replicates: int, level: float, *, points: int = POINTS) -> tuple[Integers, Integers]:
    """Lowest and highest counts, shape (points,) each, between which all counts of uniform ranks lie at once
    with at least this probability."""
    tails = _tails(replicates, points)
    candidates = np.unique(tails)
    low, high = 0, len(candidates) - 1
    while high - low > 1:
        middle = (low + high) // 2
        fine = _chances(candidates[[middle]], replicates, points)[0] <= 1.0 - level
        low, high = (middle, high) if fine else (low, middle)
    inside = _inside(candidates[[low]], tails)[0]
    return inside.argmax(axis=1), replicates - inside[:, ::-1].argmax(axis=1)


@lru_cache(maxsize=8)
def _tails(replicates: int, points: int) -> Array:
    """Two-sided tail of every count at every point, shape (points, S + 1)."""
    from scipy.stats import binom

    count = np.arange(replicates + 1)
    z = np.arange(1, points + 1)[:, None] / (points + 1.0)
    return np.asarray(2.0 * np.minimum(binom.cdf(count, replicates, z), binom.sf(count - 1, replicates, z)))


def _inside(levels: Array, tails: Array) -> NDArray[np.bool_]:
    """Which counts have tails above each level, shape (T, points, S + 1)."""
    return np.asarray(tails > levels[:, None, None] * (1.0 + 1e-9))


@lru_cache(maxsize=8)
def _steps(replicates: int, points: int) -> Array:
    """Probability of count b at a point given count a before it, shape (points, S + 1, S + 1)."""
    from scipy.stats import binom

    count = np.arange(replicates + 1)
    left = points + 1.0 - np.arange(points)
    gained = count[None, :] - count[:, None]
    return np.array([binom.pmf(gained, replicates - count[:, None], 1.0 / each) for each in left])


def _chances(levels: Array, replicates: int, points: int) -> Array:
    """Probability of a smallest tail no larger than each of T levels, shape (T,)."""
    inside, steps = _inside(levels, _tails(replicates, points)), _steps(replicates, points)
    mass, outside = np.zeros((len(levels), replicates + 1)), np.zeros(len(levels))
    mass[:, 0] = 1.0
    for i in range(points):
        mass = mass @ steps[i]
        outside += np.where(inside[:, i], 0.0, mass).sum(axis=1)
        mass = np.where(inside[:, i], mass, 0.0)
    return outside
