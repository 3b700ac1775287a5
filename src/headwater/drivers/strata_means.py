"""The mean correlation of a stratum, with an interval that knows that neighbouring pixels say the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from headwater.errors import InputRefused, SettingsRefused

if TYPE_CHECKING:
    import xarray as xr

    from headwater.grids import Strata

Array = NDArray[np.float64]
KM_PER_DEGREE = 111.2
SPEARMAN = 1.06
"""Variance of the z of ranks, relative to Pearson's: Fieller, Hartley & Pearson 1957, Biometrika 44, 470."""
MOST_PIXELS = 2**18
"""Pixels in the box of a stratum from which independent places are counted; of more, every so-maniest row and
column is taken, which can only make them fewer."""
REACH = 0.4
"""The semivariogram is fitted up to the first distance where it reaches this part of its sill."""
SHAPES = (1.0, 2.0)
"""Exponents of the fitted correlation exp(−(h/L)^s): exponential and Gaussian."""
LARGEST_R = 1.0 - 1e-9
LAYERS = (
    "r", "r_low", "r_high", "n_spatial", "n_eff", "pixels", "share_positive", "share_negative",
    "share_above_zero",
)  # fmt: skip


@dataclass(frozen=True)
class SpatialMean:
    """Weighted mean of a field, its standard error, and how many independent pixels it is worth."""

    mean: float
    standard_error: float
    n_spatial: float


def strata_means(result: xr.Dataset, strata: Strata, *, level: float = 0.95) -> xr.Dataset:
    """Mean correlation of each stratum by Fisher's z, its interval, and shares of significant pixels.

    z = artanh r − r / (2 (n_eff − k − 1)) is averaged with weights cos(latitude), k variables held constant.
    What is taken off is the bias of z (Hotelling 1953, J. R. Stat. Soc. B 15, 193), which many pixels would
    not average out. The variance of one z is 1/(n_eff − 3 − k) (Fisher 1921; 1.06 times that for ranks), and
    the mean of N pixels is worth

        N_eff = (Σ w)² / ΣΣ w_i w_j ρ(h_ij)

    independent ones (Clifford, Richardson & Hémon 1989, Biometrics 45, 123, eq. 3.2). ρ is an exponential or
    Gaussian correlation, whichever fits the semivariogram of z better, with the known variance as its sill;
    where the correlation truly differs between pixels more than that, their spread is the sill. Quantiles
    are Student's with N_eff − 1 degrees of freedom; where these are few, the interval is never wider than
    that of a single pixel, whose variance is known.

    Parameters
    ----------
    result : of ``correlate``, with ``r, n_eff, significant`` (…, latitude, longitude)
    strata : names and codes on the same pixels
    level : of the interval

    Returns
    -------
    Dataset (…, stratum): ``r, r_low, r_high``; ``pixels`` with a correlation; ``n_spatial`` (N_eff); shares
    of area ``share_positive``, ``share_negative`` (significant) and ``share_above_zero``; ``n_eff``, the mean
    effective number of steps.

    Raises
    ------
    InputRefused
        The result is no map, or strata lie on other pixels.
    SettingsRefused
        ``level`` is not between 0 and 1.
    """
    import xarray as xr

    if not 0.0 < level < 1.0:
        raise SettingsRefused(f"level {level}: needs a number between 0 and 1, such as 0.95.")
    _check(result, strata)
    r = result["r"].transpose(..., "latitude", "longitude")
    n_eff, significant = (result[name].transpose(*r.dims) for name in ("n_eff", "significant"))
    leading = r.dims[:-2]
    codes = strata.codes.transpose("latitude", "longitude").to_numpy()
    found = np.full((*r.shape[:-2], len(strata.names), len(LAYERS)), np.nan)
    for place in np.ndindex(*r.shape[:-2]):
        maps = (r[place].to_numpy(), n_eff[place].to_numpy(), significant[place].to_numpy())
        for number in range(len(strata.names)):
            found[(*place, number)] = _one(*maps, codes == number, result, level)
    coords = {name: r[name] for name in leading if name in r.coords} | {"stratum": list(strata.names)}
    dims = (*leading, "stratum")
    means = xr.Dataset({name: (dims, found[..., i]) for i, name in enumerate(LAYERS)}, coords)
    means.attrs = dict(result.attrs) | {"level": level}
    return means


