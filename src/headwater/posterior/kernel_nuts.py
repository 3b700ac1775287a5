"""Compiled: a chain of the no-U-turn sampler, with the tuning of its step size and of a diagonal metric.

The step size follows the acceptance rate by dual averaging (Hoffman and Gelman 2014, section 3.2). The
diagonal of A is √(var q / var g), of draws q and gradients g of the last window: for a normal posterior that
is its variance exactly, after two draws already (the idea of nutpie, Seyboldt and others).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import from_dtype, njit, types, void

from headwater.posterior.kernel_random import Words
from headwater.posterior.kernel_trajectory import (
    GRADIENT,
    POSITION,
    G,
    Q,
    W,
    draw_momentum,
    kinetic,
    leapfrog,
    multiply,
    transition,
)
from headwater.posterior.records import Array, Integers
from headwater.posterior.signature import DENSITY_TYPE, INTS, VECTOR

CHAIN = np.dtype(
    [
        (name, np.float64)
        for name in (
            "log_density", "energy", "start_energy", "candidate_log_density", "candidate_energy", "accept",
            "accept_symmetric", "step", "step_centre", "log_step_mean", "error_mean",
        )
    ]
    + [
        (name, np.int64)
        for name in (
            "gradients", "diverged", "depth", "averaged", "drawn", "tuning_gradients", "near", "wide",
        )
    ]
)  # fmt: skip
"""What a chain carries from draw to draw, besides its vectors and its random state."""
PLAN = np.dtype(
    [(name, np.int64) for name in ("tune", "early", "late", "deepest")] + [("accept", np.float64)]
)
"""Tuning draws, those in short windows, the first without a new metric; deepest doubling; rate wanted."""
NEAR, WIDE, VECTORS = 2, 6, 10
"""First rows of two windows in ``vectors``: mean and squares of q, mean and squares of g."""
STATISTICS = 7
"""Columns: log density, energy, acceptance, step size, gradients, depth, diverged."""
SHORT_WINDOW, LONG_WINDOW = 10, 80
SMALLEST, LARGEST = 1e-20, 1e20

Room = tuple[Array, Array, Array]
_MATRIX = types.float64[:, ::1]
_ROOM = types.Tuple([types.float64[:, :, ::1], types.float64[:, :, ::1], _MATRIX])
_CHAINS, _PLANS = from_dtype(CHAIN)[::1], from_dtype(PLAN)[::1]
_COMMON = (DENSITY_TYPE, VECTOR, INTS, types.uint64[::1], _CHAINS, _MATRIX, _MATRIX, _MATRIX, _ROOM)
# The density, its floats and ints; random state, chain, vectors, scale, root, room.


@njit(nogil=True, error_model="numpy")
def _restart_step(chain: Any) -> None:
    """Begins the averaging of the step size anew, from the step as it is."""
    chain.step_centre = math.log(10.0 * chain.step)
    chain.log_step_mean = math.log(chain.step)
    chain.error_mean = 0.0
    chain.averaged = 0


@njit(nogil=True, error_model="numpy")
def _average_step(chain: Any, wanted: float) -> None:
    """Moves the step size towards the acceptance rate that is wanted."""
    chain.averaged += 1
    n = float(chain.averaged)
    chain.error_mean += (wanted - chain.accept_symmetric - chain.error_mean) / (n + 10.0)
    log_step = chain.step_centre - math.sqrt(n) / 0.05 * chain.error_mean
    chain.log_step_mean += n**-0.75 * (log_step - chain.log_step_mean)
    chain.step = math.exp(log_step)


@njit(nogil=True, error_model="numpy")
def _find_step(
    density: Any, floats: Array, ints: Integers, random: Words, chain: Any,
    vectors: Array, scale: Array, root: Array, room: Room,
) -> None:  # fmt: skip
    """Doubles or halves the step size until one step crosses an acceptance of 0.8."""
    ends = room[0]
    draw_momentum(random, root, ends[0])
    ends[0, Q], ends[0, G] = vectors[POSITION], vectors[GRADIENT]
    multiply(scale, ends[0, G], ends[0, W])
    start = kinetic(ends[0]) - chain.log_density
    grow = True
    for attempt in range(100):
        ends[1] = ends[0]
        _, energy = leapfrog(density, floats, ints, scale, ends[1], chain.step)
        chain.tuning_gradients += 1
        good = energy - start < -math.log(0.8)
        if attempt == 0:
            grow = good
        if good != grow:
            break
        chain.step *= 2.0 if grow else 0.5


@njit(nogil=True, error_model="numpy")
def _add(vectors: Array, window: int, n: int) -> None:
    """Adds the draw and its gradient, the n-th, to the means and squares of a window."""
    for i in range(vectors.shape[1]):
        for row in range(2):
            mean = window + 2 * row
            difference = vectors[row, i] - vectors[mean, i]
            vectors[mean, i] += difference / n
            vectors[mean + 1, i] += difference * (vectors[row, i] - vectors[mean, i])


@njit(nogil=True, error_model="numpy")
def _set_scale(vectors: Array, scale: Array, root: Array) -> None:
    """Sets the diagonal metric from the near window; keeps it where that says nothing."""
    for i in range(vectors.shape[1]):
        value = math.sqrt(vectors[NEAR + 1, i] / vectors[NEAR + 3, i])
        if SMALLEST < value < LARGEST:
            scale[0, i] = value
            root[0, i] = math.sqrt(value)


@njit(nogil=True, error_model="numpy")
def _tune_scale(chain: Any, vectors: Array, scale: Array, root: Array, plan: Any) -> bool:
    """Lets the metric follow the last draws; true where it is the first one from draws.

    Two windows overlap: the metric comes from the near one, until the other is long enough to take its place.
    """
    chain.near += 1
    chain.wide += 1
    _add(vectors, NEAR, chain.near)
    _add(vectors, WIDE, chain.wide)
    length = SHORT_WINDOW if chain.drawn < plan.early else LONG_WINDOW
    if chain.wide >= length and chain.drawn + length < plan.late:
        for row in range(4):
            vectors[NEAR + row] = vectors[WIDE + row]
            vectors[WIDE + row] = 0.0
        chain.near = chain.wide
        chain.wide = 0
    if chain.near > 2:
        _set_scale(vectors, scale, root)
    return chain.drawn == 2


@njit(void(*_COMMON), nogil=True, error_model="numpy", cache=True)
def begin(
    density: Any, floats: Array, ints: Integers, random: Words, chains: Any,
    vectors: Array, scale: Array, root: Array, room: Room,
) -> None:  # fmt: skip
    """Makes a chain ready to go from the position in ``vectors``: log density, gradient, metric and step.

    Where log density or gradient are not finite there, log_density becomes NaN and nothing else is done.
    """
    chain = chains[0]
    chain.log_density = density(vectors[POSITION], vectors[GRADIENT], floats, ints)
    chain.tuning_gradients += 1
    for i in range(vectors.shape[1]):
        if not math.isfinite(vectors[GRADIENT, i]) or not math.isfinite(chain.log_density):
            chain.log_density = np.nan
            return
        scale[0, i] = 1.0 / min(max(abs(vectors[GRADIENT, i]), 1e-8), 1e8)
        root[0, i] = math.sqrt(scale[0, i])
    chain.step = 1.0
    _find_step(density, floats, ints, random, chain, vectors, scale, root, room)
    _restart_step(chain)


@njit(
    void(*_COMMON, _PLANS, types.float64[:, :, ::1], _MATRIX, _MATRIX, types.int64, types.int64, INTS),
    nogil=True,
    error_model="numpy",
    cache=True,
)
def advance(
    density: Any, floats: Array, ints: Integers, random: Words, chains: Any,
    vectors: Array, scale: Array, root: Array, room: Room,
    plans: Any, history: Array, positions: Array, statistics: Array, first: int, last: int, stop: Integers,
) -> None:  # fmt: skip
    """Draws until the chain has ``last`` draws, tuning ones included, or ``stop[0]`` is set.

    Draws go to the rows of ``positions`` and ``statistics``, of which row 0 is draw ``first``; tuning draws
    and their gradients to ``history`` where that has room.
    """
    chain, plan = chains[0], plans[0]
    while chain.drawn < last and stop[0] == 0:
        transition(density, floats, ints, random, chain, vectors, scale, root, room, plan.deepest)
        if chain.drawn < plan.tune:
            chain.tuning_gradients += chain.gradients
            if chain.drawn < history.shape[0]:
                history[chain.drawn, 0] = vectors[POSITION]
                history[chain.drawn, 1] = vectors[GRADIENT]
            fresh = False
            if chain.drawn < plan.late and scale.shape[0] == 1:
                fresh = _tune_scale(chain, vectors, scale, root, plan)
            if fresh:
                _find_step(density, floats, ints, random, chain, vectors, scale, root, room)
                _restart_step(chain)
            else:
                _average_step(chain, plan.accept)
            if chain.drawn == plan.tune - 1:
                chain.step = math.exp(chain.log_step_mean)
        else:
            row = chain.drawn - first
            positions[row] = vectors[POSITION]
            statistics[row, 0] = chain.log_density
            statistics[row, 1] = chain.energy
            statistics[row, 2] = chain.accept
            statistics[row, 3] = chain.step
            statistics[row, 4] = chain.gradients
            statistics[row, 5] = chain.depth
            statistics[row, 6] = chain.diverged
        chain.drawn += 1
