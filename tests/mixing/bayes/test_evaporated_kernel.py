"""The compiled likelihood of evaporated waters: integrals by quadrature, priors from scipy, gradients by
finite differences in every branch, and no NaN at extreme values."""

import itertools

import numpy as np
import pytest
from scipy import integrate, stats

from headwater.machine_code import load
from headwater.mixing.bayes.design import contrasts, make_design
from headwater.mixing.bayes.evaporated import make_evaporated
from headwater.mixing.bayes.evaporated_layout import PROCESS_LOG_SD, PROCESS_SCALE, SHAPE_SD, SPIKE_LOGIT
from headwater.mixing.bayes.model import Absent, Evaporation, MixingModel, Mixtures, Sources

pytest.importorskip("numba")
N, TRACERS = 13, ("d18O", "d2H")
FORMS = ("exponential", "truncated_normal", "uniform", "spike", "erlang", "erlang_spike")
BRANCHES = {
    "plain": {},
    "no start": {"start_scale": 0.0},
    "slope known": {"slope_sd": 0.0},
    "scatter of the slope": {"slope_scatter": 0.4},
    "effects": {"effects": ("class", "layer"), "slope_scatter": 0.2},
    "slope by level": {"slope_by_level": True, "effects": ("layer",), "levels": 3},
    "levels, absent source": {"levels": 3, "absent": True, "slope_scatter": 0.3},
    "errors of each water": {"covariance": "each"},
    "process only, means known": {"error": "process", "known": True},
}


def make_model(
    form, *, levels=1, absent=False, covariance="one", error="process*residual", known=False, **own
):
    rng = np.random.default_rng(5)
    k = 3
    mean = np.array([[-12.0, -85.0], [-15.0, -118.0], [-21.0, -152.0]]) + rng.normal(0.0, 0.5, (levels, k, 2))
    single = np.array([[4.0, 25.0], [25.0, 190.0]]) * np.array([1.0, 0.4, 0.2])[:, None, None]
    cover = np.tile([[0.04, 0.02], [0.02, 0.3]], (N, 1, 1))
    if covariance == "each":
        cover = cover * rng.uniform(0.5, 2.0, (N, 1, 1))
    factors = {
        "class": tuple("abcabcabcabca"),
        "layer": tuple("1122112211221"),
        "period": tuple(str(i % levels) for i in range(N)),
    }
    values = np.array([-12.0, -93.0]) + rng.normal(0.0, [1.5, 6.0], (N, 2))
    present = np.ones((levels, k), dtype=bool)
    if absent:
        present[1, 2] = False
        mean[1, 2] = np.nan
    sources = Sources(
        ("rain", "ice", "snow"), TRACERS, mean, np.tile(single, (levels, 1, 1, 1)), np.full((levels, k), 20),
        by="period" if levels > 1 else None, levels=("0", "1", "2")[:levels] if levels > 1 else (),
        mean_covariance=np.zeros((levels, k, 2, 2)) if known else None, present=present,
    )  # fmt: skip
    return MixingModel(
        Mixtures(TRACERS, values, cover, factors=factors),
        sources,
        error=error,
        absent=(Absent("snow", "class", ("c",)),),
        evaporation=Evaporation(5.0, **({"slope_sd": 0.5, "form": form} | own)),
    )


def make_case(form, branch):
    model = make_model(form, **BRANCHES[branch])
    cells = make_design(model).cells
    rng = np.random.default_rng(8)
    p = rng.dirichlet(np.ones(3), len(cells.present)) * cells.present
    family = make_evaporated(model, cells)
    position = family.start + rng.normal(0.0, 0.4, family.dimension)
    return model, cells, family, p / p.sum(axis=1, keepdims=True), position


def evaluate(family, p, position):
    kernel = load(("headwater.mixing.bayes.kernel_evaporated",))[0].evaporated
    dp, gradient = np.zeros_like(p), np.zeros_like(position)
    return kernel(p, dp, position, gradient, family.floats, family.ints), dp, gradient


