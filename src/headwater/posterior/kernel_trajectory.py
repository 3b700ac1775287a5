"""Compiled: one transition of the no-U-turn sampler.

With log density l(q), momentum p ~ N(0, A⁻¹) and energy H = ½ p'A p − l(q), a trajectory is doubled forwards
or backwards at random until it turns back on itself; the next draw is taken from its points with weights
exp(−H), later doublings preferred (Betancourt 2017, appendix A.3). A, ``scale``, estimates the covariance of
q and is stored as (1, d), its diagonal, or as (d, d); ``root`` is its lower Cholesky factor, stored alike.

A (sub)trajectory turns back where the sum ρ of its momenta points against the velocity v = A p at
either end; the same is asked of each half together with the nearest point of the other, which catches a turn
that falls between two halves (Stan 2.21 and later). Subtrajectories are joined two by two as they become
complete, as in a binary counter, so that a trajectory of 2ⁿ points needs room for n + 2.

References
----------
Hoffman and Gelman (2014) J. Mach. Learn. Res. 15, 1593. Betancourt (2017) arXiv:1701.02434.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from headwater.posterior.kernel_random import Words, fill_normal, uniform
from headwater.posterior.records import Array, Integers

POSITION, GRADIENT = 0, 1
"""Rows of ``vectors``: where the chain is."""
Q, P, V, G, W = 0, 1, 2, 3, 4
"""Rows of an end of the trajectory: position, momentum, velocity A p, gradient g, A g."""
P_FIRST, V_FIRST, P_LAST, V_LAST, RHO = 0, 1, 2, 3, 4
"""Rows of a subtrajectory: momentum and velocity at its ends, sum of momenta."""
DIVERGENCE = 1000.0
"""Error of the energy beyond which the path of the integrator is not to be believed."""
LARGEST_EXPONENT = 600.0


@njit(nogil=True, error_model="numpy")
def copy(source: Array, target: Array) -> None:
    """Copies a row. (An assignment would do, but brings 3 s of compiling for its error messages.)"""
    for i in range(source.size):
        target[i] = source[i]


@njit(nogil=True, error_model="numpy")
def copy_end(ends: Array) -> None:
    """Makes the second end equal to the first."""
    for row in range(ends.shape[1]):
        copy(ends[0, row], ends[1, row])


@njit(nogil=True, error_model="numpy")
def multiply(scale: Array, vector: Array, out: Array) -> None:
    """Puts A · vector into ``out``."""
    d = vector.size
    if scale.shape[0] == 1:
        for i in range(d):
            out[i] = scale[0, i] * vector[i]
        return
    for i in range(d):
        out[i] = 0.0
    for j in range(d):
        for i in range(d):
            out[i] += scale[j, i] * vector[j]


@njit(nogil=True, error_model="numpy")
def draw_momentum(random: Words, root: Array, end: Array) -> None:
    """Draws p ~ N(0, A⁻¹) and v = A p: with A = L L' and z ~ N(0, 1), v = L z and L'p = z."""
    d = end.shape[1]
    z = end[W]
    fill_normal(random, z)
    if root.shape[0] == 1:
        for i in range(d):
            end[V, i] = root[0, i] * z[i]
            end[P, i] = z[i] / root[0, i]
        return
    for i in range(d):
        end[V, i] = 0.0
        for j in range(i + 1):
            end[V, i] += root[i, j] * z[j]
    for i in range(d - 1, -1, -1):
        end[P, i] = z[i] / root[i, i]
        for j in range(i):
            z[j] -= root[i, j] * end[P, i]


@njit(nogil=True, error_model="numpy")
def start(random: Words, vectors: Array, scale: Array, root: Array, ends: Array) -> None:
    """Puts both ends of a trajectory to where the chain is, with a new momentum."""
    draw_momentum(random, root, ends[0])
    copy(vectors[POSITION], ends[0, Q])
    copy(vectors[GRADIENT], ends[0, G])
    multiply(scale, ends[0, G], ends[0, W])
    copy_end(ends)


@njit(nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})
def kinetic(end: Array) -> float:
    """Kinetic energy ½ p'v."""
    total = 0.0
    for i in range(end.shape[1]):
        total += end[P, i] * end[V, i]
    return 0.5 * total


@njit(nogil=True, error_model="numpy")
def leapfrog(
    density: Any, floats: Array, ints: Integers, scale: Array, end: Array, step: float
) -> tuple[float, float]:
    """Moves ``end`` by one step, in place; gives log density and energy there.

    v follows p as A p does, so that A is applied once a step.
    """
    position, gradient, scaled = end[Q], end[G], end[W]
    half = 0.5 * step
    for i in range(position.size):
        end[P, i] += half * gradient[i]
        end[V, i] += half * scaled[i]
        position[i] += step * end[V, i]
    log_density = density(position, gradient, floats, ints)
    multiply(scale, gradient, scaled)
    for i in range(position.size):
        end[P, i] += half * gradient[i]
        end[V, i] += half * scaled[i]
    return log_density, kinetic(end) - log_density


