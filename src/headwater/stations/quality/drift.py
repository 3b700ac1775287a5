"""Flag "drift": a sensor moves away from the other sensors of its group (same depth, a few kilometres).

Of daily medians, θ of the sensor and m the median of the others, the straight line θ ≈ a + b m is fitted by
Theil and Sen in the first year of the series, in which the sensor is taken as sound. Later days have the
residual r = θ − a − b m. A day is flagged where the median of r over the last 30 days is farther from 0
than both 0.03 m3 m-3 and four robust standard deviations of daily residuals in the reference. Looks back
only. The sensor with most such days is believed first: on these days it is no longer among the others, and
the others are tested again, until at most half of the group is left out.

It does not see: a sensor that drifts from its first day on, a group of which half drifts together, a change
of the site itself (it flags that too).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headwater.errors import InputRefused
from headwater.stations.quality.bits import Flag
from headwater.stations.quality.profiles import DriftLimits

Values = NDArray[np.float64]
TO_DEVIATION = 1.4826
"""Median absolute deviation of a normal distribution → its standard deviation."""


@dataclass(frozen=True)
class Drift:
    """Of k sensors and d days: ``residual`` (k, d), m3 m-3, median of the last 30 days; ``drifts`` (k, d)."""

    residual: Values
    drifts: NDArray[np.bool_]

    def of_hours(self, hours: int) -> NDArray[np.uint64]:
        """The flag as bits of the first ``hours`` hours, shape (k, hours)."""
        bits = np.where(self.drifts, np.uint64(Flag.DRIFT), np.uint64(0))
        return np.repeat(bits, 24, axis=1)[:, :hours]


def find_drift(soil_moisture: ArrayLike, limits: DriftLimits) -> Drift:
    """Days on which sensors drift.

    Parameters ---------- soil_moisture : shape (k, n), m3 m-3, hourly values of k sensors of a group from
    00 UTC on, NaN where missing

    Raises
    ------
    InputRefused
        The array has not two axes, or fewer sensors than the test needs.
    """
    values = np.asarray(soil_moisture, dtype=float)
    if values.ndim != 2 or len(values) <= limits.least_others:
        raise InputRefused(
            f"Soil moisture of a group has shape {values.shape}; needed is (sensors, hours) with "
            f"{limits.least_others + 1} sensors or more. Take a larger group."
        )
    daily = daily_medians(values)
    trailing, drifts = np.full(daily.shape, np.nan), np.zeros(daily.shape, bool)
    trusted, open_cases = daily.copy(), list(range(len(daily)))
    while open_cases:
        for sensor in open_cases:
            trailing[sensor], drifts[sensor] = _of_sensor(daily[sensor], trusted, sensor, limits)
        worst = max(open_cases, key=lambda sensor: int(drifts[sensor].sum()))
        if not drifts[worst].any() or len(open_cases) <= len(daily) // 2:
            break
        trusted[worst, drifts[worst]] = np.nan
        open_cases.remove(worst)
    return Drift(trailing, drifts)


def _of_sensor(
    own: Values, trusted: Values, sensor: int, limits: DriftLimits
) -> tuple[Values, NDArray[np.bool_]]:
    """Median residual of the last days, and the days on which the sensor drifts."""
    residual = _residual(own, np.delete(trusted, sensor, axis=0), limits)
    trailing = trailing_median(residual, limits.window_days, limits.least_days)
    spread = TO_DEVIATION * _median(np.abs(residual[: limits.reference_days]))
    bound = max(limits.offset_above, limits.deviations_above * spread)
    late = np.arange(len(own)) >= limits.reference_days
    return trailing, late & (np.abs(trailing) > bound) & ~np.isnan(residual)


def daily_medians(values: Values) -> Values:
    """Median of each 24 hours, shape (k, days); NaN where none is there. The last day may be shorter."""
    days = -(-values.shape[1] // 24)
    padded = np.full((len(values), days * 24), np.nan)
    padded[:, : values.shape[1]] = values
    return _median(padded.reshape(len(values), days, 24))


def trailing_median(values: Values, width: int, least: int) -> Values:
    """Median of each ``width`` values, at the last of them; NaN where fewer than ``least`` are there."""
    padded = np.concatenate([np.full(width - 1, np.nan), values])
    windows = np.lib.stride_tricks.sliding_window_view(padded, width)
    enough = (~np.isnan(windows)).sum(axis=1) >= least
    return np.where(enough, _median(windows), np.nan)


def _residual(own: Values, others: Values, limits: DriftLimits) -> Values:
    """Daily value minus that which the others lead to; NaN throughout where no line can be fitted."""
    enough = (~np.isnan(others)).sum(axis=0) >= limits.least_others
    middle = np.where(enough, _median(others.T), np.nan)
    there = np.flatnonzero(~np.isnan(own) & ~np.isnan(middle))
    reference = there[there < limits.reference_days]
    if len(reference) < limits.reference_days // 2:
        return np.full(len(own), np.nan)
    slope, offset = theil_sen(middle[reference], own[reference])
    return np.asarray(own - offset - slope * middle)


def theil_sen(x: Values, y: Values) -> tuple[float, float]:
    """Median slope of pairs, half the series apart, and the offset that goes with it."""
    half = len(x) // 2
    first, second = np.meshgrid(np.arange(len(x)), np.arange(1, half + 1), indexing="ij")
    inside = first + second < len(x)
    dx = x[(first + second)[inside]] - x[first[inside]]
    dy = y[(first + second)[inside]] - y[first[inside]]
    moves = np.abs(dx) > 1e-6
    slope = float(np.median(dy[moves] / dx[moves])) if moves.any() else 0.0
    return slope, float(np.median(y - slope * x))


def _median(values: Values) -> Values:
    """Median over the last axis of what is there; NaN where nothing is."""
    ordered = np.sort(values, axis=-1)
    count = (~np.isnan(values)).sum(axis=-1)
    low, high = np.maximum((count - 1) // 2, 0), np.maximum(count // 2, 0)
    high = np.minimum(high, values.shape[-1] - 1)
    pick = [np.take_along_axis(ordered, k[..., None], axis=-1)[..., 0] for k in (low, high)]
    return np.asarray((pick[0] + pick[1]) / 2)
