"""Series at stations: the right cell, however the grid is stored."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from headwater.errors import InputRefused
from headwater.grids import to_stations
from tests.grids.make_grids import grid, lazy

TABLE = pd.DataFrame(
    {"station": ["b", "a", "c"], "latitude": [30.01, 32.9, 31.0], "longitude": [90.4, 93.99, 92.0]}
)


@pytest.mark.parametrize("chunks", [None, (1, 6, 8), (5, 2, 2)])
def test_every_station_gets_its_cell(
    chunks: tuple[int, int, int] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headwater.grids.stations.BLOCK_VALUES", 100)
    source = grid(5)
    series = to_stations(lazy(source, chunks), TABLE)
    np.testing.assert_array_equal(series, source.values[:, [0, 5, 2], [0, 7, 4]])
    assert series.dims == ("time", "station") and list(series.station.values) == ["b", "a", "c"]
    assert series.sel(station="a").cell_latitude == 32.75
    # 0.24 degrees of latitude and 0.15 of longitude at 30 north, on the sphere
    np.testing.assert_allclose(
        series.distance[0], 1000 * np.hypot(0.24 * 111.195, 0.15 * 111.195 * np.cos(0.5257)), rtol=1e-3
    )


def test_stations_outside_or_twice_are_refused() -> None:
    far = pd.concat([TABLE, pd.DataFrame({"station": ["d"], "latitude": [29.9], "longitude": [90]})])
    with pytest.raises(InputRefused, match=r"1 of 4 stations lie outside the grid: d \(29\.9, 90\)"):
        to_stations(grid(), far)
    with pytest.raises(InputRefused, match="stations twice in the table: a"):
        to_stations(grid(), TABLE.assign(station=["a", "a", "b"]))
    with pytest.raises(InputRefused, match="no column 'latitude'"):
        to_stations(grid(), TABLE.rename(columns={"latitude": "lat"}))
