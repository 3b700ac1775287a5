"""Numbers, dates, coordinates and depths out of single cells."""

from __future__ import annotations

import math
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.samples.parse_dates import parse_dates
from headwater.samples.parse_depths import parse_depths
from headwater.samples.parse_names import aspect_of, kind_of
from headwater.samples.parse_numbers import parse_numbers
from headwater.samples.parse_places import parse_degrees
from headwater.samples.read_vocabulary import read_vocabulary
from headwater.samples.table import Kind


def number(text: str, decimal: str = ".", tail: str = "") -> float:
    return float(parse_numbers(pa.array([text]), decimal, tail).values[0])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-12.5", -12.5),
        (" 7 ", 7.0),
        ("+.5", 0.5),
        ("1e-3", 1e-3),
        ("−12.5", -12.5),
        ("–3", -3.0),
        ("－１２．５", -12.5),
        ("-12,5", -12.5),
        ("1,234", 1234.0),
        ("1,234.5", 1234.5),
    ],
)
def test_numbers_are_read(text: str, value: float) -> None:
    assert number(text) == value


@pytest.mark.parametrize(
    ("text", "value"), [("-12,5", -12.5), ("1.234,5", 1234.5), ("1,234", 1.234), ("7", 7.0)]
)
def test_numbers_with_decimal_comma_are_read(text: str, value: float) -> None:
    assert number(text, ",") == value


@pytest.mark.parametrize("text", ["", "NaN", "NA", "n/a", "-", "/", "无", "...", "缺测", "null"])
def test_markers_of_missing_are_missing_and_no_problem(text: str) -> None:
    numbers = parse_numbers(pa.array([text, "1"]))
    assert math.isnan(numbers.values[0])
    assert not numbers.bad.size and not numbers.censored.size


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("<LOD", "censored"),
        ("<0.2", "censored"),
        ("BDL", "censored"),
        ("99999", "sentinel"),
        ("-9999", "sentinel"),
        ("abc", "bad"),
        ("1_000", "bad"),
        ("0x10", "bad"),
        ("12.3.4", "bad"),
        ("inf", "bad"),
        ("1e999", "bad"),
        ("45 cm", "bad"),
        ("-12‰", "bad"),
        ("9" * 400, "bad"),
    ],
)
def test_what_is_no_number_is_missing_and_listed(text: str, state: str) -> None:
    numbers = parse_numbers(pa.array(["1", text]))
    assert math.isnan(numbers.values[1])
    assert getattr(numbers, state).tolist() == [1]


def test_the_unit_of_the_column_may_stand_behind_a_number() -> None:
    numbers = parse_numbers(pa.array(["-12.3‰", "-12.3 ‰"]), tail="‰")
    assert numbers.values.tolist() == [-12.3, -12.3]
    assert numbers.rewritten.tolist() == [0, 1]


def test_the_last_digit_of_a_column_is_known() -> None:
    assert parse_numbers(pa.array(["-0.024", "-0.0242", "7"])).decimals == 4


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15))
def test_every_number_that_python_prints_is_read_back(value: float) -> None:
    if abs(value) in (999.0, 9999.0, 99999.0, 999999.0, 999.9, 9999.9) or 0 < abs(value) < 1e-99:
        return
    assert number(repr(value)) == value


def stamps(*texts: str, order: str = "auto") -> list[str]:
    return [str(one) for one in parse_dates(pa.array(texts), order).values]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "2019-06-03",
        "2019/6/3",
        "2019.6.3",
        "2019年6月3日",
        "２０１９年６月３日",
        "20190603",
        "3-Jun-19",
        "03 June 2019",
        "3rd Jun 2019",
        "June 3, 2019",
        "2019-06-03 00:00:00",
        "2019-06-03T00:00",
        "43619",
        "3-Jun-2019",
    ],
)
def test_dates_are_read(text: str) -> None:
    assert stamps(text, "") == ["2019-06-03T00:00:00", "NaT"]


