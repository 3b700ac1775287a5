"""Strata of cells: edges, classes, tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from headwater.errors import InputRefused, SettingsRefused
from headwater.grids import altitude_bands, strata_from_map, strata_from_table


def dem(values: list[list[float]], units: str = "m") -> xr.DataArray:
    array = np.array(values)
    places = {"latitude": 30.0 + np.arange(array.shape[0]), "longitude": 90.0 + np.arange(array.shape[1])}
    return xr.DataArray(array, places, ("latitude", "longitude"), "altitude", {"units": units})


def test_a_band_holds_its_lower_edge_and_the_last_both() -> None:
    strata = altitude_bands(
        dem([[2999.9, 3000, 3499.9, 3500], [3999, 4000, 4000.1, np.nan]]), [3000, 3500, 4000]
    )
    assert strata.names == ("3000-3500", "3500-4000") and strata.codes.dtype == np.int16
    np.testing.assert_array_equal(strata.codes, [[-1, 0, 0, 1], [1, 1, -1, -1]])
    assert strata.cells() == (2, 3)
    assert strata.summary() == "3000-3500: 2, 3500-4000: 3; outside: 3 cells"


def test_bands_that_make_no_sense_are_refused() -> None:
    with pytest.raises(SettingsRefused, match="at least two ascending"):
        altitude_bands(dem([[1.0]]), [3000, 3000])
    with pytest.raises(
        InputRefused, match="no cell between 5000 and 6000 m; altitude lies between 1 and 2 m"
    ):
        altitude_bands(dem([[1.0, 2.0]]), [5000, 6000])
    with pytest.raises(InputRefused, match="'km'"):
        altitude_bands(dem([[3.0]], "km"), [3000, 4000])
    with pytest.raises(InputRefused, match="nothing else"):
        altitude_bands(dem([[3000.0]]).expand_dims("time"), [3000, 4000])


def test_classes_of_a_map_may_share_a_name() -> None:
    classes = dem([[1, 2, 3], [9, 2, np.nan]], "1")
    strata = strata_from_map(classes, {1: "meadow", 3: "meadow", 2: "steppe"})
    assert strata.names == ("meadow", "steppe")
    np.testing.assert_array_equal(strata.codes, [[0, 1, 0], [-1, 1, -1]])
    with pytest.raises(InputRefused, match=r"none of the classes \[7\] is on the map, which has 1, 2, 3, 9"):
        strata_from_map(classes, {7: "forest"})
    with pytest.raises(SettingsRefused, match="no names"):
        strata_from_map(classes, {})


def test_a_table_of_cells_spans_its_own_grid_or_falls_on_another() -> None:
    table = pd.DataFrame(
        {"latitude": [30, 30, 31], "longitude": [90, 91, 91], "basin": ["Yellow", "Yangtze", "Yellow"]}
    )
    strata = strata_from_table(table, by="basin")
    assert strata.names == ("Yellow", "Yangtze")
    np.testing.assert_array_equal(strata.codes, [[0, 1], [-1, 0]])
    onto = strata_from_table(
        table.assign(latitude=table.latitude + 0.3), by="basin", onto=dem(np.zeros((3, 3)).tolist())
    )
    np.testing.assert_array_equal(onto.codes, [[0, 1, -1], [-1, 0, -1], [-1, -1, -1]])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"basin": ["a", "b"], "longitude": [90, 90.2]}, "its cell is already a; one cell, one stratum"),
        ({"latitude": [30, 50]}, "row 2 .* lies outside the grid"),
        ({"basin": [None, None]}, "column 'basin' is empty"),
    ],
)
def test_tables_that_disagree_are_refused(change: dict[str, list[object]], message: str) -> None:
    table = pd.DataFrame({"latitude": [30, 30.1], "longitude": [90, 91], "basin": ["a", "b"]}).assign(
        **change
    )
    with pytest.raises(InputRefused, match=message):
        strata_from_table(table, by="basin", onto=dem(np.zeros((3, 3)).tolist()))
    with pytest.raises(InputRefused, match="no column 'slope'"):
        strata_from_table(table, by="slope")
