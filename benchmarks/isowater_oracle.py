"""One evaporated lake and four rains: our fit against an importance sampler of the same model.

The model is that of isoWater's ``mixSource`` (docs/methods/evaporation_mixing.md): shares f ~ Dirichlet(1),
E ~ U(0, 15), slope S ~ N(5.2, 0.3²), water ~ N(Σ f m + E (1, S), Σ f² C + R), every source's mean m and
covariance C known. The importance sampler draws f, E and S from the prior and weighs by that density: nothing
of it is shared with the fit. Sources are the rains of each quarter of the package's own example, read from
the folder of reference data where there is one.
"""

from __future__ import annotations

import csv
import os
import time
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headwater.mixing.bayes.fit import fit
from headwater.mixing.bayes.model import Evaporation, MixingModel, Mixtures, Sources
from headwater.posterior.records import SamplerSettings

Array = NDArray[np.float64]
SEED, DRAWS, LARGEST = 1, 1_000_000, 15.0
SLOPE, SLOPE_SD = 5.2, 0.3
TRACERS = ("d18O", "d2H")
ERROR = np.diag([0.1**2, 0.5**2])
PUBLISHED = (0.23, 0.27, 0.26, 0.25)
"""Shares in that package's vignette, printed to two digits; their sd are 0.17 to 0.20."""


def read_vignette() -> tuple[Array, Array, Array] | None:
    """Lake (2,), means (4, 2) and covariances (4, 2, 2) of rain by quarter; None without the data."""
    shared = Path(os.environ.get("HEADWATER_SHARED", Path(__file__).resolve().parents[2] / "shared"))
    folder = shared / "reference" / "mixing" / "isowater_vignette"
    if not folder.is_dir():
        return None
    with (folder / "lake.csv").open() as file:
        first = next(csv.DictReader(file))
    waters: dict[int, list[tuple[float, float]]] = {}
    with (folder / "precip.csv").open() as file:
        for row in csv.DictReader(file):
            month = date.fromisoformat(row["Collection_Date"][:10]).month
            pair = tuple(float(row[name]) if row[name] != "NA" else np.nan for name in TRACERS)
            waters.setdefault((month - 1) // 3, []).append(pair)  # type: ignore[arg-type]
    means, covariances = [], []
    for quarter in sorted(waters):
        x = np.array(waters[quarter])
        means.append(np.nanmean(x, axis=0))
        both = np.cov(x[np.isfinite(x).all(axis=1)].T)
        np.fill_diagonal(both, np.nanvar(x, axis=0, ddof=1))
        covariances.append(both)
    return np.array([float(first[name]) for name in TRACERS]), np.array(means), np.array(covariances)


def importance(water: Array, means: Array, covariances: Array, rng: np.random.Generator) -> dict[str, Any]:
    """Mean and sd of the shares and of E, with the effective sample size."""
    f = rng.dirichlet(np.ones(len(means)), DRAWS)
    e = LARGEST * rng.random(DRAWS)
    r = water - f @ means - np.column_stack([e, e * rng.normal(SLOPE, SLOPE_SD, DRAWS)])
    v = np.einsum("nk,kij->nij", f * f, covariances) + ERROR
    det = v[:, 0, 0] * v[:, 1, 1] - v[:, 0, 1] ** 2
    distance = v[:, 1, 1] * r[:, 0] ** 2 - 2.0 * v[:, 0, 1] * r[:, 0] * r[:, 1] + v[:, 0, 0] * r[:, 1] ** 2
    weight = np.exp(-0.5 * distance / det - 0.5 * np.log(det))
    weight /= weight.sum()
    mean, e_mean = weight @ f, weight @ e
    return {
        "shares": mean,
        "shares_sd": np.sqrt(weight @ f**2 - mean**2),
        "e": float(e_mean),
        "e_sd": float(np.sqrt(weight @ e**2 - e_mean**2)),
        "ess": float(1.0 / (weight @ weight)),
    }


def model_of(water: Array, means: Array, covariances: Array) -> MixingModel:
    """That model, declared: one water, sources known exactly, E uniform."""
    k = len(means)
    sources = Sources(
        names=tuple(f"quarter {i + 1}" for i in range(k)),
        tracers=TRACERS,
        mean=means[None],
        covariance=covariances[None],
        n=np.full((1, k), 99),
        mean_covariance=np.zeros((1, k, 2, 2)),
    )
    evaporation = Evaporation(SLOPE, SLOPE_SD, form="uniform", start_scale=0.0, largest=LARGEST)
    return MixingModel(
        Mixtures(TRACERS, water[None], ERROR[None]),
        sources,
        error="process",
        prior=(1.0,) * k,
        evaporation=evaporation,
    )


def main() -> dict[str, object]:
    """Prints and returns both answers, their largest difference, and what the fit cost."""
    data = read_vignette()
    if data is None:
        print("no reference data here (set HEADWATER_SHARED): nothing to compare with")
        return {}
    start = time.process_time()
    oracle = importance(*data, np.random.default_rng(SEED))
    cost = time.process_time() - start
    found = fit(model_of(*data), SamplerSettings(draws=4000, seed=SEED))
    shares = found.draws["p_global"].value
    family = found.problem.family
    cells, own = found.cell_shares(), found.problem.split(found.positions)[1]
    means = family.source_means(cells, own, np.random.default_rng(SEED))
    e, e_sd = family.enrichment(cells, own, means)  # type: ignore[attr-defined]
    total_sd = float(np.sqrt(e.var() + (e_sd**2).mean()))
    ess = found.diagnosis.worst_ess_bulk
    off = float(np.abs(shares.mean(axis=0) - oracle["shares"]).max())
    found_shares, found_sd = shares.mean(axis=0), shares.std(axis=0)
    print("importance sampler: shares", np.round(oracle["shares"], 3), "sd", np.round(oracle["shares_sd"], 3))
    print(f"  E {oracle['e']:.2f} ± {oracle['e_sd']:.2f} ‰, ESS {oracle['ess']:.0f}, {cost:.1f} CPU s")
    print("fit: shares", found_shares.round(3), "sd", found_sd.round(3))
    spent = found.sampling_seconds
    print(f"  E {e.mean():.2f} ± {total_sd:.2f} ‰, least bulk ESS {ess:.0f}, {spent:.1f} CPU s of sampling")
    printed = np.abs(found_shares - PUBLISHED).max()
    print(f"largest difference of a share {off:.4f}, from the published two digits {printed:.4f}")
    return {
        "oracle": {k: np.round(v, 4).tolist() for k, v in oracle.items()},
        "shares": found_shares.round(4).tolist(),
        "shares_sd": found_sd.round(4).tolist(),
        "e": round(float(e.mean()), 3),
        "e_sd": round(total_sd, 3),
        "ess_bulk": round(ess),
        "sampling_cpu_s": round(found.sampling_seconds, 2),
        "largest_difference": round(off, 4),
    }


if __name__ == "__main__":
    main()