def prior_of_e(family, position, level):
    """Mass at 0 and density of e, by scipy."""
    mean = family.level_means(position[None])[0, level]
    shape, form = family.shape(position[None])[0], family.evaporation.form
    if form == "uniform":
        return 0.0, stats.uniform(0.0, family.evaporation.largest).pdf, family.evaporation.largest
    if form == "exponential":
        return 0.0, stats.expon(scale=mean).pdf, 60.0 * mean
    if form == "truncated_normal":
        c = position[family.layout.shape]
        one = stats.truncnorm(-c, np.inf, loc=c)
        return (
            0.0,
            stats.truncnorm(-c, np.inf, loc=c * mean / one.mean(), scale=mean / one.mean()).pdf,
            30 * mean,
        )
    rate = (shape[1:4] @ [1, 2, 3]) / (1.0 - shape[0]) / mean
    parts = [stats.gamma(k, scale=1.0 / rate) for k in (1, 2, 3)]
    return shape[0], lambda e: sum(w * g.pdf(e) for w, g in zip(shape[1:4], parts, strict=True)), 80.0 / rate


def integral(f, points):
    return sum(integrate.fixed_quad(f, a, b, n=120)[0] for a, b in itertools.pairwise(points))


def brute_force(model, cells, family, p, position):
    """Log likelihood of every water by quadrature over e."""
    own, at = model.evaporation, position[None]
    means = family.source_means(p[None], at, np.random.default_rng(0))[0]
    xi, slopes = family.process_scale(at)[0], family.slopes(at)[0]
    delta = family.starts_of_e(at)[0]
    level_of = np.empty(N, dtype=int)
    level_of[family.order] = family.level_of[family._group_of()]
    found = np.empty(N)
    for i, c in enumerate(cells.of):
        r = cells.block[c]
        share, here = p[c], p[c] > 0
        slope = slopes[r] if len(slopes) > 1 else slopes[0]
        d = np.array([1.0, slope])
        mean = share[here] @ means[r, here] + delta * d
        single = model.sources.covariance[r, here]
        cover = xi[r] * np.einsum("k,kij->ij", share[here] ** 2, single) + model.mixtures.covariance[i]
        zero, density, top = prior_of_e(family, position, level_of[i])
        if own.slope_scatter:
            second = integral(lambda e, f=density: (e + delta) ** 2 * f(e), [0.0, 0.05 * top, top])
            cover[1, 1] += own.slope_scatter**2 * (second + zero * delta**2)
        x = model.mixtures.values[i] - mean
        gauss = stats.multivariate_normal(cov=cover)
        inverse = np.linalg.inv(cover)
        best, width = d @ inverse @ x / (d @ inverse @ d), 1.0 / np.sqrt(d @ inverse @ d)
        points = sorted(np.clip([best - 8 * width, best, best + 8 * width, 4 * width], 1e-6, top))

        def joint(e, x=x, d=d, gauss=gauss, density=density):
            return gauss.pdf(x - e[:, None] * d) * density(e)

        mass = integral(joint, [0.0, *points, top])
        found[i] = np.log(mass + zero * gauss.pdf(x))
    return found


