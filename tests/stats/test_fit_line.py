"""Single lines against scipy, against published numbers, and against known truth."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.optimize
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.errors import InputRefused
from headwater.stats.fit import fit_line, york_line
from headwater.stats.line import LineMethod

PEARSON_X = np.array([0.0, 0.9, 1.8, 2.6, 3.3, 4.4, 5.2, 6.1, 6.5, 7.4])
PEARSON_Y = np.array([5.9, 5.4, 4.4, 4.6, 3.5, 3.7, 2.8, 2.8, 2.4, 1.5])
YORK_WX = np.array([1e3, 1e3, 5e2, 8e2, 2e2, 8e1, 6e1, 2e1, 1.8, 1.0])
YORK_WY = np.array([1.0, 1.8, 4.0, 8.0, 20.0, 20.0, 70.0, 70.0, 1e2, 5e2])


def waters(n: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(-12, 4, n)
    return x, 6.5 * x - 10 + rng.normal(0, 5, n)


@pytest.mark.parametrize("n", [3, 4, 30, 1000])
def test_ols_is_scipy_linregress(n):
    x, y = waters(n)
    ours, theirs = fit_line(x, y), scipy.stats.linregress(x, y)
    np.testing.assert_allclose(
        [ours.slope, ours.intercept, ours.slope_se, ours.intercept_se, ours.r2],
        [theirs.slope, theirs.intercept, theirs.stderr, theirs.intercept_stderr, theirs.rvalue**2],
        rtol=1e-9,
    )


def test_ols_covariance_is_numpy_polyfit():
    x, y = waters(40)
    line = fit_line(x, y)
    _, covariance = np.polyfit(x, y, 1, cov=True)
    np.testing.assert_allclose(
        [line.slope_se**2, line.covariance, line.intercept_se**2], covariance.ravel()[[0, 1, 3]], rtol=1e-9
    )


def test_york_on_pearson_data_gives_the_published_line():
    # York et al. (2004) Table II: b = −0.480533407, a = 5.47991022, σb = 0.0579850, σa = 0.294971
    line = york_line(PEARSON_X, PEARSON_Y, YORK_WX**-0.5, YORK_WY**-0.5, scale_errors=False)
    np.testing.assert_allclose([line.slope, line.intercept], [-0.480533407, 5.47991022], rtol=1e-8)
    np.testing.assert_allclose([line.slope_se, line.intercept_se], [0.0579850, 0.294971], rtol=1e-5)


def test_york_is_orthogonal_distance_regression_by_scipy_least_squares():
    # the problem that ODRPACK solves: both coordinates of every point are unknowns
    x_sd, y_sd = YORK_WX**-0.5, YORK_WY**-0.5

    def misfit(unknown):
        slope, intercept, true_x = unknown[0], unknown[1], unknown[2:]
        return np.concatenate([(true_x - PEARSON_X) / x_sd, (slope * true_x + intercept - PEARSON_Y) / y_sd])

    start = np.concatenate([[-0.5, 5.0], PEARSON_X])
    fit = scipy.optimize.least_squares(misfit, start, xtol=1e-15, ftol=1e-15, gtol=1e-15)
    scatter = 2 * fit.cost / 8
    errors = np.sqrt(np.diag(np.linalg.inv(fit.jac.T @ fit.jac) * scatter))[:2]
    line = fit_line(PEARSON_X, PEARSON_Y, method="york", x_sd=x_sd, y_sd=y_sd)
    np.testing.assert_allclose([line.slope, line.intercept], fit.x[:2], rtol=1e-6)
    np.testing.assert_allclose([line.slope_se, line.intercept_se], errors, rtol=0.02)


def test_york_with_correlated_errors_minimises_the_generalised_distance():
    rng = np.random.default_rng(3)
    x, y = waters(25)
    x_sd, y_sd, r = rng.uniform(0.2, 2, 25), rng.uniform(1, 6, 25), rng.uniform(-0.8, 0.8, 25)
    line = york_line(x, y, x_sd, y_sd, error_correlation=r)

    def cost(beta):
        variance = y_sd**2 + (beta[0] * x_sd) ** 2 - 2 * beta[0] * r * x_sd * y_sd
        return np.sum((y - beta[0] * x - beta[1]) ** 2 / variance)

    best = scipy.optimize.minimize(
        cost, [6.0, -10.0], method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-12}
    )
    np.testing.assert_allclose([line.slope, line.intercept], best.x, rtol=1e-6)


@pytest.mark.parametrize("n", [5, 60, 400])
def test_theil_sen_is_scipy_theilslopes(n):
    x, y = waters(n)
    ours, theirs = fit_line(x, y, method="theil_sen"), scipy.stats.theilslopes(y, x, method="joint")
    np.testing.assert_allclose([ours.slope, ours.intercept], [theirs.slope, theirs.intercept], rtol=1e-12)


def test_theil_sen_on_more_points_than_pairs_allow_stays_close_to_all_pairs():
    x, y = waters(4000)
    ours, theirs = fit_line(x, y, method="theil_sen"), scipy.stats.theilslopes(y, x, alpha=0.68269)
    assert abs(ours.slope - theirs.slope) < ours.slope_se
    one_sd = (theirs.high_slope - theirs.low_slope) / 2
    assert one_sd < ours.slope_se < 1.5 * one_sd


@pytest.mark.parametrize("method", ["ols", "rma", "theil_sen", "weighted", "york"])
def test_standard_errors_are_the_spread_of_repeated_fits(method):
    rng = np.random.default_rng(11)
    slopes, errors, intercepts, intercept_errors, mixed = [], [], [], [], []
    for _ in range(600):
        truth = rng.normal(-10, 4, 40)
        x, y = truth + rng.normal(0, 0.5, 40), 7 * truth + rng.normal(0, 3, 40)
        weights = rng.lognormal(0, 0.8, 40)
        line = fit_line(x, y, method=method, x_sd=0.5, y_sd=3.0, weights=weights)
        slopes.append(line.slope)
        intercepts.append(line.intercept)
        errors.append(line.slope_se**2)
        intercept_errors.append(line.intercept_se**2)
        mixed.append(line.covariance)
    covariance = np.cov(slopes, intercepts)
    assert np.sqrt(np.mean(errors)) == pytest.approx(np.sqrt(covariance[0, 0]), rel=0.12)
    assert np.sqrt(np.mean(intercept_errors)) == pytest.approx(np.sqrt(covariance[1, 1]), rel=0.12)
    assert np.mean(mixed) == pytest.approx(covariance[0, 1], rel=0.25)


def test_york_is_unbiased_where_ols_is_pulled_to_zero():
    rng = np.random.default_rng(4)
    york, ols = [], []
    for _ in range(200):
        truth = rng.normal(-10, 2, 60)
        x, y = truth + rng.normal(0, 1, 60), 7 * truth + rng.normal(0, 2, 60)
        york.append(fit_line(x, y, method="york", x_sd=1.0, y_sd=2.0).slope)
        ols.append(fit_line(x, y).slope)
    assert np.mean(york) == pytest.approx(7, abs=0.15)
    assert np.mean(ols) == pytest.approx(7 * 4 / 5, abs=0.15)  # attenuation var(x)/(var(x) + error)


def test_rma_worked_by_hand():
    # sd(y)/sd(x) = 2, r = 0.8 exactly
    x, y = [-1.0, -1.0, 1.0, 1.0, 0.0, 0.0], [-2.0, -2.0, 2.0, 2.0, 2.0, -2.0]
    line = fit_line(x, y, method="rma")
    assert line.slope == pytest.approx(np.std(y) / np.std(x))
    assert fit_line(x, np.negative(y), method="rma").slope == pytest.approx(-line.slope)
    assert line.slope_se == pytest.approx(fit_line(x, y).slope_se)


def test_weights_work_as_repeats_of_a_point():
    # a weight of 3 pulls the line exactly as three equal points do (Hughes & Crawford 2012, eq. 4–5)
    x, y = waters(12)
    times = np.array([1, 2, 3, 1, 1, 4, 2, 1, 1, 5, 1, 2])
    weighted = fit_line(x, y, method="weighted", weights=times)
    repeated = fit_line(np.repeat(x, times), np.repeat(y, times))
    np.testing.assert_allclose(
        [weighted.slope, weighted.intercept, weighted.r2], [repeated.slope, repeated.intercept, repeated.r2]
    )
    assert weighted.n == 12


def test_missing_values_are_left_out_pairwise_and_counted():
    x, y = waters(20)
    x[3], y[7] = np.nan, np.inf
    line = fit_line(x, y)
    keep = np.isfinite(x) & np.isfinite(y)
    assert line.n == 18
    assert line.slope == pytest.approx(scipy.stats.linregress(x[keep], y[keep]).slope)


@pytest.mark.parametrize(
    ("x", "y", "options", "message"),
    [
        ([1.0, 2.0, np.nan], [1.0, 2.0, 3.0], {}, "2 usable points"),
        ([2.0, 2.0, 2.0], [1.0, 2.0, 3.0], {}, "spread in x"),
        ([1.0, 2.0, 3.0], [5.0, 5.0, 5.0], {"method": "rma"}, "spread in y"),
        ([1.0, 2.0, 3.0], [1.0, 2.0], {}, "shape"),
        ([1.0, 2.0, 3.0], [1.0, 2.0, 4.0], {"method": "york"}, "x_sd or y_sd"),
        ([1.0, 2.0, 3.0], [1.0, 2.0, 4.0], {"method": "weighted"}, "weights"),
        ([1.0, 2.0, 3.0], [1.0, 2.0, 4.0], {"method": "weighted", "weights": [1.0, 0.0, 1.0]}, "2 usable"),
        ([1.0, 2.0, 3.0], [1.0, 2.0, 4.0], {"method": "york", "x_sd": -1.0, "y_sd": 1.0}, "positive"),
        ([1.0, 2.0, 3.0], [1.0, 2.0, 4.0], {"method": "published"}, "not fitted"),
    ],
)
def test_what_cannot_be_fitted_is_refused_with_the_reason(x, y, options, message):
    with pytest.raises(InputRefused, match=message):
        fit_line(x, y, **options)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(-240, 80), min_size=4, max_size=30, unique=True),
    st.sampled_from(["ols", "rma", "theil_sen"]),
    st.floats(-20, 20),
    st.floats(0.1, 10),
    st.integers(0, 2**31),
)
def test_shift_and_scale_carry_through(xs, method, shift, scale, seed):
    x = np.array(xs) / 8
    y = 7 * x + np.random.default_rng(seed).normal(0, 3, len(x))
    plain, moved = fit_line(x, y, method=method), fit_line(x + shift, scale * y, method=method)
    assert moved.slope == pytest.approx(scale * plain.slope, rel=1e-6, abs=1e-8)
    assert moved.predict(x[0] + shift) == pytest.approx(scale * plain.predict(x[0]), rel=1e-6, abs=1e-6)
    assert moved.slope_se == pytest.approx(scale * plain.slope_se, rel=1e-4, abs=1e-6)


def test_bands_are_the_textbook_formulas():
    x, y = waters(30)
    line, at = fit_line(x, y), np.array([-25.0, -12.0, 0.0])
    t = scipy.stats.t.ppf(0.95, 28)
    core = 1 / 30 + (at - x.mean()) ** 2 / np.sum((x - x.mean()) ** 2)
    for kind, extra in (("mean", 0.0), ("prediction", 1.0)):
        low, high = line.band(at, 0.90, kind)
        half = t * line.residual_sd * np.sqrt(core + extra)
        np.testing.assert_allclose(high - line.predict(at), half, rtol=1e-9)
        np.testing.assert_allclose(line.predict(at) - low, half, rtol=1e-9)


@pytest.mark.parametrize("method", ["ols", "rma", "weighted", "theil_sen"])
def test_prediction_band_covers_new_points(method):
    rng = np.random.default_rng(9)
    inside = []
    for _ in range(400):
        x = rng.normal(-12, 4, 26)
        y = 8 * x + 10 + rng.normal(0, 4, 26)
        weights = rng.lognormal(0, 0.5, 25)
        line = fit_line(x[:25], y[:25], method=method, weights=weights)
        low, high = line.band(x[25])
        inside.append(low <= y[25] <= high)
    assert 0.92 <= np.mean(inside) <= 0.98


def test_method_is_kept():
    x, y = waters(10)
    assert fit_line(x, y, method="rma").method is LineMethod.RMA


@pytest.mark.parametrize("method", ["ols", "rma", "theil_sen", "weighted"])
def test_a_perfect_line_has_no_error_and_no_warning(method):
    """Rounding left a variance below 0, whose root warned."""
    rng = np.random.default_rng(4)
    for _ in range(200):
        x = rng.normal(-13.0, 3.0, 40)
        line = fit_line(x, 7.9 * x + 12.43, method=method, weights=np.ones(40))
        assert 0.0 <= line.slope_se < 1e-6
        assert 0.0 <= line.residual_sd < 1e-6
