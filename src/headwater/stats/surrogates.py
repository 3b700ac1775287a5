"""Series with the spectrum of a given one and random phases, for tests that leave autocorrelation alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def random_phases(count: int, length: int, *, rng: np.random.Generator) -> NDArray[np.complex128]:
    """Factors of modulus 1, shape (count, length // 2 + 1), that turn the phases of ``count`` surrogates.

    The mean keeps its phase; where ``length`` is even, the highest frequency keeps a real value.
    """
    turned = np.exp(2j * np.pi * rng.random((count, length // 2 + 1)))
    turned[:, 0] = 1.0
    if length % 2 == 0:
        turned[:, -1] = np.where(turned[:, -1].real < 0, -1.0, 1.0)
    return turned


def phase_surrogates(series: ArrayLike, turned: NDArray[np.complex128]) -> Array:
    """Surrogates of series with their means and amplitudes (Theiler et al. 1992, Physica D 58, 77).

    Parameters
    ----------
    series : shape (…, length), nothing missing
    turned : from ``random_phases``, shape (count, length // 2 + 1)

    Returns
    -------
    shape (…, count, length). Series that share phases keep their correlations with each other
    """
    from scipy.fft import irfft, rfft

    series = np.asarray(series, float)
    amplitudes = rfft(series, axis=-1)
    return np.asarray(irfft(amplitudes[..., None, :] * turned, series.shape[-1], axis=-1))
