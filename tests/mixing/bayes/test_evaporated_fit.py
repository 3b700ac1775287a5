"""Evaporated mixtures through the whole engine: importance sampling, known truth, replicates, refusals."""

from dataclasses import replace

import numpy as np
import pytest

from headwater.errors import SettingsRefused
from headwater.mixing.bayes.design import make_design
from headwater.mixing.bayes.evaporated import make_evaporated
from headwater.mixing.bayes.model import Evaporation, Factor, MixingModel, Mixtures, Sources
from headwater.posterior.records import SamplerSettings

pytest.importorskip("numba")
TRACERS = ("d18O", "d2H")
FORMS = ("exponential", "truncated_normal", "uniform", "spike", "erlang", "erlang_spike")
RAIN, ICE = np.array([-16.0, -114.0]), np.array([-14.0, -110.5])
SINGLE = np.array([[[9.0, 66.0], [66.0, 500.0]], [[3.0, 20.0], [20.0, 150.0]]])


def make_model(values, labels=None, n=60, **own):
    sources = Sources(("rain", "ice"), TRACERS, np.array([[RAIN, ICE]]), SINGLE[None], np.full((1, 2), n))
    factors = {} if labels is None else {"band": tuple(labels)}
    cover = np.tile(np.diag([0.04, 0.25]), (len(values), 1, 1))
    return MixingModel(
        Mixtures(TRACERS, values, cover, factors=factors),
        sources,
        factors=() if labels is None else (Factor("band", "random"),),
        evaporation=Evaporation(5.0, **({"slope_sd": 0.5} | own)),
    )


def soil(share, e, rng, slope=5.2, xi=0.3):
    """Waters with these ice shares and enrichments."""
    p = np.column_stack([1.0 - share, share])
    cover = xi * np.einsum("nk,kij->nij", p * p, SINGLE) + np.diag([0.04, 0.25])
    noise = np.einsum("nij,nj->ni", np.linalg.cholesky(cover), rng.standard_normal((len(share), 2)))
    return p @ np.array([RAIN, ICE]) + noise + e[:, None] * np.array([1.0, slope])


def draw_once(model, seed=0):
    """A family, shares and one position repeated D times."""
    cells = make_design(model).cells
    family = make_evaporated(model, cells)
    rng = np.random.default_rng(seed)
    position = family.start + rng.normal(0.0, 0.3, family.dimension)
    shares = rng.dirichlet(np.ones(2), len(cells.present))
    return family, cells, shares, position


def test_one_water_against_importance_sampling():
    from headwater.mixing.bayes.fit import fit

    k, draws = 4, 400_000
    means = np.array([[-15.5, -110.0], [-5.0, -33.0], [-4.2, -26.0], [-9.0, -55.0]])
    single = np.array([[55.0, 440.0], [440.0, 3540.0]]) * np.array([1.0, 0.18, 0.1, 0.37])[:, None, None]
    single = single + np.diag([0.5, 2.0])
    water, error = np.array([-1.0, -18.0]), np.diag([0.01, 0.25])
    rng = np.random.default_rng(3)
    f, e = rng.dirichlet(np.ones(k), draws), 15.0 * rng.random(draws)
    r = water - f @ means - np.column_stack([e, e * rng.normal(5.2, 0.3, draws)])
    v = np.einsum("nk,kij->nij", f * f, single) + error
    weight = np.exp(-0.5 * np.einsum("ni,nij,nj->n", r, np.linalg.inv(v), r)) / np.sqrt(np.linalg.det(v))
    weight /= weight.sum()
    assert 1.0 / (weight @ weight) > 50_000

    sources = Sources(
        tuple("abcd"), TRACERS, means[None], single[None], np.full((1, k), 9),
        mean_covariance=np.zeros((1, k, 2, 2)),
    )  # fmt: skip
    model = MixingModel(
        Mixtures(TRACERS, water[None], error[None]), sources, error="process", prior=(1.0,) * k,
        evaporation=Evaporation(5.2, 0.3, form="uniform", start_scale=0.0),
    )  # fmt: skip
    found = fit(model, SamplerSettings(draws=2000))
    assert found.trusted
    shares = found.draws["p_global"].value
    np.testing.assert_allclose(shares.mean(axis=0), weight @ f, atol=0.012)
    np.testing.assert_allclose(shares.var(axis=0), weight @ f**2 - (weight @ f) ** 2, rtol=0.08)
    cells, own = found.cell_shares(), found.problem.split(found.positions)[1]
    family = found.problem.family
    mean, sd = family.enrichment(cells, own, family.source_means(cells, own, rng))
    assert mean.mean() == pytest.approx(weight @ e, abs=0.1)
    total = mean.var() + (sd**2).mean()
    assert total == pytest.approx(weight @ e**2 - (weight @ e) ** 2, rel=0.08)


