"""The offset between WGS-84 coordinates and the GCJ-02 coordinates of Chinese map services."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SEMI_MAJOR_M = 6378245.0  # Krasovsky 1940
ECCENTRICITY2 = 0.00669342162296594323
METRES_PER_DEGREE = 111_195.0


def to_gcj02(latitude: Array, longitude: Array) -> tuple[Array, Array]:
    """GCJ-02 coordinates [°] of WGS-84 coordinates [°] in China (mostly 100–700 m away).

    Parameters
    ----------
    latitude, longitude : shape (n,), [°]

    Notes
    -----
    The published polynomial and sine terms in (longitude − 105°, latitude − 35°) give an offset in metres,
    which the Krasovsky ellipsoid turns into degrees. Outside China the offset has no meaning.
    """
    x, y = longitude - 105.0, latitude - 35.0
    root = np.sqrt(np.abs(x))
    ripple = 20 * np.sin(6 * x * np.pi) + 20 * np.sin(2 * x * np.pi)
    north = -100 + 2 * x + 3 * y + 0.2 * y**2 + 0.1 * x * y + 0.2 * root + ripple * 2 / 3
    north += (20 * np.sin(y * np.pi) + 40 * np.sin(y / 3 * np.pi)) * 2 / 3
    north += (160 * np.sin(y / 12 * np.pi) + 320 * np.sin(y * np.pi / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x**2 + 0.1 * x * y + 0.1 * root + ripple * 2 / 3
    east += (20 * np.sin(x * np.pi) + 40 * np.sin(x / 3 * np.pi)) * 2 / 3
    east += (150 * np.sin(x / 12 * np.pi) + 300 * np.sin(x / 30 * np.pi)) * 2 / 3
    phi = np.radians(latitude)
    flat = 1 - ECCENTRICITY2 * np.sin(phi) ** 2
    meridian = SEMI_MAJOR_M * (1 - ECCENTRICITY2) / flat**1.5
    parallel = SEMI_MAJOR_M / np.sqrt(flat) * np.cos(phi)
    return latitude + np.degrees(north / meridian), longitude + np.degrees(east / parallel)
