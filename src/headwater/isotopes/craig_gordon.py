"""Evaporation by Craig and Gordon: slope of the evaporation line and fraction of water lost.

Notation of Gonfiantini (1986) and Gat (1996), for one isotope, h the relative humidity at the temperature
of the evaporating surface:

    ε = ε_k + ε⁺/α⁺,  A = h δ_A + ε,  B = h − ε/1000,  C = 1 − h + ε_k/1000
    dδ_L / d ln f = (B δ_L − A)/C,  limit δ* = A/B,  enrichment slope m = B/C
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headwater.errors import InputRefused

Array = NDArray[np.float64]
Pair = tuple[float, float]
"""δ18O and δ2H, in this order [‰]."""

TEMPERATURE_C = (-10.0, 374.0)
"""Horita & Wesolowski fitted 0 °C to the critical point; supercooled water is extrapolated to −10 °C."""
DIFFUSION = np.array([28.5, 25.1])
"""Largest kinetic effect, D/D_i − 1 [‰], for 18O and 2H (Merlivat 1978)."""


@dataclass(frozen=True)
class EvaporationSlope:
    """Slope of the evaporation line in δ2H against δ18O.

    Attributes
    ----------
    slope, slope_se : from the initial water to its limit δ* (the usual published form); NaN where the
        air is so dry that there is no limit
    initial_slope, initial_slope_se : tangent at the start, for water that has lost little
    limit : δ18O and δ2H that the water approaches [‰]
    """

    slope: float
    slope_se: float
    initial_slope: float
    initial_slope_se: float
    limit: Pair


@dataclass(frozen=True)
class EvaporatedFraction:
    """Fraction of the water lost to evaporation, from each isotope alone; their difference is a check.

    NaN where the water is beyond the limit δ* that this air allows; below 0 where it is lighter than the
    initial water. Steady: evaporation over inflow, and above 1 where no steady state is possible.
    """

    from_d18O: Array
    from_d2H: Array


def equilibrium_alpha(temperature_C: ArrayLike) -> Array:
    """Liquid–vapour fractionation factors α⁺ > 1, shape (2, …) for 18O and 2H.

    1000 ln α(18O) = −7.685 + 6.7123 (10³/T) − 1.6664 (10⁶/T²) + 0.35041 (10⁹/T³)
    1000 ln α(2H) = 1158.8 (T³/10⁹) − 1620.1 (T²/10⁶) + 794.84 (T/10³) − 161.04 + 2.9992 (10⁹/T³)

    Raises
    ------
    InputRefused : temperature outside −10 … 374 °C

    References
    ----------
    Horita & Wesolowski (1994) Geochim. Cosmochim. Acta 58, 3425, abstract.
    """
    celsius = np.asarray(temperature_C, float)
    low, high = TEMPERATURE_C
    wrong = ~((celsius >= low) & (celsius <= high))
    if wrong.any():
        raise InputRefused(
            f"temperature {np.atleast_1d(celsius)[np.atleast_1d(wrong)][0]:g} °C; liquid and vapour need "
            f"{low:g} to {high:g} °C: check the unit"
        )
    t = celsius + 273.15
    oxygen = -7.685 + 6.7123e3 / t - 1.6664e6 / t**2 + 0.35041e9 / t**3
    hydrogen = 1158.8e-9 * t**3 - 1620.1e-6 * t**2 + 794.84e-3 * t - 161.04 + 2.9992e9 / t**3
    return np.exp(np.stack([oxygen, hydrogen]) / 1000)


def equilibrium_vapour(precipitation: Pair, temperature_C: float, *, seasonality: float = 1.0) -> Pair:
    """δ18O and δ2H of vapour in equilibrium with precipitation, δ_A = (δ_P − k ε⁺)/(1 + k ε⁺/1000).

    Parameters
    ----------
    precipitation : δ18O, δ2H [‰]
    seasonality : k, 1 for full equilibrium, 0.5 in strongly seasonal climates

    References
    ----------
    Gibson et al. (2016) Quat. Sci. Rev. 131, 316, section 2.
    """
    epsilon = seasonality * 1000 * (equilibrium_alpha(temperature_C) - 1)
    d18O, d2H = (np.asarray(precipitation, float) - epsilon) / (1 + epsilon / 1000)
    return float(d18O), float(d2H)


def evaporation_slope(
    temperature_C: float,
    relative_humidity: float,
    initial: Pair,
    vapour: Pair | None = None,
    *,
    turbulence: float = 1.0,
    theta: float = 1.0,
    temperature_sd: float = 0.0,
    humidity_sd: float = 0.0,
    initial_sd: Pair = (0.0, 0.0),
    vapour_sd: Pair = (0.0, 0.0),
) -> EvaporationSlope:
    """Slope of the evaporation line, from the air above the water.

    slope = (δ* − δ_0)(2H) / (δ* − δ_0)(18O); initial slope = ((A − B δ_0)/C)(2H) / the same (18O).

    Parameters
    ----------
    temperature_C : of the evaporating surface
    relative_humidity : at that temperature, 0 ≤ h < 1
    initial : δ18O, δ2H before evaporation [‰]
    vapour : δ18O, δ2H of the air's vapour [‰]; None for vapour in equilibrium with ``initial``
    turbulence : n of ε_k = n θ (1 − h) C_D: 1 soil (still layer), 0.5 open water
    theta : share of the humidity difference in the still layer
    temperature_sd, humidity_sd, initial_sd, vapour_sd : standard deviations, carried to the slope to
        first order; ``vapour_sd`` counts only where ``vapour`` is given

    Raises
    ------
    InputRefused : humidity or temperature outside what evaporation allows

    References
    ----------
    Gat (1996) Annu. Rev. Earth Planet. Sci. 24, 225; Gibson et al. (2008) Glob. Planet. Change 61, 24;
    Benettin et al. (2018) Hydrol. Earth Syst. Sci. 22, 2881.
    """
    values = np.array([temperature_C, relative_humidity, *initial, *(vapour or (0.0, 0.0))], float)
    spreads = np.array([temperature_sd, humidity_sd, *initial_sd, *vapour_sd], float)

    def slopes(inputs: Array) -> Array:
        water, air = inputs[2:4], (inputs[4], inputs[5])
        if vapour is None:
            air = equilibrium_vapour((water[0], water[1]), float(inputs[0]))
        a, b, c = _coefficients(inputs[0], inputs[1], air, turbulence, theta)
        drive = a - b * water
        to_limit = drive[1] / b[1] / (drive[0] / b[0]) if np.all(b > 0) else np.nan
        return np.array([to_limit, drive[1] / c[1] / (drive[0] / c[0])])

    middle = slopes(values)
    variance = np.zeros(2)
    lowest = np.array([TEMPERATURE_C[0], 0.0, *[-1000.0] * 4])
    highest = np.array([TEMPERATURE_C[1], 1 - 1e-9, *[np.inf] * 4])
    for position in np.flatnonzero(spreads > 0):
        step = np.zeros(6)
        step[position] = 1e-5 if position == 1 else 1e-3
        below, above = np.maximum(values - step, lowest), np.minimum(values + step, highest)
        gradient = (slopes(above) - slopes(below)) / (above - below)[position]
        variance += (gradient * spreads[position]) ** 2
    air = vapour or equilibrium_vapour(initial, temperature_C)
    a, b, _ = _coefficients(temperature_C, relative_humidity, air, turbulence, theta)
    limit = np.where(b > 0, a / np.where(b > 0, b, 1), np.nan)
    error = np.where(np.isfinite(middle), np.sqrt(variance), np.nan)
    return EvaporationSlope(
        slope=float(middle[0]),
        slope_se=float(error[0]),
        initial_slope=float(middle[1]),
        initial_slope_se=float(error[1]),
        limit=(float(limit[0]), float(limit[1])),
    )


def evaporated_fraction(
    initial: tuple[ArrayLike, ArrayLike],
    current: tuple[ArrayLike, ArrayLike],
    *,
    temperature_C: ArrayLike,
    relative_humidity: ArrayLike,
    vapour: tuple[ArrayLike, ArrayLike],
    steady: bool,
    turbulence: float = 1.0,
    theta: float = 1.0,
) -> EvaporatedFraction:
    """Fraction of the water that evaporated between ``initial`` and ``current``.

    Not steady (a volume that dries out): 1 − [(δ − δ*)/(δ_0 − δ*)]^(1/m).
    Steady (inflow balances evaporation and outflow): E/I = C (δ − δ_I)/(A − B δ).

    Parameters
    ----------
    initial, current, vapour : δ18O and δ2H, each scalar or shape (n,) [‰]
    temperature_C, relative_humidity : scalar or shape (n,)
    steady : which of the two forms

    References
    ----------
    Gonfiantini (1986) Handbook of Environmental Isotope Geochemistry 2, 113–168, eq. 8 and 13;
    Skrzypek et al. (2015) J. Hydrol. 523, 781.
    """
    columns = [*initial, *current, *vapour, temperature_C, relative_humidity]
    *waters, celsius, h = np.broadcast_arrays(*(np.asarray(column, float) for column in columns))
    start, end, air = (np.stack(waters[k : k + 2]) for k in (0, 2, 4))
    a, b, c = _coefficients(celsius, h, air, turbulence, theta)
    with np.errstate(divide="ignore", invalid="ignore"):
        if steady:
            drive = a - b * end
            fraction = np.where(drive > 0, c * (end - start) / drive, np.nan)
        else:
            ratio = (a - b * end) / (a - b * start)
            fraction = 1 - np.where(ratio > 0, ratio, np.nan) ** (c / b)
    return EvaporatedFraction(from_d18O=fraction[0], from_d2H=fraction[1])


def _coefficients(
    temperature_C: ArrayLike, relative_humidity: ArrayLike, vapour: ArrayLike, turbulence: float, theta: float
) -> tuple[Array, Array, Array]:
    """A [‰], B and C, each of shape (2, …) for 18O and 2H; ``vapour`` has that shape."""
    h = np.asarray(relative_humidity, float)
    wrong = ~((h >= 0) & (h < 1))
    if wrong.any():
        raise InputRefused(
            f"relative humidity {h[wrong].flat[0]:g}; evaporation needs 0 ≤ h < 1: give a fraction, not "
            f"percent, and leave out saturated air"
        )
    if not (0 <= turbulence <= 1 and 0 < theta <= 1):
        raise InputRefused(
            f"turbulence {turbulence:g}, theta {theta:g}; allowed are 0 to 1: soil 1, open water 0.5"
        )
    kinetic = turbulence * theta * (1 - h) * DIFFUSION.reshape(2, *[1] * h.ndim)
    epsilon = kinetic + 1000 * (1 - 1 / equilibrium_alpha(temperature_C))
    return h * np.asarray(vapour, float) + epsilon, h - epsilon / 1000, 1 - h + kinetic / 1000