@pytest.mark.parametrize("form", ["exponential", pytest.param("erlang", marks=pytest.mark.slow)])
def test_simulated_shares_are_found_where_plain_mixing_fails(form):
    from headwater.mixing.bayes.fit import fit

    rng = np.random.default_rng(11)
    labels = np.repeat(list("abc"), 60)
    share = np.repeat([0.1, 0.25, 0.4], 60)
    values = soil(share, rng.exponential(2.0, 180), rng)
    groups = [np.flatnonzero(labels == band) for band in "abc"]
    model = make_model(values, labels, form=form, start_scale=0.0)
    found = fit(model, SamplerSettings(tune=500, draws=600, metric="dense"))
    ice = found.shares_of(groups)[:, :, 1]
    assert np.abs(ice.mean(axis=0) - [0.1, 0.25, 0.4]).max() < 3.0 * ice.std(axis=0).max()
    assert np.abs(ice.mean(axis=0) - [0.1, 0.25, 0.4]).max() < 0.12
    slope = found.draws["evaporation_slope"].value
    assert slope.mean() == pytest.approx(5.2, abs=3.0 * slope.std())
    assert slope.std() < 0.35  # the prior has 0.5
    assert found.draws["evaporation_mean"].value.mean() == pytest.approx(2.0, abs=0.6)
    plain = fit(replace(found.model, evaporation=None), SamplerSettings(tune=500, draws=600))
    assert (plain.shares_of(groups)[:, :, 1].mean(axis=0) - [0.1, 0.25, 0.4] > 0.12).all()


@pytest.mark.parametrize("form", FORMS)
def test_replicates_have_the_moments_of_the_model(form):
    model = make_model(np.zeros((3, 2)) + RAIN, "aab", form=form, slope_scatter=0.3)
    family, cells, shares, position = draw_once(model)
    many = 40_000
    at = np.tile(position, (many, 1))
    rng = np.random.default_rng(1)
    means = family.source_means(shares[None], position[None], rng)
    drawn = family.predict(np.tile(shares, (many, 1, 1)), at, np.tile(means[0], (many, 1, 1, 1)), rng)
    slope, delta = family.slopes(position[None])[0, 0], family.starts_of_e(position[None])[0]
    e = np.array([first_and_second(family, position, level) for level in family.level_of[family._group_of()]])
    for i in range(3):
        p, d = shares[cells.of[i]], np.array([1.0, slope])
        first, second = e[np.flatnonzero(family.order == i)[0]]
        cover = family.process_scale(position[None])[0, 0] * np.einsum("k,kij->ij", p * p, SINGLE)
        cover += model.mixtures.covariance[i] + (second - first**2) * np.outer(d, d)
        cover[1, 1] += 0.3**2 * (second + 2.0 * delta * first + delta**2)
        error = np.sqrt(np.diag(cover) / many)
        expected = p @ means[0, 0] + (delta + first) * d
        np.testing.assert_array_less(np.abs(drawn[:, i].mean(axis=0) - expected), 4.0 * error)
        np.testing.assert_allclose(np.cov(drawn[:, i].T), cover, rtol=0.06)


