"""Whether the posteriors of a model hold what they promise, on data of its own making."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from headwater import machine_code
from headwater.errors import SettingsRefused
from headwater.machine_code import Progress
from headwater.mixing.bayes.family import Array, Integers, Named
from headwater.mixing.bayes.fit import KERNELS, default_settings, quantities_of
from headwater.mixing.bayes.prior import draw_prior, with_mixtures
from headwater.mixing.bayes.problem import Problem
from headwater.posterior.chains import sample
from headwater.posterior.rank_uniformity import POINTS, below, uniformity
from headwater.posterior.records import SamplerSettings, Target

RANKED = 2 * POINTS + 1
"""Draws among which a truth is ranked."""
CELLS = 4
"""Cells whose shares are looked at."""
SHORT = SamplerSettings(chains=1, tune=300, draws=630, cores=1)
"""Enough where 63 nearly independent draws are wanted."""


@dataclass(frozen=True)
class Calibration:
    """Ranks of the truth of S replicates among draws of their posteriors, for Q quantities.

    Attributes
    ----------
    names : Q names; ``log_likelihood`` is that of all mixtures
    ranks : shape (S, Q), each 0 … highest
    divergent : share of draws that diverged
    cpu_seconds : of sampling
    """

    names: tuple[str, ...]
    ranks: Integers
    highest: int
    divergent: float
    cpu_seconds: float

    @property
    def replicates(self) -> int:
        """S."""
        return len(self.ranks)

    @cached_property
    def counts(self) -> Integers:
        """Ranks below each point of an even grid, shape (points, Q)."""
        return below(self.ranks, self.highest)

    @cached_property
    def chance(self) -> Array:
        """Of each quantity: probability of ranks this far from uniform if all is right, shape (Q,)."""
        return uniformity(self.counts, self.replicates)

    @property
    def worst(self) -> tuple[str, float]:
        """The quantity that strays most, and the chance that any of Q would stray as far (Bonferroni)."""
        i = int(self.chance.argmin())
        return self.names[i], min(1.0, float(self.chance[i]) * len(self.names))


def calibrate(
    problem: Problem,
    replicates: int,
    rng: np.random.Generator,
    *,
    settings: SamplerSettings | None = None,
    density: Any = None,
    fitted: Callable[[Problem], Problem] | None = None,
    progress: Progress | None = None,
) -> Calibration:
    """Ranks of true values among posterior draws, for data made by the model itself.

    θ ~ prior, x ~ model given θ, then draws of the posterior given x: the rank of every true quantity among
    independent draws is uniform, whatever the quantity. Looked at are all that are reported, source means,
    shares of some cells, and the log likelihood, without which a posterior that ignores its data would pass.

    Parameters
    ----------
    replicates : S
    settings : of the sampler, SHORT by default; its draws are thinned to RANKED
    density, fitted : what is sampled in place of the compiled density, and of the problem with its data; to
        see whether the check finds a wrong one

    References
    ----------
    Talts et al. (2018), arXiv:1804.06788, algorithm 1 · Modrák et al. (2023), Bayesian Analysis 20, 461–488
    (why the likelihood belongs to it)
    """
    settings = settings or replace(SHORT, metric=default_settings(problem).metric)
    total = settings.chains * settings.draws
    if total < RANKED:
        raise SettingsRefused(f"{total} draws cannot be thinned to {RANKED}: ask for more draws")
    density = density or machine_code.load(KERNELS)[-1].log_density
    truth = draw_prior(problem, replicates, rng)
    chosen = np.linspace(0, total - 1, RANKED).round().astype(np.int64)
    names: tuple[str, ...] = ()
    true, ranks, diverged, spent = [], [], 0.0, 0.0
    for s in range(replicates):
        own = with_mixtures(problem, truth.mixtures[s])
        used = own if fitted is None else fitted(own)
        chains = sample(
            Target(density, used.floats, used.ints, used.dimension, used.start, used.easy()),
            replace(settings, seed=int(rng.integers(2**31))),
        )
        positions = chains.positions.reshape(total, -1)[chosen]
        means = used.family.source_means(
            used.shares.cells(used.split(positions)[0]), used.split(positions)[1], rng
        )
        names, value = looked_at(own, truth.positions[s : s + 1], truth.means[s : s + 1])
        true.append(value[0])
        ranks.append(_ranks(value[0], looked_at(own, positions, means)[1], rng))
        diverged += float(chains.diverged.mean()) / replicates
        spent += chains.cpu_seconds
        if progress is not None:
            progress("replicates", s + 1, replicates)
    values = np.array(true)
    free = np.isfinite(values).all(axis=0) & (values != values[0]).any(axis=0)
    return Calibration(
        tuple(name for name, one in zip(names, free, strict=True) if one),
        np.array(ranks)[:, free],
        RANKED,
        diverged,
        spent,
    )


def looked_at(problem: Problem, positions: Array, means: Array) -> tuple[tuple[str, ...], Array]:
    """Q quantities at positions (D, dimension) with source means (D, R, K, J): their names, values (D, Q)."""
    ours, theirs = problem.split(positions)
    cells = problem.shares.cells(ours)
    some = np.unique(np.linspace(0, cells.shape[1] - 1, CELLS).round().astype(np.int64))
    named = problem.quantities(positions) | {
        "p_cell": Named(cells[:, some], ("cell", "source"), {"source": problem.model.sources.names}),
        "source_mean": Named(means, ("level", "source", "tracer"), {"source": problem.model.sources.names}),
        "log_likelihood": Named(problem.family.log_likelihood(cells, theirs, means).sum(axis=1)),
    }
    names = [str(quantity) for name, entry in named.items() for quantity in quantities_of(name, entry)]
    values = [entry.value.reshape(len(positions), -1) for entry in named.values()]
    return tuple(names), np.concatenate(values, axis=1)


def _ranks(true: Array, draws: Array, rng: np.random.Generator) -> Integers:
    """Ranks (Q,) of true values among draws (D, Q); where draws are equal to the truth, any of theirs."""
    equal = (draws == true).sum(axis=0)
    return np.asarray((draws < true).sum(axis=0) + rng.integers(0, equal + 1))
