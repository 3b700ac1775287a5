"""What a model takes as given, and the same as the two flat arrays of the compiled Gaussian likelihood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import lgamma
from typing import Any

import numpy as np

from headwater.errors import InputRefused
from headwater.mixing.bayes import kernel_gaussian_slots as at
from headwater.mixing.bayes.bartlett import Covariances, free_residual, mixsiar_residual
from headwater.mixing.bayes.family import Array, Cells, Integers
from headwater.mixing.bayes.gaussian_groups import Groups, gather
from headwater.mixing.bayes.gaussian_sources import (
    Standard,
    mean_roots,
    present_sources,
    source_covariances,
    standardise,
)
from headwater.mixing.bayes.model import Error, MixingModel, Style

LOG_XI_SD = 1.5
"""Sd of headwater's normal prior of log ξ, about 0."""
_ERRORS: dict[str, int] = {
    "process": at.PROCESS,
    "process*residual": at.SCALED,
    "residual": at.RESIDUAL,
    "additive": at.ADDITIVE,
}


@dataclass(frozen=True)
class Assumed:
    """All that the likelihood takes as given, tracers standardised.

    Attributes
    ----------
    order : shape (C,), cells sorted by level
    error : as fitted; a single datum leaves no error but process
    prior : code of the prior of ξ or σ
    covariances : of the R K sources, then of the residual where there is one
    source_mean, discrimination : shape (R, K, J), (K, J); 0 where a source is absent
    extra_variance : shape (K, J), of the discrimination
    concentration : shape (R, K, J), or None
    unsure : shape (R, K, J), squared coefficient of variation of the concentrations, or None
    weighted_variance : whether process variances take the weights of concentrations, or the bare shares
    mean_root, moving : of the source means
    """

    standard: Standard
    order: Integers
    groups: Groups
    error: Error
    prior: int
    covariances: Covariances
    source_mean: Array
    discrimination: Array
    extra_variance: Array
    concentration: Array | None
    unsure: Array | None
    weighted_variance: bool
    mean_root: Array
    moving: Array

    @property
    def scalars(self) -> int:
        """Number of ξ or σ in a position."""
        return self.source_mean.shape[2] if self.error in ("process*residual", "additive") else 0

    @property
    def plain_means(self) -> bool:
        """Whether the covariances of the source means are diagonal throughout."""
        off = ~np.eye(self.source_mean.shape[2], dtype=bool)
        moving = self.moving.any() and (self.covariances.full.any() or self.covariances.root[:, off].any())
        return not (moving or self.mean_root[:, off].any())

    @property
    def coupled(self) -> bool:
        """Whether any covariance between tracers enters."""
        off = ~np.eye(self.source_mean.shape[2], dtype=bool)
        parts = (self.groups.analytical, self.covariances.root, self.mean_root)
        special = self.error == "residual" or self.covariances.full.any() or self.covariances.alpha.any()
        return bool(special or any(part[:, off].any() for part in parts))


def assume(model: MixingModel, cells: Cells) -> Assumed:
    """What the style of a model assumes.

    Raises
    ------
    InputRefused
        a variance that cannot be known, concentrations that are not positive, or mixtures without variance.
    """
    standard = standardise(model)
    sources, j = model.sources, len(standard.scale)
    there = present_sources(model)[:, :, None]
    order = np.argsort(cells.block, kind="stable")
    groups = gather(model.mixtures, cells, np.argsort(order), standard.centre, standard.scale)
    error = model.error
    if len(model.mixtures.values) == 1 and error != "process":
        if model.style == "simmr" and error == "additive":
            groups = replace(groups, analytical=groups.analytical + at.OFFSET**2 * np.eye(j))
        error = "process"
    alone = replace(model, error=error)
    covariances = source_covariances(alone, cells, standard)
    root, moving = mean_roots(alone, covariances, standard)
    if error == "residual":
        own = mixsiar_residual(j) if model.style == "mixsiar" else free_residual(standard.spread)
        covariances = covariances.joined(own)
    concentration, unsure = _concentrations(model)
    found = Assumed(
        standard=standard,
        order=order,
        groups=groups,
        error=error,
        prior=_prior(error, model.style),
        covariances=covariances,
        source_mean=np.where(there, (sources.mean - standard.centre) / standard.scale, 0.0),
        discrimination=_of_sources(sources.discrimination, model) / standard.scale,
        extra_variance=(_of_sources(sources.discrimination_sd, model) / standard.scale) ** 2,
        concentration=concentration,
        unsure=unsure,
        weighted_variance=model.style != "mixsiar" and concentration is not None,
        mean_root=root,
        moving=moving,
    )
    _check_variance(model, cells, found)
    return found