def strata_profile(r: xr.DataArray, strata: Strata) -> xr.DataArray:
    """Mean of r by Fisher's z in each stratum, weighted by area, without an interval; (…, stratum)."""
    weight = np.cos(np.radians(r["latitude"]))
    z = np.arctanh(r.clip(-LARGEST_R, LARGEST_R))
    import xarray as xr

    means = [
        np.tanh(z.where(strata.codes == number).weighted(weight).mean(("latitude", "longitude")))
        for number in range(len(strata.names))
    ]
    return xr.concat(means, xr.Variable("stratum", list(strata.names))).transpose(..., "stratum")


def spatial_mean(z: Array, weight: Array, variance: float, *, north_km: float, east_km: float) -> SpatialMean:
    """Weighted mean of a map with errors that are alike over distance.

    Parameters
    ----------
    z : shape (rows, columns), finite where ``weight`` is above 0
    weight : shape (rows, columns), 0 outside
    variance : of the error of one pixel
    north_km, east_km : between neighbouring rows and columns
    """
    rows, columns = (np.flatnonzero(weight.any(axis=axis)) for axis in (1, 0))
    box = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    z, weight = np.where(weight[box] > 0, z[box], 0.0), weight[box]
    total = weight.sum()
    mean = float((weight * z).sum() / total)
    centred = np.where(weight > 0, z - mean, 0.0)
    sill = max(variance, float((weight * centred**2).sum() / total))
    pixels = np.count_nonzero(weight)
    thin = int(np.ceil(np.sqrt(weight.size / MOST_PIXELS)))
    centred, weight = centred[::thin, ::thin], weight[::thin, ::thin]
    pairs, distance, gamma = _semivariogram(centred, weight, thin * north_km, thin * east_km)
    length, shape = _fit_correlation(gamma, sill, max(weight.shape) // 2)
    alike = np.exp(-((distance / length) ** shape))
    n_spatial = float(np.clip(weight.sum() ** 2 / max((pairs * alike).sum(), 1e-300), 1.0, pixels))
    return SpatialMean(mean, float(np.sqrt(sill / n_spatial)), n_spatial)


def _one(r: Array, n_eff: Array, significant: Array, here: Array, result: xr.Dataset, level: float) -> Array:
    """Values of ``LAYERS`` for one map and stratum."""
    out = dict.fromkeys(LAYERS, np.nan)
    valid = here & np.isfinite(r) & np.isfinite(n_eff)
    out["pixels"] = float(np.count_nonzero(valid))
    if valid.any():
        across = np.cos(np.radians(result["latitude"].to_numpy()))[:, None] * np.ones(r.shape)
        weight = np.where(valid, across, 0.0)
        total = weight.sum()
        flagged = significant.astype(float) > 0.5
        out["share_positive"] = float((weight * (flagged & (r > 0))).sum() / total)
        out["share_negative"] = float((weight * (flagged & (r < 0))).sum() / total)
        out["share_above_zero"] = float((weight * (r > 0)).sum() / total)
        out["n_eff"] = float((weight * np.where(valid, n_eff, 0.0)).sum() / total)
        out |= _mean(np.where(valid, r, 0.0), weight, out["n_eff"], result, level)
    return np.array([out[name] for name in LAYERS])


def _mean(r: Array, weight: Array, n_eff: float, result: xr.Dataset, level: float) -> dict[str, float]:
    """Mean r, its interval and independent places; no interval where n_eff leaves no degree of freedom."""
    from scipy.stats import norm
    from scipy.stats import t as student

    r = np.clip(r, -LARGEST_R, LARGEST_R).astype(np.float64)
    z, freedom = np.arctanh(r), n_eff - 3.0 - _held_constant(result)
    if freedom <= 0:
        return {"r": float(np.tanh((weight * z).sum() / weight.sum()))}
    factor = SPEARMAN if result.attrs.get("method") == "spearman" else 1.0
    latitude, longitude = result["latitude"].to_numpy(), result["longitude"].to_numpy()
    narrower = float((weight * np.cos(np.radians(latitude))[:, None]).sum() / weight.sum())
    one = spatial_mean(
        z - r / (2.0 * (freedom + 2.0)), weight, factor / freedom,
        north_km=KM_PER_DEGREE * _step(latitude), east_km=KM_PER_DEGREE * _step(longitude) * narrower,
    )  # fmt: skip
    quantile = student.ppf(0.5 + level / 2, max(one.n_spatial - 1.0, 1.0))
    # a mean is known no worse than one of its pixels, whose error is known without a look at the map
    quantile = min(quantile, norm.ppf(0.5 + level / 2) * np.sqrt(one.n_spatial))
    half = quantile * one.standard_error
    mean, low, high = (float(np.tanh(value)) for value in (one.mean, one.mean - half, one.mean + half))
    return {"r": mean, "r_low": low, "r_high": high, "n_spatial": one.n_spatial}


Binned = tuple[Array, Array, Array]
"""Mean distance [km], weight of pairs and semivariance of each class of distance."""


def _semivariogram(z: Array, weight: Array, north_km: float, east_km: float) -> tuple[Array, Array, Binned]:
    """Weight of the pairs of every lag, its distance [km], and the semivariogram by class of distance.

    All pairs at once by Fourier transforms (Marcotte 1996, Computers & Geosciences 22, 1175).
    """
    from scipy.fft import irfft2, next_fast_len, rfft2

    shape = tuple(next_fast_len(2 * n, real=True) for n in z.shape)
    ones, first, second = (rfft2(field, shape) for field in (weight, weight * z, weight * z * z))
    pairs = np.maximum(irfft2((ones * ones.conj()).real, shape), 0.0)
    squares = irfft2(2.0 * (ones * second.conj()).real - 2.0 * (first * first.conj()).real, shape)
    down, across = (np.minimum(np.arange(n), n - np.arange(n)) for n in shape)
    distance = np.hypot(down[:, None] * north_km, across * east_km)
    step = max(north_km, east_km)
    kind = np.ceil(distance / step - 1e-9).astype(np.int64).ravel()  # 0 is a pixel with itself
    count = np.bincount(kind, pairs.ravel())
    kept = count > 1e-9 * count[0]
    kept[0] = False
    sums = [np.bincount(kind, field.ravel())[kept] for field in (distance * pairs, squares / 2.0)]
    return pairs, distance, (sums[0] / count[kept], count[kept], sums[1] / count[kept])


def _fit_correlation(gamma: Binned, sill: float, most: int) -> tuple[float, float]:
    """Length [km] and exponent of ρ(h) = exp(−(h/L)^s), by least squares on γ(h) = sill (1 − ρ(h))."""
    from scipy.optimize import minimize_scalar

    h, count, semivariance = gamma
    if not len(h) or sill <= 0:
        return 1e-6, 1.0
    beyond = np.flatnonzero(semivariance >= REACH * sill)
    use = slice(0, min(max(3, beyond[0] + 1 if len(beyond) else len(h)), max(most, 1)))
    h, count, semivariance = h[use], count[use] / count[use].sum(), semivariance[use] / sill

    def misfit(log_length: float, shape: float) -> float:
        return float((count * (semivariance - 1.0 + np.exp(-((h / np.exp(log_length)) ** shape))) ** 2).sum())

    bounds = (np.log(h[0] / 10.0), np.log(h[0] * 300.0))
    fits = [(minimize_scalar(misfit, bounds=bounds, args=(s,), method="bounded"), s) for s in SHAPES]
    best, shape = min(fits, key=lambda one: one[0].fun)
    return float(np.exp(best.x)), shape


def _held_constant(result: xr.Dataset) -> int:
    """Number of covariates that a partial correlation holds constant; a straight line in time is one more."""
    given = str(result.attrs.get("covariates", "none"))
    covariates = 0 if given == "none" else len(given.split(";"))
    return covariates + (str(result.attrs.get("detrend", "False")) == "True")


def _step(axis: Array) -> float:
    return float(abs(np.median(np.diff(axis)))) if len(axis) > 1 else 1.0


def _check(result: xr.Dataset, strata: Strata) -> None:
    missing = [name for name in ("r", "n_eff", "significant") if name not in result]
    if missing:
        raise InputRefused(
            f"strata means need r, n_eff and significant; {', '.join(missing)} is not there. Hand over the "
            "result of correlate."
        )
    if not {"latitude", "longitude"} <= set(result["r"].dims):
        raise InputRefused(
            f"the result has the dimensions {', '.join(map(str, result['r'].dims))} and is no map; mode "
            "temporal or moving gives maps. For patterns, correlate each stratum by itself."
        )
    for axis in ("latitude", "longitude"):
        own, other = result[axis].to_numpy(), strata.codes[axis].to_numpy()
        if own.shape != other.shape or not np.allclose(own, other, rtol=0, atol=1e-6):
            raise InputRefused(
                f"strata and result do not lie on the same pixels: {axis} has {other.size} and {own.size} "
                "values that differ. Bring the map of altitude onto the grid first (headwater.grids.align)."
            )
