"""Where an evaporation line meets the meteoric water line, and whether that point means anything."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from headwater.stats.line import Line

WIDEST_D18O = 10.0
"""A region wider than this [‰ of δ18O] tells sources no better apart than a year of rain does."""


class Verdict(StrEnum):
    """Whether a crossing can be used as the composition of the water before evaporation."""

    WELL_DEFINED = "well-defined"
    ILL_DEFINED = "ill-defined"


@dataclass(frozen=True)
class Crossing:
    """Crossing of a meteoric and an evaporation line.

    Attributes
    ----------
    d18O, d2H : the point [‰]
    d18O_low, d18O_high, d2H_low, d2H_high : limits of its confidence region [‰]; ∓ infinity where the
        region has no end
    verdict : ``well-defined`` or ``ill-defined``
    reason : why ill-defined: ``near parallel`` (slopes not told apart), ``too wide``,
        ``not evaporation`` (steeper than the meteoric line, or crossing it above the samples); else empty
    slope_difference : meteoric minus evaporation slope
    slope_difference_t : the same in standard errors
    dof : degrees of freedom of the region
    """

    d18O: float
    d18O_low: float
    d18O_high: float
    d2H: float
    d2H_low: float
    d2H_high: float
    verdict: Verdict
    reason: str
    slope_difference: float
    slope_difference_t: float
    dof: float


def crossing(meteoric: Line, evaporation: Line, *, level: float = 0.95) -> Crossing:
    """Point where the two lines meet, with its confidence region after Fieller.

    δ18O = (b_e − b_m)/(a_m − a_e) is a ratio N/D of correlated estimates, so its region is all θ with
    (N − θD)² ≤ t² (V_N − 2θ C_ND + θ² V_D): bounded only where the slopes differ by more than t
    standard errors. δ2H likewise, its numerator linearised about the mean of the evaporated samples.
    Degrees of freedom by Satterthwaite for the difference of slopes.

    Parallel lines give an infinite region and the verdict ``ill-defined``, never an error.

    References
    ----------
    Fieller (1954) J. R. Stat. Soc. B 16, 175.
    """
    x0 = evaporation.x_mean if np.isfinite(evaporation.x_mean) else 0.0
    y0 = float(evaporation.predict(x0))
    a_m, a_e = meteoric.slope, evaporation.slope
    covariance_m, covariance_e = _covariance_at(meteoric, x0), _covariance_at(evaporation, x0)
    gap = float(meteoric.predict(x0)) - y0  # meteoric line above the samples' mean
    difference = a_m - a_e
    dof = _satterthwaite(meteoric, evaporation)
    t = float(stdtrit(min(dof, 1e9), 0.5 + level / 2))
    # about (x0, y0) the lines are y = a_m x + gap and y = a_e x; both crossings are ratios over D
    denominator = np.array([1.0, 0.0, -1.0, 0.0])  # derivative by a_m, b_m, a_e, b_e
    over_x = np.array([0.0, -1.0, 0.0, 1.0])
    over_y = np.array([0.0, -a_e, -gap, a_m])
    covariance = np.zeros((4, 4))
    covariance[:2, :2], covariance[2:, 2:] = covariance_m, covariance_e
    x_low, x_high = _fieller(-gap, difference, covariance, over_x, denominator, t)
    y_low, y_high = _fieller(-a_e * gap, difference, covariance, over_y, denominator, t)
    se = math.sqrt(covariance_m[0, 0] + covariance_e[0, 0])
    point = x0 - gap / difference if difference else math.nan
    reason = _reason(difference, gap, x_high - x_low, known=np.isfinite(evaporation.x_mean))
    return Crossing(
        d18O=point,
        d18O_low=x0 + x_low,
        d18O_high=x0 + x_high,
        d2H=float(meteoric.predict(point)),
        d2H_low=y0 + y_low,
        d2H_high=y0 + y_high,
        verdict=Verdict.ILL_DEFINED if reason else Verdict.WELL_DEFINED,
        reason=reason,
        slope_difference=difference,
        slope_difference_t=difference / se if se > 0 else math.copysign(math.inf, difference),
        dof=dof,
    )


def _covariance_at(line: Line, x0: float) -> NDArray[np.float64]:
    """Covariance of slope and of the height at ``x0``."""
    mixed = line.covariance + x0 * line.slope_se**2
    return np.array([[line.slope_se**2, mixed], [mixed, float(line.mean_variance(x0))]])


def _satterthwaite(one: Line, two: Line) -> float:
    parts = [(line.slope_se**2, line.dof) for line in (one, two) if line.slope_se > 0]
    if not parts:
        return math.inf
    total = sum(variance for variance, _ in parts)
    spread = sum(variance**2 / dof for variance, dof in parts)
    return total**2 / spread if spread > 0 else math.inf


def _fieller(
    top: float,
    bottom: float,
    covariance: NDArray[np.float64],
    top_gradient: NDArray[np.float64],
    bottom_gradient: NDArray[np.float64],
    t: float,
) -> tuple[float, float]:
    """Limits of top/bottom; ∓ infinity where zero is a possible value of ``bottom``."""
    v_top = float(top_gradient @ covariance @ top_gradient)
    v_bottom = float(bottom_gradient @ covariance @ bottom_gradient)
    v_mixed = float(top_gradient @ covariance @ bottom_gradient)
    # (bottom² − t²v_bottom) θ² − 2 (top·bottom − t²v_mixed) θ + top² − t²v_top ≤ 0
    square = bottom**2 - t**2 * v_bottom
    if square <= 0:
        return -math.inf, math.inf
    half = top * bottom - t**2 * v_mixed
    root = math.sqrt(max(half**2 - square * (top**2 - t**2 * v_top), 0.0))
    return (half - root) / square, (half + root) / square


def _reason(difference: float, gap: float, width: float, *, known: bool) -> str:
    if not math.isfinite(width):
        return "near parallel"
    if difference < 0 or (known and gap < 0):
        return "not evaporation"
    return "too wide" if width > WIDEST_D18O else ""
