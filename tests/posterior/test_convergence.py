"""Convergence of many quantities at once, against arviz-stats one by one."""

from __future__ import annotations

import numpy as np
import pytest

from headwater.posterior.convergence import convergence, energy_fraction, quantile_mcse

array_stats = pytest.importorskip("arviz_stats.base").array_stats


def autoregressive(rng, chains, draws, quantities, memory):
    """AR(1) of unit variance."""
    x = rng.normal(size=(chains, draws, quantities))
    for t in range(1, draws):
        x[:, t] = memory * x[:, t - 1] + np.sqrt(1 - memory**2) * x[:, t]
    return x


def of_many_kinds(chains, draws):
    """Slow, fast, antithetic, heavy-tailed, tied, drifting and shifted chains, seven quantities."""
    rng = np.random.default_rng(chains * 1000 + draws)
    slow, fast, opposite = (autoregressive(rng, chains, draws, 1, memory) for memory in (0.9, 0.1, -0.6))
    heavy = rng.standard_cauchy((chains, draws, 1))
    tied = rng.integers(0, 3, (chains, draws, 1)).astype(float)
    drift = fast + np.linspace(0, 2, draws)[None, :, None]
    shifted = fast + 5 * np.arange(chains)[:, None, None]
    return np.concatenate([slow, fast, opposite, heavy, tied, drift, shifted], axis=2)


@pytest.mark.parametrize("chains", [2, 4])
@pytest.mark.parametrize("draws", [4, 5, 6, 7, 11, 100, 501])
def test_equal_to_arviz_stats(chains, draws):
    x = of_many_kinds(chains, draws)
    ours, one_by_one = convergence(x), np.moveaxis(x, 2, 0)
    np.testing.assert_allclose(ours.rhat, array_stats.rhat(one_by_one), rtol=1e-10)
    np.testing.assert_allclose(ours.ess_bulk, array_stats.ess(one_by_one, method="bulk"), rtol=1e-8)
    tail = array_stats.ess(one_by_one, method="tail", prob=(0.05, 0.95))
    np.testing.assert_allclose(ours.ess_tail, tail, rtol=1e-8)
    np.testing.assert_allclose(ours.ess_mean, array_stats.ess(one_by_one, method="mean"), rtol=1e-8)
    np.testing.assert_allclose(ours.mcse, array_stats.mcse(one_by_one, method="mean"), rtol=1e-8)
    np.testing.assert_allclose([ours.mean, ours.sd], [x.mean((0, 1)), x.std((0, 1), ddof=1)])


@pytest.mark.parametrize("probability", [0.025, 0.5, 0.975])
def test_error_of_a_quantile_is_that_of_arviz_stats(probability):
    x = of_many_kinds(4, 200)
    expected = array_stats.mcse(np.moveaxis(x, 2, 0), method="quantile", prob=probability)
    np.testing.assert_allclose(quantile_mcse(x, probability), expected, rtol=1e-10)


def test_energy_fraction_is_that_of_arviz_stats():
    energy = autoregressive(np.random.default_rng(3), 4, 300, 1, 0.95)[:, :, 0]
    np.testing.assert_allclose(energy_fraction(energy), array_stats.bfmi(energy))


def test_blocks_do_not_change_a_number(monkeypatch):
    x = np.random.default_rng(4).normal(size=(4, 50, 11))
    whole = convergence(x)
    monkeypatch.setattr("headwater.posterior.convergence.BLOCK", 400)
    np.testing.assert_array_equal(convergence(x).ess_bulk, whole.ess_bulk)
    np.testing.assert_array_equal(convergence(x).mcse, whole.mcse)


def test_effective_draws_of_an_autoregression_are_as_theory_says():
    """AR(1): ESS of the mean = N (1 − a)/(1 + a)."""
    memory = 0.5
    found = convergence(autoregressive(np.random.default_rng(5), 4, 4000, 20, memory)).ess_mean
    expected = 16000 * (1 - memory) / (1 + memory)
    assert abs(found.mean() / expected - 1) < 0.05


def test_standard_error_is_the_scatter_of_the_mean():
    """200 repetitions of AR(1) chains: mean error squared over stated error squared is 1."""
    x = autoregressive(np.random.default_rng(6), 4, 500, 200, 0.7)
    ours = convergence(x)
    ratio = (ours.mean / ours.mcse) ** 2
    assert 0.75 < ratio.mean() < 1.3


def test_constant_and_not_finite_quantities():
    x = np.random.default_rng(7).normal(size=(4, 100, 5))
    x[..., 1] = 1.0
    x[2, 50, 2] = np.nan
    x[0, 0, 3] = np.inf
    ours = convergence(x)
    assert list(ours.constant) == [False, True, False, False, False]
    assert np.isnan(ours.rhat[1:4]).all() and np.isfinite(ours.rhat[[0, 4]]).all()
    assert ours.ess_bulk[1] == ours.ess_tail[1] == 400 and ours.mcse[1] == 0 and ours.mean[1] == 1
    assert np.isnan([ours.ess_bulk[2], ours.ess_bulk[3], ours.mcse[2], ours.mean[3], ours.sd[3]]).all()
    assert np.isnan(quantile_mcse(x, 0.025)[[2, 3]]).all()


def test_one_chain_is_compared_with_itself():
    x = np.linspace(0, 3, 400)[None, :, None] + np.random.default_rng(8).normal(size=(1, 400, 2))
    assert (convergence(x).rhat > 1.2).all()


def test_chains_that_never_move_but_differ():
    stuck = np.repeat(np.arange(4.0), 100).reshape(4, 100, 1)
    ours = convergence(stuck)
    assert ours.rhat[0] > 1e6 and ours.ess_bulk[0] < 20


@pytest.mark.parametrize("shape", [(4, 3, 2), (4, 0, 2), (0, 10, 2)])
def test_too_few_draws_are_missing_not_an_error(shape):
    assert np.isnan(convergence(np.zeros(shape)).ess_bulk).all()
    assert np.isnan(quantile_mcse(np.zeros(shape), 0.5)).all()


def test_other_shapes_are_refused():
    with pytest.raises(ValueError, match=r"\(chains, draws, quantities\)"):
        convergence(np.zeros((4, 100)))
