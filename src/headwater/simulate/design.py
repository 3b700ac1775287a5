"""The plan of a virtual campaign: counts, layout, waters and effects, as read from a design file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

SOURCES = ("precipitation", "ground_ice", "snow_melt")


@dataclass(frozen=True)
class Period:
    """One sampling period: its name (``YYYY-MM``), sites, region shares, counts and months of recharge."""

    period: str
    sites: int
    shares: Mapping[str, float]
    counts: Mapping[str, int]
    recharge_months: tuple[str, ...]

    @property
    def sources(self) -> tuple[str, ...]:
        """Sources that take part in this period."""
        return tuple(name for name in SOURCES if name in self.shares)


@dataclass(frozen=True)
class Soil:
    """Soil sampling, and how much of the source spread a soil water keeps."""

    samples: int
    vials: int
    layer_thickness_m: float
    profile_layers: tuple[float, ...]
    process_ratio: float
    profile_correlation: float


@dataclass(frozen=True)
class Strata:
    """Classes of altitude, vegetation and aspect, with the weights of their joint layout."""

    altitude_bands_m: tuple[float, ...]
    band_weight: tuple[float, ...]
    vegetation: tuple[str, ...]
    vegetation_weight: tuple[tuple[float, ...], ...]
    aspect: tuple[str, ...]


@dataclass(frozen=True)
class Region:
    """Southern and northern edge, (longitude, latitude) from the west; longitude usual for an altitude."""

    south: tuple[tuple[float, float], ...]
    north: tuple[tuple[float, float], ...]
    altitude_knots_m: tuple[float, ...]
    longitude_of_altitude: tuple[float, ...]
    longitude_spread: float


@dataclass(frozen=True)
class Place:
    """A station or glacier front."""

    name: str
    latitude: float
    longitude: float
    altitude_m: float
    basin: str


@dataclass(frozen=True)
class Month:
    """Rain of one month: events over all stations, and what they are like on average."""

    month: str
    events: int
    amount_mm: float
    d18O: float
    d18O_sd: float
    across_sd: float
    air_temperature_C: float
    relative_humidity: float


@dataclass(frozen=True)
class Precipitation:
    """Meteoric line, stations and months."""

    line_slope: float
    line_intercept: float
    lapse_per_100_m: float
    amount_shape: float
    stations: tuple[Place, ...]
    months: tuple[Month, ...]


@dataclass(frozen=True)
class StoredWater:
    """Ground ice or snow: mean, spread along and across the line, [‰]."""

    d18O: float
    d_excess: float
    d18O_sd: float
    across_sd: float


@dataclass(frozen=True)
class SurfaceWater:
    """River or supra-permafrost water relative to soil water of the same period."""

    ice_ratio: float
    evaporation_ratio: float
    process_ratio: float
    altitude_m: tuple[float, float]


@dataclass(frozen=True)
class Effect:
    """Relative size of one source's share by altitude (at the knots), vegetation, aspect and depth."""

    altitude: tuple[float, ...]
    vegetation: Mapping[str, float]
    aspect: Mapping[str, float]
    depth: tuple[float, ...]


@dataclass(frozen=True)
class Evaporation:
    """Enrichment of soil water: mean by period [‰ of δ18O], its effects, and the slope."""

    mean: Mapping[str, float]
    slope: float
    slope_sd: float
    profile_correlation: float
    depth: tuple[float, ...]
    vegetation: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Ground:
    """Soil temperature and moisture."""

    temperature_C: Mapping[str, float]
    temperature_per_layer_C: float
    temperature_per_km_C: float
    moisture: Mapping[str, float]
    moisture_per_layer: float
    moisture_of: Mapping[str, float]


@dataclass(frozen=True)
class Mess:
    """How many cells are empty or wrong, per 2451 samples."""

    empty_d2H: int
    empty_altitude: int
    empty_soil_temperature: int
    impossible_dates: int


@dataclass(frozen=True)
class CampaignDesign:
    """Everything that a virtual campaign is drawn from; ``read_design`` makes one from a file."""

    name: str
    periods: tuple[Period, ...]
    soil: Soil
    strata: Strata
    region: Region
    precipitation: Precipitation
    ground_ice: StoredWater
    snow_melt: StoredWater
    ice_altitude_m: tuple[float, float]
    fronts: tuple[Place, ...]
    surface_water: Mapping[str, SurfaceWater]
    altitude_knots_m: tuple[float, ...]
    site_sd: float
    effects: Mapping[str, Mapping[str, Effect]]
    evaporation: Evaporation
    ground: Ground
    d18O_sd: float
    d2H_sd: float
    mess: Mess

    @property
    def samples(self) -> int:
        """Number of samples, parallels not counted."""
        return (
            self.soil.samples
            + sum(month.events for month in self.precipitation.months)
            + sum(sum(period.counts.values()) for period in self.periods)
        )
