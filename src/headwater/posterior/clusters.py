"""Posteriors of clustered data: how much wider they are than a model of independent observations says."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def cluster_covariance(values: Array, log_likelihood: Array, clusters: ArrayLike) -> Array:
    """Covariance that a posterior lacks where observations of a cluster move together, shape (Q, Q).

    The posterior mean of a quantity moves by ψ_i = cov(quantity, ℓ_i) when observation i weighs more, ℓ_i its
    log likelihood. Over data sets the mean varies by Σ_g (Σ_{i ∈ g} ψ_i)(…)', g the clusters; the posterior
    knows the terms i = j of that sum, so that it lacks those of two different waters of one cluster:

        Σ_g Σ_{i ≠ j ∈ g} (ψ_i − ψ̄)(ψ_j − ψ̄)'.

    It is symmetric, 0 on average where clusters mean nothing, and may then have negative eigenvalues.
    Giordano & Broderick 2023, "The Bayesian infinitesimal jackknife for variance", arXiv:2305.06466, §3.

    Parameters
    ----------
    values : shape (D, Q), draws of the quantities
    log_likelihood : shape (D, n), of each observation in the same draws
    clusters : shape (n,), labels; every missing label is a cluster of its own
    """
    influence = (values - values.mean(axis=0)).T @ log_likelihood / len(values)
    influence -= influence.mean(axis=1, keepdims=True)
    code = _codes(clusters)
    total = np.zeros((len(influence), code.max() + 1))
    np.add.at(total.T, code, influence.T)
    shared = np.bincount(code)[code] > 1
    return (
        np.asarray(total @ total.T - influence @ influence.T) if shared.any() else np.zeros((len(total),) * 2)
    )


def widen(values: Array, lacking: Array) -> tuple[Array, float]:
    """Draws stretched about their mean to the covariance V + ``lacking``, never narrower in any direction.

    With V = LL' and L⁻¹ ``lacking`` L⁻ᵀ = UΛU', draws are mapped by L U √(1 + max(Λ, 0)) U' L⁻¹, which does
    not depend on the basis of the quantities.

    Parameters
    ----------
    values : shape (D, Q)
    lacking : shape (Q, Q), as from ``cluster_covariance``

    Returns
    -------
    stretched draws (D, Q), and the design effect: the factor on the variance, mean over directions
    """
    mean = values.mean(axis=0)
    root = np.linalg.cholesky(np.atleast_2d(np.cov(values.T)))
    inverse = np.linalg.inv(root)
    eigenvalues, axes = np.linalg.eigh(inverse @ lacking @ inverse.T)
    effect = 1.0 + np.maximum(eigenvalues, 0.0)
    stretch = root @ (axes * np.sqrt(effect)) @ axes.T @ inverse
    return mean + (values - mean) @ stretch.T, float(effect.mean())


def _codes(clusters: ArrayLike) -> NDArray[np.int64]:
    """Clusters as numbers from 0; NaN, None and NaT each a number of its own."""
    labels = np.asarray(clusters, dtype=object)
    named = np.array([not (one is None or one != one) for one in labels], dtype=bool)
    code = np.empty(len(labels), dtype=np.int64)
    _, code[named] = np.unique(labels[named].astype(str), return_inverse=True)
    code[~named] = (code[named].max() + 1 if named.any() else 0) + np.arange(np.count_nonzero(~named))
    return code