def test_times_are_kept_as_written() -> None:
    assert stamps("2019-06-03 14:05:09", "2019-06-03T14:05:09+08:00", "3/6/2019 2:05 PM", "43619.5") == [
        "2019-06-03T14:05:09",
        "2019-06-03T14:05:09",
        "2019-06-03T14:05:00",
        "2019-06-03T12:00:00",
    ]


def test_the_whole_column_settles_the_order_of_day_and_month() -> None:
    assert stamps("03/06/2019", "23/06/2019")[0] == "2019-06-03T00:00:00"
    assert stamps("6/3/19", "6/23/19")[0] == "2019-06-03T00:00:00"
    assert stamps("03/06/2019", order="mdy") == ["2019-03-06T00:00:00"]
    assert stamps("19/6/3", order="ymd") == ["2019-06-03T00:00:00"]
    assert stamps("32/6/3", "19/6/3") == ["2032-06-03T00:00:00", "2019-06-03T00:00:00"]


def test_a_column_without_evidence_says_so() -> None:
    dates = parse_dates(pa.array(["03/06/2019", "04/06/2019", "05/05/2019"]))
    assert (dates.order, dates.evidence, dates.ambiguous.tolist()) == ("dmy", False, [0, 1])


def test_a_column_with_both_orders_leaves_what_is_unclear_missing() -> None:
    dates = parse_dates(pa.array(["23/06/2019", "06/23/2019", "03/06/2019", "05/05/2019"]))
    assert dates.order == "conflict"
    assert dates.ambiguous.tolist() == [2]
    assert [str(one)[:10] for one in dates.values] == ["2019-06-23", "2019-06-23", "NaT", "2019-05-05"]


@pytest.mark.parametrize(
    "text",
    [
        "2019-02-30",
        "31/04/2019",
        "2019-13-01",
        "31-Jun-21",
        "yesterday",
        "20191301",
        "2019-06-03 25:00",
        "0-10",
    ],
)
def test_dates_that_do_not_exist_are_listed(text: str) -> None:
    dates = parse_dates(pa.array([text, "13/06/2019"]))
    assert dates.bad.tolist() == [0]
    assert np.isnat(dates.values[0])


@given(
    st.dates(date(1950, 1, 1), date(2100, 12, 31)),
    st.sampled_from(["%Y-%m-%d", "%d/%m/%Y", "%d-%b-%Y", "%Y%m%d"]),
)
def test_every_day_is_read_back(day: date, form: str) -> None:
    assert stamps(day.strftime(form), order="dmy") == [f"{day}T00:00:00"]


@given(st.integers(20000, 73000))
def test_every_spreadsheet_day_is_that_day(serial: int) -> None:
    assert stamps(str(serial)) == [f"{date(1899, 12, 30) + timedelta(days=serial)}T00:00:00"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("34.2083", 34.2083),
        ("34°12′30″N", 34 + 12.5 / 60),
        ("34°12'30\"N", 34 + 12.5 / 60),
        ("N34°12.5′", 34 + 12.5 / 60),
        ("３４．２０８３", 34.2083),
        ("34°12′30″S", -34 - 12.5 / 60),
        ("北纬34°12′30″", 34 + 12.5 / 60),
        ("34.5N", 34.5),
        ("34度12分30秒", 34 + 12.5 / 60),
        ("34 12 30", 34 + 12.5 / 60),
        ("-34.5", -34.5),
    ],
)
def test_latitudes_are_read(text: str, value: float) -> None:
    assert parse_degrees(pa.array([text]), "latitude").values[0] == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize(
    "text", ["95.2", "34°72′", "34°12′30″E", "N34S", "34..5", "34.5°12′", "abc", "1_0", "inf"]
)
def test_what_is_no_latitude_is_listed(text: str) -> None:
    degrees = parse_degrees(pa.array([text]), "latitude")
    assert degrees.bad.tolist() == [0]
    assert math.isnan(degrees.values[0])


