"""Surrogates keep what they promise, and lose the rest."""

from __future__ import annotations

import numpy as np
import pytest

from headwater.stats import phase_surrogates, random_phases


@pytest.mark.parametrize("length", [40, 41])
def test_mean_variance_and_spectrum_stay(length):
    rng = np.random.default_rng(1)
    series = np.cumsum(rng.standard_normal((3, length)), axis=1) + 5
    found = phase_surrogates(series, random_phases(20, length, rng=rng))
    assert found.shape == (3, 20, length)
    np.testing.assert_allclose(found.mean(axis=-1), np.repeat(series.mean(axis=1)[:, None], 20, 1))
    spectrum = np.abs(np.fft.rfft(series))
    np.testing.assert_allclose(np.abs(np.fft.rfft(found)), np.repeat(spectrum[:, None], 20, 1), atol=1e-9)


def test_shared_phases_keep_correlations_between_series():
    rng = np.random.default_rng(2)
    series = rng.multivariate_normal([0, 0], [[1, 0.7], [0.7, 1]], 200).T
    found = phase_surrogates(series, random_phases(10, 200, rng=rng))
    for k in range(10):
        assert np.corrcoef(found[:, k])[0, 1] == pytest.approx(np.corrcoef(series)[0, 1])


def test_surrogates_are_not_like_the_series_nor_like_each_other():
    rng = np.random.default_rng(3)
    series = rng.standard_normal(500)
    found = phase_surrogates(series, random_phases(50, 500, rng=rng))
    r = np.corrcoef(np.vstack([series, found]))[np.triu_indices(51, 1)]
    # The squared amplitudes of white noise are exponential: Σ A⁴ / (Σ A²)² is twice that of equal ones.
    assert abs(r.mean()) < 0.01 and np.std(r) == pytest.approx(np.sqrt(2 / 500), rel=0.1)
