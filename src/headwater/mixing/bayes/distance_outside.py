"""How far mixtures lie outside the polygon of their sources, for any number of sources and tracers."""

from __future__ import annotations

import numpy as np

from headwater.mixing.bayes.model import Array

STEPS = 200
CLOSE = 1e-3


def distance_outside(values: Array, corners: Array) -> Array:
    """Distance of each mixture from the convex hull of the sources, shape (N,); 0 inside.

    Each step moves the nearest point found so far, y = Σ f_k s_k, by the pairwise rule of Frank and Wolfe:
    weight goes from the corner that points away to the one that points to the mixture. What is returned is a
    lower bound, the largest gap over the steps, min_k (x − s_k)·(x − y)/|x − y|: no mixture is called
    outside that is not.

    Parameters
    ----------
    values : float, shape (N, J), in units in which distance is meant
    corners : float, shape (K, J)

    References
    ----------
    Lacoste-Julien, Jaggi (2015), Adv. Neural Inf. Process. Syst. 28, algorithm 2.
    """
    n, k = len(values), len(corners)
    bound = np.zeros(n)
    nearest = ((values[:, None] - corners) ** 2).sum(axis=2).argmin(axis=1)
    shares = np.zeros((n, k))
    shares[np.arange(n), nearest] = 1.0
    active = np.arange(n)
    for _ in range(STEPS):
        off = values[active] - shares[active] @ corners
        length = np.linalg.norm(off, axis=1)
        toward = off @ corners.T
        here = np.einsum("nj,nj->n", values[active], off)
        best = toward.max(axis=1)
        gap = np.where(length > 0.0, (here - best) / np.maximum(length, 1e-300), 0.0)
        bound[active] = np.maximum(bound[active], gap)
        go = (length > CLOSE) & (length - bound[active] > CLOSE * np.maximum(length, 1.0))
        active = active[go]
        if not len(active):
            break
        _step(shares, active, off[go], toward[go], corners)
    return bound


def _step(shares: Array, active: np.ndarray, off: Array, toward: Array, corners: Array) -> None:
    """Weight of each active mixture moved from its worst corner in use to its best one."""
    rows = np.arange(len(active))
    to = toward.argmax(axis=1)
    away = np.where(shares[active] > 0.0, toward, np.inf).argmin(axis=1)
    direction = corners[to] - corners[away]
    square = np.einsum("nj,nj->n", direction, direction)
    step = np.einsum("nj,nj->n", off, direction) / np.where(square > 0.0, square, 1.0)
    step = np.clip(step, 0.0, shares[active, away])
    moved = shares[active]
    moved[rows, to] += step
    moved[rows, away] -= step
    shares[active] = moved
