"""Files of the ISMN: what they say is read, damage is told, and the fast way gives what the careful does."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.errors import InputRefused, UnitsUnclear
from headwater.stations.formats.ismn import parse
from headwater.stations.formats.ismn_lines import ismn_words
from headwater.stations.formats.ismn_names import parse_file_name, split_place
from headwater.stations.readings import State
from headwater.stations.series import Series
from tests.stations.formats import make_ismn as make
from tests.stations.formats.make_ismn import ENDS, HEADER, NAME, PLACE, UNNAMED, ceop, file, line

SERIES = Series("SOURCE/Ridge_01", "soil_moisture", 50, 50, "EC 5 (new)")


def said(found):
    return [found.readings.said[at] for at in found.readings.says]


def flags(found):
    return [ismn_words().text(mask) for mask in found.readings.flags.tolist()]


def test_a_file_by_hand() -> None:
    lines = [
        "2020/01/01 00:00   0.2140 G M",
        "2020/01/01 01:00  -0.0100 C01,D01 M ",
        "2020/02/29 23:30   0.2200 D02 two words",
        "2020/03/01 00:00   0.2300 D03,D04",
        "2020/03/01 01:00   -9999.0000 M 0    ",
        "2020/03/01 02:00   NaN U M",
    ]
    for fast in (True, False):
        found = parse(file(lines), name=NAME, fast=fast)
        assert found.readings.series == (SERIES,)
        assert found.readings.time.tolist() == [
            np.datetime64(one, "us").item()
            for one in (
                "2020-01-01T00:00", "2020-01-01T01:00", "2020-02-29T23:30",
                "2020-03-01T00:00", "2020-03-01T01:00", "2020-03-01T02:00",
            )
        ]  # fmt: skip
        np.testing.assert_array_equal(found.readings.value, [0.214, -0.01, 0.22, 0.23, np.nan, np.nan])
        assert flags(found) == ["G", "C01,D01", "D02", "D03,D04", "M", "U,M"]
        assert said(found) == ["M", "M", "two words", "", "0", "M"]
        frozen = int(State.FROZEN)
        assert found.readings.state.tolist() == [0, frozen, 0, frozen, 0, 0]
        (station,) = found.stations
        assert (station.id, station.network, station.name) == ("SOURCE/Ridge_01", "SOURCE", "Ridge_01")
        assert (station.latitude, station.longitude, station.altitude_m) == (33.8833, 102.1333, 3431.0)
        assert (found.lines, found.used, found.blank, found.left_out, found.problems) == (7, 7, 0, 0, ())


def test_units_become_si() -> None:
    celsius = parse(file([line(0, -12.3)]), name=NAME.replace("_sm_", "_ts_")).readings
    assert celsius.series[0].variable == "soil_temperature"
    assert celsius.value.tolist() == [260.85]
    suction = parse(file([line(0, 12.5)]), name=NAME.replace("_sm_", "_su_")).readings
    assert suction.value.tolist() == [12_500.0]
    snow = parse(file([line(0, 120)]), name=NAME.replace("_sm_", "_sd_")).readings
    assert snow.value.tolist() == [0.12]
    named = parse(file([line(0, 1.5)]), name=NAME.replace("_sm_", "_Soil-Temperature_")).readings
    assert named.value.tolist() == [274.65]
    stated = parse(file([line(0, 1.5)]), name="renamed.stm", variable="precipitation").readings
    assert stated.series[0].variable == "precipitation"


@pytest.mark.parametrize("end", ENDS)
def test_every_line_end_is_read(end: str) -> None:
    lines = [line(at, 0.1 + at / 100) for at in range(5)]
    usual = parse(file(lines), name=NAME)
    found = parse(file(lines, end=end), name=NAME)
    assert make.same(found.readings, usual.readings)
    assert (found.lines, found.used, found.blank) == (6, 6, 0)
    assert make.same(parse(file(lines, end=end)[: -len(end)], name=NAME).readings, usual.readings)


def test_line_ends_may_change_within_a_file_as_in_downloads() -> None:
    text = (
        HEADER + "\n\r" + line(0, 0.1) + "\r\n" + line(1, 0.2) + " \r" + line(2, 0.3) + "\n\n" + line(3, 0.4)
    )
    found = parse(b"\xef\xbb\xbf" + text.encode(), name=NAME)
    assert found.readings.value.tolist() == [0.1, 0.2, 0.3, 0.4]
    assert (found.lines, found.used, found.blank, found.left_out) == (6, 5, 1, 0)


@pytest.mark.parametrize("make_file", [file, ceop])
def test_blank_lines_before_the_first_are_counted(make_file) -> None:
    for fast in (True, False):
        found = parse(b"\n \r\n" + make_file([line(0, 0.1)]), name=NAME, fast=fast)
        assert found.readings.value.tolist() == [0.1]
        assert (found.blank, found.left_out, found.lines - found.used) == (2, 0, 2)


@pytest.mark.parametrize(
    ("header", "network", "station", "depths", "sensor"),
    [
        (HEADER, "SOURCE", "Ridge_01", (50, 50), "EC 5 (new)"),
        ('A B #7("x") 1.5 -2.25 10 -2.00 -2.00 Probe #2', "B", '#7("x")', (-2000, -2000), "Probe #2"),
        ("A B Two Words 1.5 -2.25 NaN 0.0 0.19", "B", "Two Words", (0, 190), ""),
        ("A B CST 01 33.88330 102.13330 3431.00 0.05 0.05 5 TM", "B", "CST 01", (50, 50), "5 TM"),
        ("A B S 1 2 3 4 5 33.88330 102.13330 3431.00 0.05 0.05 X", "B", "S 1 2 3 4 5", (50, 50), "X"),
        ("A B 中文 -90 -180 -9999 0.051 0.051 n.s.", "B", "中文", (51, 51), "n.s."),
    ],
)
def test_names_of_all_kinds(header: str, network: str, station: str, depths: tuple, sensor: str) -> None:
    found = parse(file([line(0, 0.2)], header=header), name=NAME)
    series = found.readings.series[0]
    assert series == Series(f"{network}/{station}", "soil_moisture", *depths, sensor)


@pytest.mark.parametrize(
    ("bad", "column", "found"),
    [
        ("2021/02/29 00:00 0.2 G M", "time", "2021/02/29 00:00 "),
        ("2020/01/01 24:00 0.2 G M", "time", "2020/01/01 24:00 "),
        ("1899/12/31 23:00 0.2 G M", "time", "1899/12/31 23:00 "),
        ("no line at all", "time", "no line at all"),
        ("2020/01/01 00:00 0.2.2 G M", "soil_moisture", "0.2.2"),
        ("2020/01/01 00:00 inf G M", "soil_moisture", "inf"),
        ("2020/01/01 00:00", "soil_moisture", ""),
        ("2020/01/01 00:00 " + "9" * 2000, "", "2017 bytes"),
        ("2020/01/01 00:000.2 G M", "time", "2020/01/01 00:000"),
    ],
)
def test_a_damaged_line_is_told_and_the_others_are_read(bad: str, column: str, found: str) -> None:
    got = parse(file([line(0, 0.1), bad, "", line(2, 0.3)]), name=NAME)
    assert got.readings.value.tolist() == [0.1, 0.3]
    (problem,) = got.problems
    assert (problem.line, problem.column, problem.found) == (3, column, found)
    assert problem.expected and problem.action == "line left out"
    assert (got.lines, got.used, got.blank, got.left_out) == (5, 3, 1, 1)


def test_a_value_with_an_unknown_flag_is_kept_and_told() -> None:
    for text, known in (("Q9", ""), ("D01,Q9", "D01"), ("late", ""), ("", "")):
        found = parse(file([f"2020/01/01 00:00 0.2 {text}"]), name=NAME)
        assert found.readings.value.tolist() == [0.2]
        assert flags(found) == [known]
        (problem,) = found.problems
        assert (problem.line, problem.column, problem.found) == (2, "flag", text)
        assert (found.used, found.left_out) == (2, 0)


def test_problems_beyond_the_limit_are_counted() -> None:
    found = parse(file(["x"] * 3000), name=NAME)
    assert (len(found.problems), found.left_out, len(found.readings)) == (1000, 3000, 0)


def test_another_header_changes_the_place_and_the_same_does_not() -> None:
    other = HEADER.replace("Ridge_01", "Valley").replace("0.05    0.05", "0.10    0.10")
    found = parse(file([line(0, 0.1), HEADER, line(1, 0.2), other, line(2, 0.3), line(3, 0.4)]), name=NAME)
    assert [found.readings.series[at].station for at in found.readings.of] == [
        "SOURCE/Ridge_01", "SOURCE/Ridge_01", "SOURCE/Valley", "SOURCE/Valley",
    ]  # fmt: skip
    assert [one.name for one in found.stations] == ["Ridge_01", "Valley"]
    assert (found.used, found.left_out) == (7, 0)
    assert [(one.line, one.column) for one in found.problems] == [(5, "depth")]


def test_ceop_with_one_variable_gives_the_same_readings() -> None:
    lines = [line(at, 0.1 + at / 100, "D01,D03") for at in range(5)]
    place = HEADER.replace("EC 5 (new)", "EC-5")
    one, two = parse(file(lines, header=place), name=NAME), parse(ceop(lines), name=NAME)
    assert make.same(one.readings, two.readings)
    assert one.stations == two.stations
    assert (two.lines, two.used) == (5, 5)


def test_ceop_takes_the_actual_time_and_tells_that_it_differs() -> None:
    data = ceop([line(0, 0.1), line(1, 0.2)]).replace(b"2020/01/01 01:00 2020", b"2020/01/01 01:30 2020")
    for fast in (True, False):
        found = parse(data, name=NAME, fast=fast)
        assert found.readings.time[1] == np.datetime64("2020-01-01T01:00")
        (problem,) = found.problems
        assert (problem.line, problem.column) == (2, "time")
        assert "1 lines" in problem.found


def test_ceop_with_other_places_and_damaged_ones() -> None:
    lines = ceop([line(at, at / 10) for at in range(4)]).decode().splitlines()
    lines[1] = lines[1].replace("0.05    0.05", "0.40    0.40")
    lines[2] = lines[2].replace("33.88330", "93.88330")
    found = parse("\n".join(lines).encode(), name=NAME)
    assert [(one.depth_from_mm, one.sensor) for one in found.readings.series] == [(50, "EC-5"), (400, "EC-5")]
    assert found.readings.of.tolist() == [0, 1, 0]
    assert [(one.line, one.column, one.action) for one in found.problems] == [(3, "place", "line left out")]


def test_ceop_reference_format_has_two_variables_a_line() -> None:
    deep = PLACE.replace("0.05    0.05", "0.30    0.30")
    rows = [
        f"2020/01/01 00:00 2020/01/01 00:00 {PLACE}   12.30 U   0.2227 G",
        f"2020/01/01 00:00 2020/01/01 00:00 {deep} -999.99 M   0.3000 C03",
        f"2020/01/01 01:00 2020/01/01 01:00 {PLACE}   12.40 U   0.2228 D01 more",
    ]
    found = parse("\r".join(rows).encode(), name=UNNAMED)
    got = [
        (found.readings.series[of].variable, found.readings.series[of].depth_from_mm)
        for of in found.readings.of
    ]
    assert got == [
        ("soil_temperature", 50), ("soil_moisture", 50), ("soil_temperature", 300), ("soil_moisture", 300),
    ]  # fmt: skip
    np.testing.assert_array_equal(found.readings.value, [285.45, 0.2227, np.nan, 0.3])
    assert flags(found) == ["U", "G", "M", "C03"]
    assert (found.lines, found.used, found.left_out) == (3, 2, 1)


@pytest.mark.parametrize(
    "data",
    [b"", b"\n\r\n", b"\x00" * 50, b"%PDF-1.7", line(0, 0.1).encode(), HEADER[:60].encode(), b" " * 9999],
)
def test_what_is_no_such_file_is_refused_in_three_parts(data: bytes) -> None:
    with pytest.raises(InputRefused) as error:
        parse(data, name=NAME)
    assert NAME in str(error.value) and str(error.value).endswith("again.")


def test_a_file_that_does_not_tell_its_variable_is_refused() -> None:
    with pytest.raises(UnitsUnclear, match="does not tell the variable"):
        parse(file([line(0, 0.1)]), name="renamed.stm")
    with pytest.raises(UnitsUnclear, match="allowed are soil_moisture"):
        parse(file([line(0, 0.1)]), name=NAME, variable="discharge")


def test_a_depth_that_the_name_contradicts_is_told() -> None:
    found = parse(file([line(0, 0.1)]), name=NAME.replace("0.050000_0.050000", "0.400000_0.400000"))
    assert found.readings.series[0].depth_from_mm == 50
    assert [(one.line, one.column) for one in found.problems] == [(1, "depth")]
    assert parse(file([]), name=NAME.replace("0.050000_0.050000", "0.050800_0.050800")).problems == ()


def test_names_of_files() -> None:
    found = parse_file_name("down/load/A_B_C_D_ts_-2.000000_-2.000000_x_y_20200101_20201231.STM")
    assert found is not None and found.variable is not None
    assert (found.who, found.variable.name, found.depth_from_mm, found.sensor) == (
        "A_B_C_D", "soil_temperature", -2000, "x_y",
    )  # fmt: skip
    assert parse_file_name(NAME.replace(".stm", ".csv")) is None
    assert parse_file_name("_" * 100_000 + ".stm") is None
    unknown = parse_file_name(NAME.replace("_sm_", "_zz_"))
    assert unknown is not None and unknown.variable is None


def test_a_place_needs_five_possible_numbers() -> None:
    assert split_place(PLACE) is not None
    for wrong in ("91.0 102.1 3431 0.05 0.05", "33.8 181 3431 0.05 0.05", "33.8 102 9001 0.05 0.05",
                  "33.8 102 3431 0.05 1001", "33.8 102 3431 0.05", "33.8 1e2 3431 0.05 0.05"):  # fmt: skip
        assert split_place(f"A B C {wrong}") is None


words = st.tuples(
    st.sampled_from(make.TIMES),
    st.sampled_from(make.VALUES),
    st.sampled_from(make.FLAGS),
    st.sampled_from(make.SAID),
)
gaps = st.tuples(*[st.sampled_from([" ", "  ", "\t", ""])] * 3)


@given(st.lists(st.tuples(words, gaps), max_size=8), st.booleans(), st.sampled_from(ENDS))
@settings(max_examples=150, deadline=None)
def test_fast_and_careful_way_agree_to_the_last_bit(rows: list, twice: bool, end: str) -> None:
    texts = ["".join(w + g for w, g in zip(word, (*gap, ""), strict=True)) for word, gap in rows]
    good = [line(at, 0.1) for at in range(2)]
    data = (ceop if twice else file)([good[0], *texts, good[1]], end=end)
    one, two = (parse(data, name=NAME, fast=fast) for fast in (True, False))
    assert make.same(one.readings, two.readings)
    assert one.problems == two.problems
    assert (one.lines, one.used, one.blank, one.left_out) == (two.lines, two.used, two.blank, two.left_out)
    assert make.adds_up(one)


@given(st.decimals(min_value=-10_000, max_value=10_000, places=6, allow_nan=False))
@settings(max_examples=150, deadline=None)
def test_numbers_are_read_as_python_reads_them(number) -> None:
    found = parse(file([f"2020/01/01 00:00 {number:f} G M"]), name=NAME.replace("_sm_", "_p_"))
    expected = float(str(number))
    if expected not in (-9999.0, -999.99):
        assert found.readings.value.tolist() == [round(expected, 9)]


def test_seven_years_of_hours_take_a_fraction_of_a_second(record) -> None:
    lines = make.many(61_368, np.random.default_rng(7))
    data = {"header": file(lines), "ceop": ceop(lines)}
    for form, text in data.items():
        parse(text[:5000], name=NAME)
        started = time.process_time()
        found = parse(text, name=NAME)
        fast = time.process_time() - started
        assert len(found.readings) == len(lines)
        assert fast < 0.5  # 0.1 on the machine of the published numbers
        record(f"ismn_{form}_seven_years", {"lines": len(lines), "seconds": round(fast, 3)})
