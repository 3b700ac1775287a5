"""Shares of sources: how often their 95 % intervals hold the truth, and what they cost.

A problem is drawn as water isotopes are: waters scatter by 4 ‰ of δ18O along a meteoric line of slope 8 and
by 4 ‰ of d-excess across it; end members lie 10–14 ‰ of d-excess and up to 4 ‰ of δ18O apart; 10–60 waters
a source, 10–80 of the mixture in profiles of three that move together; a fifth of the true shares is 0, a
fifth 1. Every problem has sources of its own, so that problems are independent.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from headwater.mixing import (
    Composition,
    EndMembers,
    bootstrap_shares,
    composition,
    draw_end_members,
    first_order,
    solve_shares,
    stack,
)

TRACERS = ("d18O", "d2H")
TO_DELTA = np.array([[1.0, 0.0], [8.0, 1.0]])  # δ18O, d-excess → δ18O, δ2H
PROBLEMS = 4000
SEED = 20260


@dataclass(frozen=True)
class Problem:
    """One mixture of known shares."""

    truth: np.ndarray
    mixture: Composition
    sources: EndMembers


def draw_problem(rng: np.random.Generator, n_sources: int, *, profiles: int | None = None) -> Problem:
    """A problem with two or three sources (the third imitates the first in d-excess, as snow does)."""
    first = np.array([-12.0, 10.0])
    means = [first, first + np.array([rng.uniform(-4, 4), -rng.uniform(10, 14)])]
    if n_sources == 3:
        means.append(first + np.array([rng.uniform(-9, -5), rng.uniform(-2, 8)]))
    centre = np.array(means)
    truth = _truth(rng, n_sources)
    sd = np.array([4.0, 4.0])
    sources = [
        composition(
            (mean + sd * rng.standard_normal((rng.integers(10, 61), 2))) @ TO_DELTA.T,
            name=f"source {k}",
            tracers=TRACERS,
        )
        for k, mean in enumerate(centre)
    ]
    count = profiles or max(2, int(rng.integers(10, 81)) // 3)
    scatter = sd * np.sqrt((truth**2).sum())
    profile = truth @ centre + np.sqrt(0.3) * scatter * rng.standard_normal((count, 2))
    waters = np.repeat(profile, 3, axis=0) + 0.3 * scatter * rng.standard_normal((3 * count, 2))
    mixture = composition(
        waters @ TO_DELTA.T, name="mixture", tracers=TRACERS, clusters=np.repeat(np.arange(count), 3)
    )
    return Problem(truth, mixture, stack(sources))


def coverage(
    n: int, n_sources: int, seed: int, *, profiles: int | None = None, draws: int = 2000
) -> dict[str, float]:
    """Fraction of true shares inside their 95 % interval, by method; and errors of the value."""
    rng = np.random.default_rng(seed)
    hits: dict[str, list[np.ndarray]] = {"bootstrap": [], "first order": []}
    truths, errors = [], []
    for _ in range(n):
        problem = draw_problem(rng, n_sources, profiles=profiles)
        shares = solve_shares(problem.mixture, problem.sources)
        drawn = bootstrap_shares(problem.mixture, problem.sources, shares=shares, draws=draws, rng=rng)
        simple = first_order(problem.mixture, problem.sources, shares=shares)
        low, high = drawn.quantiles[[0, 2]]
        hits["bootstrap"].append((low - 1e-9 <= problem.truth) & (problem.truth <= high + 1e-9))
        hits["first order"].append((simple.low <= problem.truth) & (problem.truth <= simple.high))
        truths.append(problem.truth)
        errors.append(shares.value - problem.truth)
    use = slice(0, 1) if n_sources == 2 else slice(None)  # with two sources the second says the same
    truth = np.array(truths)[:, use]
    edge = (truth == 0.0) | (truth == 1.0)
    found = {"mean absolute error": float(np.abs(np.array(errors)).mean())}
    for method, values in hits.items():
        hit = np.array(values)[:, use]
        found[f"{method}"] = float(hit.mean())
        found[f"{method}, true share 0 or 1"] = float(hit[edge].mean())
        found[f"{method}, true share between"] = float(hit[~edge].mean())
    return found


def cost_ms(n_sources: int, *, draws: int = 2000, strata: int = 100) -> float:
    """CPU time of one stratum [ms]: shares and 2000 draws, the source draws shared by all strata."""
    rng = np.random.default_rng(1)
    problem = draw_problem(rng, n_sources)
    source_draws = draw_end_members(problem.sources, draws, rng)
    start = time.process_time()
    for _ in range(strata):
        bootstrap_shares(problem.mixture, problem.sources, source_draws=source_draws, rng=rng)
    return (time.process_time() - start) / strata * 1e3


def main() -> dict[str, float]:
    """Prints coverage and cost; returns them."""
    values: dict[str, float] = {}
    for n_sources, profiles in ((2, None), (2, 3), (3, None)):
        label = f"{n_sources} sources" + (f", {profiles} profiles" if profiles else "")
        for name, number in coverage(PROBLEMS, n_sources, SEED, profiles=profiles).items():
            print(f"{label}: {name} {number:.3f}")
            values[f"{label}: {name}"] = number
    for n_sources in (2, 3):
        cost = values[f"{n_sources} sources: ms a stratum"] = cost_ms(n_sources)
        print(f"{n_sources} sources: {cost:.2f} CPU ms a stratum, 2000 draws")
    return values


def _truth(rng: np.random.Generator, n_sources: int) -> np.ndarray:
    edge = rng.random()
    if n_sources == 2:
        first = 0.0 if edge < 0.2 else 1.0 if edge < 0.4 else rng.random()
        return np.array([first, 1.0 - first])
    share = rng.dirichlet(np.ones(n_sources))
    if edge < 0.4:
        share[rng.integers(n_sources)] = 0.0
    return share / share.sum()
