"""How far a water lies from a meteoric water line: d-excess and lc-excess."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headwater.isotopes.read_water_lines import published_line
from headwater.stats.line import Line

Array = NDArray[np.float64]

GLOBAL_METEORIC_LINE: Line = published_line("craig_1961")
"""δ2H = 8 δ18O + 10 (Craig 1961)."""


def d_excess(d18O: ArrayLike, d2H: ArrayLike) -> Array:
    """Deuterium excess d = δ2H − 8 δ18O [‰].

    Examples
    --------
    >>> float(d_excess(-10.0, -70.0))
    10.0

    References
    ----------
    Dansgaard (1964) Tellus 16, 436.
    """
    return np.asarray(d2H, float) - 8.0 * np.asarray(d18O, float)


def lc_excess(
    d18O: ArrayLike,
    d2H: ArrayLike,
    line: Line,
    d18O_sd: ArrayLike | None = None,
    d2H_sd: ArrayLike | None = None,
) -> tuple[Array, Array]:
    """Line-conditioned excess δ2H − a δ18O − b [‰] and its standard error.

    se² = sd(δ2H)² + a² sd(δ18O)² + var(b) + 2 δ18O cov(a, b) + δ18O² var(a): the analytical errors and
    the uncertainty of the line, which is common to all waters. Without ``*_sd`` only the latter.

    Parameters
    ----------
    d18O, d2H : shape (n,), [‰]
    line : meteoric water line δ2H = a δ18O + b
    d18O_sd, d2H_sd : scalar or shape (n,), analytical standard deviations [‰]

    Returns
    -------
    value, se : shape (n,), [‰]; the standardised lc-excess* of the paper is value / se

    References
    ----------
    Landwehr & Coplen (2006) Isotopes in Environmental Studies, IAEA-CN-118/56, 132–135.
    """
    x = np.asarray(d18O, float)
    value = np.asarray(d2H, float) - line.predict(x)
    variance = line.mean_variance(x)
    if d18O_sd is not None:
        variance = variance + (line.slope * np.asarray(d18O_sd, float)) ** 2
    if d2H_sd is not None:
        variance = variance + np.asarray(d2H_sd, float) ** 2
    return value, np.sqrt(variance)
