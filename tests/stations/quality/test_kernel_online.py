"""Sliding sums, means and variances are those of pandas 2.1.4, bit for bit."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
import pytest

from headwater.stations.quality.kernels import online

OF_PANDAS_2_1_4 = "31fc4bd3065d12e74a2ccd00a1072836"
"""Over what ``all_windows`` gives with ``pandas.Series.rolling`` of that version (numpy 1.26.4)."""


def walks() -> list[np.ndarray]:
    """Series with repeats, gaps, several scales and signs, built without a generator of random numbers."""
    t = np.arange(300)
    made = []
    for k in range(60):
        steps = ((t * (2 * k + 7919) + k * 104729) * 2654435761 % 1000003) / 1000003 - 0.5
        walk = np.round(np.cumsum(steps) * (0.1, 1, 10)[k % 3], k % 4)
        walk = np.repeat(walk, 4)[:300] if k % 2 else walk
        walk[(t * 31 + k) % 11 == 0] = np.nan if k % 3 == 0 else walk[0]
        if k % 5 == 0:
            walk[40:90] = np.nan
        made.append(np.abs(walk) if k % 4 == 0 else walk)
    return made


def all_windows() -> list[np.ndarray]:
    """Ours."""
    kernel, out = online(), []
    for walk in walks():
        out.append(kernel.sliding(walk, 23, 0, 1, kernel.SUM))
        out.append(kernel.sliding(walk, 12, 12, 4, kernel.MEAN))
        out.append(kernel.sliding(walk, 12, 0, 13, kernel.MEAN))
        out.append(kernel.sliding_variance(walk, 13, 13))
        out.append(kernel.sliding_variance(walk, 25, 1))
    return out


def hash_of(windows: list[np.ndarray]) -> str:
    """Hash over all bits; NaN of any kind and zero of any sign count as one."""
    flat = np.concatenate(windows) + 0.0
    flat[np.isnan(flat)] = np.nan
    return hashlib.sha256(flat.tobytes()).hexdigest()[:32]


def test_windows_have_the_bits_of_pandas() -> None:
    assert hash_of(all_windows()) == OF_PANDAS_2_1_4


def test_windows_are_those_of_any_pandas_but_for_rounding() -> None:
    kernel = online()
    for walk in walks():
        series = pd.Series(walk)
        centred = series.rolling(25, min_periods=4, center=True)
        pairs = [
            (kernel.sliding(walk, 23, 0, 1, kernel.SUM), series.rolling(24, min_periods=1).sum()),
            (kernel.sliding(walk, 12, 12, 4, kernel.MEAN), centred.mean()),
            (kernel.sliding_variance(walk, 13, 13), series.rolling(13, min_periods=13).var()),
        ]
        for ours, theirs in pairs:
            assert np.allclose(ours, theirs, rtol=1e-9, atol=1e-9, equal_nan=True)


def test_a_window_of_equal_values_is_exact() -> None:
    values = np.concatenate([[1e9, 0.3], np.full(13, 0.1)])
    assert online().sliding_variance(values, 13, 13)[-1] == 0
    assert online().sliding(values, 12, 0, 13, online().MEAN)[-1] == 0.1
    assert online().sliding(values, 12, 0, 13, online().SUM)[-1] == pytest.approx(1.3, abs=1e-15)
