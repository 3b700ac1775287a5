"""From single waters to a composition: the mean, its spread, and how well the mean is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headwater.errors import InputRefused
from headwater.mixing.endmembers import Array, Composition, EndMembers


def composition(
    values: ArrayLike,
    *,
    name: str,
    tracers: Sequence[str],
    weights: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
    analytical_covariance: ArrayLike | None = None,
) -> Composition:
    """Composition of one body of water from n single waters.

    With weights w (Σ w = 1), m = Σ w x. Waters of one cluster g (a soil profile, a site) move together, so
    the covariance of the mean is c Σ_g e_g e_g', where e_g = Σ_{i∈g} w_i (x_i − m) and
    c = W₂ / Σ_g w_g² (1 − 2 w_g + W₂), W₂ = Σ_g w_g², makes it unbiased for equally variable clusters
    (G/(G − 1) where they weigh the same). Degrees of freedom are (tr A)² / tr A² of that quadratic form:
    G − 1 for equal weights, fewer where some clusters weigh more.

    Parameters
    ----------
    values : float, shape (n, J)
    name : str, what the water is called; used in messages
    tracers : J names
    weights : float, shape (n,), e.g. precipitation amounts [mm]
    clusters : labels, shape (n,); a missing label is a cluster of its own. Where all waters share one
        label they are taken as independent: the error then holds for that cluster only.
    analytical_covariance : float, shape (J, J); the error of the mean where n = 1. With more waters their
        spread contains it already.

    Raises
    ------
    InputRefused
        No water, a missing value, unusable weights, or one water without analytical error.

    References
    ----------
    Bell, McCaffrey (2002), Survey Methodology 28, 169–181: small-sample correction and degrees of freedom.
    """
    x = _checked_values(values, name, tracers)
    n = len(x)
    w = _checked_weights(weights, n, name)
    mean = w @ x
    if n == 1:
        return _single_water(mean, name, tracers, analytical_covariance)
    deviation = x - mean
    covariance = (deviation * w[:, None]).T @ deviation / (1.0 - w @ w)
    share, total = _cluster_totals(deviation, w, clusters)
    scale, dof = _small_sample(share)
    return Composition(name, tuple(tracers), mean, covariance, scale * total.T @ total, n, dof)


def stack(compositions: Sequence[Composition]) -> EndMembers:
    """K compositions of the same tracers as one table of sources.

    Raises
    ------
    InputRefused
        No source at all, two of one name, or different tracers.
    """
    if not compositions:
        raise InputRefused("no source given: at least two are needed; name the kinds of water that can mix")
    names = tuple(c.name for c in compositions)
    if len(set(names)) < len(names):
        raise InputRefused(f"sources {names}: every source needs a name of its own; rename or pool them")
    tracers = compositions[0].tracers
    for other in compositions:
        if other.tracers != tracers:
            raise InputRefused(
                f"source {other.name!r} has tracers {other.tracers}, source {names[0]!r} has {tracers}: "
                "all sources need the same tracers in the same order"
            )
    return EndMembers(
        names=names,
        tracers=tracers,
        mean=np.stack([c.mean for c in compositions]),
        covariance=np.stack([c.covariance for c in compositions]),
        mean_covariance=np.stack([c.mean_covariance for c in compositions]),
        n=np.array([c.n for c in compositions], dtype=np.int64),
        dof=np.array([c.dof for c in compositions], dtype=float),
    )


def _checked_values(values: ArrayLike, name: str, tracers: Sequence[str]) -> Array:
    x = np.asarray(values, dtype=float)
    if x.ndim != 2 or x.shape[1] != len(tracers):
        raise InputRefused(
            f"{name}: values of shape {x.shape}; one row a water and one column for each of "
            f"{tuple(tracers)} is needed"
        )
    if len(x) == 0:
        raise InputRefused(f"{name}: no water; leave this one out or give at least one sample")
    missing = ~np.isfinite(x)
    if missing.any():
        column = tracers[int(np.flatnonzero(missing.any(axis=0))[0])]
        raise InputRefused(
            f"{name}: {int(missing.any(axis=1).sum())} of {len(x)} waters lack a value, first in {column}; "
            "every water needs all tracers: leave these rows out"
        )
    return x


def _checked_weights(weights: ArrayLike | None, n: int, name: str) -> Array:
    if weights is None:
        return np.full(n, 1.0 / n)
    w = np.asarray(weights, dtype=float)
    if w.shape != (n,) or not np.isfinite(w).all() or (w < 0).any() or w.sum() <= 0:
        raise InputRefused(
            f"{name}: weights must be {n} numbers ≥ 0 that are not all 0; "
            "leave out rows without an amount, or use no weights"
        )
    w = w / w.sum()
    if n > 1 and w.max() > 1.0 - 1e-9:
        raise InputRefused(f"{name}: one water carries all the weight of {n}; check the amounts")
    return w


def _single_water(
    mean: Array, name: str, tracers: Sequence[str], analytical_covariance: ArrayLike | None
) -> Composition:
    j = len(tracers)
    if analytical_covariance is None:
        raise InputRefused(f"{name}: one water only; give its analytical error, or more waters")
    error = np.asarray(analytical_covariance, dtype=float)
    if error.shape != (j, j):
        raise InputRefused(f"{name}: analytical covariance of shape {error.shape}; {(j, j)} is needed")
    return Composition(name, tuple(tracers), mean, np.full((j, j), np.nan), error, 1, 0.0)


def _cluster_totals(deviation: Array, w: Array, clusters: ArrayLike | None) -> tuple[Array, Array]:
    """Weight (G,) and weighted deviation (G, J) of every cluster."""
    weighted = deviation * w[:, None]
    if clusters is None:
        return w, weighted
    import pandas as pd

    codes, labels = pd.factorize(np.asarray(clusters))
    alone = codes < 0
    codes[alone] = len(labels) + np.arange(alone.sum())
    count = int(codes.max()) + 1
    if count == 1:
        return w, weighted
    share = np.bincount(codes, w, count).astype(float)
    total: Array = np.stack([np.bincount(codes, column, count) for column in weighted.T], axis=1)
    return share, total


def _small_sample(w: NDArray[np.float64]) -> tuple[float, float]:
    """Correction c and degrees of freedom for clusters that weigh w; traces in power sums, so O(G)."""
    w2, w3, w4 = (float((w**p).sum()) for p in (2, 3, 4))
    own = w * w * (1.0 - 2.0 * w + w2)
    trace = float(own.sum())
    diagonal = own**2 - (w * w * (w2 - 2.0 * w)) ** 2
    trace_of_square = float(diagonal.sum()) + w2**4 + 2 * w4 * w2 - 4 * w2**2 * w3 + 2 * w3**2
    return w2 / trace, trace**2 / trace_of_square
