"""A whole study: simulated campaigns with known truth, and the cases where a part must be refused."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from headwater.errors import InputRefused, SettingsRefused
from headwater.report.notices import sentence
from headwater.report.text import Text
from headwater.samples import read_samples
from headwater.simulate import simulate_campaign
from headwater.study import merge_settings, run_study
from headwater.study.contributions import COLUMNS
from headwater.study.read_settings import read_settings

EXACT = ("tests", {"mixing": {"method": "exact"}})
"""The algebra, which takes a hundredth of the time; the engine has tests of its own in test_posterior.py."""
DEMO = ("demo", read_settings(Path(str(files("headwater.data") / "demo_study.toml"))))


def study(folder: Path, samples: pd.DataFrame, *layers, truth=None):
    path = folder / "samples.csv"
    samples.to_csv(path, index=False)
    settings, origins = merge_settings(EXACT, *layers)
    return run_study(read_samples([path]), settings, origins=origins, truth=truth)


@pytest.fixture(scope="module")
def dry(tmp_path_factory):
    campaign = simulate_campaign(3, evaporation=False)
    return study(tmp_path_factory.mktemp("dry"), campaign.samples, DEMO, truth=campaign.truth)


@pytest.fixture(scope="module")
def evaporated(tmp_path_factory):
    campaign = simulate_campaign(3)
    return study(tmp_path_factory.mktemp("wet"), campaign.samples, DEMO, truth=campaign.truth)


def test_shares_add_up_to_one_in_every_cell_and_come_in_the_documented_columns(dry):
    shares = dry.tables.contributions
    assert list(shares.columns) == list(COLUMNS)
    total = shares.groupby(["period", "stratum", "level"])["mean"].sum()
    assert np.allclose(total, 1.0)
    assert set(shares["method"]) <= {"exact", "least_squares"}
    assert ((shares["q025"] <= shares["q50"]) & (shares["q50"] <= shares["q975"])).all()


def test_known_shares_are_found_without_evaporation(dry):
    joined = dry.tables.contributions.merge(dry.truth, on=["period", "stratum", "level", "source"])
    assert len(joined) > 100
    error = (joined["mean"] - joined["share"]).abs()
    assert error.mean() < 0.06  # one campaign: its strata share the errors of its sources
    covered = (joined["q025"] - 1e-9 <= joined["share"]) & (joined["share"] <= joined["q975"] + 1e-9)
    assert covered.mean() > 0.8


def test_rows_used_pooled_and_studied_account_for_every_sample(dry):
    counts = dry.table.summary()
    assert counts["rows_read"] == 2451 == counts["rows_used"] + counts["rows_left_out"]
    whole = dry.tables.contributions.query("stratum == 'all'").drop_duplicates("period")
    soil = dry.waters[dry.waters["role"] == "mixture"]
    complete = soil[["d18O", "d2H"]].notna().all(axis=1) & soil["period"].isin(dry.periods)
    assert whole["n"].sum() == complete.sum()


def test_august_rain_comes_from_the_months_before_and_is_flagged(dry):
    members = dry.tables.end_members.set_index(["period", "source"])
    assert members.loc[("2020-06", "precipitation"), "window"] == "period"
    assert members.loc[("2020-08", "precipitation"), "window"] == "three_months"
    assert not members.loc[("2020-08", "snow_melt"), "used"]
    assert "melted" in members.loc[("2020-08", "snow_melt"), "note"]
    august = dry.tables.contributions.query("period == '2020-08'")
    assert august["flags"].str.contains("window").all()
    assert "source_window" in {notice.code for notice in dry.notices}


def test_snow_is_possible_only_where_the_settings_put_it(dry):
    june = dry.tables.contributions.query("period == '2020-06' and stratum == 'altitude'")
    by_level = june.groupby("level")["source"].agg(set)
    assert "snow_melt" not in by_level["3500-4000"]
    assert "snow_melt" in by_level["4000-4500"]


def test_evaporated_soil_water_is_warned_of_and_reads_as_ground_ice(evaporated):
    codes = {(notice.code, notice.period) for notice in evaporated.notices if notice.level == "warning"}
    assert {("evaporation_offset", period) for period in evaporated.periods} <= codes
    whole = evaporated.tables.contributions.query("stratum == 'all' and source == 'ground_ice'")
    truth = evaporated.truth.query("stratum == 'all' and source == 'ground_ice'").set_index("period")["share"]
    error = whole.set_index("period")["mean"] - truth
    assert (error > 0.1).all()


def test_the_local_line_is_that_of_the_simulated_rain(dry):
    line = dry.meteoric_line
    assert dry.meteoric_line_origin == "precipitation"
    assert abs(line.slope - 7.90) < 4 * line.slope_se
    assert abs(line.intercept - 12.43) < 4 * line.intercept_se


def test_every_table_has_rows_and_no_category_columns(dry):
    for name, table in vars(dry.tables).items():
        assert len(table) or name in ("other_form", "engine"), name
        assert not [c for c in table.columns if isinstance(table[c].dtype, pd.CategoricalDtype)], name


@pytest.mark.slow
def test_same_seed_same_numbers(tmp_path, dry):
    campaign = simulate_campaign(3, evaporation=False)
    again = study(tmp_path, campaign.samples, DEMO)
    pd.testing.assert_frame_equal(again.tables.contributions, dry.tables.contributions)
    other = study(tmp_path, campaign.samples, DEMO, ("seed", {"seed": 99}))
    assert not other.tables.contributions["mean"].equals(dry.tables.contributions["mean"])


@pytest.mark.slow
def test_d_excess_instead_of_d2H_gives_the_same_shares(tmp_path, dry):
    campaign = simulate_campaign(3, evaporation=False)
    other = study(tmp_path, campaign.samples, DEMO, ("t", {"mixing": {"tracers": ["d18O", "d_excess"]}}))
    both = dry.tables.first_order.merge(
        other.tables.first_order, on=["period", "stratum", "level", "source"], suffixes=("", "_other")
    )
    assert len(both) == len(dry.tables.first_order)
    assert np.allclose(both["share"], both["share_other"], atol=1e-6)
    assert np.allclose(both["se"], both["se_other"], atol=1e-6)


def test_three_dependent_tracers_are_refused_with_the_reason(tmp_path):
    campaign = simulate_campaign(3)
    found = study(
        tmp_path, campaign.samples, DEMO, ("t", {"mixing": {"tracers": ["d18O", "d2H", "d_excess"]}})
    )
    assert found.tables.contributions.empty
    assert ("refused", "collinear_tracers") in {(notice.level, notice.code) for notice in found.notices}


def small(**columns) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    n = len(columns["Type"])
    frame = pd.DataFrame({"Sample ID": [f"s{i}" for i in range(n)], **columns})
    frame["d18O (‰)"] = rng.normal(-10, 2, n).round(2)
    frame["d2H (‰)"] = (8 * frame["d18O (‰)"] + 10 + rng.normal(0, 2, n)).round(1)
    return frame


def test_small_cells_and_small_periods_are_named_in_both_languages(tmp_path):
    dates = ["2020-06-01"] * 9 + ["2020-07-01"] * 2 + ["2020-06-02"] * 18
    table = small(Type=["soil water"] * 11 + ["rain"] * 9 + ["snow"] * 9, Date=dates)
    table["Vegetation"] = ["meadow"] * 8 + ["forest"] + ["meadow"] * 2 + [None] * 18
    found = study(tmp_path, table)
    period = next(notice for notice in found.notices if notice.code == "too_few_samples")
    assert (period.period, period.values["n"], period.values["needed"]) == ("2020-07", 2, 3)
    cells = next(notice for notice in found.notices if notice.code == "small_cells")
    assert {"level": "forest", "period": "2020-06", "n": 1} in cells.values["places"]
    assert "forest (2020-06: 1)" in sentence(cells, Text("en"), found)
    assert "森林" in sentence(cells, Text("zh"), found)


def test_one_source_is_refused_and_the_diagnostics_stay(tmp_path):
    found = study(tmp_path, small(Type=["soil water"] * 8 + ["rain"] * 8))
    assert found.tables.contributions.empty
    notice = next(notice for notice in found.notices if notice.code == "one_source")
    assert (notice.level, notice.values["source"]) == ("refused", "precipitation")
    assert len(found.tables.isotopes) and len(found.tables.lines)


def test_no_source_and_no_rain_falls_back_to_the_global_line(tmp_path):
    found = study(tmp_path, small(Type=["soil water"] * 8))
    codes = {notice.code for notice in found.notices}
    assert {"meteoric_line_global", "no_sources", "no_dates"} <= codes
    assert found.meteoric_line.slope == 8


def test_a_table_without_the_mixture_is_refused_with_what_there_is(tmp_path):
    with pytest.raises(InputRefused, match=r"soil_water; kinds in the tables: .*precipitation"):
        study(tmp_path, small(Type=["rain"] * 8))


def test_four_sources_of_two_tracers_give_ranges_and_say_so(tmp_path):
    table = small(Type=["soil water"] * 9 + ["rain"] * 6 + ["snow"] * 6 + ["lake"] * 6 + ["groundwater"] * 6)
    for start, centre in ((9, -5), (15, -20), (21, -2), (27, -12)):
        table.loc[start : start + 5, "d18O (‰)"] += centre + 10
    table.loc[15:20, "d2H (‰)"] -= 60
    table.loc[21:26, "d2H (‰)"] -= 10
    found = study(tmp_path, table)
    shares = found.tables.contributions
    assert shares["flags"].str.contains("underdetermined").all()
    assert (shares["q975"] - shares["q025"] > 0.05).all()
    assert found.tables.first_order.empty


def test_constant_tracer_and_perfect_line_are_refused_in_part_not_as_a_whole(tmp_path):
    table = small(Type=["soil water"] * 9 + ["rain"] * 9 + ["snow"] * 9)
    perfect = table.assign(**{"d2H (‰)": 8 * table["d18O (‰)"] + 10})
    found = study(tmp_path, perfect)
    assert found.meteoric_line.residual_sd == pytest.approx(0, abs=1e-9)
    assert found.tables.contributions.empty
    constant = study(tmp_path, table.assign(**{"d18O (‰)": -10.0}))
    assert constant.tables.contributions.empty
    assert len(constant.tables.isotopes)
    assert {"collinear_tracers"} <= {notice.code for notice in constant.notices}


def test_unknown_source_in_the_settings_is_refused_with_what_there_is(tmp_path):
    with pytest.raises(SettingsRefused, match=r"sources.only: .*glacier; sources in the tables: .*precip"):
        study(
            tmp_path, small(Type=["soil water"] * 5 + ["rain"] * 8), ("s", {"sources": {"only": ["glacier"]}})
        )


def test_stems_are_mixed_from_the_soil_of_their_own_site(tmp_path):
    rows = []
    for site, shallow, deep in (("a", (-4.0, -40.0), (-12.0, -90.0)), ("b", (-8.0, -80.0), (-16.0, -100.0))):
        for depth, (o, h) in (("0-20", shallow), ("40-60", deep)):
            for k in range(6):
                rows.append((site, "soil", depth, o + 0.1 * (k - 2.5), h + 0.7 * (k - 2.5) + (k % 2)))
        for k in range(6):
            share = 0.25
            o = share * shallow[0] + (1 - share) * deep[0] + 0.1 * (k - 2.5)
            h = share * shallow[1] + (1 - share) * deep[1] + 0.7 * (k - 2.5) + (k % 2)
            rows.append((site, "stem", None, o, h))
    table = pd.DataFrame(rows, columns=["Site", "Type", "Depth (cm)", "d18O (‰)", "d2H (‰)"])
    table.insert(0, "Sample ID", [f"s{i}" for i in range(len(table))])
    found = study(
        tmp_path,
        table,
        (
            "pairs",
            {
                "mixture": {"kind": "stem"},
                "sources": {"by": "depth", "kinds": ["soil_water"], "within": ["site"]},
                "strata": {"columns": ["depth"]},
            },
        ),
    )
    shares = found.tables.contributions
    assert set(shares["stratum"]) == {"site"}
    shallow = shares[shares["source"] == "0-20 cm"].set_index("level")["mean"]
    assert shallow.to_dict() == pytest.approx({"a": 0.25, "b": 0.25}, abs=0.02)
