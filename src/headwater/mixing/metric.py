"""Which direction of tracer space counts how much: the error covariance of the mixing residual."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from headwater.mixing.endmembers import Array, Composition, EndMembers


def with_process_spread(mixture: Composition, sources: EndMembers, share: Array) -> Composition:
    """The mixture with the error of its mean; a single water also gets the spread of its sources.

    The scatter among n ≥ 2 waters of a mixture already shows how much mixtures vary. A single water may
    hold any waters of its sources, so Σ f_k² C_k is added to its analytical error.
    """
    if mixture.n != 1:
        return mixture
    spread = np.einsum("k,kab->ab", share**2, np.nan_to_num(sources.covariance))
    return replace(mixture, mean_covariance=mixture.mean_covariance + spread)


def residual_covariance(mixture: Composition, sources: EndMembers, share: Array) -> Array:
    """Covariance (J, J) of r = m̄ − Σ f_k s̄_k: V_m + Σ f_k² V_k, each the covariance of a mean."""
    own = with_process_spread(mixture, sources, share).mean_covariance
    return own + np.einsum("k,kab->ab", share**2, sources.mean_covariance)


def whitening(mixture: Composition, sources: EndMembers, share: Array) -> Array:
    """Matrix W (J, J) so that W r has unit covariance; distances |W (x − y)| do not depend on units.

    As ``residual_covariance``, but each covariance of few degrees of freedom ν is drawn towards the mean
    shape C of the sources, V* = (ν V + (J + 1) C tr(C⁻¹V)/J) / (ν + J + 1), which every linear map of
    the tracers leaves in place; otherwise three sites could claim a direction without any error.
    """
    known = [_steadied(v, d, sources) for v, d in zip(sources.mean_covariance, sources.dof, strict=True)]
    steady = replace(sources, mean_covariance=np.stack(known))
    own = replace(mixture, mean_covariance=_steadied(mixture.mean_covariance, mixture.dof, sources))
    apart = sources.mean - mixture.mean
    total = residual_covariance(own, steady, share) + 1e-9 * apart.T @ apart / len(apart)
    return inverse_root(total)


def inverse_root(covariance: Array) -> Array:
    """W with W'W = covariance⁻¹; directions without any error count 10⁶ times the largest."""
    scale = np.sqrt(np.maximum(np.diag(covariance), 1e-300))
    values, vectors = np.linalg.eigh(covariance / np.outer(scale, scale))
    floor = 1e-12 * max(float(values[-1]), 1e-300)
    root: Array = (vectors / np.sqrt(np.maximum(values, floor))).T / scale
    return root


def mean_spread(sources: EndMembers) -> Array | None:
    """Mean covariance (J, J) between waters of a source; None where no source has two waters."""
    spread = sources.covariance[np.isfinite(sources.covariance).all(axis=(1, 2))]
    return spread.mean(axis=0) if len(spread) else None


def _steadied(covariance: Array, dof: float, sources: EndMembers) -> Array:
    shape = mean_spread(sources)
    if dof <= 0.0 or shape is None:
        return covariance
    j = len(covariance)
    scale = float(np.trace(np.linalg.pinv(shape, hermitian=True) @ covariance)) / j
    return (dof * covariance + (j + 1) * scale * shape) / (dof + j + 1)
