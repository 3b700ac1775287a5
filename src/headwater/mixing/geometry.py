"""Can these sources explain these waters, and can the tracers tell the sources apart?"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from headwater.errors import InputRefused
from headwater.mixing.endmembers import Array, EndMembers
from headwater.mixing.metric import inverse_root, mean_spread
from headwater.mixing.uncertainty import draw_end_members

OFF_LEVEL = 0.95


@dataclass(frozen=True)
class SourcePair:
    """How two sources differ.

    Attributes
    ----------
    source_a, source_b : names
    overlap : 0 (apart) to 1 (alike), Bhattacharyya coefficient of their normal distributions; NaN where a
        source has too few waters for a covariance (n ≤ J)
    mahalanobis : distance of the means in units of the pooled spread between waters
    p : probability of means as far apart, were they equal
    distinguishable : p < 1 − level
    """

    source_a: str
    source_b: str
    overlap: float
    mahalanobis: float
    p: float
    distinguishable: bool


def inside_probability(
    samples: ArrayLike,
    sample_covariance: ArrayLike,
    sources: EndMembers,
    *,
    draws: int = 500,
    rng: np.random.Generator,
) -> Array:
    """Probability (n,) that each water lies inside the line, triangle or simplex of its sources.

    Analytical errors of the water and errors of the source means are drawn; a draw is inside where the
    shares of some J + 1 sources are all ≥ 0 (a convex hull is the union of such simplexes). With K ≤ J
    sources, which span no volume, it is inside where its foot on their line or plane is, and it lies no
    farther off than 95 % of the sources' own waters would (χ² of the directions not spanned).

    Parameters
    ----------
    samples : float, shape (n, J)
    sample_covariance : float, shape (J, J) or (n, J, J), analytical
    sources : K end members
    draws : int, of errors; 500 give a standard error of at most 0.022
    rng : numpy Generator

    References
    ----------
    Smith et al. (2013), Methods Ecol. Evol. 4, 612–618: simulated polygons; Carathéodory's theorem.
    """
    x = np.asarray(samples, dtype=float)
    error = np.asarray(sample_covariance, dtype=float)
    k, j = sources.mean.shape
    if x.ndim != 2 or x.shape[1] != j:
        raise InputRefused(f"samples of shape {x.shape}; one column for each of {sources.tracers} is needed")
    if k < 2:
        raise InputRefused(f"one source ({sources.names[0]}): it has no inside; at least two are needed")
    white = _spread_root(sources)
    root = _root(white @ error @ white.T)
    centre = sources.mean.mean(axis=0)
    points = (draw_end_members(sources, draws, rng) - centre) @ white.T
    x = (x - centre) @ white.T
    count = np.zeros(len(x))
    for corners in points:
        z = rng.standard_normal(x.shape)
        noisy = x + (z @ root.T if root.ndim == 2 else np.einsum("nab,nb->na", root, z))
        count += _inside(noisy, corners)
    return count / draws


def source_overlap(sources: EndMembers, *, level: float = 0.95) -> tuple[SourcePair, ...]:
    """Every pair of sources with overlap, distance, and whether the data tell their means apart.

    Overlap BC = exp(−D), D = d'C̄⁻¹d/8 + ½ ln(|C̄| / √(|C_a||C_b|)), C̄ = (C_a + C_b)/2; distance
    √(d'C̄⁻¹d). The means differ where T² = d'(V_a + V_b)⁻¹d exceeds ν J/(ν − J + 1) F(J, ν − J + 1), with
    ν = (J + J²) / Σ_i [tr((V_i V⁻¹)²) + tr²(V_i V⁻¹)]/ν_i. None of these depends on units or on the
    choice between δ2H and d-excess.

    References
    ----------
    Bhattacharyya (1943), Bull. Calcutta Math. Soc. 35, 99–109; Krishnamoorthy, Yu (2004), Stat. Probab.
    Lett. 66, 161–169: unequal covariances.
    """
    return tuple(_pair(sources, a, b, level) for a, b in combinations(range(len(sources.names)), 2))


def overlap_matrix(sources: EndMembers) -> Array:
    """Bhattacharyya coefficient (K, K) between all sources; 1 on the diagonal."""
    matrix = np.eye(len(sources.names))
    pairs = combinations(range(len(sources.names)), 2)
    for (a, b), pair in zip(pairs, source_overlap(sources), strict=True):
        matrix[a, b] = matrix[b, a] = pair.overlap
    return matrix


def indistinguishable(sources: EndMembers, *, level: float = 0.95) -> tuple[tuple[str, str], ...]:
    """Pairs of sources whose means the data cannot tell apart at this level."""
    pairs = source_overlap(sources, level=level)
    return tuple((pair.source_a, pair.source_b) for pair in pairs if not pair.distinguishable)


def _spread_root(sources: EndMembers) -> Array:
    spread = mean_spread(sources)
    if spread is None or not np.trace(spread) > 0.0:
        apart = sources.mean - sources.mean.mean(axis=0)
        spread = sources.mean_covariance.mean(axis=0) + apart.T @ apart / len(apart)
    return inverse_root(spread)


def _root(covariance: Array) -> Array:
    values, vectors = np.linalg.eigh(covariance)
    root: Array = vectors * np.sqrt(np.maximum(values, 0.0))[..., None, :]
    return root


def _inside(x: Array, corners: Array) -> Array:
    """Which of n whitened waters are inside one draw of K whitened sources, as 0 or 1."""
    from scipy.special import chdtri

    k, j = corners.shape
    if k > j + 1:
        inside = np.zeros(len(x), dtype=bool)
        for chosen in combinations(range(k), j + 1):
            inside |= _inside(x, corners[list(chosen)]).astype(bool)
        return inside.astype(float)
    a = corners[:-1] - corners[-1]
    from_last = x - corners[-1]
    share = from_last @ np.linalg.pinv(a)
    inside = (share >= 0.0).all(axis=1) & (share.sum(axis=1) <= 1.0)
    if k <= j:
        off = ((from_last - share @ a) ** 2).sum(axis=1)
        inside &= off <= chdtri(j - k + 1, 1.0 - OFF_LEVEL)
    return inside.astype(float)


def _pair(sources: EndMembers, a: int, b: int, level: float) -> SourcePair:
    d = sources.mean[a] - sources.mean[b]
    j = len(d)
    overlap, mahalanobis = float("nan"), float("nan")
    both = sources.covariance[[a, b]]
    pooled = both.mean(axis=0)
    signs, logs = np.linalg.slogdet(np.stack([pooled, *both]))
    if (signs > 0.0).all() and min(sources.n[a], sources.n[b]) > j:
        square = float(d @ np.linalg.solve(pooled, d))
        overlap = float(np.exp(-square / 8.0 - 0.5 * (logs[0] - 0.5 * (logs[1] + logs[2]))))
        mahalanobis = float(np.sqrt(square))
    p = _equal_means_p(d, sources.mean_covariance[[a, b]], sources.dof[[a, b]])
    return SourcePair(sources.names[a], sources.names[b], overlap, mahalanobis, p, bool(p < 1.0 - level))


def _equal_means_p(d: Array, covariance: Array, dof: Array) -> float:
    """p of d = 0 where the two means have covariances V_i with ν_i degrees of freedom (0: known)."""
    from scipy.special import fdtrc

    j = len(d)
    inverse = np.linalg.pinv(covariance.sum(axis=0), hermitian=True)
    square = float(d @ inverse @ d)
    part = covariance @ inverse
    trace = np.trace(part, axis1=1, axis2=2)
    weight = np.trace(part @ part, axis1=1, axis2=2) + trace**2
    per_dof = float((weight[dof > 0.0] / dof[dof > 0.0]).sum())
    if not np.any(covariance):
        return float(not np.any(d))
    nu = min((j + j * j) / per_dof, 1e9) if per_dof > 0.0 else 1e9
    rest = nu - j + 1.0
    return float(fdtrc(j, rest, square * rest / (nu * j))) if rest > 0.0 else 1.0
