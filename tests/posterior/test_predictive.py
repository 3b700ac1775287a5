"""Replicated against measured data: a true model passes, planted faults are found by the right check."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2

from headwater.posterior.predictive import check_predictions

TRACERS = ("d18O", "d2H")
ROOT = np.array([[1.0, 0.0], [0.8, 0.6]])


def replicates(rng, mean, *, draws=1000, spread=1.0):
    """Data sets of correlated waters around a mean of each mixture."""
    return mean + spread * rng.normal(size=(draws, *mean.shape)) @ ROOT.T


def flagged(check):
    return {(row.tracer, row.statistic) for row in check.statistics if row.flagged}


def test_a_true_model_passes_and_p_is_uniform():
    """200 waters from the model itself; their distances have the p of chi-square with two degrees."""
    rng = np.random.default_rng(5)
    mean = rng.normal(-10, 2, (200, 2))
    data = replicates(rng, mean, draws=1)[0]
    check = check_predictions(data, replicates(rng, mean), TRACERS)
    assert check.passed and len(check.statistics) == 12
    exact = chi2.sf((np.linalg.solve(ROOT, (data - mean).T) ** 2).sum(axis=0), 2)
    np.testing.assert_allclose(check.p, exact, atol=0.06)
    assert 0.4 < check.p.mean() < 0.6


def test_false_alarms_stay_below_the_level():
    """300 true models of 20 waters: statistics and observations flagged in 5 % each at most, plus chance."""
    rng = np.random.default_rng(2)
    outside = statistics = 0
    for _ in range(300):
        mean = np.zeros((20, 2))
        check = check_predictions(
            replicates(rng, mean, draws=1)[0], replicates(rng, mean, draws=400), TRACERS
        )
        outside += len(check.outside) > 0
        statistics += len(flagged(check)) > 0
    assert outside <= 25 and statistics <= 30


def test_heavy_tailed_replicates_do_not_make_false_outliers():
    """Exponential distances, as evaporation makes them: 5 % of data sets at most, plus chance."""
    rng = np.random.default_rng(3)
    shape = (40, 1)
    alarms = sum(
        len(
            check_predictions(
                rng.exponential(size=shape), rng.exponential(size=(1000, *shape)), ["E"]
            ).outside
        )
        > 0
        for _ in range(200)
    )
    assert alarms <= 22


def test_an_outlier_is_named():
    rng = np.random.default_rng(4)
    data = replicates(rng, np.zeros((30, 2)), draws=1)[0]
    data[7] = [2.0, -2.5]
    check = check_predictions(data, replicates(rng, np.zeros((30, 2))), TRACERS)
    assert list(check.outside) == [7] and not check.passed
    assert check.distance[7] == pytest.approx(np.linalg.norm(np.linalg.solve(ROOT, data[7])), rel=0.1)
    assert chi2.sf(check.distance[7] ** 2, 2) < check.p[7] < 0.05 / 30


def test_a_wrong_mean_and_a_wrong_spread_are_flagged():
    rng = np.random.default_rng(5)
    mean = np.zeros((60, 2))
    shifted = check_predictions(
        replicates(rng, mean + np.array([0, 1.0]), draws=1)[0], replicates(rng, mean), TRACERS
    )
    assert ("d2H", "mean") in flagged(shifted) and ("d18O", "mean") not in flagged(shifted)
    narrow = check_predictions(replicates(rng, mean, draws=1, spread=0.3)[0], replicates(rng, mean), TRACERS)
    assert {("d18O", "sd"), ("d18O", "inside_50")} <= flagged(narrow)


def test_expected_shares_inside_the_intervals():
    rng = np.random.default_rng(6)
    check = check_predictions(np.zeros((5, 2)), replicates(rng, np.zeros((5, 2))), TRACERS)
    by_name = {(row.tracer, row.statistic): row for row in check.statistics}
    assert by_name["d18O", "inside_50"].expected == pytest.approx(0.5, abs=0.002)
    assert by_name["d18O", "inside_90"].expected == pytest.approx(0.9, abs=0.002)
    assert by_name["d18O", "inside_90"].observed == 1


def test_one_observation_and_blocks(monkeypatch):
    rng = np.random.default_rng(7)
    data, made = rng.normal(size=(9, 2)), rng.normal(size=(100, 9, 2))
    whole = check_predictions(data, made, TRACERS)
    monkeypatch.setattr("headwater.posterior.predictive.BLOCK", 450)
    np.testing.assert_allclose(check_predictions(data, made, TRACERS).p, whole.p)
    one = check_predictions(data[:1], made[:, :1], TRACERS)
    np.testing.assert_allclose(one.distance, whole.distance[:1])


def test_a_tracer_without_spread_is_no_crash():
    made = np.zeros((50, 3, 2))
    made[..., 0] = np.random.default_rng(8).normal(size=(50, 3))
    assert np.isfinite(check_predictions(np.zeros((3, 2)), made, TRACERS).p).all()


@pytest.mark.parametrize(
    ("data", "made"),
    [(np.zeros((3, 2)), np.zeros((5, 4, 2))), (np.zeros((3, 1)), np.zeros((5, 3, 1))),
     (np.zeros((3, 2)), np.zeros((1, 3, 2))), (np.full((3, 2), np.nan), np.zeros((5, 3, 2)))],
)  # fmt: skip
def test_what_does_not_fit_is_refused(data, made):
    with pytest.raises(ValueError, match="replicates"):
        check_predictions(data, made, TRACERS)
