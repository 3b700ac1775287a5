"""Virtual monthly fields of soil moisture and its drivers, whose correlation is known in every pixel."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from headwater.errors import SettingsRefused
from headwater.simulate.alike import Single, alike_fields
from headwater.simulate.field_design import Array, FieldDesign, Noise
from headwater.simulate.read_field_design import read_field_design

if TYPE_CHECKING:
    import xarray as xr

SECONDS_PER_MONTH = 86400 * 365.25 / 12
RELATIVE = ("precipitation", "evapotranspiration")
"""Amounts of water: sd and trend are relative to the mean, and mm a month become kg m-2 s-1."""
SKEWED = "precipitation"

ATTRIBUTES: dict[str, dict[str, str]] = {
    "soil_moisture": {
        "standard_name": "volume_fraction_of_condensed_water_in_soil", "units": "m3 m-3",
        "long_name": "soil moisture, upper layer",
    },
    "air_temperature": {"standard_name": "air_temperature", "units": "K", "long_name": "air temperature"},
    "ground_temperature": {
        "standard_name": "soil_temperature", "units": "K", "long_name": "ground temperature, upper layer",
    },
    "precipitation": {
        "standard_name": "precipitation_flux", "units": "kg m-2 s-1", "long_name": "precipitation",
    },
    "evapotranspiration": {
        "standard_name": "water_evapotranspiration_flux", "units": "kg m-2 s-1",
        "long_name": "evapotranspiration, positive upward",
    },
    "ndvi": {
        "standard_name": "normalized_difference_vegetation_index", "units": "1",
        "long_name": "normalised difference vegetation index",
    },
}  # fmt: skip


def simulate_fields(seed: int, *, design: FieldDesign | None = None) -> xr.Dataset:
    """Monthly fields of a virtual region, with the correlations that :func:`true_correlations` states.

    Anomalies of the drivers are Gaussian, alike over distance and time, and correlated with each other by
    the matrix R. Soil moisture answers to them: s = β'd + √(1 − r'R⁻¹r) u, β = R⁻¹ r, with the correlations
    r(month, altitude) of the design, so that the correlation of s with each driver is exactly r.

    Parameters
    ----------
    seed : the same seed gives the same fields
    design : grid, couplings, sizes; the paper's region where None

    Raises
    ------
    SettingsRefused
        for years outside 1678–2261.

    Returns
    -------
    Dataset with ``soil_moisture``, the drivers (time, latitude, longitude) and ``altitude`` (latitude,
    longitude) [m]; NaN outside the outline. ``attrs["simulated"]`` is ``"true"``.
    """
    import xarray as xr

    plan = read_field_design() if design is None else design
    rng = np.random.default_rng(seed)
    altitude, inside = lay_out_terrain(plan, rng)
    names, months = ("soil_moisture", *plan.drivers), _months(plan)
    anomalies = _anomalies(plan, altitude, rng)
    coords = {"time": months, "latitude": plan.grid.latitudes, "longitude": plan.grid.longitudes}
    dims = ("time", "latitude", "longitude")
    variables: dict[str, Any] = {}
    for name, anomaly in zip(names, anomalies, strict=True):
        values = _sized(name, anomaly, altitude, plan)
        variables[name] = (dims, np.where(inside, values, np.float32(np.nan)), _attributes(name, seed))
    heights = np.where(inside, altitude, np.nan).astype(np.float32)
    variables["altitude"] = (dims[1:], heights, _attributes("altitude", seed))
    fields = xr.Dataset(variables, coords, {"simulated": "true", "title": plan.name})
    for axis, unit in (("latitude", "degrees_north"), ("longitude", "degrees_east")):
        fields[axis].attrs = {"standard_name": axis, "units": unit}
    fields["time"].attrs = {"standard_name": "time", "long_name": "start of the month"}
    return fields


def true_correlations(altitude: xr.DataArray, *, design: FieldDesign | None = None) -> xr.DataArray:
    """Expected Pearson correlation of soil moisture with each driver, (driver, month, latitude, longitude).

    That of the design, with two known changes: skewed rain lowers r by σ/√(exp σ² − 1), and trends that
    both have raise it.
    """
    import xarray as xr

    plan = read_field_design() if design is None else design
    months = np.arange(1, 13)
    r = np.stack([coupling_at(altitude.to_numpy(), month, plan) for month in range(1, 13)], axis=1)
    spread = {name: _trend_in_sd(name, plan) for name in ("soil_moisture", *plan.drivers)}
    for number, name in enumerate(plan.drivers):
        if name == SKEWED:
            sigma2 = np.log1p(plan.variables[name].sd ** 2)
            r[number] *= np.sqrt(sigma2 / np.expm1(sigma2))
        both = spread["soil_moisture"] * spread[name]
        r[number] = (r[number] + both) / np.sqrt((1 + spread["soil_moisture"] ** 2) * (1 + spread[name] ** 2))
    dims = ("driver", "month", "latitude", "longitude")
    coords = {"driver": list(plan.drivers), "month": months, **{d: altitude[d] for d in dims[2:]}}
    return xr.DataArray(np.where(np.isfinite(altitude.to_numpy()), r, np.nan), coords, dims, name="r")


def coupling_at(altitude_m: Array, month: int, design: FieldDesign) -> Array:
    """Correlations of one month, shape (drivers, *altitude): low and high blended by a logistic weight."""
    coupling = design.coupling
    side = coupling.months.get(month)
    shape = (len(design.drivers), *(1,) * np.ndim(altitude_m))
    if side is None:
        return np.zeros((len(design.drivers), *np.shape(altitude_m)))
    high = 1.0 / (1.0 + np.exp(-(altitude_m - coupling.boundary_m) / coupling.blend_m))
    low_r, high_r = (np.reshape(values, shape) for values in (side.low, side.high))
    return np.asarray(low_r * (1 - high) + high_r * high)


def lay_out_terrain(design: FieldDesign, rng: np.random.Generator) -> tuple[Array, NDArray[np.bool_]]:
    """Altitude [m] and whether a pixel is inside the outline, shape (latitude, longitude) each."""
    grid, terrain = design.grid, design.terrain
    latitude, longitude = grid.latitudes, grid.longitudes
    x, y = np.meshgrid(longitude, latitude)
    fall = -(x - x.mean()) / x.std()
    ridges = alike_fields(1, latitude, longitude, terrain.length_km, rng)[0]
    rough = np.sqrt(terrain.eastward) * fall + np.sqrt(1 - terrain.eastward) * ridges
    inside = _inside(x, y, np.asarray(grid.outline))
    order = np.searchsorted(np.sort(rough[inside]), rough)
    quantile = np.clip(order / max(int(inside.sum()) - 1, 1), 0.0, 1.0)
    return np.interp(quantile, terrain.quantile, terrain.altitude_m), inside


def _anomalies(design: FieldDesign, altitude: Array, rng: np.random.Generator) -> list[Single]:
    """Soil moisture, then the drivers: anomalies of variance 1, shape (time, latitude, longitude) each."""
    free = [_weather(design, rng) for _ in range(len(design.drivers) + 1)]
    between = np.asarray(design.coupling.between)
    mix = np.linalg.cholesky(between).astype(np.float32)
    drivers = [sum(weight * one for weight, one in zip(row, free[:-1], strict=True) if weight) for row in mix]
    soil = free[-1].copy()
    for month in design.coupling.months:
        r = coupling_at(altitude, month, design)
        beta = np.tensordot(np.linalg.inv(between), r, axes=1)
        left = 1.0 - (beta * r).sum(axis=0)
        here = slice(month - 1, None, 12)
        soil[here] *= np.sqrt(left).astype(np.float32)
        for weight, driver in zip(beta.astype(np.float32), drivers, strict=True):
            soil[here] += weight * driver[here]
    return [soil, *drivers]


def _weather(design: FieldDesign, rng: np.random.Generator) -> Single:
    """One anomaly of variance 1 that remembers the month and the year before."""
    noise, grid = design.noise, design.grid
    place = (grid.latitudes, grid.longitudes, noise.length_km)
    monthly = _remember(alike_fields(grid.steps, *place, rng), noise.month_to_month)
    yearly = _remember(alike_fields(grid.years, *place, rng), noise.year_to_year)
    a, b = np.float32(np.sqrt(1 - noise.year_share)), np.float32(np.sqrt(noise.year_share))
    return a * monthly + b * np.repeat(yearly, 12, axis=0)


def autocorrelation_of_years(noise: Noise) -> float:
    """Correlation of an anomaly with that of the same month of the next year."""
    return noise.year_share * noise.year_to_year + (1 - noise.year_share) * noise.month_to_month**12


def _remember(fresh: Single, rho: float) -> Single:
    """First-order autoregression along the first axis, variance kept."""
    keep = np.float32(np.sqrt(1 - rho * rho))
    for step in range(1, len(fresh)):
        fresh[step] = np.float32(rho) * fresh[step - 1] + keep * fresh[step]
    return fresh


def _sized(name: str, anomaly: Single, altitude: Array, design: FieldDesign) -> Single:
    """Anomalies as a variable in SI: mean of the month and altitude, sd, trend; rain is lognormal."""
    size, steps = design.variables[name], design.grid.steps
    month = np.asarray(size.mean)[np.arange(steps) % 12][:, None, None]
    height = size.per_km * (altitude - 4000.0) / 1000.0
    decades = ((np.arange(steps) // 12 - (design.grid.years - 1) / 2) / 10)[:, None, None]
    if name not in RELATIVE:
        return (month + height + size.sd * anomaly + size.trend * decades).astype(np.float32)
    mean = np.maximum(month * (1.0 + height / max(size.mean)), 0.1 * month)
    if name == SKEWED:
        sigma2 = np.log1p(size.sd**2)
        factor = np.exp(np.sqrt(sigma2) * anomaly - sigma2 / 2) + size.trend * decades
    else:
        factor = 1.0 + size.sd * anomaly + size.trend * decades
    return (mean * factor / SECONDS_PER_MONTH).astype(np.float32)


def _trend_in_sd(name: str, design: FieldDesign) -> float:
    """Sd over the years that the trend alone makes, in units of the sd of the anomalies."""
    size, years = design.variables[name], design.grid.years
    return size.trend / size.sd * years / 10 * float(np.sqrt((1 - years**-2) / 12))


def _months(design: FieldDesign) -> NDArray[np.datetime64]:
    first, last = design.grid.first_year, design.grid.first_year + design.grid.years - 1
    if first < 1678 or last > 2261:
        raise SettingsRefused(
            f"years {first} to {last}: times hold 1678 to 2261. Change first_year or years in the design."
        )
    start = np.datetime64(f"{first}-01", "M")
    return (start + np.arange(design.grid.steps)).astype("datetime64[ns]")


def _attributes(name: str, seed: int) -> dict[str, str]:
    if name == "altitude":
        own = {"standard_name": "surface_altitude", "units": "m", "long_name": "altitude"}
    else:
        own = ATTRIBUTES[name] | {"cell_methods": "time: mean"}
    return own | {"source": f"simulated, seed {seed}", "headwater_changes": ""}


def _inside(x: Array, y: Array, ring: Array) -> NDArray[np.bool_]:
    """Whether points lie inside a closed ring of corners: even-odd rule."""
    found = np.zeros(x.shape, bool)
    for (x1, y1), (x2, y2) in pairwise(ring):
        crosses = (y1 > y) != (y2 > y)
        if y1 != y2:
            found ^= crosses & (x < x1 + (y - y1) / (y2 - y1) * (x2 - x1))
    return found
