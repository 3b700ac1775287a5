"""The plan of virtual monthly fields: grid, terrain, noise, couplings, sizes; read from a design file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Matrix = tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Grid:
    """Years, spacing [degrees], edges [degrees], and the outline as (longitude, latitude) corners."""

    first_year: int
    years: int
    step_degrees: float
    latitude: tuple[float, float]
    longitude: tuple[float, float]
    outline: Matrix

    @property
    def latitudes(self) -> Array:
        """Centres from the south."""
        return _centres(*self.latitude, self.step_degrees)

    @property
    def longitudes(self) -> Array:
        """Centres from the west."""
        return _centres(*self.longitude, self.step_degrees)

    @property
    def steps(self) -> int:
        """Number of months."""
        return 12 * self.years


@dataclass(frozen=True)
class Terrain:
    """Altitude [m] at quantiles of area, part of its variance that falls to the east, length of ridges."""

    quantile: tuple[float, ...]
    altitude_m: tuple[float, ...]
    eastward: float
    length_km: float


@dataclass(frozen=True)
class Noise:
    """How anomalies resemble each other over distance, months and years."""

    length_km: float
    month_to_month: float
    year_share: float
    year_to_year: float


@dataclass(frozen=True)
class Side:
    """Correlation of soil moisture with every driver, at low and at high altitude."""

    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True)
class Coupling:
    """Correlations by month (1–12; others are 0), blended around a boundary, and those between drivers."""

    boundary_m: float
    blend_m: float
    between: Matrix
    months: Mapping[int, Side]


@dataclass(frozen=True)
class Size:
    """Mean of each month at 4000 m, its change per km, sd between years, trend per decade."""

    mean: tuple[float, ...]
    per_km: float
    sd: float
    trend: float


@dataclass(frozen=True)
class FieldDesign:
    """Everything that virtual fields are drawn from."""

    name: str
    drivers: tuple[str, ...]
    grid: Grid
    terrain: Terrain
    noise: Noise
    coupling: Coupling
    variables: Mapping[str, Size]


def _centres(start: float, stop: float, step: float) -> Array:
    count = int((stop - start) / step + 1e-9)
    return np.round(start + step * (np.arange(count) + 0.5), 6)
