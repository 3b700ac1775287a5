"""A transition leaves the target as it is, and goes from a to b as often as from b to a.

Many exact draws of a skewed target are moved by the compiled transition. Three tests: ranks under the known
distribution are uniform (one by one, and in cells of both together), and moves between cells are symmetric
(Bowker 1948, J. Am. Stat. Assoc. 43, 572): detailed balance itself, which agreement of moments does not show.
Then bugs are planted in the source of the sampler, and the same tests have to find each of them.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from headwater.posterior import kernel_trajectory
from tests.posterior.known_targets import KERNELS
from tests.posterior.sampler_variants import Bug, moved

SHAPES = np.array([0.5, 3.0])
POINTS = 200_000
SIDE = 5
DIAGONAL = np.array([[0.4, 2.0]])
DENSE = np.array([[1.0, 0.3], [0.3, 0.5]])
SURE, FINE = 1e-8, 1e-4
"""Below SURE there is a bug; a right sampler stays above FINE."""


def cells(points: np.ndarray) -> np.ndarray:
    """Cell of each point: its two ranks under the target, SIDE × SIDE cells of equal probability."""
    ranks = np.minimum((stats.gamma.cdf(np.exp(points), SHAPES) * SIDE).astype(int), SIDE - 1)
    return ranks[:, 0] * SIDE + ranks[:, 1]


def symmetry(before: np.ndarray, after: np.ndarray) -> float:
    """p of Bowker's test that moves from cell to cell are as frequent as moves back."""
    moves = np.zeros((SIDE**2, SIDE**2))
    np.add.at(moves, (cells(before), cells(after)), 1)
    rows, columns = np.triu_indices(SIDE**2, 1)
    there, back = moves[rows, columns], moves[columns, rows]
    many = there + back >= 10
    square = (there - back)[many] ** 2 / (there + back)[many]
    return float(stats.chi2.sf(square.sum(), many.sum()))


