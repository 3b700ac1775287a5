"""Thresholds of the quality tests, as frozen records. Their values and sources stand in a data file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FLAGIT, ISMN = "flagit-0.3", "ismn"
Limits = NDArray[np.float64]


@dataclass(frozen=True)
class Rise:
    """Of D04 and D05. Units: mm, m, times the standard deviation."""

    standard_deviations: float
    least_rain_mm: float
    share_of_depth: float
    porosity: float
    shallower_than_m: float

    def least(self, depth_m: float | None) -> float | None:
        """Rain in mm below which a rise needs explanation; None where the test does not apply."""
        if depth_m is None or depth_m == 0:
            return self.least_rain_mm
        if depth_m >= self.shallower_than_m:
            return None
        return depth_m * self.share_of_depth * self.porosity * 1000


@dataclass(frozen=True)
class Spike:
    """Of D06; all without unit."""

    ratio_above: float
    ratio_below: float
    curvature_above: float
    curvature_below: float
    relative_variance_below: float


@dataclass(frozen=True)
class Break:
    """Of D07 and D08. ``absolute_above`` and ``zero_drop_above`` in % vol."""

    relative_above: float
    absolute_above: float
    slopes_above: float
    least_slopes: float
    curvature_above: float
    zero_drop_above: float


@dataclass(frozen=True)
class LowConstant:
    """Of D09; variance of % vol over mean of % vol."""

    relative_variance_below: float


@dataclass(frozen=True)
class Plateau:
    """Of D10. Variance in (% vol)², rise in % vol per hour, ``highest_below`` in % vol."""

    variance_most: float
    rise_least: float
    level_above: float
    highest_below: float


@dataclass(frozen=True)
class DriftLimits:
    """Of the flag "drift": days, m3 m-3, and times the robust standard deviation."""

    reference_days: int
    window_days: int
    least_days: int
    least_others: int
    offset_above: float
    deviations_above: float


@dataclass(frozen=True)
class DepthLimits:
    """Of the flag "depths": m3 m-3, hours, °C."""

    rise_above: float
    rise_hours: int
    above_least: float
    above_hours: int
    thawed_above: float


@dataclass(frozen=True)
class Profile:
    """A set of tests with thresholds, and how windows, gaps and the past are treated.

    Attributes
    ----------
    name : "flagit-0.3" or "ismn"
    causal : True: no value that came later than a stated delay changes a flag, so that a stream can follow
    ranges : variable → smallest and largest value, in the units that the ISMN prints (% vol, °C, mm, kPa)
    frozen_below : °C
    rain_hours, model_rain_hours : of 24, that must be known before rain is called too little
    longest_plateau_hours : longer ones are not called plateaus; 0: any length
    highest_days : days before a plateau in which the highest value is looked for; 0: the whole series
    """

    name: str
    causal: bool
    ranges: dict[str, tuple[float, float]]
    frozen_below: float
    rise: Rise
    spike: Spike
    breaks: Break
    low_constant: LowConstant
    plateau: Plateau
    rain_hours: int
    model_rain_hours: int
    longest_plateau_hours: int
    highest_days: int


def as_array(record: Rise | Spike | Break | LowConstant | Plateau) -> Limits:
    """The numbers of one test in the order of its fields, as its kernel takes them."""
    return np.array(list(vars(record).values()), dtype=float)
