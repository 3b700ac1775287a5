"""Generic tables: what is found, what must be stated, and both ways of reading."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from headwater.errors import HeadwaterError, InputRefused, SettingsRefused, UnitsUnclear
from headwater.stations.formats.csv_table import CsvOptions, parse
from headwater.stations.parsed import Parsed
from tests.stations.formats.make_messages import STATION, adds_up, damaged, table
from tests.stations.formats.test_toa5 import same

PLAIN = b"time,vwc_10,t_10\n2020-06-01 00:10:00,21.3,4.5\n2020-06-01 00:20:00,NA,5\n"
AT = "2020-05-31T16:10:00.000000"


def test_values_are_si_and_times_utc() -> None:
    found = parse(PLAIN, STATION)
    assert table(found.readings)[:2] == [
        ("soil_moisture 0.10", AT, 0.213),
        ("soil_temperature 0.10", AT, 277.65),
    ]
    assert np.isnan(found.readings.value).tolist() == [False, False, True, False]
    assert (found.lines, found.used) == (3, 3)


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_delimiter_and_header_are_found(delimiter: str) -> None:
    data = b"\xef\xbb\xbf# made by a logger\n\n" + PLAIN.replace(b",", delimiter.encode())
    found = parse(data, STATION)
    assert table(found.readings)[:1] == [("soil_moisture 0.10", AT, 0.213)]
    assert (found.lines, found.used, found.blank) == (5, 4, 1)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_chinese_header_with_units(encoding: str) -> None:
    channel = replace(STATION.channels[0], field="土壤水分")
    data = "观测时间,土壤水分（%）,备注\n2020-06-01 00:10:00,21.3,正常\n".encode(encoding)
    found = parse(data, replace(STATION, channels=(channel,)), CsvOptions(encoding=encoding))
    assert table(found.readings) == [("soil_moisture 0.10", AT, 0.213)]
    assert [one.column for one in found.problems] == ["备注"]


def test_decimal_comma_is_refused_unless_stated() -> None:
    data = PLAIN.replace(b",", b";").replace(b".", b",")
    found = parse(data, STATION)
    assert [one.found for one in found.problems if "decimal" in one.expected] == ["21,3", "4,5"]
    for fast in (True, False):
        stated = parse(data, STATION, CsvOptions(decimal=","), fast=fast)
        assert table(stated.readings)[:1] == [("soil_moisture 0.10", AT, 0.213)]


def test_a_stated_format_column_and_zone() -> None:
    data = b"when;vwc_10\n01.06.2020 00:10;21.3\n"
    options = CsvOptions(time_column="when", time_format="%d.%m.%Y %H:%M", zone="UTC")
    assert table(parse(data, STATION, options).readings) == [
        ("soil_moisture 0.10", "2020-06-01T00:10:00.000000", 0.213)
    ]


@pytest.mark.parametrize("time", [b"2020-06-01T00:10:00Z", b"2020-06-01 08:10:00+08:00"])
@pytest.mark.parametrize("fast", [True, False])
def test_times_with_their_zone_need_no_setting(time: bytes, fast: bool) -> None:
    data = b"time,vwc_10\n" + time + b",21.3\n"
    found = parse(data, replace(STATION, zone=""), fast=fast)
    assert table(found.readings) == [("soil_moisture 0.10", "2020-06-01T00:10:00.000000", 0.213)]


def test_what_cannot_be_read_says_what_to_do() -> None:
    def refused(
        kind: type[HeadwaterError], text: str, data: bytes, options: CsvOptions | None = None, **of: Any
    ) -> None:
        with pytest.raises(kind, match=text):
            parse(data, replace(STATION, **of), options or CsvOptions())

    refused(SettingsRefused, "set `zone` of the station", PLAIN, zone="")
    refused(InputRefused, "no header with a time column", b"a,b\n1,2\n")
    refused(InputRefused, "no header with a time column", b"")
    refused(InputRefused, "come twice", b"time,a,a\n")
    refused(InputRefused, "Add channels", b"time,x\n")
    refused(InputRefused, "Say which encoding", "时间,t_10\n".encode("gb18030"))
    refused(SettingsRefused, "decimal", PLAIN, CsvOptions(decimal=";"))
    refused(SettingsRefused, "delimiter", PLAIN, CsvOptions(delimiter="x"))
    refused(SettingsRefused, "encoding", PLAIN, CsvOptions(encoding="rot13"))
    refused(UnitsUnclear, "'kPa', the channel '%'", PLAIN.replace(b"vwc_10", b"vwc_10 [kPa]"))


def outcome(data: bytes, options: CsvOptions, *, fast: bool) -> Parsed | str:
    try:
        return parse(data, STATION, options, fast=fast)
    except HeadwaterError as error:
        return str(error)


def fuzz(cases: int) -> None:
    rng = np.random.default_rng(10)
    comma = PLAIN.replace(b",", b";").replace(b".", b",")
    samples = [
        (PLAIN, CsvOptions()),
        (comma, CsvOptions(decimal=",")),
        (PLAIN, CsvOptions(encoding="latin-1")),
    ]
    for case in range(cases):
        sample, options = samples[case % 3]
        data = damaged(sample, rng)
        one, other = (outcome(data, options, fast=fast) for fast in (True, False))
        if isinstance(one, str) or isinstance(other, str):
            assert one == other, data
            continue
        assert adds_up(one)
        assert same(one.readings, other.readings), data
        assert one.problems == other.problems, data


def test_damaged_tables_are_refused_or_accounted_for_the_same_on_both_ways() -> None:
    fuzz(1000)


@pytest.mark.long
def test_many_damaged_tables_are_refused_or_accounted_for() -> None:
    fuzz(100_000)
