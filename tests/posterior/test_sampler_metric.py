"""The metric that is learned from draws and gradients."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.posterior.chains import sample
from headwater.posterior.dense_metric import dense_scale
from headwater.posterior.records import SamplerSettings
from tests.posterior.known_targets import normal_target, target, turned_covariance


def test_diagonal_metric_of_a_normal_is_its_variance():
    """√(var q / var g) with g = −q/σ² is σ² whatever the draws are."""
    sd = np.logspace(-3, 3, 20)
    chains = sample(target("independent", sd, 20), SamplerSettings(tune=60, draws=1, chains=2))
    for state in chains.states:
        np.testing.assert_allclose(state.scale[0], sd**2, rtol=1e-6)
        np.testing.assert_allclose(state.root, np.sqrt(state.scale))


@given(seed=st.integers(0, 1000), dimension=st.integers(2, 8))
@settings(max_examples=25, deadline=None)
def test_dense_metric_of_a_normal_is_nearly_its_covariance(seed, dimension):
    """A Cov(g) A = Cov(q) has the solution A = S for g = −S⁻¹ q; what is left is the drawing to 1."""
    rng = np.random.default_rng(seed)
    covariance = turned_covariance(dimension, 100.0, seed)
    draws = rng.multivariate_normal(np.zeros(dimension), covariance, size=400)
    scale = dense_scale(draws, -draws @ np.linalg.inv(covariance))
    np.testing.assert_allclose(scale, scale.T)
    whitened = np.linalg.solve(np.linalg.cholesky(covariance), scale)
    values = np.linalg.eigvals(np.linalg.solve(np.linalg.cholesky(covariance), whitened.T)).real
    assert values.min() > 0.8
    assert values.max() < 1.25


def test_dense_metric_does_not_depend_on_units():
    rng = np.random.default_rng(3)
    draws, gradients = rng.normal(size=(50, 4)) @ rng.normal(size=(4, 4)), rng.normal(size=(50, 4))
    units = np.array([1e-6, 1.0, 1e3, 1e6])
    expected = dense_scale(draws, gradients) * np.outer(units, units)
    np.testing.assert_allclose(dense_scale(draws * units, gradients / units), expected, rtol=1e-8)


@pytest.mark.parametrize("draws", [3, 5, 30])
def test_dense_metric_of_few_draws_is_positive_definite(draws):
    rng = np.random.default_rng(4)
    values = np.linalg.eigvalsh(dense_scale(rng.normal(size=(draws, 12)), rng.normal(size=(draws, 12))))
    assert values.min() > 1e-3 * values.max()


def test_dense_metric_shortens_trajectories_of_correlated_parameters():
    covariance = turned_covariance(20, 1000.0, seed=6)
    steps = {
        metric: sample(
            normal_target(covariance), SamplerSettings(tune=300, draws=200, metric=metric)
        ).gradients.mean()
        for metric in ("diagonal", "dense")
    }
    assert steps["dense"] < steps["diagonal"] / 4


@pytest.mark.parametrize("metric", ["diagonal", "dense"])
def test_flat_directions_leave_the_metric_finite(metric):
    """A density that does not depend on one of its parameters: its gradient has no spread."""
    flat = target("independent", [1.0, np.inf], 2)
    chains = sample(flat, SamplerSettings(tune=100, draws=50, deepest=5, metric=metric))
    assert all(
        np.isfinite(state.scale).all() and (state.scale.diagonal() > 0).all() for state in chains.states
    )
    assert np.isfinite(chains.positions).all()
