"""Models of every branch of the Gaussian likelihood, and the same likelihood written out without any algebra:
the joint normal density of all mixtures with N·J × N·J covariance, in the user's units."""

from __future__ import annotations

import numpy as np
from scipy import stats

from headwater.machine_code import load
from headwater.mixing.bayes.model import Absent, Factor, MixingModel, Mixtures, Sources
from headwater.mixing.bayes.problem import make_problem

CELLS = 5
KERNEL = "headwater.mixing.bayes.kernel_density"


def make_model(
    seed,
    *,
    error="process*residual",
    style="headwater",
    j=2,
    levels=1,
    k=3,
    n=12,
    data="means",
    concentration="none",
    analytical="none",
    mean_covariance=False,
    absent=False,
):
    """A random model whose mixtures lie in five cells; ``data``: means, covariance or rows."""
    rng = np.random.default_rng(seed)
    tracers = tuple(f"t{i}" for i in range(j))
    unit = 10.0 ** rng.uniform(-1.0, 1.0, j)
    mean = rng.normal(5.0, 3.0, (levels, k, j)) * unit
    counts = rng.integers(j + 3, 14, (levels, k))
    rows = tuple(
        tuple(
            mean[r, i]
            + rng.standard_normal((counts[r, i], j)) @ (np.eye(j) + rng.normal(0, 0.3, (j, j))) * unit
            for i in range(k)
        )
        for r in range(levels)
    )
    mean = np.array([[x.mean(axis=0) for x in level] for level in rows])
    covariance = np.array([[np.cov(x.T).reshape(j, j) for x in level] for level in rows])
    if data == "means":
        covariance = covariance * np.eye(j)
    present = np.ones((levels, k), dtype=bool)
    sources = Sources(
        names=tuple(f"s{i}" for i in range(k)),
        tracers=tracers,
        mean=mean,
        covariance=covariance,
        n=counts,
        by="level" if levels > 1 else None,
        levels=tuple(str(r) for r in range(levels)) if levels > 1 else (),
        rows=rows if data == "rows" else None,
        mean_covariance=covariance / 4.0 if mean_covariance else None,
        concentration=None if concentration == "none" else rng.uniform(0.3, 2.0, (levels, k, j)),
        concentration_sd=rng.uniform(0.05, 0.3, (levels, k, j)) if concentration == "sd" else None,
        discrimination=rng.normal(0.0, 0.5, (k, j)) * unit,
        discrimination_sd=rng.uniform(0.1, 0.4, (k, j)) * unit,
        present=present,
    )
    if absent and levels > 1:
        present[1, 0] = False
        for values in (sources.mean, sources.covariance):
            values[1, 0] = np.nan
    cell = np.concatenate([np.arange(CELLS), rng.integers(0, CELLS, n - CELLS)])
    mixtures = Mixtures(
        tracers,
        mean[:, :].mean(axis=(0, 1), where=np.isfinite(mean)) + rng.normal(0.0, 1.0, (n, j)) * unit,
        covariance=_analytical(analytical, n, unit, rng),
        factors={"cell": tuple(str(c) for c in cell), "level": tuple(str(c % levels) for c in cell)},
    )
    zeros = (Absent("s2", "cell", ("0",)),) if absent else ()
    return MixingModel(
        mixtures, sources, factors=(Factor("cell", "fixed"),), error=error, style=style, absent=zeros
    )


def _analytical(kind, n, unit, rng):
    j = len(unit)
    if kind == "none":
        return None
    scatter = np.tile(np.eye(j) * 0.05, (n, 1, 1))
    if kind == "each":
        scatter = scatter * rng.integers(1, 4, (n, 1, 1))
    if kind == "full":
        root = rng.normal(0.0, 0.3, (n, j, j))
        scatter = root @ np.swapaxes(root, 1, 2)
    return scatter * np.multiply.outer(unit, unit)


class Evaluated:
    """A model ready to evaluate: compiled density, and what it should be made of."""

    def __init__(self, model):
        self.model = model
        self.problem = make_problem(model)
        self.family = self.problem.family
        self.density = load((KERNEL,))[0].log_density
        self.prior = self.problem.prior_alone()

    def __call__(self, position):
        """Log density and gradient of the whole."""
        gradient = np.empty(self.problem.dimension)
        value = self.density(position, gradient, self.problem.floats, self.problem.ints)
        return value, gradient

    def likelihood(self, position):
        """The family's part alone: log likelihood plus log prior of its own parameters."""
        ours = np.ascontiguousarray(position[: self.prior.dimension])
        own = self.density(ours, np.empty(len(ours)), self.prior.floats, self.prior.ints)
        return self(position)[0] - own

    def split(self, position):
        """Shares of the mixtures (N, K), and the family's parameters by name without their first axis."""
        ours, theirs = self.problem.split(position[None])
        shares = self.problem.shares.cells(ours)[0][self.problem.design.cells.of]
        return shares, {name: x.value[0] for name, x in self.family.parameters(theirs).items()}

    def random_position(self, rng, size=0.6):
        """Near where chains start."""
        return self.problem.start + rng.normal(0.0, size, self.problem.dimension)