def pack(found: Assumed, cells: Cells) -> tuple[Array, Integers]:
    """The arrays ``floats`` and ``ints`` of ``kernel_gaussian``."""
    r, k, j = found.source_mean.shape
    size, header = found.covariances.size, np.zeros(at.HEADER, dtype=np.int64)
    header[[at.LEVELS, at.SOURCES, at.TRACERS, at.CELLS, at.ROWS]] = r, k, j, len(found.order), len(size)
    header[[at.ERROR, at.PRIOR, at.COUPLED]] = _ERRORS[found.error], found.prior, found.coupled
    header[at.WEIGHTS] = found.concentration is not None
    header[at.WEIGHTED_VARIANCE] = found.weighted_variance
    header[at.UNSURE_WEIGHTS] = found.unsure is not None
    header[at.FREE_MEANS] = bool(found.mean_root.any() or found.moving.any())
    header[at.PLAIN_MEANS] = found.plain_means
    rank = np.argsort(found.order)
    integers = {
        at.LEVEL_CELLS: np.searchsorted(cells.block[found.order], np.arange(r + 1)),
        at.CELL: found.order,
        at.CELL_GROUPS: np.searchsorted(rank[found.groups.cell], np.arange(len(rank) + 1)),
        at.LATENT: np.where(size > 0, 1 + found.scalars + np.cumsum(size) - size, 0),
        at.FULL: found.covariances.full,
    }
    _scratch(header, integers[at.LEVEL_CELLS], len(found.groups.count))
    own_ints = _placed(header, at.HEADER, integers)
    own_floats = _placed(header, 1, _numbers(found))
    floats = np.concatenate([[_constant(found)], own_floats]).astype(np.float64)
    return floats, np.concatenate([header, own_ints.astype(np.int64)])


def start(found: Assumed) -> Array:
    """Where chains start: latents in the middle of their priors, ξ = 1, residuals as the data suggest."""
    size, j = found.covariances.size, found.source_mean.shape[2]
    position = np.zeros(found.scalars + int(size.sum()))
    variance = np.where(found.groups.within > 0.0, found.groups.within, found.standard.spread**2)
    if found.error == "process*residual" and found.prior == at.UNIFORM:
        position[:j] = -np.log(at.UPPER - 1.0)
    elif found.error == "additive":
        unit = 1.0 if found.prior == at.OFFSET_GAMMA else found.standard.spread
        position[:j] = np.log(0.5 * np.sqrt(variance) / unit)
    elif found.error == "residual":
        root = np.diagonal(found.covariances.root[-1])
        own = (np.log(root**2 / variance) - found.covariances.centre[-1]) / found.covariances.step[-1]
        first = len(position) - int(size[-1])
        position[first : first + j] = own
    return position


def _numbers(found: Assumed) -> dict[int, Any]:
    prior, groups, one = found.covariances, found.groups, np.ones(1)

    def matrices(x: Array) -> Array:
        return x if found.coupled else np.diagonal(x, axis1=1, axis2=2)

    return {
        at.COUNT: groups.count,
        at.MEAN: groups.mean,
        at.SCATTER: matrices(groups.scatter),
        at.ANALYTICAL: matrices(groups.analytical),
        at.SOURCE_MEAN: found.source_mean + found.discrimination,
        at.CONCENTRATION: one if found.concentration is None else found.concentration,
        at.UNSURE: one if found.unsure is None else found.unsure,
        at.EXTRA: found.extra_variance,
        at.ROOT: matrices(prior.root),
        at.CENTRE: prior.centre,
        at.STEP: prior.step,
        at.COEF: prior.coef,
        at.PENALTY: prior.penalty,
        at.ALPHA: prior.alpha,
        at.BETA: prior.beta,
        at.GAMMA: prior.gamma,
        at.MEAN_ROOT: matrices(found.mean_root),
        at.MOVING: found.moving,
        at.SCALE: np.array([0.0, LOG_XI_SD]) if found.error == "process*residual" else found.standard.spread,
    }


def _placed(header: Integers, begin: int, parts: Mapping[int, Any]) -> Any:
    """All parts in one row; where each begins goes into the header."""
    flat = [np.asarray(part).reshape(-1) for part in parts.values()]
    header[list(parts)] = begin + np.cumsum([0] + [len(part) for part in flat[:-1]])
    return np.concatenate(flat)


