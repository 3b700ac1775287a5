"""A virtual campaign has the paper's counts, layout and isotopes."""

from __future__ import annotations

import json
import time
from importlib.resources import files

import numpy as np
import pandas as pd
import pytest
from scipy.stats import linregress

from headwater.simulate import PAPER_DESIGN, Campaign, EvaporationDesign, simulate_campaign

SEEDS = range(20)
# Paper, Table 1, all soil water: δ18O, δ2H.
TABLE_1 = {"2020-06": (-12.00, -89.78), "2020-08": (-13.26, -100.0), "2020-09": (-13.04, -98.11)}


@pytest.fixture(scope="module")
def campaigns() -> list[Campaign]:
    return [simulate_campaign(seed) for seed in SEEDS]


def _rows(campaign: Campaign, kind: str) -> pd.DataFrame:
    return campaign.samples[campaign.samples["Type"] == kind]


def _by_month(rows: pd.DataFrame) -> dict[str, int]:
    return rows["Date"].str[:7].value_counts().to_dict()


def test_counts_are_those_of_section_2_2_1(campaigns: list[Campaign]) -> None:
    for campaign in campaigns:
        assert campaign.summary() == {
            "Soil water": 741, "Precipitation": 375, "Ground ice": 143, "River water": 676,
            "Supra-permafrost water": 416, "Glacier and snow meltwater": 100,
        }  # fmt: skip
        assert len(campaign.samples) == PAPER_DESIGN.samples == 2451
        assert campaign.samples["Sample ID"].is_unique
        assert _by_month(_rows(campaign, "Ground ice")) == {"2020-06": 66, "2020-08": 40, "2020-09": 37}
        assert _by_month(_rows(campaign, "River water")) == {"2020-06": 259, "2020-08": 231, "2020-09": 186}
        assert _by_month(_rows(campaign, "Supra-permafrost water")) == {
            "2020-06": 125, "2020-08": 161, "2020-09": 130,
        }  # fmt: skip
        assert _by_month(_rows(campaign, "Glacier and snow meltwater")) == {
            "2020-06": 27, "2020-08": 32, "2020-09": 41,
        }  # fmt: skip


def test_sites_and_layers_of_every_period(campaigns: list[Campaign]) -> None:
    for campaign in campaigns:
        soil = _rows(campaign, "Soil water")
        month = soil["Date"].str[:7]
        assert soil.groupby(month)["Site"].nunique().to_dict() == {
            "2020-06": 79,
            "2020-08": 70,
            "2020-09": 93,
        }
        assert soil.groupby(month)["Site"].agg(lambda sites: sites.value_counts().max()).max() == 4
        # A profile starts at the surface and has no gap.
        for _, layers in soil.groupby([month, "Site"])["Depth (cm)"]:
            assert layers.tolist() == ["0-20", "20-40", "40-60", "60-80"][: len(layers)]
        places = soil.groupby("Site")[["Latitude", "Longitude", "Vegetation", "Aspect", "Basin"]].nunique()
        assert (places == 1).all(axis=None)


def test_precipitation_comes_from_the_stations_and_months_of_the_paper(campaigns: list[Campaign]) -> None:
    rain = _rows(campaigns[0], "Precipitation")
    assert set(rain["Site"]) == {"Zhimenda", "Tuotuohe", "Zaduo", "Dari", "Maduo"}
    assert rain["Date"].min() >= "2019-06-01"
    assert rain["Date"].max() <= "2020-07-31"
    assert not rain.duplicated(["Site", "Date"]).any()
    monsoon = rain["Date"].str[5:7].isin(["06", "07", "08", "09"])
    assert monsoon.mean() > 0.7
    assert (rain["Precipitation (mm)"] > 0).all()
    assert rain["Relative humidity (%)"].between(15, 99).all()


def test_sites_lie_in_the_region_where_their_altitude_is_found(campaigns: list[Campaign]) -> None:
    text = files("headwater.data").joinpath("outlines/three_rivers.geojson").read_text("utf-8")
    ring = json.loads(text)["features"][0]["geometry"]["coordinates"][0]
    from matplotlib.path import Path

    soil = _rows(campaigns[0], "Soil water").drop_duplicates("Site")
    assert Path(ring).contains_points(soil[["Longitude", "Latitude"]]).all()
    known = soil.dropna(subset="Altitude (m)")
    assert known["Altitude (m)"].between(2900, 5100).all()
    # The plateau falls from west to east.
    assert known["Altitude (m)"].corr(known["Longitude"]) < -0.7
    forest = known.loc[known["Vegetation"] == "forest", "Altitude (m)"]
    assert len(forest) >= 8
    assert forest.max() < 4000
    assert set(soil["Basin"]) == {"Yangtze", "Yellow", "Lancang"}
    assert set(soil["Aspect"]) == {"N", "E", "S", "W"}


def test_local_meteoric_line_is_the_paper_s(campaigns: list[Campaign]) -> None:
    fits = []
    for campaign in campaigns:
        rain = _rows(campaign, "Precipitation").dropna(subset="d2H (‰)")
        fits.append(linregress(rain["d18O (‰)"], rain["d2H (‰)"]))
    slope, intercept, r2 = np.array([(fit.slope, fit.intercept, fit.rvalue**2) for fit in fits]).T
    error = fits[0].stderr / np.sqrt(len(fits))
    assert slope.mean() == pytest.approx(7.90, abs=4 * error)
    assert intercept.mean() == pytest.approx(12.43, abs=4 * fits[0].intercept_stderr / np.sqrt(len(fits)))
    assert 0.965 < r2.mean() < 0.985


