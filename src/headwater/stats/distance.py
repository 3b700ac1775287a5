"""How far two clouds of points are apart, and whether that could be chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class EnergyTest:
    """Energy distance of two samples with its permutation p and the counts it rests on."""

    distance: float
    p: float
    n_a: int
    n_b: int


def _rows(values: ArrayLike) -> Array:
    """Complete rows of a table of points; a vector is one column."""
    points = np.asarray(values, float)
    points = points[:, None] if points.ndim == 1 else points
    return points[np.isfinite(points).all(axis=1)]


def energy_distance(a: ArrayLike, b: ArrayLike) -> float:
    """√(2 E|X − Y| − E|X − X'| − E|Y − Y'|), zero only where the two distributions agree.

    Parameters
    ----------
    a, b : shape (n,) or (n, variables); scale the variables first. Cost grows with n².

    References
    ----------
    Székely & Rizzo (2013) J. Stat. Plan. Inference 143, 1249, eq. 1.
    """
    from scipy.spatial.distance import cdist

    a, b = _rows(a), _rows(b)
    if not len(a) or not len(b):
        return float("nan")
    square = 2 * cdist(a, b).mean() - cdist(a, a).mean() - cdist(b, b).mean()
    return float(np.sqrt(max(square, 0.0)))


def permutation_p(
    a: ArrayLike, b: ArrayLike, rng: np.random.Generator, *, permutations: int = 999
) -> EnergyTest:
    """Energy distance and the share of relabelled samples that are at least as far apart.

    p = (1 + number of permutations with a distance ≥ the observed) / (1 + permutations). Valid where
    single waters, not sites or profiles, are exchangeable; NaN where a side has fewer than two points.

    References
    ----------
    Phipson & Smyth (2010) Stat. Appl. Genet. Mol. Biol. 9, 39 (the ones in the fraction).
    """
    from scipy.spatial.distance import cdist

    a, b = _rows(a), _rows(b)
    n_a, n_b = len(a), len(b)
    if min(n_a, n_b) < 2:
        return EnergyTest(energy_distance(a, b), float("nan"), n_a, n_b)
    pooled = np.concatenate([a, b])
    distances = cdist(pooled, pooled)
    labels = np.zeros((permutations + 1, n_a + n_b))
    labels[:, :n_a] = 1.0
    labels[1:] = rng.permuted(labels[1:], axis=1)
    row_sums = distances.sum(axis=1)
    within_a = np.einsum("ij,ij->i", labels @ distances, labels)
    from_a = labels @ row_sums
    between = from_a - within_a
    within_b = row_sums.sum() - 2 * from_a + within_a
    square = 2 * between / (n_a * n_b) - within_a / n_a**2 - within_b / n_b**2
    as_far = square[1:] >= square[0] - 1e-12 * abs(row_sums.mean())
    return EnergyTest(
        distance=float(np.sqrt(max(square[0], 0.0))),
        p=float((1 + as_far.sum()) / (1 + permutations)),
        n_a=n_a,
        n_b=n_b,
    )


def mahalanobis_distance(a: ArrayLike, b: ArrayLike) -> float:
    """Distance of the two means in standard deviations, √((x̄ − ȳ)' S⁻¹ (x̄ − ȳ)), S the pooled covariance.

    NaN where the pooled covariance cannot be inverted (too few points, or one variable is a linear
    combination of others, as d-excess is of δ18O and δ2H).
    """
    a, b = _rows(a), _rows(b)
    dof = len(a) + len(b) - 2
    if min(len(a), len(b)) < 1 or dof < a.shape[1]:
        return float("nan")
    deviations = np.concatenate([a - a.mean(axis=0), b - b.mean(axis=0)])
    covariance = deviations.T @ deviations / dof
    scale = np.sqrt(np.diag(covariance))
    if np.any(scale == 0) or np.linalg.cond(covariance / np.outer(scale, scale)) > 1e10:
        return float("nan")
    gap = a.mean(axis=0) - b.mean(axis=0)
    return float(np.sqrt(gap @ np.linalg.solve(covariance, gap)))
