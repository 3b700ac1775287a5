"""QARTOD's neighbour test: how far a value stands from those of sensors nearby."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from headwater.errors import InputRefused
from headwater.stations.quality.qartod.words import Outcomes, graded


def neighbour(
    value: ArrayLike, neighbours: ArrayLike, suspect: float, fail: float, *, least_neighbours: int = 2
) -> Outcomes:
    """Outcome of |v − median of the neighbours at the same time| against both thresholds.

    Parameters
    ----------
    value : shape (n,)
    neighbours : shape (k, n), the same variable and depth of k sensors, NaN where there is none
    least_neighbours : that must be there, else not evaluated

    Raises
    ------
    InputRefused
        The shapes do not fit.
    """
    values, others = np.asarray(value, dtype=float), np.atleast_2d(np.asarray(neighbours, dtype=float))
    if others.shape[1:] != values.shape:
        raise InputRefused(
            f"Neighbours have shape {others.shape}, the value {values.shape}; needed is (k, n). "
            "Put all sensors on the same times."
        )
    enough = (~np.isnan(others)).sum(axis=0) >= least_neighbours
    middle = np.full(values.shape, np.nan)
    if enough.any():
        middle[enough] = np.nanmedian(others[:, enough], axis=0)
    return graded(values, np.abs(values - middle), suspect, fail)
