"""How many independent values two autocorrelated series, or fields, are worth when they are correlated."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def effective_n_lag1(
    n: ArrayLike, rho_a: ArrayLike, rho_b: ArrayLike, *, pairs: ArrayLike | None = None, bound: float = 0.99
) -> Array:
    """Effective n of two first-order autoregressive series, never more than n.

    n (1 - q)/(1 + q), q = rho_a rho_b (Bretherton et al. 1999, J. Climate 12, 1990, eq. 31). Where steps are
    missing, only ``pairs`` of the n - 1 pairs of neighbours are there, and n / (1 + 2 g q/(1 - q)) with
    g = pairs/(n - 1) takes its place; both agree at g = 1. ``bound``: largest size of q that is believed.
    """
    n = np.asarray(n, float)
    q = np.clip(np.multiply(rho_a, rho_b), -bound, bound)
    share = 1.0 if pairs is None else np.asarray(pairs, float) / (n - 1)
    return n / np.maximum(1.0, 1.0 + 2.0 * share * q / (1.0 - q))


def effective_n_lags(
    a: ArrayLike, b: ArrayLike, *, weights: ArrayLike | None = None, reach: float = 0.2
) -> float:
    """Effective n of two series or fields from the products of their autocorrelations at all lags.

    (Σ w)² / Σ_h W(h) ρ_a(h) ρ_b(h), W(h) = Σ w_i w_(i+h) over the pairs that are there: the variance of a
    correlation without true correlation (Clifford, Richardson & Hémon 1989, Biometrics 45, 123).
    For a series without gaps it is Bretherton et al. 1999, eq. 30.

    Parameters
    ----------
    a, b : values on equal steps along each axis, any number of axes, the same shape; NaN are missing
    weights : the same shape; 1 where not given
    reach : largest lag, as a part of the length of each axis; a fifth is the advice of Pyper & Peterman 1998
        (Can. J. Fish. Aquat. Sci. 55, 2127), as estimates at longer lags hold more noise than knowledge

    Returns
    -------
    Between 1 and the number of valid pairs; NaN where there are fewer than 2 or where one is constant
    """
    a, b = np.asarray(a, float), np.asarray(b, float)
    w = np.ones(a.shape) if weights is None else np.asarray(weights, float)
    valid = np.isfinite(a) & np.isfinite(b)
    n = int(valid.sum())
    w = np.where(valid, w, 0.0)
    if n < 2:
        return np.nan
    x, y = (np.where(valid, v - np.average(v[valid], weights=w[valid]), 0.0) for v in (a, b))
    if not (np.any(x) and np.any(y)):
        return np.nan
    size = [_fast(length + int(reach * length)) for length in a.shape]
    near = np.ones(a.shape, bool)[tuple(slice(0, 1) for _ in a.shape)]
    for axis, length in enumerate(a.shape):
        lag = np.minimum(np.arange(size[axis]), size[axis] - np.arange(size[axis]))
        near = near & np.expand_dims(lag <= reach * length, [k for k in range(a.ndim) if k != axis])
    pairs = np.maximum(np.rint(_products(valid.astype(float), size)), 1.0)
    rho = [c / c.flat[0] for c in (_products(x, size) / pairs, _products(y, size) / pairs)]
    total = np.sum((_products(w, size) * rho[0] * rho[1])[near])
    effective = w.sum() ** 2 / total if total > 0 else np.inf
    most = w.sum() ** 2 / np.sum(w**2)
    return float(np.clip(effective, 1.0, most))


def _fast(length: int) -> int:
    from scipy.fft import next_fast_len

    return int(next_fast_len(length, real=True))


def _products(values: Array, size: list[int]) -> Array:
    """Sums of values_i values_(i+h) for all lags h, by the Fourier transform; the lags wrap around."""
    from scipy.fft import irfftn, rfftn

    transform = rfftn(values, size)
    return np.asarray(irfftn(transform * transform.conj(), size))
