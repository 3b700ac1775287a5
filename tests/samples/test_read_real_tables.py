"""Five public tables (see docs/methods/reading_tables.md): right counts, and each of their traps found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from headwater.errors import InputRefused, UnitsUnclear
from headwater.samples import ReadOptions, SampleTable, pool_parallels, read_samples
from tests.samples.conftest import lines

STREAMS = "pituffik-streams/pituffik_stream_iso_2018_2019.csv"
SOURCES = "pituffik-streams/pituffik_stream_sources_iso_2018_2019.csv"
SURFACE = "pituffik-surface/pituffik_H2O_iso_2018_2019.csv"


@pytest.fixture
def isotopes(shared: Path) -> Path:
    return shared / "data" / "isotopes"


def read(folder: Path, *names: str, options: ReadOptions = ReadOptions()) -> SampleTable:  # noqa: B008
    table = read_samples([folder / name for name in names], options)
    assert table.rows_read == table.rows_used + table.rows_left_out
    return table


def test_streams_are_fractions_and_refused_until_that_is_said(isotopes: Path) -> None:
    with pytest.raises(UnitsUnclear, match=r"--delta-unit fraction"):
        read(isotopes, STREAMS)


def test_streams_lose_four_empty_rows_of_doubtful_quality(isotopes: Path) -> None:
    plain = read(isotopes, STREAMS, options=ReadOptions(delta_unit="fraction"))
    flagged = read(isotopes, STREAMS, options=ReadOptions(delta_unit="fraction", exclude={"qc_flag": ("1",)}))
    for table in (plain, flagged):
        assert (table.rows_read, table.rows_used, table.rows_left_out) == (119, 115, 4)
    assert lines(plain, "left out")["row"].tolist() == lines(flagged, "left out")["row"].tolist()
    frame = plain.frame
    assert frame["d18O"].between(-30, -15).all() and frame["d2H"].between(-250, -100).all()
    assert set(frame["kind"]) == {"river"} and frame["site"].nunique() == 27
    assert frame["date"].dt.year.isin([2018, 2019]).all() and frame["date"].dt.month.between(6, 9).all()
    # rounding alone: 1.9 ‰ is allowed
    assert not len(lines(plain, "flagged", "d_excess_given"))
    assert np.abs(frame["d2H"] - 8 * frame["d18O"] - frame["d_excess_given"]).max() < 0.61


def test_sources_keep_their_two_levels(isotopes: Path) -> None:
    options = ReadOptions(
        delta_unit="fraction",
        columns={"sourcetype_detailed": "kind"},
        kinds={"runoff": "snow_melt"},
        keep=("sourcetype_detailed",),
    )
    table = read(isotopes, STREAMS, SOURCES, options=options)
    assert (table.rows_read, table.rows_used) == (217, 213)
    sources = table.frame[table.frame["file"] == table.files[1].name]
    assert sources["source_group"].value_counts().to_dict() == {
        "snowpack": 29,
        "lentic": 25,
        "glacial": 24,
        "prcp_act": 20,
    }
    assert sources["kind"].value_counts().loc[lambda n: n > 0].to_dict() == {
        "snow_melt": 53,
        "lake": 25,
        "precipitation": 14,
        "suprapermafrost": 6,
    }
    assert sources["sourcetype_detailed"].nunique() == 9


def test_waters_that_stand_in_two_sets_are_taken_once(isotopes: Path) -> None:
    table = read(isotopes, STREAMS, SOURCES, SURFACE, options=ReadOptions(delta_unit="fraction"))
    again = lines(table, "left out", "sample_id")
    assert set(again["file"]) == {"pituffik_H2O_iso_2018_2019.csv"}
    assert len(again) == 208  # 115 streams and 93 sources with values
    assert table.rows_read == 752 and table.rows_used == 534


def test_two_tap_waters_without_a_place(isotopes: Path) -> None:
    table = read(isotopes, SURFACE, options=ReadOptions(delta_unit="fraction"))
    assert (table.rows_read, table.rows_used) == (535, 529)
    placeless = lines(table, "flagged", "latitude")["row"].tolist()
    ids = table.frame.loc[table.frame["row"].isin(placeless), "sample_id"].tolist()
    assert len(ids) == 2 and all("Tap" in name for name in ids)
    assert lines(table, "flagged", "type")["found"].tolist() == ["'surface flow' (78 rows)"]


def test_neon_depths_are_nominal_and_zones_have_no_sign(isotopes: Path) -> None:
    table = read(isotopes, "neon-soil-plant/soils.csv", "neon-soil-plant/plants.csv")
    assert table.rows_read == table.rows_used == 1856
    nominal = lines(table, "flagged", "Sample_Comments")
    assert nominal["expected"].str.contains("nominal").sum() == 309
    zones = lines(table, "flagged", "Collection_Time_Zone")
    assert zones["found"].str.endswith("4, 5, 6, 7, 8").all() and len(zones) == 2
    soil = table.frame[table.frame["kind"] == "soil_water"]
    assert len(soil) == 682 and soil["altitude_m"].isna().sum() == 40
    assert soil["depth_top_m"].value_counts().sort_index().to_dict() == {
        0.0: 145,
        0.1: 146,
        0.2: 277,
        0.4: 114,
    }
    odd = lines(table, "flagged", "d2H")
    assert odd["found"].str.startswith("d-excess -1").any() and (odd["file"] == "plants.csv").all()
    assert table.frame["d18O"].max() == pytest.approx(20.95, abs=0.01)
    assert table.frame["d18O_sd"].max() < 0.2  # from the columns, not the instrument
    assert "Depth_meters" in lines(table, "flagged")["column"].tolist()


def test_the_dropped_neon_visit_can_be_left_out(isotopes: Path) -> None:
    options = ReadOptions(exclude={"Bout": ("SJER5",)})
    table = read(isotopes, "neon-soil-plant/soils.csv", "neon-soil-plant/plants.csv", options=options)
    assert lines(table, "left out")["file"].value_counts().to_dict() == {"plants.csv": 13, "soils.csv": 11}


def test_a_map_of_groundwater_is_no_sample_unless_mapped_and_then_flagged(isotopes: Path) -> None:
    with pytest.raises(InputRefused, match=r"d18O\.m"):
        read(isotopes, "neon-soil-plant/gw.csv")
    options = ReadOptions(
        columns={"d2H.m": "d2H", "d18O.m": "d18O", "d18O.sd": "d18O_sd", "d2H.sd": "d2H_sd"},
        default_kind="groundwater",
    )
    table = read(isotopes, "neon-soil-plant/gw.csv", options=options)
    assert table.rows_used == 12
    assert lines(table, "flagged")["found"].tolist() == ["named as a mean"] * 2


def test_nmeg_soil_and_soil_with_a_blank_are_one_kind(isotopes: Path) -> None:
    options = ReadOptions(
        columns={"soil max depth (cm)": "depth_bottom_m"}, keep=("Plant", "stem rep or pooled")
    )
    table = read(isotopes, "nmeg-soil-stem/NMEGIsotopeData.csv", options=options)
    frame = table.frame
    assert (table.rows_read, table.rows_used, table.rows_left_out) == (197, 190, 7)
    assert (
        lines(table, "converted", "Soil or Stem")["found"].iloc[0]
        == "96 cells with blanks at the ends, the first 'Soil '"
    )
    assert not len(lines(table, "flagged", "Soil or Stem"))
    assert set(frame["kind"]) == {"soil_water", "stem"}
    assert sorted(frame["date"].dt.strftime("%Y-%m-%d").unique()) == [
        "2019-10-12",
        "2021-06-22",
        "2021-06-23",
        "2021-06-24",
    ]
    soil = frame[frame["kind"] == "soil_water"]
    assert soil["depth_top_m"].isna().all()
    assert (
        soil.loc[soil["date"].dt.year == 2021, "depth_bottom_m"]
        .dropna()
        .isin([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
        .all()
    )
    assert frame.loc[frame["date"].dt.year == 2019, "Plant"].isna().all()
    told = lines(table, "flagged", "sample_id")["found"]
    assert sorted(text.split("'")[1] for text in told) == ["135", "150", "57"]
    assert "plant vial" in lines(table, "flagged", "Notes")["found"].iloc[0]


def test_nmeg_vials_measured_twice_are_one_water(isotopes: Path) -> None:
    options = ReadOptions(columns={"soil max depth (cm)": "depth_bottom_m"}, keep=("Plant",))
    waters = pool_parallels(read(isotopes, "nmeg-soil-stem/NMEGIsotopeData.csv", options=options))
    assert len(waters) == 187
    assert sorted(waters.loc[waters["parallels"] == 2, "sample_id"].astype(str)) == ["135", "150", "57"]


def test_a_table_of_plants_is_no_table_of_waters(isotopes: Path) -> None:
    with pytest.raises(InputRefused, match=r"no column of δ18O or δ2H"):
        read(isotopes, "nmeg-soil-stem/plantchar.csv")


def test_the_amount_of_a_storm_means_rain_or_flow(isotopes: Path) -> None:
    table = read(isotopes, "liesbeek-storm/liesbeek-data-tidy.csv", "liesbeek-storm/extra-sites.csv")
    assert (table.rows_read, table.rows_used) == (45, 45)
    assert table.frame["kind"].value_counts().loc[lambda n: n > 0].to_dict() == {
        "river": 26,
        "precipitation": 16,
        "other": 3,
    }
    assert len(lines(table, "set missing", "amount_mm")) == 26
    assert table.frame["amount_mm"].notna().sum() == 16
    assert lines(table, "flagged", "amnt")["found"].tolist() == ["no unit"]
    assert "40 times without a zone" in lines(table, "flagged", "date_time")["found"].iloc[0]
    assert table.frame["date"].max().hour == 8 or table.frame["date"].dt.day.max() == 8
