"""From a declared model to draws that can be trusted, or to the reason why they cannot."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np

from headwater import machine_code
from headwater.machine_code import Progress
from headwater.mixing.bayes.family import Array, Integers, Named
from headwater.mixing.bayes.model import MixingModel
from headwater.mixing.bayes.problem import Problem, make_problem
from headwater.posterior.chains import SAMPLER, extend, sample
from headwater.posterior.diagnose import Diagnosis, Quantity, diagnose
from headwater.posterior.extend import Step, extend_until
from headwater.posterior.records import Chains, SamplerSettings, Target

KERNELS = (
    *SAMPLER,
    "headwater.mixing.bayes.kernel_density",
)
SMALL_WEIGHT = 0.1
"""Dirichlet weight below which a share is nearly a structural zero: no divergence is allowed then."""
CAREFUL = 0.99
"""Acceptance of a second run, after divergences."""
DENSE_UP_TO = 150
"""Parameters up to which a dense metric paid: its products cost 1 µs of 26 with 112 of them."""


@dataclass(frozen=True)
class Fit:
    """A fitted model.

    Attributes
    ----------
    problem : the model, made ready
    settings : of the sampler
    chains : draws as positions
    draws : reported quantities by name; values (D, …), D = chains × draws, chain after chain
    diagnosis : the verdict on all of them
    steps : what was done to reach it
    compile_seconds, sampling_seconds : of the processor
    """

    problem: Problem
    settings: SamplerSettings
    chains: Chains
    draws: Mapping[str, Named]
    diagnosis: Diagnosis
    steps: tuple[Step, ...]
    compile_seconds: float
    sampling_seconds: float

    @property
    def model(self) -> MixingModel:
        """The declared model."""
        return self.problem.model

    @property
    def trusted(self) -> bool:
        """Whether the draws passed every check and were not interrupted."""
        return self.diagnosis.trusted and not self.chains.interrupted

    @property
    def positions(self) -> Array:
        """All draws as positions, shape (D, dimension)."""
        return flat(self.chains)

    def cell_shares(self, chosen: Integers | None = None) -> Array:
        """Shares of cells (default: all), shape (D, C, K)."""
        return self.problem.shares.cells(self.problem.split(self.positions)[0], chosen)

    def shares_of(self, groups: Sequence[Integers], every: int = 1) -> Array:
        """Mean shares of groups of mixtures (their row numbers), shape (D, groups, K).

        A group's share is the mean over its own mixtures: of what was sampled, not of an average level.
        """
        of = self.problem.design.cells.of
        counts = np.zeros((len(groups), len(self.problem.design.matrix)))
        for number, rows in enumerate(groups):
            np.add.at(counts[number], of[rows], 1.0 / len(rows))
        ours = self.problem.split(self.positions[::every])[0]
        parts = [
            np.einsum("gc,dck->dgk", counts, self.problem.shares.cells(block))
            for block in np.array_split(ours, max(1, len(ours) * counts.shape[1] // 2_000_000))
        ]
        return np.concatenate(parts)


def fit(
    model: MixingModel,
    settings: SamplerSettings | None = None,
    *,
    progress: Progress | None = None,
    stop: Callable[[], bool] | None = None,
    at_most: int = 4,
) -> Fit:
    """The model fitted; look at ``trusted`` before anything else.

    Chains that are too short are extended up to four times their length, chains that diverge are run again
    with smaller steps.

    Parameters
    ----------
    settings : of the sampler; 4 chains of 1000 draws by default
    progress : told (step, done, total)
    stop : asked now and then; True ends sampling with the draws so far
    at_most : times the draws asked for that chains may be extended to

    Raises
    ------
    SettingsRefused, InputRefused
        where model and data do not fit each other.
    """
    return fit_problem(make_problem(model), settings, progress=progress, stop=stop, at_most=at_most)


def fit_problem(
    problem: Problem,
    settings: SamplerSettings | None = None,
    *,
    progress: Progress | None = None,
    stop: Callable[[], bool] | None = None,
    at_most: int = 4,
) -> Fit:
    """As ``fit``, for a problem that is ready."""
    settings = settings or default_settings(problem)
    modules, compiled = machine_code.load_timed(KERNELS, progress=progress)
    density = modules[-1].log_density
    target = Target(density, problem.floats, problem.ints, problem.dimension, problem.start, problem.easy())
    zeros = has_structural_zeros(problem.model)

    def judge(chains: Chains) -> Diagnosis:
        named = problem.quantities(flat(chains))
        quantities, values = reported(named, chains)
        return diagnose(values, quantities, chains, deepest=settings.deepest, structural_zeros=zeros)

    used = settings
    spent = 0.0

    def again() -> Chains:
        nonlocal used, spent
        spent += chains.cpu_seconds
        used = replace(used, accept=CAREFUL)
        return sample(target, used, progress=progress, stop=stop)

    chains = sample(target, settings, progress=progress, stop=stop)
    outcome = extend_until(
        chains,
        judge,
        go_on=lambda longer, draws: extend(target, longer, draws, used, progress=progress, stop=stop),
        asked=settings.draws,
        at_most=at_most,
        rerun=again if settings.accept < CAREFUL else None,
    )
    return Fit(
        problem=problem,
        settings=used,
        chains=outcome.chains,
        draws=problem.quantities(flat(outcome.chains)),
        diagnosis=outcome.diagnosis,
        steps=outcome.steps,
        compile_seconds=compiled,
        sampling_seconds=spent + outcome.chains.cpu_seconds,
    )


def default_settings(problem: Problem) -> SamplerSettings:
    """Sampler settings that suit the problem: a dense metric where it pays.

    It does without factors and covariates (effective shares per CPU second × 1.3 to 3) and where tracers
    covary, as water isotopes do (a ridge between ξ and the covariances; effective ξ per draw × 3 to 70). With
    independent tracers and levels that few mixtures tell of, as MixSIAR's wolves, it costs half of the
    effective shares instead.
    """
    model, dims = problem.model, problem.dimension
    covary = bool((model.sources.covariance * (1.0 - np.eye(len(model.sources.tracers)))).any())
    bound = model.evaporation is not None or not problem.design.terms or covary
    return replace(SamplerSettings(), metric="dense" if bound and dims <= DENSE_UP_TO else "diagonal")


def has_structural_zeros(model: MixingModel) -> bool:
    """Whether the prior puts some share nearly at zero."""
    prior = model.prior
    return isinstance(prior, tuple) and min(prior, default=1.0) < SMALL_WEIGHT


def flat(chains: Chains) -> Array:
    """Positions of all chains one after the other, shape (D, dimension)."""
    return chains.positions.reshape(-1, chains.positions.shape[-1])


def reported(named: Mapping[str, Named], chains: Chains) -> tuple[list[Quantity], Array]:
    """Every number that the gate looks at, and its draws (chains, draws, Q)."""
    quantities: list[Quantity] = []
    columns: list[Array] = []
    for name, entry in named.items():
        if entry.hyper:
            quantities += quantities_of(name, entry)
            columns.append(entry.value.reshape(len(entry.value), math.prod(entry.value.shape[1:])))
    values = np.concatenate(columns, axis=1)
    return quantities, values.reshape(*chains.positions.shape[:2], len(quantities))


def quantities_of(name: str, entry: Named) -> list[Quantity]:
    """One ``Quantity`` for every element of a named one, in C order."""
    coords: Mapping[str, Any] = entry.coords or {}
    axes = [coords.get(dim) or tuple(map(str, range(size))) for dim, size in _sizes(entry)]
    return [Quantity(name, dict(zip(entry.dims, labels, strict=True))) for labels in product(*axes)]


def _sizes(entry: Named) -> list[tuple[str, int]]:
    return list(zip(entry.dims, entry.value.shape[1:], strict=True))
