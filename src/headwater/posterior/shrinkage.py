"""What the data said: how far each posterior has moved from its prior."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from headwater.posterior.records import Array

CELLS = 16
"""Cells of equal probability under the prior, and as many under the posterior, whose limits are joined."""


@dataclass(frozen=True)
class Shrinkage:
    """Prior against posterior of Q quantities, each field of shape (Q,).

    Attributes
    ----------
    prior_mean, prior_sd, posterior_mean, posterior_sd : of the draws
    shrinkage : 1 − var(posterior)/var(prior); 0: nothing learned about the spread, 1: all; below 0: wider
        than the prior; NaN where the prior is one value
    overlap : ∫ min(prior, posterior), the part of the answer that is prior: 1 the same, 0 nothing in common
    bits : information gained, ∫ posterior log2(posterior/prior)
    """

    prior_mean: Array
    prior_sd: Array
    posterior_mean: Array
    posterior_sd: Array
    shrinkage: Array
    overlap: Array
    bits: Array


def shrinkage(prior: ArrayLike, posterior: ArrayLike) -> Shrinkage:
    """Shrinkage, overlap and information of every quantity, from draws alone.

    overlap = 1 − (max(F − G) − min(F − G)) with the distribution functions F, G of the draws (the distance of
    Kuiper): equal to ∫ min(f, g) where the densities cross at most twice, as those of one hump do; else it is
    too large. bits: over cells whose limits are quantiles of both samples. Neither depends on a bandwidth or
    changes under a transformation of the quantity. A thousand draws of the prior itself give an overlap near
    0.96 and 0.03 bits; bits are too few by a seventh from 4 upwards and where the posterior is the wider one.

    Parameters
    ----------
    prior : shape (P, Q), draws
    posterior : shape (D, Q), draws

    References
    ----------
    Inman & Bradley 1989, Commun. Stat. Theory Methods 18, 3851–3874 (overlap) ·
    Kuiper 1960, Indag. Math. 63, 38–47 · Kullback & Leibler 1951, Ann. Math. Stat. 22, 79–86, eq. 2.4
    """
    before, after = np.asarray(prior, float), np.asarray(posterior, float)
    if before.ndim != 2 or after.ndim != 2 or before.shape[1] != after.shape[1]:
        raise ValueError(f"prior {before.shape} and posterior {after.shape}; wanted are (draws, quantities)")
    if not (np.isfinite(before).all() and np.isfinite(after).all()):
        raise ValueError("draws of prior and posterior must be finite")
    ordered, ordered_after = np.sort(before, axis=0), np.sort(after, axis=0)
    pairs = [(ordered[:, q], ordered_after[:, q]) for q in range(before.shape[1])]
    with np.errstate(divide="ignore", invalid="ignore"):
        kept = np.where(before.std(axis=0) > 0, after.var(axis=0) / before.var(axis=0), np.nan)
    return Shrinkage(
        prior_mean=before.mean(axis=0),
        prior_sd=before.std(axis=0),
        posterior_mean=after.mean(axis=0),
        posterior_sd=after.std(axis=0),
        shrinkage=1 - kept,
        overlap=np.array([_overlap(*pair) for pair in pairs]),
        bits=np.array([_bits(*pair) for pair in pairs]),
    )


def _overlap(prior: Array, posterior: Array) -> float:
    """1 − Kuiper's distance of two ordered samples."""
    at = np.concatenate([prior, posterior])
    apart = np.searchsorted(prior, at, "right") / len(prior)
    apart -= np.searchsorted(posterior, at, "right") / len(posterior)
    return float(1 - (max(apart.max(), 0.0) - min(apart.min(), 0.0)))


def _bits(prior: Array, posterior: Array) -> float:
    """Kullback–Leibler divergence of two ordered samples over cells, half a draw added to each."""
    inner = np.arange(1, CELLS) / CELLS
    limits = np.unique(np.concatenate([np.quantile(prior, inner), np.quantile(posterior, inner)]))
    p, q = (
        np.diff(np.searchsorted(x, limits, "right"), prepend=0, append=len(x)) + 0.5
        for x in (posterior, prior)
    )
    p, q = p / p.sum(), q / q.sum()
    return float((p * np.log2(p / q)).sum())
