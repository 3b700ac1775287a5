"""Models without factors: our fit against an importance sampler that shares nothing with it but the data.

The density is written out for one cell: the mean of N mixtures has variance P ξ/N + c per tracer, with
c = Σ w² s²/n from the source means, and their scatter has N − 1 degrees with variance P ξ (MixSIAR, means;
simmr: additive). Draws come from the prior, then from a t distribution fitted to the weighted draws before,
kept wide and mixed with the prior, so that no weight is large where only the prior reaches.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.special import expit, gammaln, logit

from benchmarks.mixing_cases import CASES
from headwater.mixing.bayes.fit import fit
from headwater.mixing.bayes.model import MixingModel
from headwater.posterior.records import SamplerSettings

Array = NDArray[np.float64]
SEED, DRAWS, ROUNDS = 1, 300_000, 12
FEW, ENOUGH = 1_000, 60_000  # effective draws that a proposal is fitted to, and that end the adaptation
PRIOR_PART, DEGREES, WIDER = 0.1, 6.0, 1.15
LEAST = 0.005  # no agreement closer than this is asked for


@dataclass(frozen=True)
class Posterior:
    """Mean, sd and standard error of the mean of each share (K,), and effective draws."""

    mean: Array
    sd: Array
    mcse: Array
    ess: float


@dataclass(frozen=True)
class Problem:
    """Positions (D, size): draws of their prior, its log density, log likelihood, and shares (D, K)."""

    draw: Callable[[int, np.random.Generator], Array]
    log_prior: Callable[[Array], Array]
    log_likelihood: Callable[[Array], Array]
    shares: Callable[[Array], Array]


def importance(problem: Problem, rng: np.random.Generator) -> Posterior:
    """Shares by importance sampling; the proposal is adapted until untempered weights leave enough draws."""
    x = problem.draw(DRAWS, rng)
    log_proposal = problem.log_prior(x)
    for turn in range(ROUNDS):
        log_weight = problem.log_prior(x) + problem.log_likelihood(x) - log_proposal
        weight, power = _weights(log_weight, 1.0), 1.0
        if turn == ROUNDS - 1 or _ess(weight) > ENOUGH:
            break
        while _ess(weight) < FEW:
            power *= 0.8
            weight = _weights(log_weight, power)
        wide = stats.multivariate_t(weight @ x, np.cov(x.T, aweights=weight) * WIDER, DEGREES, seed=rng)
        from_prior = rng.random(DRAWS) < PRIOR_PART
        x = np.where(from_prior[:, None], problem.draw(DRAWS, rng), wide.rvs(DRAWS))
        log_proposal = np.logaddexp(
            np.log(PRIOR_PART) + problem.log_prior(x), np.log(1.0 - PRIOR_PART) + wide.logpdf(x)
        )
    shares = problem.shares(x)
    mean = weight @ shares
    error = np.sqrt(weight**2 @ (shares - mean) ** 2)
    return Posterior(mean, np.sqrt(weight @ (shares - mean) ** 2), error, _ess(weight))


def _weights(log_weight: Array, power: float) -> Array:
    weight = np.exp(power * (log_weight - log_weight.max()))
    return np.asarray(weight / weight.sum())


def _ess(weight: Array) -> float:
    return float(1.0 / (weight @ weight))


def mixsiar(model: MixingModel) -> Problem:
    """Means data, process × residual: positions [log-ratios of shares | log χ² | logit ξ/20]."""
    sources, values = model.sources, model.mixtures.values
    n, (_, k, j) = len(values), sources.mean.shape
    mean = sources.mean[0] + sources.discrimination
    variance = np.diagonal(sources.covariance[0], axis1=1, axis2=2)
    counts = sources.n[0].astype(float)
    extra = np.zeros((k, j)) if sources.discrimination_sd is None else sources.discrimination_sd**2
    alpha = np.ones(k) if not isinstance(model.prior, tuple) else np.array(model.prior)
    centre, scatter = values.mean(axis=0), ((values - values.mean(axis=0)) ** 2).sum(axis=0)

    def parts(x: Array) -> tuple[Array, Array, Array]:
        p = np.exp(np.concatenate([x[:, : k - 1], np.zeros((len(x), 1))], axis=1))
        p /= p.sum(axis=1, keepdims=True)
        return p, np.exp(x[:, k - 1 : k - 1 + k * j]).reshape(-1, k, j), 20.0 * expit(x[:, -j:])

    def draw(count: int, rng: np.random.Generator) -> Array:
        p = rng.dirichlet(alpha, count)
        chi2 = rng.chisquare(np.repeat(counts, j), (count, k * j))
        return np.hstack([np.log(p[:, :-1] / p[:, -1:]), np.log(chi2), logit(rng.random((count, j)))])

    def log_prior(x: Array) -> Array:
        p, chi2, xi = parts(x)
        total = gammaln(alpha.sum()) - gammaln(alpha).sum() + (alpha * np.log(p)).sum(axis=1)
        total += (stats.chi2(counts[:, None]).logpdf(chi2) + np.log(chi2)).sum(axis=(1, 2))
        share = xi / 20.0
        return np.asarray(total + np.log(share * (1.0 - share)).sum(axis=1))

    def log_likelihood(x: Array) -> Array:
        p, chi2, xi = parts(x)
        single = variance * (counts[:, None] - 1.0) / chi2
        process = xi * np.einsum("dk,dkj->dj", p**2, single + extra)
        of_mean = process / n + (p**2) @ (variance / counts[:, None])
        off = centre - p @ mean
        total = np.log(of_mean) + off**2 / of_mean + (n - 1) * np.log(process) + scatter / process
        return np.asarray(-0.5 * total.sum(axis=1))

    return Problem(draw, log_prior, log_likelihood, lambda x: parts(x)[0])


def simmr(model: MixingModel) -> Problem:
    """Means known, additive error, concentrations: positions [f | log (σ − 0.001)], shares = softmax(f)."""
    sources, values = model.sources, model.mixtures.values
    n, (_, k, j) = len(values), sources.mean.shape
    mean = sources.mean[0] + (0.0 if sources.discrimination is None else sources.discrimination)
    variance = np.diagonal(sources.covariance[0], axis1=1, axis2=2)
    extra = 0.0 if sources.discrimination_sd is None else sources.discrimination_sd**2
    q = np.ones((k, j)) if sources.concentration is None else sources.concentration[0]

    def shares(x: Array) -> Array:
        f = np.exp(x[:, :k] - x[:, :k].max(axis=1, keepdims=True))
        return np.asarray(f / f.sum(axis=1, keepdims=True))

    def draw(count: int, rng: np.random.Generator) -> Array:
        sigma = rng.gamma(3.0, 50.0 / 3.0, (count, j * (n > 1)))
        return np.hstack([rng.standard_normal((count, k)), np.log(sigma)])

    def log_prior(x: Array) -> Array:
        own = stats.gamma(3.0, scale=50.0 / 3.0).logpdf(np.exp(x[:, k:])) + x[:, k:]
        return np.asarray(stats.norm.logpdf(x[:, :k]).sum(axis=1) + own.sum(axis=1))

    def log_likelihood(x: Array) -> Array:
        w = shares(x)[:, :, None] * q
        w /= w.sum(axis=1, keepdims=True)
        sigma = 0.001 + (np.exp(x[:, k:]) if n > 1 else 0.0)
        v = (w**2 * (variance + extra)).sum(axis=1) + sigma**2
        off = values[None] - (w * mean).sum(axis=1)[:, None]
        return np.asarray(-0.5 * (n * np.log(v) + (off**2).sum(axis=1) / v).sum(axis=1))

    return Problem(draw, log_prior, log_likelihood, shares)


def compare(name: str, rng: np.random.Generator) -> dict[str, object]:
    """One case by both ways; ``worst`` is the largest difference of a mean over what is allowed."""
    model = CASES[name].model()
    oracle = importance((mixsiar if model.style == "mixsiar" else simmr)(model), rng)
    found = fit(model, SamplerSettings(draws=4000, seed=SEED))
    ours = found.draws["p_global"].value
    measures = found.diagnosis.measures
    places = [i for i, q in enumerate(found.diagnosis.quantities) if q.name == "p_global"]
    allowed = np.maximum(4.0 * np.hypot(oracle.mcse, np.asarray(measures.mcse)[places]), LEAST)
    return {
        "oracle": oracle.mean.round(4).tolist(),
        "oracle_sd": oracle.sd.round(4).tolist(),
        "oracle_ess": round(oracle.ess),
        "fit": ours.mean(axis=0).round(4).tolist(),
        "fit_sd": ours.std(axis=0, ddof=1).round(4).tolist(),
        "largest_difference": float(np.abs(ours.mean(axis=0) - oracle.mean).max().round(5)),
        "worst": float((np.abs(ours.mean(axis=0) - oracle.mean) / allowed).max().round(3)),
    }


def main() -> dict[str, object]:
    """Both reference cases without factors, and killer whales' published importance sampler beside."""
    rng = np.random.default_rng(SEED)
    found: dict[str, object] = {}
    for name in ("killerwhale", "simmr 1", "simmr 2", "simmr solo"):
        if not CASES[name].there:
            print(f"{name}: no reference data here")
            continue
        found[name] = compare(name, rng)
        print(name, found[name])
    return found


if __name__ == "__main__":
    main()
