"""Whether data drawn from the fitted model look like the data that were measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headwater.posterior.records import Array

Statistic = Literal["mean", "sd", "min", "max", "inside_50", "inside_90"]
TAIL = 0.05
"""Part of the replicated distances beyond which their distribution is continued by an exponential one."""
BLOCK = 2**22


@dataclass(frozen=True)
class StatisticCheck:
    """One statistic of one tracer, measured and replicated.

    Attributes
    ----------
    statistic : inside_50, inside_90: share of observations inside their central 50, 90 % interval
    observed, expected : of the data; mean over replicates
    p : P(replicated > observed), ties count half; near 0 or 1: the model does not make such data
    flagged : p is too extreme, all checks of the record taken together
    """

    tracer: str
    statistic: Statistic
    observed: float
    expected: float
    p: float
    flagged: bool


@dataclass(frozen=True)
class PredictiveCheck:
    """Observed against replicated data.

    Attributes
    ----------
    statistics : six a tracer
    distance : shape (N,), Mahalanobis distance of each observation from its own replicates
    p : shape (N,), probability of a replicate at least as far
    outside : numbers of the observations that are too far, N looks taken into account
    """

    statistics: tuple[StatisticCheck, ...]
    distance: Array
    p: Array
    outside: NDArray[np.intp]

    @property
    def passed(self) -> bool:
        """No statistic is flagged and no observation lies outside."""
        return not len(self.outside) and not any(check.flagged for check in self.statistics)


def check_predictions(
    observed: ArrayLike, replicated: ArrayLike, tracers: Sequence[str], *, level: float = 0.05
) -> PredictiveCheck:
    """Posterior predictive checks: statistics of every tracer, and observations out of the model's reach.

    Both are timid, because the same data made the posterior: what is flagged is wrong, what is not flagged
    may still be. Flags hold ``level`` over all statistics, and over all observations (Bonferroni).

    Parameters
    ----------
    observed : shape (N, J)
    replicated : shape (S, N, J), one data set a draw

    References
    ----------
    Gelman, Meng & Stern 1996, Statistica Sinica 6, 733–807, section 2 (p of a statistic)
    """
    data, made = np.asarray(observed, float), np.asarray(replicated, float)
    if made.ndim != 3 or made.shape[1:] != data.shape or data.shape[1] != len(tracers) or len(made) < 2:
        raise ValueError(f"replicates {made.shape} of data {data.shape} with {len(tracers)} tracers")
    if not (np.isfinite(data).all() and np.isfinite(made).all()):
        raise ValueError("data and replicates must be finite")
    distance, p = _distances(data, made)
    return PredictiveCheck(
        statistics=tuple(_statistics(data, made, tracers, level)),
        distance=distance,
        p=p,
        outside=np.flatnonzero(p * len(p) < level),
    )


def _statistics(data: Array, made: Array, tracers: Sequence[str], level: float) -> Iterator[StatisticCheck]:
    """Six checks of every tracer."""
    for j, tracer in enumerate(tracers):
        x, y = data[:, j], made[:, :, j]
        ends = np.quantile(y, [0.05, 0.25, 0.75, 0.95], axis=0)
        rows: list[tuple[Statistic, float, Array]] = [
            ("mean", x.mean(), y.mean(axis=1)),
            ("sd", x.std(), y.std(axis=1)),
            ("min", x.min(), y.min(axis=1)),
            ("max", x.max(), y.max(axis=1)),
            ("inside_50", *_inside(x, y, ends[1], ends[2])),
            ("inside_90", *_inside(x, y, ends[0], ends[3])),
        ]
        for statistic, of_data, of_made in rows:
            p = float((of_made > of_data).mean() + (of_made == of_data).mean() / 2)
            flagged = min(p, 1 - p) < level / (2 * len(rows) * len(tracers))
            yield StatisticCheck(tracer, statistic, float(of_data), float(of_made.mean()), p, flagged)


def _inside(x: Array, y: Array, low: Array, high: Array) -> tuple[float, Array]:
    """Share of observations, and of every replicate, within the limits."""
    return float(((x >= low) & (x <= high)).mean()), ((y >= low) & (y <= high)).mean(axis=1)


def _distances(data: Array, made: Array) -> tuple[Array, Array]:
    """Mahalanobis distance of every observation from its replicates, and its p.

    p is the share of replicates as far away; beyond the last 5 % of these it follows an exponential
    distribution of the distance, whose mean is that of the excesses: too heavy for Gaussian replicates
    (so it flags too little) and right for exponential ones.
    """
    count, number, tracers = made.shape
    distance, p = np.empty(number), np.empty(number)
    for start in range(0, number, max(1, BLOCK // (count * tracers))):
        some = slice(start, start + max(1, BLOCK // (count * tracers)))
        block = made[:, some]
        centre = block.mean(axis=0)
        apart = block - centre
        covariance = np.einsum("snj,snk->njk", apart, apart) / (count - 1)
        inverse = np.linalg.pinv(covariance, hermitian=True)
        theirs = np.sqrt(np.einsum("snj,njk,snk->sn", apart, inverse, apart).clip(0))
        own = data[some] - centre
        ours = np.sqrt(np.einsum("nj,njk,nk->n", own, inverse, own).clip(0))
        distance[some], p[some] = ours, _tail(ours, theirs)
    return distance, p


def _tail(ours: Array, theirs: Array) -> Array:
    """P(replicated distance ≥ ours) of every column."""
    edge = np.quantile(theirs, 1 - TAIL, axis=0)
    beyond = theirs > edge
    excess = np.where(beyond, theirs - edge, 0.0).sum(axis=0) / np.maximum(beyond.sum(axis=0), 1)
    counted = (1 + (theirs >= ours).sum(axis=0)) / (1 + len(theirs))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        continued = TAIL * np.exp(-(ours - edge) / excess)
    return np.where((ours > edge) & (excess > 0), np.minimum(continued, TAIL), counted)
