"""Which direction of tracer space counts how much: the error covariance of the mixing residual."""

from __future__ import annotations

import numpy as np

from headwater.mixing.endmembers import Array, Composition, EndMembers


def residual_covariance(mixture: Composition, sources: EndMembers, share: Array) -> Array:
    """Covariance (J, J) of r = m̄ − Σ f_k s̄_k: V_m + Σ f_k² V_k, each the covariance of a mean.

    The mixture's own waters show how much mixtures scatter, so the spread between waters of a source does
    not enter again, with one exception: the spread of a single water (n = 1) is unknown, and it may hold
    any water of its sources, so Σ f_k² C_k is added there.

    Parameters
    ----------
    mixture, sources : compositions with J tracers
    share : float, shape (K,)
    """
    total = mixture.mean_covariance + np.einsum("k,kab->ab", share**2, sources.mean_covariance)
    if mixture.n == 1:
        total = total + np.einsum("k,kab->ab", share**2, np.nan_to_num(sources.covariance))
    return total


def whitening(mixture: Composition, sources: EndMembers, share: Array) -> Array:
    """Matrix W (J, J) so that W x has unit error covariance; distances |W (x − y)| do not depend on units.

    As ``residual_covariance``, but each covariance of few degrees of freedom ν is drawn towards the mean
    shape C of the sources, V* = (ν V + (J + 1) C tr(C⁻¹V)/J) / (ν + J + 1), which every linear map of
    the tracers leaves in place; otherwise three sites could claim a direction without any error.
    """
    steady = EndMembers(
        sources.names,
        sources.tracers,
        sources.mean,
        sources.covariance,
        np.stack(
            [_steadied(v, d, sources) for v, d in zip(sources.mean_covariance, sources.dof, strict=True)]
        ),
        sources.n,
        sources.dof,
    )
    own = Composition(
        mixture.name,
        mixture.tracers,
        mixture.mean,
        mixture.covariance,
        _steadied(mixture.mean_covariance, mixture.dof, sources),
        mixture.n,
        mixture.dof,
    )
    total = residual_covariance(own, steady, share)
    apart = sources.mean - mixture.mean
    return _inverse_root(total + 1e-9 * apart.T @ apart / len(apart))


def _steadied(covariance: Array, dof: float, sources: EndMembers) -> Array:
    spread = sources.covariance[np.isfinite(sources.covariance).all(axis=(1, 2))]
    if dof <= 0.0 or len(spread) == 0:
        return covariance
    j = len(covariance)
    shape = spread.mean(axis=0)
    scale = float(np.trace(np.linalg.pinv(shape, hermitian=True) @ covariance)) / j
    return (dof * covariance + (j + 1) * scale * shape) / (dof + j + 1)


def _inverse_root(covariance: Array) -> Array:
    """W with W'W = covariance⁻¹ (pseudo-inverse where a direction has no error at all)."""
    scale = np.sqrt(np.maximum(np.diag(covariance), 1e-300))
    values, vectors = np.linalg.eigh(covariance / np.outer(scale, scale))
    floor = 1e-12 * max(float(values[-1]), 1e-300)
    root: Array = (vectors / np.sqrt(np.maximum(values, floor))).T / scale
    return root
