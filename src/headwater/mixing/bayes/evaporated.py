"""Mixtures that have evaporated: packing for the compiled likelihood, and what its positions mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from headwater import machine_code
from headwater.mixing.bayes.design import contrasts
from headwater.mixing.bayes.evaporated_layout import (
    CODES,
    ORDERS,
    ORDERS_OF,
    PROCESS_LOG_SD,
    PROCESS_SCALE,
    Layout,
    check_evaporation,
    different_errors,
    effect_codes,
    lay_out,
    scalars,
    source_numbers,
    start_of,
    statistics,
)
from headwater.mixing.bayes.family import EVAPORATED, Array, Cells, Integers, Named
from headwater.mixing.bayes.model import Evaporation, MixingModel

KERNEL = "headwater.mixing.bayes.kernel_evaporated_waters"


@dataclass(frozen=True)
class Evaporated:
    """``Family`` of evaporated mixtures.

    Attributes
    ----------
    model : what was declared
    layout : of its positions
    order : shape (N,), mixtures in the order of their groups
    starts, cell_of, level_of, error_of : shape (G + 1,) or (G,), groups of mixtures that are alike
    blocks : shape (E,), level of the sources of every level of the mean of E
    codes : shape (E, F), levels of the factors ``effects``
    effects : their labels
    mean, root, single : shape (R, K, 2), (R, K, 3), (R, K, 3): source means, Cholesky factor of their
        covariance, covariance of single waters
    errors : shape (U, 3), analytical covariances
    """

    model: MixingModel
    layout: Layout
    order: Integers
    starts: Integers
    cell_of: Integers
    level_of: Integers
    error_of: Integers
    blocks: Integers
    codes: Integers
    effects: tuple[tuple[str, ...], ...]
    mean: Array
    root: Array
    single: Array
    errors: Array
    floats: Array
    ints: Integers
    start: Array

    code: int = EVAPORATED

    @property
    def dimension(self) -> int:
        """Length of a position."""
        return self.layout.dimension

    @property
    def evaporation(self) -> Evaporation:
        """The declared evaporation."""
        assert self.model.evaporation is not None
        return self.model.evaporation

    def parameters(self, positions: Array) -> Mapping[str, Named]:
        """``slope``, ``evaporation_mean`` [‰ of δ18O], ``evaporation_start``, ``process_scale``, effects as
        factors on the mean with their sd, ``evaporation_shape``, and the pull of source means (in sd of each
        mean), for D positions (D, dimension)."""
        model, at = self.model, self.layout
        levels = model.sources.levels or ("all",)
        by_level = ("source_level",) if len(levels) > 1 else ()
        coords = {"source_level": levels} if by_level else {}
        found: dict[str, Named] = {}
        slope = self.slopes(positions)
        if at.slopes > 1:
            found["evaporation_slope"] = Named(slope, ("source_level",), {"source_level": levels})
        elif at.slopes == 1:
            found["evaporation_slope"] = Named(slope[:, 0])
        mean = self.mean_enrichment(positions)
        found["evaporation_mean"] = Named(mean if by_level else mean[:, 0], by_level, coords, at.mean >= 0)
        if at.start >= 0:
            found["evaporation_start"] = Named(self.starts_of_e(positions))
        if at.process >= 0:
            scale = self.process_scale(positions)
            found["process_scale"] = Named(scale if by_level else scale[:, 0], by_level, coords)
        for number, name in enumerate(self.evaporation.effects if at.mean >= 0 else ()):
            labels = self.effects[number]
            sd = self._effect_sds(positions)[:, number]
            found[f"evaporation_sd_{name}"] = Named(sd)
            value = np.exp(self._effect(positions, number))
            found[f"evaporation_of_{name}"] = Named(value, (name,), {name: labels})
        if at.shape >= 0:
            shape = self.shape(positions)
            if CODES[self.evaporation.form] == 3:
                used = [k for k, kind in enumerate(ORDERS_OF[self.evaporation.form]) if kind]
                coords = {"order": tuple(ORDERS[k] for k in used)}
                found["evaporation_shape"] = Named(shape[:, used], ("order",), coords)
            else:
                found["evaporation_shape"] = Named(shape[:, 0])
        found["source_pull"] = Named(
            self.pull(positions),
            ("level", "source", "axis"),
            {"level": levels, "source": model.sources.names, "axis": ("along", "across")},
            hyper=False,
        )
        return found

    def pull(self, positions: Array) -> Array:
        """Source means as z, in sd of their prior, shape (D, R, K, 2); 0 where a mean is fixed."""
        z = np.zeros((len(positions), *self.mean.shape))
        for r, k in np.argwhere(self.layout.sources >= 0):
            at = self.layout.sources[r, k]
            z[:, r, k] = positions[:, at : at + 2]
        return z

    def source_means(self, shares: Array, positions: Array, rng: np.random.Generator) -> Array:
        """Source means of D draws, shape (D, R, K, 2); NaN where a source is absent."""
        z, root = self.pull(positions), self.root
        means = np.empty(z.shape)
        means[..., 0] = self.mean[..., 0] + root[..., 0] * z[..., 0]
        means[..., 1] = self.mean[..., 1] + root[..., 1] * z[..., 0] + root[..., 2] * z[..., 1]
        if self.model.sources.present is not None:
            means[:, ~self.model.sources.present] = np.nan
        return means

    def predict(self, shares: Array, positions: Array, means: Array, rng: np.random.Generator) -> Array:
        """Replicated mixtures of D draws, shape (D, N, 2), given source means (D, R, K, 2)."""
        draws, of = len(positions), self._group_of()
        cell, level = self.cell_of[of], self.level_of[of]
        block = self.blocks[level]
        p = shares[:, cell]
        present = np.nan_to_num(means)
        values = np.einsum("dnk,dnkj->dnj", p, present[:, block])
        xi = self.process_scale(positions)[:, block]
        cover = (
            np.einsum("dnk,nkv->dnv", p * p, self.single[block]) * xi[..., None]
            + self.errors[self.error_of[of]]
        )
        z = rng.standard_normal((*values.shape[:2], 2))
        first = np.sqrt(cover[..., 0])
        with np.errstate(invalid="ignore", divide="ignore"):
            lean = np.where(first > 0.0, cover[..., 1] / first, 0.0)
        second = np.sqrt(np.maximum(cover[..., 2] - lean**2, 0.0))
        values[..., 0] += first * z[..., 0]
        values[..., 1] += lean * z[..., 0] + second * z[..., 1]
        amount = self.starts_of_e(positions)[:, None] + self._draw_e(positions, level, rng)
        slope = self.slopes(positions)
        slope = slope[:, block] if slope.shape[1] > 1 else slope
        slope = slope + self.evaporation.slope_scatter * rng.standard_normal(amount.shape)
        values[..., 0] += amount
        values[..., 1] += slope * amount
        result = np.empty_like(values)
        result[:, self.order] = values
        assert len(result) == draws
        return result

    def log_likelihood(self, shares: Array, positions: Array, means: Array) -> Array:
        """Of each mixture given the source means, E integrated out, shape (D, N)."""
        return self._waters(shares, positions, means)[0]

    def enrichment(self, shares: Array, positions: Array, means: Array) -> tuple[Array, Array]:
        """E of each mixture in each draw: mean and sd given the draw, both (D, N), [‰ of δ18O]."""
        _, mean, variance = self._waters(shares, positions, means)
        return mean, np.sqrt(variance)

    def slopes(self, positions: Array) -> Array:
        """Slope S, shape (D, 1) or (D, R)."""
        at, own = self.layout, self.evaporation
        if at.slopes == 0:
            return np.full((len(positions), 1), own.slope)
        return own.slope + own.slope_sd * positions[:, at.slope : at.slope + at.slopes]

    def starts_of_e(self, positions: Array) -> Array:
        """Least enrichment δ, shape (D,)."""
        if self.layout.start < 0:
            return np.zeros(len(positions))
        return self.evaporation.start_scale * np.logaddexp(0.0, positions[:, self.layout.start])

    def process_scale(self, positions: Array) -> Array:
        """ξ, shape (D, R)."""
        rows = len(self.mean)
        if self.layout.process < 0:
            return np.ones((len(positions), rows))
        z = positions[:, self.layout.process : self.layout.process + rows]
        return PROCESS_SCALE * np.exp(PROCESS_LOG_SD * z)

    def level_means(self, positions: Array) -> Array:
        """Mean of e above δ, zeros left out, of every level of E, shape (D, E)."""
        log_mean = np.zeros((len(positions), len(self.blocks)))
        if self.layout.mean < 0:
            return np.ones_like(log_mean)
        log_mean += np.log(self.evaporation.mean_scale) + positions[:, self.layout.mean + self.blocks]
        for number in range(len(self.effects)):
            log_mean += self._effect(positions, number)[:, self.codes[:, number]]
        return np.exp(np.minimum(log_mean, 50.0))

    def shape(self, positions: Array) -> Array:
        """What the kernel needs of the shape, shape (D, 8): see ``kernel_evaporated._shape``."""
        w = np.zeros((len(positions), 8))
        form = self.evaporation.form
        if form in ORDERS_OF:
            logit = np.full((len(positions), 4), -np.inf)
            at = self.layout.shape
            for order, kind in enumerate(ORDERS_OF[form]):
                if kind == 2:
                    logit[:, order] = positions[:, at]
                    at += 1
                elif kind == 1:
                    logit[:, order] = 0.0
            used = np.array(ORDERS_OF[form]) > 0
            logit = np.exp(logit - logit.max(axis=1, keepdims=True))
            logit[:, used] = np.maximum(logit[:, used], 1e-300)
            w[:, :4] = logit / logit.sum(axis=1, keepdims=True)
            k = np.arange(4.0)
            w[:, 5], w[:, 6] = w[:, :4] @ k, w[:, :4] @ (k * (k + 1.0))
            w[:, 4] = w[:, 5] / w[:, 1:4].sum(axis=1)
        elif form == "truncated_normal":
            from scipy.special import log_ndtr

            c = positions[:, self.layout.shape]
            w[:, 0], w[:, 2] = c, log_ndtr(c)
            w[:, 1] = np.exp(-0.5 * c * c - 0.5 * np.log(2.0 * np.pi) - w[:, 2])
        return w

    def mean_enrichment(self, positions: Array) -> Array:
        """Mean of E with all effects at 0, shape (D, R)."""
        own, start = self.evaporation, self.starts_of_e(positions)[:, None]
        if self.layout.mean < 0:
            return start + np.full((1, len(self.mean)), 0.5 * own.largest)
        at, rows = self.layout.mean, len(self.mean)
        mean = own.mean_scale * np.exp(np.minimum(positions[:, at : at + rows], 50.0))
        if own.form in ORDERS_OF:
            mean = mean * (1.0 - self.shape(positions)[:, :1])
        return start + mean

    def _effect_sds(self, positions: Array) -> Array:
        at = self.layout.sds
        l = positions[:, at : at + len(self.effects)]
        return self.evaporation.effect_scale * np.logaddexp(0.0, l)

    def _effect(self, positions: Array, number: int) -> Array:
        before = sum(len(labels) - 1 for labels in self.effects[:number])
        at, size = self.layout.effects + before, len(self.effects[number])
        z = positions[:, at : at + size - 1]
        return self._effect_sds(positions)[:, number, None] * (z @ contrasts(size).T)

    def _group_of(self) -> Integers:
        """Group of every mixture, in the order of groups."""
        return np.repeat(np.arange(len(self.cell_of)), np.diff(self.starts))

    def _draw_e(self, positions: Array, level: Integers, rng: np.random.Generator) -> Array:
        mean, shape = self.level_means(positions)[:, level], self.shape(positions)
        form = self.evaporation.form
        if form == "uniform":
            return self.evaporation.largest * rng.random(mean.shape)
        if form == "truncated_normal":
            from scipy.special import ndtr, ndtri

            c, rho = shape[:, :1], shape[:, 1:2]
            omega = mean / (c + rho)
            low = ndtr(-c)
            return np.maximum(omega * (c + ndtri(low + (1.0 - low) * rng.random(mean.shape))), 0.0)
        if form == "exponential":
            return mean * rng.exponential(size=mean.shape)
        u = rng.random(mean.shape)
        order = (u[..., None] > np.cumsum(shape[:, None, :3], axis=2)).sum(axis=2)
        drawn = np.where(order > 0, rng.gamma(np.maximum(order, 1)), 0.0)
        return drawn * mean / shape[:, 4:5]

    def _waters(self, shares: Array, positions: Array, means: Array) -> tuple[Array, Array, Array]:
        """Log likelihood, E(E) and var(E) of every mixture given each draw, each (D, N)."""
        kernel = machine_code.load((KERNEL,))[0]
        draws, n = len(positions), len(self.order)
        out = np.empty((3, draws, n))
        kernel.waters(
            CODES[self.evaporation.form],
            np.ascontiguousarray(shares),
            np.ascontiguousarray(np.nan_to_num(means)),
            self.process_scale(positions),
            np.ascontiguousarray(np.broadcast_to(self.slopes(positions), (draws, len(self.mean)))),
            self.starts_of_e(positions),
            self.level_means(positions),
            self.shape(positions),
            self.evaporation.largest,
            self.evaporation.slope_scatter**2,
            self.single,
            self.errors,
            self.starts,
            self.cell_of,
            self.blocks[self.level_of],
            self.level_of,
            self.error_of,
            np.ascontiguousarray(self.model.mixtures.values[self.order].ravel()),
            self.order,
            out,
        )
        return out[0], out[1], out[2]


def make_evaporated(model: MixingModel, cells: Cells) -> Evaporated:
    """The likelihood of a model with evaporation.

    Raises
    ------
    SettingsRefused
        A model that evaporation cannot be combined with, or numbers of ``Evaporation`` that make no sense.
    """
    own = model.evaporation
    assert own is not None
    check_evaporation(model, own)
    block = cells.block[cells.of]
    codes, labels = effect_codes(model, own)
    errors, error_of = different_errors(model)
    mean, root, single, fixed = source_numbers(model)
    key = np.column_stack([block, codes])
    levels, level_of = np.unique(key, axis=0, return_inverse=True)
    groups = np.column_stack([cells.of, level_of.ravel(), error_of])
    order = np.lexsort(groups.T[::-1]).astype(np.int64)
    ordered = groups[order]
    new = np.flatnonzero((np.diff(ordered, axis=0) != 0).any(axis=1)) + 1
    starts = np.concatenate([[0], new, [len(order)]]).astype(np.int64)
    group = np.ascontiguousarray(ordered[starts[:-1]].T.astype(np.int64))
    layout = lay_out(own, model, fixed, labels)
    values = model.mixtures.values[order]
    counts = [len(model.sources.names), len(group[0]), len(mean), len(order), len(levels), len(labels)]
    header = [
        CODES[own.form], *counts, layout.process, layout.slopes, layout.slope, layout.mean, layout.start,
        layout.effects, layout.sds, layout.shape, len(errors),
    ]  # fmt: skip
    ints = np.concatenate(
        [header, layout.sources.ravel(), starts, *group, levels.ravel(), [len(names) for names in labels]]
    ).astype(np.int64)
    floats = np.concatenate(
        [
            scalars(own),
            np.concatenate([mean, root, single], axis=2).ravel(),
            errors.ravel(),
            statistics(values, starts).ravel(),
            values.ravel(),
        ]
    ).astype(float)
    return Evaporated(
        model, layout, order, starts, group[0], group[1], group[2], np.ascontiguousarray(levels[:, 0]),
        np.ascontiguousarray(levels[:, 1:]), labels, mean, root, single, errors, floats, ints,
        start_of(own, layout, labels),
    )  # fmt: skip
