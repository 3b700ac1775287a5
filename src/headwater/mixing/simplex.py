"""Least squares with shares that add up to one, for many small problems at once.

Tracers are expected whitened (error covariance = identity), so that plain distances are the right ones.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from headwater.mixing.endmembers import Array

Booleans = NDArray[np.bool_]


def affine_shares(target: Array, points: Array) -> Array:
    """Shares f with Σ f = 1 that bring Σ f_k s_k nearest to the target; they may be negative.

    With A = (s_1 − s_K, …, s_{K−1} − s_K) and b = m − s_K the shares are (A'A)⁻¹A'b, and A⁻¹b where
    A is square (K = J + 1).

    Parameters
    ----------
    target : float, shape (D, J)
    points : float, shape (D, K, J), K ≤ J + 1

    Returns
    -------
    float, shape (D, K)
    """
    last = points[:, -1, :]
    a = np.swapaxes(points[:, :-1, :] - last[:, None, :], 1, 2)
    b = (target - last)[:, :, None]
    if a.shape[2] == 0:
        return np.ones((len(target), 1))
    if a.shape[1] != a.shape[2]:
        b = np.swapaxes(a, 1, 2) @ b
        a = np.swapaxes(a, 1, 2) @ a
    first = _solve(a, b)[:, :, 0]
    return np.concatenate([first, 1.0 - first.sum(axis=1, keepdims=True)], axis=1)


def simplex_shares(target: Array, points: Array, *, start: Array | None = None) -> Array:
    """Shares f ≥ 0 with Σ f = 1 that bring Σ f_k s_k nearest to the target: exact, no iteration.

    The best point of a face is the best point of the plane through it, where that is not outside the face;
    the nearest of these over all faces of at most J + 1 sources is the answer. Only the problems whose
    plain solution is outside are looked at again.

    Parameters
    ----------
    target : float, shape (D, J)
    points : float, shape (D, K, J)
    start : float, shape (D, K), the result of ``affine_shares`` if it is at hand
    """
    size, k, j = points.shape
    if k <= j + 1:
        shares = affine_shares(target, points) if start is None else start.copy()
        todo = np.flatnonzero(~(shares >= 0.0).all(axis=1))
        largest = k - 1
    else:
        shares = np.zeros((size, k))
        todo = np.arange(size)
        largest = j + 1
    if k == 2 and j >= 1:
        return np.clip(shares, 0.0, 1.0)
    if todo.size:
        shares[todo] = _nearest_face(target[todo], points[todo], largest)
    return shares


def _nearest_face(target: Array, points: Array, largest: int) -> Array:
    size, k, _ = points.shape
    best = np.zeros((size, k))
    nearest = np.full(size, np.inf)
    for members in range(1, largest + 1):
        for face in combinations(range(k), members):
            chosen = points[:, face, :]
            f = affine_shares(target, chosen)
            distance = ((np.einsum("dk,dkj->dj", f, chosen) - target) ** 2).sum(axis=1)
            better = (f >= 0.0).all(axis=1) & (distance < nearest)
            nearest[better] = distance[better]
            best[better] = 0.0
            best[np.ix_(better, face)] = f[better]
    return best


def _solve(a: Array, b: Array) -> Array:
    if a.shape[-1] == 1:
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio: Array = np.where(a == 0.0, np.nan, b / a)
        return ratio
    try:
        return np.linalg.solve(a, b).astype(float, copy=False)
    except np.linalg.LinAlgError:
        singular = np.linalg.matrix_rank(a) < a.shape[-1]
        result = np.full(b.shape, np.nan)
        result[~singular] = np.linalg.solve(a[~singular], b[~singular])
        return result
