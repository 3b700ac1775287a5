"""The Gaussian likelihood against the joint density of all mixtures, and its priors against scipy."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from tests.mixing.bayes import gaussian_cases as cases
from tests.mixing.bayes.gaussian_cases import Evaluated, make_model
from tests.mixing.bayes.test_gaussian_gradients import ALL, AXES, finite_differences

pytest.importorskip("numba")
SOME = [ALL[i] for i in np.random.default_rng(8).choice(len(ALL), 150, replace=False)]


def log_prior_of_scales(model, values, position):
    """Of ξ or σ, as a density of the position."""
    j, x = len(model.mixtures.tracers), position
    if "xi" in values:
        if model.style == "mixsiar":
            return (
                stats.uniform(0.0, 20.0).logpdf(values["xi"])
                + np.log(values["xi"] * (1.0 - values["xi"] / 20.0))
            ).sum()
        return stats.norm(0.0, 1.0).logpdf(x[:j]).sum()
    if "sigma" in values:
        sigma = values["sigma"]
        if model.style == "simmr":
            return (stats.gamma(3.0, scale=50.0 / 3.0).logpdf(sigma - 0.001) + np.log(sigma - 0.001)).sum()
        return (stats.halfnorm(scale=spread(model)).logpdf(sigma) + np.log(sigma)).sum()
    return 0.0


def spread(model):
    """Sd of source values about their common mean, single waters included."""
    mean, covariance = (
        model.sources.mean[model.sources.present],
        model.sources.covariance[model.sources.present],
    )
    variance = np.diagonal(covariance, axis1=1, axis2=2)
    return np.sqrt(((mean - mean.mean(axis=0)) ** 2 + variance).mean(axis=0))


def latent_rows(evaluated):
    """(row, first latent, number of latents) of each source with unsure covariance, and of the residual."""
    found, at = [], evaluated.family.assumed.scalars
    for row, size in enumerate(evaluated.family.assumed.covariances.size):
        if size:
            found.append((row, at, size))
        at += size
    return found


def covariance_of(evaluated, row, theirs):
    """Covariance (J, J) of a row, in the user's units."""
    model = evaluated.model
    values = {name: x.value[0] for name, x in evaluated.family.parameters(theirs[None]).items()}
    r, k = model.sources.n.shape
    if row == r * k:
        return values["residual_covariance"]
    return cases.source_moments(model, values)[1].reshape(r * k, len(model.mixtures.tracers), -1)[row]


def log_jacobian(evaluated, row, first, size, theirs):
    """log |∂ (free entries of a covariance) / ∂ (its latents)|, by finite differences."""
    j = len(evaluated.model.mixtures.tracers)
    lower = np.tril_indices(j) if size > j or j == 1 else np.diag_indices(j)

    def entries(latents):
        moved = theirs.copy()
        moved[first : first + size] = latents
        return covariance_of(evaluated, row, moved)[lower]

    at = theirs[first : first + size]
    columns = [finite_differences(lambda x, i=i: entries(x)[i], at, 1e-2) for i in range(size)]
    return np.linalg.slogdet(np.array(columns))[1]


def log_prior_of_covariances(evaluated, theirs):
    """Sum over all rows of their log prior in scipy's terms, as a density of the latents."""
    model, total = evaluated.model, 0.0
    j = len(model.mixtures.tracers)
    n = model.sources.n.reshape(-1)
    measured = model.sources.covariance.reshape(-1, j, j)
    for row, first, size in latent_rows(evaluated):
        c = covariance_of(evaluated, row, theirs)
        total += log_jacobian(evaluated, row, first, size, theirs)
        if row == len(n):
            total += log_prior_of_residual(model, c, evaluated.family.assumed.standard.scale)
        elif (size == j and j > 1) or j == 1:
            squares = np.diag(measured[row]) * (n[row] - 1.0)
            dof = n[row] if model.style == "mixsiar" else n[row] - 1.0
            variance = np.diag(c)
            total += (stats.chi2(dof).logpdf(squares / variance) + np.log(squares / variance**2)).sum()
        else:
            nu = max(n[row] - 1, j)
            total += stats.invwishart(nu, nu * measured[row]).logpdf(c)
    return total


