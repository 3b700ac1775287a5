"""The legacy likelihood against its definition, triple by triple."""

import numpy as np
import pytest
from scipy import integrate, stats

from headwater.errors import InputRefused
from headwater.mixing.hydromix import hydromix


def test_closed_form_equals_the_sum_over_all_triples():
    rng = np.random.default_rng(0)
    s1, s2 = rng.normal(-20, 1, 5), rng.normal(-10, 1, 4)
    m = 0.3 * s1.mean() + 0.7 * s2.mean() + rng.normal(0, 0.5, 3)

    def log_likelihood(share):
        residual = share * s1[:, None, None] + (1 - share) * s2[None, :, None] - m[None, None, :]
        return stats.norm(0, 2.0).logpdf(residual).sum()

    peak = max(log_likelihood(x) for x in np.linspace(0, 1, 201))
    density = lambda x: np.exp(log_likelihood(x) - peak)  # noqa: E731
    total = integrate.quad(density, 0, 1)[0]
    mean = integrate.quad(lambda x: x * density(x), 0, 1)[0] / total
    square = integrate.quad(lambda x: x * x * density(x), 0, 1)[0] / total
    found = hydromix(s1, s2, m, sd=2.0)
    assert found.mean == pytest.approx(mean, abs=1e-8)
    assert found.sd == pytest.approx(np.sqrt(square - mean**2), abs=1e-8)


def test_width_shrinks_with_copies_of_the_same_waters():
    # what is wrong with it: a copied table says nothing new
    rng = np.random.default_rng(1)
    s1, s2, m = rng.normal(-20, 1, 9), rng.normal(-10, 1, 9), rng.normal(-14, 1, 9)
    once = hydromix(s1, s2, m, sd=1.0)
    copied = hydromix(np.tile(s1, 2), np.tile(s2, 2), np.tile(m, 2), sd=1.0)
    assert copied.sd == pytest.approx(once.sd / np.sqrt(8), rel=1e-6)


@pytest.mark.parametrize(
    ("waters", "words"),
    [
        (([1.0, np.nan], [2.0], [1.5, 1.6]), "without gaps"),
        (([1.0], [2.0], [1.5]), "give sd"),
        (([1.0], [1.0], [1.0, 1.0]), "all alike"),
    ],
)
def test_impossible_waters_are_refused(waters, words):
    with pytest.raises(InputRefused, match=words):
        hydromix(*waters)
