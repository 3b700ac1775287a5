"""What large mixing problems cost: many mixtures, many groups, many tracers, many sources."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import get_args

import numpy as np

from benchmarks.mixing_simulated import tracer_model, water_model
from headwater.mixing.bayes.batch import fit_each, split
from headwater.mixing.bayes.fit import Fit, fit
from headwater.mixing.bayes.model import Factor, Form, MixingModel

LEVELS = 50
SIZES = (1000, 3000, 10_000)
GROUPS, OF_GROUP = 1000, 30
SAMPLED = {"plain": 60, "exponential": 30, "truncated_normal": 20, "erlang_spike": 20}
"""Groups that are fitted; the cost of 1000 is taken from them, since they cost alike."""


@dataclass(frozen=True)
class Cost:
    """CPU seconds of a whole fit, its least share ESS, and CPU seconds of a gradient."""

    seconds: float
    ess: float
    gradient_seconds: float


def measure_scale() -> dict[str, float]:
    """Costs of all large problems. Prints as it goes."""
    values: dict[str, float] = {}
    for form in (None, "exponential"):
        costs = [
            _cost(f"{n} mixtures, {form or 'plain'}", water_model(n, LEVELS, evaporation=form)) for n in SIZES
        ]
        values |= _growth(form or "plain", costs)
    for form in get_args(Form):
        if form != "exponential":
            label = f"{SIZES[-1]} mixtures, {form}"
            cost = _cost(label, water_model(SIZES[-1], LEVELS, evaporation=form))
            values |= {f"{label}: CPU s": cost.seconds, f"{label}: ESS": cost.ess}
    for label, form in (
        ("plain", None),
        ("exponential", "exponential"),
        ("truncated_normal", "truncated_normal"),
        ("erlang_spike", "erlang_spike"),
    ):
        values |= _groups(label, form)
    values |= _odd_shapes()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    print(f"peak memory of all this {peak:.0f} MB")
    return values | {"peak MB": peak}


def _growth(label: str, costs: Sequence[Cost]) -> dict[str, float]:
    """The last costs, and the exponents of a gradient and of the whole in the number of mixtures."""
    n = np.log(SIZES)
    of_gradient = float(np.polyfit(n, np.log([one.gradient_seconds for one in costs]), 1)[0])
    of_whole = float(np.polyfit(n, np.log([one.seconds / min(one.ess, 400.0) for one in costs]), 1)[0])
    print(f"{label}: CPU time grows with mixtures to the power {of_whole:.2f}, a gradient {of_gradient:.2f}")
    return {
        f"{SIZES[-1]} mixtures, {label}: CPU s": costs[-1].seconds,
        f"{SIZES[-1]} mixtures, {label}: ESS": costs[-1].ess,
        f"exponent of time in mixtures, {label}": of_whole,
        f"exponent of a gradient in mixtures, {label}": of_gradient,
    }


def _cost(label: str, model: MixingModel) -> Cost:
    start = time.process_time()
    found = fit(model)
    seconds = time.process_time() - start - found.compile_seconds
    gradients = int(found.chains.gradients.sum() + found.chains.tuning_gradients.sum())
    cost = Cost(seconds, _share_ess(found), found.chains.cpu_seconds / gradients)
    print(
        f"{label}: {seconds:.1f} CPU s, ESS of shares {cost.ess:.0f}, "
        f"of all {found.diagnosis.worst_ess_bulk:.0f}, "
        f"{found.problem.dimension} parameters, {cost.gradient_seconds * 1e6:.1f} µs a gradient, "
        f"{'trusted' if found.trusted else 'NOT TRUSTED'}, {found.diagnosis.divergent} divergent"
        f"{''.join(f', {step.kind} to {step.draws_after}' for step in found.steps)}",
        flush=True,
    )
    return cost


def _share_ess(found: Fit) -> float:
    measures = found.diagnosis.measures
    named = zip(found.diagnosis.quantities, measures.ess_bulk, measures.constant, strict=True)
    return float(min(ess for one, ess, constant in named if one.name.startswith("p_") and not constant))


def _groups(label: str, form: Form | None) -> dict[str, float]:
    count = SAMPLED[label]
    model = replace(water_model(count * OF_GROUP, count, evaporation=form), factors=())
    start = time.process_time()
    fits = fit_each(split(model, "site"))
    seconds = (time.process_time() - start) * GROUPS / count
    ess = [fit.diagnostics["ess_bulk_min"] for fit in fits.values()]
    trusted = sum(fit.trusted for fit in fits.values()) / count
    print(
        f"{GROUPS} groups of {OF_GROUP}, {label}: {seconds:.0f} CPU s (from {count} of them), ESS of a group "
        f"{min(ess):.0f} or more, median {np.median(ess):.0f}, {trusted:.0%} trusted",
        flush=True,
    )
    name = f"{GROUPS} groups, {label}"
    return {f"{name}: CPU s": seconds, f"{name}: least ESS": min(ess), f"{name}: trusted": trusted}


def _odd_shapes() -> dict[str, float]:
    one_each = tracer_model(7, 22, count=14)
    labels = {"sample": tuple(f"s{i:02d}" for i in range(14))}
    one_each = replace(
        one_each,
        mixtures=replace(one_each.mixtures, factors=labels),
        factors=(Factor("sample", "fixed"),),
        error="process",
        style="mixsiar",
    )
    shapes = {
        "22 tracers, 7 sources, one datum a level, process error": one_each,
        "20 sources, 6 tracers": tracer_model(20, 6),
    }
    values = {}
    for label, model in shapes.items():
        cost = _cost(label, model)
        values |= {f"{label}: CPU s": cost.seconds, f"{label}: ESS": cost.ess}
    return values
