"""Equation 1 of end-member mixing: the share of every source in one mixture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from headwater.errors import InputRefused
from headwater.mixing.endmembers import Array, Composition, EndMembers
from headwater.mixing.feasible import feasible_ranges
from headwater.mixing.metric import whitening
from headwater.mixing.simplex import affine_shares, simplex_shares

Method = Literal["exact", "least_squares"]
_FLAT = 1e-9  # relative length below which a direction of the sources does not exist


@dataclass(frozen=True)
class Shares:
    """Shares of K sources in one mixture.

    Attributes
    ----------
    sources : K names
    value : shape (K,), shares within [0, 1] that add up to one. Where ``underdetermined`` it is only the
        centre of the feasible set
    unconstrained : shape (K,), shares that add up to one but may lie outside [0, 1]; NaN where
        ``underdetermined``
    low, high : shape (K,), feasible range of each share where ``underdetermined``, else NaN
    method : ``exact`` where the balance has a solution for every mixture (K > J), else ``least_squares``
    underdetermined : more sources than the tracers can tell apart
    residual : shape (J,), mixture − Σ value_k source_k, in units of the tracers
    outside : the mixture lies outside the line, triangle or simplex of the sources
    distance : how far outside, in standard errors of the mixing residual (Mahalanobis)
    whitening : shape (J, J), W with |W x| the distance used
    """

    sources: tuple[str, ...]
    value: Array
    unconstrained: Array
    low: Array
    high: Array
    method: Method
    underdetermined: bool
    residual: Array
    outside: bool
    distance: float
    whitening: Array

    def summary(self) -> dict[str, float]:
        """Source → share."""
        return dict(zip(self.sources, self.value.tolist(), strict=True))


def solve_shares(mixture: Composition, sources: EndMembers) -> Shares:
    """Shares f of the sources in the mixture: Σ f_k = 1, Σ f_k s_kj = m_j for every tracer j.

    K = J + 1 is solved exactly; K ≤ J by least squares in the metric of the residual's error covariance
    (``metric.residual_covariance``, iterated because it depends on f), so that any linear map of the
    tracers, such as δ18O and d-excess for δ18O and δ2H, gives the same shares. K > J + 1 gives the
    feasible range of every share. What counts as K − 1 is the number of directions the source means span.

    Raises
    ------
    InputRefused
        Fewer than two sources, different tracers, or sources of one and the same composition.

    References
    ----------
    Christophersen, Hooper (1992), Water Resour. Res. 28, 99–107; Phillips (2001), Oecologia 127, 166–170.
    """
    _check(mixture, sources)
    k = len(sources.names)
    share = np.full(k, 1.0 / k)
    for _ in range(6):
        white = whitening(mixture, sources, share)
        target, points = _plane(mixture, sources, white)
        before, share = share, simplex_shares(target, points)[0]
        if np.abs(share - before).max() < 1e-12:
            break
    rank = target.shape[1]
    ranges = feasible_ranges(target, points) if k > rank + 1 else None
    plain = np.full(k, np.nan) if ranges is not None else affine_shares(target, points)[0]
    if ranges is None:
        outside, low, high = bool((plain < 0.0).any()), np.full(k, np.nan), np.full(k, np.nan)
    else:
        outside = bool(ranges.corners[0] == 0)
        if outside:
            ranges = feasible_ranges(share @ points[0][None], points)
        low, high = ranges.low[0], ranges.high[0]
        share = share if np.isnan(low).any() else ranges.centre[0]
        low, high = np.where(np.isnan(low), share, low), np.where(np.isnan(high), share, high)
    miss = target[0] - share @ points[0]
    return Shares(
        sources=sources.names,
        value=share,
        unconstrained=plain,
        low=low,
        high=high,
        method="exact" if rank == len(sources.tracers) else "least_squares",
        underdetermined=ranges is not None,
        residual=mixture.mean - share @ sources.mean,
        outside=outside,
        distance=float(np.sqrt(miss @ miss)) if outside else 0.0,
        whitening=white,
    )


def _check(mixture: Composition, sources: EndMembers) -> None:
    if len(sources.names) < 2:
        raise InputRefused(
            f"{mixture.name}: one source ({', '.join(sources.names)}): nothing to mix; "
            "at least two sources are needed"
        )
    if mixture.tracers != sources.tracers:
        raise InputRefused(
            f"{mixture.name} has tracers {mixture.tracers}, the sources have {sources.tracers}: "
            "both need the same tracers in the same order"
        )


def _plane(mixture: Composition, sources: EndMembers, white: Array) -> tuple[Array, Array]:
    """Mixture (1, R) and sources (1, K, R) in the R directions that the whitened source means span."""
    points = sources.mean @ white.T
    centre = points.mean(axis=0)
    _, length, axes = np.linalg.svd(points - centre, full_matrices=False)
    rank = int((length > _FLAT * max(length[0], np.finfo(float).tiny)).sum()) if length[0] > 0.0 else 0
    if rank == 0:
        raise InputRefused(
            f"sources {sources.names} have the same composition: no tracer tells them apart; "
            "pool them or leave one out"
        )
    axes = axes[:rank]
    target = (white @ mixture.mean - centre) @ axes.T
    return target[None], ((points - centre) @ axes.T)[None]
