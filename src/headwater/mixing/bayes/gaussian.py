"""The Gaussian likelihood of mixtures: its parameters, source means, replicates and likelihood by mixture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from headwater.mixing.bayes import kernel_gaussian_slots as at
from headwater.mixing.bayes.family import GAUSSIAN, Array, Cells, Integers, Named
from headwater.mixing.bayes.gaussian_layout import LOG_XI_SD, Assumed, assume, pack, start
from headwater.mixing.bayes.gaussian_sources import present_sources
from headwater.mixing.bayes.model import MixingModel

_AT_A_TIME = 2_000_000  # numbers of one intermediate array


@dataclass(frozen=True)
class Gaussian:
    """A Gaussian likelihood (``family.Family``) with the source means integrated out.

    Attributes
    ----------
    assumed : what is taken as given; ``assumed.error`` is the error as fitted
    """

    model: MixingModel
    cells: Cells
    assumed: Assumed
    floats: Array
    ints: Integers
    start: Array
    code: int = GAUSSIAN

    @property
    def dimension(self) -> int:
        """Length of a position."""
        return len(self.start)

    def parameters(self, positions: Array) -> dict[str, Named]:
        """ξ or σ or the residual covariance; sds and correlations of single source waters where unsure."""
        found, scale, tracers = self.assumed, self.assumed.standard.scale, self.model.sources.tracers
        root_xi, variance = self._scales(positions)
        named: dict[str, Named] = {}
        if found.error == "process*residual":
            named["xi"] = Named(root_xi**2, ("tracer",), {"tracer": tracers})
        elif found.error == "additive":
            named["sigma"] = Named(np.sqrt(variance) * scale, ("tracer",), {"tracer": tracers})
        roots = self._roots(positions)
        covariance = roots @ np.swapaxes(roots, 2, 3) * np.multiply.outer(scale, scale)
        if found.error == "residual":
            dims, coords = ("tracer", "tracer_other"), {"tracer": tracers, "tracer_other": tracers}
            named["residual_covariance"] = Named(covariance[:, -1], dims, coords)
        r, k, j = found.source_mean.shape
        if not found.covariances.known[: r * k].all():
            named |= self._named_sources(covariance[:, : r * k].reshape(-1, r, k, j, j))
        return named

    def source_means(self, shares: Array, positions: Array, rng: np.random.Generator) -> Array:
        """Draws of the source means (D, R, K, J) given all else; NaN where a source is absent."""
        found = self.assumed
        means = np.empty((len(positions), *found.source_mean.shape))
        for some in self._chunks(len(positions)):
            moved = self._draw_moved(shares[some], positions[some], rng)
            means[some] = (found.source_mean + moved) * found.standard.scale + found.standard.centre
        means[:, ~present_sources(self.model)] = np.nan
        return means

    def predict(self, shares: Array, positions: Array, means: Array, rng: np.random.Generator) -> Array:
        """Replicated mixtures (D, N, J), given source means (D, R, K, J)."""
        groups, standard = self.assumed.groups, self.assumed.standard
        replicated = np.empty((len(positions), *self.model.mixtures.values.shape))
        for some in self._chunks(len(positions)):
            expected, covariance = self._moments(shares[some], positions[some], means[some])
            root = _cholesky(covariance)[:, groups.of]
            noise = rng.standard_normal(root.shape[:3])
            moved = expected[:, self.cells.of] + (root @ noise[..., None])[..., 0]
            replicated[some] = moved * standard.scale + standard.centre
        return replicated

    def log_likelihood(self, shares: Array, positions: Array, means: Array) -> Array:
        """Log likelihood of each mixture (D, N), given source means (D, R, K, J)."""
        groups, standard = self.assumed.groups, self.assumed.standard
        values = (self.model.mixtures.values - standard.centre) / standard.scale
        j = values.shape[1]
        found = np.empty((len(positions), len(values)))
        constant = 0.5 * j * np.log(2.0 * np.pi) + np.log(standard.scale).sum()
        for some in self._chunks(len(positions)):
            expected, covariance = self._moments(shares[some], positions[some], means[some])
            precision, log_det = _inverse(covariance)
            off = values - expected[:, self.cells.of]
            square = np.zeros(off.shape[:2])
            for a in range(j):
                for b in range(j):
                    square += off[..., a] * precision[:, groups.of, a, b] * off[..., b]
            found[some] = -0.5 * (square + log_det[:, groups.of]) - constant
        return found

    def _chunks(self, draws: int) -> Iterator[slice]:
        r, k, j = self.assumed.source_mean.shape
        one = max(len(self.cells.of) * j * j, len(self.cells.block) * k * j, r * (k * j) ** 2)
        size = max(1, _AT_A_TIME // one)
        return (slice(first, first + size) for first in range(0, draws, size))

    def _scales(self, positions: Array) -> tuple[Array, Array]:
        """√ξ and σ², each (D, J)."""
        found, j = self.assumed, len(self.assumed.standard.scale)
        x, one, none = positions[:, :j], np.ones((len(positions), j)), np.zeros((len(positions), j))
        if found.error == "process*residual":
            xi = np.exp(LOG_XI_SD * x) if found.prior == at.LOG_NORMAL else at.UPPER / (1.0 + np.exp(-x))
            return np.sqrt(xi), none
        if found.error == "additive":
            sd = found.standard.spread * np.exp(x)
            if found.prior == at.OFFSET_GAMMA:
                sd = at.OFFSET + np.exp(x)
            return one, sd**2
        return one, none

    def _roots(self, positions: Array) -> Array:
        """F of all rows, shape (D, rows, J, J)."""
        return self.assumed.covariances.roots(positions[:, self.assumed.scalars :])

    def _weights(self, shares: Array) -> Array:
        """Weights of the source values (D, C, K, J)."""
        if self.assumed.concentration is None:
            return np.repeat(shares[..., None], self.assumed.source_mean.shape[2], axis=3)
        weights = shares[..., None] * self.assumed.concentration[self.cells.block]
        return np.asarray(weights / weights.sum(axis=2, keepdims=True))

    def _covariance(self, shares: Array, positions: Array) -> Array:
        """Covariance of one mixture of each group about its mean (D, G, J, J)."""
        found, block = self.assumed, self.cells.block
        r, k, j = found.source_mean.shape
        root_xi, added = self._scales(positions)
        roots, diagonal = self._roots(positions), np.arange(j)
        if found.error == "residual":
            process = (roots[:, -1] @ np.swapaxes(roots[:, -1], 1, 2))[:, None]
            return np.asarray(np.repeat(process, len(found.groups.cell), axis=1) + found.groups.analytical)
        weights = self._weights(shares)
        part = weights if found.weighted_variance else np.repeat(shares[..., None], j, axis=3)
        process = np.zeros((*shares.shape[:2], j, j))
        for source in range(k):
            own = roots.reshape(-1, r, k, j, j)[:, block, source] * part[:, :, source, :, None]
            process += own @ np.swapaxes(own, 2, 3)
        process[..., diagonal, diagonal] += (part**2 * found.extra_variance).sum(axis=2)
        if found.unsure is not None:
            value = (found.source_mean + found.discrimination)[block]
            off = weights * (value - (weights * value).sum(axis=2, keepdims=True))
            process[..., diagonal, diagonal] += (off**2 * found.unsure[block]).sum(axis=2)
        process *= (root_xi[:, :, None] * root_xi[:, None, :])[:, None]
        process[..., diagonal, diagonal] += added[:, None]
        return np.asarray(process[:, found.groups.cell] + found.groups.analytical)

    def _moments(self, shares: Array, positions: Array, means: Array) -> tuple[Array, Array]:
        """Expected mixture of each cell (D, C, J), and the covariance of one mixture of each group."""
        standard = self.assumed.standard
        value = np.nan_to_num((means - standard.centre) / standard.scale) + self.assumed.discrimination
        expected = (self._weights(shares) * value[:, self.cells.block]).sum(axis=2)
        return expected, self._covariance(shares, positions)

    def _draw_moved(self, shares: Array, positions: Array, rng: np.random.Generator) -> Array:
        """How far the source means lie from those measured (D, R, K, J), drawn given all else."""
        found, groups = self.assumed, self.assumed.groups
        r, k, j = found.source_mean.shape
        root = np.repeat(found.mean_root[None], len(positions), axis=0)
        root += found.moving[:, None, None] * self._roots(positions)[:, : r * k]
        root = root.reshape(-1, r, k, j, j)
        weights = self._weights(shares)[:, groups.cell]
        precision, _ = _inverse(self._covariance(shares, positions))
        precision = precision * groups.count[:, None, None]
        value = (found.source_mean + found.discrimination)[self.cells.block[groups.cell]]
        off = (precision @ (groups.mean - (weights * value).sum(axis=2))[..., None])[..., 0]
        moved = np.zeros((len(positions), r, k, j))
        for level in range(r):
            of = np.flatnonzero(self.cells.block[groups.cell] == level)
            if not len(of):
                moved[:, level] = (root[:, level] @ rng.standard_normal((len(positions), k, j, 1)))[..., 0]
                continue
            # the weights of a group times F: the mixture's answer to z, (D, g, K, J of the mixture, J of z)
            answer = weights[:, of, :, :, None] * root[:, None, level]
            pull = np.einsum("dgkab,dga->dkb", answer, off[:, of]).reshape(-1, k * j)
            half = np.einsum("dgkab,dgac->dgckb", answer, precision[:, of]).reshape(-1, len(of), j, k * j)
            flat = np.moveaxis(answer, 3, 2).reshape(-1, len(of), j, k * j)
            system = np.einsum("dgcx,dgcy->dxy", half, flat, optimize=True) + np.eye(k * j)
            lower = np.swapaxes(np.linalg.cholesky(system), 1, 2)
            noise = np.linalg.solve(lower, rng.standard_normal((len(positions), k * j, 1)))
            z = (np.linalg.solve(system, pull[..., None]) + noise).reshape(-1, k, j, 1)
            moved[:, level] = (root[:, level] @ z)[..., 0]
        return moved

    def _named_sources(self, covariance: Array) -> dict[str, Named]:
        """Sds and correlations of single waters (D, R, K, J, J), which are no hyperparameters."""
        sources, tracers = self.model.sources, self.model.sources.tracers
        sd = np.sqrt(np.diagonal(covariance, axis1=3, axis2=4))
        sd = np.where(present_sources(self.model)[:, :, None], sd, np.nan)
        pairs = list(combinations(range(len(tracers)), 2))
        values = {"source_sd": (sd, "tracer", tracers)}
        if self.assumed.covariances.full[: sources.n.size].any():
            with np.errstate(invalid="ignore"):
                own = [covariance[..., a, b] / (sd[..., a] * sd[..., b]) for a, b in pairs]
            names = tuple(f"{tracers[a]}:{tracers[b]}" for a, b in pairs)
            values["source_correlation"] = (np.stack(own, axis=3), "tracer_pair", names)
        named = {}
        for name, (value, last, labels) in values.items():
            coords = {"source": sources.names, last: labels}
            if sources.by is None:
                named[name] = Named(value[:, 0], ("source", last), coords, hyper=False)
            else:
                coords["source_level"] = sources.levels
                named[name] = Named(value, ("source_level", "source", last), coords, hyper=False)
        return named


def make_gaussian(model: MixingModel, cells: Cells) -> Gaussian:
    """The Gaussian likelihood of a model whose mixtures lie in these cells.

    Raises
    ------
    InputRefused
        data that leave a variance unknown or nothing to tell sources apart by.
    """
    found = assume(model, cells)
    floats, ints = pack(found, cells)
    return Gaussian(model, cells, found, floats, ints, start(found))


def _cholesky(matrices: Array) -> Array:
    """Lower roots of small symmetric matrices (…, J, J), looping over J only."""
    j = matrices.shape[-1]
    root = np.zeros_like(matrices)
    for a in range(j):
        for b in range(a + 1):
            rest = matrices[..., a, b] - (root[..., a, :b] * root[..., b, :b]).sum(axis=-1)
            root[..., a, b] = np.sqrt(rest) if a == b else rest / root[..., b, b]
    return root


def _inverse(matrices: Array) -> tuple[Array, Array]:
    """Inverses and log determinants of small symmetric positive definite matrices (…, J, J)."""
    j = matrices.shape[-1]
    root = _cholesky(matrices)
    log_det = 2.0 * np.log(np.diagonal(root, axis1=-2, axis2=-1)).sum(axis=-1)
    lower = np.zeros_like(root)
    for a in range(j):
        lower[..., a, a] = 1.0 / root[..., a, a]
        for b in range(a):
            dot = (root[..., a, b:a] * lower[..., b:a, b]).sum(axis=-1)
            lower[..., a, b] = -dot * lower[..., a, a]
    return np.swapaxes(lower, -1, -2) @ lower, log_det
