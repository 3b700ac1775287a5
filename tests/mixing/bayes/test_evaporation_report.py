"""Numbers of the report on evaporation against formulas written out here; flags where they belong."""

from dataclasses import replace

import numpy as np
import pytest

from headwater.errors import SettingsRefused
from headwater.mixing.bayes.evaporation_report import (
    LEAST_ANGLE,
    LEAST_MOVE,
    MOST_PULL,
    other_form,
    report_evaporation,
    rests_on_form,
)
from headwater.mixing.bayes.model import Evaporation, Factor, MixingModel, Mixtures, Sources
from headwater.posterior.records import SamplerSettings

pytest.importorskip("numba")
TRACERS = ("d18O", "d2H")
SINGLE = np.array([[9.0, 66.0], [66.0, 500.0]])
N_SOURCE = 50
QUICK = SamplerSettings(chains=2, tune=250, draws=200, metric="dense", accept=0.9)


def soil(means, rng, n=120, shape=1.0, slope=5.2, share=0.3):
    p = np.array([1.0 - share, share])
    noise = rng.multivariate_normal([0.0, 0.0], 0.3 * (p @ p) * SINGLE, n)
    e = rng.gamma(shape, 2.0 / shape, n)
    return p @ means + noise + e[:, None] * np.array([1.0, slope])


