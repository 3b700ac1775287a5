"""Bugs to plant in a calibrated model: what a program that is wrong in one place would fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from headwater.machine_code import cached
from headwater.mixing.bayes.calibrate import SHORT, Calibration, calibrate
from headwater.mixing.bayes.gaussian_layout import pack
from headwater.mixing.bayes.model import MixingModel
from headwater.mixing.bayes.problem import Problem, make_problem
from tests.mixing.bayes.calibrated_models import MODELS, evaporated, plain, simmr, sources


def planted(name):
    """The density with a bug (``tests/mixing/bayes/kernel_planted.py``)."""
    with cached():
        from tests.mixing.bayes import kernel_planted
    return getattr(kernel_planted, name)


def at(place):
    """A problem that tells the density with a bug where to miss a Jacobian."""
    return lambda problem: replace(problem, ints=np.append(problem.ints, place % problem.dimension))


def with_assumed(**changes):
    """A problem whose Gaussian likelihood takes something else for given."""

    def fitted(problem):
        family = problem.family
        assumed = replace(
            family.assumed, **{name: change(family.assumed) for name, change in changes.items()}
        )
        floats, ints = pack(assumed, family.cells)
        before = len(problem.ints) - len(family.ints)
        return replace(
            problem,
            family=replace(family, assumed=assumed),
            floats=np.concatenate([problem.shares.floats, floats]),
            ints=np.concatenate([problem.ints[:before], ints]),
        )

    return fitted


def with_model(change):
    """The same data fitted with another model."""
    return lambda problem: make_problem(change(problem.model))


def without_tracer_covariance(model):
    given = model.sources
    return replace(model, sources=replace(given, covariance=given.covariance * np.eye(2)))


def without_concentration(model):
    return replace(model, sources=replace(model.sources, concentration=None, concentration_sd=None))


def without_measurement_error(model):
    return replace(model, mixtures=replace(model.mixtures, covariance=None))


def without_scatter(model):
    return replace(model, evaporation=replace(model.evaporation, slope_scatter=0.0))


def with_more_degrees(assumed):
    return replace(assumed.covariances, coef=assumed.covariances.coef + 0.5)


@dataclass(frozen=True)
class Bug:
    """The model that it is planted in, what is fitted to its data, and which density is sampled.

    Without a Jacobian a posterior is improper and chains run far, so that few replicates and a simple metric
    must do.
    """

    model: Callable[[], MixingModel]
    fitted: Callable[[Problem], Problem]
    density: str | None = None
    replicates: int = 150

    def calibrate(self, seed: int) -> Calibration:
        """Ranks of the truth among draws of the wrong posterior."""
        return calibrate(
            make_problem(self.model()),
            self.replicates,
            np.random.default_rng(seed),
            fitted=self.fitted,
            density=self.density and planted(self.density),
            settings=SHORT if self.density else None,
        )


BUGS = {
    "n instead of n − 1 degrees": Bug(
        lambda: replace(plain(), sources=sources(n=np.full((1, 3), 3))),
        with_assumed(covariances=with_more_degrees),
        replicates=300,
    ),
    "source means taken for certain": Bug(
        plain, with_assumed(mean_root=lambda own: 0.0 * own.mean_root, moving=lambda own: 0.0 * own.moving)
    ),
    "covariance of measurement left out": Bug(
        MODELS["analytical covariances"], with_model(without_measurement_error)
    ),
    "concentrations left out": Bug(
        MODELS["concentration and discrimination"], with_model(without_concentration)
    ),
    "no Jacobian of ξ (MixSIAR)": Bug(MODELS["as MixSIAR"], at(3), "without_sigmoid", 40),
    "no Jacobian of σ (simmr)": Bug(lambda: simmr(2), at(3), "without_exponential", 400),
    "no Jacobian of the sd of a factor": Bug(MODELS["random factor"], at(8), "without_softplus", 40),
    "no Jacobian of the start of E": Bug(evaporated, at(-1), "without_softplus", 40),
    "scatter of slopes left out": Bug(MODELS["evaporation, scattered slopes"], with_model(without_scatter)),
    "tracers of a source taken for independent": Bug(evaporated, with_model(without_tracer_covariance)),
}


def ignored_data(problem):
    """A problem whose mixtures weigh nothing, so that its posterior is the prior."""

    def unweighted(own):
        return replace(own.groups, count=1e-12 * own.groups.count, scatter=1e-12 * own.groups.scatter)

    return with_assumed(groups=unweighted)(problem)
