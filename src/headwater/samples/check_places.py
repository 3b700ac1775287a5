"""Coordinates: shifted ones (GCJ-02 beside WGS-84), and rows without a place among rows with one."""

from __future__ import annotations

import numpy as np
import pandas as pd

from headwater.samples.findings import Finding, flagged
from headwater.samples.gcj02 import METRES_PER_DEGREE, to_gcj02

CHINA = (17.0, 54.0, 73.0, 136.0)  # latitude from, to; longitude from, to
MATCH_WITHIN_M = 30.0
MATCH_WITHIN_SHARE = 1 / 3  # of the offset
SMALLEST_OFFSET_M = 60.0  # below, ordinary errors of a position look the same
MOSTLY = 0.9


def check_shifted(frame: pd.DataFrame) -> list[Finding]:
    """Rows whose coordinates are those of the same site elsewhere, moved by the GCJ-02 offset there: flagged.

    Two pairs of one site match where the offset computed at the first (of 60 m or more) leads to within 30 m,
    and a third of the offset, of the second. The finding stands at the rows of the second, the shifted one.
    """
    from scipy.spatial import cKDTree

    places = frame[["site", "latitude", "longitude"]].dropna()
    south, north, west, east = CHINA
    inside = places["latitude"].between(south, north) & places["longitude"].between(west, east)
    unique = places[inside].drop_duplicates()
    unique = unique[unique.duplicated("site", keep=False)]
    if unique.empty:
        return []
    latitude, longitude = unique["latitude"].to_numpy(), unique["longitude"].to_numpy()
    site = unique["site"].cat.codes.to_numpy()
    scale = np.cos(np.radians(latitude))
    points = np.column_stack([latitude, longitude * np.cos(np.radians(35.0)), site * 1000.0])
    moved_latitude, moved_longitude = to_gcj02(latitude, longitude)
    moved = np.column_stack([moved_latitude, moved_longitude * np.cos(np.radians(35.0)), site * 1000.0])
    distance, nearest = cKDTree(points).query(
        moved, distance_upper_bound=2 * MATCH_WITHIN_M / METRES_PER_DEGREE
    )
    hit = np.isfinite(distance)
    target = np.where(hit, nearest, 0)
    off_m = METRES_PER_DEGREE * np.hypot(
        moved_latitude - latitude[target], (moved_longitude - longitude[target]) * scale
    )
    jump_m = METRES_PER_DEGREE * np.hypot(
        latitude - latitude[target], (longitude - longitude[target]) * scale
    )
    hit &= (off_m <= np.minimum(MATCH_WITHIN_M, MATCH_WITHIN_SHARE * jump_m)) & (jump_m >= SMALLEST_OFFSET_M)
    if not hit.any():
        return []
    shifted = (
        unique.iloc[target[hit]].assign(jump_m=jump_m[hit]).drop_duplicates(["site", "latitude", "longitude"])
    )
    keyed = frame[["site", "latitude", "longitude"]].astype({"site": object}).reset_index()
    found = keyed.merge(shifted.astype({"site": object}), on=["site", "latitude", "longitude"])
    texts = np.array(
        [
            f"{lat:g}, {lon:g}: {m:.0f} m from the other coordinates of {name!r}"
            for name, lat, lon, m in zip(
                found["site"], found["latitude"], found["longitude"], found["jump_m"], strict=True
            )
        ],
        object,
    )
    expected = "one coordinate system; the distance is the GCJ-02 offset there, as of Chinese map services"
    return [flagged("latitude", texts, expected, found["index"].to_numpy(np.int64))]


def check_placeless(frame: pd.DataFrame) -> list[Finding]:
    """Rows without coordinates where at least nine in ten rows of the sheet have them: flagged."""
    missing = (frame["latitude"].isna() | frame["longitude"].isna()).to_numpy()
    if not missing.any() or missing.mean() > 1 - MOSTLY:
        return []
    at = np.flatnonzero(missing)
    return [flagged("latitude", "no coordinates", "latitude and longitude, as the other rows have", at)]
