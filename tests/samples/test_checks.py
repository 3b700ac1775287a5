"""What a table may hide: each trap is found, counted and listed, or the table is refused with the remedy."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from headwater.errors import InputRefused, UnitsUnclear
from headwater.samples import ReadOptions
from headwater.samples.check_excess import excess_tolerance
from headwater.samples.gcj02 import METRES_PER_DEGREE, to_gcj02
from tests.samples.conftest import Reader, lines


def rows(d18O: np.ndarray, d2H: np.ndarray, kind: str = "river", head: str = "id,kind,d18O,d2H") -> str:
    pairs = zip(d18O, d2H, strict=True)
    return (
        head + "\n" + "\n".join(f"{kind}{i},{kind},{x:.4f},{y:.4f}" for i, (x, y) in enumerate(pairs)) + "\n"
    )


def waters(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    d18O = rng.normal(-13, 3, n)
    return d18O, 8 * d18O + 8 + rng.normal(0, 2, n)


# ------------------------------------------------------------------------------------------------- scale


def test_fractions_are_refused_with_the_two_ways_out(read: Reader) -> None:
    x, y = waters(20)
    with pytest.raises(UnitsUnclear, match=r"--delta-unit fraction.*header") as caught:
        read(rows(x / 1000, y / 1000))
    assert "t.csv, column 'd2H'" in str(caught.value)


@pytest.mark.parametrize("head", ["id,kind,d18O (fraction),d2H (fraction)", "id,kind,d18O,d2H"])
def test_fractions_that_are_declared_become_permil(read: Reader, head: str) -> None:
    x, y = waters(20)
    options = ReadOptions() if "fraction" in head else ReadOptions(delta_unit="fraction")
    table = read(rows(x / 1000, y / 1000, head=head), options)
    assert table.frame["d18O"].to_numpy() == pytest.approx(x, abs=0.051)
    assert len(lines(table, "converted", head.split(",")[2])) == 1


def test_permil_that_is_declared_is_honoured_and_flagged_where_it_looks_odd(read: Reader) -> None:
    table = read("id,kind,d18O(‰),d2H(‰)\na,ocean,0.02,0.1\nb,ocean,-0.03,0.2\n")
    assert table.frame["d2H"].tolist() == [0.1, 0.2]
    assert lines(table, "flagged", "d2H(‰)")["expected"].str.contains("are these fractions").all()
    assert read("id,kind,d18O,d2H\na,ocean,0.02,0.1\n", ReadOptions(delta_unit="permil")).rows_used == 1


def test_a_header_and_an_option_that_contradict_are_refused(read: Reader) -> None:
    with pytest.raises(UnitsUnclear, match=r"header says 'fraction'.*'permil'"):
        read("id,kind,d18O (fraction),d2H\na,rain,-0.01,-0.07\n", ReadOptions(delta_unit="permil"))
    with pytest.raises(UnitsUnclear, match=r"unit 'mm'"):
        read("id,kind,d18O (mm),d2H\na,rain,-1,-7\n")
    with pytest.raises(UnitsUnclear, match=r"depth_unit says 'm'"):
        read("id,kind,d18O,d2H,depth (cm)\na,soil,-1,-7,10\n", ReadOptions(depth_unit="m"))


def test_only_one_isotope_in_fractions_is_refused_too(read: Reader) -> None:
    x, y = waters(8)
    with pytest.raises(UnitsUnclear, match=r"'d18O'"):
        read(rows(x / 1000, y))
    with pytest.raises(UnitsUnclear, match=r"'d18O'"):
        read("id,d18O\na,-0.012\nb,-0.3\n")


def test_depth_without_a_unit_is_refused_and_an_option_settles_it(read: Reader) -> None:
    text = "id,kind,d18O,d2H,depth\na,soil,-10,-70,0-20\n"
    with pytest.raises(UnitsUnclear, match=r"row 2, column 'depth': depth '0-20' has no unit.*--depth-unit"):
        read(text)
    assert read(text, ReadOptions(depth_unit="cm")).frame["depth_bottom_m"][0] == 0.2
    lower = ReadOptions(depth_unit="cm", columns={"depth": "depth_bottom_m"})
    frame = read(text.replace("0-20", "20"), lower).frame
    assert (frame["depth_bottom_m"][0], np.isnan(frame["depth_top_m"][0])) == (0.2, True)


# ----------------------------------------------------------------------------------------------- columns


def test_swapped_columns_are_refused_with_the_remedy(read: Reader) -> None:
    x, y = waters(20)
    with pytest.raises(InputRefused, match=r'columns = {"d18O" = "d2H", "d2H" = "d18O"}'):
        read(rows(y, x))
    remedy = ReadOptions(columns={"d18O": "d2H", "d2H": "d18O"})
    assert read(rows(y, x), remedy).frame["d18O"].to_numpy() == pytest.approx(x, abs=1e-4)


def test_swapped_rows_are_left_out_one_line_each(read: Reader) -> None:
    x, y = waters(20)
    x[[3, 7]], y[[3, 7]] = y[[3, 7]], x[[3, 7]]
    table = read(rows(x, y))
    assert lines(table, "left out")["row"].tolist() == [5, 9]
    assert lines(table, "left out")["expected"].str.contains("exchanged").all()


def test_evaporated_waters_are_not_taken_for_swapped(read: Reader) -> None:
    x = np.array([20.95, 10.0, 5.0, 9.1, -2.0])
    y = np.array([-32.4, 0.0, -20.0, -46.0, -60.0])
    table = read(rows(x, y, "stem"))
    assert table.rows_used == 5
    assert lines(table, "flagged", "d2H")["row"].tolist() == [2, 5]


def test_isotopes_that_do_not_belong_together(read: Reader) -> None:
    x, y = waters(30)
    good, shuffled = rows(x, y, "river"), rows(x, np.random.default_rng(1).permutation(y), "lake")
    table = read(good + shuffled.split("\n", 1)[1])
    told = lines(table, "flagged", "d2H")
    assert len(told) == 1 and told["found"].iloc[0].startswith("lake: r = ")
    with pytest.raises(InputRefused, match=r"do not belong together in any kind of water .lake: r = "):
        read(shuffled)
    assert read("\n".join(shuffled.split("\n")[:10])).rows_used == 9  # n < 10: not judged


def test_correlations_are_those_of_numpy() -> None:
    from headwater.samples.check_correlation import correlations

    x, y = waters(40)
    frame = pd.DataFrame(
        {"kind": pd.Categorical(["a"] * 25 + ["b"] * 15), "d18O": x, "d2H": np.where(x > -13, y, x * y)}
    )
    found = correlations(frame)
    for kind, part in frame.groupby("kind", observed=True):
        assert found.loc[kind, "r"] == pytest.approx(np.corrcoef(part["d18O"], part["d2H"])[0, 1])


# ------------------------------------------------------------------------------------------------ values


def test_stored_excess_is_compared_with_the_rounding_it_allows(read: Reader) -> None:
    head = "id,kind,d18O,d2H,d-excess\n"
    table = read(head + "a,rain,-10.00,-70.0,10.0\nb,rain,-10.00,-70.0,10.6\nc,rain,-10.00,-70.0,12.0\n")
    assert excess_tolerance({"d18O": 0.01, "d2H": 0.1, "d_excess_given": 0.1}) == pytest.approx(0.64)
    told = lines(table, "flagged", "d_excess_given")
    assert told["row"].tolist() == [4]
    assert "stored 12.00, δ2H − 8 δ18O = 10.00" in told["found"].iloc[0]
    assert "0.64 ‰" in told["expected"].iloc[0]


def test_impossible_values_are_missing_and_listed(read: Reader) -> None:
    text = (
        "id,kind,d18O,d2H,altitude (m),RH (%),slope,soil_moisture\n"
        "a,rain,-61,-90,4000,40,10,0.2\nb,rain,-12,-501,99999,140,91,0.3\n"
        "c,rain,41,201,-9999,50,5,0.1\nd,rain,-12,-90,9500,50,5,0.1\n"
    )
    table = read(text)
    assert table.rows_used == 3
    missing = lines(table, "set missing")
    assert set(zip(missing["column"], missing["row"], strict=True)) == {
        ("d18O", 2),
        ("d2H", 3),
        ("altitude (m)", 3),
        ("relative_humidity", 3),
        ("slope_deg", 3),
        ("d18O", 4),
        ("d2H", 4),
        ("altitude (m)", 4),
        ("altitude_m", 5),
    }
    assert lines(table, "left out")["row"].tolist() == [4]
    assert table.frame["altitude_m"].isna().tolist() == [False, True, True]


def test_units_are_converted_from_the_header(read: Reader) -> None:
    text = "id,kind,d18O,d2H,elevation (km),RH (%),air temperature (K),soil moisture (%),amount (cm),"
    text += "slope (%)\na,rain,-12,-90,4.5,40,280.15,20,1.2,30\n"
    row = read(text).frame.iloc[0]
    assert row["altitude_m"] == 4500 and row["relative_humidity"] == pytest.approx(0.4)
    assert row["air_temperature_C"] == pytest.approx(7.0) and row["soil_moisture"] == pytest.approx(0.2)
    assert row["amount_mm"] == pytest.approx(12) and np.isnan(row["slope_deg"])
    assert lines(read(text), "set missing", "slope (%)")["row"].isna().all()


def test_a_column_slope_that_holds_aspects_is_the_aspect(read: Reader) -> None:
    table = read("id,kind,slope,d18O,d2H\na,soil,N,-3,-12\nb,soil,South,-4,-20\nc,soil,,-4,-21\n")
    assert table.frame["aspect"].tolist()[:2] == ["N", "S"] and table.frame["slope_deg"].isna().all()
    assert len(lines(table, "flagged", "slope")) == 1


def test_a_table_without_any_usable_row_is_refused_with_the_reason(read: Reader) -> None:
    with pytest.raises(
        InputRefused, match=r"none of the 2 rows can be used .2 of them: found '6 cells, header has 4'"
    ):
        read("id,kind,d18O,d2H\na,rain,-3,1,-12,1\nb,rain,-4,2,-20,2\n")


def test_a_flow_is_no_amount_of_rain(read: Reader) -> None:
    table = read("id,type,d18O,d2H,amnt\na,rain,-3,-12,12\nb,river,-4,-20,6660.86\n")
    assert table.frame["amount_mm"].tolist()[0] == 12 and np.isnan(table.frame["amount_mm"][1])
    assert lines(table, "flagged", "amnt")["found"].tolist() == ["no unit"]
    assert lines(table, "set missing", "amount_mm")["row"].tolist() == [3]


def test_analytical_sd_comes_from_columns_then_settings_then_the_instrument(read: Reader) -> None:
    text = "id,kind,d18O,d2H,d18O_sd\na,rain,-3,-12,0.03\nb,rain,-4,-20,\n"
    table = read(text)
    assert table.frame["d18O_sd"].tolist() == [0.03, 0.2]
    assert table.frame["d2H_sd"].tolist() == [0.5, 0.5]
    assert read(text, ReadOptions(analytical_sd={"d18O": 0.1, "d2H": 0.9})).frame["d2H_sd"].tolist() == [
        0.9,
        0.9,
    ]
    assert len(lines(table, "converted", "d18O_sd")) == 1


# ------------------------------------------------------------------------------------------------- names


def test_kinds_with_blanks_and_unknown_kinds(read: Reader) -> None:
    table = read(
        "id,kind,d18O,d2H\na,Soil ,-3,-12\nb,Soil,-4,-20\nc,fog drip,-4,-20\nd,fog drip,-4,-20\ne,NA,-4,-20\n"
    )
    assert table.frame["kind"].tolist() == ["soil_water", "soil_water", "other", "other", "other"]
    assert lines(table, "converted", "kind")["found"].tolist() == [
        "1 cells with blanks at the ends, the first 'Soil '"
    ]
    told = lines(table, "flagged", "kind")["found"].tolist()
    assert told == ["1 cells without a kind", "'fog drip' (2 rows)"]
    own = ReadOptions(kinds={"fog drip": "precipitation"}, default_kind="river")
    assert read("id,kind,d18O,d2H\nc,Fog-Drip,-4,-20\ne,NA,-4,-20\n", own).frame["kind"].tolist() == [
        "precipitation",
        "river",
    ]


def test_remarks_that_doubt_a_row_and_zones_without_sign(read: Reader) -> None:
    table = read(
        "id,kind,d18O,d2H,Sample_Comments,Collection_Time_Zone,date\n"
        "a,soil,-3,-12,no depth info given,6,2020-06-03 10:00\nb,soil,-4,-20,by a road,-5,2020-06-03 11:00\n"
    )
    assert lines(table, "flagged", "Sample_Comments")["row"].tolist() == [2]
    assert "time zones without a sign: 6" in lines(table, "flagged", "Collection_Time_Zone")["found"].iloc[0]
    assert lines(table, "flagged", "date")["found"].tolist() == [
        "2 times without a zone, the first '2020-06-03 10:00'"
    ]


def test_dates_are_flagged_once_or_row_by_row(read: Reader) -> None:
    table = read(
        "id,kind,d18O,d2H,date\na,rain,-3,-12,3/6/2020\nb,rain,-4,-20,4/6/2020\nc,rain,-4,-21,30/02/2020\n"
    )
    assert lines(table, "set missing", "date")["row"].tolist() == [4]
    assert len(lines(table, "flagged", "date")) == 0  # 30/02 settles that the day comes first
    unsure = read("id,kind,d18O,d2H,date\na,rain,-3,-12,3/6/2020\nb,rain,-4,-20,4/6/2020\n")
    assert lines(unsure, "flagged", "date")["expected"].tolist() == [
        "day first is assumed; give the date order to be sure"
    ]
    assert unsure.frame["date"].dt.month.tolist() == [6, 6]
    both = read(
        "id,kind,d18O,d2H,date\na,rain,-3,-12,13/6/2020\nb,rain,-4,-20,6/14/2020\nc,rain,-4,-21,3/6/2020\n"
    )
    assert lines(both, "set missing", "date")["row"].tolist() == [4]


# -------------------------------------------------------------------------------------------- duplicates


def test_one_water_in_two_rows(read: Reader) -> None:
    table = read(
        "id,site,kind,date,d18O,d2H\n57,S1,soil,2020-06-03,-3,-12\n58,S1,soil,2020-06-03,-4,-20\n57,S1,soil,2020-06-03,-3,-12\n"
        "58,S1,soil,2020-06-03,-4.2,-21\n60,S1,soil,2020-06-03,-5,-30\n60,S2,soil,2020-06-03,-6,-31\n,S2,soil,2020-06-03,-6,-31\n"
    )
    out = lines(table, "left out")
    assert out["row"].tolist() == [4] and "id '57' also in t.csv, row 2" in out["found"].iloc[0]
    told = lines(table, "flagged", "sample_id")
    assert dict(zip(told["row"], told["expected"].str[:30], strict=True)) == {
        5: "one row a water; a vial measur",
        7: "an id of its own; site, kind, ",
    }


def test_injections_become_parallels(read: Reader) -> None:
    table = read(
        "Line,Inj Nr,Identifier 1,d(18_16)Mean,d(D_H)Mean\n"
        + "".join(f"{i},{i},W1,{-12 - i / 10},-90\n" for i in range(1, 4)),
        ReadOptions(default_kind="river", exclude={"Inj Nr": ("1",)}),
    )
    assert table.frame["replicate"].tolist() == ["2", "3"]
    assert lines(table, "left out")["row"].tolist() == [2]
    assert not len(lines(table, "flagged", "sample_id"))


# ------------------------------------------------------------------------------------------- coordinates


@pytest.mark.parametrize(
    ("wgs", "gcj"),
    [
        ((31.1774276, 121.5272106), (31.17530398364597, 121.531541859215)),
        ((22.543847, 113.912316), (22.540796131694766, 113.9171764808363)),
        ((39.911954, 116.377817), (39.91334545536069, 116.38404722455657)),
    ],
)
def test_gcj02_at_shanghai_shenzhen_and_beijing_as_published(
    wgs: tuple[float, float], gcj: tuple[float, float]
) -> None:
    """Test pairs of the public eviltransform library (googollee/eviltransform, MIT)."""
    latitude, longitude = to_gcj02(np.array([wgs[0]]), np.array([wgs[1]]))
    assert (latitude[0], longitude[0]) == pytest.approx(gcj, abs=1e-6)


def test_gcj02_moves_most_of_the_headwater_region_by_60_to_700_m() -> None:
    grid = np.meshgrid(np.linspace(31.65, 36.2, 60), np.linspace(89.75, 102.38, 60))
    latitude, longitude = grid[0].ravel(), grid[1].ravel()
    north, east = to_gcj02(latitude, longitude)
    metres = METRES_PER_DEGREE * np.hypot(north - latitude, (east - longitude) * np.cos(np.radians(latitude)))
    assert metres.max() < 700
    assert np.quantile(metres, 0.05) > 60


def test_a_site_with_gcj02_beside_its_coordinates_is_flagged(read: Reader) -> None:
    north, east = (float(one[0]) for one in to_gcj02(np.array([34.55]), np.array([98.13])))
    table = read(
        "id,site,kind,lat,lon,d18O,d2H\na,Maduo,river,34.55,98.13,-12,-90\n"
        f"b,Maduo,river,{north:.5f},{east:.5f},-11,-80\nc,Maduo,river,34.5536,98.1352,-10,-75\nd,Dari,river,{north:.5f},{east:.5f},-9,-70\n"
    )
    told = lines(table, "flagged", "latitude")
    assert told["row"].tolist() == [3]
    assert "GCJ-02" in told["expected"].iloc[0] and "'Maduo'" in told["found"].iloc[0]


def test_dms_full_width_and_bad_coordinates(read: Reader) -> None:
    table = read(
        "id,kind,纬度,经度,d18O,d2H\na,rain,34°12′30″N,９９°３０′,-12,-90\nb,rain,95.1,34.2,-11,-80\nc,rain,34.5,99.5,-10,-75\n"
    )
    assert table.frame["latitude"].tolist()[0] == pytest.approx(34 + 12.5 / 60)
    assert table.frame["longitude"].tolist()[0] == 99.5
    assert lines(table, "set missing", "纬度")["row"].tolist() == [3]
    assert len(lines(table, "converted", "纬度")) == 1


def test_rows_without_a_place_among_rows_with_one(read: Reader) -> None:
    body = "".join(f"{i},river,34.5,99.5,{-12 - i / 10},{-90 - i}\n" for i in range(20))
    table = read("id,kind,lat,lon,d18O,d2H\n" + body + "tap,river,,,-9,-70\n")
    assert lines(table, "flagged", "latitude")["row"].tolist() == [22]
    x_and_y = read("id,kind,X,Y,d18O,d2H\na,rain,4e6,5e5,-12,-90\n")
    assert lines(x_and_y, "flagged")["column"].tolist()[-2:] == ["X", "Y"]
    assert x_and_y.frame["latitude"].isna().all()