@njit(nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})
def _join(left: Array, right: Array) -> bool:
    """Joins a subtrajectory to the one that it continues, ``left``; False where the whole turns back."""
    d = left.shape[1]
    first, last, near_first, near_last, far_first, far_last = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(d):
        whole = left[RHO, i] + right[RHO, i]
        first += whole * left[V_FIRST, i]
        last += whole * right[V_LAST, i]
        near = left[RHO, i] + right[P_FIRST, i]
        near_first += near * left[V_FIRST, i]
        near_last += near * right[V_FIRST, i]
        far = right[RHO, i] + left[P_LAST, i]
        far_first += far * left[V_LAST, i]
        far_last += far * right[V_LAST, i]
    for i in range(d):
        left[RHO, i] += right[RHO, i]
        left[P_LAST, i] = right[P_LAST, i]
        left[V_LAST, i] = right[V_LAST, i]
    return min(first, last, near_first, near_last, far_first, far_last) > 0.0


@njit(nogil=True, error_model="numpy")
def _set_point(trajectory: Array, end: Array) -> None:
    """Makes a subtrajectory of the single point ``end``."""
    for i in range(end.shape[1]):
        trajectory[P_FIRST, i] = trajectory[P_LAST, i] = trajectory[RHO, i] = end[P, i]
        trajectory[V_FIRST, i] = trajectory[V_LAST, i] = end[V, i]


@njit(nogil=True, error_model="numpy")
def _turn_round(trajectory: Array) -> None:
    """Exchanges the ends of a trajectory, so that it can go on from the other one."""
    for i in range(trajectory.shape[1]):
        p, v = trajectory[P_FIRST, i], trajectory[V_FIRST, i]
        trajectory[P_FIRST, i], trajectory[V_FIRST, i] = trajectory[P_LAST, i], trajectory[V_LAST, i]
        trajectory[P_LAST, i], trajectory[V_LAST, i] = p, v


@njit(nogil=True, error_model="numpy")
def _subtrajectory(
    density: Any, floats: Array, ints: Integers, random: Words, chain: Any,
    scale: Array, end: Array, stack: Array, candidate: Array, step: float, points: int,
) -> float:  # fmt: skip
    """Goes ``points`` steps on from ``end``: fills stack[1], leaves one of the points, drawn by weight, in
    ``candidate`` and gives the sum of weights; −1 where it turned back or diverged."""
    total, top = 0.0, 0
    for point in range(points):
        log_density, energy = leapfrog(density, floats, ints, scale, end, step)
        chain.gradients += 1
        error = energy - chain.start_energy
        if not -np.inf < error < DIVERGENCE:
            chain.diverged = 1
            return -1.0
        weight = math.exp(min(-error, LARGEST_EXPONENT))
        chain.accept += min(weight, 1.0)
        chain.accept_symmetric += 2.0 * min(weight, 1.0) / (1.0 + weight)
        total += weight
        if uniform(random) * total < weight:
            copy(end[Q], candidate[POSITION])
            copy(end[G], candidate[GRADIENT])
            chain.candidate_log_density = log_density
            chain.candidate_energy = energy
        top += 1
        _set_point(stack[top], end)
        complete = point
        while complete & 1:
            top -= 1
            if not _join(stack[top], stack[top + 1]):
                return -1.0
            complete >>= 1
    return total


@njit(nogil=True, error_model="numpy")
def transition(
    density: Any, floats: Array, ints: Integers, random: Words, chain: Any,
    vectors: Array, scale: Array, root: Array, room: tuple[Array, Array, Array], deepest: int,
) -> None:  # fmt: skip
    """Takes the chain from its draw to the next one, in place.

    ``room`` is (ends (2, 5, d), stack (deepest + 2, 5, d), candidate (2, d)), overwritten.
    """
    ends, stack, candidate = room
    start(random, vectors, scale, root, ends)
    _set_point(stack[0], ends[0])
    chain.start_energy = chain.energy = kinetic(ends[0]) - chain.log_density
    chain.accept = chain.accept_symmetric = 0.0
    chain.gradients = chain.diverged = 0
    weight, side, depth = 1.0, 1, 0
    while depth < deepest:
        chosen = 1 if uniform(random) < 0.5 else 0
        if chosen != side:
            _turn_round(stack[0])
            side = chosen
        step = chain.step if side == 1 else -chain.step
        more = _subtrajectory(
            density, floats, ints, random, chain, scale, ends[side], stack, candidate, step, 1 << depth
        )
        if more < 0.0:
            break
        depth += 1
        if uniform(random) * weight < more:
            copy(candidate[POSITION], vectors[POSITION])
            copy(candidate[GRADIENT], vectors[GRADIENT])
            chain.log_density = chain.candidate_log_density
            chain.energy = chain.candidate_energy
        weight += more
        if not _join(stack[0], stack[1]):
            break
    chain.depth = depth
    chain.accept /= max(chain.gradients, 1)
    chain.accept_symmetric /= max(chain.gradients, 1)
