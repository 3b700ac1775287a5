"""The quality bits of MODIS and VIIRS vegetation indices, taken apart.

Source: Didan and Munoz (2019), MODIS Vegetation Index User's Guide, version 6.1, table of VI Quality.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

FILL = 65535


@dataclass(frozen=True)
class ViQuality:
    """What the 16 bits of a cell say; every field has the shape of the bits.

    ``modland``: 0 good, 1 check other bits, 2 probably cloudy, 3 not produced. ``usefulness``: 0 best to 12,
    13 to 15 not useful. ``aerosol``: 0 climatology, 1 low, 2 average, 3 high. ``land_water``: 0 shallow
    ocean, 1 land, 2 shore, 3 shallow inland water, 4 ephemeral water, 5 deep inland water, 6 and 7 deeper
    ocean. ``fill`` is true where nothing was written.
    """

    modland: NDArray[np.uint8]
    usefulness: NDArray[np.uint8]
    aerosol: NDArray[np.uint8]
    adjacent_cloud: NDArray[np.bool_]
    brdf: NDArray[np.bool_]
    mixed_clouds: NDArray[np.bool_]
    land_water: NDArray[np.uint8]
    snow: NDArray[np.bool_]
    shadow: NDArray[np.bool_]
    fill: NDArray[np.bool_]


def decode_vi_quality(bits: NDArray[Any]) -> ViQuality:
    """The fields of layer ``vi_quality``: bits 0-1, 2-5, 6-7, 8, 9, 10, 11-13, 14, 15, lowest first.

    Parameters
    ----------
    bits : whole numbers, any shape, as stored

    Examples
    --------
    2112 is 0b0000_1000_0100_0000: land, low aerosol, best usefulness, good.
    """
    whole = np.asarray(bits).astype(np.uint16)

    def part(start: int, count: int) -> NDArray[np.uint8]:
        return ((whole >> start) & ((1 << count) - 1)).astype(np.uint8)

    return ViQuality(
        modland=part(0, 2),
        usefulness=part(2, 4),
        aerosol=part(6, 2),
        adjacent_cloud=part(8, 1).astype(bool),
        brdf=part(9, 1).astype(bool),
        mixed_clouds=part(10, 1).astype(bool),
        land_water=part(11, 3),
        snow=part(14, 1).astype(bool),
        shadow=part(15, 1).astype(bool),
        fill=whole == FILL,
    )
