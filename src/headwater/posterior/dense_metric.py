"""A full metric from draws and gradients."""

from __future__ import annotations

import numpy as np

from headwater.posterior.records import Array

PRIOR_DRAWS = 5.0


def dense_scale(draws: Array, gradients: Array) -> Array:
    """Estimate of the covariance of the posterior, from draws of it and the gradients of its log density.

    For a normal posterior of covariance S, Cov(g) = S⁻¹; so A is the matrix with A Cov(g) A = Cov(q), which
    is the mean of Cov(q) and Cov(g)⁻¹ along the way from one to the other. Both are taken in units of the
    diagonal metric and drawn to 1 the more, the shorter the window.

    Parameters
    ----------
    draws, gradients : shape (n, d), in no column all the same

    Returns
    -------
    shape (d, d), symmetric and positive definite
    """
    n, d = draws.shape
    unit = np.sqrt(draws.std(axis=0) / gradients.std(axis=0))
    covariance = _shrunk(np.cov(draws / unit, rowvar=False).reshape(d, d), n)
    precision = _shrunk(np.cov(gradients * unit, rowvar=False).reshape(d, d), n)
    return _between(covariance, precision) * np.outer(unit, unit)


def _shrunk(matrix: Array, n: int) -> Array:
    """The matrix, drawn to 1 as if by a few draws more."""
    return (n * matrix + PRIOR_DRAWS * np.eye(len(matrix))) / (n + PRIOR_DRAWS)


def _between(covariance: Array, precision: Array) -> Array:
    """A with A · precision · A = covariance: with precision = L L', L⁻ᵀ (L' covariance L)^½ L⁻¹."""
    lower = np.linalg.cholesky(precision)
    values, vectors = np.linalg.eigh(lower.T @ covariance @ lower)
    half = np.linalg.solve(lower.T, vectors * np.maximum(values, 1e-12) ** 0.25)
    return half @ half.T
