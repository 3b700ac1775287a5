"""What goes into the sampler and what comes out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Target:
    """A posterior to draw from.

    Attributes
    ----------
    density : compiled function ``log_density(position, gradient, floats, ints)`` of signature ``DENSITY``
        (``posterior.signature``): returns log p(position) up to a constant and fills the gradient;
        ``-inf`` or NaN means that the position is impossible
    floats, ints : all data of the density, flat; read-only
    dimension : length of a position
    start : shape (dimension,), where chains start; each is jittered around it
    easy : floats and ints of a wider posterior of the same quantities, for instance of few of the data; the
        first tuning draws are from it, so that chains pass between modes before the data part them
    """

    density: Any
    floats: Array
    ints: Integers
    dimension: int
    start: Array
    easy: tuple[Array, Integers] | None = None


@dataclass(frozen=True)
class SamplerSettings:
    """How to sample.

    Attributes
    ----------
    chains, tune, draws : of each chain; tuning draws are not kept
    seed : same seed, same draws, whatever the number of cores
    accept : acceptance rate that the step size is tuned to
    deepest : doublings of a trajectory at most
    metric : "auto" is dense up to 60 dimensions where the caller asks for it, else diagonal
    cores : chains that run at a time; 0: as many as there are cores
    """

    chains: int = 4
    tune: int = 1000
    draws: int = 1000
    seed: int = 1
    accept: float = 0.95
    deepest: int = 10
    metric: Literal["diagonal", "dense"] = "diagonal"
    cores: int = 0


@dataclass(frozen=True)
class Chains:
    """Draws of all chains. Where sampling was interrupted, all chains are cut to the shortest.

    Attributes
    ----------
    positions : shape (chains, draws, dimension), unconstrained
    log_density : shape (chains, draws)
    energy, accept, step_size : shape (chains, draws)
    gradients : shape (chains, draws), leapfrog steps of each draw
    depth : shape (chains, draws), doublings
    diverged : shape (chains, draws), bool
    tuning_gradients : shape (chains,)
    interrupted : stopped before all draws were there
    cpu_seconds : of sampling, all chains, compilation not included
    states : one opaque state a chain, from which ``extend`` goes on
    """

    positions: Array
    log_density: Array
    energy: Array
    accept: Array
    step_size: Array
    gradients: Integers
    depth: Integers
    diverged: NDArray[np.bool_]
    tuning_gradients: Integers
    interrupted: bool
    cpu_seconds: float
    states: tuple[Any, ...]
