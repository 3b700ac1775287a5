"""How well a model predicts waters that it has not seen, and which of several models does so best."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headwater.errors import NotTrustworthy
from headwater.posterior.records import Array

HIGHEST_K = 0.7
HIGHEST_WAIC_VARIANCE = 0.4


@dataclass(frozen=True)
class Predicted:
    """Expected log predictive density of N observations, each left out.

    Attributes
    ----------
    method : PSIS-LOO or WAIC
    elpd_i : shape (N,)
    p_i : shape (N,), effective number of parameters
    doubt_i : shape (N,), Pareto k of LOO, variance of the log-likelihood for WAIC
    limit : of ``doubt_i``
    """

    method: Literal["loo", "waic"]
    elpd_i: Array
    p_i: Array
    doubt_i: Array
    limit: float

    @property
    def elpd(self) -> float:
        """Sum over observations."""
        return float(self.elpd_i.sum())

    @property
    def se(self) -> float:
        """Standard error of ``elpd``: √(N var)."""
        return _se(self.elpd_i)

    @property
    def p(self) -> float:
        """Effective number of parameters."""
        return float(self.p_i.sum())

    @cached_property
    def doubtful(self) -> NDArray[np.intp]:
        """Numbers of the observations whose part cannot be trusted."""
        return np.flatnonzero(~(self.doubt_i <= self.limit))


@dataclass(frozen=True)
class Ranked:
    """One of the models compared, best first.

    Attributes
    ----------
    difference, difference_se : elpd less that of the best (≤ 0), and its standard error
    weight : of stacking
    doubtful : observations whose part cannot be trusted
    """

    name: str
    elpd: float
    se: float
    p: float
    difference: float
    difference_se: float
    weight: float
    doubtful: int


def loo(log_likelihood: ArrayLike, *, relative_ess: float = 1.0) -> Predicted:
    """Leave-one-out predictive density by Pareto-smoothed importance sampling.

    elpd_i = log Σ_s w_is p(y_i | θ_s) / Σ_s w_is, raw weights 1/p(y_i | θ_s), their tail replaced by a fitted
    generalised Pareto distribution of shape k. Where k > min(1 − 1/log10 S, 0.7) the water is so influential
    that the answer without it is not known from these draws.

    Parameters
    ----------
    log_likelihood : shape (chains, draws, N)
    relative_ess : ESS/S of the draws

    References
    ----------
    Vehtari, Gelman & Gabry 2017, Stat. Comput. 27, 1413–1432, section 2 ·
    Vehtari et al. 2024, J. Mach. Learn. Res. 25, 1–58
    """
    from arviz_stats.base import array_stats

    values = _checked(log_likelihood)
    limit = min(1 - 1 / np.log10(values[..., 0].size), HIGHEST_K)
    moving = values.max(axis=(0, 1)) > values.min(axis=(0, 1))
    elpd_i, p_i, k = values[0, 0].copy(), np.zeros(len(moving)), np.zeros(len(moving))
    if moving.any():
        one_by_one = np.moveaxis(values[..., moving], 2, 0)
        elpd_i[moving], k[moving], p_i[moving] = array_stats.loo(one_by_one, r_eff=relative_ess)
    return Predicted("loo", elpd_i, p_i, k, limit)


def waic(log_likelihood: ArrayLike) -> Predicted:
    """Widely applicable information criterion: elpd_i = log mean_s p(y_i | θ_s) − var_s log p(y_i | θ_s).

    A variance above 0.4 makes it doubtful; prefer ``loo``.

    Parameters
    ----------
    log_likelihood : shape (chains, draws, N)

    References
    ----------
    Watanabe 2010, J. Mach. Learn. Res. 11, 3571–3594 · Vehtari, Gelman & Gabry 2017, eqs. 11–13
    """
    values = _checked(log_likelihood)
    values = values.reshape(-1, values.shape[2])
    top = values.max(axis=0)
    density = top + np.log(np.exp(values - top).mean(axis=0))
    variance = values.var(axis=0, ddof=1)
    return Predicted("waic", density - variance, variance, variance, HIGHEST_WAIC_VARIANCE)


def compare(models: Mapping[str, Predicted]) -> tuple[Ranked, ...]:
    """Models of the same observations, best first. A difference below two to four of its errors says little.

    References
    ----------
    Vehtari, Gelman & Gabry 2017, eq. 24 (error of the difference) ·
    Yao et al. 2018, Bayesian Analysis 13, 917–1007, eq. 4 (stacking)
    """
    if len({(model.method, len(model.elpd_i)) for model in models.values()}) != 1:
        raise ValueError("models to compare must predict the same observations by the same method")
    weights = dict(zip(models, stacking([model.elpd_i for model in models.values()]), strict=True))
    order = sorted(models, key=lambda name: -models[name].elpd)
    best = models[order[0]]
    return tuple(
        Ranked(
            name=name,
            elpd=models[name].elpd,
            se=models[name].se,
            p=models[name].p,
            difference=models[name].elpd - best.elpd,
            difference_se=_se(models[name].elpd_i - best.elpd_i),
            weight=float(weights[name]),
            doubtful=len(models[name].doubtful),
        )
        for name in order
    )


def stacking(elpd_i: ArrayLike) -> Array:
    """Weights of M models: maximum of Σ_i log Σ_m w_m exp(elpd_im) over the simplex, shape (M,).

    Parameters
    ----------
    elpd_i : shape (M, N)
    """
    from scipy.optimize import minimize

    values = np.asarray(elpd_i, float)
    density = np.exp(values - values.max(axis=0))
    models, observations = density.shape
    if models == 1:
        return np.ones(1)
    found = minimize(
        lambda w: -np.log(w @ density).sum() / observations,
        np.full(models, 1 / models),
        jac=lambda w: -(density / (w @ density)).sum(axis=1) / observations,
        bounds=[(1e-12, 1)] * models,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1, "jac": np.ones_like},
        options={"ftol": 1e-12},
    )
    weights = np.clip(found.x, 0, None)
    return np.asarray(weights / weights.sum())


def _checked(log_likelihood: ArrayLike) -> Array:
    """The log-likelihood as array, if all of it is finite."""
    values = np.asarray(log_likelihood, float)
    if values.ndim != 3:
        raise ValueError(f"log-likelihood has shape {values.shape}; wanted is (chains, draws, observations)")
    bad = ~np.isfinite(values).all(axis=(0, 1))
    if bad.any():
        raise NotTrustworthy(
            f"The log-likelihood of observation {int(bad.argmax())} (of {bad.sum()}) is not finite "
            "in some draws; every observation must be possible. Look for impossible values in it."
        )
    return values


def _se(elpd_i: Array) -> float:
    return float(np.sqrt(len(elpd_i) * elpd_i.var()))
