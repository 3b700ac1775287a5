"""GeoPackage read back with pyogrio and shapely."""

from __future__ import annotations

import sqlite3
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
import shapely
import xarray as xr
from pyogrio import list_layers
from pyogrio.raw import read

from headwater.errors import InputRefused
from headwater.grids.gpkg_styles import LOW_TO_HIGH, categories, ramp
from headwater.grids.strata import Strata
from headwater.grids.write_gpkg import stratum_areas, write_geopackage


def strata() -> Strata:
    codes = np.array([[0, 0, 1], [0, -1, 1], [1, 1, 1]], np.int16)
    place = {"latitude": [30.25, 30.75, 31.25], "longitude": [90.25, 90.75, 91.25]}
    return Strata(
        ("3000-3500", "3500-4000", "empty"), xr.DataArray(codes, place, ("latitude", "longitude"), "stratum")
    )


def layer(path: Path, name: str) -> tuple[dict[str, np.ndarray], np.ndarray, dict]:
    meta, _, geometry, values = read(path, layer=name)
    return dict(zip(meta["fields"], values, strict=True)), shapely.from_wkb(geometry), meta


def test_strata_become_polygons_with_their_statistics(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {
            "stratum": ["3000-3500", "3500-4000", "3500-4000", "empty"],
            "month": [6, 6, 8, 6],
            "r": [0.5, -0.25, np.nan, 0.1],
            "sign": ["+", "-", None, "+"],
            "clear": [True, False, False, True],
        }
    )
    path = write_geopackage(tmp_path / "a.gpkg", strata=strata(), statistics=table)
    columns, shapes, meta = layer(path, "strata")
    assert meta["crs"] == "EPSG:4326" and list(columns["stratum"]) == ["3000-3500", "3500-4000"]
    assert list(columns["cells"]) == [3, 5] and [shape.area for shape in shapes] == [0.75, 1.25]
    assert shapes[0].contains(shapely.Point(90.3, 30.8)) and not shapes[0].contains(
        shapely.Point(90.75, 30.75)
    )
    columns, shapes, _ = layer(path, "statistics")
    assert list(columns["month"]) == [6, 6, 8] and list(columns["sign"]) == ["+", "-", None]
    np.testing.assert_array_equal(columns["r"], [0.5, -0.25, np.nan])
    assert shapes[1].equals(shapes[2]) and shapes[1].area == 1.25


def test_layers_carry_a_style_for_qgis(tmp_path: Path) -> None:
    table = pd.DataFrame({"stratum": ["3000-3500", "3500-4000"], "r": [0.5, -0.25]})
    path = write_geopackage(tmp_path / "a.gpkg", strata=strata(), statistics=table)
    meta, _, _, values = read(path, layer="layer_styles")
    columns = dict(zip(meta["fields"], values, strict=True))
    assert list(columns["f_table_name"]) == ["strata", "statistics"] and all(columns["useAsDefault"])
    with sqlite3.connect(path) as database:
        told = database.execute("SELECT column_name FROM gpkg_geometry_columns").fetchall()
        kinds = dict(database.execute("SELECT table_name, data_type FROM gpkg_contents").fetchall())
    database.close()
    assert {name for (name,) in told} == set(columns["f_geometry_column"])
    assert kinds["layer_styles"] == "attributes"
    first, second = (ElementTree.fromstring(text) for text in columns["styleQML"])
    assert [one.get("value") for one in first.iter("category")] == ["3000-3500", "3500-4000"]
    assert first.find("renderer-v2").get("attr") == "stratum"
    ranges = [(float(one.get("lower")), float(one.get("upper"))) for one in second.iter("range")]
    assert ranges[0][0] == -1 and ranges[-1][1] == 1 and all(a[1] == b[0] for a, b in pairwise(ranges))
    assert len(list(second.iter("symbol"))) == len(ranges)
    plain = write_geopackage(tmp_path / "b.gpkg", strata=strata(), statistics=table, colour_by="none")
    meta, _, _, values = read(plain, layer="layer_styles")
    assert list(dict(zip(meta["fields"], values, strict=True))["f_table_name"]) == ["strata"]


def test_colours_run_from_end_to_end() -> None:
    assert ramp(LOW_TO_HIGH, 0) == LOW_TO_HIGH[0] and ramp(LOW_TO_HIGH, 1) == LOW_TO_HIGH[-1]
    assert ramp(((0, 0, 0), (100, 200, 50)), 0.25) == (25, 50, 12)
    assert "&lt;4000&gt;" in categories("stratum", ["<4000>"])


def test_areas_are_those_of_the_sphere() -> None:
    # a cell of half a degree at 30.25 north: 55.6 km × 55.6 km × cos
    truth = 55.5975**2 * np.cos(np.radians(30.25))
    codes = strata().codes.copy(data=np.full((3, 3), -1, np.int16))
    codes[0, 0] = 0
    assert stratum_areas(Strata(("a",), codes)) == pytest.approx([truth], rel=1e-4)


def test_stations_become_points_beside_strata(tmp_path: Path) -> None:
    stations = pd.DataFrame(
        {"station": ["a", "b"], "latitude": [30.1, 31.2], "longitude": [90.5, 91.0], "r": [0.1, 0.2]}
    )
    path = write_geopackage(tmp_path / "a.gpkg", strata=strata(), stations=stations)
    assert [name for name, _ in list_layers(path)] == ["strata", "stations", "layer_styles"]
    columns, points, _ = layer(path, "stations")
    assert list(columns["station"]) == ["a", "b"] and (points[1].x, points[1].y) == (91.0, 31.2)
    write_geopackage(path, stations=stations)
    assert [name for name, _ in list_layers(path)] == ["stations"]


def test_what_cannot_be_written_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    with pytest.raises(InputRefused, match="nothing to write"):
        write_geopackage(path)
    with pytest.raises(InputRefused, match="statistics of 9000, which is no stratum; known are 3000-3500"):
        write_geopackage(path, strata=strata(), statistics=pd.DataFrame({"stratum": ["9000"]}))
    with pytest.raises(InputRefused, match="no column 'stratum'"):
        write_geopackage(path, strata=strata(), statistics=pd.DataFrame({"band": ["9000"]}))
    with pytest.raises(InputRefused, match="no column 'latitude' of the stations"):
        write_geopackage(path, stations=pd.DataFrame({"lat": [1]}))
    assert not list(tmp_path.iterdir())
