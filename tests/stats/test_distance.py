"""Distances between clouds against scipy, and permutation p under no difference."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from scipy.spatial.distance import mahalanobis

from headwater.stats.distance import energy_distance, mahalanobis_distance, permutation_p


def test_energy_distance_in_one_dimension_is_scipys():
    rng = np.random.default_rng(1)
    a, b = rng.normal(0, 1, 40), rng.normal(0.7, 2, 55)
    assert energy_distance(a, b) == pytest.approx(scipy.stats.energy_distance(a, b))
    assert permutation_p(a, b, rng, permutations=9).distance == pytest.approx(
        scipy.stats.energy_distance(a, b)
    )


def test_energy_distance_is_zero_only_for_the_same_cloud_and_does_not_turn():
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=(30, 2)), rng.normal(size=(20, 2)) + 1
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    assert energy_distance(a, a) == pytest.approx(0, abs=1e-7)
    assert energy_distance(a @ turn, b @ turn) == pytest.approx(energy_distance(a, b))
    assert energy_distance(a, b) == pytest.approx(energy_distance(b, a)) and energy_distance(a, b) > 0.5


def test_p_is_that_of_scipys_exact_permutation_test():
    rng = np.random.default_rng(3)
    a, b = rng.normal(0, 1, 7), rng.normal(1.2, 1, 6)
    exact = scipy.stats.permutation_test(
        (a, b), energy_distance, permutation_type="independent", n_resamples=np.inf, alternative="greater"
    ).pvalue
    ours = permutation_p(a, b, rng, permutations=20_000).p
    assert ours == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 20_000))


def test_p_is_uniform_where_nothing_differs():
    rng = np.random.default_rng(4)
    p = [
        permutation_p(rng.normal(size=(15, 2)), rng.normal(size=(12, 2)), rng, permutations=199).p
        for _ in range(300)
    ]
    assert scipy.stats.kstest(p, "uniform").pvalue > 0.01
    assert min(p) >= 1 / 200


def test_mahalanobis_is_scipys_with_the_pooled_covariance():
    rng = np.random.default_rng(5)
    a, b = rng.normal(size=(30, 3)), rng.normal(size=(12, 3)) + np.array([1, 0, -1])
    pooled = (np.cov(a.T) * 29 + np.cov(b.T) * 11) / 40
    expected = mahalanobis(a.mean(axis=0), b.mean(axis=0), np.linalg.inv(pooled))
    assert mahalanobis_distance(a, b) == pytest.approx(expected)


def test_dependent_variables_and_too_few_points_are_missing():
    rng = np.random.default_rng(6)
    points = rng.normal(size=(20, 2))
    dependent = np.column_stack([points, points[:, 1] - 8 * points[:, 0]])
    assert np.isnan(mahalanobis_distance(dependent[:10], dependent[10:]))
    assert np.isnan(mahalanobis_distance(points[:1], points[1:2]))
    assert np.isnan(energy_distance(points[:0], points))
    alone = permutation_p(points[:1], points[1:], rng)
    assert np.isnan(alone.p) and alone.n_a == 1


def test_incomplete_points_are_left_out():
    a, b = np.array([[1.0, 2.0], [np.nan, 1.0], [2.0, 2.0]]), np.array([[0.0, 0.0], [1.0, 0.0]])
    assert permutation_p(a, b, np.random.default_rng(0), permutations=9).n_a == 2
    assert energy_distance(a, b) == energy_distance(a[[0, 2]], b)
