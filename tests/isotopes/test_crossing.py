"""Crossing of meteoric and evaporation line: the paper's printed lines, and coverage on known truth."""

from __future__ import annotations

import math

import numpy as np
import pytest

from headwater.isotopes import Verdict, crossing, published_line
from headwater.stats import Line, LineMethod, fit_line

LOCAL = published_line("three_rivers_2020")


def printed_line(slope: float, intercept: float, r2: float, n: int, x_mean: float, x_sd: float) -> Line:
    """A line of Li et al., Table 2, with the errors that its R² implies for n samples."""
    slope_se = slope * math.sqrt((1 / r2 - 1) / (n - 2))
    residual_sd = slope_se * x_sd * math.sqrt(n - 1)
    return Line(
        slope,
        intercept,
        slope_se,
        math.sqrt(residual_sd**2 / n + x_mean**2 * slope_se**2),
        -x_mean * slope_se**2,
        r2,
        n,
        residual_sd,
        x_mean,
        x_sd**2 * (n - 1),
        LineMethod.OLS,
    )


@pytest.mark.parametrize("n", [20, 60, 120])
def test_table_2_september_3500_to_4000_m_is_ill_defined(n):
    # slope 7.67 against 7.90: the printed lines cross at −40.6 ‰, where no water of the region lies
    found = crossing(LOCAL, printed_line(7.67, 3.1, 0.97, n, -13.0, 4.0))
    assert found.d18O == pytest.approx(-40.57, abs=0.01)
    assert found.verdict is Verdict.ILL_DEFINED
    assert found.reason == "near parallel"
    assert (found.d18O_low, found.d18O_high) == (-math.inf, math.inf)
    assert abs(found.slope_difference_t) < 2


@pytest.mark.parametrize("n", [30, 60, 120])
def test_table_2_june_2900_to_3500_m_is_well_defined(n):
    found = crossing(LOCAL, printed_line(5.7, -21.18, 0.90, n, -12.0, 4.0))
    assert found.d18O == pytest.approx((-21.18 - 12.43) / (7.90 - 5.7))
    assert found.verdict is Verdict.WELL_DEFINED and found.reason == ""
    assert found.d18O_low < found.d18O < found.d18O_high
    assert found.d2H_low < found.d2H < found.d2H_high
    assert found.d2H == pytest.approx(7.90 * found.d18O + 12.43)


def test_exact_lines_cross_in_a_point():
    exact = Line(5.0, -20.0, 0, 0, 0, 1.0, 0, 0.0, -10.0, 1.0, LineMethod.PUBLISHED)
    found = crossing(published_line("craig_1961"), exact)
    assert found.d18O == found.d18O_low == found.d18O_high == -10
    assert found.d2H_low == pytest.approx(-70) and found.d2H_high == pytest.approx(-70)
    assert math.isinf(found.slope_difference_t)


def test_parallel_lines_are_a_verdict_not_an_error():
    found = crossing(LOCAL, printed_line(7.90, 3.0, 0.95, 40, -12.0, 4.0))
    assert found.verdict is Verdict.ILL_DEFINED and math.isnan(found.d18O)


def test_a_line_steeper_than_the_meteoric_one_is_not_evaporation():
    found = crossing(LOCAL, printed_line(9.5, 20.0, 0.99, 100, -12.0, 4.0))
    assert found.verdict is Verdict.ILL_DEFINED and found.reason == "not evaporation"


def test_samples_above_the_meteoric_line_are_not_evaporation():
    found = crossing(LOCAL, printed_line(5.0, 0.0, 0.99, 100, -12.0, 4.0))
    assert found.reason == "not evaporation"


def simulate(slope: float, n: int, repeats: int, seed: int) -> tuple[float, float, float]:
    """Share of regions that hold the true crossing (δ18O, δ2H), and of those that are bounded."""
    rng = np.random.default_rng(seed)
    true_x = -18.0
    true_y = 7.9 * true_x + 12.4
    hits_x = hits_y = bounded = 0
    for _ in range(repeats):
        rain, soil = rng.normal(-14, 6, 60), rng.normal(-12, 3, n)
        meteoric = fit_line(rain, 7.9 * rain + 12.4 + rng.normal(0, 6, 60))
        evaporation = fit_line(soil, true_y + slope * (soil - true_x) + rng.normal(0, 5, n))
        found = crossing(meteoric, evaporation)
        hits_x += found.d18O_low <= true_x <= found.d18O_high
        hits_y += found.d2H_low <= true_y <= found.d2H_high
        bounded += math.isfinite(found.d18O_low)
    return hits_x / repeats, hits_y / repeats, bounded / repeats


@pytest.mark.parametrize(("slope", "n"), [(4.5, 30), (6.5, 30), (7.6, 100)])
def test_the_region_covers_the_true_crossing(slope, n):
    # 1000 campaigns: a true coverage of 0.95 gives 0.93–0.97 in all but 1 of 200 runs
    d18O, d2H, bounded = simulate(slope, n, 1000, seed=int(slope * 10))
    if slope == 7.6:  # a region without end is given whole, so it covers more often than 95 %
        assert bounded < 0.5
        assert min(d18O, d2H) >= 0.93
    else:
        assert 0.93 <= d18O <= 0.97 and 0.93 <= d2H <= 0.97


def test_the_region_is_the_one_of_draws_where_the_crossing_is_well_known():
    rng = np.random.default_rng(2)
    rain, soil = rng.normal(-14, 6, 400), rng.normal(-12, 3, 400)
    meteoric = fit_line(rain, 7.9 * rain + 12.4 + rng.normal(0, 3, 400))
    evaporation = fit_line(soil, 4.5 * soil - 48 + rng.normal(0, 3, 400))
    found = crossing(meteoric, evaporation)
    draws = []
    for line in (meteoric, evaporation):
        matrix = [[line.slope_se**2, line.covariance], [line.covariance, line.intercept_se**2]]
        draws.append(rng.multivariate_normal([line.slope, line.intercept], matrix, 200_000).T)
    (a_m, b_m), (a_e, b_e) = draws
    x = (b_e - b_m) / (a_m - a_e)
    np.testing.assert_allclose([found.d18O_low, found.d18O_high], np.quantile(x, [0.025, 0.975]), atol=0.02)
    y = a_m * x + b_m
    np.testing.assert_allclose([found.d2H_low, found.d2H_high], np.quantile(y, [0.025, 0.975]), atol=0.2)
