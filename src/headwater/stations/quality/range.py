"""C01 and C02: values that the quantity cannot have (Dorigo et al. 2013, table 2).

C01: below the smallest, C02: above the largest value of the range in ``data/quality_profiles.toml``. A value
at the end of the range is not flagged; NaN never.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headwater.errors import InputRefused
from headwater.stations.quality.bits import Flag
from headwater.stations.quality.profiles import Profile


def out_of_range(numbers: ArrayLike, variable: str, profile: Profile) -> NDArray[np.uint64]:
    """C01 and C02 as bits, of any variable that the ISMN tests.

    Parameters
    ----------
    numbers : shape (n,), in the unit of the ISMN: % vol, °C, mm, kPa
    variable : such as "soil_temperature"

    Returns
    -------
    shape (n,)

    Raises
    ------
    InputRefused
        The profile has no range of this variable.
    """
    if variable not in profile.ranges:
        raise InputRefused(
            f"Profile {profile.name} has no range of {variable!r}; it has {', '.join(profile.ranges)}. "
            "Use the range of data/station_variables.toml for others."
        )
    low, high = profile.ranges[variable]
    values = np.asarray(numbers, dtype=float)
    below = np.where(values < low, Flag.C01.value, 0)
    return (below | np.where(values > high, Flag.C02.value, 0)).astype(np.uint64)
