"""What a style assumes of the sources: the covariances between their single waters, and of their means."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from headwater.errors import InputRefused
from headwater.mixing.bayes.bartlett import SD_PRIOR, Covariances, wishart
from headwater.mixing.bayes.family import Array, Cells
from headwater.mixing.bayes.model import MixingModel

_SINGULAR = 1e-10


@dataclass(frozen=True)
class Standard:
    """Tracers are fitted as (value − centre) / scale; ``spread`` of the sources in these units, (J,) each."""

    centre: Array
    scale: Array
    spread: Array


def present_sources(model: MixingModel) -> NDArray[np.bool_]:
    """Which source has values at which level, shape (R, K)."""
    sources = model.sources
    return np.ones(sources.n.shape, dtype=bool) if sources.present is None else sources.present


def standardise(model: MixingModel) -> Standard:
    """Centre and scale that a style measures its priors in.

    MixSIAR pools all mixtures with all source values, rebuilt from mean, sd and n. simmr does not
    standardise. headwater takes the sources alone: their spread about their common mean, single waters
    included, so that the prior does not depend on the mixtures.
    """
    values, sources = model.mixtures.values, model.sources
    there = present_sources(model)
    mean = sources.mean[there]
    variance = np.diagonal(sources.covariance, axis1=2, axis2=3)[there]
    centre = mean.mean(axis=0)
    spread = np.sqrt(((mean - centre) ** 2 + variance).mean(axis=0))
    scale = spread
    if model.style == "mixsiar":
        n = sources.n[there][:, None].astype(float)
        count = len(values) + n.sum()
        centre = (values.sum(axis=0) + (n * mean).sum(axis=0)) / count
        squares = ((values - centre) ** 2).sum(axis=0)
        squares = squares + ((n - 1.0) * variance + n * (mean - centre) ** 2).sum(axis=0)
        scale = np.sqrt(squares / (count - 1.0))
    for name, size in zip(sources.tracers, np.minimum(scale, spread), strict=True):
        if not (np.isfinite(size) and size > 0.0):
            raise InputRefused(
                f"tracer {name!r} has one value in all sources and no spread; a tracer must differ between "
                f"sources: leave it out"
            )
    if model.style == "simmr":
        scale = np.ones(values.shape[1])
    return Standard(centre, scale, spread / scale)


def source_covariances(model: MixingModel, cells: Cells, standard: Standard) -> Covariances:
    """Priors of the covariances between the single waters of each source; rows are level · K + source.

    headwater: C⁻¹ ~ Wishart(ν, S⁻¹/ν), ν = n − 1 (but no less than the tracers, where they covary): what n
    waters tell of their covariance. Without covariances between tracers each variance is ν s²/χ²_ν.
    MixSIAR, means: (n − 1) s²/χ²_n; raw rows: 1/sd ~ Gamma(0.001, 0.001) and all valid correlations alike.
    simmr: known. Known as well is what has no influence: a level without mixtures, and MixSIAR's variances
    of means where the error is residual.

    Raises
    ------
    InputRefused
        fewer than two waters (raw rows: no more than tracers), or tracers that are perfectly correlated.
    """
    sources = model.sources
    r, k, j = sources.mean.shape
    raw = is_raw(model)
    n = sources.n.reshape(-1).astype(float)
    covariance = _standard_covariance(model, standard)
    used = np.isin(np.repeat(np.arange(r), k), cells.block) & (np.abs(covariance).max(axis=(1, 2)) > 0.0)
    known = ~(present_sources(model).reshape(-1) & used) | (model.style == "simmr")
    if model.style == "mixsiar" and not raw and model.error == "residual":
        known[:] = True
    if sources.mean_covariance is not None:
        known |= n < 2
    _check_counts(model, known, raw)
    full = j > 1 and (raw or bool((covariance * (1.0 - np.eye(j))).any()))
    dof = np.maximum(n - 1.0, float(j if full else 1))
    factor = dof
    degrees = dof[:, None] - np.arange(j) * full
    if model.style == "mixsiar" and not raw:
        degrees, factor = np.repeat(n[:, None], j, axis=1), n - 1.0
    root = _root(model, covariance) * np.sqrt(np.where(known, 1.0, factor))[:, None, None]
    found = wishart(root, np.maximum(degrees, 1.0), known, full=full)
    if not raw:
        return found
    own = np.broadcast_to(~known[:, None], (r * k, j))
    return replace(
        found,
        coef=np.where(own, (n[:, None] - 1.0 - j - np.arange(1, j + 1)) / 2.0, 0.0),
        alpha=np.where(own, (j + SD_PRIOR + 1.0) / 2.0, 0.0),
        beta=np.where(own, SD_PRIOR, 0.0),
    )


def mean_roots(model: MixingModel, covariances: Covariances, standard: Standard) -> tuple[Array, Array]:
    """Of each source mean: a root of its covariance (R K, J, J), and the factor 1/√n (R K,) where that root
    is the factor times F of its source, else 0."""
    sources = model.sources
    r, k, j = sources.mean.shape
    there = present_sources(model).reshape(-1)
    none = np.zeros(r * k)
    if model.style == "simmr":
        return np.zeros((r * k, j, j)), none
    if sources.mean_covariance is not None:
        given = np.where(there[:, None, None], sources.mean_covariance.reshape(-1, j, j), 0.0)
        return _root(model, given / np.multiply.outer(standard.scale, standard.scale)), none
    factor = np.where(there, 1.0 / np.sqrt(np.maximum(sources.n.reshape(-1), 1)), 0.0)
    fixed = _root(model, _standard_covariance(model, standard)) * factor[:, None, None]
    moving = np.where(covariances.known | (model.style == "mixsiar" and not is_raw(model)), 0.0, factor)
    return np.where(moving[:, None, None] > 0.0, 0.0, fixed), moving


def is_raw(model: MixingModel) -> bool:
    """Whether the single waters of the sources are part of the likelihood, as MixSIAR has it."""
    return model.style == "mixsiar" and model.sources.rows is not None


def _standard_covariance(model: MixingModel, standard: Standard) -> Array:
    j = len(standard.scale)
    there = present_sources(model).reshape(-1)[:, None, None]
    covariance = np.where(there, model.sources.covariance.reshape(-1, j, j), 0.0)
    if model.style == "simmr" or (model.style == "mixsiar" and not is_raw(model)):
        covariance = covariance * np.eye(j)
    return np.asarray(covariance / np.multiply.outer(standard.scale, standard.scale))


def _root(model: MixingModel, covariance: Array) -> Array:
    """Roots of covariances (M, J, J); of a diagonal one, its sds."""
    root = np.zeros_like(covariance)
    for i, c in enumerate(covariance):
        diagonal = np.diag(c)
        if (diagonal < 0.0).any() or not np.isfinite(c).all():
            raise InputRefused(f"{_name(model, i)}: a variance is {diagonal.min():g}; it must be 0 or more")
        if not (c - np.diag(diagonal)).any():
            root[i] = np.diag(np.sqrt(diagonal))
            continue
        if not np.linalg.eigvalsh(c)[0] > _SINGULAR * diagonal.max():
            raise InputRefused(
                f"{_name(model, i)}: its tracers are perfectly correlated, so that they carry fewer numbers "
                f"than tracers; leave one out, or give more waters than tracers"
            )
        root[i] = np.linalg.cholesky(c)
    return root


def _check_counts(model: MixingModel, known: NDArray[np.bool_], raw: bool) -> None:
    n, j = model.sources.n.reshape(-1), model.sources.mean.shape[2]
    least = max(2, j + 1 if raw else 2)
    for i in np.flatnonzero(~known & (n < least)):
        raise InputRefused(
            f"{_name(model, int(i))} has n = {n[i]}; at least {least} waters are needed for a variance: pool "
            f"it with a similar source, or give the covariance of its mean"
        )


def _name(model: MixingModel, row: int) -> str:
    level, source = divmod(row, len(model.sources.names))
    at = f" at {model.sources.by} {model.sources.levels[level]}" if model.sources.by else ""
    return f"source {model.sources.names[source]!r}{at}"
