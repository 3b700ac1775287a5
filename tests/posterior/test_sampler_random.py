"""Random numbers of the compiled sampler."""

from __future__ import annotations

import numpy as np
from scipy import stats

from headwater.posterior.kernel_random import _bits, fill_normal, uniform


def seeded(seed: int) -> np.ndarray:
    return np.random.SeedSequence(seed).generate_state(4, np.uint64)


def test_bits_are_those_of_xoshiro256_plus_plus():
    """First numbers from the state 1, 2, 3, 4, as the tests of rand_xoshiro have them from the C code
    of the authors (prng.di.unimi.it/xoshiro256plusplus.c)."""
    state = np.array([1, 2, 3, 4], dtype=np.uint64)
    expected = [
        41943041, 58720359, 3588806011781223, 3591011842654386, 9228616714210784205,
        9973669472204895162, 14011001112246962877, 12406186145184390807,
        15849039046786891736, 10450023813501588000,
    ]  # fmt: skip
    assert [int(_bits(state)) for _ in expected] == expected


def test_uniform_numbers_are_uniform_and_below_one():
    state = seeded(1)
    numbers = np.array([uniform(state) for _ in range(20_000)])
    assert 0 <= numbers.min() < numbers.max() < 1
    assert stats.kstest(numbers, "uniform").pvalue > 1e-3


def test_normal_numbers_are_normal_and_independent():
    numbers = np.empty(200_001)
    fill_normal(seeded(2), numbers)
    assert stats.kstest(numbers, "norm").pvalue > 1e-3
    pairs = numbers[:-1].reshape(-1, 2)
    for one, other in (
        (pairs[:, 0], pairs[:, 1]),
        (pairs[:, 0] ** 2, pairs[:, 1] ** 2),
        (pairs[1:, 0], pairs[:-1, 1]),
    ):
        assert stats.pearsonr(one, other).pvalue > 1e-3


def test_one_number_and_none_can_be_asked_for():
    numbers = np.zeros(1)
    fill_normal(seeded(3), numbers)
    assert numbers[0] != 0.0
    fill_normal(seeded(3), numbers[:0])
