"""Equation 1: exact, least squares on the simplex, and feasible ranges."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog, minimize

from headwater.errors import InputRefused
from headwater.mixing import feasible_ranges, feasible_with_tolerance, solve_shares
from headwater.mixing.metric import residual_covariance
from headwater.mixing.simplex import affine_shares, simplex_shares

TO_EXCESS = np.array([[1.0, 0.0], [-8.0, 1.0]])


def _mapped(item, matrix):
    """A composition or end members under a linear map of the tracers."""
    return type(item)(
        **{
            **item.__dict__,
            "mean": item.mean @ matrix.T,
            "covariance": matrix @ item.covariance @ matrix.T,
            "mean_covariance": matrix @ item.mean_covariance @ matrix.T,
        }
    )


def test_two_sources_and_one_tracer_give_the_two_component_formula(make, make_sources) -> None:
    found = solve_shares(make([-11.0]), make_sources([[-8.0], [-18.0]]))
    np.testing.assert_allclose(found.value, [0.7, 0.3])
    assert found.method == "exact"
    assert not found.outside


@pytest.mark.parametrize("j", [1, 2, 3, 5])
def test_tracers_plus_one_sources_are_solved_exactly(j, make, make_sources) -> None:
    rng = np.random.default_rng(j)
    means, truth = rng.normal(size=(j + 1, j)), rng.dirichlet(np.ones(j + 1))
    found = solve_shares(make(truth @ means), make_sources(means))
    np.testing.assert_allclose(found.value, truth, atol=1e-9)
    np.testing.assert_allclose(found.unconstrained, truth, atol=1e-9)
    np.testing.assert_allclose(found.residual, 0.0, atol=1e-9)
    assert not found.underdetermined
    assert np.isnan(found.low).all()


def test_share_outside_is_kept_beside_the_nearest_possible_one(make, make_sources) -> None:
    found = solve_shares(make([-20.0], sd=1.0), make_sources([[-8.0], [-18.0]], sd=1.0))
    np.testing.assert_allclose(found.unconstrained, [-0.2, 1.2])
    np.testing.assert_allclose(found.value, [0.0, 1.0])
    assert found.outside
    # the residual of 2 ‰ has variance 1/20 + 1/20
    assert found.distance == pytest.approx(2.0 / np.sqrt(0.1), rel=1e-6)


def test_fewer_sources_than_tracers_minimise_the_residual_in_its_own_metric(make, make_sources) -> None:
    """Oracle: scipy's bounded scalar search with the covariance held at the answer."""
    spread = [np.array([[16.0, 120.0], [120.0, 920.0]]), np.array([[9.0, 60.0], [60.0, 420.0]])]
    sources = make_sources([[-12.0, -86.0], [-14.0, -113.0]], covariance=spread, n=[40, 400])
    mixture = make([-12.2, -93.0], covariance=spread[0] / 3, n=400)
    found = solve_shares(mixture, sources)
    inverse = np.linalg.inv(residual_covariance(mixture, sources, found.value))

    def loss(f) -> float:
        r = mixture.mean - f[0] * sources.mean[0] - (1 - f[0]) * sources.mean[1]
        return float(r @ inverse @ r)

    best = minimize(loss, [0.5], bounds=[(0, 1)], tol=1e-12)
    assert found.method == "least_squares"
    assert found.value[0] == pytest.approx(best.x[0], abs=0.01)  # shapes of few waters are steadied


numbers = st.floats(-3, 3, allow_nan=False)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10_000),
    st.integers(2, 4),
    st.lists(numbers, min_size=4, max_size=4).filter(lambda m: abs(m[0] * m[3] - m[1] * m[2]) > 0.2),
)
def test_any_linear_map_of_the_tracers_gives_the_same_shares(make, make_sources, seed, k, entries) -> None:
    rng = np.random.default_rng(seed)
    roots = rng.normal(size=(k + 1, 2, 2)) + 2 * np.eye(2)
    spreads = list(roots @ np.swapaxes(roots, 1, 2))
    sources = make_sources(rng.normal(0, 8, (k, 2)), covariance=spreads[:k], n=[12, 25, 30, 9][:k])
    mixture = make(rng.normal(0, 5, 2), covariance=spreads[k], n=15)
    plain = solve_shares(mixture, sources)
    for matrix in (TO_EXCESS, np.array(entries).reshape(2, 2)):
        found = solve_shares(_mapped(mixture, matrix), _mapped(sources, matrix))
        np.testing.assert_allclose(found.value, plain.value, atol=1e-5)
        np.testing.assert_allclose(found.low, plain.low, atol=1e-5)
        assert found.distance == pytest.approx(plain.distance, rel=1e-4, abs=1e-5)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 6), st.integers(1, 4))