def test_longitudes_west_are_negative() -> None:
    texts = pa.array(["99°30′W", "260.5", "东经99.5度", "99999"])
    degrees = parse_degrees(texts, "longitude")
    assert degrees.values[:3].tolist() == [-99.5, -99.5, 99.5]
    assert math.isnan(degrees.values[3]) and not degrees.bad.size
    assert parse_degrees(pa.array(["99.5"]), "longitude", -1.0).values.tolist() == [-99.5]


@pytest.mark.parametrize(
    ("text", "factor", "ends"),
    [
        ("15", 0.01, (0.15, 0.15)),
        ("0-10", 0.01, (0.0, 0.1)),
        ("0-10 cm", None, (0.0, 0.1)),
        ("0～10cm", None, (0.0, 0.1)),
        ("10–20", 0.01, (0.1, 0.2)),
        ("40+ cm", None, (0.4, None)),
        (">40", 0.01, (0.4, None)),
        ("0.05", 1.0, (0.05, 0.05)),
        ("-15", 0.01, (0.15, 0.15)),
        ("surface", None, (0.0, 0.0)),
        ("0", None, (0.0, 0.0)),
        ("0.2 m", 0.01, (0.2, 0.2)),
        ("80厘米以下", None, (0.8, None)),
    ],
)
def test_depths_are_read(text: str, factor: float | None, ends: tuple[float | None, float | None]) -> None:
    depths = parse_depths(pa.array([text]), factor)
    for found, expected in zip((depths.top[0], depths.bottom[0]), ends, strict=True):
        assert math.isnan(found) if expected is None else found == pytest.approx(expected)
    assert not depths.bad.size and not depths.unitless.size


def test_depths_without_a_unit_and_no_depths_are_told_apart() -> None:
    depths = parse_depths(pa.array(["10", "0-10", "20-10 cm", "deep", "NA", "2020-10-20 00:00:00"]), None)
    assert depths.unitless.tolist() == [0, 1]
    assert depths.bad.tolist() == [2, 3, 5]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Soil ", Kind.SOIL_WATER),
        ("soil_water", Kind.SOIL_WATER),
        ("土壤水", Kind.SOIL_WATER),
        ("降水", Kind.PRECIPITATION),
        ("雨水", Kind.PRECIPITATION),
        ("地下冰", Kind.GROUND_ICE),
        ("冰雪融水", Kind.SNOW_MELT),
        ("雪", Kind.SNOW_MELT),
        ("河水", Kind.RIVER),
        ("River_or_stream", Kind.RIVER),
        ("River/Stream", Kind.RIVER),
        ("地下水", Kind.GROUNDWATER),
        ("Ground", Kind.GROUNDWATER),
        ("冻土层上水", Kind.SUPRAPERMAFROST),
        ("植物水", Kind.STEM),
        ("木质部水", Kind.STEM),
        ("Lake_or_pond", Kind.LAKE),
        ("VAPOR", Kind.VAPOUR),
        ("Snow_pit", Kind.SNOW_MELT),
        ("precipitation rain", Kind.PRECIPITATION),
        ("supra-permafrost water", Kind.SUPRAPERMAFROST),
        ("river samples", Kind.RIVER),
        ("surface flow", None),
    ],
)
def test_kinds_are_recognised(text: str, kind: Kind | None) -> None:
    assert kind_of(text, read_vocabulary().kinds) == kind


@pytest.mark.parametrize(
    ("text", "aspect"),
    [
        ("N", "N"),
        ("北坡", "N"),
        ("south-facing", "S"),
        ("阴坡", "shaded"),
        ("阳坡", "sunny"),
        ("350", "N"),
        ("44.9", "N"),
        ("45", "E"),
        ("180°", "S"),
        ("315", "N"),
        ("314", "W"),
        ("NE", None),
        ("400", None),
    ],
)
def test_aspects_are_recognised(text: str, aspect: str | None) -> None:
    assert aspect_of(text, read_vocabulary().aspect) == aspect
