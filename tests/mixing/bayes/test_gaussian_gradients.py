"""Gradients of the Gaussian likelihood by finite differences, in every branch, and no NaN anywhere."""

import itertools

import numpy as np
import pytest

from tests.mixing.bayes.gaussian_cases import Evaluated, make_model

pytest.importorskip("numba")

AXES = {
    "error": ("process", "process*residual", "residual", "additive"),
    "style": ("headwater", "mixsiar", "simmr"),
    "data": ("means", "covariance", "rows"),
    "concentration": ("none", "mean", "sd"),
    "analytical": ("none", "common", "each", "full"),
    "mean_covariance": (False, True),
    "j": (1, 2, 3),
    "levels": (1, 3),
    "absent": (False, True),
}
ALL = [dict(zip(AXES, values, strict=True)) for values in itertools.product(*AXES.values())]
MAIN = [case for case in ALL if case["concentration"] == "sd" and case["levels"] == 3 and case["absent"]]
MAIN = [case for case in MAIN if not case["mean_covariance"] and case["analytical"] in ("none", "full")]


def finite_differences(function, position, step=2e-3):
    """Central differences, extrapolated to a step of 0 (Richardson)."""
    found = np.empty(len(position))
    for i in range(len(position)):
        slopes = []
        for h in (step, step / 2.0):
            moved = np.zeros(len(position))
            moved[i] = h
            slopes.append((function(position + moved) - function(position - moved)) / (2.0 * h))
        found[i] = (4.0 * slopes[1] - slopes[0]) / 3.0
    return found


def worst_error(case, seed):
    evaluated = Evaluated(make_model(seed, **case))
    position = evaluated.random_position(np.random.default_rng(seed))
    value, gradient = evaluated(position)
    assert np.isfinite(value)
    wanted = finite_differences(lambda x: evaluated(x)[0], position)
    return np.abs((gradient - wanted) / (1.0 + np.abs(wanted))).max()


def some_cases():
    """Every main branch, and 60 of all combinations."""
    chosen = np.random.default_rng(3).choice(len(ALL), 60, replace=False)
    return MAIN + [ALL[i] for i in chosen]


def test_gradient_equals_finite_differences_in_every_branch():
    errors = {str(case): worst_error(case, seed) for seed, case in enumerate(some_cases())}
    assert max(errors.values()) < 1e-6, max(errors, key=errors.get)


@pytest.mark.slow
def test_gradient_equals_finite_differences_in_all_combinations():
    errors = {str(case): worst_error(case, seed) for seed, case in enumerate(ALL)}
    assert max(errors.values()) < 1e-6, max(errors, key=errors.get)


@pytest.mark.parametrize("style", AXES["style"])
@pytest.mark.parametrize("error", AXES["error"])
def test_extreme_positions_are_finite_or_impossible(error, style):
    for data in ("means", "rows"):
        evaluated = Evaluated(make_model(1, error=error, style=style, data=data, j=2, levels=3))
        rng = np.random.default_rng(2)
        for size in (10.0, 100.0, 1e4):
            for _ in range(5):
                position = evaluated.random_position(rng, size)
                value, gradient = evaluated(position)
                assert np.isfinite(value) or value == -np.inf
                assert np.isfinite(gradient).all() or value == -np.inf
        position[:] = np.nan
        assert not np.isfinite(evaluated(position)[0])
