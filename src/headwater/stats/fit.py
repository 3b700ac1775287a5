"""One straight line through points: ordinary, reduced major axis, amount-weighted, York, Theil–Sen."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headwater.errors import InputRefused
from headwater.stats.line import Line, LineMethod

Array = NDArray[np.float64]

ALL_PAIRS_UP_TO = 1500
"""Theil–Sen takes all pairs up to this many points, a balanced subset of pairs above."""
PAIRS_ABOVE = 2_000_000


def fit_line(
    x: ArrayLike,
    y: ArrayLike,
    *,
    method: LineMethod | str = LineMethod.OLS,
    x_sd: ArrayLike | None = None,
    y_sd: ArrayLike | None = None,
    error_correlation: ArrayLike = 0.0,
    weights: ArrayLike | None = None,
) -> Line:
    """Line fitted through the points where everything that the method needs is present.

    Parameters
    ----------
    x, y : shape (n,)
    method : ``ols``; ``rma`` (slope = ± sd(y)/sd(x)); ``york`` (needs ``x_sd`` and ``y_sd``);
        ``theil_sen``; ``weighted`` (needs ``weights``, for instance precipitation amounts)
    x_sd, y_sd : scalar or shape (n,), standard deviation of each measurement (York only)
    error_correlation : scalar or shape (n,), between the errors of x and y (York only)
    weights : shape (n,), importance of each point (weighted only)

    Raises
    ------
    InputRefused : fewer than three usable points, no spread in x, or a needed argument is missing

    References
    ----------
    York et al. (2004) Am. J. Phys. 72, 367, eq. 13; Hughes & Crawford (2012) J. Hydrol. 464–465, 344;
    Warton et al. (2006) Biol. Rev. 81, 259 (rma); Sen (1968) J. Am. Stat. Assoc. 63, 1379.
    """
    method = LineMethod(method)
    columns = _needed(x, y, method, x_sd, y_sd, error_correlation, weights)
    usable = np.all([np.isfinite(column) for column in columns], axis=0)
    if method is LineMethod.WEIGHTED:
        usable &= columns[2] > 0
    columns = [column[usable] for column in columns]
    _check_spread(columns[0], columns[1], method)
    if method is LineMethod.YORK:
        return york_line(*columns[:4], error_correlation=columns[4])
    if method is LineMethod.THEIL_SEN:
        return _theil_sen(columns[0], columns[1])
    if method is LineMethod.WEIGHTED:
        return _weighted(columns[0], columns[1], columns[2])
    return _ols_or_rma(columns[0], columns[1], method)


def _needed(
    x: ArrayLike,
    y: ArrayLike,
    method: LineMethod,
    x_sd: ArrayLike | None,
    y_sd: ArrayLike | None,
    error_correlation: ArrayLike,
    weights: ArrayLike | None,
) -> list[Array]:
    """Columns that the method uses, all of one length."""
    columns: list[ArrayLike] = [x, y]
    if method is LineMethod.YORK:
        if x_sd is None or y_sd is None:
            raise InputRefused(
                "york needs the errors of both variables, but x_sd or y_sd is missing; give both"
            )
        columns += [x_sd, y_sd, error_correlation]
    if method is LineMethod.WEIGHTED:
        if weights is None:
            raise InputRefused("a weighted line needs weights, but none were given; give weights or use ols")
        columns.append(weights)
    if method is LineMethod.PUBLISHED:
        raise InputRefused("a published line is not fitted; choose ols, rma, york, theil_sen or weighted")
    arrays = [np.asarray(column, float) for column in columns]
    if arrays[0].ndim != 1 or arrays[0].shape != arrays[1].shape:
        raise InputRefused(
            f"x has shape {arrays[0].shape} and y {arrays[1].shape}; both must be (n,): give one y for each x"
        )
    return [np.array(np.broadcast_to(array, arrays[0].shape)) for array in arrays]


def _check_spread(x: Array, y: Array, method: LineMethod) -> None:
    if len(x) < 3:
        raise InputRefused(f"{len(x)} usable points; a line needs at least 3: pool strata or add samples")
    if np.ptp(x) <= 1e-12 * np.abs(x).max():
        raise InputRefused(f"all {len(x)} x values equal {x[0]:g}; a line needs spread in x: pool strata")
    if method is LineMethod.RMA and np.ptp(y) <= 1e-12 * np.abs(y).max():
        raise InputRefused(f"all {len(y)} y values equal {y[0]:g}; rma needs spread in y: use ols")


def _ols_or_rma(x: Array, y: Array, method: LineMethod) -> Line:
    n = len(x)
    dx, dy = x - x.mean(), y - y.mean()
    sxx, sxy, syy = dx @ dx, dx @ dy, dy @ dy
    r2 = sxy**2 / (sxx * syy) if syy > 0 else float("nan")
    if method is LineMethod.RMA:
        slope = np.copysign(np.sqrt(syy / sxx), sxy)
        slope_variance = slope**2 * (1 - r2) / (n - 2)
    else:
        slope = sxy / sxx
        slope_variance = max(syy - slope * sxy, 0.0) / (n - 2) / sxx
    residual = dy - slope * dx
    variance = residual @ residual / (n - 2)
    return _line(slope, slope_variance, variance / n, x.mean(), y.mean(), r2, n, variance, sxx, method)


def _weighted(x: Array, y: Array, weights: Array) -> Line:
    """Points count by importance (mm of rain), not by precision, so var(y) is the same for all.

    Estimate: minimum of Σ w (y − a − b x)². Covariance: σ² A⁻¹BA⁻¹ with A = X'WX, B = X'W²X; equal
    weights give ordinary least squares. (σ²A⁻¹, valid for precision weights only, is too small here.)
    """
    n = len(x)
    w = weights / weights.mean()
    x_mean, y_mean = w @ x / n, w @ y / n
    dx, dy = x - x_mean, y - y_mean
    sxx = w @ dx**2
    sxy = w @ (dx * dy)
    slope = sxy / sxx
    residual = dy - slope * dx
    variance = w @ residual**2 / (n - 2)
    inverse = np.diag([1 / n, 1 / sxx])
    middle = np.array([[w**2 @ np.ones(n), w**2 @ dx], [w**2 @ dx, w**2 @ dx**2]])
    (level_variance, mixed), (_, slope_variance) = variance * inverse @ middle @ inverse
    r2 = sxy**2 / (sxx * (w @ dy**2))
    return Line(
        slope=float(slope),
        intercept=float(y_mean - slope * x_mean),
        slope_se=float(np.sqrt(slope_variance)),
        intercept_se=float(np.sqrt(level_variance - 2 * x_mean * mixed + x_mean**2 * slope_variance)),
        covariance=float(mixed - x_mean * slope_variance),
        r2=float(r2),
        n=n,
        residual_sd=float(np.sqrt(variance)),
        x_mean=float(x_mean),
        x_ss=float(sxx),
        method=LineMethod.WEIGHTED,
    )


def york_line(
    x: Array,
    y: Array,
    x_sd: Array,
    y_sd: Array,
    *,
    error_correlation: ArrayLike = 0.0,
    scale_errors: bool = True,
) -> Line:
    """Line with errors in both variables, correlated within a point; complete arrays only.

    W = ωx ωy / (ωx + b² ωy − 2 b α r), b = Σ W β V / Σ W β U, iterated (York et al. 2004, eq. 13).

    Parameters
    ----------
    scale_errors : multiply the standard errors by √(S/(n − 2)) where the points scatter more than
        their errors explain; False gives the a-priori errors that York et al. print
    """
    n = len(x)
    if np.any(x_sd < 0) or np.any(y_sd <= 0):
        raise InputRefused("york found an x_sd below 0 or a y_sd of 0; errors must be positive: check them")
    correlation = np.broadcast_to(np.asarray(error_correlation, float), x.shape)
    slope = float(np.polyfit(x, y, 1)[0])
    for _ in range(200):
        # 1/W = σy² + b²σx² − 2 b r σx σy: the variance of a point's distance from the line
        weight = 1 / (y_sd**2 + (slope * x_sd) ** 2 - 2 * slope * correlation * x_sd * y_sd)
        x_mean, y_mean = weight @ x / weight.sum(), weight @ y / weight.sum()
        u, v = x - x_mean, y - y_mean
        beta = weight * (u * y_sd**2 + slope * v * x_sd**2 - (slope * u + v) * correlation * x_sd * y_sd)
        previous, slope = slope, float((weight * beta) @ v / ((weight * beta) @ u))
        if abs(slope - previous) <= 1e-14 * abs(slope):
            break
    intercept = y_mean - slope * x_mean
    adjusted = x_mean + beta
    adjusted_mean = weight @ adjusted / weight.sum()
    slope_variance = 1 / (weight @ (adjusted - adjusted_mean) ** 2)
    residual = y - intercept - slope * x
    scale = max(weight @ residual**2 / (n - 2), 1.0) if scale_errors else 1.0
    dx = x - x.mean()
    return Line(
        slope=slope,
        intercept=float(intercept),
        slope_se=float(np.sqrt(scale * slope_variance)),
        intercept_se=float(np.sqrt(scale * (1 / weight.sum() + adjusted_mean**2 * slope_variance))),
        covariance=float(-scale * adjusted_mean * slope_variance),
        r2=float(np.corrcoef(x, y)[0, 1] ** 2),
        n=n,
        residual_sd=float(np.sqrt(residual @ residual / (n - 2))),
        x_mean=float(x.mean()),
        x_ss=float(dx @ dx),
        method=LineMethod.YORK,
    )


def _theil_sen(x: Array, y: Array) -> Line:
    """Median slope over pairs; intercept the median of y − b x.

    Slope error: half the distance between the slopes at ranks ½ ± sd(Kendall's S)/2N, plus the error
    of using M of all pairs. Intercept error: that of a median, √(π/2)·s/√n, with s from the median
    absolute deviation.
    """
    n = len(x)
    order = np.argsort(x, kind="stable")
    first, second = _pairs(n)
    rise, run = (values[order[second]] - values[order[first]] for values in (y, x))
    slopes = rise[run != 0] / run[run != 0]
    rank_variance = (n * (n - 1) * (2 * n + 5) / 18) / (n * (n - 1)) ** 2
    if n > ALL_PAIRS_UP_TO:
        rank_variance += 0.25 / len(slopes)
    z = min(1.0, 0.5 / np.sqrt(rank_variance))
    ranks = 0.5 + z * np.sqrt(rank_variance) * np.array([-1.0, 0.0, 1.0])
    low, slope, high = np.quantile(slopes, np.clip(ranks, 0, 1))
    residual = y - slope * x
    intercept = np.median(residual)
    residual -= intercept
    spread = 1.4826 * np.median(np.abs(residual))
    slope_variance = ((high - low) / (2 * z)) ** 2
    dx, middle = x - x.mean(), np.median(x)
    return Line(
        slope=float(slope),
        intercept=float(intercept),
        slope_se=float(np.sqrt(slope_variance)),
        intercept_se=float(np.sqrt(np.pi / 2 * spread**2 / n + middle**2 * slope_variance)),
        covariance=float(-middle * slope_variance),
        r2=float(np.corrcoef(x, y)[0, 1] ** 2) if np.ptp(y) > 0 else float("nan"),
        n=n,
        residual_sd=float(np.sqrt(residual @ residual / (n - 2))),
        x_mean=float(x.mean()),
        x_ss=float(dx @ dx),
        method=LineMethod.THEIL_SEN,
    )


def _pairs(n: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Ranks of all pairs; above ``ALL_PAIRS_UP_TO`` points those at evenly spread cyclic distances.

    In the subset every point is in equally many pairs, and nothing is random.
    """
    if n <= ALL_PAIRS_UP_TO:
        return np.triu_indices(n, 1)
    distances = np.unique(np.linspace(1, n // 2, max(2, PAIRS_ABOVE // n)).astype(np.intp))
    first = np.tile(np.arange(n), len(distances))
    second = (np.arange(n) + distances[:, None]).ravel() % n
    return first, second


def _line(
    slope: float,
    slope_variance: float,
    level_variance: float,
    x_mean: float,
    y_mean: float,
    r2: float,
    n: int,
    variance: float,
    x_ss: float,
    method: LineMethod,
) -> Line:
    """Record of a line whose slope is independent of its height at the mean.

    Rounding can leave the variance of a perfect line a little below 0.
    """
    slope_variance, level_variance, variance = (
        max(float(value), 0.0) if value == value else float("nan")
        for value in (slope_variance, level_variance, variance)
    )
    return Line(
        slope=float(slope),
        intercept=float(y_mean - slope * x_mean),
        slope_se=float(np.sqrt(slope_variance)),
        intercept_se=float(np.sqrt(level_variance + x_mean**2 * slope_variance)),
        covariance=float(-x_mean * slope_variance),
        r2=float(r2),
        n=n,
        residual_sd=float(np.sqrt(variance)),
        x_mean=float(x_mean),
        x_ss=float(x_ss),
        method=method,
    )
