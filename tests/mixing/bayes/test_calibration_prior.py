"""Prior draws of a whole model against the documented priors by scipy, and moments of mixtures by hand."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from headwater.mixing.bayes.model import MixingModel
from headwater.mixing.bayes.prior import correlations, draw_prior, with_mixtures
from headwater.mixing.bayes.problem import make_problem
from tests.mixing.bayes.calibrated_models import COUNTS, MODELS, SDS, evaporated, mixtures, plain, sources

pytest.importorskip("numba")
DRAWS = 4000
ORDERS = {"spike": np.arange(2), "erlang": np.arange(1, 4), "erlang_spike": np.arange(4)}


def reported(model, draws=DRAWS, seed=1):
    problem = make_problem(model)
    found = draw_prior(problem, draws, np.random.default_rng(seed))
    return {name: entry.value for name, entry in problem.quantities(found.positions).items()}, found


def same(draws, cdf):
    return stats.kstest(draws, cdf).pvalue > 1e-4


def test_scales_of_every_style_have_their_documented_priors():
    assert same(reported(plain())[0]["xi"][:, 1], stats.lognorm(1.5).cdf)
    assert same(reported(plain(style="mixsiar"))[0]["xi"][:, 0], stats.uniform(0, 20).cdf)
    sigma = reported(MODELS["as simmr"]())[0]["sigma"][:, 0]
    assert same(sigma, stats.gamma(3, loc=0.001, scale=50 / 3).cdf)
    own = sources()
    spread = np.sqrt(own.mean[0].std(axis=0) ** 2 + (SDS[:3] ** 2).mean(axis=0))
    sigma = reported(plain(error="additive"))[0]["sigma"]
    assert all(same(sigma[:, i], stats.halfnorm(scale=spread[i]).cdf) for i in range(2))


def test_variances_of_sources_are_scaled_inverse_chi_square():
    # headwater: (n − 1) s²/χ² with n − 1 degrees; MixSIAR: (n − 1) s²/χ² with n
    for style, more in (("headwater", 0), ("mixsiar", 1)):
        sd = reported(plain(style=style))[0]["source_sd"]
        for k in range(3):
            n = COUNTS[k]
            chi_square = (n - 1) * SDS[k, 1] ** 2 / sd[:, k, 1] ** 2
            assert same(chi_square, stats.chi2(n - 1 + more).cdf)


def test_covariances_of_sources_are_inverse_wishart():
    # the correlation of C⁻¹ ~ Wishart is that of a sample; its diagonal is inverse χ² with n − J degrees
    values = reported(MODELS["sources that covary"]())[0]
    n, s = COUNTS[1], SDS[1, 0]
    chi_square = (n - 1) * s**2 / values["source_sd"][:, 1, 0] ** 2
    assert same(chi_square, stats.chi2(n - 2).cdf)
    draws = stats.invwishart.rvs(n - 1, [[1.0, 0.4], [0.4, 1.0]], DRAWS, np.random.default_rng(2))
    expected = draws[:, 0, 1] / np.sqrt(draws[:, 0, 0] * draws[:, 1, 1])
    assert stats.ks_2samp(values["source_correlation"][:, 1, 0], expected).pvalue > 1e-4


def test_residual_of_mixsiar_is_inverse_wishart_on_its_own_scale():
    # MixSIAR's scale pools the 6 mixtures with all source values
    model = plain(style="mixsiar", error="residual")
    x, n = model.mixtures.values, COUNTS[:3, None]
    mean, sd = model.sources.mean[0], SDS[:3]
    total = 6 + n.sum()
    centre = (x.sum(axis=0) + (n * mean).sum(axis=0)) / total
    squares = ((x - centre) ** 2).sum(axis=0) + ((n - 1) * sd**2 + n * (mean - centre) ** 2).sum(axis=0)
    covariance = reported(model)[0]["residual_covariance"] / (squares / (total - 1))[0]
    assert same(1 / covariance[:, 0, 0], stats.chi2(2).cdf)  # precision ~ Wishart(I, 3)


def test_raw_waters_of_mixsiar_have_the_posterior_of_their_sd_by_quadrature():
    # p(sd₁, sd₂, ρ) ∝ |C|^{−(n−1)/2} exp(−½ tr C⁻¹ A) (sd₁ sd₂)^{−1.001} exp(−0.001 Σ 1/sd), ρ uniform
    model = MODELS["as MixSIAR, raw sources"]()
    rows = model.sources.rows[0][0]
    sd = reported(model)[0]["source_sd"][:, 0]
    scatter = np.cov(rows.T) * (len(rows) - 1)
    unit = np.sqrt(np.diag(scatter))
    a = scatter / np.outer(unit, unit)
    one = np.exp(np.linspace(np.log(0.12), np.log(4.0), 240))
    rho = np.linspace(-0.995, 0.995, 120)
    u, v, r = one[:, None, None], one[None, :, None], rho[None, None, :]
    quadratic = (1 / u**2 + 1 / v**2 - 2 * r * a[0, 1] / (u * v)) / (1 - r**2)
    log_density = -(len(rows) - 1) * (np.log(u * v) + 0.5 * np.log(1 - r**2)) - 0.5 * quadratic
    mass = np.exp(log_density - log_density.max()).sum(axis=(1, 2))  # d sd/sd = d log sd
    cumulative = (np.cumsum(mass) - 0.5 * mass) / mass.sum()
    for tracer in (0, 1):
        quantiles = np.quantile(sd[:, tracer] / unit[tracer], [0.1, 0.5, 0.9])
        assert np.interp(quantiles, one, cumulative) == pytest.approx([0.1, 0.5, 0.9], abs=0.03)


@pytest.mark.parametrize("j", [2, 3])
def test_correlations_are_uniform_over_the_valid_ones(j):
    # by rejection from the cube
    rng = np.random.default_rng(6)
    cube = np.tile(np.eye(j), (40_000, 1, 1))
    for a in range(j):
        for b in range(a):
            cube[:, a, b] = cube[:, b, a] = rng.uniform(-1, 1, len(cube))
    valid = cube[np.linalg.eigvalsh(cube)[:, 0] > 0][:4000]
    drawn = correlations(j, 4000, rng)
    assert np.linalg.eigvalsh(drawn)[:, 0].min() > 0
    for row, column in ((1, 0), (j - 1, 0), (j - 1, j - 2)):
        assert stats.ks_2samp(drawn[:, row, column], valid[:, row, column]).pvalue > 1e-4
    assert stats.ks_2samp(np.linalg.det(drawn), np.linalg.det(valid)).pvalue > 1e-4


def test_parameters_of_evaporation_have_their_documented_priors():
    values, _ = reported(MODELS["evaporation, effects and factors"]())
    assert same(values["evaporation_slope"][:, 1], stats.norm(5, 0.5).cdf)
    assert same(values["evaporation_start"], stats.halfnorm(scale=0.5).cdf)
    assert same(values["process_scale"][:, 1], stats.lognorm(1.0, scale=0.3).cdf)
    assert same(values["evaporation_sd_site"], stats.halfnorm(scale=0.6).cdf)
    mean = values["evaporation_mean"] - values["evaporation_start"][:, None]
    assert same(mean[:, 0], stats.halfnorm(scale=1.5).cdf)
    shape = reported(evaporated("erlang"))[0]["evaporation_shape"]
    assert same(np.log(shape[:, 2] / shape[:, 0]), stats.norm(0, 1.5).cdf)
    shape = reported(evaporated("spike"))[0]["evaporation_shape"]
    assert same(np.log(shape[:, 0] / shape[:, 1]), stats.norm(-2, 1.5).cdf)


@pytest.mark.parametrize(
    ("name", "tracers"), [("no factor", 1), ("sources that covary", 2), ("as MixSIAR", 0), ("evaporation", 0)]
)
def test_source_means_are_student_or_normal_about_those_measured(name, tracers):
    # C⁻¹ ~ Wishart(ν, S⁻¹/ν), μ ~ N(M, C/n): Student t, ν − J + 1 degrees, scale² = ν s²/(n (ν − J + 1))
    model = MODELS[name]()
    _, found = reported(model)
    given = model.sources
    for k in range(given.mean.shape[1]):
        z = found.means[:, 0, k] - given.mean[0, k]
        n, s = given.n[0, k], np.sqrt(np.diag(given.covariance[0, k]))
        for j in range(2):
            degrees = n - tracers
            t = stats.t(degrees, scale=s[j] * np.sqrt((n - 1) / (n * degrees)))
            assert same(z[:, j], t.cdf if tracers else stats.norm(scale=s[j] / np.sqrt(n)).cdf)


def by_hand(model, p, values, means, i):
    """Mean and covariance of mixture i, given the parameters of one draw, from the equations."""
    given, j = model.sources, means.shape[-1]
    level = given.levels.index(model.mixtures.factors[given.by][i]) if given.by else 0
    sd = values.get("source_sd")
    rho = values.get("source_correlation")
    if given.by and sd is not None:
        sd, rho = sd[level], None if rho is None else rho[level]
    mean, covariance, total = np.zeros(j), np.zeros((j, j)), np.zeros(j)
    weights = []
    for k in range(len(p)):
        q = np.ones(j) if given.concentration is None else given.concentration[level, k]
        weights.append(p[k] * q)
        total += weights[k]
    shifted = np.nan_to_num(means[level]).copy()
    if given.discrimination is not None:
        shifted += given.discrimination
    for k in range(len(p)):
        if p[k] == 0.0:
            continue
        w = weights[k] / total
        mean += w * shifted[k]
        if "process" not in model.error and model.error != "additive":
            continue
        own = given.covariance[level, k] * 1.0
        if sd is not None:
            own = np.diag(sd[k] ** 2)
            if rho is not None:
                own[0, 1] = own[1, 0] = rho[k, 0] * sd[k, 0] * sd[k, 1]
        part = w if given.concentration is not None and model.style != "mixsiar" else np.full(j, p[k])
        if given.discrimination_sd is not None:
            own = own + np.diag(given.discrimination_sd[k] ** 2)
        covariance += own * np.outer(part, part)
    if given.concentration_sd is not None:
        for k in range(len(p)):
            off = weights[k] / total * (shifted[k] - mean)
            relative = given.concentration_sd[level, k] / given.concentration[level, k]
            covariance += np.diag((off * relative) ** 2)
    if "xi" in values:
        covariance *= np.sqrt(np.outer(values["xi"], values["xi"]))
    if "process_scale" in values:
        covariance *= np.atleast_1d(values["process_scale"])[level]
    if "sigma" in values:
        covariance += np.diag(values["sigma"] ** 2)
    if "residual_covariance" in values:
        covariance += values["residual_covariance"]
    if model.style == "simmr" and len(model.mixtures.values) == 1:
        covariance += 0.001**2 * np.eye(j)
    if model.mixtures.covariance is not None:
        covariance += model.mixtures.covariance[i]
    if model.evaporation is not None:
        e1, e2 = moments_of_e(model, values, level, i)
        slope, scatter = np.atleast_1d(values["evaporation_slope"])[level], model.evaporation.slope_scatter
        mean += e1 * np.array([1.0, slope])
        covariance += (e2 - e1**2) * np.outer([1.0, slope], [1.0, slope])
        covariance[1, 1] += e2 * scatter**2
    return mean, covariance


def moments_of_e(model, values, level, i):
    """E(E) and E(E²), start included."""
    own = model.evaporation
    start = values.get("evaporation_start", 0.0)
    mean = np.atleast_1d(values["evaporation_mean"])[level] - start
    for name in own.effects:
        labels = sorted(set(model.mixtures.factors[name]))
        mean = mean * values[f"evaporation_of_{name}"][labels.index(model.mixtures.factors[name][i])]
    if own.form == "exponential":
        second = 2 * mean**2
    elif own.form == "uniform":
        second = own.largest**2 / 3
    elif own.form == "truncated_normal":
        c = values["evaporation_shape"]
        unit = stats.truncnorm(-c, np.inf, loc=c)
        second = mean**2 * (unit.var() / unit.mean() ** 2 + 1)
    else:
        w, k = values["evaporation_shape"], ORDERS[own.form]
        second = mean**2 * (w @ (k * (k + 1))) / (w @ k) ** 2
    return start + mean, second + 2 * start * mean + start**2


@pytest.mark.parametrize("name", MODELS)
def test_mixtures_have_the_moments_of_the_equations(name):
    model = MODELS[name]()
    problem = make_problem(model)
    rng = np.random.default_rng(8)
    found = draw_prior(problem, 40, rng)
    for number in rng.permutation(40)[:3]:
        one = found.positions[number : number + 1]
        ours, theirs = problem.split(np.repeat(one, DRAWS, axis=0))
        shares = problem.shares.cells(ours)
        means = np.repeat(found.means[number : number + 1], DRAWS, axis=0)
        drawn = problem.family.predict(shares, theirs, means, rng)
        values = {key: entry.value[0] for key, entry in problem.quantities(one).items()}
        for i in rng.permutation(len(model.mixtures.values))[:3]:
            p = shares[0, problem.design.cells.of[i]]
            mean, covariance = by_hand(model, p, values, found.means[number], i)
            root = np.linalg.cholesky(covariance)
            z = np.linalg.solve(root, (drawn[:, i] - mean).T)
            heavy = 6.0 if model.evaporation is not None else 3.0  # kurtosis of z, at most about
            assert np.abs(z.mean(axis=1)).max() * np.sqrt(DRAWS) < 4.5
            error = np.abs(np.cov(z).reshape(len(z), -1) - np.eye(len(z))).max() * np.sqrt(DRAWS)
            assert error < 4.5 * np.sqrt(heavy)


@pytest.mark.parametrize("name", ["as MixSIAR, nested factors", "as simmr, single mixture", "evaporation"])
def test_problem_with_its_own_mixtures_is_the_same(name):
    problem = make_problem(MODELS[name]())
    again = with_mixtures(problem, problem.model.mixtures.values)
    assert np.array_equal(again.floats, problem.floats)
    assert np.array_equal(again.ints, problem.ints)
    assert np.array_equal(again.start, problem.start)


def test_scale_of_mixsiar_stays_with_other_mixtures():
    problem = make_problem(plain(style="mixsiar"))
    moved = with_mixtures(problem, problem.model.mixtures.values * 2.0)
    fresh = make_problem(moved.model)
    assert moved.family.assumed.standard is problem.family.assumed.standard
    assert not np.allclose(fresh.family.assumed.standard.scale, problem.family.assumed.standard.scale)


def test_mean_covariances_that_are_given_are_those_of_the_means():
    own = np.tile(np.array([[4.0, 10.0], [10.0, 100.0]]), (1, 3, 1, 1))
    model = MixingModel(mixtures(), replace(sources(), mean_covariance=own))
    _, found = reported(model)
    z = found.means[:, 0, 1] - model.sources.mean[0, 1]
    assert np.cov(z.T) == pytest.approx(own[0, 1], rel=0.1)
