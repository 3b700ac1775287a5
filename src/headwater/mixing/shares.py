"""Equation 1 of end-member mixing: the share of every source in one mixture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from headwater.errors import InputRefused
from headwater.mixing.endmembers import Array, Composition, EndMembers
from headwater.mixing.feasible import feasible_ranges
from headwater.mixing.metric import whitening, with_process_spread
from headwater.mixing.refuse import check_dependence
from headwater.mixing.simplex import affine_shares, simplex_shares

Method = Literal["exact", "least_squares"]
_EDGE = 1e-9  # shares down to −1e-9 are 0 within rounding
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
    misfit_p : probability of a residual as large as the one off the line or plane of the sources, were the
        mixture made of them alone; NaN where the sources fill all tracer directions. Small: a source is
        missing, or evaporation moved the mixture
    whitening : shape (J, J), W with |W x| the distance used; (R, J) where the source means span only R
        directions though there are more than R + 1 of them
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
    misfit_p: float
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
        Fewer than two sources, different or linearly dependent tracers, or sources of one composition.

    References
    ----------
    Christophersen, Hooper (1992), Water Resour. Res. 28, 99–107; Phillips (2001), Oecologia 127, 166–170.
    """
    _check(mixture, sources)
    k = len(sources.names)
    share = np.full(k, 1.0 / k)
    for _ in range(20):
        white = whitening(mixture, sources, share)
        axes, target, points = _plane(mixture, sources, white)
        before, share = share, simplex_shares(target, points)[0]
        if np.abs(share - before).max() < 1e-10:
            break
    rank = len(axes)
    miss = target[0] - share @ points[0]
    open_shares = k > rank + 1
    plain = np.full(k, np.nan) if open_shares else affine_shares(target, points)[0]
    low, high = np.full(k, np.nan), np.full(k, np.nan)
    outside = bool((plain < -_EDGE).any())
    if open_shares:
        outside, low, high, share = _range(target, points, share)
    return Shares(
        sources=sources.names,
        value=share,
        unconstrained=plain,
        low=low,
        high=high,
        method="exact" if rank == len(sources.tracers) else "least_squares",
        underdetermined=open_shares,
        residual=mixture.mean - share @ sources.mean,
        outside=outside,
        distance=float(np.sqrt(miss @ miss)) if outside else 0.0,
        misfit_p=_misfit_p(mixture, sources, white, axes, share),
        whitening=axes @ white if open_shares and k <= len(sources.tracers) + 1 else white,
    )


def _range(target: Array, points: Array, nearest: Array) -> tuple[bool, Array, Array, Array]:
    """Is the mixture outside? And low, high and centre of the shares that give it, or its nearest point."""
    ranges = feasible_ranges(target, points)
    outside = bool(ranges.corners[0] == 0)
    if outside:
        ranges = feasible_ranges(nearest @ points[0][None], points)
    if ranges.corners[0] == 0:
        return outside, nearest, nearest, nearest
    return outside, ranges.low[0], ranges.high[0], ranges.centre[0]


def _misfit_p(mixture: Composition, sources: EndMembers, white: Array, axes: Array, share: Array) -> float:
    """P(F > T²/q) of the residual in the q directions that the sources do not span."""
    from scipy.special import fdtrc

    free = len(white) - len(axes)
    if free == 0:
        return float("nan")
    off = np.linalg.svd(axes, full_matrices=True)[2][len(axes) :] @ white
    miss = off @ (mixture.mean - share @ sources.mean)
    own = with_process_spread(mixture, sources, share).mean_covariance
    parts = [own, *(share**2)[:, None, None] * sources.mean_covariance]
    total = off @ np.sum(parts, axis=0) @ off.T
    statistic = float(miss @ np.linalg.pinv(total, hermitian=True) @ miss) / free
    weight = np.array([np.trace(off @ part @ off.T) for part in parts])
    dof = np.concatenate([[mixture.dof], sources.dof])
    per_dof = float((weight[dof > 0.0] ** 2 / dof[dof > 0.0]).sum())
    nu = min(float(weight.sum()) ** 2 / per_dof, 1e9) if per_dof > 0.0 else 1e9
    return float(fdtrc(free, max(nu - free + 1.0, 1.0), statistic))


def _check(mixture: Composition, sources: EndMembers) -> None:
    if len(sources.names) < 2:
        raise InputRefused(
            f"{mixture.name}: one source: nothing to mix; at least two are needed, "
            f"only {', '.join(sources.names) or 'none'} is there: add a source or take another period"
        )
    if mixture.tracers != sources.tracers:
        raise InputRefused(
            f"{mixture.name} has tracers {mixture.tracers}, the sources have {sources.tracers}: "
            "both need the same tracers in the same order"
        )
    check_dependence(sources)


def _plane(mixture: Composition, sources: EndMembers, white: Array) -> tuple[Array, Array, Array]:
    """The R directions (R, J) that whitened source means span; mixture (1, R), sources (1, K, R) in them."""
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
    return axes, target[None], ((points - centre) @ axes.T)[None]