def test_simplex_least_squares_agrees_with_scipy(seed, k, j) -> None:
    """Oracle: SLSQP; ours may not be worse, and must lie on the simplex."""
    rng = np.random.default_rng(seed)
    points, target = rng.normal(size=(1, k, j)), 2 * rng.normal(size=(1, j))
    found = simplex_shares(target, points)[0]

    def loss(f) -> float:
        return float(((f @ points[0] - target[0]) ** 2).sum())

    oracle = minimize(
        loss,
        np.full(k, 1 / k),
        bounds=[(0, 1)] * k,
        constraints={"type": "eq", "fun": lambda f: f.sum() - 1},
        options={"ftol": 1e-14, "maxiter": 500},
    )
    assert found.min() >= 0
    assert found.sum() == pytest.approx(1)
    assert loss(found) <= oracle.fun + 1e-7


def test_stacked_problems_are_solved_as_single_ones_are() -> None:
    rng = np.random.default_rng(5)
    points, target = rng.normal(size=(50, 3, 2)), rng.normal(size=(50, 2))
    together = simplex_shares(target, points)
    alone = [simplex_shares(t[None], p[None])[0] for t, p in zip(target, points, strict=True)]
    np.testing.assert_allclose(together, alone)
    inside = (affine_shares(target, points) >= 0).all(axis=1)
    assert 0 < inside.sum() < 50


def _by_linprog(target, points):
    equal = np.vstack([points.T, np.ones(len(points))])
    wanted = np.append(target, 1.0)
    ends = []
    for source in range(len(points)):
        cost = np.eye(len(points))[source]
        low, high = linprog(cost, A_eq=equal, b_eq=wanted), linprog(-cost, A_eq=equal, b_eq=wanted)
        ends.append((low.fun, -high.fun) if low.status == 0 else (np.nan, np.nan))
    return np.array(ends).T


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 3), st.integers(2, 7), st.booleans())
def test_feasible_ranges_agree_with_linear_programming(seed, j, more, inside) -> None:
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(j + more, j))
    target = rng.dirichlet(np.ones(len(points))) @ points if inside else 1.5 * rng.normal(size=j)
    found = feasible_ranges(target[None], points[None])
    low, high = _by_linprog(target, points)
    np.testing.assert_allclose(found.low[0], low, atol=1e-6)
    np.testing.assert_allclose(found.high[0], high, atol=1e-6)


def test_feasible_ranges_hold_for_grid_points_of_five_sources_in_two_tracers() -> None:
    """Oracle: IsoSource's way, all compositions in steps of 2 % within a tolerance."""
    points = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [10.0, 10.0], [5.0, 12.0]])
    target, tolerance = np.array([4.0, 6.0]), np.array([0.1, 0.1])
    steps = np.array([c for c in product(range(51), repeat=4) if sum(c) <= 50]) / 50.0
    grid = np.column_stack([steps, 1 - steps.sum(axis=1)])
    kept = grid[(np.abs(grid @ points - target) <= tolerance + 1e-12).all(axis=1)]
    low, high = feasible_with_tolerance(target, points, tolerance)
    assert (kept.min(axis=0) >= low - 1e-9).all()
    assert (kept.max(axis=0) <= high + 1e-9).all()
    assert np.abs(kept.max(axis=0) - high).max() < 0.04
    exact = feasible_ranges(target[None], points[None])
    assert (low <= exact.low[0] + 1e-9).all()
    assert (high >= exact.high[0] - 1e-9).all()


def test_tolerance_can_reach_a_mixture_outside() -> None:
    points, target = np.array([[0.0], [10.0]]), np.array([-0.5])
    assert np.isnan(feasible_with_tolerance(target, points, np.array([0.1]))[0]).all()
    np.testing.assert_allclose(feasible_with_tolerance(target, points, np.array([0.5]))[1], [1.0, 0.0])


