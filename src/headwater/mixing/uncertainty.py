"""How sure the shares are: draws of every mean within its own error, and the shares of each draw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headwater.errors import InputRefused
from headwater.mixing.endmembers import Array, Composition, EndMembers
from headwater.mixing.feasible import feasible_ranges
from headwater.mixing.metric import with_process_spread
from headwater.mixing.shares import Shares, solve_shares
from headwater.mixing.simplex import affine_shares, simplex_shares

QUANTILES = (0.025, 0.5, 0.975)
_EDGE = 1e-9  # rounding of a share that is exactly 0 or 1


@dataclass(frozen=True)
class ShareDraws:
    """Shares of K sources in one mixture over D draws.

    Attributes
    ----------
    sources : K names
    mean, sd : shape (K,), over the draws on the simplex
    quantiles : shape (3, K), at ``QUANTILES``. Where ``underdetermined`` the outer two belong to the ends
        of the feasible range, so they hold both the choice left open and the sampling error
    probability_outside : shape (K,), fraction of draws whose unconstrained share is outside [0, 1]; where
        ``underdetermined`` the fraction of draws with the mixture outside all sources, the same for all
    draws : shape (D, K), on the simplex
    unconstrained : shape (D, K); NaN where ``underdetermined``
    underdetermined : more sources than tracers + 1
    """

    sources: tuple[str, ...]
    mean: Array
    sd: Array
    quantiles: Array
    probability_outside: Array
    draws: Array
    unconstrained: Array
    underdetermined: bool

    def summary(self) -> dict[str, tuple[float, float, float]]:
        """Source → (2.5 %, 50 %, 97.5 %) of its share."""
        return {
            name: (float(q[0]), float(q[1]), float(q[2]))
            for name, q in zip(self.sources, self.quantiles.T, strict=True)
        }


def draw_mixture(mixture: Composition, draws: int, rng: np.random.Generator) -> Array:
    """Draws (D, J) of the mixture's mean: multivariate t with the degrees of freedom of its covariance."""
    return _draw_means(
        mixture.mean[None], mixture.mean_covariance[None], np.array([mixture.dof]), draws, rng
    )[:, 0, :]


def draw_end_members(sources: EndMembers, draws: int, rng: np.random.Generator) -> Array:
    """Draws (D, K, J) of the source means, independent between sources.

    Strata of one period share their sources: draw once and hand the same array to each of them.
    """
    return _draw_means(sources.mean, sources.mean_covariance, sources.dof, draws, rng)


def solve_draws(
    mixture_draws: Array, source_draws: Array, whitening: Array, *, sources: tuple[str, ...] = ()
) -> ShareDraws:
    """Shares of every draw, with their mean, sd, quantiles and the probability to be outside [0, 1].

    Parameters
    ----------
    mixture_draws : float, shape (D, J)
    source_draws : float, shape (D, K, J)
    whitening : float, shape (R, J), ``Shares.whitening``
    sources : K names
    """
    if len(mixture_draws) != len(source_draws):
        raise InputRefused(
            f"{len(mixture_draws)} draws of the mixture and {len(source_draws)} of the sources: "
            "both need the same number"
        )
    target = mixture_draws @ whitening.T
    points = source_draws @ whitening.T - target[:, None, :]
    target = np.zeros_like(target)
    _, k, j = points.shape
    names = sources or tuple(str(i) for i in range(k))
    if k > j + 1:
        return _range_draws(target, points, names)
    plain = affine_shares(target, points)
    draws = simplex_shares(target, points, start=plain)
    outside = ((plain < -_EDGE) | (plain > 1.0 + _EDGE)).mean(axis=0)
    return ShareDraws(
        sources=names,
        mean=draws.mean(axis=0),
        sd=draws.std(axis=0, ddof=1),
        quantiles=np.quantile(draws, QUANTILES, axis=0),
        probability_outside=outside,
        draws=draws,
        unconstrained=plain,
        underdetermined=False,
    )


def bootstrap_shares(
    mixture: Composition,
    sources: EndMembers,
    *,
    source_draws: Array | None = None,
    draws: int = 2000,
    shares: Shares | None = None,
    rng: np.random.Generator,
) -> ShareDraws:
    """Parametric bootstrap of the shares: every mean is drawn from the t distribution of its own error.

    A single water (n = 1) gets the spread of its sources on top of its analytical error. The cost depends
    on the number of draws, not on that of waters. With two sources the
    quantiles are those of a flat-prior posterior of the means, close to Fieller's interval cut to [0, 1].

    Parameters
    ----------
    mixture, sources : compositions with J tracers
    source_draws : float, shape (D, K, J), from ``draw_end_members``; then ``draws`` is not used
    draws : int
    shares : of these sources in this mixture, if they are at hand
    rng : numpy Generator

    References
    ----------
    Fieller (1954), J. R. Stat. Soc. B 16, 175–185; Efron, Tibshirani (1993), An Introduction to the
    Bootstrap, ch. 6.5.
    """
    if source_draws is None:
        source_draws = draw_end_members(sources, draws, rng)
    shares = shares or solve_shares(mixture, sources)
    mixture = with_process_spread(mixture, sources, shares.value)
    mixture_draws = draw_mixture(mixture, len(source_draws), rng)
    return solve_draws(mixture_draws, source_draws, shares.whitening, sources=sources.names)


def _range_draws(target: Array, points: Array, names: tuple[str, ...]) -> ShareDraws:
    ranges = feasible_ranges(target, points)
    low, high, centre = ranges.low, ranges.high, ranges.centre
    outside = ranges.corners == 0
    if outside.any():
        centre[outside] = simplex_shares(target[outside], points[outside])
        low[outside] = high[outside] = centre[outside]
    ends = np.stack(
        [
            np.quantile(low, QUANTILES[0], axis=0),
            np.median(centre, axis=0),
            np.quantile(high, QUANTILES[2], axis=0),
        ]
    )
    return ShareDraws(
        sources=names,
        mean=centre.mean(axis=0),
        sd=centre.std(axis=0, ddof=1),
        quantiles=ends,
        probability_outside=np.full(len(names), outside.mean()),
        draws=centre,
        unconstrained=np.full(centre.shape, np.nan),
        underdetermined=True,
    )


def _draw_means(mean: Array, covariance: Array, dof: Array, draws: int, rng: np.random.Generator) -> Array:
    """mean + √V z √(ν/χ²_ν), shape (D, K, J); plain normal where ν = 0."""
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :]
    z = rng.standard_normal((draws, *mean.shape))
    for source, nu in enumerate(dof):
        if nu > 0.0:
            z[:, source, :] *= np.sqrt(nu / rng.chisquare(nu, draws))[:, None]
    return mean + np.einsum("kab,dkb->dka", root, z)
