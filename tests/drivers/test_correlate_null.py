"""Worlds with known truth: how often chance passes for a correlation, and what share of findings is false."""

from __future__ import annotations

import numpy as np
import pytest

from headwater.drivers import CorrelationRule, adjust, correlate, correlate_blocks, pair_steps
from headwater.drivers.blocks import Found
from tests.drivers.make_grids import grid, punched, red_noise

RED = 0.6
"""Lag-1 autocorrelation of the null worlds."""


def find(a: np.ndarray, b: np.ndarray, rule: CorrelationRule, given: tuple[np.ndarray, ...] = ()) -> Found:
    time = grid(np.zeros((len(a), 1)), "x", shape=(1, 1))["time"].values
    return correlate_blocks(a, b, pair_steps(time)[0], rule, given=given)


def share(
    rule: CorrelationRule,
    *,
    steps: int = 460,
    series: int,
    gaps: float = 0.0,
    covariates: int = 0,
    seed: int = 1,
) -> float:
    """Share of unrelated pairs of red noise with p < 0.05; covariates are part of both."""
    rng = np.random.default_rng(seed)
    a, b, *given = (red_noise(rng, RED, steps, series) for _ in range(2 + covariates))
    a, b = (v + np.float32(0.5) * sum(given) for v in (a, b))
    if rule.deseasonalise:
        a += np.float32(3) * np.sin(np.arange(steps, dtype=np.float32) * np.pi / 6)[:, None]
    if rule.detrend:
        a, b = (v + np.linspace(0, 4, steps, dtype=np.float32)[:, None] for v in (a, b))
    a, b = punched(rng, a, gaps), punched(rng, b, gaps)
    return float(np.mean(find(a, b, rule, tuple(given))["p"] < 0.05))


def test_counting_steps_finds_chance_in_every_sixth_pixel_and_effective_n_in_every_twentieth():
    """6000 series: 5 % ± 1 % is 3.5 sd."""
    naive = share(CorrelationRule(n_eff=False), series=6000)
    assert 0.16 < naive < 0.20
    assert 0.04 < share(CorrelationRule(), series=6000) < 0.06
    assert 0.04 < share(CorrelationRule(), series=6000, gaps=0.3) < 0.06


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rule", "options"),
    [
        (CorrelationRule(), {"steps": 60}),
        (CorrelationRule(), {"steps": 30}),
        (CorrelationRule(), {"gaps": 0.1}),
        (CorrelationRule("spearman"), {}),
        (CorrelationRule("spearman"), {"gaps": 0.1}),
        (CorrelationRule(n_eff="full"), {}),
        (CorrelationRule(n_eff="full"), {"gaps": 0.1}),
        (CorrelationRule(deseasonalise=True), {}),
        (CorrelationRule(deseasonalise=True), {"steps": 120}),
        (CorrelationRule(deseasonalise=True, detrend=True), {"gaps": 0.1}),
        (CorrelationRule(detrend=True), {"steps": 60}),
        (CorrelationRule(), {"covariates": 1}),
        (CorrelationRule(), {"covariates": 5}),
        (CorrelationRule(), {"covariates": 2, "steps": 120, "gaps": 0.1}),
    ],
    ids=str,
)
def test_null_worlds_give_5_percent_within_1(rule, options):
    """8000 series: 1 % is 4.1 sd."""
    assert 0.04 < share(rule, series=8000, seed=2, **options) < 0.06


@pytest.mark.slow
def test_null_worlds_by_month():
    rng = np.random.default_rng(3)
    a, b = (grid(red_noise(rng, RED, 360, 2000), "x", shape=(40, 50)) for _ in range(2))
    assert 0.04 < float((correlate(a, b, by="month")["p"] < 0.05).mean()) < 0.06


def world_with_truth(rng: np.random.Generator, series: int, related: float) -> tuple[Found, np.ndarray]:
    """Red noise of 200 steps, some pairs truly correlated by 0.45."""
    a, b = (red_noise(rng, RED, 200, series) for _ in range(2))
    true = rng.random(series) < related
    b += np.float32(0.5) * a * true
    return find(a, b, CorrelationRule()), true


@pytest.mark.parametrize("rule", ["bh", "by", "wilks"])
def test_the_stated_rate_of_false_discoveries_holds(rule):
    """A fifth of 4000 pairs is related; of those found at most alpha (2 alpha with wilks) is false."""
    alpha, rates, powers = 0.1, [], []
    rng = np.random.default_rng(4)
    for _ in range(3):
        found, true = world_with_truth(rng, 4000, 0.2)
        called = adjust(found, fdr=rule, alpha=alpha)["significant"]
        rates.append(np.sum(called & ~true) / max(called.sum(), 1))
        powers.append(called[true].mean())
    expected = alpha * {"bh": 1, "by": 1 / np.sum(1 / np.arange(1, 4001)), "wilks": 2}[rule] * 0.8
    assert np.mean(rates) < 1.25 * expected + 0.005 and np.mean(powers) > 0.7
    if rule != "by":
        assert np.mean(rates) > 0.6 * expected  # the bound is near, so that a looser rule would be seen


@pytest.mark.slow
def test_maps_without_signal_seldom_show_anything():
    """400 null maps: bh at 0.1 finds something in a tenth of them (independent pixels), 3 sd are 4.5 %."""
    rng = np.random.default_rng(5)
    maps = 400
    found = find(*(red_noise(rng, RED, 240, maps * 100) for _ in range(2)), CorrelationRule())
    p = found["p"].reshape(maps, 100)
    anything = [adjust({"p": row}, alpha=0.1)["significant"].any() for row in p]
    assert 0.05 < np.mean(anything) < 0.15
