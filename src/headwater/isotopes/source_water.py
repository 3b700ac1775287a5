"""Where on the meteoric water line an evaporated water started: a posterior for each sample.

Model (Bowen et al. 2018), for a sample (o, h) = (δ18O, δ2H):

    o = O + E + error,  h = H + E S + error,  error ~ N(0, analytical covariance)
    H | O ~ N(a O + b, σ²),  S ~ N(slope, slope_sd²),  E ~ its prior, E ≥ 0 [‰ of δ18O]

Given E everything is Gaussian, so O, H and S integrate out in closed form and one quadrature over E is
left. σ depends on O where it is the prediction or mean band of the line; it is taken at the mean of O
given E, which the analytical error leaves open by a few tenths of ‰ only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaincinv, gammaln, ndtr

from headwater.errors import InputRefused
from headwater.stats.line import Line

Array = NDArray[np.float64]

CELLS = 64
"""Cells of the quadrature over E, placed where the posterior is."""
CHUNK = 4096
WIDEST_ORIGIN = 50.0
"""Largest prior width of O [‰], as isoWater searches ± 25 ‰."""
FLAT_WIDTH = 200.0
"""Width [‰] of a prior of O that says nothing: over 15 ‰ it changes by 0.3 %."""


@dataclass(frozen=True)
class EvaporationPrior:
    """Prior of E, the enrichment in δ18O by evaporation [‰]: ``uniform`` from 0 to ``high``, or gamma."""

    kind: Literal["uniform", "gamma"] = "uniform"
    high: float = 15.0
    shape: float = 1.0
    mean: float = 1.0

    @classmethod
    def exponential(cls, mean: float) -> EvaporationPrior:
        """Exponential prior: little evaporation is likelier than much."""
        return cls.gamma(mean=mean, shape=1.0)

    @classmethod
    def gamma(cls, *, mean: float, shape: float) -> EvaporationPrior:
        """Gamma prior with this mean and shape."""
        scale = mean / shape
        return cls("gamma", high=float(gammaincinv(shape, 1 - 1e-12) * scale), shape=shape, mean=mean)

    def log_density(self, e: Array) -> Array:
        """Natural logarithm of the density on 0 … ``high``."""
        if self.kind == "uniform":
            return np.full(e.shape, -np.log(self.high))
        scale = self.mean / self.shape
        return (self.shape - 1) * np.log(e) - e / scale - gammaln(self.shape) - self.shape * np.log(scale)


@dataclass(frozen=True)
class SourceWater:
    """Posterior of the water before evaporation; each field of shape (n,), or (n, quantiles).

    ``evaporation`` is the enrichment E in δ18O [‰]. ``levels`` names the quantiles. NaN where the sample
    is missing or lies where the model gives it no probability at all.
    """

    d18O: Array
    d18O_sd: Array
    d18O_quantiles: Array
    d2H: Array
    d2H_sd: Array
    d2H_quantiles: Array
    evaporation: Array
    evaporation_sd: Array
    evaporation_quantiles: Array
    levels: tuple[float, ...]


def source_on_meteoric_line(
    d18O: ArrayLike,
    d2H: ArrayLike,
    covariance: ArrayLike,
    meteoric: Line,
    slope_mean: ArrayLike,
    slope_sd: ArrayLike,
    *,
    evaporation_prior: EvaporationPrior | None = None,
    origin: Literal["crossing", "flat"] | tuple[float, float] = "crossing",
    scatter: Literal["prediction", "mean"] | float = "prediction",
    levels: tuple[float, ...] = (0.025, 0.5, 0.975),
) -> SourceWater:
    """Posterior of the source on the meteoric line of every evaporated sample; no sampling.

    Parameters
    ----------
    d18O, d2H : shape (n,), [‰]
    covariance : shape (2, 2) or (n, 2, 2), of the errors of (δ18O, δ2H) [‰²]
    meteoric : meteoric water line with its scatter
    slope_mean, slope_sd : scalar or shape (n,), prior of the evaporation slope
    evaporation_prior : prior of E; None for uniform 0–15 ‰
    origin : prior of O. ``crossing`` is isoWater's: normal about the point where the mean evaporation
        line through the sample meets the meteoric line, with the width over which it stays within ± σ
        of it (the sample is used twice); ``flat``; or (mean, sd) of precipitation in that season
    scatter : σ of source waters about the line: ``prediction`` (isoWater's stype 1), ``mean`` of the
        line only (stype 2), or a number [‰]

    Raises
    ------
    InputRefused : shapes that do not fit, a line without known scatter, a slope prior that is not one

    References
    ----------
    Bowen et al. (2018) Oecologia 187, 1025–1039; isoWater's ``mwlSource`` as documented.
    """
    o, h = np.asarray(d18O, float), np.asarray(d2H, float)
    n = len(o)
    prior = evaporation_prior or EvaporationPrior()
    slope, spread = (np.broadcast_to(np.asarray(value, float), (n,)) for value in (slope_mean, slope_sd))
    errors = np.broadcast_to(np.asarray(covariance, float), (n, 2, 2))
    if np.any(spread < 0):
        raise InputRefused(f"slope_sd {np.min(spread):g}; a standard deviation is 0 or more: check it")
    line = _LineScatter(meteoric, scatter)
    usable = (
        np.isfinite(o) & np.isfinite(h) & np.isfinite(errors).all(axis=(1, 2)) & np.isfinite(slope + spread)
    )
    out = np.full((3, 2 + len(levels), n), np.nan)
    rows = np.flatnonzero(usable)
    for start in range(0, len(rows), CHUNK):
        pick = rows[start : start + CHUNK]
        samples = _Samples(o[pick], h[pick], errors[pick], slope[pick], spread[pick], line, origin)
        out[:, :, pick] = _posterior(samples, prior, np.asarray(levels))
    return SourceWater(
        d18O=out[0, 0],
        d18O_sd=out[0, 1],
        d18O_quantiles=out[0, 2:].T,
        d2H=out[1, 0],
        d2H_sd=out[1, 1],
        d2H_quantiles=out[1, 2:].T,
        evaporation=out[2, 0],
        evaporation_sd=out[2, 1],
        evaporation_quantiles=out[2, 2:].T,
        levels=levels,
    )


class _LineScatter:
    """σ²(O) = s² (c + (O − Ō)²/SSO), c = 1 + 1/n for single waters, 1/n for the line."""

    def __init__(self, line: Line, scatter: Literal["prediction", "mean"] | float) -> None:
        self.a, self.b = line.slope, line.intercept
        if not isinstance(scatter, str):
            self.centre, self.base, self.rise = 0.0, float(scatter) ** 2, 0.0
        elif not (np.isfinite(line.residual_sd) and line.residual_sd > 0 and line.x_ss > 0):
            raise InputRefused(
                f"the {line.method} line has no known scatter of waters about it; "
                f"give a fitted line, or scatter in ‰ of δ2H"
            )
        else:
            constant = 1 / line.n + (scatter == "prediction")
            self.centre = line.x_mean
            self.base = line.residual_sd**2 * constant
            self.rise = line.residual_sd**2 / line.x_ss

    def variance(self, o: Array) -> Array:
        return self.base + self.rise * (o - self.centre) ** 2


class _Samples:
    """What does not depend on E, as columns that broadcast against the cells."""

    def __init__(
        self,
        o: Array,
        h: Array,
        errors: Array,
        slope: Array,
        spread: Array,
        line: _LineScatter,
        origin: Literal["crossing", "flat"] | tuple[float, float],
    ) -> None:
        self.o, self.h, self.slope, self.spread = (x[:, None] for x in (o, h, slope, spread))
        self.voo, self.voh, self.vhh = (errors[:, i, j, None] for i, j in ((0, 0), (0, 1), (1, 1)))
        self.line = line
        if origin == "crossing":
            self.centre, self.width = _crossing_prior(self, line)
        elif origin == "flat":
            self.centre, self.width = self.o, np.full_like(self.o, FLAT_WIDTH)
        else:
            self.centre, self.width = (np.full_like(self.o, float(value)) for value in origin)


def _crossing_prior(samples: _Samples, line: _LineScatter) -> tuple[Array, Array]:
    """Centre and width of isoWater's prior of O.

    With u = O − centre the mean evaporation line is (slope − a) u off the meteoric line, so the width is
    the distance between the roots of (slope − a)² u² = σ²(centre + u).
    """
    difference = samples.slope - line.a
    parallel = np.abs(difference) < 1e-9
    safe = np.where(parallel, 1.0, difference)
    centre = np.where(parallel, samples.o, (line.b - samples.h + samples.slope * samples.o) / safe)
    offset = centre - line.centre
    square = difference**2 - line.rise
    open_ended = square <= 0
    root = (line.rise * offset) ** 2 + np.abs(square) * (line.base + line.rise * offset**2)
    width = 2 * np.sqrt(root) / np.where(open_ended, 1.0, square)
    return centre, np.where(open_ended, WIDEST_ORIGIN, np.minimum(width, WIDEST_ORIGIN))


class _Given:
    """The Gaussian part of the model at each E: evidence of the sample, then O and H.

    ``near`` is where σ² of the line is taken: first O = o − E, then the mean of O that follows.
    """

    def __init__(self, samples: _Samples, e: Array, near: Array) -> None:
        self.samples, line = samples, samples.line
        self.width2, a = samples.width**2, line.a
        # residuals of o and h from their prior means given E, and their covariance
        y1 = samples.o - e - samples.centre
        y2 = samples.h - line.b - e * samples.slope - a * samples.centre
        self.sigma2 = line.variance(near)
        self.v11 = self.width2 + samples.voo
        self.v12 = a * self.width2 + samples.voh
        self.v22 = a**2 * self.width2 + self.sigma2 + samples.vhh + (e * samples.spread) ** 2
        self.determinant = self.v11 * self.v22 - self.v12**2
        self.w1 = (self.v22 * y1 - self.v12 * y2) / self.determinant
        self.w2 = (self.v11 * y2 - self.v12 * y1) / self.determinant
        self.log_evidence = -0.5 * (np.log(self.determinant) + y1 * self.w1 + y2 * self.w2)

    def origin(self, which: Literal["d18O", "d2H"]) -> tuple[Array, Array]:
        """Mean and variance of O or of H given E and the sample."""
        a, width2 = self.samples.line.a, self.width2
        if which == "d18O":  # prior mean and variance, then covariance with o and h
            prior, own, c1, c2 = self.samples.centre, width2, width2, a * width2
        else:
            prior = a * self.samples.centre + self.samples.line.b
            own = c2 = a**2 * width2 + self.sigma2
            c1 = a * width2
        explained = (c1**2 * self.v22 - 2 * c1 * c2 * self.v12 + c2**2 * self.v11) / self.determinant
        return prior + c1 * self.w1 + c2 * self.w2, np.maximum(own - explained, 0.0)


def _posterior(samples: _Samples, prior: EvaporationPrior, levels: Array) -> Array:
    """Mean, sd and quantiles (second axis) of O, H and E (first axis) for every sample (third axis)."""
    low, high = np.zeros_like(samples.o), np.full_like(samples.o, prior.high)
    for _ in range(2):  # narrow the cells to where the posterior is
        e, step = _cells(low, high)
        density = _Given(samples, e, samples.o - e).log_evidence + prior.log_density(e)
        alive = density > density.max(axis=1, keepdims=True) - 18.0  # the rest holds less than 1e-7
        first, last = alive.argmax(axis=1)[:, None], CELLS - 1 - alive[:, ::-1].argmax(axis=1)[:, None]
        low, high = np.maximum(low + (first - 1) * step, 0.0), np.minimum(low + (last + 2) * step, prior.high)
    e, step = _cells(low, high)
    rough = _Given(samples, e, samples.o - e)
    given = _Given(samples, e, rough.origin("d18O")[0])
    density = given.log_evidence + prior.log_density(e)
    density -= density.max(axis=1, keepdims=True)
    weight = np.exp(density)
    weight /= weight.sum(axis=1, keepdims=True)
    rows = [_mixture(*given.origin("d18O"), weight, levels), _mixture(*given.origin("d2H"), weight, levels)]
    return np.stack([*rows, _histogram(e, step, weight, levels)])


def _cells(low: Array, high: Array) -> tuple[Array, Array]:
    """Middle and width of the cells of E."""
    step = (high - low) / CELLS
    return low + (np.arange(CELLS) + 0.5) * step, step


def _mixture(mean: Array, variance: Array, weight: Array, levels: Array) -> Array:
    """Mean, sd and quantiles of a normal mixture, a row for each.

    Each component is smeared over its own cell of E, so that narrow ones leave no gaps.
    """
    centre = (weight * mean).sum(axis=1)
    between = (weight * (mean - centre[:, None]) ** 2).sum(axis=1)
    sd = np.sqrt((weight * variance).sum(axis=1) + between)
    change = np.gradient(mean, axis=1)
    inverse = 1 / np.sqrt(np.maximum(variance + change**2 / 12, 1e-300))
    stretch = sd / np.sqrt(np.maximum(between, 1e-300))
    falling = change.mean(axis=1) < 0
    rows = [centre, sd]
    for level in levels:
        start = _at_weight(mean, weight, np.where(falling, 1 - level, level))
        start = centre + np.clip((start - centre) * stretch, -4 * sd, 4 * sd)
        rows.append(_mixture_quantile(mean, inverse, weight, float(level), start, centre, sd))
    return np.stack(rows)


def _mixture_quantile(
    mean: Array, inverse: Array, weight: Array, level: float, start: Array, centre: Array, sd: Array
) -> Array:
    """Where the distribution of each row reaches the level, to 1e-4 sd: Newton steps kept in a bracket.

    By Cantelli's inequality the quantile lies within √(1/level) standard deviations of the mean, whatever
    the shape, so halving the bracket is always there where a Newton step leaves it.
    """
    reach = np.sqrt(1.0 / min(level, 1.0 - level))
    low, high = centre - reach * sd, centre + reach * sd
    x = np.clip(start, low, high)
    active = np.arange(len(x))
    for _ in range(60):
        at = x[active]
        z = (at[:, None] - mean[active]) * inverse[active]
        excess = (weight[active] * ndtr(z)).sum(axis=1) - level
        density = (weight[active] * inverse[active] * np.exp(-0.5 * z * z)).sum(axis=1) / np.sqrt(2 * np.pi)
        high[active] = np.where(excess > 0, at, high[active])
        low[active] = np.where(excess > 0, low[active], at)
        step = at - excess / np.maximum(density, 1e-300)
        inside = (step > low[active]) & (step < high[active])
        x[active] = np.where(inside, step, (low[active] + high[active]) / 2)
        active = active[np.abs(x[active] - at) > 1e-4 * sd[active]]
        if not active.size:
            break
    return x


def _at_weight(values: Array, weight: Array, level: Array) -> Array:
    """Value of each row at which the weights so far reach the level, interpolated between cells."""
    middle = np.cumsum(weight, axis=1) - 0.5 * weight
    index = np.arange(len(values))
    right = np.clip((middle < level[:, None]).sum(axis=1), 1, values.shape[1] - 1)
    lower, upper = middle[index, right - 1], middle[index, right]
    share = np.clip((level - lower) / np.maximum(upper - lower, 1e-300), 0.0, 1.0)
    return values[index, right - 1] + share * (values[index, right] - values[index, right - 1])


def _histogram(e: Array, step: Array, weight: Array, levels: Array) -> Array:
    """Mean, sd and quantiles of E, whose density is constant within a cell."""
    centre = (weight * e).sum(axis=1)
    sd = np.sqrt((weight * (e - centre[:, None]) ** 2).sum(axis=1) + step[:, 0] ** 2 / 12)
    cumulative = np.cumsum(weight, axis=1)
    rows = [centre, sd]
    index = np.arange(len(e))
    for level in levels:
        cell = np.minimum((cumulative < level).sum(axis=1), e.shape[1] - 1)
        before = np.where(cell > 0, cumulative[index, cell - 1], 0.0)
        inside = (level - before) / np.maximum(weight[index, cell], 1e-300)
        rows.append(e[index, cell] + (inside - 0.5) * step[:, 0])
    return np.stack(rows)