def log_prior_of_residual(model, c, scale):
    j = len(c)
    if model.style == "mixsiar":
        standard = c / np.outer(scale, scale)
        units = (j + 1.0) * np.log(scale).sum()
        if j == 1:
            precision = 1.0 / standard[0, 0]
            return stats.gamma(0.001, scale=1000.0).logpdf(precision) + 2.0 * np.log(precision) - units
        return stats.invwishart(j + 1, np.eye(j)).logpdf(standard) - units
    sd = np.sqrt(np.diag(c))
    volume = {1: 1.0, 2: 2.0, 3: np.pi**2 / 2.0}[j]  # of the correlation matrices
    to_covariance = j * np.log(2.0) + j * np.log(sd).sum()
    return stats.halfnorm(scale=spread(model)).logpdf(sd).sum() - np.log(volume) - to_covariance


def is_raw(case):
    return case["data"] == "rows" and case["style"] == "mixsiar"


@pytest.mark.slow
def test_density_is_the_joint_normal_density_of_all_mixtures_and_the_priors_of_scipy():
    """Constants included: what is compiled equals the brute force to 1e-8."""
    worst = {}
    for seed, case in enumerate(case for case in SOME[:70] if not is_raw(case)):
        evaluated = Evaluated(make_model(seed, **case))
        position = evaluated.random_position(np.random.default_rng(seed))
        shares, values = evaluated.split(position)
        theirs = evaluated.problem.split(position[None])[1][0]
        wanted = cases.log_likelihood(evaluated.model, shares, values)
        wanted += log_prior_of_scales(evaluated.model, values, theirs)
        wanted += log_prior_of_covariances(evaluated, theirs)
        worst[str(case)] = abs(evaluated.likelihood(position) - wanted) / (1.0 + abs(wanted))
    assert max(worst.values()) < 1e-8, max(worst, key=worst.get)


def test_likelihood_alone_is_exact_to_1e_10():
    """Between two positions with the same own parameters only the likelihood differs."""
    for seed, case in enumerate(SOME):
        evaluated = Evaluated(make_model(seed, **case))
        rng = np.random.default_rng(seed)
        one, other = evaluated.random_position(rng), evaluated.random_position(rng)
        other[evaluated.prior.dimension :] = one[evaluated.prior.dimension :]
        found = evaluated.likelihood(one) - evaluated.likelihood(other)
        model = evaluated.model
        wanted = cases.log_likelihood(model, *evaluated.split(one))
        wanted -= cases.log_likelihood(model, *evaluated.split(other))
        assert found == pytest.approx(wanted, rel=1e-10, abs=1e-8), case


def rows_log_density(rows, scale, centre, c):
    """Log density of single waters, their mean ~ N(0, 1000) on the standardised scale integrated out."""
    n, j = rows.shape
    standard = c / np.outer(scale, scale)
    total = np.kron(np.eye(n), standard) + np.kron(np.ones((n, n)), 1000.0 * np.eye(j))
    return stats.multivariate_normal(np.zeros(n * j), total).logpdf(((rows - centre) / scale).reshape(-1))


