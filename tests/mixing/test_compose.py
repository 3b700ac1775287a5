"""Mean, spread and error of a body of water."""

from __future__ import annotations

import numpy as np
import pytest

from headwater.errors import InputRefused
from headwater.mixing import composition, stack

TRACERS = ("d18O", "d2H")


def test_plain_mean_and_covariance_are_numpys() -> None:
    x = np.random.default_rng(1).normal(size=(12, 2))
    found = composition(x, name="rain", tracers=TRACERS)
    np.testing.assert_allclose(found.mean, x.mean(axis=0))
    np.testing.assert_allclose(found.covariance, np.cov(x.T))
    np.testing.assert_allclose(found.mean_covariance, np.cov(x.T) / 12)
    assert found.dof == pytest.approx(11)


def test_equal_profiles_count_as_one_water_each() -> None:
    rng = np.random.default_rng(2)
    x = np.repeat(rng.normal(size=(7, 2)), 3, axis=0) + 0.1 * rng.normal(size=(21, 2))
    means = x.reshape(7, 3, 2).mean(axis=1)
    labels = np.repeat([f"site {i}" for i in range(7)], 3)
    found = composition(x, name="soil", tracers=TRACERS, clusters=labels)
    np.testing.assert_allclose(found.mean_covariance, np.cov(means.T) / 7)
    assert found.dof == pytest.approx(6)
    assert found.n == 21


def test_water_without_a_profile_stands_alone_and_one_profile_counts_its_waters() -> None:
    x = np.random.default_rng(3).normal(size=(6, 2))
    alone = composition(x, name="soil", tracers=TRACERS, clusters=[None] * 6)
    one = composition(x, name="soil", tracers=TRACERS, clusters=["a"] * 6)
    for found in (alone, one):
        np.testing.assert_allclose(found.mean_covariance, np.cov(x.T) / 6)


@pytest.mark.slow
def test_error_of_a_weighted_mean_is_unbiased_and_its_degrees_of_freedom_hold() -> None:
    """Known truth: sd of the weighted mean of unit normals is √Σw²; dof from the moments of χ²."""
    rng = np.random.default_rng(4)
    amount = np.array([30.0, 1, 2, 5, 8, 13, 3, 1, 1, 4])
    w = amount / amount.sum()
    found = [
        composition(x[:, None], name="rain", tracers=("d18O",), weights=amount)
        for x in rng.normal(size=(20000, 10))
    ]
    error = np.array([c.mean_covariance[0, 0] for c in found])
    assert error.mean() == pytest.approx(w @ w, rel=0.02)
    assert found[0].dof == pytest.approx(2 * error.mean() ** 2 / error.var(), rel=0.05)
    assert found[0].dof < 5
    assert np.mean([c.covariance[0, 0] for c in found]) == pytest.approx(1.0, rel=0.02)


def test_one_water_has_the_analytical_error_only() -> None:
    found = composition(
        [[-10.0, -70.0]], name="a", tracers=TRACERS, analytical_covariance=np.diag([0.04, 0.25])
    )
    assert np.isnan(found.covariance).all()
    np.testing.assert_allclose(found.mean_covariance, np.diag([0.04, 0.25]))
    assert found.dof == 0


@pytest.mark.parametrize(
    ("values", "options", "words"),
    [
        (np.empty((0, 2)), {}, "no water"),
        ([[1.0, np.nan], [1.0, 2.0]], {}, "1 of 2 waters lack a value, first in d2H"),
        ([[1.0, 2.0]], {}, "one water only; give its analytical error"),
        ([[1.0], [2.0]], {}, "one column for each"),
        ([[1.0, 2.0], [2.0, 3.0]], {"weights": [1.0, -1.0]}, "weights must be 2 numbers"),
        ([[1.0, 2.0], [2.0, 3.0]], {"weights": [0.0, 0.0]}, "not all 0"),
        ([[1.0, 2.0], [2.0, 3.0]], {"weights": [5.0, 0.0]}, "one water carries all the weight"),
    ],
)
def test_refuses(values, options, words) -> None:
    with pytest.raises(InputRefused, match=words):
        composition(values, name="rain", tracers=TRACERS, **options)


def test_stack_refuses_two_sources_of_one_name_other_tracers_or_none(make) -> None:
    with pytest.raises(InputRefused, match="name of its own"):
        stack([make([1.0]), make([2.0])])
    with pytest.raises(InputRefused, match="same tracers"):
        stack([make([1.0], name="a"), make([2.0, 3.0], name="b")])
    with pytest.raises(InputRefused, match="no source"):
        stack([])
