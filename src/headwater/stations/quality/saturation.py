"""C03: soil moisture above the saturation of the soil.

The ISMN computes saturation of each layer from sand, clay and organic carbon of the Harmonized World Soil
Database with the equations of Saxton & Rawls 2006 (Soil Sci. Soc. Am. J. 70, 1569–1578, eq. 2, 3, 5). Here
it is given; without it (None) the test is not made, and a saturation of 0 stands for none, as with flagit.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headwater.stations.quality.bits import Flag


def above_saturation(theta_percent: ArrayLike, saturation_percent: ArrayLike | None) -> NDArray[np.uint64]:
    """C03 as bit, shape (n,); soil moisture and saturation (one, or one a value; NaN: none) in % vol."""
    values = np.asarray(theta_percent, dtype=float)
    if saturation_percent is None:
        return np.zeros(values.shape, np.uint64)
    limit = np.asarray(saturation_percent, dtype=float)
    return np.where((values > limit) & (limit != 0), Flag.C03.value, 0).astype(np.uint64)
