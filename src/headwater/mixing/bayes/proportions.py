"""The shares' part of a model: its numbers for the compiled density, and shares from positions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headwater.errors import SettingsRefused
from headwater.mixing.bayes.design import Design, Term
from headwater.mixing.bayes.family import Array, Integers, Named
from headwater.mixing.bayes.model import Elicited, MixingModel

DIRICHLET, LOGITS, NORMAL, BOUNDED = 0, 1, 2, 3
_SCALES = {"fixed": 0, "uniform": 1, "half_normal": 2}
POOLED_SD = 2.5
"""sd of each ilr axis of the overall shares where levels are pooled: nearly flat, because every level
would otherwise vote with the prior and the pull to equal shares would add up."""
_HALVINGS = 80


@dataclass(frozen=True)
class Proportions:
    """Prior and link of the shares, packed for ``kernel_shares``.

    Attributes
    ----------
    sources : K names
    kind : prior of the overall shares (``kernel_shares.DIRICHLET`` …)
    first, second : shape (K,), weights, means or sds of that prior; of sticks, the second is their shift
    basis : shape (K, K − 1), of the ilr axes
    low, high : shape (C + 1, K), bounds by cell, the overall ones last
    design : cells and coefficients
    floats, ints, dimension, start : for the compiled density
    """

    sources: tuple[str, ...]
    kind: int
    first: Array
    second: Array
    basis: Array
    low: Array
    high: Array
    design: Design
    floats: Array
    ints: Integers
    dimension: int
    start: Array

    @property
    def count(self) -> int:
        """Length of the overall part of a position."""
        return len(self.sources) if self.kind <= LOGITS else len(self.sources) - 1

    def overall(self, positions: Array) -> Array:
        """Overall shares, shape (D, K), of positions (D, dimension)."""
        return self._link(self._base(positions), self.low[-1], self.high[-1], None)

    def cells(self, positions: Array, chosen: Integers | None = None) -> Array:
        """Shares of the chosen cells (default: all), shape (D, C, K)."""
        rows = np.arange(len(self.design.matrix)) if chosen is None else chosen
        effect = np.einsum("cq,dqa->dca", self.design.matrix[rows], self._coefficients(positions))
        return self._with_effect(positions, effect, rows)

    def levels(self, positions: Array, number: int) -> Array:
        """Shares of the levels of one factor, of average value in all else, shape (D, L, K)."""
        term = self.design.terms[number]
        effect = self._term_effect(positions, number)
        if term.parent is not None:
            parent = next(i for i, other in enumerate(self.design.terms) if other.name == term.parent)
            effect = effect + self._term_effect(positions, parent)[:, term.parents]
        rows = np.array([self._cell_of_level(term, level) for level in range(len(term.levels))])
        return self._with_effect(positions, effect, rows)

    def along(self, positions: Array, covariate: str, values: Array) -> Array:
        """Shares at values of a covariate, of average value in all else, shape (D, V, K).

        Parameters
        ----------
        values : shape (V,), in the units of the mixtures
        """
        names = [term.name if term.continuous else "" for term in self.design.terms]
        column = self.design.first_column(names.index(covariate))
        z = (np.asarray(values, dtype=float) - self.design.centre[covariate]) / self.design.spread[covariate]
        effect = z[:, None] * self._coefficients(positions)[:, column][:, None]
        if self.kind != BOUNDED:
            effect = effect @ self.basis.T
        return self._link(self._base(positions)[:, None] + effect, self.low[-1], self.high[-1], None)

    def scales(self, positions: Array) -> dict[str, Named]:
        """Learned scales and covariate slopes, by name."""
        found = {}
        sizes = self._scale_values(positions)
        for number, term in enumerate(self.design.terms):
            if term.scale.kind != "fixed":
                found[f"sd_{term.name}"] = Named(sizes[:, number])
        coefficients = self._coefficients(positions)
        axes = tuple(f"ilr{i + 1}" for i in range(len(self.sources) - 1))
        for number, term in enumerate(self.design.terms):
            if term.continuous and "×" not in term.name:
                value = coefficients[:, self.design.first_column(number)]
                found[f"slope_{term.name}"] = Named(value, ("axis",), {"axis": axes})
        return found

    def draw_prior(self, draws: int, rng: np.random.Generator) -> Array:
        """Independent positions from the prior, shape (draws, dimension)."""
        k, axes = len(self.sources), len(self.sources) - 1
        parts = [self._draw_overall(draws, rng)]
        parts.append(rng.standard_normal((draws, len(self.design.term_of) * axes)))
        for term in self.design.terms:
            if term.scale.kind == "uniform":
                u = rng.uniform(1e-12, 1.0 - 1e-12, (draws, 1))
                parts.append(np.log(u / (1.0 - u)))
            elif term.scale.kind == "half_normal":
                sigma = np.abs(rng.standard_normal((draws, 1)))
                parts.append(np.log(np.expm1(np.maximum(sigma, 1e-12))))
        assert k == len(self.first)
        return np.concatenate(parts, axis=1)

    def _draw_overall(self, draws: int, rng: np.random.Generator) -> Array:
        k = len(self.sources)
        if self.kind == LOGITS:
            return self.first + self.second * rng.standard_normal((draws, k))
        if self.kind == NORMAL:
            return self.second[: k - 1] * rng.standard_normal((draws, k - 1))
        if self.kind == DIRICHLET:
            log_g = np.log(rng.gamma(self.first + 1.0, size=(draws, k)))
            log_g += np.log(rng.uniform(size=(draws, k))) / self.first
            return _inverse_gamma_map(log_g, self.first)
        shares = np.empty((0, k))
        for _ in range(1000):
            found = rng.dirichlet(self.first, 4 * draws)
            inside = ((found >= self.low[-1]) & (found <= self.high[-1])).all(axis=1)
            shares = np.concatenate([shares, found[inside]])[:draws]
            if len(shares) == draws:
                return _inverse_sticks(shares, self.second, self.low[-1], self.high[-1])
        raise SettingsRefused(
            "bounds leave less than a thousandth of the prior: widen them or change the prior"
        )

    def _base(self, positions: Array) -> Array:
        top = positions[:, : self.count]
        if self.kind == DIRICHLET:
            return _log_softplus(top) - np.logaddexp(0.0, -top) / self.first
        if self.kind == NORMAL:
            return top @ self.basis.T
        return top

    def _scale_values(self, positions: Array) -> Array:
        number = self.count + len(self.design.term_of) * (len(self.sources) - 1)
        sizes = np.empty((len(positions), len(self.design.terms)))
        for i, term in enumerate(self.design.terms):
            if term.scale.kind == "fixed":
                sizes[:, i] = term.scale.size
                continue
            l = positions[:, number]
            number += 1
            uniform = term.scale.kind == "uniform"
            sizes[:, i] = 20.0 / (1.0 + np.exp(-l)) if uniform else term.scale.size * np.logaddexp(0.0, l)
        return sizes

    def _coefficients(self, positions: Array) -> Array:
        """Scaled coefficients, shape (D, Q, K − 1)."""
        q, axes = len(self.design.term_of), len(self.sources) - 1
        z = positions[:, self.count : self.count + q * axes].reshape(len(positions), q, axes)
        return z * self._scale_values(positions)[:, self.design.term_of][:, :, None]

    def _term_effect(self, positions: Array, number: int) -> Array:
        term = self.design.terms[number]
        start = self.design.first_column(number)
        own = self._coefficients(positions)[:, start : start + term.columns.shape[1]]
        return np.einsum("lq,dqa->dla", term.columns, own)

    def _with_effect(self, positions: Array, effect: Array, rows: Integers) -> Array:
        base = self._base(positions)[:, None, :]
        present = self.design.cells.present[rows]
        if self.kind == BOUNDED:
            return self._link(base + effect, self.low[rows], self.high[rows], present)
        return self._link(base + effect @ self.basis.T, self.low[rows], self.high[rows], present)

    def _link(self, line: Array, low: Array, high: Array, present: NDArray[np.bool_] | None) -> Array:
        if self.kind == BOUNDED:
            return _sticks(line, self.second, low, high)
        if present is not None:
            line = np.where(present, line, -np.inf)
        line = np.exp(line - line.max(axis=-1, keepdims=True))
        return line / line.sum(axis=-1, keepdims=True)

    def _cell_of_level(self, term: Term, level: int) -> int:
        """A cell of that level: its absent sources are the level's where they do not differ within it."""
        cells = self.design.cells.of[term.codes == level]
        present = self.design.cells.present[cells]
        return int(cells[np.argmax(present.sum(axis=1))])


