"""A fitted straight line: the record that every line method returns."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


class LineMethod(StrEnum):
    """Ways to fit a straight line."""

    OLS = "ols"
    RMA = "rma"
    YORK = "york"
    THEIL_SEN = "theil_sen"
    WEIGHTED = "weighted"
    PUBLISHED = "published"


@dataclass(frozen=True)
class Line:
    """y = slope · x + intercept, with what is needed to judge it.

    ``covariance`` is that of slope and intercept; ``residual_sd`` has n − 2 degrees of freedom;
    ``x_mean`` and ``x_ss`` (sum of squared deviations) say where the line is best known.
    A ``PUBLISHED`` line is taken as exact (standard errors 0) unless its source gives errors.
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

    @property
    def dof(self) -> float:
        """Degrees of freedom behind the standard errors; infinite for a line taken from elsewhere."""
        return float(self.n - 2) if self.n > 2 else float("inf")

    def predict(self, x: ArrayLike) -> Array:
        """Height of the line at ``x``."""
        return self.slope * np.asarray(x, float) + self.intercept

    def mean_variance(self, x: ArrayLike) -> Array:
        """Variance of the height at ``x``: var(a) + 2 x cov(a, b) + x² var(b)."""
        x = np.asarray(x, float)
        variance = self.intercept_se**2 + 2 * x * self.covariance + x**2 * self.slope_se**2
        return np.maximum(variance, 0.0)

    def band(
        self, x: ArrayLike, level: float = 0.95, kind: Literal["prediction", "mean"] = "prediction"
    ) -> tuple[Array, Array]:
        """Lower and upper limit at ``x``, of the line (``mean``) or of a single new point (``prediction``).

        ŷ ± t(level, n − 2) · √(var ŷ [+ residual_sd²]).
        """
        from scipy.special import stdtrit

        variance = self.mean_variance(x)
        if kind == "prediction":
            variance = variance + self.residual_sd**2
        half = stdtrit(min(self.dof, 1e9), 0.5 + level / 2) * np.sqrt(variance)
        middle = self.predict(x)
        return middle - half, middle + half
