"""Waters as a model expects them before it has seen any: parameters from its prior, then mixtures from these.

Parameters are drawn in their own units from the documented distributions and then turned into positions, so
that nothing of the compiled densities is used: ``calibrate`` holds the one against the other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from headwater.mixing.bayes import gaussian_layout
from headwater.mixing.bayes import kernel_gaussian_slots as at
from headwater.mixing.bayes.bartlett import SD_PRIOR
from headwater.mixing.bayes.evaporated import Evaporated, make_evaporated
from headwater.mixing.bayes.evaporated_layout import SHAPE_SD, SPIKE_LOGIT
from headwater.mixing.bayes.family import Array
from headwater.mixing.bayes.gaussian import Gaussian
from headwater.mixing.bayes.gaussian_groups import gather
from headwater.mixing.bayes.gaussian_sources import is_raw, present_sources
from headwater.mixing.bayes.problem import Problem, pack


@dataclass(frozen=True)
class PriorDraws:
    """D independent draws of a whole model.

    Attributes
    ----------
    positions : shape (D, dimension)
    means : shape (D, R, K, J), source means; NaN where a source is absent
    mixtures : shape (D, N, J)
    """

    positions: Array
    means: Array
    mixtures: Array


def draw_prior(problem: Problem, draws: int, rng: np.random.Generator) -> PriorDraws:
    """Independent draws of all parameters from the prior, and of mixtures given these.

    Sources are taken as given: their means, covariances and n are the prior of the true ones.
    """
    shares = problem.shares.draw_prior(draws, rng)
    family = problem.family
    if isinstance(family, Gaussian):
        own, means = _gaussian(family, draws, rng)
    elif isinstance(family, Evaporated):
        own = _evaporated(family, draws, rng)
        means = family.source_means(shares, own, rng)
    else:
        raise TypeError(f"no prior is known for the likelihood {type(family).__name__}")
    mixtures = family.predict(problem.shares.cells(shares), own, means, rng)
    return PriorDraws(np.concatenate([shares, own], axis=1), means, mixtures)


def with_mixtures(problem: Problem, values: Array) -> Problem:
    """The same problem with other mixtures, shape (N, J), in the place of its own.

    What a style derives from the mixtures (MixSIAR's centre and scale of each tracer) stays as it was: it is
    part of the prior, which must not move with the data.
    """
    model = replace(problem.model, mixtures=replace(problem.model.mixtures, values=values))
    family: Any
    if isinstance(problem.family, Gaussian):
        own, standard = problem.family.assumed, problem.family.assumed.standard
        cells = problem.design.cells
        groups = gather(model.mixtures, cells, np.argsort(own.order), standard.centre, standard.scale)
        assumed = replace(own, groups=replace(groups, analytical=own.groups.analytical))
        floats, ints = gaussian_layout.pack(assumed, cells)
        family = Gaussian(model, cells, assumed, floats, ints, gaussian_layout.start(assumed))
    else:
        family = make_evaporated(model, problem.design.cells)
    floats, ints = pack(problem.shares, family, problem.design)
    start = np.concatenate([problem.shares.start, family.start])
    return replace(problem, model=model, family=family, floats=floats, ints=ints, start=start)


def _gaussian(family: Gaussian, draws: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Positions of a Gaussian likelihood (D, dimension) and source means (D, R, K, J)."""
    found = family.assumed
    own = found.covariances
    r, k, j = found.source_mean.shape
    parts = [_scalars(family, draws, rng)]
    covariances = np.zeros((draws, r * k, j, j))
    for row in range(len(own.known)):
        if own.known[row]:
            covariances[:, row] = _given(family)[row]
            continue
        covariance = _residual(family, draws, rng) if row == r * k else _single(family, row, draws, rng)
        parts.append(_latents(family, row, covariance))
        if row < r * k:
            covariances[:, row] = covariance
    return np.concatenate(parts, axis=1), _means(family, covariances, rng)


def _scalars(family: Gaussian, draws: int, rng: np.random.Generator) -> Array:
    """Positions of ξ (uniform or log-normal) or σ (0.001 + gamma, or half-normal), shape (D, 0 or J)."""
    found = family.assumed
    shape = (draws, found.scalars)
    if found.prior == at.UNIFORM:
        xi = rng.uniform(0.0, at.UPPER, shape)
        return np.asarray(np.log(xi) - np.log(at.UPPER - xi))
    if found.prior == at.LOG_NORMAL:
        return rng.standard_normal(shape)
    if found.prior == at.OFFSET_GAMMA:
        return np.asarray(np.log(rng.gamma(at.SHAPE, 1.0 / at.RATE, shape)))
    return np.asarray(np.log(np.abs(rng.standard_normal(shape))))


def _given(family: Gaussian) -> Array:
    """Covariances of single waters as declared, in standard units, shape (R K, J, J); 0 where absent."""
    scale, sources = family.assumed.standard.scale, family.model.sources
    there = present_sources(family.model)[:, :, None, None]
    given = np.where(there, sources.covariance, 0.0) / np.multiply.outer(scale, scale)
    return np.asarray(given.reshape(-1, len(scale), len(scale)))


def _single(family: Gaussian, row: int, draws: int, rng: np.random.Generator) -> Array:
    """Covariances of the single waters of one source, given what was measured of them, (D, J, J)."""
    given, n = _given(family)[row], float(family.model.sources.n.reshape(-1)[row])
    j = len(given)
    if is_raw(family.model):
        return _raw(given * (n - 1.0), n, draws, rng)
    if family.assumed.covariances.full[row]:
        dof = max(n - 1.0, float(j))
        return _inverse_wishart(dof, given * dof, draws, rng)
    dof = n if family.model.style == "mixsiar" else max(n - 1.0, 1.0)
    factor = n - 1.0 if family.model.style == "mixsiar" else dof
    covariance = np.zeros((draws, j, j))
    for tracer in range(j):
        covariance[:, tracer, tracer] = factor * given[tracer, tracer] / rng.chisquare(dof, draws)
    return covariance


def _raw(scatter: Array, n: float, draws: int, rng: np.random.Generator) -> Array:
    """As MixSIAR has single waters: 1/sd ~ Gamma(0.001, 0.001), every valid correlation alike, times what
    n waters with this scatter about their mean tell. Exact, by rejection from an inverse Wishart: the ratio
    of the densities is |R|^((J+1)/2) Π sd^(−a) exp(−a/sd), largest at R = I, sd = 1."""
    j = len(scatter)
    kept = np.empty((0, j, j))
    while len(kept) < draws:
        tried = _inverse_wishart(n - 1.0, scatter, 4 * draws, rng)
        sd = np.sqrt(np.diagonal(tried, axis1=1, axis2=2))
        log_det = np.linalg.slogdet(tried / (sd[:, :, None] * sd[:, None, :]))[1]
        weight = 0.5 * (j + 1.0) * log_det + SD_PRIOR * (1.0 - np.log(sd) - 1.0 / sd).sum(axis=1)
        kept = np.concatenate([kept, tried[np.log(rng.random(len(tried))) < weight]])
    return kept[:draws]


def _residual(family: Gaussian, draws: int, rng: np.random.Generator) -> Array:
    """Residual covariances in standard units, (D, J, J)."""
    j = len(family.assumed.standard.scale)
    if family.model.style == "mixsiar":
        if j == 1:
            return np.asarray(1.0 / rng.gamma(SD_PRIOR, 1.0 / SD_PRIOR, (draws, 1, 1)))
        return _inverse_wishart(j + 1.0, np.eye(j), draws, rng)
    sd = family.assumed.standard.spread * np.abs(rng.standard_normal((draws, j)))
    return np.asarray(sd[:, :, None] * correlations(j, draws, rng) * sd[:, None, :])


def correlations(j: int, draws: int, rng: np.random.Generator) -> Array:
    """Correlation matrices, all valid ones alike, shape (D, J, J).

    Row i of the Cholesky factor has a uniform direction and squared length ~ Beta(i/2, (J − i + 1)/2) before
    its diagonal, i = 1 … J − 1.

    References
    ----------
    Lewandowski, Kurowicka, Joe (2009), J. Multivar. Anal. 100, 1989–2001, section 3.2 (onion).
    """
    root = np.zeros((draws, j, j))
    root[:, 0, 0] = 1.0
    for i in range(1, j):
        length = rng.beta(i / 2.0, 1.0 + (j - 1 - i) / 2.0, draws)
        direction = rng.standard_normal((draws, i))
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        root[:, i, :i] = np.sqrt(length)[:, None] * direction
        root[:, i, i] = np.sqrt(1.0 - length)
    return np.asarray(root @ np.swapaxes(root, 1, 2))


def _inverse_wishart(dof: float, scale: Array, draws: int, rng: np.random.Generator) -> Array:
    """C with C⁻¹ ~ Wishart(dof, scale⁻¹), shape (D, J, J)."""
    from scipy.stats import invwishart

    j = len(scale)
    return np.asarray(invwishart.rvs(dof, scale, draws, rng)).reshape(draws, j, j)


def _latents(family: Gaussian, row: int, covariance: Array) -> Array:
    """Positions of covariances in Bartlett coordinates: B B' = G' C⁻¹ G, first L = log B_ii², then B."""
    own = family.assumed.covariances
    g = own.root[row]
    b = np.linalg.cholesky(g.T @ np.linalg.solve(covariance, np.broadcast_to(g, covariance.shape)))
    log_squares = 2.0 * np.log(np.diagonal(b, axis1=1, axis2=2))
    latents = (log_squares - own.centre[row]) / own.step[row]
    if not own.full[row]:
        return np.asarray(latents)
    below = np.tril_indices(len(g), -1)
    return np.concatenate([latents, b[:, below[0], below[1]]], axis=1)


def _means(family: Gaussian, covariances: Array, rng: np.random.Generator) -> Array:
    """Source means in the user's units (D, R, K, J), given covariances of single waters (D, R K, J, J)."""
    model, standard = family.model, family.assumed.standard
    sources = model.sources
    there = present_sources(model)
    measured = np.where(there[:, :, None], sources.mean, np.nan)
    shape = (len(covariances), *measured.shape)
    if model.style == "simmr":
        return np.array(np.broadcast_to(measured, shape))
    if sources.mean_covariance is not None:
        of_means = np.where(there[:, :, None, None], sources.mean_covariance, 0.0)[None]
    else:
        if model.style == "mixsiar" and not is_raw(model):
            covariances = (_given(family) * np.eye(len(standard.scale)))[None]
        units = np.multiply.outer(standard.scale, standard.scale)
        of_means = covariances.reshape(-1, *measured.shape, measured.shape[2]) * units
        of_means = of_means / np.maximum(sources.n, 1)[:, :, None, None]
    values, vectors = np.linalg.eigh(of_means)
    z = rng.standard_normal(shape) * np.sqrt(np.maximum(values, 0.0))
    return np.asarray(measured + np.einsum("...ij,...j->...i", vectors, z))


def _evaporated(family: Evaporated, draws: int, rng: np.random.Generator) -> Array:
    """Positions of evaporated mixtures (D, dimension): standard normal but for what is positive.

    Mean of E, its start and the sds of its effects are half-normal; weights of the orders are log-normal.
    """
    layout = family.layout
    positions = rng.standard_normal((draws, layout.dimension))
    size = np.abs(positions)
    if layout.mean >= 0:
        means = slice(layout.mean, layout.mean + len(family.mean))
        sds = slice(layout.sds, layout.sds + len(family.effects))
        positions[:, means] = np.log(size[:, means])
        positions[:, sds] = _softplus_inverse(size[:, sds])
    if layout.start >= 0:
        positions[:, layout.start] = _softplus_inverse(size[:, layout.start])
    if layout.shape >= 0 and family.evaporation.form != "truncated_normal":
        positions[:, layout.shape :] *= SHAPE_SD
        if "spike" in family.evaporation.form:
            positions[:, layout.shape] += SPIKE_LOGIT
    return positions


def _softplus_inverse(x: Array) -> Array:
    return np.asarray(x + np.log(-np.expm1(-x)))
