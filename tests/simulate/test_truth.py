"""The known shares of a campaign follow the paper, and its soil water is their mixture."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from headwater.simulate import PAPER_DESIGN, Campaign, simulate_campaign
from headwater.simulate.waters import rain_events, rain_of

PERIODS = ("2020-06", "2020-08", "2020-09")


@pytest.fixture(scope="module")
def campaigns() -> list[Campaign]:
    return [simulate_campaign(seed, evaporation=False) for seed in range(12)]


@pytest.fixture(scope="module")
def shares(campaigns: list[Campaign]) -> pd.Series:
    """Mean over campaigns of every row of the truth."""
    rows = pd.concat(campaign.truth for campaign in campaigns)
    return rows.groupby(["period", "stratum", "level", "source"], observed=True)["share"].mean()


def test_truth_rows_add_up_to_one(campaigns: list[Campaign]) -> None:
    for campaign in campaigns:
        truth = campaign.truth
        assert truth["share"].between(0, 1).all()
        total = truth.groupby(["period", "stratum", "level"], observed=True)["share"].sum()
        np.testing.assert_allclose(total, 1.0, atol=1e-12)
        assert set(truth["stratum"]) == {"all", "altitude", "vegetation", "aspect", "depth", "basin"}


def test_region_shares_are_those_of_section_3_3(campaigns: list[Campaign]) -> None:
    expected = {
        "2020-06": {"precipitation": 0.72, "ground_ice": 0.20, "snow_melt": 0.08},
        "2020-08": {"precipitation": 0.90, "ground_ice": 0.10},
        "2020-09": {"precipitation": 0.94, "ground_ice": 0.06},
    }
    for campaign in campaigns:
        whole = campaign.truth[campaign.truth["stratum"] == "all"]
        for period, values in expected.items():
            found = whole[whole["period"] == period].set_index("source")["share"]
            assert found.to_dict() == pytest.approx(values, abs=1e-9)


def test_a_stratum_is_the_mean_of_its_soil_samples(campaigns: list[Campaign]) -> None:
    soil, truth = campaigns[0].soil, campaigns[0].truth
    for row in truth[truth["stratum"] != "all"].itertuples():
        here = (soil["period"] == row.period) & (soil[row.stratum] == row.level)
        assert row.share == pytest.approx(soil.loc[here, row.source].mean(), abs=1e-12)


def test_labels_of_levels(campaigns: list[Campaign]) -> None:
    levels = campaigns[0].truth.groupby("stratum")["level"].unique()
    assert list(levels["altitude"]) == ["2900-3500", "3500-4000", "4000-4500", "4500-5100"]
    assert list(levels["depth"]) == ["0-20 cm", "20-40 cm", "40-60 cm", "60-80 cm"]
    assert set(levels["vegetation"]) == {"grassland", "meadow", "forest", "scrub"}


def test_june_follows_figure_7(shares: pd.Series) -> None:
    june = shares["2020-06"]
    snow = june["altitude", :, "snow_melt"]
    assert snow["2900-3500"] == snow["3500-4000"] == 0.0
    assert 0 < snow["4000-4500"] < snow["4500-5100"]
    ice = june["altitude", :, "ground_ice"]
    assert ice.idxmax() == "3500-4000"
    assert ice["3500-4000"] > ice["4000-4500"] > ice["4500-5100"]
    assert june["vegetation", "meadow", "ground_ice"] > june["vegetation", "grassland", "ground_ice"]
    assert june["vegetation", "grassland", "snow_melt"] > june["vegetation", "meadow", "snow_melt"]
    assert june["vegetation", "forest", "precipitation"] > 0.9


def test_august_and_september_follow_figure_7(shares: pd.Series) -> None:
    for period in PERIODS[1:]:
        assert "snow_melt" not in shares[period].index.get_level_values("source")
        assert shares[period, "vegetation", "forest", "ground_ice"] == 0.0
        meadow, grassland = (
            shares[period, "vegetation", name, "ground_ice"] for name in ("meadow", "grassland")
        )
        assert meadow > grassland
    august = shares["2020-08", "altitude", :, "ground_ice"]
    assert august["2900-3500"] == 0.0
    assert august.is_monotonic_increasing
    september = shares["2020-09", "altitude", :, "ground_ice"]
    assert september["2900-3500"] == september["3500-4000"] == 0.0
    assert september["4000-4500"] > 0.03


def test_shaded_slopes_hold_more_ice_than_sunny_ones(shares: pd.Series) -> None:
    for period in PERIODS:
        ice = shares[period, "aspect", :, "ground_ice"]
        assert ice[["N", "E"]].min() > ice[["S", "W"]].max()


def test_without_evaporation_soil_water_is_the_mixture_of_the_true_end_members(
    campaigns: list[Campaign],
) -> None:
    for period in PERIODS:
        miss = []
        for campaign in campaigns:
            soil = campaign.soil[campaign.soil["period"] == period]
            assert (soil["enrichment"] == 0).all()
            ends = campaign.end_members.query("period == @period").set_index("source")[["d18O", "d2H"]]
            expected = soil[list(ends.index)].to_numpy() @ ends.to_numpy()
            lc_excess = np.array([-7.90, 1.0])
            miss.append(((soil[["d18O", "d2H"]].to_numpy() - expected) @ lc_excess).mean())
        # The mean over 12 campaigns is 0 within four standard errors.
        assert abs(np.mean(miss)) < 4 * np.std(miss, ddof=1) / np.sqrt(len(miss))


def test_spread_of_soil_water_is_the_process_part_of_the_source_spread() -> None:
    from headwater.simulate.waters import Water, mix

    rng = np.random.default_rng(0)
    waters = [Water(np.zeros(2), np.array([[9.0, 70.0], [70.0, 570.0]])), Water(np.ones(2), np.eye(2))]
    shares = np.tile([0.75, 0.25], (200_000, 1))
    mixed = mix(shares, waters, rng.standard_normal((200_000, 2, 2)), 0.3)
    expected = 0.3 * (0.75**2 * waters[0].covariance + 0.25**2 * waters[1].covariance)
    np.testing.assert_allclose(np.cov(mixed.T), expected, rtol=0.02)
    np.testing.assert_allclose(mixed.mean(axis=0), [0.25, 0.25], atol=0.15)


def test_rain_of_a_window_is_what_its_amount_weighted_events_estimate() -> None:
    rain = PAPER_DESIGN.precipitation
    months = ("2020-05", "2020-06", "2020-07")
    number = [i for i, item in enumerate(rain.months) if item.month in months]
    estimates, spreads = [], []
    for seed in range(300):
        events = rain_events(rain, np.random.default_rng(seed))
        here = np.isin(events.month, number)
        weights = events.amount_mm[here]
        estimates.append(np.average(events.values[here], axis=0, weights=weights))
        spreads.append(np.cov(events.values[here].T, aweights=weights))
    truth = rain_of(months, rain)
    error = np.std(estimates, axis=0) / np.sqrt(len(estimates))
    assert (np.abs(np.mean(estimates, axis=0) - truth.mean) < 4 * error).all()
    np.testing.assert_allclose(np.mean(spreads, axis=0), truth.covariance, rtol=0.05)
    # Rain lies on the meteoric line of the design.
    assert truth.mean[1] == pytest.approx(7.90 * truth.mean[0] + 12.43)


def test_recharge_by_period_takes_rain_that_was_not_sampled() -> None:
    window = simulate_campaign(2, evaporation=False).end_members
    period = simulate_campaign(2, evaporation=False, recharge="period").end_members
    rain = window["source"] == "precipitation"
    same = rain & (window["period"] == "2020-06")
    assert np.allclose(window.loc[same, "d18O"], period.loc[same, "d18O"])
    later = rain & (window["period"] != "2020-06")
    assert (period.loc[later, "d18O"] < window.loc[later, "d18O"] - 1.0).all()
