"""Tables of any size keep the layout of the campaign; damaged plans are refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.errors import SettingsRefused
from headwater.simulate import PAPER_DESIGN, large_table, scaled_design, simulate_campaign
from headwater.simulate.layout import split


@given(rows=st.integers(500, 20_000))
@settings(max_examples=20, deadline=None)
def test_a_table_has_exactly_the_rows_asked_for(rows: int) -> None:
    table = large_table(rows, seed=1)
    assert len(table) == rows
    assert table["Sample ID"].is_unique
    assert table["Type"].nunique() == 6


def test_proportions_stay_those_of_the_paper() -> None:
    table = large_table(60_000, seed=2)
    part = table["Type"].value_counts(normalize=True)
    assert part["Soil water"] == pytest.approx(741 / 2451, abs=1e-3)
    assert part["Precipitation"] == pytest.approx(375 / 2451, abs=1e-3)
    assert table["d2H (‰)"].isna().mean() == pytest.approx(6 / 2451, abs=1e-4)


def test_a_large_campaign_has_the_same_truth() -> None:
    small = simulate_campaign(1).truth.set_index(["period", "stratum", "level", "source"])["share"]
    big = simulate_campaign(1, design=scaled_design(PAPER_DESIGN, 50_000)).truth
    big = big.set_index(["period", "stratum", "level", "source"])["share"]
    assert big.index.equals(small.index)
    whole = small.index.get_level_values("stratum") == "all"
    np.testing.assert_allclose(big[whole], small[whole], atol=1e-9)


def test_too_small_a_table_is_refused() -> None:
    with pytest.raises(SettingsRefused, match=r"at least 500"):
        large_table(100, seed=1)


def test_profiles_that_cannot_hold_the_samples_are_refused() -> None:
    soil = replace(PAPER_DESIGN.soil, samples=2000)
    with pytest.raises(SettingsRefused, match=r"2000 soil samples from 242 profiles"):
        simulate_campaign(1, design=replace(PAPER_DESIGN, soil=soil))


@given(
    total=st.integers(0, 10_000),
    weight=st.lists(st.floats(0.01, 100.0), min_size=1, max_size=20),
)
def test_split_adds_up_and_is_within_one_of_the_share(total: int, weight: list[float]) -> None:
    parts = split(total, np.asarray(weight))
    assert parts.sum() == total
    assert (np.abs(parts - np.asarray(weight) / np.sum(weight) * total) < 1 + 1e-6).all()
