"""What the sources can tell before sampling, and what a sum of shares is."""

import numpy as np
import pytest
from scipy import stats

from headwater.mixing.bayes.identify import combined, effective_dimension, end_members, look_at_sources
from headwater.mixing.bayes.model import MixingModel, Mixtures, Sources

LINE = np.array([[-20.0, -150.0], [-15.0, -110.0], [-10.0, -70.0]])  # on δ2H = 8 δ18O + 10


def make(mean, sd=(1.0, 8.0), values=None, **changes):
    k = len(mean)
    covariance = np.tile(np.diag(np.square(sd)), (1, k, 1, 1))
    names = tuple(f"s{i}" for i in range(k))
    sources = Sources(names, ("d18O", "d2H"), np.array([mean]), covariance, np.full((1, k), 20), **changes)
    x = np.array([[-15.0, -110.0]]) if values is None else np.asarray(values)
    return MixingModel(Mixtures(("d18O", "d2H"), x), sources)


def test_sources_on_a_line_have_one_dimension_and_a_triangle_has_two():
    on_line = effective_dimension(end_members(make(LINE).sources, 0))
    assert 0.9 < on_line < 1.0
    triangle = effective_dimension(
        end_members(make([[-20, -150], [-20, -50], [0, -50]], sd=(0.1, 0.8)).sources, 0)
    )
    assert triangle == pytest.approx(2.0, abs=0.01)


def test_equal_sources_have_no_dimension_and_a_merge_is_suggested():
    model = make([[-15, -110], [-15, -110]])
    found = look_at_sources(model, rng=np.random.default_rng(0))
    assert found.dimension[0] == pytest.approx(0.0, abs=1e-12)
    assert found.merges == (("s0", "s1"),)


def test_surplus_counts_sources_beyond_what_the_tracers_span():
    far = make([[-30, -230], [-20, -150], [-10, -70], [0, 10]], sd=(0.5, 4.0))
    assert look_at_sources(far, rng=np.random.default_rng(0)).surplus == 2
    assert look_at_sources(make(LINE[:2], sd=(0.5, 4.0)), rng=np.random.default_rng(0)).surplus == 0


def test_inside_probability_tells_a_mixture_in_the_triangle_from_one_outside():
    corners = [[-20, -150], [-10, -150], [-15, -50]]
    model = make(corners, sd=(0.2, 2.0), values=[[-15, -120], [-5, -20]])
    inside = look_at_sources(model, rng=np.random.default_rng(0)).inside
    assert inside[0] == 1.0
    assert inside[1] == 0.0


def test_discrimination_moves_the_sources():
    model = make(LINE, discrimination=np.full((3, 2), 2.0), discrimination_sd=np.full((3, 2), 1.0))
    members = end_members(model.sources, 0)
    assert members.mean == pytest.approx(LINE + 2.0)
    assert members.covariance[0] == pytest.approx(np.diag([2.0, 65.0]))


def test_a_sum_of_dirichlet_shares_is_beta():
    shares = np.random.default_rng(1).dirichlet(np.ones(5), 5000)
    sums, names = combined(shares, tuple("abcde"), {"ab": ("a", "b")})
    assert names == ("ab", "c", "d", "e")
    assert sums.sum(axis=1) == pytest.approx(1.0)
    assert stats.kstest(sums[:, 0], stats.beta(2, 3).cdf).pvalue > 1e-3
