"""The sign table says what the means say, beside what the paper says."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from headwater.drivers.read_paper_signs import read_paper_signs
from headwater.drivers.sign_table import sides_of, sign_table

READING = {  # issue 5: variable → June, August, September, low/high each
    "air_temperature": ("++", "--", "-+"),
    "ground_temperature": ("++", "--", "-+"),
    "precipitation": ("+-", "--", "+-"),
    "evapotranspiration": ("--", "--", "--"),
    "ndvi": ("++", "--", "-+"),
}
SIDES = {"low": "low", "high": "high", "all": "both"}


def means_of(r: float, half: float) -> xr.Dataset:
    """The same mean and interval for every variable, month and stratum."""
    shape = (len(READING), 3, 3)
    values = {"r": r, "r_low": r - half, "r_high": r + half, "n_spatial": 20.0, "n_eff": 18.0, "pixels": 400,
              "share_positive": 0.3, "share_negative": 0.1, "share_above_zero": 0.8}  # fmt: skip
    coords = {"driver": list(READING), "month": [6, 8, 9], "stratum": list(SIDES)}
    return xr.Dataset(
        {name: (("driver", "month", "stratum"), np.full(shape, value)) for name, value in values.items()},
        coords,
        {"variables_a": "soil_moisture"},
    )


def test_the_papers_signs_are_those_of_the_issue() -> None:
    known = read_paper_signs()
    found = {
        variable: tuple(
            known.signs[month, variable].low + known.signs[month, variable].high for month in (6, 8, 9)
        )
        for variable in READING
    }
    assert found == READING and len(known.signs) == 15
    assert known.signs[8, "precipitation"].note == "contradicts_itself"


@pytest.mark.parametrize(
    ("r", "half", "sign"), [(0.3, 0.1, "+"), (-0.3, 0.1, "-"), (0.3, 0.4, "0"), (np.nan, 0.1, "")]
)
def test_sign_is_that_of_an_interval_without_zero(r: float, half: float, sign: str) -> None:
    records = sign_table(means_of(r, half), sides=SIDES)
    assert {record.sign for record in records} == {sign}
    assert len(records) == 45 and records[0].soil == "soil_moisture"
    assert (records[0].variable, records[0].month, records[0].stratum) == ("air_temperature", 6, "low")


def test_agreement_with_the_paper() -> None:
    records = {
        (one.variable, one.month, one.stratum): one for one in sign_table(means_of(0.3, 0.1), sides=SIDES)
    }
    for variable, months in READING.items():
        for month, (low, high) in zip((6, 8, 9), months, strict=True):
            for stratum, sign in (("low", low), ("high", high)):
                one = records[variable, month, stratum]
                assert one.paper == sign
                assert one.agreement == ("agrees" if sign == "+" else "differs")
            both = records[variable, month, "all"]
            assert both.paper == (low if low == high else "")
            assert both.agreement == ("not stated" if low != high else "agrees" if low == "+" else "differs")
    undecided = sign_table(means_of(0.3, 0.4), sides=SIDES)
    assert {one.agreement for one in undecided} == {"undecided", "not stated"}


def test_nothing_is_compared_without_sides_or_outside_the_papers_months() -> None:
    assert {one.agreement for one in sign_table(means_of(0.3, 0.1))} == {"not stated"}
    july = means_of(0.3, 0.1).assign_coords(month=[1, 5, 7])
    assert {one.paper for one in sign_table(july, sides=SIDES)} == {""}
    whole = means_of(0.3, 0.1).isel(month=0, drop=True)
    assert {one.month for one in sign_table(whole, sides=SIDES)} == {0}


def test_one_pair_without_dims_takes_its_names_from_the_attributes() -> None:
    one = means_of(0.3, 0.1).isel(driver=0, drop=True)
    one.attrs["variables_b"] = "ndvi"
    assert {(record.soil, record.variable) for record in sign_table(one)} == {("soil_moisture", "ndvi")}


def test_sides_of_strata() -> None:
    coords = {"latitude": [33.0, 34.0], "longitude": [95.0, 96.0, 97.0, 98.0]}
    altitude = xr.DataArray(
        [[3000, 3999, 4000, 4500], [3500, np.nan, 5000, 3900.0]], coords, ("latitude", "longitude")
    )
    codes = xr.DataArray(np.array([[0, 0, 1, 1], [0, 0, 1, 2]]), coords, ("latitude", "longitude"))
    strata = SimpleNamespace(names=("a", "b", "c", "empty"), codes=codes)
    assert sides_of(strata, altitude) == {"a": "low", "b": "high", "c": "low"}
    assert sides_of(strata, altitude, boundary_m=3800)["a"] == "both"


def test_a_layer_is_compared_as_its_variable() -> None:
    layers = (
        means_of(0.3, 0.1)
        .sel(driver=["ground_temperature"])
        .assign_coords(driver=["ground_temperature:stl2"])
    )
    assert {one.paper for one in sign_table(layers, sides=SIDES) if one.stratum == "low"} == {"+", "-"}
