"""Shares from positions: gradients by finite differences, priors against scipy, bounds kept."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from headwater.errors import SettingsRefused
from headwater.machine_code import load
from headwater.mixing.bayes.design import contrasts, make_design
from headwater.mixing.bayes.model import Absent, Elicited, Factor, MixingModel, Mixtures, Sources
from headwater.mixing.bayes.proportions import ilr_basis, make_proportions

pytest.importorskip("numba")
SITES = tuple("aabbccddeeff")
REGIONS = tuple("AAAABBBBCCCC")


def make_model(k=3, **changes):
    n = len(SITES)
    rng = np.random.default_rng(k)
    mixtures = Mixtures(
        ("d18O", "d2H"),
        rng.standard_normal((n, 2)),
        factors={"region": REGIONS, "site": SITES, "class": tuple("xyxyxyxyxyxy")},
        covariates={"altitude": np.linspace(3000.0, 5000.0, n)},
    )
    sources = Sources(
        tuple(f"source {i}" for i in range(k)),
        ("d18O", "d2H"),
        rng.standard_normal((1, k, 2)),
        np.tile(np.eye(2), (1, k, 1, 1)),
        np.full((1, k), 9),
    )
    return MixingModel(mixtures, sources, **changes)


NESTED = (Factor("region", "random"), Factor("site", "random", "region"), Factor("class", "fixed"))
CASES = {
    "plain": {},
    "zeros in the prior": {"prior": (0.01, 1.0, 3.0)},
    "elicited": {"prior": Elicited((0.5, 0.0, -1.0), (1.0, 0.4, 2.0))},
    "bounded": {"bounds": {"source 0": (0.1, 0.5), "source 2": (0.0, 0.7)}, "prior": (2.0, 1.0, 0.5)},
    "nested": {"factors": NESTED},
    "nested as MixSIAR": {"factors": NESTED, "style": "mixsiar"},
    "covariate and interaction": {
        "factors": NESTED[:1],
        "covariates": ("altitude",),
        "interactions": (("region", "altitude"),),
    },
    "absent": {"factors": NESTED[:1], "absent": (Absent("source 1", "region", ("B",)),)},
    "bounded, by class, one absent": {
        "factors": NESTED[2:],
        "bounds": {"source 0": (0.0, 0.8)},
        "absent": (Absent("source 1", "region", ("B",)),),
    },
}


def evaluate(part, position, weight):
    """Log prior plus a linear function of the shares, and its gradient."""
    (kernel,) = load(("headwater.mixing.bayes.kernel_shares",))
    c, k = weight.shape
    p, work, gradient = np.empty((c, k)), np.empty(kernel.work_size(part.ints)), np.zeros(part.dimension)
    value = kernel.shares_forward(position, gradient, part.floats, part.ints, p, work)
    kernel.shares_backward(position, gradient, part.floats, part.ints, p, weight, work)
    return value + (weight * p).sum(), gradient, p


@pytest.mark.parametrize("name", CASES)
def test_gradient_equals_finite_differences(name):
    model = make_model(**CASES[name])
    design = make_design(model)
    part = make_proportions(model, design)
    rng = np.random.default_rng(5)
    weight = rng.standard_normal((len(design.matrix), 3)) * 3.0
    for _ in range(4):
        position = rng.standard_normal(part.dimension) * 1.3
        _, gradient, _ = evaluate(part, position, weight)
        for i in range(part.dimension):
            steps = np.zeros(part.dimension)
            steps[i] = 1e-3
            one = (
                evaluate(part, position + steps, weight)[0] - evaluate(part, position - steps, weight)[0]
            ) / 2e-3
            two = (
                evaluate(part, position + steps / 2, weight)[0]
                - evaluate(part, position - steps / 2, weight)[0]
            )
            assert (4 * two / 1e-3 - one) / 3 == pytest.approx(gradient[i], rel=1e-6, abs=1e-7), (name, i)


@pytest.mark.parametrize("name", CASES)
def test_compiled_shares_are_those_reported(name):
    model = make_model(**CASES[name])
    design = make_design(model)
    part = make_proportions(model, design)
    positions = part.draw_prior(20, np.random.default_rng(2))
    reported = part.cells(positions)
    for row, position in enumerate(positions):
        _, _, p = evaluate(part, position, np.zeros(reported.shape[1:]))
        assert p == pytest.approx(reported[row], abs=1e-12)
    assert reported.sum(axis=-1) == pytest.approx(1.0)
    assert (reported[:, ~design.cells.present] == 0.0).all()


@pytest.mark.parametrize("weights", [(0.01, 1.0, 3.0), (1.0, 1.0, 1.0), (30.0, 2.0, 0.3)])
def test_prior_draws_have_the_marginals_of_the_dirichlet(weights):
    model = make_model(prior=weights)
    part = make_proportions(model, make_design(model))
    shares = part.overall(part.draw_prior(4000, np.random.default_rng(1)))
    for i, weight in enumerate(weights):
        beta = stats.beta(weight, sum(weights) - weight)
        assert stats.kstest(shares[:, i], beta.cdf).pvalue > 1e-3


def test_density_of_the_gamma_map_is_that_of_gamma_variables():
    # change of variables: log p(t) = log Gamma(G(t)) + log dG/dt, with dG/dt by finite differences
    weights = (0.01, 1.0, 40.0)
    model = make_model(prior=weights)
    part = make_proportions(model, make_design(model))
    rng = np.random.default_rng(3)
    constant = None
    for _ in range(20):
        t = rng.standard_normal(3) * 2.0

        def gamma(t):
            return np.logaddexp(0.0, t) * (1.0 / (1.0 + np.exp(-t))) ** (1.0 / np.array(weights))

        slope = (np.log(gamma(t + 1e-6)) - np.log(gamma(t - 1e-6))) / 2e-6
        density = stats.gamma(weights).logpdf(gamma(t)) + np.log(slope * gamma(t))
        value, _, _ = evaluate(part, t, np.zeros((1, 3)))
        difference = value - density.sum()
        constant = difference if constant is None else constant
        assert difference == pytest.approx(constant, abs=1e-6)


def test_density_of_bounded_shares_is_the_dirichlet_within_its_bounds():
    # integral over a grid of positions: E p_0 under the density equals that of draws cut to the bounds
    weights, bounds = (2.0, 1.0, 0.5), {"source 0": (0.1, 0.5), "source 2": (0.0, 0.7)}
    model = make_model(prior=weights, bounds=bounds)
    part = make_proportions(model, make_design(model))
    grid = np.linspace(-14.0, 14.0, 281)
    points = np.array([(a, b) for a in grid for b in grid])
    weight = np.exp([evaluate(part, point, np.zeros((1, 3)))[0] for point in points])
    mean = (weight[:, None] * part.overall(points)).sum(axis=0) / weight.sum()
    draws = np.random.default_rng(0).dirichlet(weights, 400_000)
    draws = draws[(draws[:, 0] > 0.1) & (draws[:, 0] < 0.5) & (draws[:, 2] < 0.7)]
    assert mean == pytest.approx(draws.mean(axis=0), abs=0.003)


@pytest.mark.parametrize(
    ("kind", "theory"), [("mixsiar", stats.uniform(0, 20)), ("headwater", stats.halfnorm(0, 1.5))]
)
def test_learned_scales_have_their_prior(kind, theory):
    model = make_model(factors=NESTED[:1], style=kind)
    part = make_proportions(model, make_design(model))
    scales = part.scales(part.draw_prior(4000, np.random.default_rng(1)))["sd_region"].value
    assert stats.kstest(scales, theory.cdf).pvalue > 1e-3
    # the compiled density of l, against the same theory by change of variables
    at = part.dimension - 1
    position = np.zeros(part.dimension)
    values, sizes = [], []
    for l in np.linspace(-3.0, 3.0, 601):
        position[at] = l
        values.append(evaluate(part, position, np.zeros((3, 3)))[0])
        sizes.append(part.scales(position[None])["sd_region"].value[0])
    sizes = np.array(sizes)
    slope = np.gradient(sizes, np.linspace(-3.0, 3.0, 601), edge_order=2)
    difference = np.array(values) - theory.logpdf(sizes) - np.log(slope)
    assert difference == pytest.approx(difference[300], abs=1e-3)


def test_contrasts_sum_to_zero_and_give_every_level_the_same_variance():
    c = contrasts(5)
    assert c.sum(axis=0) == pytest.approx(np.zeros(4), abs=1e-12)
    assert (c**2).sum(axis=1) == pytest.approx(np.ones(5))


def test_ilr_basis_is_orthonormal_and_orthogonal_to_the_total():
    basis = ilr_basis(4)
    assert basis.T @ basis == pytest.approx(np.eye(3), abs=1e-12)
    assert basis.sum(axis=0) == pytest.approx(np.zeros(3), abs=1e-12)


def test_nested_level_adds_its_parent():
    model = make_model(factors=NESTED[:2], style="mixsiar")
    design = make_design(model)
    part = make_proportions(model, design)
    positions = part.draw_prior(5, np.random.default_rng(0))
    levels = part.levels(positions, 1)
    cells = part.cells(positions)
    for number in range(len(design.terms[1].levels)):
        cell = design.cells.of[design.terms[1].codes == number][0]
        assert levels[:, number] == pytest.approx(cells[:, cell])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"prior": (1.0, 1.0)}, "3 weights"),
        ({"prior": (1.0, 0.0, 1.0)}, "weights > 0"),
        ({"prior": Elicited((0.0,), (1.0,))}, "3 means"),
        ({"bounds": {"nobody": (0.0, 1.0)}}, "no source 'nobody'"),
        ({"bounds": {"source 0": (0.6, 0.5)}}, "lowest < highest"),
        ({"bounds": {"source 0": (0.0, 0.2), "source 1": (0.0, 0.2), "source 2": (0.0, 0.2)}}, "sum of 1"),
        ({"factors": (Factor("nothing", "random"),)}, "no factor 'nothing'"),
        ({"factors": (Factor("site", "random", "region"),)}, "nested in 'region'"),
        ({"covariates": ("nothing",)}, "no column 'nothing'"),
        ({"absent": (Absent("nobody", "region", ("A",)),)}, "no source 'nobody'"),
        ({"factors": (Factor("region", "random"), Factor("region", "fixed"))}, "named twice"),
        ({"interactions": (("region", "altitude"),)}, "neither a factor nor a covariate"),
    ],
)
def test_impossible_settings_are_refused(changes, words):
    model = make_model(**changes)
    with pytest.raises(SettingsRefused, match=words):
        make_proportions(model, make_design(model))


@pytest.mark.parametrize("name", ["draw", "source", "chain"])
def test_names_that_results_use_are_refused(name):
    model = make_model()
    mixtures = replace(model.mixtures, factors={name: SITES})
    with pytest.raises(SettingsRefused, match="rename the column"):
        make_design(replace(model, mixtures=mixtures, factors=(Factor(name, "random"),)))