def make_proportions(model: MixingModel, design: Design) -> Proportions:
    """The shares' part of a model.

    Raises
    ------
    SettingsRefused
        A prior of the wrong length or not positive, or bounds that no shares can keep.
    """
    names = model.sources.names
    k, c, q = len(names), len(design.matrix), design.matrix.shape[1]
    kind, first, second = _prior(model, k)
    low, high = _bounds(model, design)
    if kind == BOUNDED:
        second = np.log(np.maximum(k - 1.0 - np.arange(k), 1.0))
    basis = ilr_basis(k)
    effects, levels = design.level_effects()
    filled = effects != 0.0
    starts = np.concatenate([[0], np.cumsum(filled.sum(axis=1))])
    kinds = np.array([_SCALES[term.scale.kind] for term in design.terms], dtype=np.int64)
    sizes = np.array([term.scale.size for term in design.terms], dtype=float)
    terms, rows = levels.shape[1], len(effects)
    header = np.array([kind, k, c, q, len(kinds), int(filled.sum()), terms, rows], dtype=np.int64)
    present = design.cells.present.astype(np.int64).ravel()
    ints = np.concatenate(
        [header, starts, np.nonzero(filled)[1], levels.ravel(), design.term_of, kinds, present]
    )
    floats = np.concatenate(
        [effects[filled], first, second, sizes, basis.ravel(), low.ravel(), high.ravel()]
    ).astype(float)
    count = k if kind <= LOGITS else k - 1
    dimension = count + q * (k - 1) + int((kinds > 0).sum())
    start = np.zeros(dimension)
    if kind == DIRICHLET:
        start[:k] = _inverse_gamma_map(np.log(np.maximum(first, 0.1))[None, :], first)[0]
    elif kind == LOGITS:
        start[:k] = first
    return Proportions(
        names, kind, first, second, basis, low, high, design, floats, ints.astype(np.int64), dimension, start
    )


