"""Shares of mixtures that move together: what stays true of shares, and intervals that cover."""

from functools import cache

import numpy as np
import pytest

from headwater.mixing.bayes.clustered import widen_shares
from headwater.mixing.bayes.fit import fit
from headwater.mixing.bayes.model import Absent, Factor, MixingModel, Mixtures, Sources
from headwater.posterior.records import SamplerSettings

pytest.importorskip("numba")
SHORT = SamplerSettings(chains=2, tune=200, draws=250)
MEANS = np.array([[-17.0, -122.0], [-14.0, -110.0], [-22.0, -165.0]])
SINGLE = np.array([[1.0, 4.0], [4.0, 25.0]])
SITES, LAYERS = 30, 3


def mixtures(rng, shares, correlation):
    """Waters of profiles whose layers have part of their noise in common."""
    common = np.repeat(rng.standard_normal((SITES, 2)), LAYERS, axis=0)
    own = rng.standard_normal((SITES * LAYERS, 2))
    noise = np.sqrt(correlation) * common + np.sqrt(1.0 - correlation) * own
    p = np.asarray(shares)
    return p @ MEANS[: len(p)] + noise @ np.linalg.cholesky(SINGLE * (p @ p)).T


def model(values, sources, **more):
    known = Sources(
        ("rain", "ice", "snow")[:sources], ("d18O", "d2H"), MEANS[None, :sources],
        np.tile(SINGLE, (1, sources, 1, 1)), np.full((1, sources), 400),
    )  # fmt: skip
    factors = {"half": tuple("a" if i < len(values) // 2 else "b" for i in range(len(values)))}
    return MixingModel(
        Mixtures(("d18O", "d2H"), values, factors=factors), known, (Factor("half", "random"),), **more
    )


def of_sites():
    return np.repeat([f"site {i}" for i in range(SITES)], LAYERS)


@cache
def fitted():
    values = mixtures(np.random.default_rng(1), (0.6, 0.3, 0.1), 0.8)
    found = fit(model(values, 3, absent=(Absent("snow", "half", ("b",)),)), SHORT, at_most=1)
    half = SITES * LAYERS // 2
    groups = [np.arange(2 * half), np.arange(half), np.arange(half, 2 * half)]
    return found, found.shares_of(groups)


def test_widened_shares_are_shares():
    found, shares = fitted()
    wide, effects = widen_shares(found, shares, of_sites())
    np.testing.assert_allclose(wide.sum(axis=2), 1.0, rtol=1e-12)
    assert (wide >= 0.0).all()
    assert not wide[:, 2, 2].any()  # snow takes no part there
    assert (effects >= 1.0).all()
    assert effects[0] > 1.3
    assert (wide.std(axis=0)[0] > shares.std(axis=0)[0]).all()


def test_their_mean_hardly_moves():
    found, shares = fitted()
    wide, _ = widen_shares(found, shares, of_sites())
    assert np.abs(wide.mean(axis=0) - shares.mean(axis=0)).max() < 0.01


def test_without_clusters_nothing_changes():
    found, shares = fitted()
    wide, effects = widen_shares(found, shares, np.arange(SITES * LAYERS))
    np.testing.assert_allclose(wide, shares, rtol=1e-8, atol=1e-12)
    assert (effects == 1.0).all()


def test_the_same_numbers_for_the_same_draws():
    found, shares = fitted()
    one, two = (widen_shares(found, shares, of_sites(), seed=3)[0] for _ in range(2))
    np.testing.assert_array_equal(one, two)


@pytest.mark.slow
def test_intervals_cover_where_profiles_move_together():
    covered = np.zeros(2)
    effect = []
    for seed in range(80):
        rng = np.random.default_rng(seed)
        values = mixtures(rng, (0.7, 0.3), 0.7)
        found = fit(model(values, 2), SHORT, at_most=1)
        shares = found.shares_of([np.arange(len(values))])
        wide, effects = widen_shares(found, shares, of_sites())
        effect.append(effects[0])
        for way, draws in enumerate((shares, wide)):
            low, high = np.quantile(draws[:, 0, 1], [0.05, 0.95])
            covered[way] += (low <= 0.3 <= high) / 80
    assert 1.8 < np.mean(effect) < 3.0  # 1 + 2 · 0.7 = 2.4 without uncertainty of the sources
    assert covered[0] < 0.82
    assert 0.82 < covered[1] < 0.98