def first_and_second(family, position, level):
    """E(e), E(e²) of one level from a million draws of the generator of scipy's distributions."""
    from scipy import stats

    mean, form = family.level_means(position[None])[0, level], family.evaporation.form
    shape = family.shape(position[None])[0]
    if form == "uniform":
        return stats.uniform(0.0, 15.0).moment(1), stats.uniform(0.0, 15.0).moment(2)
    if form == "truncated_normal":
        c = position[family.layout.shape]
        one = stats.truncnorm(-c, np.inf, loc=c)
        return mean, one.moment(2) * (mean / one.mean()) ** 2
    if form == "exponential":
        return mean, 2.0 * mean**2
    parts = [stats.gamma(k) for k in (1, 2, 3)]
    scale = mean * shape[1:4].sum() / (shape[1:4] @ [1.0, 2.0, 3.0])
    return tuple(
        scale**m * sum(w * part.moment(m) for w, part in zip(shape[1:4], parts, strict=True)) for m in (1, 2)
    )


@pytest.mark.parametrize("form", FORMS)
def test_enrichment_averages_to_its_prior_over_replicates(form):
    """E(E(e | x)) = E(e), and var(E(e | x)) + E(var(e | x)) = var(e), for x from the model."""
    n = 30_000
    family, _, shares, position = draw_once(make_model(np.zeros((n, 2)) + RAIN, form=form))
    rng = np.random.default_rng(2)
    means = family.source_means(shares[None], position[None], rng)
    drawn = family.predict(shares[None], position[None], means, rng)[0]
    again = make_evaporated(make_model(drawn, form=form), make_design(make_model(drawn, form=form)).cells)
    mean, sd = again.enrichment(shares[None], position[None], means)
    delta = family.starts_of_e(position[None])[0]
    first, second = first_and_second(family, position, 0)
    spread = np.sqrt(second - first**2)
    assert mean.mean() - delta == pytest.approx(first, abs=5.0 * spread / np.sqrt(n))
    assert mean.var() + (sd**2).mean() == pytest.approx(spread**2, rel=0.1)


def test_parameters_have_names_units_and_levels():
    labels = tuple("abcabc")
    model = make_model(np.zeros((6, 2)) + RAIN, labels, effects=("band",), form="erlang_spike")
    family, _, _, position = draw_once(model)
    found = family.parameters(np.tile(position, (5, 1)))
    assert found["evaporation_of_band"].coords == {"band": ("a", "b", "c")}
    assert found["evaporation_of_band"].value.shape == (5, 3)
    np.testing.assert_allclose(np.log(found["evaporation_of_band"].value).sum(axis=1), 0.0, atol=1e-12)
    np.testing.assert_allclose(found["evaporation_shape"].value.sum(axis=1), 1.0)
    assert not found["source_pull"].hyper
    zero, mean = found["evaporation_shape"].value[0, 0], family.mean_enrichment(position[None])[0, 0]
    at = family.layout.mean
    expected = (
        family.evaporation.mean_scale * np.exp(position[at]) * (1.0 - zero)
        + family.starts_of_e(position[None])[0]
    )
    assert mean == pytest.approx(expected)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"style": "mixsiar"}, "no part of the model mixsiar"),
        ({"error": "additive"}, "cannot be combined"),
        ({"mixtures": Mixtures(("d18O",), np.zeros((4, 1)))}, "two tracers"),
        ({"mixtures": Mixtures(("d2H", "d18O"), np.zeros((4, 2)))}, "in this order"),
        ({"evaporation": Evaporation(5.0, 0.5, effects=("slope",))}, "no factor 'slope'"),
        ({"evaporation": Evaporation(5.0, 0.5, effects=("band",))}, "one level only"),
        ({"evaporation": Evaporation(np.nan, 0.5)}, "slope = nan"),
        ({"evaporation": Evaporation(5.0, -0.5)}, "slope_sd = -0.5"),
        ({"evaporation": Evaporation(5.0, 0.5, mean_scale=0.0)}, "mean_scale = 0"),
        ({"evaporation": Evaporation(5.0, 0.5, form="gamma")}, "allowed: exponential"),
    ],
)
def test_what_cannot_be_is_refused(changes, message):
    model = replace(make_model(np.zeros((4, 2)) + RAIN, "aaaa"), **changes)
    with pytest.raises(SettingsRefused, match=message):
        make_evaporated(model, make_design(replace(model, factors=())).cells)
