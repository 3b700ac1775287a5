"""Many straight lines at once: one pass over the rows, whatever the number of groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headwater.stats.line import Line, LineMethod

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Lines:
    """One line a group, each field of shape (n_groups,); NaN where a group has no line (n still counts)."""

    slope: Array
    intercept: Array
    slope_se: Array
    intercept_se: Array
    covariance: Array
    r2: Array
    n: NDArray[np.int64]
    residual_sd: Array
    x_mean: Array
    x_ss: Array
    method: LineMethod

    def __len__(self) -> int:
        return len(self.n)

    def line(self, group: int) -> Line:
        """The record of one group."""
        return Line(
            slope=float(self.slope[group]),
            intercept=float(self.intercept[group]),
            slope_se=float(self.slope_se[group]),
            intercept_se=float(self.intercept_se[group]),
            covariance=float(self.covariance[group]),
            r2=float(self.r2[group]),
            n=int(self.n[group]),
            residual_sd=float(self.residual_sd[group]),
            x_mean=float(self.x_mean[group]),
            x_ss=float(self.x_ss[group]),
            method=self.method,
        )


def fit_lines(
    x: ArrayLike,
    y: ArrayLike,
    groups: ArrayLike,
    n_groups: int,
    *,
    method: Literal["ols", "rma"] = "ols",
) -> Lines:
    """A line for every group: same estimates and errors as ``fit_line`` on each group alone.

    Parameters
    ----------
    x, y : shape (rows,); rows where either is missing are not used
    groups : shape (rows,), group number 0 … n_groups − 1; negative numbers are in no group
    method : ``ols`` or ``rma``

    Returns
    -------
    Lines : NaN where a group has fewer than three rows or no spread in x
    """
    kind = LineMethod(method)
    x = np.asarray(x, float)
    y = np.asarray(y, float)
    codes = np.asarray(groups)
    usable = np.isfinite(x) & np.isfinite(y) & (codes >= 0)
    if not usable.all():
        x, y, codes = x[usable], y[usable], codes[usable]
    n = np.bincount(codes, minlength=n_groups)

    def total(values: ArrayLike) -> Array:
        return np.asarray(np.bincount(codes, values, minlength=n_groups), float)

    with np.errstate(divide="ignore", invalid="ignore"):
        x_mean, y_mean = total(x) / n, total(y) / n
        dx, dy = x - x_mean[codes], y - y_mean[codes]
        sxx, sxy, syy = total(dx * dx), total(dx * dy), total(dy * dy)
        flat = (n < 3) | (sxx <= 1e-24 * n * x_mean**2)
        sxx = np.where(flat, np.nan, sxx)
        dof = np.where(n > 2, n - 2, np.nan)
        r2 = sxy**2 / (sxx * syy)
        if kind is LineMethod.RMA:
            slope = np.copysign(np.sqrt(syy / sxx), sxy)
            slope_variance = slope**2 * (1 - r2) / dof
        else:
            slope = sxy / sxx
            slope_variance = np.maximum(syy - slope * sxy, 0.0) / dof / sxx
        residual = dy - slope[codes] * dx
        variance = total(residual * residual) / dof
        return Lines(
            slope=slope,
            intercept=y_mean - slope * x_mean,
            slope_se=np.sqrt(slope_variance),
            intercept_se=np.sqrt(variance / n + x_mean**2 * slope_variance),
            covariance=-x_mean * slope_variance,
            r2=r2,
            n=n,
            residual_sd=np.sqrt(variance),
            x_mean=x_mean,
            x_ss=sxx,
            method=kind,
        )
