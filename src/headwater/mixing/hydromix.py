"""The likelihood of HydroMix, kept for comparison: its widths are wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from headwater.errors import InputRefused
from headwater.mixing.endmembers import Array


@dataclass(frozen=True)
class HydroMix:
    """Posterior of the share λ of the first of two sources, by one tracer: normal (mean, sd) cut to [0, 1].

    ``quantiles`` are those asked for; ``mean`` and ``sd`` of the cut distribution.
    """

    mean: float
    sd: float
    quantiles: Array


def hydromix(
    first: ArrayLike,
    second: ArrayLike,
    mixture: ArrayLike,
    *,
    sd: float | None = None,
    quantiles: ArrayLike = (0.025, 0.25, 0.5, 0.75, 0.975),
) -> HydroMix:
    """Share of the first source by the likelihood of HydroMix, in closed form.

    log L(λ) = Σ over all triples of log N(λ s₁ + (1 − λ) s₂ − m; 0, σ²) is quadratic in λ: with
    A = Σ (s₁ − s₂)² and B = Σ (s₁ − s₂)(m − s₂) over the triples, λ ~ N(B/A, σ²/A) on [0, 1] under a flat
    prior. Triples share their waters and are not independent, yet count as if they were: the width shrinks
    with n₁ n₂ n, not with the waters. A legacy option; use it to compare, not to conclude.

    Parameters
    ----------
    first, second, mixture : float, one tracer of single waters
    sd : σ; by default the sd of the mixture

    Raises
    ------
    InputRefused
        A missing value, fewer than two mixtures without ``sd``, or sources that are all alike.

    References
    ----------
    Beria et al. 2020, Geosci. Model Dev. 13, 2433–2450, eq. 3
    """
    s1, s2, m = (np.asarray(x, dtype=float) for x in (first, second, mixture))
    if not all(x.ndim == 1 and len(x) and np.isfinite(x).all() for x in (s1, s2, m)):
        raise InputRefused("hydromix: two sources and a mixture of single waters without gaps are needed")
    if sd is None and len(m) < 2:
        raise InputRefused("hydromix: one mixture has no sd of its own; give sd")
    sigma = float(m.std(ddof=1)) if sd is None else sd
    centre = m.mean()
    s1, s2, m = s1 - centre, s2 - centre, m - centre
    a = len(m) * (len(s2) * (s1**2).sum() - 2.0 * s1.sum() * s2.sum() + len(s1) * (s2**2).sum())
    b = len(s2) * s1.sum() * m.sum() - len(m) * s1.sum() * s2.sum()
    b += len(s1) * (len(m) * (s2**2).sum() - s2.sum() * m.sum())
    if not a > 0.0 or not sigma > 0.0:
        raise InputRefused("hydromix: the sources, or the mixtures, are all alike; nothing can be told apart")
    from scipy.stats import truncnorm

    where, width = b / a, sigma / np.sqrt(a)
    cut = truncnorm((0.0 - where) / width, (1.0 - where) / width, where, width)
    return HydroMix(float(cut.mean()), float(cut.std()), np.asarray(cut.ppf(quantiles), dtype=float))
