"""How numbers are written for people: ``72 ± 4 %``, true minus signs, ``–`` where missing."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

MISSING = "–"
MINUS = "\u2212"
PLUS_MINUS = "\u00a0±\u00a0"
NO_SPREAD = 0.0005
THIN = "\u202f"  # narrow no-break space, between a number and its unit


def missing(value: Any) -> bool:
    """True for None, NaN, missing integers and missing dates."""
    return value is None or value is pd.NA or value != value


def number(value: float, decimals: int = 2, *, sign: bool = False) -> str:
    """The number with a true minus; ``sign`` also writes a plus; no negative zero."""
    if missing(value):
        return MISSING
    if math.isinf(value):
        return "∞" if value > 0 else MINUS + "∞"
    written = f"{value:+.{decimals}f}" if sign else f"{value:.{decimals}f}"
    if float(written) == 0:
        written = written.lstrip("+-")
    return written.replace("-", MINUS)


def integer(value: float) -> str:
    """A count, in groups of three from 10 000 on."""
    if missing(value):
        return MISSING
    written = f"{int(value):,}" if abs(value) >= 10_000 else f"{int(value)}"
    return written.replace(",", THIN).replace("-", MINUS)


def permil(value: float, decimals: int = 1, *, sign: bool = False) -> str:
    """A δ value or excess with its unit: ``−12.0 ‰``."""
    return MISSING if missing(value) else f"{number(value, decimals, sign=sign)}{THIN}‰"


def share(value: float) -> str:
    """A share of 1 as percent: ``72 %``; below half a percent ``< 1 %``."""
    if missing(value):
        return MISSING
    return f"{number(100 * value, 0)}{THIN}%"


def share_with_sd(mean: float, sd: float) -> str:
    """A share with its standard deviation: ``72 ± 4 %``; one decimal where the sd is below half a percent.

    A share at the edge of what is possible has no spread left: ``0 %``, not ``0 ± 0 %``.
    """
    if missing(mean) or missing(sd) or sd < NO_SPREAD:
        return share(mean)
    decimals = 1 if 0 < sd < 0.005 else 0
    return f"{number(100 * mean, decimals)}{PLUS_MINUS}{number(100 * sd, decimals)}{THIN}%"


def share_range(low: float, high: float) -> str:
    """An interval of shares: ``64–80 %``; with dots where it goes below zero, ``−3…9 %``."""
    if missing(low) or missing(high):
        return MISSING
    dash = "…" if low < 0 or high < 0 else "–"
    return f"{number(100 * low, 0)}{dash}{number(100 * high, 0)}{THIN}%"


def points(value: float) -> str:
    """A difference of shares in percentage points, without the unit: ``+21``."""
    return number(100 * value, 0, sign=True)


def interval(low: float, high: float, decimals: int = 1) -> str:
    """An interval that may be negative: ``[−3.4, −2.1]``."""
    if missing(low) or missing(high):
        return MISSING
    return f"[{number(low, decimals)}, {number(high, decimals)}]"


def p_value(value: float) -> str:
    """A p value: ``< 0.001``, else two significant digits, never ``0.000``."""
    if missing(value):
        return MISSING
    if value < 0.001:
        return "< 0.001"
    return f"{value:.3f}" if value < 0.1 else f"{value:.2f}"


def line_equation(slope: float, intercept: float, decimals: int = 2) -> str:
    """A line in the dual-isotope plane: ``δ²H = 7.90 δ¹⁸O + 12.43``."""
    joint = MINUS if intercept < 0 else "+"
    return f"δ²H = {number(slope, decimals)} δ¹⁸O {joint} {number(abs(intercept), decimals)}"


def significant(values: NDArray[np.float64], digits: int = 10) -> NDArray[np.float64]:
    """The values rounded to so many significant digits, for files; NaN, ±∞ and what is next to 0 stay."""
    x = np.asarray(values, dtype=float)
    usable = np.isfinite(x) & (np.abs(x) > 1e-280)
    exponent = digits - 1 - np.floor(np.log10(np.abs(np.where(usable, x, 1.0))))
    scale = 10.0 ** np.clip(exponent, -300, 300)
    return np.where(usable, np.round(np.where(usable, x, 1.0) * scale) / scale, x)
