"""The sampler finds means, spreads and tails that are known exactly, within its own Monte Carlo error.

Seeds are fixed. |z| > 4.5 in one of 1000 numbers would be met by chance once in 150 such suites.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, special, stats

from headwater.posterior.chains import sample
from headwater.posterior.records import SamplerSettings
from tests.posterior.known_targets import errors, flat, normal_target, target, turned_covariance

SCHOOLS_Y = np.array([28.0, 8.0, -3.0, 7.0, -1.0, 1.0, 18.0, 12.0])
SCHOOLS_S = np.array([15.0, 10.0, 16.0, 11.0, 9.0, 11.0, 10.0, 18.0])


def assert_normal(draws: np.ndarray, mean: np.ndarray, covariance: np.ndarray) -> None:
    """Means, variances and covariances within their errors."""
    rows, columns = np.triu_indices(len(covariance))
    away = draws - mean
    z = errors(away[..., rows] * away[..., columns], covariance[rows, columns])
    assert np.abs(errors(draws, mean)).max() < 4.5
    assert np.abs(z).max() < 4.5
    assert z.std() < 1.4


@pytest.mark.parametrize("metric", ["diagonal", "dense"])
def test_two_correlated_normals(metric):
    covariance = np.array([[4.0, 0.19], [0.19, 0.01]])
    mean = np.array([100.0, -3.0])
    chains = sample(normal_target(covariance, mean), SamplerSettings(metric=metric, draws=2000, tune=500))
    assert_normal(chains.positions, mean, covariance)
    assert not chains.diverged.any()


@pytest.mark.parametrize(
    ("metric", "turned"),
    [
        ("diagonal", False),
        ("dense", True),
        pytest.param("diagonal", True, marks=pytest.mark.slow),
        pytest.param("dense", False, marks=pytest.mark.slow),
    ],
)
def test_fifty_normals_of_condition_10000(metric, turned):
    covariance = turned_covariance(50, 1e4, seed=5) if turned else np.diag(np.logspace(-2, 2, 50))
    chains = sample(normal_target(covariance), SamplerSettings(metric=metric, tune=300, seed=2))
    assert_normal(chains.positions, np.zeros(50), covariance)
    radius = np.einsum("cdi,ij,cdj->cd", chains.positions, np.linalg.inv(covariance), chains.positions)
    assert stats.kstest(radius[:, ::20].ravel(), stats.chi2(50).cdf).pvalue > 1e-3
    assert not chains.diverged.any()


def test_heavy_tails_of_student_t():
    degrees = 4.0
    chains = sample(target("student", [degrees], 3), SamplerSettings(draws=4000, tune=500, seed=3))
    truth = stats.t(degrees)
    for probability in (0.005, 0.05, 0.5, 0.95, 0.995):
        below = (chains.positions < truth.ppf(probability)).astype(float)
        assert np.abs(errors(below, probability)).max() < 4


def test_skewed_logarithms_of_gamma_variables():
    shapes = np.array([0.3, 1.0, 20.0])
    chains = sample(target("log_gamma", shapes, 3), SamplerSettings(draws=4000, tune=500, seed=4))
    away = chains.positions - special.digamma(shapes)
    assert np.abs(errors(chains.positions, special.digamma(shapes))).max() < 4
    assert np.abs(errors(away**2, special.polygamma(1, shapes))).max() < 4
    assert np.abs(errors(away**3, special.polygamma(2, shapes))).max() < 4


def test_dirichlet_through_gamma_variables():
    weights = np.array([0.5, 1.0, 2.0, 4.0])
    chains = sample(target("log_gamma", weights, 4), SamplerSettings(draws=4000, tune=500, seed=5))
    shares = special.softmax(chains.positions, axis=-1)
    total = weights.sum()
    mean = weights / total
    assert np.abs(errors(shares, mean)).max() < 4
    assert np.abs(errors((shares - mean) ** 2, mean * (1 - mean) / (total + 1))).max() < 4


def test_funnel_is_exact_where_it_is_not_centred():
    """v = 3 z_0, x = exp(v/2) z: P(|x| < c) by quadrature over v."""
    chains = sample(target("independent", np.ones(10), 10), SamplerSettings(draws=4000, tune=500, seed=6))
    x = np.exp(1.5 * chains.positions[..., :1]) * chains.positions[..., 1:]
    for c in (0.1, 1.0, 10.0):
        truth, _ = integrate.quad(
            lambda z, c=c: stats.norm.pdf(z) * special.erf(c * np.exp(-1.5 * z) / 2**0.5), -8, 8
        )
        assert np.abs(errors((np.abs(x) < c).astype(float), truth)).max() < 4


def test_funnel_is_reported_as_divergent_where_it_is_centred():
    chains = sample(target("funnel", [], 10), SamplerSettings(seed=7, accept=0.6))
    assert chains.diverged.mean() > 0.002
    assert flat(chains)[:, 0].min() > -6.0, "of 4000 draws, 91 should lie below -6"


def schools_truth() -> dict[str, float]:
    """Means and sds of eight schools by quadrature over τ alone: given τ all is normal."""
    tau = np.linspace(1e-6, 400.0, 400_001) ** 1.0
    variance = SCHOOLS_S[:, None] ** 2 + tau**2
    precision = 1 / 25.0 + (1 / variance).sum(axis=0)
    mu = (SCHOOLS_Y[:, None] / variance).sum(axis=0) / precision
    log = -0.5 * np.log(variance).sum(axis=0) - 0.5 * np.log(precision)
    log += 0.5 * precision * mu**2 - 0.5 * (SCHOOLS_Y[:, None] ** 2 / variance).sum(axis=0)
    weight = np.exp(log - log.max()) / (1 + tau**2 / 25.0)
    weight /= weight.sum()
    pull = tau**2 / variance
    theta = (pull * SCHOOLS_Y[:, None] + (1 - pull) * mu) @ weight
    e_mu, e_tau = mu @ weight, tau @ weight
    return {
        "mu": e_mu,
        "mu_sd": np.sqrt((mu**2 + 1 / precision) @ weight - e_mu**2),
        "tau": e_tau,
        "tau_sd": np.sqrt(tau**2 @ weight - e_tau**2),
        "theta": theta,
    }


def test_eight_schools_agree_with_quadrature_over_tau():
    floats = np.concatenate([SCHOOLS_Y, SCHOOLS_S])
    chains = sample(target("schools", floats, 10), SamplerSettings(draws=4000, tune=500, seed=8))
    truth = schools_truth()
    mu, tau = chains.positions[..., :1], np.exp(chains.positions[..., 1:2])
    theta = mu + tau * chains.positions[..., 2:]
    assert np.abs(errors(mu, truth["mu"])).max() < 4
    assert np.abs(errors(tau, truth["tau"])).max() < 4
    assert np.abs(errors(theta, truth["theta"])).max() < 4
    assert np.abs(errors((mu - truth["mu"]) ** 2, truth["mu_sd"] ** 2)).max() < 4
    assert np.abs(errors((tau - truth["tau"]) ** 2, truth["tau_sd"] ** 2)).max() < 4


def test_quadrature_of_eight_schools_agrees_with_posteriordb():
    """Means and their errors of stan-dev/posteriordb, eight_schools-eight_schools_noncentered,
    reference_posteriors/summary_statistics/mean_value (10 000 draws of Stan)."""
    mean = [6.15050, 4.93958, 3.90591, 4.79602, 3.61444, 4.05115, 6.31717, 4.88400, 4.41052, 3.60206]
    mcse = [0.05574, 0.04623, 0.05423, 0.04749, 0.04615, 0.04852, 0.04988, 0.05425, 0.03304, 0.03186]
    truth = schools_truth()
    ours = np.array([*truth["theta"], truth["mu"], truth["tau"]])
    assert np.abs((ours - np.array(mean)) / np.array(mcse)).max() < 3.5


@pytest.mark.parametrize("beyond", [np.nan, -np.inf, np.inf])
def test_a_wall_is_not_passed_and_not_a_crash(beyond):
    """Half-normals: beyond 0 the log density is not finite."""
    chains = sample(
        target("walled", [beyond], 2, start=[1.5, 1.5]), SamplerSettings(draws=4000, tune=500, seed=9)
    )
    assert chains.positions.min() > 0
    assert np.isfinite(chains.positions).all()
    assert chains.diverged.any()
    for x in (0.1, 0.5, 1.0, 2.0):
        below = (chains.positions < x).astype(float)
        assert np.abs(errors(below, 2 * stats.norm.cdf(x) - 1)).max() < 4
