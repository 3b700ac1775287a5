"""TOA5 files: values and times, headers that come again, damage, and agreement of both ways of reading."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from headwater.errors import InputRefused, SettingsRefused, UnitsUnclear
from headwater.stations.formats import toa5
from headwater.stations.parsed import Parsed
from headwater.stations.readings import Readings
from tests.stations.formats.make_messages import (
    STATION,
    TOA5_HEADER,
    adds_up,
    damaged,
    one_series,
    refused_or_adds_up,
    table,
)
from tests.stations.formats.make_messages import toa5 as file_of

TIMES = ["2020-06-01 00:10:00", "2020-06-01 00:20:00", "2020-06-01 00:30:00"]
HIDDEN = b'"2020-06-01 00:10:00",1,'


def test_values_are_si_and_times_utc() -> None:
    found = toa5.parse(file_of(TIMES), STATION)
    assert table(found.readings)[:3] == [
        ("soil_moisture 0.10", "2020-05-31T16:10:00.000000", 0.2),
        ("soil_temperature 0.10", "2020-05-31T16:10:00.000000", 285.45),
        ("soil_moisture 0.10", "2020-05-31T16:20:00.000000", 0.201),
    ]
    assert (found.lines, found.used, found.left_out) == (7, 7, 0)
    assert [(one.column, one.found, one.action) for one in found.problems] == [
        ("Spare", "3 lines", "column ignored")
    ]


@pytest.mark.parametrize("cell", [b'"NAN"', b"NAN", b'"INF"', b"-INF", b"-7999", b"7999", b'"7999"', b""])
def test_what_stands_for_no_value_is_a_flagged_reading_without_one(cell: bytes) -> None:
    for fast in (True, False):
        found = toa5.parse(TOA5_HEADER + HIDDEN + cell + b",1,2\r\n", STATION, fast=fast).readings
        moisture = one_series(found, "soil_moisture")
        assert np.isnan(moisture.value).all()
        assert moisture.flags.tolist() == [1 << 15]


def test_header_may_be_cut_latin_1_and_unquoted() -> None:
    header = TOA5_HEADER.replace(b'"', b"").split(b"\r\n")
    header[0], header[2] = b"TOA5,ridge,CR1000X", b"TS,RN,m\xb3/m\xb3,\xb0C,mV"
    found = toa5.parse(b"\n".join(header) + b"2020-06-01 00:10:00.25,1,0.3,1.5,2\n", STATION)
    assert table(found.readings) == [
        ("soil_moisture 0.10", "2020-05-31T16:10:00.250000", 0.3),
        ("soil_temperature 0.10", "2020-05-31T16:10:00.250000", 274.65),
    ]


def test_a_header_in_mid_file_may_bring_other_columns() -> None:
    other = TOA5_HEADER.replace(b'"VWC_10cm_Avg","T_10cm_Avg"', b'"T_10cm_Avg","VWC_10cm_Avg"').replace(
        b'"m3/m3","degC"', b'"degC","%"'
    )
    data = file_of(TIMES[:2], 70) + other + b'"2020-06-01 00:30:00",0,5,21.3,7\r\n'
    found = toa5.parse(data, STATION)
    assert table(found.readings)[-2:] == [
        ("soil_temperature 0.10", "2020-05-31T16:30:00.000000", 278.15),
        ("soil_moisture 0.10", "2020-05-31T16:30:00.000000", 0.213),
    ]
    assert (found.lines, found.used) == (11, 11)
    assert [one.found for one in found.problems if one.column == "RECORD"] == ["0 after 71"]


def test_a_damaged_header_in_mid_file_costs_its_lines_and_no_more() -> None:
    found = toa5.parse(
        file_of(TIMES[:1]) + TOA5_HEADER.replace(b"TIMESTAMP", b"STAMP") + file_of(TIMES[1:]), STATION
    )
    assert (found.lines, found.used, found.left_out) == (15, 11, 4)
    assert len(one_series(found.readings, "soil_moisture")) == 3


def test_each_damage_has_a_problem_and_costs_only_itself() -> None:
    lines = [
        b'"2020-06-01 00:10:00",1,x,1,7',
        b'"2020-06-01 00:20:00",2,0.2,1',
        b'"2020-13-01 00:20:00",2,0.2,1,7',
        b'"2020-06-01 00:30:00",a,0.2,1,7',
        b"",
        b'"2020-06-01 00:40:00",4,1e999,x,7',
        b'"2020-06-01 00:50:00",5,0.3,1,7',
    ]
    found = toa5.parse(TOA5_HEADER + b"\n".join(lines), STATION)
    assert adds_up(found)
    assert (found.lines, found.used, found.blank, found.left_out) == (11, 6, 1, 4)
    told = [(one.line, one.column, one.action) for one in found.problems if one.action != "column ignored"]
    assert told == [
        (5, "VWC_10cm_Avg", "value left out"),
        (6, "", "line left out"),
        (7, "TIMESTAMP", "line left out"),
        (8, "RECORD", "line left out"),
        (10, "VWC_10cm_Avg", "value left out"),
        (10, "T_10cm_Avg", "value left out"),
    ]
    assert len(found.readings) == 3


def test_the_repeated_hour_is_resolved_and_the_missing_one_refused() -> None:
    berlin = replace(STATION, zone="Europe/Berlin")
    autumn = ["2023-10-29 01:30:00", "2023-10-29 02:00:00", "2023-10-29 02:30:00"]
    autumn += ["2023-10-29 02:00:00", "2023-10-29 02:30:00", "2023-10-29 03:00:00"]
    times = one_series(toa5.parse(file_of(autumn), berlin).readings, "soil_moisture").time
    assert np.diff(times).astype("timedelta64[m]").astype(int).tolist() == [30] * 5
    spring = toa5.parse(
        file_of(["2024-03-31 01:30:00", "2024-03-31 02:30:00", "2024-03-31 03:00:00"]), berlin
    )
    assert (spring.left_out, len(spring.readings)) == (1, 4)


def test_what_cannot_be_read_at_all_says_what_to_do() -> None:
    with pytest.raises(SettingsRefused, match="set `zone` of the station"):
        toa5.parse(file_of(TIMES), replace(STATION, zone=""))
    with pytest.raises(UnitsUnclear, match=r"column 'T_10cm_Avg'.*'kPa'"):
        toa5.parse(file_of(TIMES).replace(b"degC", b"kPa"), STATION)
    channels = tuple(
        replace(one, units="%") if one.field == "VWC_10cm_Avg" else one for one in STATION.channels
    )
    with pytest.raises(UnitsUnclear, match="'m3/m3', the channel '%'"):
        toa5.parse(file_of(TIMES), replace(STATION, channels=channels))
    with pytest.raises(InputRefused, match="none of its columns"):
        toa5.parse(file_of(TIMES), replace(STATION, channels=()))
    with pytest.raises(InputRefused, match="begins with TOA5"):
        toa5.parse(b"", STATION)


def same(one: Readings, other: Readings) -> bool:
    return one.series == other.series and all(
        getattr(one, name).tobytes() == getattr(other, name).tobytes()
        for name in ("of", "time", "value", "flags", "version")
    )


def outcome(data: bytes, *, fast: bool) -> Parsed | str:
    try:
        return toa5.parse(data, STATION, fast=fast)
    except (InputRefused, SettingsRefused) as error:
        return str(error)


def assert_ways_agree(data: bytes) -> None:
    one, other = outcome(data, fast=True), outcome(data, fast=False)
    if isinstance(one, str) or isinstance(other, str):
        assert one == other, data
        return
    assert adds_up(one)
    assert same(one.readings, other.readings), data
    assert (one.problems, one.used, one.blank, one.left_out) == (
        other.problems,
        other.used,
        other.blank,
        other.left_out,
    ), data


ODD = [
    b"0x10",
    b"1e3",
    b" 5 ",
    b"+5",
    b".5",
    b"5.",
    b"1_0",
    b"nan(1)",
    b"Infinity",
    b'"5"',
    b"1e13",
    b"-0",
    b"1d3",
    b"\xa05",
]


@pytest.mark.parametrize("cell", ODD)
@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_both_ways_agree_on_odd_cells(cell: bytes, place: int) -> None:
    cells = [b'"2020-06-01 00:10:00"', b"1", b"0.2", b"3"]
    cells[place] = cell
    assert_ways_agree(TOA5_HEADER + b",".join([*cells, b"7"]) + b"\n")


@pytest.mark.parametrize(
    "time",
    [
        b"2020-06-01",
        b"2020-06-01 00",
        b"2020-06-01 24:00:00",
        b"2020-06-01T00:10",
        b"2020/6/1 0:10",
        b"20200601",
        b"2020-06-01 00:10:00Z",
        b"2020-06-01 00:10:00+08:00",
        b"2020-06-01 00:10:00.1234567",
        b"0001-01-01 00:00:00",
        b"2020-06-01 00:10:60",
        b"2020-06-01 00:10:00.5",
        b"2020-02-30 00:10:00",
        b"2020-06-01 00:10:00+0800",
    ],
)
def test_both_ways_agree_on_odd_times(time: bytes) -> None:
    assert_ways_agree(TOA5_HEADER + b'"' + time + b'",1,0.2,3,7\n')


@pytest.mark.parametrize(
    "line", [b'"2020-06-01 00:30:00",5,0.2,7.3,"7', b'"2020-06-01 00:30:00",5,0.2,7"3,"7']
)
def test_both_ways_agree_on_a_quote_that_stays_open(line: bytes) -> None:
    assert_ways_agree(file_of(TIMES) + line)
    assert_ways_agree(file_of(TIMES) + line + b"\n" + file_of(TIMES))


def fuzz(cases: int) -> None:
    rng = np.random.default_rng(5)
    sample = file_of(TIMES * 2) + file_of(TIMES)
    for _ in range(cases):
        assert_ways_agree(damaged(sample, rng))


def test_damaged_files_are_refused_or_accounted_for_the_same_on_both_ways() -> None:
    fuzz(500)
    rng = np.random.default_rng(6)
    assert all(refused_or_adds_up(toa5.parse, damaged(file_of(TIMES), rng), STATION) for _ in range(500))


@pytest.mark.long
def test_many_damaged_files_are_refused_or_accounted_for() -> None:
    fuzz(100_000)
