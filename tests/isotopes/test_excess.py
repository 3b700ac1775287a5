"""d-excess and lc-excess against printed values and simulated truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from headwater.errors import InputRefused, SettingsRefused
from headwater.isotopes import (
    GLOBAL_METEORIC_LINE,
    d_excess,
    lc_excess,
    meteoric_line,
    published_line,
    published_lines,
)
from headwater.stats import fit_line


@pytest.mark.parametrize(
    ("d18O", "d2H", "printed"),
    [
        (-12.00, -89.78, 6.30),
        (-13.04, -98.11, 6.24),
    ],  # Li et al., Table 1, all soil water, June and September
)
def test_d_excess_of_table_1_june_and_september(d18O, d2H, printed):
    assert float(d_excess(d18O, d2H)) == pytest.approx(printed, abs=0.081)


def test_printed_d_excess_of_august_disagrees_with_its_own_means():
    # Li et al., Table 1, August: −13.26, −100.0, printed 8.58
    assert float(d_excess(-13.26, -100.0)) == pytest.approx(6.08, abs=0.005)


def test_printed_crossings_lie_below_the_printed_meteoric_line():
    # Li et al., section 3.3: three crossings and δ2H = 7.90 δ18O + 12.43; they fit an intercept of 11.66
    d18O, d2H = np.array([-17.63, -18.81, -23.04]), np.array([-127.61, -136.94, -170.36])
    line = published_line("three_rivers_2020")
    value, se = lc_excess(d18O, d2H, line)
    np.testing.assert_allclose(value, -0.77, atol=0.01)
    np.testing.assert_allclose(value + line.intercept, 11.66, atol=0.01)
    assert np.all(se == 0)  # a published line without errors is taken as exact


def test_lc_excess_of_the_global_line_is_d_excess_less_ten():
    d18O, d2H = np.array([-20.0, -5.0, np.nan]), np.array([-130.0, -45.0, 3.0])
    value, _ = lc_excess(d18O, d2H, GLOBAL_METEORIC_LINE)
    np.testing.assert_allclose(value, d_excess(d18O, d2H) - 10)


def test_standard_error_is_the_spread_over_repeated_lines_and_measurements():
    rng = np.random.default_rng(3)
    values, errors = [], []
    for _ in range(3000):
        x = rng.normal(-14, 5, 30)
        line = fit_line(x, 8 * x + 10 + rng.normal(0, 6, 30))
        value, se = lc_excess(-6 + rng.normal(0, 0.2), -50 + rng.normal(0, 1.0), line, 0.2, 1.0)
        values.append(float(value))
        errors.append(float(se))
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(np.std(values), rel=0.05)


def test_weighted_meteoric_line_needs_and_uses_amounts():
    rng = np.random.default_rng(5)
    x = rng.normal(-12, 5, 50)
    rain = pd.DataFrame({"d18O": x, "d2H": 8 * x + 10 + rng.normal(0, 3, 50)})
    with pytest.raises(InputRefused, match="amount_mm"):
        meteoric_line(rain, method="weighted")
    rain["amount_mm"] = np.where(np.arange(50) < 20, rng.uniform(1, 30, 50), np.nan)
    weighted = meteoric_line(rain, method="weighted")
    some = rain.iloc[:20]
    slope, intercept = np.polyfit(some["d18O"], some["d2H"], 1, w=np.sqrt(some["amount_mm"]))
    assert weighted.n == 20
    assert (weighted.slope, weighted.intercept) == pytest.approx((slope, intercept))
    assert meteoric_line(rain).n == 50


def test_york_meteoric_line_takes_the_analytical_errors():
    rng = np.random.default_rng(6)
    x = rng.normal(-12, 5, 40)
    rain = pd.DataFrame({"d18O": x, "d2H": 8 * x + 10 + rng.normal(0, 3, 40), "d18O_sd": 0.1, "d2H_sd": 1.0})
    assert meteoric_line(rain, method="york").slope == pytest.approx(8, abs=0.5)


def test_every_published_line_names_its_source_and_an_unknown_one_is_refused():
    assert {"craig_1961", "three_rivers_2020"} <= set(published_lines())
    with pytest.raises(SettingsRefused, match="craig_1961"):
        published_line("nowhere")
