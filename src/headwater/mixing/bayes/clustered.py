"""Shares of clustered mixtures: intervals that know that layers of a profile move together."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from headwater.mixing.bayes.family import Array
from headwater.mixing.bayes.fit import Fit
from headwater.posterior.clusters import cluster_covariance, widen

SMALLEST = 1e-300
"""Shares below it count as it in a logarithm."""
DRAWS = 2000
"""Draws that are enough for the influence of each mixture."""


def widen_shares(
    fit: Fit, shares: Array, clusters: ArrayLike, *, draws: int = DRAWS, seed: int = 0
) -> tuple[Array, Array]:
    """Shares of G groups whose spread also holds what mixtures of one cluster have in common.

    The log-ratios of each group are stretched about their mean (``posterior.clusters``); a share stays within
    (0, 1), shares sum to 1, a source that takes no part stays at 0.

    Parameters
    ----------
    shares : shape (D, G, K), of the draws of ``fit``
    clusters : shape (n,), of the mixtures, as the site of a soil profile; each missing label is its own
    draws : about as many are used for the influence of each mixture
    seed : of the draws of source means where the model has integrated them out

    Returns
    -------
    shares (D, G, K) and the design effects (G,): factors ≥ 1 on the variance
    """
    every = max(1, len(shares) // draws)
    likelihood = _log_likelihood(fit, every, seed)
    widened, effects = np.zeros_like(shares), np.ones(shares.shape[1])
    for g in range(shares.shape[1]):
        present = np.flatnonzero((shares[:, g] > 0.0).any(axis=0))
        log = np.log(np.maximum(shares[:, g, present], SMALLEST))
        ratio = log[:, :-1] - log[:, -1:]
        if len(present) > 1 and (ratio.std(axis=0) > 0.0).all():
            lacking = cluster_covariance(ratio[::every], likelihood, clusters)
            ratio, effects[g] = widen(ratio, lacking)
        widened[:, g, present] = _closed(ratio)
    return widened, effects


def _log_likelihood(fit: Fit, every: int, seed: int) -> Array:
    """Of each mixture in one draw of ``every``, shape (D, n)."""
    ours, theirs = fit.problem.split(fit.positions[::every])
    cells, family = fit.problem.shares.cells(ours), fit.problem.family
    means = family.source_means(cells, theirs, np.random.default_rng(seed))
    return family.log_likelihood(cells, theirs, means)


def _closed(ratio: Array) -> Array:
    """Shares from their log-ratios to the last one."""
    logits = np.column_stack([ratio, np.zeros(len(ratio))])
    whole = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(whole / whole.sum(axis=1, keepdims=True))
