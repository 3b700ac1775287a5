"""How far shares and parameters are from those that others got, in units of what chance allows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from benchmarks.mixing_cases import CASES
from benchmarks.mixing_peer import PeerRun
from headwater.mixing.bayes.batch import fit_each, split
from headwater.mixing.bayes.family import Array
from headwater.mixing.bayes.fit import Fit, fit, reported
from headwater.mixing.bayes.summary import share_rows
from headwater.posterior.convergence import convergence, quantile_mcse

LEAST_LIMIT = 0.005
ERRORS = 4.0
QUANTILES = {"q025": 0.025, "q50": 0.5, "q975": 0.975}
RECORDED = ("killerwhale", "simmr 1")
"""Cases whose tables come with results."""
Deviation = tuple[str, float, float]
"""What was compared, |difference|, and the limit: 4 combined Monte Carlo errors, but no less than 0.005."""


def compare_with_record(name: str, found: Fit) -> list[Deviation]:
    """Means, sds and quantiles of a fit beside the recorded ones of a reference case."""
    draws = {str(q): v for q, v in _draws(found)}
    return [
        one for label, record, ess in _records(name) for one in _deviations(label, draws[label], record, ess)
    ]


def compare_with_peer(found: Fit, peer: PeerRun) -> list[Deviation]:
    """Mean of every proportion beside the peer's, which has its sources in alphabetical order."""
    order = np.argsort(np.array(found.model.sources.names))
    shape = found.chains.positions.shape[:2]
    deviations = []
    for name, theirs in peer.shares.items():
        ours = found.draws[name].value[..., order].reshape(*shape, -1)
        a, b = convergence(ours), convergence(theirs.reshape(*theirs.shape[:2], -1))
        limit = np.maximum(ERRORS * np.hypot(a.mcse, b.mcse), LEAST_LIMIT)
        rows = zip(np.abs(a.mean - b.mean), limit, strict=True)
        deviations += [(f"{name}[{i}]", float(off), float(most)) for i, (off, most) in enumerate(rows)]
    return deviations


def worst(deviations: list[Deviation]) -> Deviation:
    """The one that takes most of its limit."""
    return max(deviations, key=lambda one: one[1] / one[2])


def measure_agreement(peers: Mapping[str, PeerRun]) -> dict[str, float]:
    """Agreement on all cases that are here; prints the shares of those without record. Prints as it goes."""
    values: dict[str, float] = {}
    for name, case in CASES.items():
        if not case.there:
            print(f"{name}: its tables are not here, left out")
            continue
        if case.group:
            _print_groups(name)
            continue
        found = fit(case.model())
        deviations = []
        if name in RECORDED:
            deviations += compare_with_record(name, found)
        if name in peers:
            deviations += compare_with_peer(found, peers[name])
        if deviations:
            label, off, limit = worst(deviations)
            values[f"{name}: worst part of its limit"] = off / limit
            values[f"{name}: largest difference of shares"] = max(
                d for what, d, _ in deviations if what.startswith("p_") and "sd" not in what
            )
            print(
                f"{name}: {len(deviations)} numbers compared, worst {label}: {off:.4f} of {limit:.4f} allowed"
                f" ({off / limit:.2f})"
            )
        _print_shares(name, found)
    return values


def _records(name: str) -> Iterator[tuple[str, Mapping[str, Any], float]]:
    """Label of every recorded quantity, its numbers and its ESS."""
    expected = CASES[name].expected()
    if name == "killerwhale":
        reference = expected["independent_reference"]
        for source, record in reference["p_global"].items():
            yield f"p_global (source {source})", record, reference["ess"]
        for tracer, record in reference["resid_prop"].items():
            yield f"xi (tracer {tracer})", record, reference["ess"]
        return
    recorded = expected["posterior"]["1"]
    least = min(record["ess"] for record in recorded.values() if "ess" in record)
    for label, record in recorded.items():
        own = f"sigma (tracer {label[6:-1]})" if label.startswith("sigma") else f"p_global (source {label})"
        yield own, record, record.get("ess", least)


def _draws(found: Fit) -> Iterator[tuple[Any, Array]]:
    quantities, values = reported(found.draws, found.chains)
    return zip(quantities, np.moveaxis(values, 2, 0), strict=True)


def _deviations(label: str, draws: Array, record: Mapping[str, Any], ess: float) -> Iterator[Deviation]:
    """Mean, sd and quantiles; the error of theirs is ours, scaled to their ESS."""
    ours = convergence(draws[..., None])
    square = convergence(((draws - draws.mean()) ** 2)[..., None])
    sd_error = square.mcse[0] / (2.0 * ours.sd[0])
    found = {
        "mean": (ours.mean[0], ours.mcse[0], ours.ess_mean[0]),
        "sd": (ours.sd[0], sd_error, square.ess_mean[0]),
    }
    for name, p in QUANTILES.items():
        value = np.quantile(draws, p)
        below = convergence((draws <= value).astype(float)[..., None]).ess_mean[0]
        found[name] = (value, quantile_mcse(draws[..., None], p)[0], below)
    for name, (value, error, own) in found.items():
        limit = ERRORS * error * np.sqrt(1.0 + own / ess)
        yield f"{label} {name}", float(abs(value - record[name])), float(max(limit, LEAST_LIMIT))


def _print_shares(name: str, found: Fit) -> None:
    told = [row for row in share_rows(found) if not row["factor"]]
    text = ", ".join(f"{row['source']} {row['mean']:.3f} ± {row['sd']:.3f}" for row in told)
    state = "trusted" if found.trusted else "NOT TRUSTED"
    print(
        f"{name}: {state}, ESS {found.diagnosis.worst_ess_bulk:.0f}, R-hat {found.diagnosis.worst_rhat:.4f}: "
        f"{text}"
    )


def _print_groups(name: str) -> None:
    case = CASES[name]
    assert case.group is not None
    for level, group in fit_each(split(case.model(), case.group)).items():
        text = ", ".join(f"{row['source']} {row['mean']:.3f} ± {row['sd']:.3f}" for row in group.shares)
        print(f"{name}, {level}: {'trusted' if group.trusted else 'NOT TRUSTED'}: {text}")