def make_model(means, values, **own):
    k = len(means)
    sources = Sources(
        ("rain", "ice", "snow")[:k], TRACERS, means[None], np.tile(SINGLE, (1, k, 1, 1)),
        np.full((1, k), N_SOURCE),
    )  # fmt: skip
    factors = {"band": tuple("ab" * (len(values) // 2))}
    evaporation = Evaporation(5.0, 0.5, **own)
    return MixingModel(
        Mixtures(TRACERS, values, factors=factors),
        sources,
        (Factor("band", "random"),),
        evaporation=evaporation,
    )


LONGER = SamplerSettings(chains=4, tune=500, draws=1000, metric="dense", accept=0.97)
"""Enough along a ridge for the sd itself."""


def fit_quickly(model, sampler=QUICK):
    """Too few draws to be trusted, and not extended: the formulas hold for any draws."""
    from headwater import machine_code
    from headwater.mixing.bayes.fit import KERNELS, Fit, flat
    from headwater.mixing.bayes.problem import make_problem
    from headwater.posterior.chains import sample
    from headwater.posterior.records import Target

    problem = make_problem(model)
    density = machine_code.load(KERNELS)[-1].log_density
    chains = sample(Target(density, problem.floats, problem.ints, problem.dimension, problem.start), sampler)
    return Fit(problem, sampler, chains, problem.quantities(flat(chains)), None, (), 0.0, 0.0)


WIDE = np.array([[-17.0, -122.0], [-14.0, -110.0]])
"""The second lies 12 ‰ of d-excess below the first."""
PARALLEL = np.array([[-17.0, -122.0], [-14.0, -122.0 + 5.2 * 3.0]])


@pytest.fixture(scope="module")
def wide():
    return fit_quickly(make_model(WIDE, soil(WIDE, np.random.default_rng(4))))


@pytest.fixture(scope="module")
def report(wide):
    other = fit_quickly(replace(wide.model, evaporation=replace(wide.model.evaporation, start_scale=0.0)))
    groups = {"all": np.arange(120), "a": np.arange(0, 120, 2)}
    return report_evaporation(wide, groups, second=other)


def test_across_sd_of_two_sources_is_that_of_the_across_coordinate(wide, report):
    slope = wide.draws["evaporation_slope"].value
    c = np.array([-slope.mean(), 1.0])
    x = wide.model.mixtures.values @ c
    pull = wide.problem.family.pull(wide.problem.split(wide.positions)[1])[:, 0]
    means = WIDE + np.einsum("ij,dkj->dki", np.linalg.cholesky(SINGLE / N_SOURCE), pull).mean(axis=0)
    p = wide.shares_of([np.arange(120)])[:, 0].mean(axis=0)
    error = p @ p * (c @ SINGLE @ c) / N_SOURCE + x.var(ddof=1) / 120
    error += (wide.draws["evaporation_mean"].value.mean() * slope.std()) ** 2
    s_a = np.sqrt(error) / abs((means[0] - means[1]) @ c)
    np.testing.assert_allclose(report.across_sd[0], 1.0 / np.sqrt(12.0 + 1.0 / s_a**2), rtol=1e-9)


def test_a_flat_prior_of_three_sources_is_what_remains_without_information():
    """sd 1/√18 = 0.2357 of each of three uniform shares, where the across coordinate tells nothing."""
    means = np.array([[-17.0, -122.0], [-14.0, -106.4], [-20.0, -137.6]])
    found = fit_quickly(make_model(means, soil(means[:2], np.random.default_rng(1))))
    across = report_evaporation(found, {"all": np.arange(120)}).across_sd[0]
    assert (across <= 1.0 / np.sqrt(18.0) + 1e-12).all()
    assert (across > 0.21).all()


def test_angle_is_that_in_the_metric_of_the_mixtures(wide, report):
    root = np.linalg.inv(np.linalg.cholesky(np.cov(wide.model.mixtures.values.T)))
    slope = wide.draws["evaporation_slope"].value.mean()
    means = wide.problem.family.source_means(
        np.empty(0), wide.problem.split(wide.positions)[1], np.random.default_rng(0)
    ).mean(axis=0)[0]
    a, d = root @ (means[0] - means[1]), root @ np.array([1.0, slope])
    angle = abs(a[0] * d[1] - a[1] * d[0]) / (np.linalg.norm(a) * np.linalg.norm(d))
    assert report.angle[0, 0, 1] == pytest.approx(angle, rel=1e-9)
    assert report.angle[0, 0, 0] == 1.0


def test_sources_on_the_evaporation_line_are_flagged_and_those_beside_it_are_not(report):
    assert not report.flags[0] & {"nearly_parallel", "rests_on_distribution", "sources_pulled"}
    values = soil(PARALLEL, np.random.default_rng(4), 600)
    found = fit_quickly(make_model(PARALLEL, values, form="exponential", start_scale=0.0), LONGER)
    parallel = report_evaporation(found, {"all": np.arange(600)})
    assert {"nearly_parallel", "rests_on_distribution"} <= parallel.flags[0]
    assert parallel.angle[0, 0, 1] < LEAST_ANGLE


def test_mixtures_that_no_shares_explain_pull_the_sources():
    values = soil(WIDE, np.random.default_rng(4)) + np.array([0.0, 30.0])
    found = fit_quickly(make_model(WIDE, values))
    report = report_evaporation(found, {"all": np.arange(120)})
    assert "sources_pulled" in report.flags[0]
    assert report.pull.max() > MOST_PULL


def test_forms_that_disagree_are_flagged(report):
    off = np.abs(report.disagreement[0])
    assert ("forms_disagree" in report.flags[0]) == (off > np.maximum(report.sd[0], LEAST_MOVE)).any()
    rows = report.summary()
    assert len(rows) == 4
    assert rows[0]["other_form"] == pytest.approx(report.share[0, 0] - report.disagreement[0, 0])
    assert rows[0]["ratio"] == pytest.approx(report.sd[0, 0] / report.across_sd[0, 0])


def test_a_move_counts_from_one_sd_and_three_points_on():
    moves, sds = np.array([0.05, -0.05, 0.05, 0.02]), np.array([0.04, 0.04, 0.06, 0.01])
    assert rests_on_form(moves, sds).tolist() == [True, True, False, False]


def test_a_sharp_exponential_is_fitted_beside_any_other_form():
    own = Evaporation(5.0, 0.5)
    beside = other_form(own)
    assert (beside.form, beside.start_scale) == ("exponential", 0.0)
    assert other_form(beside) == own


def test_the_default_form_holds_where_half_of_the_waters_have_not_evaporated():
    """Truth 0.3; without a spike the shape has to hold the dry half too."""
    rng, means = np.random.default_rng(9), np.array([[-17.0, -122.0], [-15.0, -124.0]])
    values = np.concatenate([soil(means, rng, 200), soil(means, rng, 200, shape=1e-9)])
    shares = {
        form: fit_quickly(make_model(means, values, form=form)).shares_of([np.arange(400)])[:, 0, 1].mean()
        for form in ("erlang_spike", "erlang")
    }
    assert abs(shares["erlang_spike"] - 0.3) < 0.05
    assert abs(shares["erlang"] - 0.3) > 2.0 * abs(shares["erlang_spike"] - 0.3)


def test_a_model_without_evaporation_is_refused(wide):
    with pytest.raises(SettingsRefused, match="needs a model with evaporation"):
        report_evaporation(fit_quickly(replace(wide.model, evaporation=None)), {"all": np.arange(120)})