def ilr_basis(k: int) -> Array:
    """Orthonormal axes V (K, K − 1) of log-ratios.

    V[r, s] = 1/√(s(s+1)) for r ≤ s, −√(s/(s+1)) for r = s + 1, else 0.

    References
    ----------
    Egozcue et al. (2003), Mathematical Geology 35, 279–300.
    """
    basis = np.zeros((k, k - 1))
    for s in range(1, k):
        basis[:s, s - 1] = 1.0 / np.sqrt(s * (s + 1.0))
        basis[s, s - 1] = -np.sqrt(s / (s + 1.0))
    return basis


def _prior(model: MixingModel, k: int) -> tuple[int, Array, Array]:
    prior, one = model.prior, np.ones(k)
    names = ", ".join(model.sources.names)
    if isinstance(prior, Elicited):
        if model.bounds:
            raise SettingsRefused(
                "bounds go with Dirichlet weights, not with an elicited prior: drop one of the two"
            )
        mean, sd = np.array(prior.mean, dtype=float), np.array(prior.sd, dtype=float)
        if len(mean) != k or len(sd) != k or not (sd > 0).all():
            raise SettingsRefused(f"elicited prior: {k} means and {k} sds > 0 are needed, for {names}")
        return LOGITS, mean, sd
    if prior is not None and (len(prior) != k or not all(np.isfinite(w) and w > 0 for w in prior)):
        shown = ", ".join(f"{w:g}" for w in prior)
        raise SettingsRefused(f"prior {shown}: {k} weights > 0 are needed, in the order {names}")
    weights = one if prior is None else np.array(prior, dtype=float)
    if model.bounds:
        return BOUNDED, weights, one
    if prior is None and model.style == "simmr":
        return LOGITS, np.zeros(k), one
    pooled = any(factor.kind == "random" for factor in model.factors)
    if prior is None and model.style == "headwater" and pooled:
        return NORMAL, np.zeros(k), POOLED_SD * one
    return DIRICHLET, weights, one


