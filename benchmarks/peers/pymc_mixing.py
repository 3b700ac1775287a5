"""MixSIAR's model in PyMC, nothing integrated out, drawn by nutpie: today's best practice, to compare with.

Runs by itself, in an environment with ``pymc`` and ``nutpie`` (extra ``oracle``), and shares no code with the
engine: ``python pymc_mixing.py PROBLEM.json SEED CHAINS TUNE DRAWS OUT.npz``. The problem holds the measured
numbers; everything else, standardisation included, is done here. Draws of all proportions go to OUT.npz, and
seconds of the processor, compilation and sampling apart, with them.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

warnings.filterwarnings("ignore")
LARGEST_SD = 20.0


def main() -> None:
    """Samples the problem and writes the draws."""
    import nutpie

    path, seed, chains, tune, draws, out = sys.argv[1:7]
    problem = json.loads(Path(path).read_text(encoding="utf-8"))
    start = time.process_time()
    compiled = nutpie.compile_pymc_model(build(problem))
    middle = time.process_time()
    trace = nutpie.sample(
        compiled,
        seed=int(seed),
        chains=int(chains),
        tune=int(tune),
        draws=int(draws),
        target_accept=0.95,
        progress_bar=False,
    )
    end = time.process_time()
    names = ["p_global", *(f"p_{factor['name']}" for factor in problem["factors"])]
    shares = {name: trace.posterior[name].to_numpy() for name in names}
    np.savez(
        out,
        compile_seconds=middle - start,
        sampling_seconds=end - middle,
        divergent=int(trace.sample_stats["diverging"].sum()),
        **shares,
    )


def build(problem: dict[str, Any]) -> Any:
    """The PyMC model of a problem: one covariance for all (``residual``) or process × residual errors."""
    import pymc as pm
    import pytensor.tensor as pt

    x, mean, sd, n = (np.array(problem[key], float) for key in ("values", "mean", "sd", "n"))
    block = np.array(problem["block"])
    shift, spread = pooled(x, mean, sd, n)
    x, mean, sd = (x - shift) / spread, (mean - shift) / spread, sd / spread
    fractionation = np.array(problem["discrimination"], float) / spread
    fractionation_sd = np.array(problem["discrimination_sd"], float) / spread
    r, k, j = mean.shape
    with pm.Model() as model:
        overall = pm.Dirichlet("p_global", np.array(problem["prior"], float))
        logits = log_shares(problem, pt.log(overall), k, len(x))
        z = pm.Normal("z_mean", shape=(r, k, j))
        mu = mean + sd / np.sqrt(n)[:, :, None] * z + fractionation
        shares = pt.exp(logits - pt.logsumexp(logits, axis=1, keepdims=True))
        weights = shares[:, :, None] * np.array(problem["concentration"], float)
        weights = weights / weights.sum(axis=1, keepdims=True)
        off = x - (weights * mu[block]).sum(axis=1)
        if problem["error"] == "residual":
            root = residual_root(j)
            off_white = off @ root
            total = len(x) * pt.log(pt.diagonal(root)).sum() - 0.5 * (off_white**2).sum()
            pm.Potential("mixtures", total)
        else:
            chi2 = pm.ChiSquared("chi2", nu=np.repeat(n[:, :, None], j, axis=2))
            variance = sd**2 * (n[:, :, None] - 1.0) / chi2 + fractionation_sd**2
            xi = pm.Uniform("xi", 0.0, LARGEST_SD, shape=j)
            process = ((shares[:, :, None] ** 2) * variance[block]).sum(axis=1)
            v = process * xi
            pm.Potential("mixtures", -0.5 * (pt.log(v) + off**2 / v).sum())
    return model


def log_shares(problem: dict[str, Any], log_overall: Any, k: int, count: int) -> Any:
    """Log shares (up to a constant) of every mixture; reports the shares of every level."""
    import pymc as pm
    import pytensor.tensor as pt

    basis = ilr_basis(k)
    of_mixtures = pt.zeros((count, k - 1))
    of_levels: dict[str, Any] = {}
    for factor in problem["factors"]:
        name, codes, levels = factor["name"], np.array(factor["codes"]), factor["levels"]
        if factor["kind"] == "random":
            z = pm.Normal(f"z_{name}", shape=(levels, k - 1))
            effect = pm.Uniform(f"sd_{name}", 0.0, LARGEST_SD) * z
        else:
            effect = pt.concatenate([pt.zeros((1, k - 1)), pm.Normal(f"b_{name}", shape=(levels - 1, k - 1))])
        of_mixtures = of_mixtures + effect[codes]
        if factor["parent"]:
            effect = effect + of_levels[factor["parent"]][np.array(factor["parents"])]
        of_levels[name] = effect
        pm.Deterministic(f"p_{name}", pm.math.softmax(log_overall + effect @ basis.T, axis=1))
    return log_overall + of_mixtures @ basis.T


def residual_root(j: int) -> Any:
    """Lower root A of the precision A A' ~ Wishart(I, J + 1), by Bartlett's rows; J > 1."""
    import pymc as pm
    import pytensor.tensor as pt

    diagonal = pm.ChiSquared("bartlett", nu=j + 1.0 - np.arange(j))
    root = pt.diag(pt.sqrt(diagonal))
    rows, columns = np.tril_indices(j, -1)
    return pt.set_subtensor(root[rows, columns], pm.Normal("bartlett_off", shape=len(rows)))


def pooled(x: np.ndarray, mean: np.ndarray, sd: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and sd of all mixtures and all source waters, these rebuilt from mean, sd and n."""
    weight = n[:, :, None]
    count = len(x) + n.sum()
    centre = (x.sum(axis=0) + (weight * mean).sum(axis=(0, 1))) / count
    squares = ((x - centre) ** 2).sum(axis=0)
    squares += ((weight - 1) * sd**2 + weight * (mean - centre) ** 2).sum(axis=(0, 1))
    return centre, np.sqrt(squares / (count - 1))


def ilr_basis(k: int) -> np.ndarray:
    """V (K, K − 1): ilr coordinates → centred log shares."""
    basis = np.zeros((k, k - 1))
    for s in range(1, k):
        basis[:s, s - 1] = 1.0 / np.sqrt(s * (s + 1.0))
        basis[s, s - 1] = -np.sqrt(s / (s + 1.0))
    return basis


if __name__ == "__main__":
    main()
