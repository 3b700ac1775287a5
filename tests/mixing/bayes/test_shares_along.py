"""Shares along a covariate: closed form for two sources, and the overall shares at its mean."""

import numpy as np
import pytest

from headwater.mixing.bayes.design import make_design
from headwater.mixing.bayes.model import Factor, MixingModel, Mixtures, Sources
from headwater.mixing.bayes.proportions import make_proportions

VALUES = np.array([3.0, 7.0, 8.0, 14.0, 18.0])


def shares_of(k, **own):
    rng = np.random.default_rng(0)
    mixtures = Mixtures(
        ("a", "b"), rng.normal(size=(5, 2)), covariates={"depth": VALUES},
        factors={"site": ("p", "p", "q", "q", "q")},
    )  # fmt: skip
    names = tuple("uvwx"[:k])
    mean, covariance = rng.normal(size=(1, k, 2)), np.tile(np.eye(2), (1, k, 1, 1))
    sources = Sources(names, ("a", "b"), mean, covariance, np.full((1, k), 9))
    model = MixingModel(mixtures, sources, covariates=("depth",), **own)
    return make_proportions(model, make_design(model))


def test_two_sources_follow_the_logistic_curve():
    """ilr of two shares is √½ log(p/(1 − p)), so that the logit moves by √2 b a sd of the covariate."""
    shares = shares_of(2)
    positions = np.random.default_rng(1).normal(size=(4, shares.dimension))
    at = np.array([3.0, 10.0, 25.0])
    found = shares.along(positions, "depth", at)[:, :, 0]
    p = shares.overall(positions)[:, 0]
    z = (at - VALUES.mean()) / VALUES.std(ddof=1)
    b = positions[:, shares.count]
    expected = 1 / (1 + np.exp(-(np.log(p / (1 - p))[:, None] + np.sqrt(2) * b[:, None] * z)))
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize(
    "own",
    [{}, {"style": "mixsiar"}, {"bounds": {"u": (0.1, 0.8)}}, {"factors": (Factor("site", "fixed"),)},
     {"factors": (Factor("site", "random"),)}],
)  # fmt: skip
def test_at_the_mean_of_the_covariate_stand_the_overall_shares(own):
    shares = shares_of(3, **own)
    positions = np.random.default_rng(2).normal(size=(5, shares.dimension))
    found = shares.along(positions, "depth", np.array([VALUES.mean(), 0.0, 40.0]))
    np.testing.assert_allclose(found[:, 0], shares.overall(positions), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(found.sum(axis=2), 1.0, rtol=1e-12)
    assert np.abs(found[:, 1] - found[:, 2]).max() > 1e-3


def test_bounds_hold_all_along():
    shares = shares_of(3, bounds={"v": (0.2, 0.5)})
    positions = 3 * np.random.default_rng(3).normal(size=(20, shares.dimension))
    found = shares.along(positions, "depth", np.linspace(-50, 50, 9))
    assert found[..., 1].min() >= 0.2 - 1e-12 and found[..., 1].max() <= 0.5 + 1e-12
