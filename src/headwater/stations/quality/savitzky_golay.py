"""First and second derivative by Savitzky and Golay's filter with window 3 and order 2, per hour.

x′ = (x₊₁ − x₋₁) / 2 and x″ = x₋₁ − 2 x + x₊₁ (Savitzky & Golay 1964). A missing value takes the three
derivatives that need it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Derivatives:
    """Of a series of n hourly values: ``slope`` per hour and ``curvature`` per hour², shape (n,)."""

    slope: Values
    curvature: Values


def smoothed(theta: Values) -> Derivatives:
    """Derivatives as flagit has them: SciPy's filter, the ends repeated outwards.

    SciPy's coefficients come from a least-squares fit and are 0.5000000000000001 rather than 0.5; where a
    ratio stands at a threshold this decides, so the filter itself is used.
    """
    from scipy.signal import savgol_filter

    if not len(theta):
        return Derivatives(theta.copy(), theta.copy())
    slope, curvature = (savgol_filter(theta, 3, 2, order, mode="nearest") for order in (1, 2))
    return Derivatives(np.ascontiguousarray(slope), np.ascontiguousarray(curvature))


def central(theta: Values) -> Derivatives:
    """Derivatives by the formulas above; NaN at both ends, so that nothing changes when a value is added."""
    slope, curvature = np.full(len(theta), np.nan), np.full(len(theta), np.nan)
    if len(theta) > 2:
        slope[1:-1] = (theta[2:] - theta[:-2]) / 2
        curvature[1:-1] = theta[:-2] - 2 * theta[1:-1] + theta[2:]
    return Derivatives(slope, curvature)
