"""Can these tracers tell these sources apart? Before sampling: geometry. After it: how much is prior."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np

from headwater.mixing.bayes.design import source_blocks
from headwater.mixing.bayes.family import Array
from headwater.mixing.bayes.model import MixingModel, Sources
from headwater.mixing.endmembers import EndMembers
from headwater.mixing.geometry import SourcePair, inside_probability, source_overlap
from headwater.mixing.metric import inverse_root

ALIKE = 0.5
"""Overlap from which on a merge of two sources is suggested."""
MOST_SIMPLEXES = 2000
MOST_PAIRS_OF = 40


@dataclass(frozen=True)
class Geometry:
    """What the data can tell, before any sampling.

    Attributes
    ----------
    inside : shape (N,), probability that each mixture lies within the polygon of its sources; NaN where
        there are too many sources and tracers for the count
    dimension : effective number of tracers, 0 to J, by level of the sources: Σ λ/(1 + λ), λ the variances of
        the source means along the axes in which single waters of a source have variance 1
    pairs : (level, how two sources differ)
    merges : pairs of sources that overlap by half or more at every level, or whose means do not differ
    surplus : sources beyond effective dimension + 1, rounded
    """

    inside: Array
    dimension: Array
    pairs: tuple[tuple[str, SourcePair], ...]
    merges: tuple[tuple[str, str], ...]
    surplus: int


def look_at_sources(model: MixingModel, *, rng: np.random.Generator, draws: int = 200) -> Geometry:
    """Geometry of the sources of a model and of its mixtures among them."""
    members = [end_members(model.sources, r) for r in range(len(model.sources.mean))]
    labels = model.sources.levels or ("",) * len(members)
    pairs = [
        (label, pair)
        for label, one in zip(labels, members, strict=True)
        if len(one.names) <= MOST_PAIRS_OF
        for pair in source_overlap(one)
    ]
    dimension = np.array([effective_dimension(one) for one in members])
    surplus = max(0, len(model.sources.names) - 1 - round(float(dimension.mean())))
    return Geometry(_inside(model, members, draws, rng), dimension, tuple(pairs), _merges(pairs), surplus)


def effective_dimension(sources: EndMembers) -> float:
    """Number of directions in which sources differ by more than their own waters do, 0 to J."""
    within = sources.covariance[np.isfinite(sources.covariance).all(axis=(1, 2))]
    if len(sources.names) < 2 or not len(within):
        return float("nan")
    scatter = within.mean(axis=0)
    if not np.linalg.eigvalsh(scatter)[0] > 0.0:
        return float(np.linalg.matrix_rank(sources.mean - sources.mean.mean(axis=0)))
    apart = (sources.mean - sources.mean.mean(axis=0)) @ inverse_root(scatter)
    spread = np.linalg.eigvalsh(apart.T @ apart / (len(apart) - 1))
    spread = np.maximum(spread, 0.0)
    return float((spread / (1.0 + spread)).sum())


def end_members(sources: Sources, level: int) -> EndMembers:
    """Sources of one level, discrimination added, for the algebra of ``mixing``."""
    keep = np.arange(len(sources.names))
    if sources.present is not None:
        keep = keep[sources.present[level]]
    mean = sources.mean[level, keep].copy()
    covariance = sources.covariance[level, keep].copy()
    n = sources.n[level, keep]
    if sources.discrimination is not None:
        mean += sources.discrimination[keep]
    of_mean = (
        sources.mean_covariance[level, keep]
        if sources.mean_covariance is not None
        else covariance / np.maximum(n, 1)[:, None, None]
    )
    if sources.discrimination_sd is not None:
        j = np.arange(mean.shape[1])
        covariance[:, j, j] += sources.discrimination_sd[keep] ** 2
    names = tuple(sources.names[i] for i in keep)
    return EndMembers(names, sources.tracers, mean, covariance, of_mean, n, np.maximum(n - 1.0, 1.0))


def _inside(model: MixingModel, members: list[EndMembers], draws: int, rng: np.random.Generator) -> Array:
    x = model.mixtures.values
    inside = np.full(len(x), np.nan)
    block = source_blocks(model)
    error = model.mixtures.covariance
    for r, one in enumerate(members):
        rows = np.flatnonzero(block == r)
        k, j = one.mean.shape
        if not len(rows) or k < 2 or comb(k, j + 1) > MOST_SIMPLEXES:
            continue
        own = np.zeros((j, j)) if error is None else error[rows]
        inside[rows] = inside_probability(x[rows], own, one, draws=draws, rng=rng)
    return inside


def _merges(pairs: list[tuple[str, SourcePair]]) -> tuple[tuple[str, str], ...]:
    found: dict[tuple[str, str], list[bool]] = {}
    for _, pair in pairs:
        alike = pair.overlap >= ALIKE or not pair.distinguishable
        found.setdefault((pair.source_a, pair.source_b), []).append(alike)
    return tuple(names for names, alike in found.items() if all(alike))


def combined(
    shares: Array, names: tuple[str, ...], groups: dict[str, tuple[str, ...]]
) -> tuple[Array, tuple[str, ...]]:
    """Shares (…, K) of sources gathered into groups, with the new names.

    Sums of shares: what is known of a sum is often much better than what is known of its parts. The prior
    of a sum of m of K sources under Dirichlet(1) is Beta(m, K − m), not flat: compare with the prior drawn
    from ``Proportions.draw_prior``, combined the same way.
    """
    taken = {name for members in groups.values() for name in members}
    columns, new = [], []
    for group, members in groups.items():
        columns.append(shares[..., [names.index(name) for name in members]].sum(axis=-1))
        new.append(group)
    for number, name in enumerate(names):
        if name not in taken:
            columns.append(shares[..., number])
            new.append(name)
    return np.stack(columns, axis=-1), tuple(new)
