"""Simulation-based calibration of the whole sampler, tuning included (Talts et al. 2018, arXiv:1804.06788).

Parameters from the prior, data from the parameters, draws from the posterior: the rank of the true value
among the draws is uniform. The log likelihood is ranked too; it sees what single parameters do not
(Modrák et al. 2023, Bayesian Analysis, doi 10.1214/23-BA1404).
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from headwater.posterior.chains import sample
from headwater.posterior.records import SamplerSettings
from tests.posterior.known_targets import target

ERRORS = np.array([15.0, 10.0, 16.0, 11.0, 9.0, 11.0, 10.0, 18.0])
KEPT = 31


def quantities(mu, log_tau, z, effects) -> np.ndarray:
    """μ, log τ, θ_1 and the log likelihood."""
    theta = mu[..., None] + np.exp(log_tau)[..., None] * z
    likelihood = -0.5 * (((effects - theta) / ERRORS) ** 2).sum(axis=-1)
    return np.stack([mu, log_tau, theta[..., 0], likelihood], axis=-1)


def ranks(replicates: int, metric: str, wrong: float = 1.0) -> np.ndarray:
    """Ranks of the true values among KEPT draws, shape (replicates, 4)."""
    rng = np.random.default_rng(21)
    found = []
    for seed in range(replicates):
        mu, log_tau, z = rng.normal(0, 5), np.log(np.abs(5 * rng.standard_cauchy())), rng.normal(size=8)
        effects = rng.normal(mu + np.exp(log_tau) * z, ERRORS)
        schools = target("schools", np.concatenate([effects, wrong * ERRORS]), 10)
        settings = SamplerSettings(
            chains=1, tune=300, draws=20 * KEPT, seed=seed, metric=metric, accept=0.9, cores=1
        )
        draws = sample(schools, settings).positions[0, ::20]
        drawn = quantities(draws[:, 0], draws[:, 1], draws[:, 2:], effects)
        found.append((drawn < quantities(np.array(mu), np.array(log_tau), z, effects)).sum(axis=0))
    return np.array(found)


def uniformity(found: np.ndarray) -> np.ndarray:
    """p of each quantity that its ranks are uniform, in eight cells."""
    counts = [np.bincount(column * 8 // (KEPT + 1), minlength=8) for column in found.T]
    return np.array([stats.chisquare(each).pvalue for each in counts])


@pytest.mark.parametrize(
    ("replicates", "metric"),
    [
        (250, "diagonal"),
        pytest.param(2000, "diagonal", marks=pytest.mark.slow),
        pytest.param(2000, "dense", marks=pytest.mark.slow),
    ],
)
def test_ranks_of_true_values_are_uniform(replicates, metric):
    assert uniformity(ranks(replicates, metric)).min() > 1e-3


def test_ranks_of_a_wrong_likelihood_are_not():
    assert uniformity(ranks(250, "diagonal", wrong=1.3)).min() < 1e-5