def p_values(scale: np.ndarray, transitions: int, bug: Bug | None = None) -> dict[str, float]:
    """p of the three tests."""
    before = np.log(np.random.default_rng(11).gamma(SHAPES, size=(POINTS // transitions, 2)))
    after = moved(
        KERNELS.log_gamma, SHAPES, before, scale, step=0.6, transitions=transitions, deepest=8, bug=bug
    )
    ranks = stats.gamma.cdf(np.exp(after), SHAPES)
    return {
        "ranks": min(stats.kstest(ranks[:, i], "uniform").pvalue for i in range(2)),
        "cells": float(stats.chisquare(np.bincount(cells(after), minlength=SIDE**2)).pvalue),
        "moves": symmetry(before, after),
    }


@pytest.mark.parametrize("transitions", [1, 5])
@pytest.mark.parametrize("scale", [DIAGONAL, DENSE], ids=["diagonal", "dense"])
def test_target_stays_as_it_is_and_moves_are_symmetric(scale, transitions):
    found = p_values(scale, transitions)
    assert min(found.values()) > FINE, found


SUBTREE = "            if not _join(stack[top], stack[top + 1]):\n                return -1.0\n"
BUGS = {
    "momentum of A instead of its inverse": Bug(
        "end[P, i] = z[i] / root[0, i]", "end[P, i] = z[i] * root[0, i]"
    ),
    "points of one weight": Bug("weight = math.exp(min(-error, LARGEST_EXPONENT))", "weight = 1.0"),
    "always the last point": Bug("if uniform(random) * total < weight:", "if True:"),
    "always the last doubling": Bug("if uniform(random) * weight < more:", "if True:"),
    "first point without weight": Bug("weight, side, depth = 1.0, 1, 0", "weight, side, depth = 0.0, 1, 0"),
    "weights not added up": Bug("        weight += more\n", ""),
    "turns of subtrajectories not seen": Bug(SUBTREE, "            _join(stack[top], stack[top + 1])\n"),
    "a turned doubling taken": Bug(SUBTREE, SUBTREE.replace("-1.0", "total")),
    "turn asked at one end": Bug(
        "return min(first, last, near_first, near_last, far_first, far_last) > 0.0", "return last > 0.0"
    ),
    "always forwards": Bug("chosen = 1 if uniform(random) < 0.5 else 0", "chosen = 1"),
    "kinetic energy too large": Bug("return 0.5 * total", "return 0.55 * total"),
    "old log density kept": Bug("            chain.log_density = chain.candidate_log_density\n", ""),
}
QUICK = ("turns of subtrajectories not seen",)


@pytest.mark.parametrize(
    "bug", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in BUGS]
)
def test_a_planted_bug_is_found(bug):
    found = [p_values(DIAGONAL, transitions, BUGS[bug]) for transitions in (1, 5)]
    assert min(min(each.values()) for each in found) < SURE, found


@pytest.mark.slow
def test_a_wrong_gradient_costs_steps_but_no_truth():
    """The gradient only guides; energies come from the density. So no rank test sees it: see the kernels' own
    finite-difference tests."""
    call = "    log_density = density(position, gradient, floats, ints)\n"
    wrong = Bug(call, call + "    gradient[0] *= 1.05\n")
    assert min(p_values(DIAGONAL, 5, wrong).values()) > FINE


@pytest.mark.parametrize("scale", [DIAGONAL, DENSE], ids=["diagonal", "dense"])
def test_leapfrog_goes_back_where_it_came_from(scale):
    end = start_end(scale, np.random.default_rng(1))
    there = end.copy()
    for _ in range(20):
        leap(scale, there, 0.3)
    assert np.abs(there - end).max() > 0.1
    for _ in range(20):
        leap(scale, there, -0.3)
    np.testing.assert_allclose(there, end, atol=1e-12)


@pytest.mark.parametrize("scale", [DIAGONAL, DENSE], ids=["diagonal", "dense"])
def test_leapfrog_keeps_volume(scale):
    """det d(q', p')/d(q, p) = 1, by central differences."""
    end = start_end(scale, np.random.default_rng(2))
    matrix = np.diag(scale[0]) if len(scale) == 1 else scale
    jacobian = np.zeros((4, 4))
    for column in range(4):
        for sign in (1, -1):
            shifted = end.copy()
            shifted[column // 2, column % 2] += sign * 1e-6
            shifted[kernel_trajectory.V] = matrix @ shifted[kernel_trajectory.P]
            KERNELS.log_gamma(shifted[0], shifted[kernel_trajectory.G], SHAPES, np.zeros(1, dtype=np.int64))
            shifted[kernel_trajectory.W] = matrix @ shifted[kernel_trajectory.G]
            leap(scale, shifted, 0.5)
            jacobian[:, column] += sign * shifted[:2].ravel() / 2e-6
    assert np.linalg.det(jacobian) == pytest.approx(1.0, abs=1e-7)
    assert np.abs(jacobian - np.eye(4)).max() > 0.1


def start_end(scale: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """An end of a trajectory, all rows as they belong together."""
    matrix = np.diag(scale[0]) if len(scale) == 1 else scale
    end = np.zeros((5, 2))
    end[kernel_trajectory.Q] = rng.normal(size=2)
    end[kernel_trajectory.P] = rng.normal(size=2)
    end[kernel_trajectory.V] = matrix @ end[kernel_trajectory.P]
    KERNELS.log_gamma(end[kernel_trajectory.Q], end[kernel_trajectory.G], SHAPES, np.zeros(1, dtype=np.int64))
    end[kernel_trajectory.W] = matrix @ end[kernel_trajectory.G]
    return end


def leap(scale: np.ndarray, end: np.ndarray, step: float) -> None:
    """One step of the compiled integrator."""
    kernel_trajectory.leapfrog(KERNELS.log_gamma, SHAPES, np.zeros(1, dtype=np.int64), scale, end, step)
