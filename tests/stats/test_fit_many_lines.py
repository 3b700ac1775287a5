"""Many lines at once against scipy, group by group."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from headwater.stats.fit import fit_line
from headwater.stats.fit_groups import fit_lines


@pytest.fixture
def rows():
    rng = np.random.default_rng(5)
    groups = rng.integers(-1, 40, 3000)
    x = rng.normal(-12, 4, 3000)
    y = 6.5 * x + groups + rng.normal(0, 4, 3000)
    x[rng.random(3000) < 0.02] = np.nan
    return x, y, groups


def test_every_group_is_scipy_linregress(rows):
    x, y, groups = rows
    lines = fit_lines(x, y, groups, 42)
    for group in range(40):
        pick = (groups == group) & np.isfinite(x)
        theirs = scipy.stats.linregress(x[pick], y[pick])
        ours = lines.line(group)
        assert ours.n == pick.sum()
        np.testing.assert_allclose(
            [ours.slope, ours.intercept, ours.slope_se, ours.intercept_se, ours.r2],
            [theirs.slope, theirs.intercept, theirs.stderr, theirs.intercept_stderr, theirs.rvalue**2],
            rtol=1e-9,
        )
    assert list(lines.n[40:]) == [0, 0] and np.isnan(lines.slope[40:]).all()


def test_rma_slope_is_the_ratio_of_standard_deviations(rows):
    x, y, groups = rows
    lines = fit_lines(x, -y, groups, 40, method="rma")
    for group in range(40):
        pick = (groups == group) & np.isfinite(x)
        assert lines.slope[group] == pytest.approx(-np.std(y[pick]) / np.std(x[pick]))
        single = fit_line(x[pick], -y[pick], method="rma")
        assert lines.intercept_se[group] == pytest.approx(single.intercept_se)
        assert lines.residual_sd[group] == pytest.approx(single.residual_sd)


def test_groups_without_a_line_are_missing_not_errors():
    x = [1.0, 2.0, 1.0, 1.0, 1.0, np.nan, 2.0, 3.0, 1.0, 2.0, 3.0]
    y = [1.0, 2.0, 1.0, 2.0, 3.0, 1.0, 2.0, 3.0, 4.0, 4.0, 4.0]
    groups = [0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
    lines = fit_lines(x, y, groups, 5)
    assert list(lines.n) == [2, 3, 2, 3, 0]
    assert list(np.isnan(lines.slope)) == [True, True, True, False, True]
    assert lines.slope[3] == 0 and np.isnan(lines.r2[3])


def test_no_rows_at_all():
    lines = fit_lines([], [], np.array([], int), 3)
    assert list(lines.n) == [0, 0, 0] and np.isnan(lines.intercept).all()
