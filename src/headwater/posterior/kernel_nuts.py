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

from headwater.posterior.kernel_random import Words, uniform
from headwater.posterior.kernel_trajectory import (
    GRADIENT,
    POSITION,
    copy,
    copy_end,
    kinetic,
    leapfrog,
    start,
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
STARTS_TRIED = 100
SHORT_WINDOW, LONG_WINDOW = 10, 80
ROUGH_DRAWS, ROUGH_DEEPEST = 50, 6
"""First draws of tuning, whose trajectories are kept short: long ones with a rough metric teach little."""
SMALLEST, LARGEST = 1e-20, 1e20

Room = tuple[Array, Array, Array]
_MATRIX, _CUBE = types.float64[:, ::1], types.float64[:, :, ::1]


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
    start(random, vectors, scale, root, ends)
    start_energy = kinetic(ends[0]) - chain.log_density
    grow = True
    for attempt in range(100):
        copy_end(ends)
        _, energy = leapfrog(density, floats, ints, scale, ends[1], chain.step)
        chain.tuning_gradients += 1
        good = energy - start_energy < -math.log(0.8)
        if attempt == 0:
            grow = good
        if good != grow:
            break
        chain.step *= 2.0 if grow else 0.5


@njit(nogil=True, error_model="numpy")
def _add(vectors: Array, near: int, wide: int) -> None:
    """Adds a draw and its gradient to the means and squares of two windows, as their near-th and wide-th."""
    for window, n in ((NEAR, near), (WIDE, wide)):
        for row in range(2):
            mean, squares = vectors[window + 2 * row], vectors[window + 2 * row + 1]
            for i in range(mean.size):
                difference = vectors[row, i] - mean[i]
                mean[i] += difference / n
                squares[i] += difference * (vectors[row, i] - mean[i])


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
    _add(vectors, chain.near, chain.wide)
    length = SHORT_WINDOW if chain.drawn < plan.early else LONG_WINDOW
    if chain.wide >= length and chain.drawn + length < plan.late:
        for row in range(4):
            for i in range(vectors.shape[1]):
                vectors[NEAR + row, i] = vectors[WIDE + row, i]
                vectors[WIDE + row, i] = 0.0
        chain.near = chain.wide
        chain.wide = 0
    if chain.near > 2:
        _set_scale(vectors, scale, root)
    return chain.drawn == 2


@njit(nogil=True, error_model="numpy")
def _find_start(
    density: Any, floats: Array, ints: Integers, random: Words, chain: Any,
    vectors: Array, around: Array,
) -> bool:  # fmt: skip
    """Puts the chain within ± 1 of where it stands, nearer and nearer until all is finite there."""
    copy(vectors[POSITION], around)
    reach = 1.0
    for _ in range(STARTS_TRIED):
        for i in range(around.size):
            vectors[POSITION, i] = around[i] + reach * (2.0 * uniform(random) - 1.0)
        chain.log_density = density(vectors[POSITION], vectors[GRADIENT], floats, ints)
        chain.tuning_gradients += 1
        finite = math.isfinite(chain.log_density)
        for i in range(around.size):
            finite = finite and math.isfinite(vectors[GRADIENT, i])
        if finite:
            return True
        reach *= 0.9
    chain.log_density = np.nan
    return False


@njit(nogil=True, error_model="numpy")
def _begin(
    density: Any, floats: Array, ints: Integers, random: Words, chain: Any,
    vectors: Array, scale: Array, root: Array, room: Room,
) -> bool:  # fmt: skip
    """Gives a new chain a start, a metric from the gradient there and a step size; false where it cannot.

    A dense metric is kept: such a chain had begun before and lost its place.
    """
    if not _find_start(density, floats, ints, random, chain, vectors, room[2][0]):
        return False
    if scale.shape[0] == 1:
        for i in range(vectors.shape[1]):
            scale[0, i] = 1.0 / min(max(abs(vectors[GRADIENT, i]), 1e-8), 1e8)
            root[0, i] = math.sqrt(scale[0, i])
    chain.step = 1.0
    _find_step(density, floats, ints, random, chain, vectors, scale, root, room)
    _restart_step(chain)
    return True


@njit(
    void(
        DENSITY_TYPE,
        VECTOR,
        INTS,
        types.uint64[::1],
        from_dtype(CHAIN)[::1],
        _MATRIX,
        _MATRIX,
        _MATRIX,
        types.Tuple([_CUBE, _CUBE, _MATRIX]),
        from_dtype(PLAN)[::1],
        _CUBE,
        _MATRIX,
        _MATRIX,
        types.int64,
        types.int64,
        INTS,
    ),
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

    A chain whose step size is 0 is new: it is given a start around the position in ``vectors``; where none is
    possible its log density becomes NaN, and nothing is drawn.

    Draws go to the rows of ``positions`` and ``statistics``, of which row 0 is draw ``first``; tuning draws
    and their gradients to ``history`` where that has room.
    """
    chain, plan = chains[0], plans[0]
    if chain.step == 0.0 and not _begin(density, floats, ints, random, chain, vectors, scale, root, room):
        return
    while chain.drawn < last and stop[0] == 0:
        rough = chain.drawn < min(ROUGH_DRAWS, plan.early)
        deepest = min(plan.deepest, ROUGH_DEEPEST) if rough else plan.deepest
        transition(density, floats, ints, random, chain, vectors, scale, root, room, deepest)
        if chain.drawn < plan.tune:
            chain.tuning_gradients += chain.gradients
            if chain.drawn < history.shape[0]:
                copy(vectors[POSITION], history[chain.drawn, 0])
                copy(vectors[GRADIENT], history[chain.drawn, 1])
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
            copy(vectors[POSITION], positions[row])
            statistics[row, 0] = chain.log_density
            statistics[row, 1] = chain.energy
            statistics[row, 2] = chain.accept
            statistics[row, 3] = chain.step
            statistics[row, 4] = chain.gradients
            statistics[row, 5] = chain.depth
            statistics[row, 6] = chain.diverged
        chain.drawn += 1
