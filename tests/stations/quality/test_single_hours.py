"""C01–C03 and D01–D03: thresholds, the units in which they are given, and frost as a state."""

from __future__ import annotations

import numpy as np
import pytest

from headwater.errors import InputRefused
from headwater.stations.quality.bits import Flag
from headwater.stations.quality.frozen import frost, frozen_state
from headwater.stations.quality.hourly import hourly
from headwater.stations.quality.range import out_of_range
from headwater.stations.quality.read_profiles import profile
from headwater.stations.quality.saturation import above_saturation
from headwater.stations.read_flags import flag_words
from headwater.stations.readings import State
from tests.stations.quality.shapes import BOTH, flags_of, flat, hours_with

ISMN = profile("ismn")


def test_every_flag_is_the_bit_of_the_vocabulary() -> None:
    bits = flag_words().bits
    assert {flag.name.lower(): flag.value for flag in Flag} == {
        code.lower(): 1 << bit for code, bit in bits.items() if code.lower() in {f.name.lower() for f in Flag}
    }
    assert {f"C0{k}" for k in (1, 2, 3)} | {f"D{k:02d}" for k in range(1, 11)} < set(bits)


@pytest.mark.parametrize(
    ("variable", "low", "high"),
    [
        ("soil_moisture", 0, 60), ("soil_temperature", -60, 60), ("air_temperature", -60, 60),
        ("surface_temperature", -60, 60), ("precipitation", 0, 100), ("soil_suction", 0, 2500),
        ("snow_water_equivalent", 0, 10000), ("snow_depth", 0, 10000),
    ],
)  # fmt: skip
def test_ends_of_a_range_are_within_it(variable: str, low: float, high: float) -> None:
    values = [low - 0.001, low, (low + high) / 2, high, high + 0.001, np.nan]
    assert out_of_range(values, variable, ISMN).tolist() == [Flag.C01, 0, 0, 0, Flag.C02, 0]


def test_a_variable_without_range_is_refused() -> None:
    with pytest.raises(InputRefused, match="no range of 'discharge'"):
        out_of_range([1.0], "discharge", ISMN)


def test_saturation_is_compared_in_percent_and_may_differ_by_value() -> None:
    assert above_saturation([42.7, 42.8, np.nan], 42.7).tolist() == [0, Flag.C03, 0]
    assert above_saturation([50, 50, 50], [40, np.nan, 0]).tolist() == [Flag.C03, 0, 0]
    assert above_saturation([99.0], None).tolist() == [0]


@pytest.mark.parametrize("name", BOTH)
def test_flags_of_single_hours_are_those_of_both_profiles(name: str) -> None:
    theta = flat(40)
    theta[[3, 4, 5]] = -0.1, 60.1, 43.0
    cold, warm = np.full(40, 263.15), np.full(40, 283.15)
    given = {"soil_temperature": warm, "air_temperature": cold, "model_soil_temperature": cold}
    flags = flags_of(theta, name, saturation=0.427, **given)  # type: ignore[arg-type]
    assert hours_with(flags, Flag.C01) == [3]
    assert hours_with(flags, Flag.C02) == [4]
    assert hours_with(flags, Flag.C03) == [4, 5]
    assert hours_with(flags, Flag.D01) == []
    assert hours_with(flags, Flag.D02) == hours_with(flags, Flag.D03) == list(range(40))
    assert not flags.state.any(), "soil temperature in situ decides"
    assert "C02 1" in flags.summary()


def test_frost_begins_below_zero() -> None:
    assert frost(-0.1, 0.0, np.nan, below=0.0) == Flag.D01
    assert frost(0.0, -0.1, -0.1, below=0.0) == Flag.D02 | Flag.D03


def test_frozen_ground_is_a_state_by_the_soil_and_else_by_the_model() -> None:
    soil, model = [-1.0, 1.0, np.nan, np.nan, np.nan], [1.0, -1.0, -1.0, 1.0, np.nan]
    assert frozen_state(soil, model, below=0.0).tolist() == [State.FROZEN, 0, State.FROZEN, 0, 0]


def test_infinite_values_and_unequal_lengths_are_refused() -> None:
    with pytest.raises(InputRefused, match="infinite at hour 1"):
        hourly("2021-01-01", [0.1, np.inf])
    with pytest.raises(InputRefused, match="precipitation has shape"):
        hourly("2021-01-01", [0.1, 0.2], precipitation=[1.0])