def _bounds(model: MixingModel, design: Design) -> tuple[Array, Array]:
    names = model.sources.names
    low, high = np.zeros(len(names)), np.ones(len(names))
    for name, (lowest, highest) in model.bounds.items():
        if name not in names:
            raise SettingsRefused(f"bounds: there is no source {name!r}; sources: {', '.join(names)}")
        if not 0.0 <= lowest < highest <= 1.0:
            raise SettingsRefused(
                f"bounds of {name}: {lowest:g} to {highest:g}; 0 ≤ lowest < highest ≤ 1 is needed"
            )
        low[names.index(name)], high[names.index(name)] = lowest, highest
    present = np.concatenate([design.cells.present, np.ones((1, len(names)), dtype=bool)])
    lows, highs = np.where(present, low, 0.0), np.where(present, high, 0.0)
    bad = (lows.sum(axis=1) >= 1.0) | (highs.sum(axis=1) <= 1.0)
    if model.bounds and bad.any():
        raise SettingsRefused(
            f"bounds: the lowest shares add up to {lows[bad][0].sum():g}, the highest to "
            f"{highs[bad][0].sum():g}; they must leave room for a sum of 1"
        )
    return lows, highs


def _log_softplus(t: Array) -> Array:
    with np.errstate(divide="ignore"):
        return np.where(t > -30.0, np.log(np.logaddexp(0.0, np.maximum(t, -40.0))), t)


def _inverse_gamma_map(log_g: Array, weights: Array) -> Array:
    """t with softplus(t) sigmoid(t)^(1/a) = G: by bisection of the logarithm."""
    below = np.minimum(log_g * weights / (1.0 + weights), log_g) - 5.0
    above = np.maximum(np.exp(np.minimum(log_g, 700.0)), 0.0) + 5.0 + 2.0 / weights
    for _ in range(_HALVINGS):
        t = 0.5 * (below + above)
        high = _log_softplus(t) - np.logaddexp(0.0, -t) / weights > log_g
        above, below = np.where(high, t, above), np.where(high, below, t)
    return 0.5 * (below + above)


def _sticks(line: Array, shift: Array, low: Array, high: Array) -> Array:
    k = low.shape[-1]
    shares = np.empty((*line.shape[:-1], k))
    rest = np.ones(line.shape[:-1])
    for i in range(k - 1):
        lo = np.maximum(low[..., i], rest - high[..., i + 1 :].sum(axis=-1))
        hi = np.minimum(high[..., i], rest - low[..., i + 1 :].sum(axis=-1))
        shares[..., i] = lo + np.maximum(hi - lo, 0.0) / (1.0 + np.exp(-(line[..., i] - shift[i])))
        rest = rest - shares[..., i]
    shares[..., -1] = np.maximum(rest, 0.0)
    return shares


def _inverse_sticks(shares: Array, shift: Array, low: Array, high: Array) -> Array:
    k = len(low)
    line = np.empty((len(shares), k - 1))
    rest = np.ones(len(shares))
    for i in range(k - 1):
        lo = np.maximum(low[i], rest - high[i + 1 :].sum())
        hi = np.minimum(high[i], rest - low[i + 1 :].sum())
        part = np.clip((shares[:, i] - lo) / (hi - lo), 1e-15, 1.0 - 1e-15)
        line[:, i] = np.log(part / (1.0 - part)) + shift[i]
        rest = rest - shares[:, i]
    return line