def test_evaporated_soil_water_is_near_table_1(campaigns: list[Campaign]) -> None:
    soil = pd.concat(campaign.soil for campaign in campaigns)
    for period, (d18O, d2H) in TABLE_1.items():
        mean = soil.loc[soil["period"] == period, ["d18O", "d2H"]].mean()
        assert mean["d18O"] == pytest.approx(d18O, abs=0.4)
        assert mean["d2H"] == pytest.approx(d2H, abs=3.0)


def test_evaporation_lines_have_the_slopes_of_table_2(campaigns: list[Campaign]) -> None:
    soil = pd.concat(campaign.soil for campaign in campaigns)
    for _, rows in soil.groupby("period"):
        fit = linregress(rows["d18O"], rows["d2H"])
        assert 6.0 < fit.slope < 7.5
        assert 0.80 < fit.rvalue**2 < 0.98


def test_enrichment_falls_with_depth_and_is_least_in_forest(campaigns: list[Campaign]) -> None:
    soil = pd.concat(campaign.soil for campaign in campaigns)
    assert soil.groupby("depth", observed=True)["enrichment"].mean().is_monotonic_decreasing
    assert soil.groupby("vegetation", observed=True)["enrichment"].mean().idxmin() == "forest"
    for period, mean in PAPER_DESIGN.evaporation.mean.items():
        assert soil.loc[soil["period"] == period, "enrichment"].mean() == pytest.approx(mean, rel=0.06)


def test_soil_suprapermafrost_and_river_water_cluster(campaigns: list[Campaign]) -> None:
    samples = pd.concat(campaign.samples for campaign in campaigns)
    mean = samples.groupby("Type")[["d18O (‰)", "d2H (‰)"]].mean()
    for kind in ("River water", "Supra-permafrost water"):
        assert abs(mean.loc[kind, "d18O (‰)"] - mean.loc["Soil water", "d18O (‰)"]) < 1.0
    assert abs(mean.loc["Glacier and snow meltwater", "d18O (‰)"] - mean.loc["Soil water", "d18O (‰)"]) > 5.0


def test_a_seed_gives_one_campaign_and_another_seed_another() -> None:
    pd.testing.assert_frame_equal(simulate_campaign(3).samples, simulate_campaign(3).samples)
    assert not simulate_campaign(3).samples.equals(simulate_campaign(4).samples)
    assert not simulate_campaign(3).truth.equals(simulate_campaign(4).truth)


def test_fifty_campaigns_cost_seconds() -> None:
    start = time.process_time()
    for seed in range(10):
        simulate_campaign(seed)
    assert (time.process_time() - start) / 10 < 0.15


def test_parallels_write_three_vials_a_layer_with_their_own_error() -> None:
    vials = simulate_campaign(5, parallels=True, missing=False).samples
    soil = vials[vials["Type"] == "Soil water"]
    assert len(soil) == 3 * 741
    assert len(vials) == 2451 + 2 * 741
    assert soil["Replicate"].tolist() == [1, 2, 3] * 741
    for column, sd in (("d18O (‰)", 0.2), ("d2H (‰)", 0.5)):
        within = soil.groupby("Sample ID")[column].var().mean() ** 0.5
        assert within == pytest.approx(sd, rel=0.05)
    assert "Replicate" not in simulate_campaign(5).samples


def test_missing_cells_are_few_and_unbiased_and_can_be_switched_off() -> None:
    samples = simulate_campaign(6).samples
    clean = simulate_campaign(6, missing=False).samples
    assert samples["d2H (‰)"].isna().sum() == 6
    assert samples["Altitude (m)"].isna().sum() == 8
    assert (samples["Date"] == "2020-06-31").sum() == 1
    assert samples.loc[samples["Date"] == "2020-06-31", "Type"].item() == "River water"
    assert clean[["d18O (‰)", "d2H (‰)", "Altitude (m)", "Date"]].notna().all(axis=None)
    assert pd.to_datetime(clean["Date"], format="%Y-%m-%d").notna().all()
    # The rest of the table is the same.
    same = samples["d2H (‰)"].notna()
    assert samples.loc[same, "d2H (‰)"].equals(clean.loc[same, "d2H (‰)"])


@pytest.mark.parametrize(
    ("distribution", "sd_over_mean", "zeros"),
    [("exponential", 1.0, 0.0), ("gamma3", 3**-0.5, 0.0), ("half_zero", 3**0.5, 0.5), ("none", None, 1.0)],
)
def test_distributions_of_evaporation(distribution: str, sd_over_mean: float | None, zeros: float) -> None:
    from headwater.simulate.evaporation import enrichment

    uniform = (np.arange(200_000) + 0.5) / 200_000
    drawn = enrichment(np.full(uniform.size, 2.0), uniform, EvaporationDesign(distribution, scale=0.5))
    assert (drawn == 0).mean() == pytest.approx(zeros, abs=1e-3)
    if sd_over_mean is not None:
        assert drawn.mean() == pytest.approx(1.0, rel=2e-3)
        assert drawn.std() == pytest.approx(sd_over_mean, rel=5e-3)


def test_parallel_sources_lie_on_the_evaporation_line() -> None:
    design = EvaporationDesign(parallel_sources=True)
    means = simulate_campaign(1, evaporation=design).end_members.set_index(["period", "source"])
    for period in ("2020-06", "2020-08", "2020-09"):
        step = means.loc[(period, "ground_ice")] - means.loc[(period, "precipitation")]
        assert step["d2H"] / step["d18O"] == pytest.approx(5.2)
        assert step["d18O"] > 0
        assert means.loc[(period, "ground_ice"), "d_excess"] == pytest.approx(1.5)
