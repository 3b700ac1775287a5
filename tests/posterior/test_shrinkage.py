"""How far posteriors moved, against closed forms and quadrature."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import beta, norm

from headwater.posterior.shrinkage import shrinkage

PRIOR = norm(0, 1)


def gaussians(mean, sd):
    """Overlap by quadrature and bits in closed form of N(mean, sd²) against N(0, 1)."""
    post = norm(mean, sd)
    ends = mean - 9 * sd, mean + 9 * sd
    overlap = quad(lambda x: min(PRIOR.pdf(x), post.pdf(x)), *ends, points=[mean], limit=300)[0]
    return overlap, (np.log(1 / sd) + (sd**2 + mean**2 - 1) / 2) / np.log(2)


@pytest.mark.parametrize(("mean", "sd"), [(0.3, 0.9), (0, 0.5), (1, 0.3), (0, 0.1)])
def test_gaussians_have_their_closed_forms(mean, sd):
    rng = np.random.default_rng(1)
    found = shrinkage(PRIOR.rvs((8000, 5), rng), norm(mean, sd).rvs((4000, 5), rng))
    overlap, bits = gaussians(mean, sd)
    assert found.overlap.mean() == pytest.approx(overlap, abs=0.02)
    assert found.bits.mean() == pytest.approx(bits, abs=0.06 + 0.05 * bits)
    assert found.shrinkage.mean() == pytest.approx(1 - sd**2, abs=0.03 * max(1, sd**2))
    np.testing.assert_allclose(found.posterior_sd, sd, rtol=0.05)


def test_a_posterior_wider_than_its_prior():
    """Draws of the prior do not reach the tails, so bits are a lower limit; the other two are right."""
    rng = np.random.default_rng(6)
    found = shrinkage(PRIOR.rvs((8000, 5), rng), norm(0, 2).rvs((4000, 5), rng))
    overlap, bits = gaussians(0, 2)
    assert found.overlap.mean() == pytest.approx(overlap, abs=0.02)
    assert found.shrinkage.mean() == pytest.approx(-3, abs=0.15) and 0.7 * bits < found.bits.mean() < bits


@pytest.mark.parametrize("posterior", [beta(20, 30), beta(1, 12), beta(60, 2), beta(1.2, 2.1)])
def test_shares_have_the_numbers_of_quadrature(posterior):
    """One share of three under the flat Dirichlet prior: Beta(1, 2)."""
    rng, prior = np.random.default_rng(2), beta(1, 2)
    found = shrinkage(prior.rvs((8000, 5), rng), posterior.rvs((4000, 5), rng))
    grid = (np.arange(20000) + 0.5) / 20000
    f, g = prior.pdf(grid), posterior.pdf(grid)
    bits = np.mean(np.where(g > 0, g * np.log2(np.maximum(g, 1e-300) / f), 0))
    assert found.overlap.mean() == pytest.approx(np.minimum(f, g).mean(), abs=0.025)
    assert found.bits.mean() == pytest.approx(bits, abs=0.06 + 0.06 * bits)


def test_a_posterior_that_is_the_prior():
    """The flat prior handed back: nothing is learned, up to the noise of the draws."""
    rng = np.random.default_rng(3)
    found = shrinkage(rng.dirichlet([1, 1, 1], 8000), rng.dirichlet([1, 1, 1], 1000))
    assert (found.overlap > 0.93).all() and (found.bits < 0.06).all() and (abs(found.shrinkage) < 0.1).all()


def test_transformations_change_neither_overlap_nor_bits():
    rng = np.random.default_rng(4)
    prior, posterior = rng.normal(size=(3000, 1)), rng.normal(0.5, 0.4, (1000, 1))
    plain, bent = shrinkage(prior, posterior), shrinkage(np.exp(prior), np.exp(posterior))
    assert plain.overlap == bent.overlap and bent.bits == pytest.approx(plain.bits, abs=0.01)


def test_constants_are_no_crash():
    zeros, draws = np.zeros((500, 1)), np.random.default_rng(5).random((500, 1))
    same, learned = shrinkage(zeros, zeros), shrinkage(draws, zeros)
    assert same.overlap == 1 and same.bits == 0 and np.isnan(same.shrinkage)
    assert learned.overlap < 0.01 and learned.bits > 4 and learned.shrinkage == 1


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="wanted are"):
        shrinkage(np.zeros((10, 2)), np.zeros((10, 3)))
    with pytest.raises(ValueError, match="finite"):
        shrinkage(np.zeros((10, 1)), np.full((10, 1), np.nan))