def log_prior(model, family, position):
    """Log prior of the position, by scipy and changes of variable."""
    at, own = family.layout, model.evaporation
    z = [position[s : s + 2] for s in at.sources[at.sources >= 0]]
    z += [position[at.slope : at.slope + at.slopes]]
    if at.process >= 0:
        z.append(position[at.process : at.process + len(family.mean)])
    total = stats.norm.logpdf(np.concatenate(z)).sum()
    half = stats.halfnorm()
    softplus = lambda l: half.logpdf(np.log1p(np.exp(l))) - np.log1p(np.exp(-l))  # noqa: E731
    if at.start >= 0:
        total += softplus(position[at.start])
    if at.mean >= 0:
        l = position[at.mean : at.mean + len(family.mean)]
        total += (half.logpdf(np.exp(l)) + l).sum()
        total += softplus(position[at.sds : at.sds + len(own.effects)]).sum()
        count = sum(len(labels) - 1 for labels in family.effects)
        total += stats.norm.logpdf(position[at.effects : at.effects + count]).sum()
    if at.shape >= 0:
        scale = 1.0 if own.form == "truncated_normal" else SHAPE_SD
        centre = np.zeros(at.dimension - at.shape)
        centre[0] = SPIKE_LOGIT if "spike" in own.form else 0.0
        total += (stats.norm(centre, scale).logpdf(position[at.shape :]) + np.log(scale)).sum()
    return total


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("branch", ["plain", "effects", "levels, absent source"])
def test_likelihood_is_the_integral_over_enrichment(form, branch):
    model, cells, family, p, position = make_case(form, branch)
    value, _, _ = evaluate(family, p, position)
    waters = brute_force(model, cells, family, p, position)
    prior = log_prior(model, family, position)
    # Constants of the prior do not matter to the sampler; differences between positions do.
    other = position + np.random.default_rng(3).normal(0.0, 0.3, len(position))
    change = evaluate(family, p, other)[0] - value
    expected = brute_force(model, cells, family, p, other).sum() + log_prior(model, family, other)
    assert change == pytest.approx(expected - waters.sum() - prior, abs=1e-9)
    means = family.source_means(p[None], position[None], np.random.default_rng(0))
    np.testing.assert_allclose(family.log_likelihood(p[None], position[None], means)[0], waters, rtol=1e-10)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("branch", BRANCHES)
def test_gradient(form, branch):
    _, _, family, p, position = make_case(form, branch)
    _, dp, gradient = evaluate(family, p, position)
    for i in range(len(position)):
        step = np.zeros_like(position)
        step[i] = 1.0

        def along(h, step=step):
            return evaluate(family, p, position + h * step)[0]

        assert gradient[i] == pytest.approx(derivative(along), rel=1e-6, abs=1e-6), i
    for c, k in np.ndindex(p.shape):
        step = np.zeros_like(p)
        step[c, k] = 1.0
        slope = derivative(lambda h, step=step: evaluate(family, p + h * step, position)[0])
        assert dp[c, k] == pytest.approx(slope, rel=1e-6, abs=1e-6), (c, k)


def derivative(f, h=1e-3):
    """Central difference with one step of Richardson, error O(h⁴)."""
    return (8.0 * (f(h / 2) - f(-h / 2)) - (f(h) - f(-h))) / (6.0 * h)


@pytest.mark.parametrize("form", FORMS)
def test_extreme_positions_are_finite_or_impossible(form):
    _, _, family, p, position = make_case(form, "effects")
    rng = np.random.default_rng(4)
    finite = 0
    for size in (3.0, 30.0, 300.0, 1e5):
        for _ in range(40):
            there = rng.normal(0.0, size, len(position))
            value, _, gradient = evaluate(family, p, there)
            assert value == -np.inf or np.isfinite(value)
            if np.isfinite(value) and value > -1e12:
                finite += 1
                assert np.isfinite(gradient).all()
    assert finite > 30


@pytest.mark.parametrize("form", ["exponential", "erlang", "erlang_spike", "spike"])
@pytest.mark.parametrize("mean", [-40.0, -12.0, 3.0])
def test_gradient_of_the_mean_far_out(form, mean):
    _, _, family, p, position = make_case(form, "plain")
    at = family.layout.mean
    position[at] = mean

    def along(h):
        there = position.copy()
        there[at] += h
        return evaluate(family, p, there)[0]

    assert evaluate(family, p, position)[2][at] == pytest.approx(derivative(along, 1e-2), rel=1e-5, abs=1e-6)


def test_effects_are_the_orthogonal_contrasts():
    kernel = load(("headwater.mixing.bayes.kernel_evaporated",))[0]
    z = np.array([0.3, -1.0, 0.7, 2.0])
    values = np.empty(5)
    kernel.effect_values(z, 0.4, values, 0, 5)
    np.testing.assert_allclose(values, 0.4 * contrasts(5) @ z)


def test_process_scale_prior_has_its_median():
    _, _, family, _, _ = make_case("exponential", "plain")
    drawn = family.process_scale(np.random.default_rng(0).standard_normal((20_000, family.dimension)))
    assert np.median(drawn) == pytest.approx(PROCESS_SCALE, rel=0.03)
    assert np.log(drawn).std() == pytest.approx(PROCESS_LOG_SD, rel=0.03)
