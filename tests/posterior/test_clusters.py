"""Spread that clusters add to a posterior: known truth, and properties that hold for any numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.posterior.clusters import cluster_covariance, widen

N_SITES, LAYERS, DRAWS = 80, 3, 800


def posterior_of_a_mean(rng, correlation):
    """Draws of the mean μ of normal waters of variance 1, flat prior, and their log likelihoods."""
    common = rng.standard_normal((N_SITES, 1)) * np.sqrt(correlation)
    x = (common + rng.standard_normal((N_SITES, LAYERS)) * np.sqrt(1.0 - correlation)).ravel()
    mean = x.mean() + rng.standard_normal(DRAWS) / np.sqrt(x.size)
    return mean[:, None], -0.5 * (x - mean[:, None]) ** 2


def test_a_mean_of_clustered_waters_gets_its_design_effect():
    """Kish 1965: a mean of clusters of m has 1 + (m − 1) ρ times the variance of independent waters."""
    rng, sites = np.random.default_rng(1), np.repeat(np.arange(N_SITES), LAYERS)
    for correlation in (0.0, 0.5):
        found = []
        for _ in range(150):
            values, likelihood = posterior_of_a_mean(rng, correlation)
            lacking = cluster_covariance(values, likelihood, sites)
            found.append(1.0 + lacking[0, 0] / values.var(ddof=1))
        error = np.std(found) / np.sqrt(len(found))
        assert np.mean(found) == pytest.approx(1.0 + (LAYERS - 1) * correlation, abs=4 * error)
        assert error < 0.03


def test_intervals_of_clustered_waters_cover_what_they_say():
    rng, sites = np.random.default_rng(2), np.repeat(np.arange(N_SITES), LAYERS)
    covered = np.zeros(2)
    for _ in range(400):
        values, likelihood = posterior_of_a_mean(rng, 0.6)
        wide, _ = widen(values, cluster_covariance(values, likelihood, sites))
        for way, draws in enumerate((values, wide)):
            low, high = np.quantile(draws, [0.05, 0.95])
            covered[way] += (low <= 0.0 <= high) / 400
    assert covered[0] < 0.78  # 1.645 / √2.2 sds hold 73 %
    assert 0.85 < covered[1] < 0.94


def test_waters_that_share_no_cluster_change_nothing():
    rng = np.random.default_rng(3)
    values, likelihood = posterior_of_a_mean(rng, 0.5)
    n = likelihood.shape[1]
    for clusters in (np.arange(n), [None] * n, np.full(n, np.nan), [f"site {i}" for i in range(n)]):
        assert not cluster_covariance(values, likelihood, clusters).any()


def test_missing_labels_are_clusters_of_their_own():
    rng = np.random.default_rng(4)
    values, likelihood = posterior_of_a_mean(rng, 0.5)
    sites = np.repeat(np.arange(N_SITES), LAYERS).astype(object)
    with_gaps = sites.copy()
    with_gaps[:LAYERS] = [None, float("nan"), None]
    named = sites.copy()
    named[:LAYERS] = ["x", "y", "z"]
    np.testing.assert_array_equal(
        cluster_covariance(values, likelihood, with_gaps), cluster_covariance(values, likelihood, named)
    )


@given(seed=st.integers(0, 10**6), size=st.integers(1, 4))
def test_stretched_draws_have_the_wider_covariance_in_any_basis(seed, size):
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((200, size)) @ rng.standard_normal((size, size)) + rng.standard_normal(size)
    part = rng.standard_normal((size, 2 * size))
    lacking = part @ part.T
    wide, effect = widen(values, lacking)
    cov = np.atleast_2d(np.cov(values.T))
    np.testing.assert_allclose(
        np.atleast_2d(np.cov(wide.T)), cov + lacking, rtol=1e-6, atol=1e-6 * lacking.max()
    )
    np.testing.assert_allclose(wide.mean(axis=0), values.mean(axis=0), atol=1e-8)
    assert effect > 1.0
    turn = rng.standard_normal((size, size)) + 3.0 * np.eye(size)
    other, same = widen(values @ turn.T, turn @ lacking @ turn.T)
    np.testing.assert_allclose(other, wide @ turn.T, rtol=1e-5, atol=1e-5 * np.abs(other).max())
    assert same == pytest.approx(effect, rel=1e-6)


def test_draws_are_never_made_narrower():
    values = np.random.default_rng(5).standard_normal((500, 2))
    wide, effect = widen(values, np.diag([-0.5, 3.0]))
    sd = wide.std(axis=0) / values.std(axis=0)
    np.testing.assert_allclose(sd, [1.0, 2.0], rtol=0.1)
    assert effect == pytest.approx(2.5, rel=0.1)
