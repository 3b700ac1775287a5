"""Trends of many series at once: arrays in, arrays out. The labelled layer is ``trend.py``."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from headwater.errors import SettingsRefused
from headwater.machine_code import cores, load

KERNELS = ("headwater.drivers.kernel_trend",)
SERIES_AT_A_TIME = 256
LAGS_OF_HAMED_RAO = 3
"""With all lags, 16-25 % of trendless series with ρ = 0.6 pass for trends at the 5 % level; see the docs."""

Array = NDArray[np.float64]
Method = Literal["original", "hamed_rao", "yue_wang", "seasonal", "prewhitened", "trend_free_prewhitened"]
RULES = {"hamed_rao": 1, "yue_wang": 2, "prewhitened": 3, "trend_free_prewhitened": 4}
"""Numbers of the rules of the kernel; the other methods leave autocorrelation alone."""


@dataclass(frozen=True)
class TrendRule:
    """How a trend is tested.

    Attributes
    ----------
    method : see ``trend``
    period : steps of a cycle that ``seasonal`` compares only with itself; 1 with the other methods
    lags : most lags that the correction of the variance looks at; None for the method's own: 3 with
        ``hamed_rao``, a first-order process with ``yue_wang``
    alpha : level of the test by which ``hamed_rao`` takes a lag into account
    least : fewest values that a series may have
    """

    method: Method = "original"
    period: int = 1
    lags: int | None = None
    alpha: float = 0.05
    least: int = 10

    def __post_init__(self) -> None:
        if self.method not in get_args(Method):
            allowed = ", ".join(get_args(Method))
            raise SettingsRefused(f"method {self.method!r}: allowed are {allowed}.")
        if not 0 < self.alpha < 1:
            raise SettingsRefused(f"alpha {self.alpha}: needs a number between 0 and 1, such as 0.05.")
        if self.least < 4:
            raise SettingsRefused(
                f"least {self.least}: a trend test needs 4 values or more; 10 is the default."
            )
        if (self.method == "seasonal") != (self.period > 1):
            raise SettingsRefused(
                f"method {self.method} with a period of {self.period}: seasonal needs a period of 2 or more, "
                "the other methods have none."
            )
        if self.lags is not None and (self.lags < 1 or self.method not in ("hamed_rao", "yue_wang")):
            raise SettingsRefused(
                f"lags {self.lags} with {self.method}: needs 1 or more, with hamed_rao or yue_wang."
            )


def trend_arrays(values: NDArray[np.floating], at: NDArray[np.int64], rule: TrendRule) -> dict[str, Array]:
    """Trend of every series, before any adjustment for their number.

    Each series is worked on alone, in float64 and in a fixed order: cutting space into blocks, or using more
    threads, changes no bit of a result.

    Parameters
    ----------
    values : shape (time, series); NaN and ±inf are missing
    at : step of each time, shape (time,), rising (``Steps.at``); for a cycle, counted from its first season

    Returns
    -------
    ``n`` values, ``slope`` per period (per step where the period is 1), ``intercept`` at step 0, ``tau``,
    ``z``, ``p``: shape (series,) each. All but n are NaN where n < least; z and p where the corrected
    variance is not positive.
    """
    from scipy.special import erfc, ndtri

    (kernel,) = load(KERNELS)
    found = np.empty((values.shape[1], 6))
    number = RULES.get(rule.method, 0)
    lags = rule.lags or (LAGS_OF_HAMED_RAO if rule.method == "hamed_rao" else 0)
    level = float(ndtri(1 - rule.alpha / 2))

    def work(start: int) -> None:
        stop = min(start + SERIES_AT_A_TIME, values.shape[1])
        series = np.full((stop - start, int(at[-1]) + 1), np.nan)
        series[:, at] = values[:, start:stop].T
        series[~np.isfinite(series)] = np.nan
        kernel.trends(series, rule.period, number, lags, level, rule.least, found[start:stop])

    with ThreadPoolExecutor(cores()) as pool:
        list(pool.map(work, range(0, values.shape[1], SERIES_AT_A_TIME)))
    n, pairs, score, variance, slope, intercept = found.T
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(score == 0, 0.0, (score - np.sign(score)) / np.sqrt(variance))
        tau = score / pairs
    z[~np.isfinite(z)] = np.nan
    p = erfc(np.abs(z) / np.sqrt(2))
    return {"n": n, "slope": slope, "intercept": intercept, "tau": tau, "z": z, "p": p}


def blocks_of(size: int, at_a_time: int) -> Iterator[slice]:
    """Slices that cover ``size`` places."""
    for start in range(0, size, at_a_time):
        yield slice(start, min(start + at_a_time, size))
