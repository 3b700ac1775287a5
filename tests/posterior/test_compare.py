"""Prediction of observations left out, against closed forms and against ArviZ."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from headwater.errors import NotTrustworthy
from headwater.posterior.compare import compare, loo, stacking, waic

pytest.importorskip("arviz_stats")


def normal_mean(y, rng, *, prior_sd=3.0, draws=(4, 2000)):
    """Exact draws of μ for y ~ N(μ, 1), μ ~ N(0, prior_sd²), and the log-likelihood of each observation."""
    precision = len(y) + prior_sd**-2
    mu = rng.normal(y.sum() / precision, precision**-0.5, draws)
    return norm.logpdf(y, mu[..., None], 1.0)


def left_out(y, prior_sd=3.0):
    """log p(y_i | the others), in closed form."""
    precision = len(y) - 1 + prior_sd**-2
    return norm.logpdf(y, (y.sum() - y) / precision, np.sqrt(1 + 1 / precision))


def test_loo_is_the_closed_form_of_the_normal_mean():
    rng = np.random.default_rng(1)
    y = rng.normal(1, 1, 30)
    found = loo(normal_mean(y, rng))
    np.testing.assert_allclose(found.elpd_i, left_out(y), atol=0.01)
    assert found.elpd == pytest.approx(left_out(y).sum(), abs=0.03) and len(found.doubtful) == 0
    assert found.p == pytest.approx(1, abs=0.5) and found.se == pytest.approx(
        left_out(y).std() * 30**0.5, rel=0.02
    )


def test_waic_is_near_the_closed_form_with_many_observations():
    rng = np.random.default_rng(2)
    y = rng.normal(1, 1, 200)
    found = waic(normal_mean(y, rng))
    assert found.elpd == pytest.approx(left_out(y).sum(), abs=0.1) and len(found.doubtful) == 0
    assert found.p == pytest.approx(1, abs=0.3)


def test_a_water_that_alone_decides_is_flagged():
    rng = np.random.default_rng(3)
    y = np.append(rng.normal(0, 1, 20), 25.0)
    mixed = normal_mean(y, rng, draws=(4, 500))
    assert list(loo(mixed).doubtful) == [20] and 20 in waic(mixed).doubtful


def test_few_draws_have_a_stricter_limit():
    rng = np.random.default_rng(4)
    y = rng.normal(size=10)
    assert loo(normal_mean(y, rng, draws=(4, 25))).limit == pytest.approx(0.5)
    assert loo(normal_mean(y, rng)).limit == 0.7


def test_the_true_model_wins_and_the_difference_has_its_error():
    rng = np.random.default_rng(5)
    y = rng.normal(2, 1, 100)
    free, zero = loo(normal_mean(y, rng)), loo(np.broadcast_to(norm.logpdf(y), (4, 500, 100)) + 0.0)
    first, second = compare({"mean 0": zero, "free mean": free})
    assert (first.name, second.name) == (
        "free mean",
        "mean 0",
    ) and first.difference == first.difference_se == 0
    exact = norm.logpdf(y) - left_out(y)
    assert second.difference == pytest.approx(exact.sum(), rel=0.01)
    assert second.difference_se == pytest.approx(exact.std() * 10, rel=0.02)
    assert second.difference < -4 * second.difference_se and first.weight > 0.95


def test_stacking_is_the_best_of_a_fine_grid():
    rng = np.random.default_rng(6)
    y = np.concatenate([rng.normal(-1, 1, 60), rng.normal(2, 0.5, 40)])
    elpd = np.array([norm.logpdf(y, -1, 1), norm.logpdf(y, 2, 0.5)])
    grid = np.linspace(0, 1, 10001)
    score = np.log(grid[:, None] * np.exp(elpd[0]) + (1 - grid)[:, None] * np.exp(elpd[1])).sum(axis=1)
    assert stacking(elpd)[0] == pytest.approx(grid[score.argmax()], abs=2e-4)
    assert stacking(elpd).sum() == pytest.approx(1) and list(stacking(elpd[:1])) == [1]


def test_stacking_gives_a_useless_model_nothing():
    elpd = np.array([np.full(50, -1.0), np.full(50, -3.0), np.full(50, -900.0)])
    np.testing.assert_allclose(stacking(elpd), [1, 0, 0], atol=1e-6)


@pytest.mark.filterwarnings("ignore:.*inplace keyword")
def test_equal_to_arviz():
    """LOO and comparison of ArviZ itself on the same draws; needs its labelled layer."""
    pytest.importorskip("arviz_base")
    import arviz_stats

    from headwater.posterior.tree import Tree, to_datatree

    rng = np.random.default_rng(7)
    y = np.concatenate([rng.normal(-1, 1, 30), rng.normal(2, 1, 20)])
    likelihoods = {
        "wide": norm.logpdf(y, rng.normal(0.2, 0.2, (4, 500, 1)), 2),
        "narrow": normal_mean(y, rng, draws=(4, 500)),
    }
    trees = {
        name: to_datatree(
            Tree({"posterior": {"x": (("chain", "draw"), rng.normal(size=(4, 500)))},
                  "log_likelihood": {"y": (("chain", "draw", "i"), values)}})
        )
        for name, values in likelihoods.items()
    }  # fmt: skip
    ours = compare({name: loo(values) for name, values in likelihoods.items()})
    theirs = arviz_stats.compare(
        {name: arviz_stats.loo(tree, reff=1.0, pointwise=True) for name, tree in trees.items()}
    )
    for row in ours:
        expected = theirs.loc[row.name]
        assert row.elpd == pytest.approx(expected["elpd"]) and row.p == pytest.approx(expected["p"])
        assert row.se == pytest.approx(expected["se"]) and row.weight == pytest.approx(
            expected["weight"], abs=1e-3
        )
        assert row.difference_se == pytest.approx(expected["dse"])


def test_an_observation_that_no_parameter_moves_predicts_itself():
    values = np.full((4, 100, 2), -1.5)
    found = loo(values)
    assert list(found.elpd_i) == [-1.5, -1.5] and found.p == 0 and len(found.doubtful) == 0


def test_what_cannot_be_compared_is_refused():
    rng = np.random.default_rng(8)
    y = rng.normal(size=12)
    values = normal_mean(y, rng, draws=(2, 100))
    with pytest.raises(ValueError, match="same observations"):
        compare({"a": loo(values), "b": loo(values[..., :10])})
    with pytest.raises(ValueError, match="same method"):
        compare({"a": loo(values), "b": waic(values)})
    values[0, 3, 7] = -np.inf
    with pytest.raises(NotTrustworthy, match="observation 7"):
        loo(values)
    with pytest.raises(ValueError, match="wanted is"):
        waic(values[0])
