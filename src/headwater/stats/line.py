"""A fitted straight line: the record that every line method returns."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class LineMethod(StrEnum):
    """Ways to fit a straight line."""

    OLS = "ols"
    RMA = "rma"
    YORK = "york"
    THEIL_SEN = "theil_sen"
    WEIGHTED = "weighted"


@dataclass(frozen=True)
class Line:
    """y = slope · x + intercept, with what is needed to judge it.

    ``covariance`` is that of slope and intercept; ``residual_sd`` has n − 2 degrees of freedom;
    ``x_mean`` and ``x_ss`` (sum of squared deviations) give the prediction band.
    """

    slope: float
    intercept: float
    slope_se: float
    intercept_se: float
    covariance: float
    r2: float
    n: int
    residual_sd: float
    x_mean: float
    x_ss: float
    method: LineMethod
