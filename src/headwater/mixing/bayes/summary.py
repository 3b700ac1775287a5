"""Rows of numbers from a fit: shares, parameters, and what is known about the draws."""

from __future__ import annotations

from typing import Any

import numpy as np

from headwater.mixing.bayes.family import Array
from headwater.mixing.bayes.fit import Fit, reported
from headwater.mixing.bayes.problem import OVERALL

QUANTILES = (0.025, 0.25, 0.5, 0.75, 0.975)
STATISTICS = ("mean", "sd", "mcse", "q025", "q25", "q50", "q75", "q975", "ess_bulk", "ess_tail", "rhat")
SHARE_COLUMNS = ("factor", "level", "source", *STATISTICS)
PARAMETER_COLUMNS = ("name", "of", *STATISTICS)


def share_rows(fit: Fit) -> list[dict[str, Any]]:
    """One row for every reported share: factor and level are empty for the overall ones."""
    rows = []
    for name, labels, numbers in _numbers(fit):
        if name == OVERALL:
            rows.append({"factor": "", "level": "", "source": labels["source"]} | numbers)
        elif "source" in labels and name == f"p_{next(iter(labels))}":
            factor, level = next(iter(labels.items()))
            rows.append({"factor": factor, "level": level, "source": labels["source"]} | numbers)
    return rows


def parameter_rows(fit: Fit) -> list[dict[str, Any]]:
    """One row for every reported number that is no share."""
    rows = []
    for name, labels, numbers in _numbers(fit):
        if not name.startswith("p_"):
            rows.append({"name": name, "of": ", ".join(labels.values())} | numbers)
    return rows


def summary_of(fit: Fit) -> dict[str, Any]:
    """The verdict with the run: settings, steps, seconds."""
    model, settings = fit.model, fit.settings
    return fit.diagnosis.summary() | {
        "interrupted": fit.chains.interrupted,
        "steps": [
            {"kind": step.kind, "reasons": [str(reason) for reason in step.reasons],
             "draws_before": step.draws_before, "draws_after": step.draws_after}
            for step in fit.steps
        ],
        "cpu_seconds": {
            "compile": round(fit.compile_seconds, 3), "sampling": round(fit.sampling_seconds, 3)
        },
        "gradients": int(fit.chains.gradients.sum() + fit.chains.tuning_gradients.sum()),
        "settings": {
            "chains": settings.chains, "tune": settings.tune, "draws": settings.draws,
            "seed": settings.seed, "accept": settings.accept, "metric": settings.metric,
        },
        "model": {
            "style": model.style, "error": model.error if model.evaporation is None else "evaporation",
            "sources": list(model.sources.names), "tracers": list(model.sources.tracers),
            "mixtures": len(model.mixtures.values), "parameters": fit.problem.dimension,
        },
    }  # fmt: skip


def _numbers(fit: Fit) -> list[tuple[str, dict[str, str], dict[str, float]]]:
    quantities, values = reported(fit.draws, fit.chains)
    measures = fit.diagnosis.measures
    ends = _quantiles(values)
    found = []
    for i, quantity in enumerate(quantities):
        numbers = {
            "mean": measures.mean[i], "sd": measures.sd[i], "mcse": measures.mcse[i],
            "q025": ends[0, i], "q25": ends[1, i], "q50": ends[2, i], "q75": ends[3, i], "q975": ends[4, i],
            "ess_bulk": measures.ess_bulk[i], "ess_tail": measures.ess_tail[i], "rhat": measures.rhat[i],
        }  # fmt: skip
        found.append((quantity.name, dict(quantity.labels), {k: float(v) for k, v in numbers.items()}))
    return found


def _quantiles(values: Array) -> Array:
    if not values.size:
        return np.full((len(QUANTILES), values.shape[-1]), np.nan)
    return np.quantile(values.reshape(-1, values.shape[-1]), QUANTILES, axis=0)
