"""The five real data sets of the how-to, with the settings files that the how-to shows; our own numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from headwater.cli.tables import read_options
from headwater.errors import UnitsUnclear
from headwater.samples import read_samples
from headwater.study import merge_settings, run_study
from headwater.study.read_settings import read_settings

SETTINGS = Path(__file__).parents[2] / "docs" / "howto" / "settings"
STREAMS = (
    "pituffik-streams/pituffik_stream_iso_2018_2019.csv",
    "pituffik-streams/pituffik_stream_sources_iso_2018_2019.csv",
)


def study(shared: Path, name: str, *tables: str, method: str = "exact"):
    chosen = ("tests", {"mixing": {"method": method}})
    settings, origins = merge_settings(chosen, (name, read_settings(SETTINGS / f"{name}.toml")))
    paths = [shared / "data" / "isotopes" / table for table in tables]
    return run_study(read_samples(paths, read_options(settings.read)), settings, origins=origins)


def means(result, **where) -> dict[str, float]:
    shares = result.tables.contributions
    for column, value in where.items():
        shares = shares[shares[column] == value]
    return shares.set_index("source")["mean"].to_dict()


def slope(result, kind: str, period: str, stratum: str = "all", level: str = "all") -> float:
    lines = result.tables.lines.query(
        "kind == @kind and period == @period and stratum == @stratum and level == @level and method == 'ols'"
    )
    return float(lines["slope"].iloc[0])


def codes(result) -> set[tuple[str, str]]:
    return {(notice.level, notice.code) for notice in result.notices}


def test_streams_in_fractions_are_refused_until_the_unit_is_declared(shared):
    with pytest.raises(UnitsUnclear, match="fraction"):
        read_samples([shared / "data" / "isotopes" / STREAMS[0]])


@pytest.mark.slow
def test_stream_water_of_four_sources_and_two_tracers_gets_ranges(shared):
    found = study(shared, "pituffik_streams", *STREAMS)
    assert found.table.summary() | {"problems": 0} == {
        "rows_read": 217, "rows_used": 213, "rows_left_out": 4, "problems": 0,
    }  # fmt: skip
    shares = found.tables.contributions
    assert set(shares["source"]) == {"lentic", "glacial", "prcp_act", "snowpack"}
    assert shares["flags"].str.contains("underdetermined").all()
    whole = shares[(shares["stratum"] == "all") & (shares["period"] == "2019-07")].set_index("source")
    assert whole.loc["glacial", "q025"] > 0.4 and whole.loc["lentic", "q025"] == 0.0
    assert ("warning", "underdetermined") in codes(found)


def test_stream_water_turns_from_snowpack_to_glacier_in_the_three_source_run(shared):
    found = study(shared, "pituffik_three_sources", *STREAMS)
    assert not found.tables.contributions["flags"].str.contains("underdetermined").any()
    june, july = (means(found, period=period, stratum="all") for period in ("2018-06", "2019-07"))
    assert june["snowpack"] == pytest.approx(0.75, abs=0.02)
    assert july["glacial"] == pytest.approx(0.74, abs=0.02)
    rivers = {
        level: means(found, period="2019-07", level=level)["snowpack"] for level in ("Pituffik", "Sioraq")
    }
    assert rivers["Pituffik"] == pytest.approx(0.20, abs=0.02)
    assert rivers["Sioraq"] < 0.05
    assert found.meteoric_line.n == 14
    assert found.meteoric_line.slope == pytest.approx(8.02, abs=0.01)


def test_surface_waters_give_lines_and_the_altitude_effect_of_lakes(shared):
    found = study(shared, "pituffik_surface", "pituffik-surface/pituffik_H2O_iso_2018_2019.csv")
    assert (found.table.rows_read, found.table.rows_left_out) == (535, 20)
    assert slope(found, "lake", "2018-summer") == pytest.approx(5.40, abs=0.01)
    gradient = found.tables.gradients.query(
        "kind == 'lake' and period == '2018-summer' and variable == 'd18O' and against == 'altitude_m'"
    ).iloc[0]
    assert gradient["n"] == 117
    assert gradient["slope"] == pytest.approx(-0.0093, abs=1e-4)


@pytest.mark.slow
def test_streams_by_the_model_agree_with_algebra_and_keep_the_season(shared):
    found = study(shared, "pituffik_three_sources", *STREAMS, method="bayes")
    assert found.tables.engine["trusted"].all() and set(found.tables.engine["form"]) == {""}
    june, july = (means(found, period=period, stratum="all") for period in ("2018-06", "2019-07"))
    assert june["snowpack"] == pytest.approx(0.81, abs=0.03)
    assert july["glacial"] == pytest.approx(0.73, abs=0.03)
    keys = ["period", "stratum", "level", "source"]
    both = found.tables.contributions.merge(found.tables.exact, on=keys, suffixes=("", "_exact"))
    whole = both[both["stratum"] == "all"]
    assert ((whole["mean"] - whole["mean_exact"]).abs() < 2 * whole["sd_exact"]).all()


@pytest.mark.slow
def test_lakes_by_the_model_hold_the_snow_that_algebra_takes_for_evaporation(shared):
    table = "pituffik-surface/pituffik_H2O_iso_2018_2019.csv"
    found = study(shared, "pituffik_surface", table, method="bayes")
    lakes = means(found, period="2018-summer", stratum="all")
    plain = found.tables.exact.query("period == '2018-summer' and stratum == 'all'").set_index("source")
    assert lakes["snow_melt"] == pytest.approx(0.45, abs=0.04)
    assert plain.loc["snow_melt", "mean"] < 0.03
    assert ("warning", "forms_differ") in codes(found)
    run = found.tables.engine.query("used and period == '2018-summer'").iloc[0]
    assert run["slope"] == pytest.approx(5.28, abs=0.05)


def test_two_files_of_the_same_waters_are_not_pooled(shared):
    settings, _ = merge_settings(("s", read_settings(SETTINGS / "pituffik_surface.toml")))
    one = shared / "data" / "isotopes" / "pituffik-surface" / "pituffik_H2O_iso_2018_2019.csv"
    two = shared / "data" / "isotopes" / STREAMS[0]
    both = read_samples([one, two], read_options(settings.read))
    assert both.rows_read == 535 + 119
    assert both.rows_used == 515 + 3  # three stream samples carry other ids than in the first file


def test_one_storm_has_one_source_so_shares_are_refused_and_lines_stay(shared):
    found = study(shared, "liesbeek", "liesbeek-storm/liesbeek-data-tidy.csv")
    assert ("refused", "one_source") in codes(found)
    assert found.tables.contributions.empty
    assert slope(found, "precipitation", "2017-06") == pytest.approx(6.14, abs=0.01)
    assert slope(found, "river", "2017-06") == pytest.approx(5.43, abs=0.01)


@pytest.mark.slow
def test_soil_lines_of_twelve_sites_by_month_and_depth(shared):
    found = study(shared, "neon_soil", "neon-soil-plant/soils.csv")
    assert found.table.rows_used == 682
    assert len(found.strata["site"]) == 12
    assert len(found.periods) == 11
    assert slope(found, "soil_water", "2020-08") == pytest.approx(7.09, abs=0.01)
    lines = found.tables.lines
    assert {"site", "depth"} <= set(lines["stratum"])
    nominal = found.table.problems["expected"] == "depth is nominal, not measured"
    assert int(nominal.sum()) == 309


@pytest.mark.slow
def test_stem_water_is_mixed_from_the_soil_of_its_own_visit(shared):
    found = study(shared, "neon_stem", "neon-soil-plant/soils.csv", "neon-soil-plant/plants.csv")
    shares = found.tables.contributions
    assert found.table.rows_used == 682 + 1174
    assert set(shares["stratum"]) == {"site×Bout"}
    assert shares["level"].nunique() > 30
    assert ("warning", "meteoric_line_global") in codes(found)


def test_soil_of_the_elevation_gradient_evaporates_along_low_slopes(shared):
    found = study(shared, "nmeg_soil", "nmeg-soil-stem/NMEGIsotopeData.csv")
    assert found.table.summary()["rows_left_out"] == 7
    assert slope(found, "soil_water", "2019-10") == pytest.approx(3.02, abs=0.01)
    assert slope(found, "soil_water", "2021-06") == pytest.approx(2.33, abs=0.01)
    assert set(found.strata) == {"site", "depth"}


def test_each_plant_draws_from_the_soil_under_it(shared):
    found = study(shared, "nmeg_stem", "nmeg-soil-stem/NMEGIsotopeData.csv")
    shares = found.tables.contributions
    assert set(shares["stratum"]) == {"site×Plant"}
    assert shares["level"].nunique() == 17
    unpaired = next(notice for notice in found.notices if notice.code == "unpaired")
    assert "US-Ses×shrub ISO1" in [place["level"] for place in unpaired.values["places"]]
