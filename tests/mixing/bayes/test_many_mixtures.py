"""Thousands of mixtures: chains must not be caught where sources have changed places."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.mixing_simulated import water_model
from headwater import machine_code
from headwater.mixing.bayes.fit import KERNELS, default_settings, flat
from headwater.mixing.bayes.problem import make_problem, spread_rows
from headwater.posterior.chains import extend, sample
from headwater.posterior.records import SamplerSettings, Target

SHORT = SamplerSettings(tune=400, draws=100, metric="dense", seed=2)


def target(problem, easy):
    density = machine_code.load(KERNELS)[-1].log_density
    return Target(density, problem.floats, problem.ints, problem.dimension, problem.start, easy)


@pytest.fixture(scope="module")
def problem():
    """4000 soil waters at 8 sites, of three sources."""
    return make_problem(water_model(4000, 8))


def spread_of_chains(chains):
    """Difference of the mean log density of the best and the worst chain."""
    return np.ptp(chains.log_density.mean(axis=1))


@pytest.mark.slow
def test_without_easy_data_chains_are_caught_in_a_mode_that_weighs_nothing(problem):
    """The trap is there: else the next test would show nothing."""
    assert spread_of_chains(sample(target(problem, None), SHORT)) > 40.0


@pytest.mark.slow
def test_chains_that_begin_with_few_of_the_mixtures_agree(problem):
    easy = target(problem, problem.easy())
    chains = sample(easy, SHORT)
    assert spread_of_chains(chains) < 5.0
    assert problem.shares.overall(problem.split(flat(chains))[0]).std(axis=0).max() < 0.05
    short = replace(SHORT, tune=100, draws=20)
    once, again = sample(easy, replace(short, cores=1)), sample(easy, replace(short, draws=10))
    assert np.array_equal(extend(easy, again, 10, short).positions, once.positions)


def test_easy_data_take_some_mixtures_of_every_cell(problem):
    _, ints = problem.easy()
    assert ints[0] == problem.ints[0]
    assert len(ints) == len(problem.ints)
    of = np.repeat([0, 1, 2], [100, 3, 41])
    rows = spread_rows(np.random.default_rng(1).permutation(of), 10)
    assert len(rows) == len(set(rows.tolist()))
    assert all(3 <= n <= 20 for n in np.bincount(np.random.default_rng(1).permutation(of)[rows]))


def test_few_mixtures_need_no_easy_data():
    assert make_problem(water_model(150, 8)).easy() is None


@pytest.mark.parametrize(
    ("model", "metric"),
    [
        (water_model(30, 1), "dense"),
        (water_model(60, 4, evaporation="exponential"), "dense"),
        (water_model(600, 200), "diagonal"),
    ],
)
def test_metric_suits_the_problem(model, metric):
    assert default_settings(make_problem(model)).metric == metric
