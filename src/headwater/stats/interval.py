"""Means with their confidence interval, of one sample or of many groups at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtr, stdtrit

Array = NDArray[np.float64]


@dataclass(frozen=True)
class MeanInterval:
    """Mean, standard deviation, limits of the mean and count; NaN where too few values (sd from n = 2)."""

    mean: float
    sd: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class MeanIntervals:
    """As ``MeanInterval``, each field of shape (n_groups,)."""

    mean: Array
    sd: Array
    low: Array
    high: Array
    n: NDArray[np.int64]


@dataclass(frozen=True)
class Difference:
    """Difference of two means with its Welch interval and two-sided p."""

    difference: float
    low: float
    high: float
    p: float
    n_a: int
    n_b: int


def group_intervals(
    values: ArrayLike, groups: ArrayLike, n_groups: int, *, level: float = 0.95
) -> MeanIntervals:
    """Mean ± t(n − 1)·sd/√n of every group; missing values and negative group numbers are not used."""
    values, codes = np.asarray(values, float), np.asarray(groups)
    usable = np.isfinite(values) & (codes >= 0)
    if not usable.all():
        values, codes = values[usable], codes[usable]
    n = np.bincount(codes, minlength=n_groups)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.bincount(codes, values, minlength=n_groups) / n
        deviation = values - mean[codes]
        squares = np.bincount(codes, deviation * deviation, minlength=n_groups)
        sd = np.sqrt(squares / np.where(n > 1, n - 1, np.nan))
        half = stdtrit(np.where(n > 1, n - 1, np.nan), 0.5 + level / 2) * sd / np.sqrt(n)
    return MeanIntervals(mean=mean, sd=sd, low=mean - half, high=mean + half, n=n)


def mean_interval(values: ArrayLike, level: float = 0.95) -> MeanInterval:
    """Mean of the values that are present, with its t interval."""
    values = np.asarray(values, float).ravel()
    many = group_intervals(values, np.zeros(len(values), int), 1, level=level)
    return MeanInterval(
        mean=float(many.mean[0]),
        sd=float(many.sd[0]),
        low=float(many.low[0]),
        high=float(many.high[0]),
        n=int(many.n[0]),
    )


def welch(a: ArrayLike, b: ArrayLike, *, level: float = 0.95) -> Difference:
    """mean(a) − mean(b) with unequal variances; NaN limits where a side has fewer than two values.

    References
    ----------
    Welch (1947) Biometrika 34, 28; degrees of freedom by Satterthwaite.
    """
    one, two = mean_interval(a), mean_interval(b)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.array([one.sd**2, two.sd**2]) / np.array([max(one.n, 1), max(two.n, 1)])
        dof = parts.sum() ** 2 / (parts**2 / np.array([one.n - 1.0, two.n - 1.0])).sum()
        se = np.sqrt(parts.sum())
        difference = one.mean - two.mean
        half = stdtrit(dof, 0.5 + level / 2) * se
        p = 2 * stdtr(dof, -abs(difference) / se)
    return Difference(
        difference=difference,
        low=float(difference - half),
        high=float(difference + half),
        p=float(p),
        n_a=one.n,
        n_b=two.n,
    )
