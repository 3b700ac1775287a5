"""Effective samples per gradient and per CPU second, by metric, and beside nutpie where that is installed.

ESS is the smallest bulk ESS: over all shares of a mixing case, over all parameters of the other targets.
Cases of MixSIAR need the reference data.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec

import numpy as np

from benchmarks.mixing_cases import CASES
from benchmarks.mixing_simulated import water_model
from headwater import machine_code
from headwater.mixing.bayes.fit import KERNELS
from headwater.mixing.bayes.model import MixingModel
from headwater.mixing.bayes.problem import make_problem
from headwater.posterior import chains, kernel_nuts
from headwater.posterior.convergence import convergence
from headwater.posterior.records import Array, SamplerSettings, Target
from tests.posterior.known_targets import normal_target, target, turned_covariance
from tests.posterior.nutpie_oracle import nutpie_draws
from tests.posterior.sampler_variants import Bug, changed

SEED, SEEDS = 1, 3
SETTINGS = SamplerSettings(tune=500)
SCHOOLS = [28.0, 8.0, -3.0, 7.0, -1.0, 1.0, 18.0, 12.0, 15.0, 10.0, 16.0, 11.0, 9.0, 11.0, 10.0, 18.0]


@dataclass(frozen=True)
class Case:
    """A target, and what of its draws is looked at."""

    name: str
    target: Target
    look: Callable[[Array], Array]


@dataclass(frozen=True)
class Result:
    """Draws as the look at them, shape (chains, draws, Q), and what they cost."""

    values: Array
    gradients: int
    tuning_gradients: int
    divergences: int
    cpu_seconds: float


def main() -> dict[str, float]:
    """Prints and returns ESS per 1000 gradients, with and without those of tuning, and per CPU second."""
    found = {"overhead_ms": round(overhead(), 2)}
    print(f"one call of 4 chains, besides gradients: {found['overhead_ms']} CPU ms")
    ways: dict[str, Callable[[Case, int], Result]] = {
        "diagonal": lambda case, seed: ours(case, replace(SETTINGS, seed=seed)),
        "dense": lambda case, seed: ours(case, replace(SETTINGS, seed=seed, metric="dense")),
        "draws_only": lambda case, seed: without_gradients(case, replace(SETTINGS, seed=seed)),
    }
    if find_spec("nutpie"):
        ways["nutpie"] = theirs
    for case in cases():
        for way, run in ways.items():
            results = [run(case, seed) for seed in range(SEED, SEED + SEEDS)]
            found |= {
                f"{case.name}_{way}_{key}": value for key, value in measured(case, way, results).items()
            }
    return found


def cases() -> Iterator[Case]:
    """All targets."""
    yield Case("normal_50", normal_target(turned_covariance(50, 100.0, seed=1)), lambda x: x)
    yield Case("schools", target("schools", SCHOOLS, 10), lambda x: x)
    for name in ("killerwhale", "geese", "wolves"):
        if CASES[name].there:
            yield mixing_case(name, CASES[name].model())
    yield mixing_case("evaporated", water_model(240, 8, k=3, evaporation="exponential"))


def mixing_case(name: str, model: MixingModel) -> Case:
    """A mixing model, of which all shares are looked at."""
    problem = make_problem(model)
    density = machine_code.load(KERNELS)[-1].log_density

    def shares(positions: Array) -> Array:
        named = problem.quantities(positions.reshape(-1, problem.dimension))
        flat = [
            entry.value.reshape(len(entry.value), -1) for key, entry in named.items() if key.startswith("p_")
        ]
        return np.concatenate(flat, axis=1).reshape(*positions.shape[:2], -1)

    return Case(name, Target(density, problem.floats, problem.ints, problem.dimension, problem.start), shares)


def ours(case: Case, settings: SamplerSettings) -> Result:
    """By headwater's sampler."""
    drawn = chains.sample(case.target, settings)
    return Result(
        case.look(drawn.positions),
        int(drawn.gradients.sum()),
        int(drawn.tuning_gradients.sum()),
        int(drawn.diverged.sum()),
        drawn.cpu_seconds,
    )


def without_gradients(case: Case, settings: SamplerSettings) -> Result:
    """By the same sampler with the variance of the draws as its metric, as Stan and PyMC have it."""
    head, call = "def _set_scale(vectors: Array, scale: Array, root: Array", "_set_scale(vectors, scale, root"
    variance = "vectors[NEAR + 1, i] / n"
    other = changed(
        kernel_nuts,
        Bug("math.sqrt(vectors[NEAR + 1, i] / vectors[NEAR + 3, i])", variance),
        Bug(head, head + ", n: int"),
        Bug(call, call + ", chain.near"),
    )
    load = machine_code.load
    machine_code.load = lambda *_, **__: (other,)  # type: ignore[assignment]
    try:
        return ours(case, settings)
    finally:
        machine_code.load = load  # type: ignore[assignment]


def theirs(case: Case, seed: int) -> Result:
    """By nutpie."""
    drawn = nutpie_draws(
        case.target, tune=SETTINGS.tune, draws=SETTINGS.draws, accept=SETTINGS.accept, seed=seed
    )
    return Result(
        case.look(drawn.positions),
        drawn.gradients,
        drawn.tuning_gradients,
        drawn.divergences,
        drawn.cpu_seconds,
    )


def measured(case: Case, way: str, results: list[Result]) -> dict[str, float]:
    """Means over seeds, printed too."""
    ess = np.array([np.nanmin(convergence(result.values).ess_bulk) for result in results])
    gradients = np.array([result.gradients for result in results])
    tuning = np.array([result.tuning_gradients for result in results])
    seconds = np.array([result.cpu_seconds for result in results])
    found = {
        "ess_per_1000_gradients": round(float(np.mean(1000 * ess / gradients)), 2),
        "with_tuning": round(float(np.mean(1000 * ess / (gradients + tuning))), 2),
        "ess_per_cpu_s": round(float(np.mean(ess / seconds)), 1),
        "microseconds_per_gradient": round(float(np.mean(1e6 * seconds / (gradients + tuning))), 2),
        "divergences": float(np.mean([result.divergences for result in results])),
    }
    print(
        f"{case.name:12} {way:10}", ", ".join(f"{key} {value:g}" for key, value in found.items()), flush=True
    )
    return found


def overhead() -> float:
    """CPU milliseconds of a call that draws next to nothing, median of 20."""
    easy = target("independent", np.ones(10), 10)
    spent = []
    for _ in range(20):
        before = time.process_time()
        chains.sample(easy, replace(SETTINGS, tune=0, draws=1))
        spent.append(time.process_time() - before)
    return 1000 * float(np.median(spent))
