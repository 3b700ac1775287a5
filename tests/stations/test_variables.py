"""Measured variables and their units, flags and their words."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.errors import UnitsUnclear
from headwater.stations.read_flags import flag_words
from headwater.stations.read_variables import by_ismn_code, variables

PINTS = {"mm_tot": "mm", "vwc": "1", "1": "1"}
"""Spellings of loggers that no registry of units knows."""


def test_units_are_those_of_a_registry_of_units():
    """Oracle: pint. Every factor and offset of the data file that pint can read, 100 and more."""
    pint = pytest.importorskip("pint")
    registry = pint.UnitRegistry(autoconvert_offset_to_baseunit=True)
    water = registry.Quantity(1000.0, "kg/m**3")
    compared = 0
    for variable in variables().values():
        for unit, (factor, offset) in variable.accepts.items():
            try:
                given = [registry.Quantity(number, _readable(unit)) for number in (0.0, 10.0)]
            except Exception:
                continue
            target = registry.Unit(_readable(variable.units))
            if variable.units == "kg m-2" and given[0].check("[length]"):
                given = [(quantity * water) for quantity in given]
            found = [quantity.to(target).magnitude for quantity in given]
            assert found == pytest.approx([offset, 10.0 * factor + offset], rel=1e-9), (variable.name, unit)
            compared += 1
    assert compared >= 60


def _readable(unit: str) -> str:
    """A spelling as pint reads it."""
    known = {
        "m3m-3": "m**3/m**3", "m³/m³": "m**3/m**3", "m3/m3": "m**3/m**3", "cm3/cm3": "cm**3/cm**3",
        "m3.m-3": "m**3/m**3", "m3*m-3": "m**3/m**3", "m**3m**-3": "m**3/m**3", "kgm-2": "kg/m**2",
        "kg m-2": "kg/m**2", "kg/m2": "kg/m**2", "wm-2": "W/m**2", "W m-2": "W/m**2", "w/m2": "W/m**2",
        "w/m^2": "W/m**2", "w/m²": "W/m**2", "ms-1": "m/s", "m s-1": "m/s", "sm-1": "S/m", "S m-1": "S/m",
        "m3 m-3": "m**3/m**3", "m3 s-1": "m**3/s", "m3s-1": "m**3/s", "m3/s": "m**3/s", "m³/s": "m**3/s",
        "k": "K", "v": "V", "mv": "mV", "pa": "Pa", "kpa": "kPa", "hpa": "hPa", "mpa": "MPa", "s/m": "S/m",
        "ds/m": "dS/m", "ms/cm": "mS/cm", "us/cm": "uS/cm", "µs/cm": "uS/cm", "ms/m": "mS/m", "%": "percent",
        "fraction": "1", "%vol": "percent", "vol%": "percent", "vol.%": "percent", "c": "degC",
        "celsius": "degC", "℃": "degC", "°c": "degC", "degc": "degC", "deg_c": "degC", "degrees_c": "degC",
        "degf": "degF", "°f": "degF", "cmh2o": "98.0665 Pa", "meters/second": "m/s", "volts": "V",
        "l/s": "liter/s", "m": "m", "in": "inch",
    }  # fmt: skip
    return PINTS.get(unit, known.get(unit, unit))


@given(st.sampled_from(sorted(variables())), st.data())
def test_a_number_comes_back_from_si(name, data):
    variable = variables()[name]
    unit = data.draw(st.sampled_from(sorted(variable.accepts)))
    number = round(data.draw(st.floats(-40, 60)), 3)
    back = variable.from_si(variable.to_si([number], unit, where="test"), unit)
    factor, _ = variable.accepts[unit]
    assert back[0] == pytest.approx(number, abs=1e-8 / min(factor, 1.0))


def test_a_unit_is_compared_without_blanks_and_case():
    soil = variables()["soil_temperature"]
    for unit in ("degC", " Deg C", "°C", "℃", "CELSIUS"):
        assert soil.to_si([12.3, np.nan], unit, where="x").tolist()[0] == 285.45
    assert np.isnan(soil.to_si([np.nan], "K", where="x"))[0]


def test_a_unit_of_something_else_is_refused_with_both_names():
    with pytest.raises(UnitsUnclear, match=r"logger.dat, column VWC: soil_moisture has unit 'degC'; allowed"):
        variables()["soil_moisture"].to_si([1.0], "degC", where="logger.dat, column VWC")
    with pytest.raises(UnitsUnclear, match="no unit"):
        variables()["soil_moisture"].to_si([1.0], " ", where="logger.dat")


def test_codes_of_the_ismn_lead_to_variables():
    assert set(by_ismn_code()) == {"sm", "ts", "ta", "tsf", "p", "su", "sd", "swe"}
    for variable in by_ismn_code().values():
        assert variable.conversion(variable.ismn_units, where="test")


@given(st.sets(st.sampled_from(sorted(flag_words().bits))))
def test_flags_are_bits_and_words(codes):
    words = flag_words()
    mask = words.mask(codes)
    assert set(words.codes(mask)) == codes and set(filter(None, words.text(mask).split(","))) == codes


def test_every_flag_has_a_bit_of_its_own_and_a_meaning():
    words = flag_words()
    assert len(set(words.bits.values())) == len(words.bits) and max(words.bits.values()) < 64
    assert all(words.meanings.values()) and words.text(words.mask(["D06", "C03"])) == "C03,D06"
