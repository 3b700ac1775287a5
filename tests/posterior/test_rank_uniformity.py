"""How uniform ranks stray: exact against enumeration and simulation; wrong ranks are found."""

from itertools import product

import numpy as np
import pytest

from headwater.posterior.rank_uniformity import band, below, uniformity


def test_counts_are_those_of_the_ranks_below_each_point():
    ranks = np.array([[0, 3], [1, 3], [2, 3], [7, 0]])
    counts = below(ranks, 7, points=3)
    assert counts.tolist() == [[2, 1], [3, 4], [3, 4]]
    with pytest.raises(ValueError, match="8 ranks cannot be cut into 5"):
        below(ranks, 7, points=4)


def test_chance_is_that_of_enumerating_every_set_of_ranks():
    # 5 ranks in 4 classes: all 1024 outcomes are equally likely
    ranks = np.array(list(product(range(4), repeat=5))).T
    chance = uniformity(below(ranks, 3, points=3), 5)
    for level in np.unique(chance):
        assert (chance <= level + 1e-12).mean() == pytest.approx(level, abs=1e-12)


def test_chance_is_that_of_simulated_ranks():
    rng = np.random.default_rng(3)
    chance = uniformity(below(rng.integers(0, 64, (100, 10_000)), 63), 100)
    for level in (0.01, 0.05, 0.3):
        share = (chance <= level).mean()
        assert level * 0.8 - 0.003 < share < level + 4.0 * np.sqrt(level / 10_000)


def test_band_holds_as_often_as_it_says():
    rng = np.random.default_rng(4)
    low, high = band(150, 0.95)
    counts = below(rng.integers(0, 64, (150, 10_000)), 63)
    inside = ((counts >= low[:, None]) & (counts <= high[:, None])).all(axis=0).mean()
    assert 0.94 < inside < 0.965
    assert low[15] == pytest.approx(150 - high[15])


@pytest.mark.parametrize(
    ("a", "b"),
    [(1.4, 1.0), (1.0, 1.4), (1.8, 1.8), (0.6, 0.6)],
    ids=["high", "low", "too wide", "too narrow"],
)
def test_ranks_that_are_not_uniform_are_found(a, b):
    rng = np.random.default_rng(5)
    ranks = np.floor(64 * rng.beta(a, b, (300, 10))).astype(np.int64)
    assert np.median(uniformity(below(ranks, 63), 300)) < 1e-4
