"""D01, D02, D03: frost, in the soil (in situ), in the air, and in the soil of a land surface model.

A sensor sees liquid water only, so the ISMN marks values of frozen ground as doubtful as measures of *all*
water. As measures of liquid water they are right, and freezing and thawing are what cold regions are
studied for: ``frozen_state`` keeps the fact apart from quality, and whoever studies liquid water can leave
the flags out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headwater.stations.quality.bits import Flag
from headwater.stations.readings import State


def frost(
    soil_celsius: ArrayLike, air_celsius: ArrayLike, model_celsius: ArrayLike, *, below: float
) -> NDArray[np.uint64]:
    """D01, D02, D03 as bits; NaN is no frost.

    Parameters
    ----------
    soil_celsius, air_celsius, model_celsius : °C, shapes that broadcast; ``np.nan`` where there is none
    below : °C
    """
    bits = np.where(np.asarray(soil_celsius, dtype=float) < below, Flag.D01.value, 0)
    bits = bits | np.where(np.asarray(air_celsius, dtype=float) < below, Flag.D02.value, 0)
    return (bits | np.where(np.asarray(model_celsius, dtype=float) < below, Flag.D03.value, 0)).astype(
        np.uint64
    )


def frozen_state(soil_celsius: ArrayLike, model_celsius: ArrayLike, *, below: float) -> NDArray[np.uint8]:
    """``State.FROZEN`` where the soil is below ``below`` °C, else 0.

    Soil temperature in situ decides; the model's where there is none. Frost of the air alone freezes no soil.
    """
    soil, model = np.broadcast_arrays(
        np.asarray(soil_celsius, dtype=float), np.asarray(model_celsius, dtype=float)
    )
    known = np.where(np.isnan(soil), model, soil)
    return np.where(known < below, State.FROZEN.value, 0).astype(np.uint8)
