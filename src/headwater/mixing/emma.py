"""Diagnostics of end-member mixing: how many end members the mixture itself asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import ArrayLike

from headwater.errors import InputRefused
from headwater.mixing.endmembers import Array, EndMembers
from headwater.mixing.refuse import check_tracers

STRUCTURE_LEVEL = 0.05


@dataclass(frozen=True)
class Projection:
    """Waters projected into the first m directions of a mixing space.

    Attributes
    ----------
    dimension : m
    scores : shape (n, m), coordinates in U space
    residual : shape (n, J), projected − measured, in units of the tracers
    rrmse : shape (J,), root mean square of the residual / |mean of the tracer|
    bias : shape (J,), mean of the residual / |mean of the tracer|; 0 for the waters that made the space
    """

    dimension: int
    scores: Array
    residual: Array
    rrmse: Array
    bias: Array


@dataclass(frozen=True)
class Emma:
    """Mixing space of one set of waters.

    Attributes
    ----------
    tracers : J names
    mean, sd : shape (J,), used to standardise
    eigenvectors : shape (J, J), one direction a row, largest variance first
    explained : shape (J,), part of the variance of the standardised tracers
    projections : J projections, into 1 … J dimensions
    residual_p : shape (J, J), [dimension − 1, tracer]: probability of a residual with as much structure
        were there none; NaN in all J dimensions, where nothing is left over
    rule_of_one : directions that explain at least as much as one tracer (1/J)
    n_end_members : 1 + the dimension chosen
    reason : why that dimension
    sources : K names of possible end members
    source_scores : shape (K, m), in the chosen dimension
    source_distance : shape (K, J), [source, dimension − 1]: distance of each source from its projection, in
        standard deviations of the tracers
    """

    tracers: tuple[str, ...]
    mean: Array
    sd: Array
    eigenvectors: Array
    explained: Array
    projections: tuple[Projection, ...]
    residual_p: Array
    rule_of_one: int
    n_end_members: int
    reason: str
    sources: tuple[str, ...]
    source_scores: Array
    source_distance: Array

    def rows(self) -> list[dict[str, float | int | str]]:
        """One row a dimension and tracer, as the table ``emma`` of a study has them."""
        return [
            {
                "dimension": here.dimension,
                "explained": float(self.explained[: here.dimension].sum()),
                "tracer": tracer,
                "rrmse": float(here.rrmse[j]),
                "bias": float(here.bias[j]),
                "residual_p": float(self.residual_p[here.dimension - 1, j]),
                "n_end_members": self.n_end_members,
                "reason": self.reason,
            }
            for here in self.projections
            for j, tracer in enumerate(self.tracers)
        ]


def emma(
    samples: ArrayLike,
    *,
    tracers: Sequence[str],
    sources: EndMembers | None = None,
    analytical_sd: ArrayLike | None = None,
) -> Emma:
    """Mixing space of the waters, the residuals in each dimension, and how many end members they need.

    Tracers are standardised, Z = (X − mean)/sd; V holds the eigenvectors of their correlation matrix;
    in m dimensions Z is replaced by Z V_m' V_m. Straight-line structure of a residual against the measured
    tracer is left by every projection, even of pure noise (r² = residual variance / total variance), so
    the structure tested here is what noise cannot leave: curvature of the residual over the retained scores
    (F test of all squares and products) and, where ``analytical_sd`` is given, a residual larger than it
    (χ², which takes errors to be a similar part of each tracer's sd). The smallest dimension that the rule
    of one allows and that no tracer's residual speaks against (p ≥ 0.05/J) is chosen.

    Parameters
    ----------
    samples : float, shape (n, J), waters of the mixture
    tracers : J names
    sources : possible end members, to be projected into the space
    analytical_sd : float, shape (J,), of one measurement

    Raises
    ------
    InputRefused
        Fewer than two tracers or J + 2 waters; constant or linearly dependent tracers.

    References
    ----------
    Christophersen, Hooper (1992), Water Resour. Res. 28, 99–107; Hooper (2003), Water Resour. Res. 39,
    1055: residuals, rule of one, RRMSE and relative bias.
    """
    if len(tracers) < 2:
        raise InputRefused(f"one tracer ({', '.join(tracers)}): EMMA needs two; add a tracer")
    check_tracers(samples, tracers)
    x = np.asarray(samples, dtype=float)
    j = x.shape[1]
    mean, sd = x.mean(axis=0), x.std(axis=0, ddof=1)
    _, length, vectors = np.linalg.svd((x - mean) / sd, full_matrices=False)
    explained = length**2 / (length @ length)
    projections = tuple(project(x, mean, sd, vectors, m) for m in range(1, j + 1))
    error = None if analytical_sd is None else np.asarray(analytical_sd, dtype=float)
    residual_p = np.stack([_structure_p(here, vectors, sd, error) for here in projections])
    ones = max(1, int((explained * j >= 1.0).sum()))
    dimension, reason = _choose(tracers, residual_p, ones, projections)
    points = np.empty((0, j)) if sources is None else _aligned(sources, tracers)
    standard = (points - mean) / sd @ vectors.T
    beyond = np.cumsum((standard**2)[:, ::-1], axis=1)[:, ::-1]
    return Emma(
        tracers=tuple(tracers),
        mean=mean,
        sd=sd,
        eigenvectors=vectors,
        explained=explained,
        projections=projections,
        residual_p=residual_p,
        rule_of_one=ones,
        n_end_members=dimension + 1,
        reason=reason,
        sources=() if sources is None else sources.names,
        source_scores=standard[:, :dimension],
        source_distance=np.sqrt(np.concatenate([beyond[:, 1:], np.zeros((len(points), 1))], axis=1)),
    )


def project(samples: Array, mean: Array, sd: Array, vectors: Array, dimension: int) -> Projection:
    """Waters (n, J) in ``dimension`` directions of a mixing space, which may be that of another stream.

    Parameters
    ----------
    samples : float, shape (n, J)
    mean, sd, vectors : of the space, as ``Emma`` has them
    dimension : 1 … J
    """
    kept = vectors[:dimension]
    scores = (samples - mean) / sd @ kept.T
    residual = scores @ kept * sd + mean - samples
    level = np.abs(samples.mean(axis=0))
    with np.errstate(divide="ignore", invalid="ignore"):
        rrmse = np.sqrt((residual**2).mean(axis=0)) / level
        bias = residual.mean(axis=0) / level
    return Projection(dimension, scores, residual, rrmse, bias)


def _aligned(sources: EndMembers, tracers: Sequence[str]) -> Array:
    if sources.tracers != tuple(tracers):
        raise InputRefused(
            f"the sources have tracers {sources.tracers}, the waters {tuple(tracers)}: both need the same"
        )
    return sources.mean


def _structure_p(here: Projection, vectors: Array, sd: Array, error: Array | None) -> Array:
    """Probability (J,) of the structure in each residual, if there were only noise."""
    from scipy.special import chdtrc

    n, j = here.residual.shape
    m = here.dimension
    if m == j:
        return np.full(j, np.nan)
    p = _curvature_p(here)
    if error is None:
        return p
    left = np.eye(j) - vectors[:m].T @ vectors[:m]
    expected = (left**2 @ (error / sd) ** 2) * sd**2
    free = n - 1 - m
    with np.errstate(divide="ignore"):
        too_large = chdtrc(free, (here.residual**2).sum(axis=0) / expected)
    return np.minimum(1.0, 2.0 * np.minimum(p, too_large))


def _curvature_p(here: Projection) -> Array:
    """F test (J,) of all squares and products of the scores in each residual."""
    from scipy.special import fdtrc

    n, m = here.scores.shape
    unit = here.scores / here.scores.std(axis=0)
    bent = [unit[:, a] * unit[:, b] for a, b in combinations_with_replacement(range(m), 2)]
    free = n - 1 - m - len(bent)
    if free < 1:
        return np.full(here.residual.shape[1], np.nan)
    plain = np.column_stack([np.ones(n), unit])
    design = np.column_stack([plain, *bent])
    before = here.residual - plain @ np.linalg.lstsq(plain, here.residual, rcond=None)[0]
    after = here.residual - design @ np.linalg.lstsq(design, here.residual, rcond=None)[0]
    noise = (after**2).sum(axis=0)
    gain = np.maximum((before**2).sum(axis=0) - noise, 0.0)
    floor = np.finfo(float).tiny
    p: Array = fdtrc(len(bent), free, gain / len(bent) / np.maximum(noise / free, floor))
    return p


def _choose(
    tracers: Sequence[str], residual_p: Array, ones: int, projections: tuple[Projection, ...]
) -> tuple[int, str]:
    """Dimension and the reason for it, in words."""
    j = len(tracers)
    limit = STRUCTURE_LEVEL / j
    said = []
    for m in range(ones, j):
        p = residual_p[m - 1]
        if np.isnan(p).all():
            said.append(f"{m}: too few waters to test the residuals")
            continue
        worst = int(np.nanargmin(p))
        if p[worst] >= limit:
            note = f"rule of one gives {ones}; " + "".join(f"{part}; " for part in said)
            large = int(np.argmax(projections[m - 1].rrmse))
            return m, (
                f"{note}{m}: no structure in any residual (smallest p {p[worst]:.2g}, {tracers[worst]}; "
                f"largest RRMSE {projections[m - 1].rrmse[large]:.2g}, {tracers[large]})"
            )
        said.append(f"{m}: residual of {tracers[worst]} has structure (p {p[worst]:.2g})")
    note = f"rule of one gives {ones}; " + "".join(f"{part}; " for part in said)
    return j, f"{note}{j}: all directions of the tracers are needed"