def test_more_sources_than_tracers_give_ranges_and_only_a_labelled_centre(make, make_sources) -> None:
    found = solve_shares(make([5.0]), make_sources([[0.0], [4.0], [10.0]]))
    assert found.underdetermined
    np.testing.assert_allclose(found.low, [0.0, 0.0, 1 / 6], atol=1e-9)
    np.testing.assert_allclose(found.high, [0.5, 5 / 6, 0.5], atol=1e-9)
    np.testing.assert_allclose(found.value, [0.25, 5 / 12, 1 / 3], atol=1e-9)
    assert np.isnan(found.unconstrained).all()


def test_mixture_outside_four_sources_gets_the_nearest_point_and_its_distance(make, make_sources) -> None:
    square = [[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [10.0, 10.0]]
    found = solve_shares(make([5.0, 13.0]), make_sources(square))
    assert found.outside
    assert found.distance > 0
    np.testing.assert_allclose(found.value, [0, 0, 0.5, 0.5], atol=1e-9)
    np.testing.assert_allclose(found.residual, [0.0, 3.0], atol=1e-9)


def test_three_sources_on_one_line_are_underdetermined_even_with_two_tracers(make, make_sources) -> None:
    found = solve_shares(make([4.0, 4.0], sd=1.0), make_sources([[0, 0], [5.0, 5.0], [10.0, 10.0]], sd=1.0))
    assert found.underdetermined
    np.testing.assert_allclose(found.low, [0.2, 0.0, 0.0], atol=1e-6)
    np.testing.assert_allclose(found.high, [0.6, 0.8, 0.4], atol=1e-6)


def test_misfit_warns_when_the_mixture_left_the_line_of_two_sources(make, make_sources) -> None:
    sources = make_sources([[-12.0, 10.0], [-14.0, -2.0]], sd=3.0)
    on, off = make([-13.0, 4.0], sd=2.0), make([-7.0, 4.0], sd=2.0)
    assert solve_shares(on, sources).misfit_p > 0.9
    assert solve_shares(off, sources).misfit_p < 1e-3


@pytest.mark.slow
def test_misfit_is_uniform_where_the_model_holds(make, make_sources) -> None:
    rng = np.random.default_rng(8)
    means, p = np.array([[0.0, 0.0], [10.0, 3.0]]), []
    for _ in range(800):
        waters = [mean + 3 * rng.normal(size=(15, 2)) for mean in (*means, means.mean(axis=0))]
        parts = [make(w.mean(axis=0), covariance=np.cov(w.T), n=15) for w in waters]
        sources = make_sources(
            [c.mean for c in parts[:2]], covariance=[c.covariance for c in parts[:2]], n=15
        )
        p.append(solve_shares(parts[2], sources).misfit_p)
    assert 0.03 < np.mean(np.array(p) < 0.05) < 0.08


def test_refusals_name_the_reason(make, make_sources) -> None:
    with pytest.raises(InputRefused, match="one source: nothing to mix"):
        solve_shares(make([1.0]), make_sources([[0.0]]))
    with pytest.raises(InputRefused, match="same composition"):
        solve_shares(make([1.0]), make_sources([[0.0], [0.0]]))
    with pytest.raises(InputRefused, match="same tracers"):
        solve_shares(make([1.0]), make_sources([[0.0, 1.0], [1.0, 1.0]]))


def test_published_four_source_example_has_the_ranges_of_linear_programming(
    shared, make, make_sources
) -> None:
    folder = shared / "reference" / "mixing" / "simmr_data_1"
    means = pd.read_csv(folder / "source_means.csv", index_col=0)
    shift = pd.read_csv(folder / "correction_means.csv", index_col=0)
    mixture = pd.read_csv(folder / "mixtures.csv").mean().to_numpy()
    points = (means + shift).to_numpy()
    found = solve_shares(make(mixture, sd=0.5), make_sources(list(points), sd=0.5))
    low, high = _by_linprog(mixture, points)
    assert found.underdetermined
    if found.outside:
        assert np.isnan(low).all()
    else:
        np.testing.assert_allclose(found.low, low, atol=1e-6)
        np.testing.assert_allclose(found.high, high, atol=1e-6)
