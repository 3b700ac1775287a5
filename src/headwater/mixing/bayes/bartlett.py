"""Priors of covariances in Bartlett coordinates: C = F F', F = G B⁻ᵀ, B lower triangular."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from math import lgamma

import numpy as np
from numpy.typing import NDArray

from headwater.mixing.bayes.family import Array, Integers

SD_PRIOR = 0.001
"""Shape and rate of MixSIAR's gamma priors: of 1/sd (raw sources), of the precision of a single tracer."""


@dataclass(frozen=True)
class Covariances:
    """Priors of M covariances; the log prior is in ``kernel_gaussian_bartlett``.

    Attributes
    ----------
    root : shape (M, J, J), G
    known : shape (M,), C = G G'
    full : shape (M,), whether B has more than its diagonal
    centre, step, coef : shape (M, J); B_ii = exp(L_i / 2), L = centre + step u at the latent u
    penalty : shape (M,)
    alpha, beta, gamma : shape (M, J), prior of the diagonal of C
    constant : of the log prior of all
    """

    root: Array
    known: NDArray[np.bool_]
    full: NDArray[np.bool_]
    centre: Array
    step: Array
    coef: Array
    penalty: Array
    alpha: Array
    beta: Array
    gamma: Array
    constant: float

    @property
    def size(self) -> Integers:
        """Shape (M,), latents of each: L of every tracer, then B row by row."""
        j = self.root.shape[1]
        return np.where(self.known, 0, j + np.where(self.full, j * (j - 1) // 2, 0)).astype(np.int64)

    def roots(self, latents: Array) -> Array:
        """F of D draws, shape (D, M, J, J), from latents (D, Σ size)."""
        m, j = self.root.shape[:2]
        diagonal, lower = np.arange(j), np.tril_indices(j, -1)
        b = np.zeros((len(latents), m, j, j))
        b[:, :, diagonal, diagonal] = 1.0
        end = np.cumsum(self.size)
        for i in np.flatnonzero(~self.known):
            own = latents[:, end[i] - self.size[i] : end[i]]
            b[:, i, diagonal, diagonal] = np.exp(0.5 * (self.centre[i] + self.step[i] * own[:, :j]))
            if self.full[i]:
                b[:, i, lower[0], lower[1]] = own[:, j:]
        turned = np.linalg.solve(b, np.broadcast_to(np.swapaxes(self.root, 1, 2), b.shape))
        return np.asarray(np.swapaxes(turned, 2, 3))

    def joined(self, other: Covariances) -> Covariances:
        """These, then those."""
        parts = {
            f.name: np.concatenate([getattr(self, f.name), getattr(other, f.name)])
            for f in fields(self)
            if f.name != "constant"
        }
        return Covariances(**parts, constant=self.constant + other.constant)


def wishart(root: Array, dof: Array, known: NDArray[np.bool_], *, full: bool) -> Covariances:
    """C⁻¹ ~ Wishart with scale (G G')⁻¹: the squared diagonal of B is χ² with ``dof`` (M, J) degrees.

    References
    ----------
    Bartlett (1933), Proc. R. Soc. Edinburgh 53, 260–283.
    """
    m, j = dof.shape
    own = ~known[:, None]
    half = dof / 2.0
    step = np.sqrt(1.0 / half)
    constant = np.where(own, np.log(step) - half * np.log(2.0) - _log_gamma(half), 0.0).sum()
    many = full and j > 1
    if many:
        constant -= 0.5 * np.log(2.0 * np.pi) * (j * (j - 1) // 2) * own.sum()
    return Covariances(
        root=root,
        known=known,
        full=np.full(m, many) & ~known,
        centre=np.log(dof),
        step=step,
        coef=np.where(own, half, 0.0),
        penalty=np.ones(m),
        alpha=np.zeros((m, j)),
        beta=np.zeros((m, j)),
        gamma=np.zeros((m, j)),
        constant=float(constant),
    )


def mixsiar_residual(j: int) -> Covariances:
    """Precision ~ Wishart(I, J + 1); of a single tracer ~ Gamma(0.001, 0.001)."""
    if j == 1:
        one = np.full((1, 1), 2.0 * SD_PRIOR)
        wide = wishart(np.sqrt(one)[None], one, np.zeros(1, dtype=bool), full=False)
        constant = wide.constant - float(np.log(wide.step).sum())
        return replace(
            wide, step=np.ones((1, 1)), constant=constant
        )  # the data, not the prior, set the scale
    return wishart(np.eye(j)[None], _falling(j), np.zeros(1, dtype=bool), full=True)


def free_residual(sd_scale: Array) -> Covariances:
    """Sds half-normal with scales (J,), all valid correlations alike (LKJ with η = 1).

    The Jacobian from (sd, correlation) to Bartlett coordinates lies in ``coef`` and ``alpha``; the volume of
    the correlation matrices is that of Lewandowski et al.

    References
    ----------
    Lewandowski, Kurowicka, Joe (2009), J. Multivar. Anal. 100, 1989–2001, eq. 16.
    """
    j = len(sd_scale)
    base = wishart(np.diag(sd_scale)[None], _falling(j), np.zeros(1, dtype=bool), full=True)
    rest = np.arange(j - 1.0, 0.0, -1.0)
    log_beta = 2.0 * _log_gamma(0.5 + rest / 2.0) - _log_gamma(1.0 + rest)
    constant = j * np.log(sd_scale).sum() - j * np.log(2.0) + 0.5 * j * np.log(2.0 / np.pi)
    constant += np.log(base.step).sum() - (rest**2 * np.log(2.0) + rest * log_beta).sum()
    return replace(
        base,
        coef=-(j + np.arange(1.0, j + 1.0))[None] / 2.0,
        penalty=np.zeros(1),
        alpha=np.full((1, j), j / 2.0),
        gamma=0.5 / sd_scale[None] ** 2,
        constant=float(constant),
    )


def _falling(j: int) -> Array:
    return np.arange(j + 1.0, 1.0, -1.0)[None]


def _log_gamma(x: Array) -> Array:
    return np.array([lgamma(value) for value in x.reshape(-1)]).reshape(x.shape)