def levels_of(model):
    """Level of the sources of each mixture (N,)."""
    return np.array([int(x) if model.sources.by else 0 for x in model.mixtures.factors["level"]])


def weights(model, shares):
    """Weights (N, K, J) of the source values: shares times concentrations, made to sum to one."""
    q = model.sources.concentration
    if q is None:
        return np.repeat(shares[:, :, None], len(model.mixtures.tracers), axis=2)
    there = model.sources.present[:, :, None]
    if model.style == "mixsiar":
        q = np.broadcast_to((q * there).sum(axis=0) / there.sum(axis=0), q.shape)
    w = shares[:, :, None] * q[levels_of(model)]
    return w / w.sum(axis=1, keepdims=True)


def source_moments(model, values):
    """Mean (R, K, J), covariance of a single water and of the mean (R, K, J, J each), given parameters."""
    sources, j = model.sources, len(model.sources.tracers)
    shape = sources.covariance.shape
    single = np.nan_to_num(sources.covariance.copy())
    raw = model.style == "mixsiar" and sources.rows is not None
    if model.style == "simmr" or (model.style == "mixsiar" and not raw):
        single = single * np.eye(j)
    measured = single
    if "source_sd" in values:
        sd = np.nan_to_num(values["source_sd"].reshape(shape[:3]))
        correlation = np.tile(np.eye(j), (*shape[:2], 1, 1))
        if "source_correlation" in values:
            upper = np.triu_indices(j, 1)
            pairs = np.nan_to_num(values["source_correlation"].reshape(*shape[:2], -1))
            correlation[..., upper[0], upper[1]] = correlation[..., upper[1], upper[0]] = pairs
        single = correlation * sd[..., :, None] * sd[..., None, :]
    if model.style == "simmr":
        of_mean = np.zeros(shape)
    elif sources.mean_covariance is not None:
        of_mean = np.nan_to_num(sources.mean_covariance)
    else:
        plugged = measured if model.style == "mixsiar" and not raw else single
        of_mean = plugged / sources.n[:, :, None, None]
    return np.nan_to_num(sources.mean), single, of_mean


def single_covariance(model, shares, values):
    """Covariance (N, J, J) of each mixture about its mean, source means given."""
    sources, block = model.sources, levels_of(model)
    n, j = model.mixtures.values.shape
    mean, single, _ = source_moments(model, values)
    w = weights(model, shares)
    extra = np.zeros((n, j, j)) if model.mixtures.covariance is None else model.mixtures.covariance
    covariance = np.zeros((n, j, j))
    for i in range(n):
        if "residual_covariance" in values:
            covariance[i] = values["residual_covariance"]
            continue
        for k in range(len(sources.names)):
            part = w[i, k] if model.style != "mixsiar" else np.full(j, shares[i, k])
            variance = single[block[i], k] + np.diag(sources.discrimination_sd[k] ** 2)
            covariance[i] += np.outer(part, part) * variance
        if sources.concentration_sd is not None:
            value = mean[block[i]] + sources.discrimination
            off = w[i] * (value - (w[i] * value).sum(axis=0))
            q = sources.concentration[block[i]]
            if model.style == "mixsiar":
                there = sources.present[:, :, None]
                q = (sources.concentration * there).sum(axis=0) / there.sum(axis=0)
            covariance[i] += np.diag((off**2 * (sources.concentration_sd[block[i]] / q) ** 2).sum(axis=0))
        if "xi" in values:
            covariance[i] *= np.sqrt(np.outer(values["xi"], values["xi"]))
        if "sigma" in values:
            covariance[i] += np.diag(values["sigma"] ** 2)
    return covariance + extra


def joint_moments(model, shares, values):
    """Mean (N J,) and covariance of all mixtures, and their covariance with the source means (N J, R K J)."""
    block, (n, j) = levels_of(model), model.mixtures.values.shape
    mean, _, of_mean = source_moments(model, values)
    r, k = mean.shape[:2]
    w = weights(model, shares)
    answer = np.zeros((n, j, r, k, j))
    for i in range(n):
        for source in range(k):
            answer[i, :, block[i], source, :] = np.diag(w[i, source])
    answer = answer.reshape(n * j, r * k * j)
    prior = np.zeros((r * k * j, r * k * j))
    for row in range(r * k):
        prior[row * j : row * j + j, row * j : row * j + j] = of_mean.reshape(-1, j, j)[row]
    expected = answer @ (mean + model.sources.discrimination).reshape(-1)
    crossed = answer @ prior
    total = crossed @ answer.T
    for i, own in enumerate(single_covariance(model, shares, values)):
        total[i * j : i * j + j, i * j : i * j + j] += own
    return expected, total, crossed, prior


def log_likelihood(model, shares, values):
    """Log density of all mixtures together, source means integrated out."""
    expected, total, _, _ = joint_moments(model, shares, values)
    return stats.multivariate_normal(expected, total).logpdf(model.mixtures.values.reshape(-1))
