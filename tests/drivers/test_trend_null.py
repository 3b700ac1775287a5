"""Trend tests in worlds whose truth is known: how often do they see a trend where there is none?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.signal import lfilter

from headwater.drivers.trend_arrays import TrendRule, trend_arrays
from headwater.stats import false_discoveries

METHODS = ("original", "hamed_rao", "yue_wang", "prewhitened", "trend_free_prewhitened")


def red_noise(n: int, many: int, rho: float, seed: int) -> np.ndarray:
    """First-order process without trend, shape (n, many), variance 1."""
    shocks = np.random.default_rng(seed).normal(size=(n + 100, many)) * np.sqrt(1 - rho**2)
    return lfilter([1], [1, -rho], shocks, axis=0)[100:]


def gaps(values: np.ndarray, kind: str) -> np.ndarray:
    """Values with none, 30 % at random, or the winter months missing."""
    values = values.copy()
    if kind == "random":
        values[np.random.default_rng(2).random(values.shape) < 0.3] = np.nan
    elif kind == "winter":
        values[np.arange(len(values)) % 12 < 4] = np.nan
    return values


def rejected(values: np.ndarray, method: Any, **options: Any) -> float:
    """Share of series with p < 0.05."""
    found = trend_arrays(values, np.arange(len(values)), TrendRule(method, **options))
    return float(np.nanmean(found["p"] < 0.05))


@pytest.mark.parametrize("kind", ["none", "random", "winter"])
def test_five_percent_of_trendless_series_pass(kind: str) -> None:
    values = gaps(red_noise(120, 1500, 0.6, seed=1), kind)
    assert rejected(values, "yue_wang") == pytest.approx(0.05, abs=0.02)
    assert rejected(values, "prewhitened") == pytest.approx(0.05, abs=0.015)
    assert rejected(values, "original") > 0.2


@pytest.mark.parametrize("method", ["original", "hamed_rao", "yue_wang", "prewhitened", "seasonal"])
def test_five_percent_where_values_are_independent(method: Any) -> None:
    values = red_noise(120, 1500, 0.0, seed=2)
    period = 12 if method == "seasonal" else 1
    assert rejected(values, method, period=period) == pytest.approx(0.05, abs=0.015)


@pytest.mark.parametrize("n", [30, 60, 240])
@pytest.mark.slow
def test_the_rates_that_the_documentation_prints(n: int, record: Any) -> None:
    rates = {}
    for kind in ("none", "random", "winter"):
        values = gaps(red_noise(n, 3000, 0.6, seed=3), kind)
        for method, lags in [(name, None) for name in METHODS] + [("hamed_rao", n - 1), ("yue_wang", n - 1)]:
            rates[f"{method} {lags or ''} {kind}"] = rejected(values, method, lags=lags)
    record(f"trend_null_{n}", rates, seed=3)
    assert rates["yue_wang  none"] < rates["hamed_rao  none"] < rates["original  none"]
    assert rates[f"yue_wang {n - 1} none"] > 0.4
    assert rates["prewhitened  none"] == pytest.approx(0.05, abs=0.015)


def test_false_discoveries_stay_within_the_rate_and_true_trends_are_found() -> None:
    false, found = [], []
    for seed in range(20):
        values = red_noise(60, 400, 0.0, seed=100 + seed)
        values[:, :100] += 0.04 * np.arange(60)[:, None]
        p = trend_arrays(values, np.arange(60), TrendRule())["p"]
        _, significant = false_discoveries(p, alpha=0.1)
        false.append(significant[100:].sum() / max(1, significant.sum()))
        found.append(significant[:100].mean())
    assert np.mean(false) == pytest.approx(0.1 * 300 / 400, abs=0.03)
    assert np.mean(found) > 0.9


def test_sen_slope_is_near_the_true_one_despite_outliers() -> None:
    values = red_noise(60, 500, 0.0, seed=4) + 0.05 * np.arange(60)[:, None]
    values[::10] += 30
    slope = trend_arrays(values, np.arange(60), TrendRule())["slope"]
    assert np.mean(slope) == pytest.approx(0.05, abs=0.005)
