"""Flag "depths": a layer becomes wet though no layer above it did.

Rain reaches a layer through those above. An hour is flagged where soil moisture of a layer rose by more
than 0.03 m3 m-3 within 6 h, while no sensor above it rose by 0.005 m3 m-3 or more within 6 h at any time of
the last 48 h. The uppermost layer is not tested, nor is a layer without a single complete sensor above, nor
one at or below 1 °C, since ice that melts makes water too. Looks back only.

It flags as well what is real and comes from below or beside: rising groundwater, flow along a slope,
through cracks and holes that pass the sensors above. Where these are usual, the flag is not for this site.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headwater.errors import InputRefused
from headwater.stations.quality.bits import Flag
from headwater.stations.quality.hourly import celsius
from headwater.stations.quality.profiles import DepthLimits

Values = NDArray[np.float64]


def contradicting_depths(
    soil_moisture: ArrayLike, limits: DepthLimits, *, soil_temperature: ArrayLike | None = None
) -> NDArray[np.uint64]:
    """The flag as bits, shape (layers, n).

    Parameters
    ----------
    soil_moisture : shape (layers, n), m3 m-3, hourly, the uppermost layer first, NaN where missing
    soil_temperature : shape (layers, n), K; where it is NaN, or None, the ground is taken as thawed

    Raises
    ------
    InputRefused
        The shapes do not fit.
    """
    values = np.asarray(soil_moisture, dtype=float)
    ground = None if soil_temperature is None else np.asarray(soil_temperature, dtype=float)
    if values.ndim != 2 or (ground is not None and ground.shape != values.shape):
        raise InputRefused(
            f"Soil moisture of a profile has shape {values.shape}, temperature "
            f"{None if ground is None else ground.shape}; needed is (layers, hours). Stack the layers."
        )
    rises = np.array([rise_within(layer, limits.rise_hours) for layer in values]).reshape(values.shape)
    out = np.zeros(values.shape, np.uint64)
    for layer in range(1, len(values)):
        known = np.array([_recent(rises[k], limits.above_hours) for k in range(layer)])
        above = np.fmax.reduce(known, axis=0)
        hit = (rises[layer] > limits.rise_above) & (above < limits.above_least)
        if ground is not None:
            hit &= ~(celsius(ground[layer]) <= limits.thawed_above)
        out[layer][hit] = np.uint64(Flag.DEPTHS)
    return out


def rise_within(theta: Values, hours: int) -> Values:
    """Value minus the smallest of the ``hours`` before it; NaN where one of these is missing. Shape (n,)."""
    padded = np.concatenate([np.full(hours, np.nan), theta])
    return np.asarray(theta - np.lib.stride_tricks.sliding_window_view(padded, hours)[:-1].min(axis=1))


def _recent(rise: Values, hours: int) -> Values:
    """Largest rise of each hour and those before it, ``hours`` in all; NaN where one is missing."""
    padded = np.concatenate([np.full(hours - 1, np.nan), rise])
    return np.asarray(np.lib.stride_tricks.sliding_window_view(padded, hours).max(axis=1))
