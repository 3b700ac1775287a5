"""Mixtures, sources and the way of evaporation as they are drawn in the space of the tracers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from headwater.mixing.bayes.design import source_blocks
from headwater.mixing.bayes.family import Array, Integers
from headwater.mixing.bayes.model import MixingModel
from headwater.report.mix.material import Material
from headwater.report.mix.words import level_name

MOST_PANELS = 6
CURVE = 25
"""Points of the way from one source to another, which bends where concentrations differ."""


@dataclass(frozen=True)
class Place:
    """One panel: two tracers (or one), the levels of the sources in it, and its heading."""

    tracers: tuple[int, ...]
    levels: tuple[int, ...]
    label: str


@dataclass(frozen=True)
class Line:
    """Slope of evaporation at every level of the sources, with its 95 % interval.

    ``learned`` is False where it is the prior.
    """

    slope: Array
    low: Array
    high: Array
    learned: bool


@dataclass(frozen=True)
class Among:
    """Mixtures among their sources.

    Attributes
    ----------
    values : shape (N, J)
    level : shape (N,), level of the sources of each mixture
    mean, covariance : shape (R, K, J), (R, K, J, J), discrimination added; mean NaN where a source is absent
    weight : shape (R, K, J), concentrations, or ones
    """

    values: Array
    level: Integers
    mean: Array
    covariance: Array
    weight: Array

    @property
    def sd(self) -> Array:
        """Of single samples of the sources, shape (R, K, J)."""
        return np.sqrt(np.diagonal(self.covariance, axis1=2, axis2=3))

    def sides(self, level: int, pair: tuple[int, int]) -> Iterator[Array]:
        """Ways (CURVE, 2) between neighbouring sources: all mixtures of the two, bent by concentrations."""
        mean, weight = self.mean[level][:, pair], self.weight[level][:, pair]
        known = np.flatnonzero(np.isfinite(mean).all(axis=1))
        share = np.linspace(0, 1, CURVE)[:, None]
        for a, b in _neighbours(mean[known]):
            first, second = share * weight[known[a]], (1 - share) * weight[known[b]]
            yield (first * mean[known[a]] + second * mean[known[b]]) / (first + second)

    def limits(self, tracer: int) -> tuple[float, float]:
        """Ends of an axis that shows all mixtures, and all sources with their sd."""
        mean, sd = self.mean[..., tracer].ravel(), self.sd[..., tracer].ravel()
        ends = np.concatenate([mean - np.nan_to_num(sd), mean + np.nan_to_num(sd), self.values[:, tracer]])
        low, high = float(np.nanmin(ends)), float(np.nanmax(ends))
        room = 0.04 * (high - low or 1.0)
        return low - room, high + room


def places(model: MixingModel) -> list[Place]:
    """Panels: pairs of tracers, or the levels of the sources, six at most."""
    tracers, levels = len(model.sources.tracers), len(model.sources.mean)
    pairs: list[tuple[int, ...]] = [*combinations(range(tracers), 2)] or [(0,)]
    labels = [level_name(model.sources.by or "", level) for level in model.sources.levels] or [""]
    if len(pairs) == 1:
        return [Place(pairs[0], (level,), labels[level]) for level in range(levels)][:MOST_PANELS]
    return [Place(pair, tuple(range(min(levels, MOST_PANELS))), "") for pair in pairs[:MOST_PANELS]]


def among(model: MixingModel) -> Among:
    """Mixtures and sources of a model."""
    sources = model.sources
    mean, covariance = sources.mean.astype(float), sources.covariance.astype(float)
    if sources.discrimination is not None:
        mean = mean + sources.discrimination
    if sources.discrimination_sd is not None:
        covariance = covariance + sources.discrimination_sd[..., None] ** 2 * np.eye(mean.shape[2])
    if sources.present is not None:
        mean = np.where(sources.present[..., None], mean, np.nan)
    weight = np.ones_like(mean) if sources.concentration is None else sources.concentration
    return Among(model.mixtures.values, source_blocks(model), mean, covariance, weight)


def evaporation_line(material: Material) -> Line | None:
    """Slope of evaporation: from draws that can be trusted, else its prior; None without evaporation."""
    own = material.fit.model.evaporation
    if own is None:
        return None
    levels = len(material.fit.model.sources.mean)
    if material.fit.trusted and "evaporation_slope" in material.fit.draws:
        draws = material.fit.draws["evaporation_slope"].value.reshape(len(material.fit.positions), -1)
        low, high = np.quantile(draws, [0.025, 0.975], axis=0)
        return Line(_each(draws.mean(axis=0), levels), _each(low, levels), _each(high, levels), True)
    half = 1.96 * own.slope_sd
    low, high = own.slope - half, own.slope + half
    return Line(_each(own.slope, levels), _each(low, levels), _each(high, levels), False)


def _neighbours(spots: Array) -> list[tuple[int, int]]:
    """Pairs of sources that are joined: all of up to three, else the sides of their hull."""
    if len(spots) < 4:
        return list(combinations(range(len(spots)), 2))
    from scipy.spatial import ConvexHull

    return [(int(a), int(b)) for a, b in ConvexHull(spots, qhull_options="QJ").simplices]


def _each(value: Array | float, levels: int) -> Array:
    return np.broadcast_to(np.asarray(value, float), (levels,)).copy()
