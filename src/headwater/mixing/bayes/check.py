"""Can this model be fitted to these data at all, and what should a reader know before it is?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from headwater.errors import InputRefused
from headwater.mixing.bayes.distance_outside import distance_outside
from headwater.mixing.bayes.model import Array, MixingModel, Sources
from headwater.mixing.refuse import check_tracers

MOST_SHOWN = 6
MOST_MIXTURES = 20_000
ALIKE = 0.5
"""Overlap of two sources (Bhattacharyya) from which they are reported, as in ``identify``."""
OUTSIDE = 2.0
"""Distance from the polygon of the sources, in sds of a single water, from which a mixture is outside."""


class Code(StrEnum):
    """What a check may find; nothing of it stops a fit."""

    UNDERDETERMINED = "underdetermined"
    SOURCES_ALIKE = "sources_alike"
    NOT_COVERED = "not_covered"
    ONE_MIXTURE = "one_mixture"
    ONE_LEVEL = "one_level"
    FEW_LEVELS = "few_levels"
    SMALL_PRIOR = "small_prior"


@dataclass(frozen=True)
class Finding:
    """One thing to know: what it is, its numbers, and a sentence."""

    code: Code
    values: dict[str, object]
    text: str


def check_model(model: MixingModel) -> tuple[Finding, ...]:
    """What a reader should know of a model and its data before it is fitted.

    Raises
    ------
    InputRefused
        No mixtures, a missing or infinite value, one source, a tracer that is constant, given twice or a
        linear function of others, a source of one water or without n, a level without sources.
    """
    _check_mixtures(model)
    _check_sources(model)
    _check_levels(model)
    _check_tracers(model)
    return tuple(
        finding
        for find in (_underdetermined, _alike, _not_covered, _mixtures, _levels, _small_prior)
        for finding in find(model)
    )


def _check_mixtures(model: MixingModel) -> None:
    x, tracers = model.mixtures.values, model.mixtures.tracers
    if x.ndim != 2 or x.shape != (len(x), len(tracers)) or not tracers:
        raise InputRefused(f"mixtures of shape {x.shape}; one column for each of {tracers} is needed")
    if not len(x):
        raise InputRefused("no mixtures; at least one is needed")
    bad = np.argwhere(~np.isfinite(x))
    if len(bad):
        i, j = bad[0]
        name = model.mixtures.ids[i] if model.mixtures.ids else f"number {i + 1}"
        raise InputRefused(
            f"mixture {name}: {tracers[j]} is {x[i, j]}; every mixture needs a value of every tracer. Fill "
            "it in, or leave the mixture out"
        )
    if model.mixtures.covariance is not None:
        _check_covariances(model.mixtures.covariance, "the analytical covariance of a mixture")


def _check_covariances(covariance: Array, what: str) -> None:
    if not np.isfinite(covariance).all() or (np.linalg.eigvalsh(covariance)[..., 0] < -1e-12).any():
        raise InputRefused(
            f"{what} is missing or no covariance (a negative variance); correct or leave it out"
        )


def _check_sources(model: MixingModel) -> None:
    sources = model.sources
    if sources.tracers != model.mixtures.tracers:
        raise InputRefused(
            f"sources have the tracers {sources.tracers}, mixtures {model.mixtures.tracers}; the same ones "
            "in the same order are needed"
        )
    if len(sources.names) < 2:
        raise InputRefused(
            f"one source ({', '.join(sources.names) or 'none'}): nothing to mix; at least two are needed. "
            "Add a source"
        )
    twice = next((name for name in sources.names if sources.names.count(name) > 1), None)
    if twice is not None:
        raise InputRefused(f"source {twice!r} is there twice; each name is allowed once. Rename or pool them")
    there = _there(sources)
    exact = model.style == "simmr"
    for r, k in np.argwhere(there):
        at = f" at {sources.by} {sources.levels[r]}" if sources.by is not None else ""
        place = f"source {sources.names[k]}{at}"
        if not np.isfinite(sources.mean[r, k]).all():
            raise InputRefused(f"{place}: its mean is missing; give it, or declare the source absent there")
        if exact or sources.mean_covariance is not None:
            continue
        if sources.n[r, k] < 1:
            raise InputRefused(
                f"{place}: the number of waters n is missing; it says how well the mean is known. Give n, or "
                "use --model simmr, which takes means as exact"
            )
        if sources.n[r, k] == 1:
            raise InputRefused(
                f"{place}: n is 1: one water says nothing of the spread; at least 2 are needed. Pool the "
                "source with another, or leave it out"
            )
    _check_covariances(sources.covariance[there], "the covariance of a source")


def _there(sources: Sources) -> np.ndarray:
    return np.ones(sources.n.shape, bool) if sources.present is None else sources.present


def _check_levels(model: MixingModel) -> None:
    sources = model.sources
    if sources.by is None:
        return
    labels = model.mixtures.factors.get(sources.by)
    if labels is None:
        raise InputRefused(
            f"sources differ by {sources.by!r}, which the mixtures do not have (they have "
            f"{', '.join(model.mixtures.factors) or 'no factor'}). Name the column of the mixtures"
        )
    have = sorted(set(labels))
    lacking = [level for level in have if level not in sources.levels]
    if lacking:
        raise InputRefused(
            f"mixtures have {sources.by} {_few(lacking)}, which has no sources: mixtures have {_few(have)}, "
            f"sources have {_few(list(sources.levels))}. Add sources, or leave these mixtures out"
        )


def _check_tracers(model: MixingModel) -> None:
    x, sources = model.mixtures.values, model.sources
    names = sources.tracers
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputRefused(f"tracer {twice!r} is given twice: it would count double; name each one once")
    means = sources.mean[_there(sources)]
    for j, name in enumerate(names):
        if np.ptp(means[:, j]) == 0.0:
            raise InputRefused(
                f"tracer {name!r} is constant: {means[0, j]:g} in every source, so it cannot tell them "
                "apart. Leave it out"
            )
        if len(x) > 2 and np.ptp(x[:, j]) == 0.0:
            raise InputRefused(
                f"tracer {name!r} is constant: {x[0, j]:g} in all {len(x)} mixtures. Check for copied "
                "values, or leave it out"
            )
    waters = (
        means if sources.rows is None else np.concatenate([one for level in sources.rows for one in level])
    )
    tables = [table for table in (x, waters) if len(table) >= len(names) + 3]
    for table in tables[:1] if len(names) > 1 else []:
        if _collinear(np.concatenate([x, means]), len(names)):
            check_tracers(table, names)


def _collinear(values: Array, tracers: int) -> bool:
    """True where all waters together lie within 2 % of a plane of fewer dimensions."""
    spread = values.std(axis=0)
    if not (spread > 0.0).all() or len(values) <= tracers:
        return False
    singular = np.linalg.svd((values - values.mean(axis=0)) / spread, compute_uv=False)
    return bool(singular[-1] < 0.02 * singular[0])


def _underdetermined(model: MixingModel) -> Iterator[Finding]:
    k, j = len(model.sources.names), len(model.sources.tracers)
    if k > j + 1:
        yield Finding(
            Code.UNDERDETERMINED,
            {"sources": k, "tracers": j},
            f"{k} sources and {j} tracer{'s' if j > 1 else ''}: {j} "
            f"tracer{'s separate' if j > 1 else ' separates'} at "
            f"most {j + 1} sources, so part of every share is prior. Merge sources, add a tracer, or look at "
            "how much of each share is prior before believing it",
        )


def _alike(model: MixingModel) -> Iterator[Finding]:
    sources = model.sources
    k = len(sources.names)
    overlap = np.stack([_overlaps(sources, r) for r in range(len(sources.mean))])
    with np.errstate(invalid="ignore"):
        least = np.where(np.isnan(overlap), np.inf, overlap).min(axis=0)
    pairs = [(least[a, b], sources.names[a], sources.names[b]) for a in range(k) for b in range(a + 1, k)
             if ALIKE <= least[a, b] <= 1.0 + 1e-9]  # fmt: skip
    if pairs:
        pairs.sort(reverse=True)
        shown = "; ".join(f"{a} and {b} ({value:.2f})" for value, a, b in pairs[:MOST_SHOWN])
        more = f"; and {len(pairs) - MOST_SHOWN} more pairs" if len(pairs) > MOST_SHOWN else ""
        yield Finding(
            Code.SOURCES_ALIKE,
            {"pairs": [(a, b, float(value)) for value, a, b in pairs]},
            f"sources that overlap by half or more: {shown}{more}. Their shares will trade against each "
            "other; their sum is known better than either",
        )


def _overlaps(sources: Sources, level: int) -> Array:
    """Bhattacharyya coefficient of all pairs at one level, (K, K); NaN where a source is absent or exact."""
    covariance = sources.covariance[level]
    d = sources.mean[level][:, None] - sources.mean[level][None]
    pooled = 0.5 * (covariance[:, None] + covariance[None])
    usable = np.isfinite(covariance).all(axis=(1, 2)) & _there(sources)[level]
    own = np.where(usable[:, None, None], np.nan_to_num(covariance), np.eye(d.shape[2]))
    log_det = np.linalg.slogdet(own)
    usable &= log_det[0] > 0.0
    both = usable[:, None] & usable[None]
    pooled = np.where(both[:, :, None, None], pooled, np.eye(d.shape[2]))
    square = np.einsum("abi,abij,abj->ab", d, np.linalg.inv(pooled), d)
    with np.errstate(invalid="ignore"):
        logs = np.linalg.slogdet(pooled)[1] - 0.5 * (log_det[1][:, None] + log_det[1][None])
        value = np.exp(-square / 8.0 - 0.5 * logs)
    return np.where(both, value, np.nan)


def _not_covered(model: MixingModel) -> Iterator[Finding]:
    if model.evaporation is not None:
        return
    sources, x = model.sources, model.mixtures.values
    take = np.unique(np.linspace(0, len(x) - 1, min(len(x), MOST_MIXTURES)).astype(int))
    labels = None if sources.by is None else np.array(model.mixtures.factors[sources.by])[take]
    far = np.zeros(len(take))
    for r in range(len(sources.mean)):
        here = np.ones(len(take), bool) if labels is None else labels == sources.levels[r]
        if here.any():
            far[here] = _far(model, r, x[take][here])
    outside = far > OUTSIDE
    if outside.mean() > 0.05:
        names = [model.mixtures.ids[i] for i in take[outside][:MOST_SHOWN]] if model.mixtures.ids else []
        yield Finding(
            Code.NOT_COVERED,
            {"outside": int(outside.sum()), "mixtures": len(take), "largest": float(far.max())},
            f"{int(outside.sum())} of {len(take)} mixtures lie outside what the sources can make, by more "
            f"than {OUTSIDE:g} sd of a single water (at most "
            f"{far.max():.1f}{'; ' + ', '.join(names) if names else ''}). A source "
            "may be missing, or discrimination or evaporation; shares are forced and should not be believed",
        )


def _far(model: MixingModel, level: int, values: Array) -> Array:
    """Distance of mixtures from the polygon of the sources of one level, in sds of a single water."""
    sources = model.sources
    keep = _there(sources)[level]
    mean, covariance = sources.mean[level][keep].copy(), sources.covariance[level][keep]
    if sources.discrimination is not None:
        mean += sources.discrimination[keep]
    spread = covariance.mean(axis=0)
    if sources.discrimination_sd is not None:
        spread = spread + np.diag((sources.discrimination_sd[keep] ** 2).mean(axis=0))
    if model.mixtures.covariance is not None:
        spread = spread + model.mixtures.covariance.mean(axis=0)
    floor = 1e-9 * np.maximum(np.ptp(np.concatenate([mean, values]), axis=0), 1e-12) ** 2
    root = np.linalg.cholesky(spread + np.diag(floor))
    white = np.linalg.inv(root).T
    return distance_outside((values - mean[0]) @ white, (mean - mean[0]) @ white)


def _mixtures(model: MixingModel) -> Iterator[Finding]:
    if len(model.mixtures.values) == 1:
        yield Finding(
            Code.ONE_MIXTURE,
            {},
            "one mixture: how mixtures of one kind differ cannot be seen, so the error is that of the "
            "sources alone; expect wide shares",
        )


def _levels(model: MixingModel) -> Iterator[Finding]:
    for factor in model.factors:
        levels = len(set(model.mixtures.factors.get(factor.name, ())))
        values: dict[str, object] = {"factor": factor.name, "levels": levels}
        if levels == 1:
            text = f"factor {factor.name} has one level, so it explains nothing. Leave it out"
            yield Finding(Code.ONE_LEVEL, values, text)
        elif factor.kind == "random" and levels < 5 and factor.parent is None:
            text = (
                f"random factor {factor.name} has {levels} levels: how much levels differ is hardly known "
                "from so few. A fixed factor is an alternative"
            )
            yield Finding(Code.FEW_LEVELS, values, text)


def _small_prior(model: MixingModel) -> Iterator[Finding]:
    if isinstance(model.prior, tuple) and min(model.prior, default=1.0) < 0.1:
        weights = dict(zip(model.sources.names, model.prior, strict=False))
        small = [name for name, weight in weights.items() if weight < 0.1]
        yield Finding(
            Code.SMALL_PRIOR,
            {"sources": small},
            f"the prior weight of {_few(small)} is nearly 0, which asks for shares of exactly 0. If a source "
            "cannot be there, say so instead (--absent)",
        )


def _few(names: list[str]) -> str:
    more = f" and {len(names) - MOST_SHOWN} more" if len(names) > MOST_SHOWN else ""
    return ", ".join(names[:MOST_SHOWN]) + more
