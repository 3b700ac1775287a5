"""Covariances in Bartlett coordinates, C = F F' with F = G B⁻ᵀ, and the way back of their gradients.

B is lower triangular, B_ii = exp(L_i / 2): C⁻¹ ~ Wishart(ν, (G G')⁻¹) where exp(L_i) ~ χ² with ν − i + 1
degrees and B_ij ~ N(0, 1) (Bartlett 1933). The log prior of a row is

    Σ_i (coef_i L_i − ½ penalty e^{L_i}) − ½ penalty Σ_{i>j} B_ij²
        − Σ_j (α_j log C_jj + β_j C_jj^{−½} + γ_j C_jj),

which, with the Jacobian in ``coef``, also holds other priors of sd and correlation.
"""

import numpy as np
from numba import njit

from headwater.mixing.bayes import kernel_gaussian_slots as at


@njit(cache=True, error_model="numpy")
def roots(position, floats, ints, work):  # type: ignore[no-untyped-def]
    """Log prior of all rows. Fills F, B⁻ᵀ and C of each, and zeros for their gradients."""
    J = ints[at.TRACERS]
    total = 0.0
    for row in range(ints[at.ROWS]):
        first = row * J * J
        g, f, c = ints[at.ROOT] + first, ints[at.W_ROOT] + first, ints[at.W_VARIANCE] + first
        y = ints[at.W_TRIANGLE] + first
        for i in range(J * J):
            work[f + i] = floats[g + i]
            work[ints[at.W_BY_VARIANCE] + first + i] = work[ints[at.W_BY_ROOT] + first + i] = 0.0
        if ints[ints[at.LATENT] + row] >= 0:
            total += _triangle(row, y, position, floats, ints, work)
            for i in range(J):
                for j in range(J):
                    s = 0.0
                    for k in range(j + 1):
                        s += floats[g + i * J + k] * work[y + k * J + j]
                    work[f + i * J + j] = s
        for i in range(J):
            for j in range(J):
                s = 0.0
                for k in range(J):
                    s += work[f + i * J + k] * work[f + j * J + k]
                work[c + i * J + j] = s
        if ints[ints[at.LATENT] + row] >= 0:
            for j in range(J):
                alpha, beta = floats[ints[at.ALPHA] + row * J + j], floats[ints[at.BETA] + row * J + j]
                variance = work[c + j * J + j]
                if alpha != 0.0:
                    total -= alpha * np.log(variance) + beta / np.sqrt(variance)
                    total -= floats[ints[at.GAMMA] + row * J + j] * variance
    return total


@njit(cache=True, error_model="numpy")
def _triangle(row, y, position, floats, ints, work):  # type: ignore[no-untyped-def]
    """Puts B⁻ᵀ at ``y``; the part of the log prior that is in L and B."""
    J, latent = ints[at.TRACERS], ints[ints[at.LATENT] + row]
    full, penalty = ints[ints[at.FULL] + row], floats[ints[at.PENALTY] + row]
    total = 0.0
    for i in range(J):
        a = row * J + i
        x = floats[ints[at.CENTRE] + a] + floats[ints[at.STEP] + a] * position[latent + i]
        total += floats[ints[at.COEF] + a] * x - 0.5 * penalty * np.exp(x)
        own = np.exp(-0.5 * x)
        work[y + i * J + i] = own
        off = latent + J + i * (i - 1) // 2
        for j in range(i):
            s = 0.0
            if full:
                for k in range(j, i):
                    s -= position[off + k] * work[y + j * J + k]
                total -= 0.5 * penalty * position[off + j] ** 2
            work[y + j * J + i] = s * own
            work[y + i * J + j] = 0.0
    return total


@njit(cache=True, error_model="numpy")
def roots_back(position, gradient, floats, ints, work):  # type: ignore[no-untyped-def]
    """Turns the gradients by C and by F (as F'∂F, symmetric) into those by the position."""
    J = ints[at.TRACERS]
    for row in range(ints[at.ROWS]):
        if ints[ints[at.LATENT] + row] < 0:
            continue
        first = row * J * J
        c, by_c = ints[at.W_VARIANCE] + first, ints[at.W_BY_VARIANCE] + first
        f, d, spare = ints[at.W_ROOT] + first, ints[at.W_BY_ROOT] + first, ints[at.W_SPARE]
        for j in range(J):
            a, variance = row * J + j, work[c + j * J + j]
            slope = floats[ints[at.GAMMA] + a] + floats[ints[at.ALPHA] + a] / variance
            slope -= 0.5 * floats[ints[at.BETA] + a] / (variance * np.sqrt(variance))
            if floats[ints[at.ALPHA] + a] != 0.0:
                work[by_c + j * J + j] -= slope
        for i in range(J):
            for j in range(J):
                s = 0.0
                for k in range(J):
                    s += work[by_c + i * J + k] * work[f + k * J + j]
                work[spare + i * J + j] = s
        for i in range(J):
            for j in range(J):
                s = 0.0
                for k in range(J):
                    s += work[f + k * J + i] * work[spare + k * J + j]
                work[d + i * J + j] += 2.0 * s
        _triangle_back(row, d, position, gradient, floats, ints, work)


@njit(cache=True, error_model="numpy")
def _triangle_back(row, d, position, gradient, floats, ints, work):  # type: ignore[no-untyped-def]
    """Adds the gradients by L and B, which are −B⁻ᵀ D in the lower triangle, and those of the prior."""
    J, latent = ints[at.TRACERS], ints[ints[at.LATENT] + row]
    y, penalty = ints[at.W_TRIANGLE] + row * J * J, floats[ints[at.PENALTY] + row]
    for i in range(J):
        a = row * J + i
        step = floats[ints[at.STEP] + a]
        x = floats[ints[at.CENTRE] + a] + step * position[latent + i]
        off = latent + J + i * (i - 1) // 2
        for j in range(i + 1):
            s = 0.0
            for k in range(i, J):
                s -= work[y + i * J + k] * work[d + k * J + j]
            if i == j:
                prior = floats[ints[at.COEF] + a] - 0.5 * penalty * np.exp(x)
                gradient[latent + i] += step * (0.5 * s * np.exp(0.5 * x) + prior)
            elif ints[ints[at.FULL] + row]:
                gradient[off + j] += s - penalty * position[off + j]
