"""Mixtures of one cell and one analytical covariance, gathered: the likelihood needs no more of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headwater.errors import InputRefused
from headwater.mixing.bayes.family import Array, Cells, Integers
from headwater.mixing.bayes.model import Mixtures


@dataclass(frozen=True)
class Groups:
    """G groups of N mixtures, in the order of their cells.

    Attributes
    ----------
    of : shape (N,), group of each mixture
    cell : shape (G,)
    count, mean : shape (G,), (G, J)
    scatter : shape (G, J, J), Σ (x − mean)(x − mean)'
    analytical : shape (G, J, J), covariance of one mixture
    """

    of: Integers
    cell: Integers
    count: Array
    mean: Array
    scatter: Array
    analytical: Array

    @property
    def within(self) -> Array:
        """Variance of mixtures about their groups, (J,); about their mean where every group has one only."""
        total, groups = self.count.sum(), len(self.count)
        squares = np.diagonal(self.scatter, axis1=1, axis2=2).sum(axis=0)
        if total > groups:
            return np.asarray(squares / (total - groups))
        return np.asarray(self.mean.var(axis=0))


def gather(mixtures: Mixtures, cells: Cells, rank: Integers, centre: Array, scale: Array) -> Groups:
    """Groups of the standardised mixtures, sorted by the rank (C,) of their cells.

    Raises
    ------
    InputRefused
        a value that is not a number, or an analytical variance that is not one.
    """
    _check(mixtures)
    values = (mixtures.values - centre) / scale
    n, j = values.shape
    keys = rank[cells.of][:, None].astype(float)
    covariance = np.zeros((n, j, j))
    if mixtures.covariance is not None:
        covariance = mixtures.covariance / np.multiply.outer(scale, scale)
        keys = np.concatenate([keys, covariance.reshape(n, -1)], axis=1)
    order = np.lexsort(keys.T[::-1])
    new = np.ones(n, dtype=bool)
    new[1:] = (np.diff(keys[order], axis=0) != 0.0).any(axis=1)
    of = np.empty(n, dtype=np.int64)
    of[order] = np.cumsum(new) - 1
    first = order[new]
    count = np.bincount(of).astype(float)
    mean = np.stack([np.bincount(of, values[:, i]) for i in range(j)], axis=1) / count[:, None]
    off = values - mean[of]
    scatter = np.empty((len(count), j, j))
    for a in range(j):
        for b in range(j):
            scatter[:, a, b] = np.bincount(of, off[:, a] * off[:, b])
    return Groups(of, cells.of[first], count, mean, scatter, covariance[first])


def _check(mixtures: Mixtures) -> None:
    bad = np.argwhere(~np.isfinite(mixtures.values))
    if len(bad):
        i, j = bad[0]
        name = mixtures.ids[i] if mixtures.ids else f"number {i + 1}"
        raise InputRefused(
            f"mixture {name}: {mixtures.tracers[j]} is {mixtures.values[i, j]}; every tracer of every "
            f"mixture needs a number: leave the mixture or the tracer out"
        )
    if mixtures.covariance is None:
        return
    variance = np.diagonal(mixtures.covariance, axis1=1, axis2=2)
    bad = np.argwhere(~((variance >= 0.0) & np.isfinite(mixtures.covariance).all(axis=2)))
    if len(bad):
        i, j = bad[0]
        name = mixtures.ids[i] if mixtures.ids else f"number {i + 1}"
        raise InputRefused(
            f"mixture {name}: the analytical variance of {mixtures.tracers[j]} is {variance[i, j]:g}; it "
            f"must be 0 or more"
        )
