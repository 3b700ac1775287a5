"""Are waters inside their sources, and do the sources differ?"""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.path import Path as Polygon
from scipy import stats
from scipy.integrate import dblquad
from scipy.spatial import Delaunay

from headwater.errors import InputRefused
from headwater.mixing import indistinguishable, inside_probability, overlap_matrix, source_overlap

TRIANGLE = [[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]]


def test_without_errors_inside_is_the_polygon(make_sources) -> None:
    """Oracle: matplotlib's point-in-polygon and scipy's triangulation, for 3 and for 6 sources."""
    rng = np.random.default_rng(1)
    x = rng.uniform(-3, 13, (400, 2))
    found = inside_probability(x, np.zeros((2, 2)), make_sources(TRIANGLE), draws=1, rng=rng)
    np.testing.assert_array_equal(found, Polygon(TRIANGLE).contains_points(x))
    six = rng.normal(5, 4, (6, 2))
    found = inside_probability(x, np.zeros((2, 2)), make_sources(list(six)), draws=1, rng=rng)
    np.testing.assert_array_equal(found, Delaunay(six).find_simplex(x) >= 0)


def test_water_on_an_edge_is_inside_half_of_the_time_and_errors_blur_the_edge(make_sources) -> None:
    rng = np.random.default_rng(2)
    covariance = np.diag([0.04, 0.25])
    x = np.array([[4.0, 0.0], [4.0, -0.5], [4.0, 3.0], [4.0, -6.0]])
    found = inside_probability(x, covariance, make_sources(TRIANGLE), draws=4000, rng=rng)
    np.testing.assert_allclose(found, [0.5, stats.norm.sf(1.0), 1.0, 0.0], atol=0.03)


def test_errors_of_source_means_count(make_sources) -> None:
    rng = np.random.default_rng(3)
    sources = make_sources([[0.0], [10.0]], sd=4.0, n=16)  # standard error 1
    found = inside_probability([[-1.0]], [[0.0]], sources, draws=8000, rng=rng)
    assert found[0] == pytest.approx(stats.t.cdf(-1.0, 15), abs=0.02)


def test_each_water_may_have_its_own_error(make_sources) -> None:
    rng = np.random.default_rng(4)
    own = np.stack([np.diag([0.01, 0.01]), np.diag([1.0, 1.0])])
    found = inside_probability([[4.0, -0.5]] * 2, own, make_sources(TRIANGLE), draws=4000, rng=rng)
    np.testing.assert_allclose(found, [0.0, stats.norm.sf(0.5)], atol=0.03)


def test_two_sources_in_two_tracers_have_a_corridor_of_their_own_spread(make_sources) -> None:
    sources = make_sources([[0.0, 0.0], [10.0, 0.0]], sd=2.0, n=100_000)
    x = [[5.0, 0.0], [5.0, 3.5], [5.0, 4.5], [12.0, 0.0]]  # corridor: 1.96 · 2 = 3.9
    found = inside_probability(x, np.zeros((2, 2)), sources, draws=50, rng=np.random.default_rng(5))
    np.testing.assert_array_equal(found, [1, 1, 0, 0])


def test_inside_does_not_depend_on_d_excess_or_d2h(make_sources) -> None:
    matrix = np.array([[1.0, 0.0], [-8.0, 1.0]])
    spread = np.array([[4.0, 30.0], [30.0, 240.0]])
    means = np.array([[-12.0, -86.0], [-14.0, -115.0]])
    x = np.random.default_rng(6).multivariate_normal(means.mean(axis=0), spread, 300)
    error = np.diag([0.04, 0.25])
    plain = inside_probability(
        x, error, make_sources(list(means), covariance=spread), draws=300, rng=np.random.default_rng(7)
    )
    mapped = inside_probability(
        x @ matrix.T,
        matrix @ error @ matrix.T,
        make_sources(list(means @ matrix.T), covariance=matrix @ spread @ matrix.T),
        draws=300,
        rng=np.random.default_rng(8),
    )
    assert np.abs(plain - mapped).mean() < 0.03


def test_one_source_has_no_inside(make_sources) -> None:
    with pytest.raises(InputRefused, match="has no inside"):
        inside_probability([[1.0]], [[0.0]], make_sources([[0.0]]), rng=np.random.default_rng(1))


def test_overlap_is_the_integral_of_the_root_of_both_densities(make_sources) -> None:
    """Oracle: scipy's quadrature of ∫√(p q)."""
    spread = [np.array([[2.0, 0.5], [0.5, 1.0]]), np.array([[1.0, -0.3], [-0.3, 3.0]])]
    means = [[0.0, 0.0], [1.5, 1.0]]
    p, q = (stats.multivariate_normal(m, c) for m, c in zip(means, spread, strict=True))
    expected = dblquad(
        lambda y, x: np.sqrt(p.pdf([x, y]) * q.pdf([x, y])), -8, 9, -9, 10, epsabs=1e-5, epsrel=1e-5
    )[0]
    found = source_overlap(make_sources(means, covariance=spread))[0]
    assert found.overlap == pytest.approx(expected, abs=1e-4)
    pooled = (spread[0] + spread[1]) / 2
    assert found.mahalanobis == pytest.approx(np.sqrt(np.array(means[1]) @ np.linalg.inv(pooled) @ means[1]))


def test_overlap_matrix_is_one_for_alike_and_small_for_far_sources(make_sources) -> None:
    found = overlap_matrix(make_sources([[0.0, 0.0], [0.0, 0.0], [30.0, 0.0]], sd=2.0))
    np.testing.assert_allclose(np.diag(found), 1.0)
    np.testing.assert_allclose(found, found.T)
    assert found[0, 1] == pytest.approx(1.0)
    assert found[0, 2] < 1e-6


@pytest.mark.slow
def test_equal_sources_are_called_distinguishable_in_five_of_a_hundred(make, make_sources) -> None:
    """Known truth, with unequal covariances and numbers."""
    rng = np.random.default_rng(10)
    called = []
    for _ in range(4000):
        waters = [rng.normal(size=(n, 2)) * sd for n, sd in ((10, [1.0, 5.0]), (30, [3.0, 1.0]))]
        sources = make_sources(
            [w.mean(axis=0) for w in waters], covariance=[np.cov(w.T) for w in waters], n=[10, 30]
        )
        called.append(source_overlap(sources)[0].distinguishable)
    assert 0.04 < np.mean(called) < 0.06


def test_sources_that_cannot_be_told_apart_are_named(make_sources) -> None:
    sources = make_sources([[0.0, 0.0], [0.3, 0.0], [30.0, 0.0]], sd=2.0)
    assert indistinguishable(sources) == (("source 0", "source 1"),)


def test_too_few_waters_for_a_covariance_give_no_overlap_but_no_error(make_sources) -> None:
    pair = source_overlap(make_sources([[0.0, 0.0], [5.0, 0.0]], sd=1.0, n=[2, 20]))[0]
    assert np.isnan(pair.overlap)
    assert not pair.distinguishable
