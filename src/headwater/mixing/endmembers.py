"""End members: the composition of each possible source, with the uncertainty of its mean."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Composition:
    """Tracer composition of one body of water.

    Attributes
    ----------
    name : what the water is called
    tracers : names of the J tracers, [‰] for isotopes
    mean : shape (J,)
    covariance : shape (J, J), between single waters; NaN where n = 1
    mean_covariance : shape (J, J), of the mean (analytical error included where n = 1)
    n : number of single waters
    dof : degrees of freedom behind ``mean_covariance`` (n − 1, or clusters − 1); 0 means known exactly
    """

    name: str
    tracers: tuple[str, ...]
    mean: Array
    covariance: Array
    mean_covariance: Array
    n: int
    dof: float


@dataclass(frozen=True)
class EndMembers:
    """K sources × J tracers, stacked so that the algebra is plain.

    Attributes
    ----------
    names : K source names
    tracers : J tracer names
    mean : shape (K, J)
    covariance : shape (K, J, J), between single waters of a source
    mean_covariance : shape (K, J, J), of the source means
    n : shape (K,)
    dof : shape (K,)
    """

    names: tuple[str, ...]
    tracers: tuple[str, ...]
    mean: Array
    covariance: Array
    mean_covariance: Array
    n: NDArray[np.int64]
    dof: Array
