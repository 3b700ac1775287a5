"""First-order errors of the shares, as spreadsheets and IsoError give them, for any number of tracers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headwater.errors import InputRefused
from headwater.mixing.endmembers import Array, Composition, EndMembers
from headwater.mixing.metric import with_process_spread
from headwater.mixing.shares import Shares, solve_shares


@dataclass(frozen=True)
class FirstOrder:
    """Unconstrained shares with first-order error, one entry a source.

    Attributes
    ----------
    sources : K names
    share : shape (K,), may lie outside [0, 1]
    se : shape (K,), standard error
    dof : shape (K,), Satterthwaite's degrees of freedom; ∞ where every mean is known exactly
    low, high : shape (K,), ends of the t-interval, not cut to [0, 1]
    p_outside : shape (K,), probability that the share lies outside [0, 1]
    """

    sources: tuple[str, ...]
    share: Array
    se: Array
    dof: Array
    low: Array
    high: Array
    p_outside: Array


def first_order(
    mixture: Composition, sources: EndMembers, *, level: float = 0.95, shares: Shares | None = None
) -> FirstOrder:
    """Shares with their errors by the delta method: var f = G V_m G' + Σ_k D_k V_k D_k'.

    G = ∂f/∂m and D_k = ∂f/∂s_k = −f_k G (+ a term in the residual where over-determined). For two sources
    and one tracer this is var f₁ = [f₁² V₁ + f₂² V₂ + V_m] / (c₁ − c₂)². Satterthwaite's degrees of
    freedom weigh those of the means by their part in the variance: ν = (Σ v_i)² / Σ (v_i²/ν_i).

    Parameters
    ----------
    mixture, sources : compositions with J tracers, K ≤ J + 1
    level : of the t-interval
    shares : of these sources in this mixture, if they are at hand

    Raises
    ------
    InputRefused
        More sources than the tracers can tell apart: there is no single share to give an error of.

    References
    ----------
    Genereux (1998), Water Resour. Res. 34, 915–919; Phillips, Gregg (2001), Oecologia 127,
    171–179.
    """
    from scipy.special import stdtr, stdtrit

    solved = shares or solve_shares(mixture, sources)
    if solved.underdetermined:
        raise InputRefused(
            f"{mixture.name}: {len(sources.names)} sources and {len(sources.tracers)} tracers leave the "
            "shares open; at most tracers + 1 sources have first-order errors: "
            "leave sources out or add a tracer"
        )
    f = solved.unconstrained
    mixture = with_process_spread(mixture, sources, solved.value)
    to_mixture, to_sources = _sensitivity(mixture.mean, sources.mean, solved.whitening, f)
    parts = np.concatenate(
        [
            np.einsum("ia,ab,ib->i", to_mixture, mixture.mean_covariance, to_mixture)[None],
            np.einsum("kia,kab,kib->ki", to_sources, sources.mean_covariance, to_sources),
        ]
    )
    nu = np.concatenate([[mixture.dof], sources.dof])
    variance = parts.sum(axis=0)
    per_dof = (parts[nu > 0.0] ** 2 / nu[nu > 0.0, None]).sum(axis=0)
    dof = np.divide(variance**2, per_dof, out=np.full(len(f), np.inf), where=per_dof > 0.0)
    se = np.sqrt(variance)
    finite = np.minimum(dof, 1e9)
    reach = stdtrit(finite, 0.5 + level / 2.0) * se
    floor = np.maximum(se, 1e-300)
    p_outside = stdtr(finite, -f / floor) + stdtr(finite, (f - 1.0) / floor)
    return FirstOrder(sources.names, f, se, dof, f - reach, f + reach, p_outside)


def _sensitivity(mixture: Array, sources: Array, white: Array, f: Array) -> tuple[Array, Array]:
    """∂f/∂m, shape (K, J), and ∂f/∂s, shape (K, K, J): [of source k, share i, tracer j]."""
    k = len(sources)
    whole = np.concatenate([np.eye(k - 1), -np.ones((1, k - 1))])
    a = white @ (sources[:-1] - sources[-1]).T
    spread = np.linalg.inv(a.T @ a)
    to_mixture: Array = whole @ spread @ a.T @ white
    miss = white.T @ (white @ (mixture - f @ sources))
    to_sources = -f[:, None, None] * to_mixture[None]
    to_sources = to_sources + np.einsum("ia,ab,kb,j->kij", whole, spread, whole, miss)
    return to_mixture, to_sources
