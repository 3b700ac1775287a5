"""What is drawn after sampling: source means, replicated mixtures, likelihood of single mixtures."""

import numpy as np
import pytest
from scipy import stats

from tests.mixing.bayes import gaussian_cases as cases
from tests.mixing.bayes.gaussian_cases import Evaluated, make_model

pytest.importorskip("numba")
CASES = {
    "independent": {"style": "mixsiar", "levels": 3},
    "one tracer": {"j": 1, "levels": 3, "absent": True},
    "covarying": {"data": "covariance", "levels": 3, "absent": True},
    "rows": {"data": "rows", "style": "mixsiar", "concentration": "sd"},
    "residual": {"error": "residual", "style": "mixsiar", "concentration": "mean"},
    "additive, errors of each": {"error": "additive", "analytical": "full", "j": 3, "concentration": "sd"},
    "means known": {"style": "simmr", "error": "additive"},
}
DRAWS = 8_000


@pytest.fixture(params=CASES, name="drawn")
def _drawn(request):
    """A model, and one position repeated."""
    evaluated = Evaluated(make_model(11, **CASES[request.param]))
    position = evaluated.random_position(np.random.default_rng(4), 0.4)
    ours, theirs = evaluated.problem.split(np.repeat(position[None], DRAWS, axis=0))
    cells = np.repeat(evaluated.problem.shares.cells(ours[:1]), DRAWS, axis=0)
    return evaluated, position, cells, theirs


def standard_errors(draws, mean, covariance):
    """Largest distance of the draws' moments from given ones, in standard errors."""
    n = len(draws)
    sd = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    own = sd > 0.0
    far = np.abs(draws.mean(axis=0) - mean)[own] / sd[own] * np.sqrt(n)
    found = np.cov(draws.T).reshape(covariance.shape)
    spread = np.sqrt((np.multiply.outer(sd**2, sd**2) + covariance**2) / n)
    return max(
        far.max(initial=0.0),
        (np.abs(found - covariance) / np.maximum(spread, 1e-300))[spread > 0].max(initial=0.0),
    )


def test_source_means_are_those_of_the_joint_normal_given_the_mixtures(drawn):
    evaluated, position, cells, theirs = drawn
    model = evaluated.model
    found = evaluated.family.source_means(cells, theirs, np.random.default_rng(1))
    assert np.isnan(found).any(axis=(0, 3)).tolist() == (~model.sources.present).tolist()
    expected, total, crossed, prior = cases.joint_moments(model, *evaluated.split(position))
    gain = np.linalg.solve(total, crossed).T
    mean = np.nan_to_num(model.sources.mean).reshape(-1)
    mean = mean + gain @ (model.mixtures.values.reshape(-1) - expected)
    covariance = prior - gain @ crossed
    flat = np.nan_to_num(found.reshape(DRAWS, -1))
    assert standard_errors(flat, mean, covariance) < 4.5
    known = np.diag(prior) == 0.0
    assert flat[:, known] == pytest.approx(np.broadcast_to(mean[known], flat[:, known].shape))


def test_replicates_have_the_moments_of_the_model_given_source_means(drawn):
    evaluated, position, cells, theirs = drawn
    model = evaluated.model
    means = evaluated.family.source_means(cells[:1], theirs[:1], np.random.default_rng(1))
    found = evaluated.family.predict(cells, theirs, np.repeat(means, DRAWS, axis=0), np.random.default_rng(2))
    shares, values = evaluated.split(position)
    covariance = cases.single_covariance(model, shares, values)
    value = np.nan_to_num(means[0]) + model.sources.discrimination
    expected = (cases.weights(model, shares) * value[cases.levels_of(model)]).sum(axis=1)
    for i in range(len(expected)):
        assert standard_errors(found[:, i], expected[i], covariance[i]) < 4.8


def test_likelihood_of_single_mixtures_given_source_means(drawn):
    evaluated, position, cells, theirs = drawn
    model = evaluated.model
    means = evaluated.family.source_means(cells[:1], theirs[:1], np.random.default_rng(1))
    found = evaluated.family.log_likelihood(cells[:1], theirs[:1], means)[0]
    shares, values = evaluated.split(position)
    covariance = cases.single_covariance(model, shares, values)
    value = np.nan_to_num(means[0]) + model.sources.discrimination
    expected = (cases.weights(model, shares) * value[cases.levels_of(model)]).sum(axis=1)
    wanted = [
        stats.multivariate_normal(m, c).logpdf(x)
        for m, c, x in zip(expected, covariance, model.mixtures.values, strict=True)
    ]
    assert found == pytest.approx(wanted, rel=1e-9)


def test_many_draws_at_once_are_the_draws_one_by_one():
    evaluated = Evaluated(make_model(5, levels=3, data="covariance", error="process*residual", absent=True))
    rng = np.random.default_rng(1)
    positions = np.stack([evaluated.random_position(rng) for _ in range(7)])
    ours, theirs = evaluated.problem.split(positions)
    cells = evaluated.problem.shares.cells(ours)
    means = evaluated.family.source_means(cells, theirs, rng)
    together = evaluated.family.log_likelihood(cells, theirs, means)
    alone = [
        evaluated.family.log_likelihood(cells[[i]], theirs[[i]], means[[i]])[0] for i in range(len(positions))
    ]
    assert together == pytest.approx(np.array(alone), rel=1e-12)
    for i, position in enumerate(positions):
        values = evaluated.split(position)[1]
        for name, named in evaluated.family.parameters(theirs).items():
            assert named.value[i] == pytest.approx(values[name], nan_ok=True), name
            assert named.value.shape[1:] == tuple(len(named.coords[dim]) for dim in named.dims), name


def test_latents_of_sources_are_no_hyperparameters():
    evaluated = Evaluated(make_model(5, data="covariance"))
    named = evaluated.family.parameters(np.zeros((2, evaluated.family.dimension)))
    assert {name: x.hyper for name, x in named.items()} == {
        "xi": True,
        "source_sd": False,
        "source_correlation": False,
    }
