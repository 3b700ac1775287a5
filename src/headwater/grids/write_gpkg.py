"""Strata as polygons and stations as points, with their statistics, in one GeoPackage (extra ``gis``)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from headwater.errors import InputRefused
from headwater.grids.gpkg_styles import around_zero, categories
from headwater.grids.regrid import edges_of
from headwater.grids.strata import OUTSIDE, Strata
from headwater.grids.write_maps import EPSG, geotransform

if TYPE_CHECKING:
    import pandas as pd

EARTH_RADIUS_KM = 6371.0088


def write_geopackage(
    path: str | Path,
    *,
    strata: Strata | None = None,
    statistics: pd.DataFrame | None = None,
    stations: pd.DataFrame | None = None,
    colour_by: str = "r",
) -> Path:
    """Path of the file with the layers ``strata``, ``statistics`` and ``stations``, as far as they are given.

    Parameters
    ----------
    strata : become one polygon each, with cells and area in km²
    statistics : column ``stratum`` and any others; every row gets the polygon of its stratum
    colour_by : column of the statistics that QGIS colours, blue below 0 and red above; left out where it is
        missing
    stations : columns ``latitude``, ``longitude`` and any others; become points

    Raises
    ------
    InputRefused : pyogrio is missing, nothing is given, a column is missing, or a stratum is unknown
    """
    try:
        import pyogrio  # noqa: F401
    except ImportError as error:
        raise InputRefused("GeoPackage needs pyogrio; install headwater[gis]") from error
    if strata is None and stations is None:
        raise InputRefused("nothing to write; give strata or stations")
    target = Path(path)
    part = target.with_name(target.stem + ".part.gpkg")
    part.unlink(missing_ok=True)
    try:
        if strata is not None:
            _write_strata(part, strata, statistics, colour_by)
        if stations is not None:
            _write_stations(part, stations)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target


def stratum_areas(strata: Strata) -> NDArray[np.float64]:
    """Area of every stratum on the sphere, km²."""
    north = np.diff(np.sin(np.radians(np.clip(edges_of(strata.codes.latitude.values), -90, 90))))
    east = np.diff(np.radians(edges_of(strata.codes.longitude.values)))
    cells = EARTH_RADIUS_KM**2 * np.outer(north, east)
    codes = strata.codes.values
    return np.array([cells[codes == code].sum() for code in range(len(strata.names))])


def _write_strata(path: Path, strata: Strata, statistics: pd.DataFrame | None, colour_by: str) -> None:
    shapes = _polygons(strata)
    present = [code for code in range(len(strata.names)) if code in shapes]
    areas, cells = stratum_areas(strata), strata.cells()
    columns = {
        "stratum": np.array([strata.names[code] for code in present], dtype=object),
        "cells": np.array([cells[code] for code in present], np.int64),
        "area_km2": np.array([areas[code] for code in present]),
    }
    _write(
        path, "strata", np.array([shapes[code] for code in present], dtype=object), columns, "MultiPolygon"
    )
    styles = {"strata": categories("stratum", [strata.names[code] for code in present])}
    if statistics is None:
        _write_styles(path, styles)
        return
    if "stratum" not in statistics.columns:
        raise InputRefused(
            f"no column 'stratum' in the statistics, which have {', '.join(map(str, statistics.columns))}"
        )
    unknown = sorted(set(statistics["stratum"].astype(str)) - set(strata.names))
    if unknown:
        raise InputRefused(
            f"statistics of {', '.join(unknown)}, which is no stratum; known are {', '.join(strata.names)}"
        )
    code_of = {name: code for code, name in enumerate(strata.names)}
    rows = statistics[[code_of[str(name)] in shapes for name in statistics["stratum"]]]
    geometry = np.array([shapes[code_of[str(name)]] for name in rows["stratum"]], dtype=object)
    _write(path, "statistics", geometry, _columns(rows), "MultiPolygon")
    if colour_by in rows.columns and rows[colour_by].dtype.kind == "f" and rows[colour_by].notna().any():
        largest = float(rows[colour_by].abs().max())
        styles["statistics"] = around_zero(colour_by, 1.0 if largest <= 1 else largest)
    _write_styles(path, styles)


def _write_styles(path: Path, styles: dict[str, str]) -> None:
    """The table in which QGIS looks for the style of each layer."""
    count = len(styles)
    told = {
        "f_table_catalog": "",
        "f_table_schema": "",
        "f_geometry_column": "geom",
        "styleSLD": "",
        "description": "",
        "owner": "",
        "ui": "",
    }
    columns = {name: np.array([value] * count, dtype=object) for name, value in told.items()}
    columns["f_table_name"] = np.array(list(styles), dtype=object)
    columns["styleName"] = np.array([f"headwater {name}" for name in styles], dtype=object)
    columns["styleQML"] = np.array(list(styles.values()), dtype=object)
    columns["useAsDefault"] = np.ones(count, dtype=bool)
    _write(path, "layer_styles", None, columns, None)


def _write_stations(path: Path, stations: pd.DataFrame) -> None:
    import shapely

    for column in ("latitude", "longitude"):
        if column not in stations.columns:
            raise InputRefused(
                f"no column {column!r} of the stations, which have {', '.join(map(str, stations.columns))}"
            )
    points = shapely.points(stations["longitude"].to_numpy(float), stations["latitude"].to_numpy(float))
    _write(path, "stations", shapely.to_wkb(points), _columns(stations), "Point")


def _polygons(strata: Strata) -> dict[int, bytes]:
    """Outline of every stratum that has cells, as well-known binary."""
    import shapely
    from rasterio.features import shapes
    from rasterio.transform import Affine

    codes = np.ascontiguousarray(strata.codes.values[::-1].astype(np.int16))
    parts: dict[int, list[Any]] = {}
    for outline, code in shapes(codes, mask=codes != OUTSIDE, transform=Affine(*geotransform(strata.codes))):
        parts.setdefault(int(code), []).append(shapely.geometry.shape(outline))
    return {code: shapely.to_wkb(shapely.MultiPolygon(polygons)) for code, polygons in parts.items()}


def _columns(table: pd.DataFrame) -> dict[str, NDArray[Any]]:
    """Columns of a table as the file can hold them: numbers, and text for everything else."""
    columns = {}
    for name in table.columns:
        values = table[name]
        if values.dtype.kind in "iuf":
            columns[str(name)] = values.to_numpy()
        elif values.dtype.kind == "b":
            columns[str(name)] = values.to_numpy(np.int32)
        else:
            texts = [
                None if missing else str(one) for one, missing in zip(values, values.isna(), strict=True)
            ]
            columns[str(name)] = np.array(texts, dtype=object)
    return columns


def _write(
    path: Path,
    layer: str,
    geometry: NDArray[np.object_] | None,
    columns: dict[str, NDArray[Any]],
    kind: str | None,
) -> None:
    from pyogrio.raw import write

    write(
        path, geometry, list(columns.values()), list(columns), layer=layer, driver="GPKG", geometry_type=kind,
        crs=None if kind is None else f"EPSG:{EPSG}", append=path.exists(),
    )  # fmt: skip
