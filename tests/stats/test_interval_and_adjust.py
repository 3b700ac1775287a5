"""Means, differences and adjusted p values against scipy and printed examples."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from headwater.errors import SettingsRefused
from headwater.stats.adjust import benjamini_hochberg, benjamini_yekutieli, false_discoveries, holm
from headwater.stats.interval import group_intervals, mean_interval, welch


def test_mean_interval_is_the_t_interval_of_scipy():
    values = np.random.default_rng(1).normal(-12, 3, 25)
    ours = mean_interval(np.append(values, np.nan), 0.9)
    low, high = scipy.stats.ttest_1samp(values, 0).confidence_interval(0.9)
    assert ours.n == 25
    np.testing.assert_allclose(
        [ours.mean, ours.sd, ours.low, ours.high], [values.mean(), values.std(ddof=1), low, high]
    )


def test_groups_get_the_interval_that_each_alone_gets():
    rng = np.random.default_rng(2)
    values, groups = rng.normal(0, 1, 300), rng.integers(-1, 6, 300)
    many = group_intervals(values, groups, 8)
    for group in range(6):
        low, high = scipy.stats.ttest_1samp(values[groups == group], 0).confidence_interval()
        np.testing.assert_allclose([many.low[group], many.high[group]], [low, high])
    assert list(many.n[6:]) == [0, 0] and np.isnan(many.mean[6:]).all()


def test_one_value_has_a_mean_but_no_interval():
    one = mean_interval([-12.0])
    assert one.mean == -12 and one.n == 1 and np.isnan([one.sd, one.low, one.high]).all()
    assert np.isnan(mean_interval([]).mean)


def test_welch_is_scipy_with_unequal_variances():
    rng = np.random.default_rng(3)
    a, b = rng.normal(-12, 3, 20), rng.normal(-13, 1, 45)
    ours, theirs = welch(a, b), scipy.stats.ttest_ind(a, b, equal_var=False)
    low, high = theirs.confidence_interval()
    np.testing.assert_allclose([ours.p, ours.low, ours.high], [theirs.pvalue, low, high])
    assert (ours.n_a, ours.n_b) == (20, 45)


def test_welch_of_too_few_is_missing():
    assert np.isnan(welch([1.0], [2.0, 3.0]).p)


# Benjamini & Hochberg (1995), section 4.1: fifteen p values; at 0.05 their procedure rejects four,
# Holm's and Bonferroni's three.
PRINTED = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719,
           0.6528, 0.7590, 1.0]  # fmt: skip


def test_example_of_benjamini_and_hochberg_1995_section_4():
    assert (benjamini_hochberg(PRINTED) <= 0.05).sum() == 4
    assert (holm(PRINTED) <= 0.05).sum() == 3


def test_holm_worked_by_hand_and_missing_values_do_not_count():
    np.testing.assert_allclose(holm([0.01, np.nan, 0.04, 0.03, 0.005]), [0.03, np.nan, 0.06, 0.06, 0.02])


def test_missing_p_values_stay_missing():
    p = np.array([0.01, np.nan, 0.2, 0.03])
    adjusted = benjamini_hochberg(p)
    assert np.isnan(adjusted[1])
    np.testing.assert_allclose(
        adjusted[[0, 2, 3]], scipy.stats.false_discovery_control(p[[0, 2, 3]], method="bh")
    )
    assert np.isnan(benjamini_hochberg([np.nan])).all() and len(holm([])) == 0


@pytest.mark.parametrize("adjust", [benjamini_hochberg, benjamini_yekutieli, holm])
def test_adjusting_never_lowers_a_p_and_keeps_the_order(adjust):
    p = np.random.default_rng(8).random(50)
    adjusted = adjust(p)
    assert np.all(adjusted >= p - 1e-15) and np.all(adjusted <= 1)
    assert np.all(np.diff(adjusted[np.argsort(p)]) >= -1e-15)


@pytest.mark.parametrize(("ours", "theirs"), [(benjamini_hochberg, "bh"), (benjamini_yekutieli, "by")])
def test_false_discovery_rates_are_those_of_scipy_with_ties(ours, theirs):
    p = np.round(np.random.default_rng(9).random(400) ** 2, 2)
    np.testing.assert_allclose(ours(p), scipy.stats.false_discovery_control(p, method=theirs), rtol=1e-12)


def test_wilks_2016_is_bh_at_twice_the_level():
    p = np.random.default_rng(10).random((20, 30)) ** 3
    adjusted, significant = false_discoveries(p, rule="wilks", alpha=0.05)
    np.testing.assert_array_equal(significant, false_discoveries(p, rule="bh", alpha=0.1)[1])
    np.testing.assert_array_equal(adjusted, benjamini_hochberg(p))
    assert significant.sum() > false_discoveries(p, rule="bh", alpha=0.05)[1].sum() > 0


@pytest.mark.parametrize(("rule", "alpha"), [("bonferroni", 0.05), ("bh", 1.0), ("wilks", 0.5), ("by", 0.0)])
def test_unknown_rules_and_levels_are_refused(rule, alpha):
    with pytest.raises(SettingsRefused, match=r"allowed are bh, by, wilks|between 0 and 1"):
        false_discoveries([0.1], rule=rule, alpha=alpha)
