"""Figures of a mixing model from plain arrays: what is drawn where, and that nothing breaks at the edges."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from headwater.mixing.bayes.design import make_design
from headwater.mixing.bayes.model import Factor, MixingModel, Mixtures, Sources
from headwater.report.mix.density import density
from headwater.report.mix.figure_covariate import draw_covariate, grid
from headwater.report.mix.figure_levels import MOST_LEVELS, draw_levels, level_rows
from headwater.report.mix.figure_predictive import draw_predictive
from headwater.report.mix.figure_prior import draw_prior
from headwater.report.mix.figure_space import draw_space
from headwater.report.mix.figure_tradeoff import draw_tradeoff, strongest
from headwater.report.mix.material import intervals
from headwater.report.mix.space import Line, among, places
from headwater.report.mix.words import (
    level_name,
    natural,
    source_looks,
    source_name,
    spaced,
    tracer_axis,
    tracer_name,
)
from headwater.report.style import KIND_MARKS, figure_style
from headwater.report.text import Text

pytestmark = pytest.mark.slow
"""Whole reports and figures: one of each is in the default tier, in test_write and test_mix_report."""

ENGLISH, CHINESE = Text("en"), Text("zh")


def model_of(k=3, j=2, n=12, levels=1, **own):
    rng = np.random.default_rng(k + 10 * j + 100 * n)
    tracers = ("d18O", "d2H", "Cl", "Si")[:j]
    by = {} if levels == 1 else {"by": "region", "levels": tuple(f"{i}" for i in range(levels))}
    regions = tuple(f"{i % levels}" for i in range(n))
    sources = Sources(
        tuple(f"source {i}" for i in range(k)), tracers, 5 * rng.normal(size=(levels, k, j)),
        np.tile(np.eye(j), (levels, k, 1, 1)), np.full((levels, k), 9), **by, **own,
    )  # fmt: skip
    return MixingModel(Mixtures(tracers, rng.normal(size=(n, j)), factors={"region": regions}), sources)


def looks(k):
    names = tuple(f"source {i}" for i in range(k))
    return {"names": names, "marks": source_looks(names)}


def drawn(make, *args, **named):
    """The figure, laid out in full, so that a missing glyph or an overflow would warn."""
    with figure_style():
        figure = make(*args, **named)
        figure.draw_without_rendering()
    return figure


def test_density_is_that_of_a_beta_distribution():
    beta = stats.beta(3, 8)
    at, found = density(beta.rvs(20_000, random_state=1))
    np.testing.assert_allclose(found, beta.pdf(at), atol=0.15)
    assert np.trapezoid(found, at) == pytest.approx(1, abs=0.003)


def test_density_loses_nothing_at_the_ends():
    at, found = density(stats.beta(1, 4).rvs(20_000, random_state=2))
    assert found[0] == pytest.approx(4, rel=0.08) and np.trapezoid(found, at) == pytest.approx(1, abs=0.005)
    at, found = density(np.full(100, 1.0))
    assert at[np.argmax(found)] == pytest.approx(1, abs=0.01) and np.isfinite(found).all()


def test_density_between_other_ends():
    at, found = density(stats.norm(5, 0.3).rvs(20_000, random_state=3), 3.0, 7.0)
    np.testing.assert_allclose(found, stats.norm(5, 0.3).pdf(at), atol=0.06)


def test_sides_bend_where_concentrations_differ():
    """Half of each source by amount is not half by amount of tracer (Phillips & Koch 2002, eq. 4)."""
    model = model_of(k=2, concentration=np.array([[[4.0, 1.0], [1.0, 1.0]]]))
    data = among(model)
    (way,) = data.sides(0, (0, 1))
    middle, (a, b) = way[len(way) // 2], data.mean[0]
    np.testing.assert_allclose(middle, [(4 * a[0] + b[0]) / 5, (a[1] + b[1]) / 2])
    np.testing.assert_allclose(way[[0, -1]], [b, a])


def test_a_source_within_the_others_is_no_corner_of_their_polygon():
    model = model_of(k=4)
    model.sources.mean[0] = [[0, 0], [4, 0], [0, 4], [1, 1]]
    ends = {tuple(np.round(way[e], 9)) for way in among(model).sides(0, (0, 1)) for e in (0, -1)}
    assert ends == {(0, 0), (4, 0), (0, 4)}


def test_sources_are_drawn_with_their_discrimination_and_absent_ones_not_at_all():
    shift = np.full((3, 2), 2.0)
    model = model_of(levels=2, discrimination=shift, discrimination_sd=np.ones((3, 2)),
                     present=np.array([[True, True, True], [True, False, True]]))  # fmt: skip
    data = among(model)
    np.testing.assert_allclose(data.mean[0], model.sources.mean[0] + 2)
    np.testing.assert_allclose(data.sd[0], np.sqrt(2.0))
    assert np.isnan(data.mean[1, 1]).all() and len(list(data.sides(1, (0, 1)))) == 1


@pytest.mark.parametrize(
    ("k", "j", "n", "levels"), [(2, 1, 1, 1), (3, 2, 12, 3), (4, 4, 5, 1), (20, 2, 1, 1), (2, 2, 30, 9)]
)
def test_space_of_any_shape(k, j, n, levels):
    model = model_of(k, j, n, levels)
    panels = places(model)
    line = Line(np.full(levels, 5.0), np.full(levels, 4.0), np.full(levels, 6.0), learned=levels == 1)
    figure = drawn(draw_space, among(model), panels, line if j == 2 else None, tracers=model.sources.tracers,
                   text=CHINESE, **looks(k))  # fmt: skip
    assert len(figure.axes) == len(panels) <= 6


def test_every_level_stands_under_its_parent_in_natural_order():
    labels = [f"{i}" for i in (10, 2, 1, 3)]
    mixtures = Mixtures(
        ("a",), np.zeros((4, 1)), factors={"Pack": tuple(labels), "Region": ("1", "1", "2", "2")}
    )
    sources = Sources(
        ("u", "v"), ("a",), np.array([[[0.0], [1.0]]]), np.ones((1, 2, 1, 1)), np.full((1, 2), 9)
    )
    factors = (Factor("Region", "random"), Factor("Pack", "random", "Region"))
    region, pack = make_design(MixingModel(mixtures, sources, factors=factors)).terms
    rows = level_rows(pack, region, "overall")
    assert [row.label for row in rows] == [
        "overall",
        "Region 1",
        "Pack 2",
        "Pack 10",
        "Region 2",
        "Pack 1",
        "Pack 3",
    ]
    assert [pack.levels[int(row.level)] for row in rows[1:] if row.level] == ["2", "10", "1", "3"]
    assert all(a.y < b.y for a, b in pairwise(rows))


def test_no_panel_has_more_than_forty_levels():
    n = 90
    mixtures = Mixtures(("a",), np.zeros((n, 1)), factors={"site": tuple(f"{i}" for i in range(n))})
    sources = Sources(
        ("u", "v"), ("a",), np.array([[[0.0], [1.0]]]), np.ones((1, 2, 1, 1)), np.full((1, 2), 9)
    )
    (term,) = make_design(MixingModel(mixtures, sources, factors=(Factor("site", "random"),))).terms
    rows = level_rows(term, None, "overall")
    assert len(rows) == MOST_LEVELS + 1 == 41
    shares = intervals(np.random.default_rng(0).dirichlet(np.ones(2), (50, n)))
    figure = drawn(draw_levels, rows, shares, intervals(np.full((50, 1, 2), 0.5)), axis="share", **looks(2))
    assert [len(axes.get_yticks()) for axes in figure.axes] == [41, 41]


def test_an_interval_stands_where_its_numbers_are():
    mixtures = Mixtures(("a",), np.zeros((2, 1)), factors={"site": ("x", "y")})
    sources = Sources(
        ("u", "v"), ("a",), np.array([[[0.0], [1.0]]]), np.ones((1, 2, 1, 1)), np.full((1, 2), 9)
    )
    (term,) = make_design(MixingModel(mixtures, sources, factors=(Factor("site", "fixed"),))).terms
    draws = np.random.default_rng(0).dirichlet([3, 5], (400, 2))
    rows = level_rows(term, None, "overall")
    figure = drawn(draw_levels, rows, intervals(draws), intervals(draws[:, :1]), axis="share", **looks(2))
    outer = figure.axes[0].collections[2].get_segments()
    expected = 100 * np.quantile(draws[:, :, 0], [0.025, 0.975], axis=0).T
    np.testing.assert_allclose([segment[:, 0] for segment in outer], expected)


def test_nothing_is_drawn_beyond_the_values_measured():
    measured = np.array([4.0, -1.0, 9.5, 2.0])
    values = grid(measured)
    assert (values.min(), values.max()) == (-1.0, 9.5)
    shares = intervals(np.random.default_rng(0).dirichlet(np.ones(5), (60, len(values))))
    figure = drawn(draw_covariate, values, shares, measured, x="深度 δ¹⁸O", y="贡献率（%）", **looks(5))
    assert all(line.get_xdata().max() <= 9.5 for axes in figure.axes for line in axes.lines)


@pytest.mark.parametrize("k", [2, 12])
def test_prior_and_posterior_of_any_number_of_sources(k):
    rng = np.random.default_rng(0)
    prior, posterior = rng.dirichlet(np.ones(k), 500), rng.dirichlet(np.full(k, 20.0), 500)
    posterior[:, 0], overlap = 0.0, rng.random(k)
    figure = drawn(draw_prior, prior, posterior, overlap, text=ENGLISH, **looks(k))
    assert len(figure.axes) == k


@pytest.mark.parametrize("k", [3, 9])
def test_the_pair_that_trades_most_is_found(k):
    rng = np.random.default_rng(1)
    weights = np.full(k, 8.0)
    shares = rng.dirichlet(weights, 2000)
    shift = 0.9 * rng.uniform(-1, 1, 2000) * np.minimum(shares[:, 1], shares[:, 2])
    shares[:, 1] += shift
    shares[:, 2] -= shift
    correlation = np.corrcoef(shares.T)
    assert strongest(correlation) == (1, 2)
    drawn(draw_tradeoff, shares, correlation, (1, 2), names=looks(k)["names"], text=ENGLISH)


@pytest.mark.parametrize("n", [1, 29, 500])
def test_measured_beside_replicated(n):
    rng = np.random.default_rng(2)
    observed, replicated = rng.normal(size=(n, 2)), rng.normal(size=(40, n, 2))
    observed[0] = 9.0
    figure = drawn(draw_predictive, observed, replicated, np.array([0]), tracers=("d18O", "Cl"), text=ENGLISH)
    assert len(figure.axes) == (2 if n < 30 else 4)
    red = [line for line in figure.axes[0].lines if line.get_color() == "#C8313F"]
    assert len(red) == 1 and list(red[0].get_ydata()) == [9.0]


@pytest.mark.parametrize(
    ("given", "name", "axis"),
    [("d18O", "δ¹⁸O", "δ¹⁸O (‰, VSMOW)"), ("dD", "δ²H", "δ²H (‰, VSMOW)"), ("d15N", "δ¹⁵N", "δ¹⁵N (‰)"),
     ("delta 13C", "δ¹³C", "δ¹³C (‰)"), ("d2H_permil", "δ²H", "δ²H (‰, VSMOW)"),
     ("d_excess", "d_excess", "d_excess"),
     ("EC", "EC", "EC"), ("depth", "depth", "depth")],
)  # fmt: skip
def test_tracers_are_named_as_papers_print_them(given, name, axis):
    assert (tracer_name(given), tracer_axis(given)) == (name, axis)


def test_sources_look_like_their_kind_of_water_once():
    marks = source_looks(("Rain", "Ground ice", "precipitation", "Deer", "soil_water"))
    assert marks[0] == KIND_MARKS["precipitation"] and marks[1] == KIND_MARKS["ground_ice"]
    assert len({(mark.colour, mark.marker) for mark in marks}) == 5
    assert len(source_looks(tuple(map(str, range(200))))) == 200


def test_names_in_words():
    assert source_name("Ground ice", CHINESE) == "地下冰" and source_name("U.lactuca", CHINESE) == "U.lactuca"
    assert level_name("Pack", "3") == "Pack 3" and level_name("altitude", "3500-4000") == "altitude 3500-4000"
    assert level_name("site", "meadow") == "meadow"
    assert sorted(["b 10", "a", "b 9.5", "10", "9"], key=natural) == ["9", "10", "a", "b 9.5", "b 10"]
    assert spaced("Deer在Region 1的贡献率") == "Deer 在 Region 1 的贡献率"