def _scratch(header: Integers, level_cells: Integers, groups: int) -> None:
    """Where the pieces of the scratch begin, and its size."""
    k, j, rows, coupled = (int(i) for i in header[[at.SOURCES, at.TRACERS, at.ROWS, at.COUPLED]])
    n, jj, one = (k * j, j * j, j) if coupled else (k, 1, 1)
    each = rows * (j * j if coupled else j)
    cell = n + (3 * j + 2 * j * j if coupled else 8)
    sizes = {
        at.W_SCALE: j,
        at.W_ADDED: j,
        at.W_BY_SCALE: j,
        at.W_BY_ADDED: j,
        at.W_VARIANCE: each,
        at.W_BY_VARIANCE: each,
        at.W_ROOT: each,
        at.W_TRIANGLE: each if coupled else 0,
        at.W_BY_ROOT: each if coupled else 0,
        at.W_T: k * jj,
        at.W_E: n,
        at.W_S: n * n if coupled else 0,
        at.W_H: n * n,
        at.W_B: n,
        at.W_Z: n if coupled else 0,
        at.W_CELL: int(np.diff(level_cells).max()) * cell,
        at.W_Q: groups * jj if coupled else 0,
        at.W_SW: n * one,
        at.W_SPREAD: jj,
        at.W_MOVED: one,
        at.W_BY_V: jj,
        at.W_SLOPE: n,
        at.W_SPARE: jj,
    }
    begin = np.cumsum([0, *sizes.values()])
    header[list(sizes)] = begin[:-1]
    header[at.W_SIZE] = begin[-1]


def _constant(found: Assumed) -> float:
    n, j = found.groups.count.sum(), found.source_mean.shape[2]
    total = -n * (0.5 * j * np.log(2.0 * np.pi) + np.log(found.standard.scale).sum())
    if found.scalars:
        each = {
            at.UNIFORM: 0.0,
            at.LOG_NORMAL: -0.5 * np.log(2.0 * np.pi),
            at.OFFSET_GAMMA: at.SHAPE * np.log(at.RATE) - lgamma(at.SHAPE),
            at.HALF_NORMAL: 0.5 * np.log(2.0 / np.pi),
        }
        total += j * each[found.prior]
    return float(total + found.covariances.constant)


def _prior(error: Error, style: Style) -> int:
    if error == "additive":
        return at.OFFSET_GAMMA if style == "simmr" else at.HALF_NORMAL
    return at.UNIFORM if style == "mixsiar" else at.LOG_NORMAL


def _of_sources(values: Array | None, model: MixingModel) -> Array:
    return np.zeros(model.sources.mean.shape[1:]) if values is None else np.asarray(values, dtype=float)


def _concentrations(model: MixingModel) -> tuple[Array | None, Array | None]:
    """Concentrations (R, K, J) and their squared coefficients of variation. MixSIAR averages over levels."""
    sources = model.sources
    if sources.concentration is None:
        return None, None
    there = np.broadcast_to(present_sources(model)[:, :, None], sources.mean.shape)
    q = np.where(there, sources.concentration, 0.0)
    if model.style == "mixsiar":
        q = np.where(there, q.sum(axis=0) / np.maximum(there.sum(axis=0), 1), 0.0)
    if not (np.isfinite(q).all() and (q >= 0.0).all() and (q.sum(axis=1) > 0.0).all()):
        raise InputRefused(
            "concentrations must be positive numbers (0 only where a source has nothing of a tracer that "
            "others have); look at the ones given"
        )
    q = np.where(there, q, 1.0)
    if sources.concentration_sd is None:
        return q, None
    sd = np.where(there, sources.concentration_sd, 0.0)
    if not (np.isfinite(sd).all() and (sd >= 0.0).all()):
        raise InputRefused("sds of concentrations must be numbers of 0 or more; look at the ones given")
    unsure = np.divide(sd, q, out=np.zeros_like(q), where=q > 0.0) ** 2
    return q, unsure if unsure.any() else None


def _check_variance(model: MixingModel, cells: Cells, found: Assumed) -> None:
    if found.error not in ("process", "process*residual"):
        return
    r, k, j = found.source_mean.shape
    own = np.diagonal(found.covariances.root[: r * k], axis1=1, axis2=2).reshape(r, k, j)
    some = (own**2 + found.extra_variance) * present_sources(model)[:, :, None]
    if found.unsure is not None:
        some = some + found.unsure
    least = np.diagonal(found.groups.analytical, axis1=1, axis2=2).min(axis=0)
    empty = (some[np.unique(cells.block)].max(axis=1).min(axis=0) == 0.0) & (least == 0.0)
    if empty.any():
        names = [name for name, none in zip(model.sources.tracers, empty, strict=True) if none]
        raise InputRefused(
            f"tracer {', '.join(names)}: no source has any spread, so that error {found.error!r} leaves the "
            f"mixtures none; give the sd of the sources, or take error 'residual' or 'additive'"
        )
