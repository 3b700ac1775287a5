"""Effective n against its definitions, and against the spread of correlations that are truly nil."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from headwater.stats import effective_n_lag1, effective_n_lags


def autoregressive(rng: np.random.Generator, rho: float, series: int, steps: int) -> np.ndarray:
    values = rng.standard_normal((steps, series))
    values[0] /= np.sqrt(1 - rho**2)
    for t in range(1, steps):
        values[t] += rho * values[t - 1]
    return values


def test_lag_1_formula_of_bretherton_1999_equation_31():
    assert effective_n_lag1(100, 0.5, 0.4) == pytest.approx(100 * 0.8 / 1.2)
    assert effective_n_lag1(100, 0.5, -0.4) == 100  # never more than n


def test_gaps_bring_effective_n_back_to_n():
    full, half, none = effective_n_lag1(100, 0.8, 0.8, pairs=[99, 50, 0])
    assert full == pytest.approx(100 * 0.36 / 1.64) and full < half < none == 100


def test_all_lags_equal_the_double_sum_over_pairs_of_steps():
    rng = np.random.default_rng(2)
    a, b = autoregressive(rng, 0.8, 2, 60).T
    a[7:15] = np.nan
    valid = np.isfinite(a)
    x, y = (np.where(valid, v - v[valid].mean(), 0) for v in (a, b))
    total = 0.0
    for lag in range(-30, 31):
        pairs = sum(valid[t] * valid[t + lag] for t in range(60) if 0 <= t + lag < 60)
        rho = [
            sum(v[t] * v[t + lag] for t in range(60) if 0 <= t + lag < 60) / pairs / (v @ v / valid.sum())
            for v in (x, y)
        ]
        total += pairs * rho[0] * rho[1]
    expected = np.clip(valid.sum() ** 2 / total, 1, valid.sum())
    assert effective_n_lags(a, b, reach=0.5) == pytest.approx(expected)


def test_white_noise_is_worth_its_number_and_constants_nothing():
    rng = np.random.default_rng(3)
    found = effective_n_lags(rng.standard_normal(400), rng.standard_normal(400))
    assert 300 < found <= 400
    assert np.isnan(effective_n_lags(np.ones(9), rng.standard_normal(9)))
    assert np.isnan(effective_n_lags([1.0, np.nan], [2.0, 3.0]))


def test_spread_of_nil_correlations_of_fields_is_that_of_effective_n():
    """Smooth fields with areas that shrink northwards: var r = 1/(n_eff - 1), Clifford et al. 1989."""
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(4)
    weights = np.broadcast_to(np.linspace(1, 0.5, 40)[:, None], (40, 60))
    r, n_eff = [], []
    for _ in range(300):
        a, b = (gaussian_filter(rng.standard_normal((60, 80)), 1.5)[10:50, 10:70] for _ in range(2))
        x, y = (v - np.average(v, weights=weights) for v in (a, b))
        r.append((weights * x * y).sum() / np.sqrt((weights * x * x).sum() * (weights * y * y).sum()))
        n_eff.append(effective_n_lags(a, b, weights=weights))
    told = np.mean(1 / (np.array(n_eff) - 1))
    assert 0.8 < np.var(r) / told < 1.25  # 300 values: 2.5 sd of a variance are 20 %
    assert np.var(r) * (40 * 60 - 1) > 8  # what counting pixels would get wrong
    p = 2 * scipy.stats.t.sf(
        np.abs(r) * np.sqrt((np.array(n_eff) - 2) / (1 - np.array(r) ** 2)), np.array(n_eff) - 2
    )
    assert 0.02 < np.mean(p < 0.05) < 0.09
