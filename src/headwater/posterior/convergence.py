"""How far chains agree and how many draws they are worth, for many quantities at once.

The definitions are those of arviz-stats, to which the tests hold these functions. They are written anew
because that package takes 0.85 s of processor time to import and 1.8 ms a quantity, much of a small fit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

BLOCK = 2**17
"""Draws that are worked on at a time; more leave the cache of a processor."""
TAIL = (0.05, 0.95)
LEAST_DRAWS = 4


@dataclass(frozen=True)
class Convergence:
    """Of Q quantities, each of shape (Q,). NaN: too few draws, or draws that are not finite.

    Attributes
    ----------
    rhat : rank-normalised split R-hat, the larger of bulk and folded; of a constant NaN
    ess_bulk, ess_tail, ess_mean : effective number of draws; of a constant all draws
    mean, sd : of all draws
    mcse : standard error of ``mean``
    constant : all draws are the same number
    """

    rhat: Array
    ess_bulk: Array
    ess_tail: Array
    ess_mean: Array
    mean: Array
    sd: Array
    mcse: Array
    constant: NDArray[np.bool_]


def convergence(draws: ArrayLike) -> Convergence:
    """R-hat, effective draws and standard error of the mean of every quantity.

    R-hat² = (n − 1)/n + B/(n W) of the halves of the chains, for the normal scores z of the ranks of all
    draws and for those of |x − median|. ESS = N/τ, τ = −1 + 2 Σ ρ_t over Geyer's initial monotone sequence,
    for z (bulk), for x (mean), and for [x ≤ q05] and [x ≤ q95], the smaller of the two (tail).
    MCSE = sd/√ESS(mean).
    One chain is compared with itself, half against half.

    Parameters
    ----------
    draws : shape (chains, draws, Q)

    References
    ----------
    Vehtari et al. 2021, Bayesian Analysis 16, 667–718, sections 3 (R-hat, ESS) and 4 (ranks, folds, tails) ·
    Geyer 1992, Statistical Science 7, 473–483, section 3.3
    """
    x = _cube(draws)
    chains, length, quantities = x.shape
    out = np.full((7, quantities), np.nan)
    constant = np.zeros(quantities, bool)
    if chains and length >= LEAST_DRAWS:
        for where, block in _blocks(x):
            out[:, where], constant[where] = _measure(block)
    rhat, ess_bulk, ess_tail, ess_mean, mean, sd, mcse = out
    return Convergence(rhat, ess_bulk, ess_tail, ess_mean, mean, sd, mcse, constant)


def quantile_mcse(draws: ArrayLike, probability: float) -> Array:
    """Standard error of the quantile of every quantity, shape (Q,).

    Half the distance between the order statistics at the 16 and 84 % points of
    Beta(S p + 1, S (1 − p) + 1), S the effective number of [x ≤ q_p].

    Parameters
    ----------
    draws : shape (chains, draws, Q)

    References
    ----------
    Vehtari et al. 2021, section 4
    """
    from scipy.special import betaincinv

    x = _cube(draws)
    out = np.full(x.shape[2], np.nan)
    if not x.shape[0] or x.shape[1] < LEAST_DRAWS:
        return out
    for where, block in _blocks(x):
        rows, size = len(block), block[0].size
        ordered = np.sort(block.reshape(rows, -1), axis=1)
        fine = np.isfinite(ordered[:, [0, -1]]).all(axis=1)
        ess = _ess(_split(block <= _quantile(ordered, probability)[:, None, None]))
        ends = betaincinv(
            ess * probability + 1, ess * (1 - probability) + 1, np.array([[0.1586553], [0.8413447]])
        )
        low = np.floor(np.maximum(ends[0] * size - 1, 0)).astype(int)
        high = np.ceil(np.minimum(ends[1] * size - 1, size - 1)).astype(int)
        row = np.arange(rows)
        with np.errstate(invalid="ignore"):
            out[where] = np.where(fine, (ordered[row, high] - ordered[row, low]) / 2, np.nan)
    return out


def energy_fraction(energy: ArrayLike) -> Array:
    """Estimated Bayesian fraction of missing information of every chain, shape (chains,).

    E-BFMI = mean (E_t − E_{t−1})² / var E: small where the momentum cannot reach all energies.

    References
    ----------
    Betancourt 2016, arXiv:1604.00695, eq. 16
    """
    energy = np.asarray(energy, float)
    if energy.shape[1] < LEAST_DRAWS:
        return np.full(len(energy), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.square(np.diff(energy, axis=1)).mean(axis=1) / energy.var(axis=1, ddof=1))


def _cube(draws: ArrayLike) -> Array:
    x = np.asarray(draws, float)
    if x.ndim != 3:
        raise ValueError(f"draws have shape {x.shape}; wanted is (chains, draws, quantities)")
    return x


def _blocks(x: Array) -> Iterator[tuple[slice, Array]]:
    """Quantities in blocks of shape (quantities, chains, draws), contiguous."""
    width = max(1, BLOCK // (x.shape[0] * x.shape[1]))
    for start in range(0, x.shape[2], width):
        where = slice(start, start + width)
        yield where, np.ascontiguousarray(np.moveaxis(x[:, :, where], 2, 0))


def _measure(block: Array) -> tuple[Array, NDArray[np.bool_]]:
    """The seven numbers of ``Convergence`` of a block of shape (B, chains, draws), and which are constant."""
    rows = len(block)
    ordered = np.sort(block.reshape(rows, -1), axis=1)  # NaN comes last
    with np.errstate(invalid="ignore"):
        fine = np.isfinite(ordered[:, 0]) & np.isfinite(ordered[:, -1])
        constant = fine & (ordered[:, 0] == ordered[:, -1])
    out = np.full((7, rows), np.nan)
    out[1:4, constant] = block[0].size
    out[4, fine] = block[fine].mean(axis=(1, 2))
    out[4, constant] = ordered[constant, 0]
    out[5:7, constant] = 0.0
    moving = fine & ~constant
    if moving.any():
        x, ordered = block[moving], ordered[moving]
        halves = _split(x)
        scores = _normal_scores(halves)
        folded = _normal_scores(np.abs(halves - _median(halves)))
        sd = x.std(axis=(1, 2), ddof=1)
        tails = [_ess(_split(x <= _quantile(ordered, p)[:, None, None])) for p in TAIL]
        ess_mean = _ess(halves)
        out[0, moving] = np.maximum(_rhat(scores), _rhat(folded))
        out[1, moving], out[2, moving], out[3, moving] = _ess(scores), np.minimum(*tails), ess_mean
        out[5, moving], out[6, moving] = sd, sd / np.sqrt(ess_mean)
    return out, constant


def _split(x: NDArray[np.generic]) -> Array:
    """Halves of chains as chains; the middle draw of an odd number is left out."""
    half = x.shape[2] // 2
    return np.concatenate([x[:, :, :half], x[:, :, -half:]], axis=1, dtype=float)


def _median(halves: Array) -> Array:
    return np.median(halves.reshape(len(halves), -1), axis=1)[:, None, None]


def _quantile(ordered: Array, p: float) -> Array:
    """Type 7 quantile of ordered rows."""
    at = p * (ordered.shape[1] - 1)
    low = int(at)
    high = min(low + 1, ordered.shape[1] - 1)
    below, above = ordered[:, low], ordered[:, high]
    with np.errstate(invalid="ignore"):
        return np.asarray(below + (at - low) * (above - below))


@lru_cache(maxsize=8)
def _score_table(size: int) -> Array:
    """Normal score (Blom 1958) by twice the rank: ranks of ties are halves."""
    quantile = NormalDist().inv_cdf
    return np.array([0.0, 0.0] + [quantile((i / 2 - 0.375) / (size + 0.25)) for i in range(2, 2 * size + 1)])


def _normal_scores(x: Array) -> Array:
    """Normal scores of the ranks within rows; ties share the mean rank."""
    flat = x.reshape(len(x), -1)
    size = flat.shape[1]
    order = np.argsort(flat, axis=1)
    ordered = np.take_along_axis(flat, order, axis=1)
    rank = np.arange(size)
    new = np.ones(flat.shape, bool)
    new[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    first = np.maximum.accumulate(np.where(new, rank, 0), axis=1)
    ends = np.ones(flat.shape, bool)
    ends[:, :-1] = new[:, 1:]
    last = np.minimum.accumulate(np.where(ends, rank, size)[:, ::-1], axis=1)[:, ::-1]
    scores = np.empty(flat.shape)
    np.put_along_axis(scores, order, _score_table(size)[first + last + 2], axis=1)
    return scores.reshape(x.shape)


def _rhat(halves: Array) -> Array:
    """sqrt((n − 1)/n + B/(n W)); huge or infinite where no chain moves but all differ."""
    n = halves.shape[2]
    between = n * halves.mean(axis=2).var(axis=1, ddof=1)
    within = halves.var(axis=2, ddof=1).mean(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.sqrt((between / within + n - 1) / n))


def _ess(halves: Array) -> Array:
    """Effective draws of chains of shape (B, chains, draws); all draws where a row is constant."""
    chains, n = halves.shape[1:]
    size = chains * n
    constant = halves.max(axis=(1, 2)) == halves.min(axis=(1, 2))
    means = halves.mean(axis=2, keepdims=True)
    covariance = _autocovariance(halves - means)
    within = covariance[:, :1] * n / (n - 1)
    total = covariance[:, :1] + means[:, :, 0].var(axis=1, ddof=1)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        rho = 1 - (within - covariance) / total
    rho[:, 0] = 1
    # Geyer: sums of pairs (ρ_2k + ρ_2k+1) while they are positive, made monotone; then the last even lag.
    pairs = max((n - 3) // 2, 0) + 1
    sums = rho[:, 0 : 2 * pairs : 2] + rho[:, 1 : 2 * pairs : 2]
    ended = ~(sums > 0)
    last = np.where(ended.any(axis=1), ended.argmax(axis=1), pairs - 1)
    row = np.arange(len(halves))
    even = rho[row, 2 * last]
    even = np.where((even > 0) | (sums[row, last] >= 0), even, 0.0)
    before = np.arange(pairs) < last[:, None]
    tau = -1 + 2 * np.where(before, np.minimum.accumulate(sums, axis=1), 0.0).sum(axis=1) + even
    return np.where(constant, size, size / np.maximum(tau, 1 / np.log10(size)))


def _autocovariance(centred: Array) -> Array:
    """Mean over chains of the autocovariance (divided by n) at all lags, shape (B, n)."""
    n = centred.shape[2]
    wide = 1 << (2 * n - 1).bit_length()
    spectrum = np.fft.rfft(centred, n=wide, axis=2)
    power = (spectrum.real**2 + spectrum.imag**2).mean(axis=1)
    return np.asarray(np.fft.irfft(power, n=wide, axis=1)[:, :n] / n)
