"""What printed numbers of the daily files mean, by the data set's own list of special values."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from headwater.errors import InputRefused, SettingsRefused
from headwater.stations.cma_daily import Variable, bounds, decode, degrees, flags_of, parse_name
from headwater.stations.read_cma_rules import read_rules

RULES = read_rules()
VARIABLES = {v.name: v for element in RULES.elements.values() for v in element.variables}
KELVIN = 273.15


def one(name: str, number: int) -> tuple[float | None, str | None]:
    """Value and flag of one printed number."""
    variable = VARIABLES[name]
    value, missing, flag = decode(np.array([number], np.int32), variable)
    word = None if flag[0] < 0 else flags_of(variable)[flag[0]]
    return (None if missing[0] else pytest.approx(float(value[0]), rel=1e-6)), word


@pytest.mark.parametrize(
    ("name", "number", "value", "flag"),
    [
        ("precipitation", 123, 12.3, None),
        ("precipitation", 32700, 0.0, "trace"),
        ("precipitation", 30012, 1.2, "snow"),
        ("precipitation", 31100, 10.0, "rain_and_snow"),
        ("precipitation", 32005, 0.5, "fog_dew_frost"),
        ("precipitation", 32766, None, "missing"),
        ("precipitation", 32744, None, "blank"),
        ("precipitation", -1, None, "out_of_range"),
        ("air_temperature_mean", -305, KELVIN - 30.5, None),
        ("air_temperature_mean", 32700, None, "out_of_range"),
        ("ground_temperature_maximum", 10655, KELVIN + 65.5, "above_range"),
        ("ground_temperature_minimum", -10360, KELVIN - 36.0, "below_range"),
        ("ground_temperature_minimum", 32766, None, "missing"),
        ("evaporation_small_pan", 87, 8.7, None),
        ("evaporation_small_pan", 1087, 8.7, "pan_dried_out"),
        ("evaporation_large_pan", 32700, None, "pan_frozen"),
        ("surface_air_pressure_mean", 6534, 65340.0, None),
        ("surface_air_pressure_minimum", 26534, 65340.0, "at_fixed_hours"),
        ("relative_humidity_minimum", 345, 0.45, "at_fixed_hours"),
        ("wind_speed_extreme", 1400, 40.0, "above_range"),
        ("wind_direction_of_maximum", 16, 360.0, None),
        ("wind_direction_of_maximum", 4, 90.0, None),
        ("wind_direction_of_maximum", 17, None, "calm"),
        ("wind_direction_of_maximum", 108, 180.0, "eight_directions"),
        ("wind_direction_of_extreme", 903, None, "several_directions"),
        ("wind_direction_of_extreme", 952, None, "several_directions"),
        ("sunshine_duration", 105, 37800.0, None),
    ],
)
def test_printed_numbers(name: str, number: int, value: float | None, flag: str | None) -> None:
    assert one(name, number) == (value, flag)


@pytest.mark.parametrize("variable", VARIABLES.values(), ids=lambda v: v.name)
def test_no_number_has_two_meanings(variable: Variable) -> None:
    spans = sorted([(variable.lowest, variable.highest), *((s.first, s.last) for s in variable.special)])
    assert all(first <= last for first, last in spans)
    assert all(before[1] < after[0] for before, after in pairwise(spans))


@pytest.mark.parametrize("variable", VARIABLES.values(), ids=lambda v: v.name)
def test_special_values_give_values_within_the_limits(variable: Variable) -> None:
    for special in variable.special:
        if special.subtract is not None:
            kept = special.first - special.subtract, special.last - special.subtract
            assert variable.lowest - 1 <= kept[0] <= kept[1] <= variable.highest


def test_every_number_can_be_told_from_value_and_flag() -> None:
    """float32 holds a tenth of a degree in kelvin: nothing is lost by the conversion to SI units."""
    for variable in VARIABLES.values():
        numbers = np.arange(variable.lowest, variable.highest + 1, dtype=np.int32)
        value, missing, flag = decode(numbers, variable)
        assert not missing.any()
        assert (flag == -1).all()
        back = np.round((value.astype(float) - variable.offset) / variable.factor)
        assert np.array_equal(back, numbers)


def test_day_ends_at_eight_in_the_evening_in_beijing() -> None:
    """What is printed as 2013-02-04 is 2013-02-03 20:00 to 2013-02-04 20:00 in UTC+8."""
    day = np.array(["2013-02-04"], "datetime64[D]").astype(np.int32)
    found = {name: [str(t[0])[:16] for t in bounds(day, VARIABLES[name], RULES)] for name in VARIABLES}
    assert found["air_temperature_mean"] == ["2013-02-03T12:00", "2013-02-04T12:00"]
    assert found["precipitation"] == ["2013-02-03T12:00", "2013-02-04T12:00"]
    assert found["precipitation_night"] == ["2013-02-03T12:00", "2013-02-04T00:00"]
    assert found["precipitation_day"] == ["2013-02-04T00:00", "2013-02-04T12:00"]


def test_coordinates_are_degrees_and_minutes() -> None:
    found = degrees(np.array([5258, 3000, 12159, -3030, 7], np.int32))
    np.testing.assert_allclose(found, [52 + 58 / 60, 30, 121 + 59 / 60, -30.5, 7 / 60])


@pytest.mark.parametrize(
    ("element", "columns"),
    [("PRS", 13), ("TEM", 13), ("RHU", 11), ("PRE", 13), ("EVP", 11), ("WIN", 17), ("SSD", 9), ("GST", 13)],
)
def test_columns_of_each_element(element: str, columns: int) -> None:
    assert len(RULES.elements[element].columns) == columns


@pytest.mark.parametrize(
    ("name", "element", "said"),
    [
        ("SURF_CLI_CHN_MUL_DAY-TEM-12001-201907.TXT", None, ("TEM", 201907)),
        ("SURF_CLI_CHN_MUL_DAY-GST-12030-0cm-195101.TXT", None, ("GST", 195101)),
        ("surf_cli_chn_mul_day-pre-13011-201907.txt", None, ("PRE", 201907)),
        ("SURF_CLI_CHN_MUL_DAY-PRS-10004-2019.TXT", None, ("PRS", 0)),
        ("all_rain.txt", "PRE", ("PRE", 0)),
    ],
)
def test_file_names(name: str, element: str | None, said: tuple[str, int]) -> None:
    found = parse_name(name, RULES, element)
    assert (found.element.name, found.month) == said


@pytest.mark.parametrize(
    ("name", "element", "error", "words"),
    [
        ("rain.txt", None, InputRefused, "Name it: --element"),
        ("SURF_CLI_CHN_MUL_DAY-TEM-12001-201907.TXT", "PRE", InputRefused, "the name says TEM"),
        ("SURF_CLI_CHN_MUL_DAY-TEM-12001-201913.TXT", None, InputRefused, "no month"),
        ("rain.txt", "RAIN", SettingsRefused, "allowed are PRS"),
    ],
)
def test_names_that_do_not_do(name: str, element: str | None, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        parse_name(name, RULES, element)