@pytest.mark.parametrize("j", [1, 2])
def test_raw_rows_as_mixsiar_has_them(j):
    """mixing.md (d): 1/SD ~ Gamma(0.001, 0.001), correlations uniform, rows and mixtures share the mean."""
    evaluated = Evaluated(
        make_model(4, error="process*residual", style="mixsiar", data="rows", j=j, levels=2)
    )
    model, standard = evaluated.model, evaluated.family.assumed.standard
    rng = np.random.default_rng(1)
    found, wanted = [], []
    for _ in range(6):
        position = evaluated.random_position(rng, 0.4)
        shares, values = evaluated.split(position)
        theirs = evaluated.problem.split(position[None])[1][0]
        total = cases.log_likelihood(model, shares, values) + log_prior_of_scales(model, values, theirs)
        for row, first, size in latent_rows(evaluated):
            c = covariance_of(evaluated, row, theirs)
            sd = np.sqrt(np.diag(c)) / standard.scale
            total += log_jacobian(evaluated, row, first, size, theirs)
            total += (stats.gamma(0.001, scale=1000.0).logpdf(1.0 / sd) - 2.0 * np.log(sd)).sum()
            total -= j * np.log(sd).sum()  # from sd and correlation to covariance
            rows = model.sources.rows[row // 3][row % 3]
            total += rows_log_density(rows, standard.scale, standard.centre, c)
        found.append(evaluated.likelihood(position))
        wanted.append(total)
    assert np.diff(found) == pytest.approx(np.diff(wanted), abs=2e-3)  # the prior of the mean is taken flat


def test_mixsiar_standardises_with_all_values_pooled():
    """mixing.md (d): from means as from the single waters behind them."""
    model = make_model(2, style="mixsiar", data="rows", j=2, levels=3)
    standard = Evaluated(model).family.assumed.standard
    pooled = [model.mixtures.values, *(x for level in model.sources.rows for x in level)]
    pooled = np.concatenate(pooled)
    assert standard.centre == pytest.approx(pooled.mean(axis=0), rel=1e-12)
    assert standard.scale == pytest.approx(pooled.std(axis=0, ddof=1), rel=1e-12)


def test_simmr_by_hand():
    """mixing.md (d): V = Σ (p q)² (s² + v) / (Σ p q)² + σ², source means fixed."""
    model = make_model(6, style="simmr", error="additive", concentration="mean", j=2)
    evaluated = Evaluated(model)
    position = evaluated.random_position(np.random.default_rng(1))
    shares, values = evaluated.split(position)
    sources = model.sources
    total = 0.0
    for x, p in zip(model.mixtures.values, shares, strict=True):
        for j in range(2):
            pq = p * sources.concentration[0, :, j]
            mean = (pq * (sources.mean[0, :, j] + sources.discrimination[:, j])).sum() / pq.sum()
            own = sources.covariance[0, :, j, j] + sources.discrimination_sd[:, j] ** 2
            variance = (pq**2 * own).sum() / pq.sum() ** 2 + values["sigma"][j] ** 2
            total += stats.norm(mean, np.sqrt(variance)).logpdf(x[j])
    prior = log_prior_of_scales(model, values, evaluated.problem.split(position[None])[1][0])
    assert evaluated.likelihood(position) == pytest.approx(total + prior, rel=1e-10)


def test_one_mixture_leaves_no_error_but_process():
    for error, style in itertools.product(AXES["error"], AXES["style"]):
        model = make_model(3, error=error, style=style, n=5, j=2)
        one = replace(
            model.mixtures,
            values=model.mixtures.values[:1],
            factors={name: labels[:1] for name, labels in model.mixtures.factors.items()},
        )
        evaluated = Evaluated(replace(model, mixtures=one, factors=()))
        assert evaluated.family.assumed.error == "process"
        added = evaluated.family.assumed.groups.analytical[0] * np.ones(2)
        assert added == pytest.approx(np.eye(2) * (1e-6 if (error, style) == ("additive", "simmr") else 0.0))
        _, values = evaluated.split(evaluated.problem.start)
        assert not {"xi", "sigma", "residual_covariance"} & set(values)


def test_cost_depends_on_cells_not_on_mixtures():
    model = make_model(3, n=400)
    assert len(Evaluated(model).family.assumed.groups.count) == 5
    same = make_model(3, n=400, analytical="common")
    assert len(Evaluated(same).family.assumed.groups.count) == 5
    each = make_model(3, n=400, analytical="each")
    assert len(Evaluated(each).family.assumed.groups.count) == 15
