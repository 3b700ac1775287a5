"""What a likelihood offers to the rest of a fit, and the cells of mixtures that it is handed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

GAUSSIAN, EVAPORATED = 0, 1
"""Which compiled likelihood ``kernel_density`` calls."""


@dataclass(frozen=True)
class Cells:
    """Mixtures gathered into C cells of equal expected shares.

    Attributes
    ----------
    of : shape (N,), cell of each mixture
    block : shape (C,), level of the sources, 0 where they have none
    present : shape (C, K), False where a source is absent
    """

    of: Integers
    block: Integers
    present: NDArray[np.bool_]


@dataclass(frozen=True)
class Named:
    """Draws of one quantity with the names of its axes: value (D, …), one dimension name per axis after D."""

    value: Array
    dims: tuple[str, ...] = ()
    coords: Mapping[str, tuple[str, ...]] | None = None
    hyper: bool = True
    """Whether the convergence gate looks at it."""


class Family(Protocol):
    """A likelihood of the mixtures given the shares of their cells, with its own parameters.

    The compiled half has the signature ``log_likelihood(p, dp, position, gradient, floats, ints)``:
    p (C, K) shares, dp (C, K) and gradient (dimension,) are *added to*; it returns log likelihood plus the
    log prior of its own parameters (with log-Jacobians), or ``-inf``.
    """

    @property
    def code(self) -> int: ...

    @property
    def dimension(self) -> int: ...

    @property
    def start(self) -> Array: ...

    @property
    def floats(self) -> Array: ...

    @property
    def ints(self) -> Integers: ...

    def parameters(self, positions: Array) -> Mapping[str, Named]:
        """Constrained parameters of D draws, positions (D, dimension), in the user's units."""
        ...

    def source_means(self, shares: Array, positions: Array, rng: np.random.Generator) -> Array:
        """Source means of D draws, shape (D, R, K, J), given shares (D, C, K), without discrimination."""
        ...

    def predict(self, shares: Array, positions: Array, means: Array, rng: np.random.Generator) -> Array:
        """Replicated mixtures of D draws, shape (D, N, J), given source means (D, R, K, J)."""
        ...

    def log_likelihood(self, shares: Array, positions: Array, means: Array) -> Array:
        """Of each mixture given the source means, shape (D, N)."""
        ...
