"""Covariances in Bartlett coordinates, C = F F' with F = G B⁻ᵀ, and the way back of their slopes.

B is lower triangular, B_ii = exp(L_i / 2): C⁻¹ ~ Wishart(ν, (G G')⁻¹) where exp(L_i) ~ χ² with ν − i + 1
degrees and B_ij ~ N(0, 1) (Bartlett 1933). The log prior of a row is

    Σ_i (coef_i L_i − ½ penalty e^{L_i}) − ½ penalty Σ_{i>j} B_ij²
        − Σ_j (α_j log C_jj + β_j C_jj^{−½} + γ_j C_jj),

which, with the Jacobian in ``coef``, also holds other priors of sd and correlation.
"""

import numpy as np
from numba import njit

from headwater.mixing.bayes import kernel_gaussian_slots as at
from headwater.mixing.bayes.kernel_gaussian_slots import ONE


@njit(cache=True, error_model="numpy")
def roots(position, floats, h, work):  # type: ignore[no-untyped-def]
    """Log prior of all rows. Fills F, B⁻ᵀ and C of each, and zeros for their slopes."""
    J = h[at.TRACERS]
    total = 0.0
    for row in range(h[at.ROWS]):
        first = row * J * J
        g, f, c = h[at.ROOT] + first, h[at.W_ROOT] + first, h[at.W_VARIANCE] + first
        y, latent = h[at.W_TRIANGLE] + first, h[h[at.LATENT] + row]
        for i in range(J * J):
            work[f + i] = floats[g + i]
            work[h[at.W_BY_VARIANCE] + first + i] = work[h[at.W_BY_ROOT] + first + i] = 0.0
        if latent > 0:
            total += _triangle(row, latent - ONE, y, position, floats, h, work)
            for i in range(J):
                for j in range(J):
                    s = 0.0
                    for k in range(j + ONE):
                        s += floats[g + i * J + k] * work[y + k * J + j]
                    work[f + i * J + j] = s
        for i in range(J):
            for j in range(J):
                s = 0.0
                for k in range(J):
                    s += work[f + i * J + k] * work[f + j * J + k]
                work[c + i * J + j] = s
            alpha = floats[h[at.ALPHA] + row * J + i]
            if alpha != 0.0:
                variance = work[c + i * J + i]
                total -= alpha * np.log(variance) + floats[h[at.GAMMA] + row * J + i] * variance
                total -= floats[h[at.BETA] + row * J + i] / np.sqrt(variance)
    return total


@njit(cache=True, error_model="numpy")
def _triangle(row, latent, y, position, floats, h, work):  # type: ignore[no-untyped-def]
    """Puts B⁻ᵀ at ``y``; the part of the log prior that is in L and B."""
    J, full, penalty = h[at.TRACERS], h[h[at.FULL] + row], floats[h[at.PENALTY] + row]
    total, below = 0.0, latent + J
    for i in range(J):
        a = row * J + i
        x = floats[h[at.CENTRE] + a] + floats[h[at.STEP] + a] * position[latent + i]
        total += floats[h[at.COEF] + a] * x - 0.5 * penalty * np.exp(x)
        own = np.exp(-0.5 * x)
        work[y + i * J + i] = own
        for j in range(i):
            s = 0.0
            if full:
                for k in range(j, i):
                    s -= position[below + k] * work[y + j * J + k]
                total -= 0.5 * penalty * position[below + j] ** 2
            work[y + j * J + i] = s * own
            work[y + i * J + j] = 0.0
        below += i
    return total


@njit(cache=True, error_model="numpy")
def roots_back(position, gradient, floats, h, work):  # type: ignore[no-untyped-def]
    """Turns the slopes by C and by F (as F'∂F, symmetric) into those by the position."""
    J, spare = h[at.TRACERS], h[at.W_SPARE]
    for row in range(h[at.ROWS]):
        if h[h[at.LATENT] + row] == 0:
            continue
        first = row * J * J
        c, by_c = h[at.W_VARIANCE] + first, h[at.W_BY_VARIANCE] + first
        f, d = h[at.W_ROOT] + first, h[at.W_BY_ROOT] + first
        for j in range(J):
            a, variance = row * J + j, work[c + j * J + j]
            if floats[h[at.ALPHA] + a] != 0.0:
                slope = floats[h[at.GAMMA] + a] + floats[h[at.ALPHA] + a] / variance
                slope -= 0.5 * floats[h[at.BETA] + a] / (variance * np.sqrt(variance))
                work[by_c + j * J + j] -= slope
        for i in range(J):
            for j in range(J):
                s = 0.0
                for k in range(J):
                    s += work[by_c + i * J + k] * work[f + k * J + j]
                work[spare + i * J + j] = 2.0 * s
        for i in range(J):
            for j in range(J):
                s = 0.0
                for k in range(J):
                    s += work[f + k * J + i] * work[spare + k * J + j]
                work[d + i * J + j] += s
        _triangle_back(row, d, position, gradient, floats, h, work)


@njit(cache=True, error_model="numpy")
def _triangle_back(row, d, position, gradient, floats, h, work):  # type: ignore[no-untyped-def]
    """Adds the slopes by L and B, which are −B⁻ᵀ D in the lower triangle, and those of the prior."""
    J, latent = h[at.TRACERS], h[h[at.LATENT] + row] - ONE
    y, penalty, below = h[at.W_TRIANGLE] + row * J * J, floats[h[at.PENALTY] + row], latent + J
    for i in range(J):
        a = row * J + i
        step = floats[h[at.STEP] + a]
        for j in range(i + ONE):
            s = 0.0
            for k in range(i, J):
                s -= work[y + i * J + k] * work[d + k * J + j]
            if i == j:
                own = work[y + i * J + i]
                prior = floats[h[at.COEF] + a] - 0.5 * penalty / (own * own)
                gradient[latent + i] += step * (0.5 * s / own + prior)
            elif h[h[at.FULL] + row]:
                gradient[below + j] += s - penalty * position[below + j]
        below += i
