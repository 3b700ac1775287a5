"""Small series with one feature, for worked examples."""

from __future__ import annotations

import numpy as np

from headwater.stations.quality.bits import Flag
from headwater.stations.quality.hourly import Layer, hourly
from headwater.stations.quality.read_profiles import profile
from headwater.stations.quality.run_batch import Flags, flag_series

BOTH = ("flagit-0.3", "ismn")


def flat(hours: int = 120, level: float = 20.0) -> np.ndarray:
    """A constant series in % vol."""
    return np.full(hours, level)


def flags_of(
    theta: np.ndarray,
    name: str,
    *,
    depth: float | None = None,
    saturation: float | None = None,
    **others: object,
) -> Flags:
    """Flags of a series in % vol; other variables in SI."""
    series = hourly("2021-06-01T00", np.round(0.01 * theta, 9), **others)  # type: ignore[arg-type]
    return flag_series(series, profile(name), layer=Layer(depth, saturation))


def hours_with(flags: Flags, flag: Flag) -> list[int]:
    """Hours that carry a flag."""
    return np.flatnonzero((flags.mask & np.uint64(flag)) != 0).tolist()
