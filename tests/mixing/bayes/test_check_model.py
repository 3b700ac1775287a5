"""What cannot be fitted is refused, what can but should not be believed is flagged (line 6 of what must be "
"shown)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from headwater.errors import InputRefused
from headwater.mixing.bayes.check import Code, check_model
from headwater.mixing.bayes.distance_outside import distance_outside
from headwater.mixing.bayes.model import Evaporation, Factor, MixingModel, Mixtures, Sources
from headwater.mixing.simplex import simplex_shares

RNG = np.random.default_rng(4)


def sources(means, *, sd=0.5, n=10, tracers=("a", "b"), **more) -> Sources:
    mean = np.array(means, float)[None]
    r, k, j = mean.shape
    covariance = np.tile(np.eye(j) * sd**2, (r, k, 1, 1))
    return Sources(tuple(f"s{i}" for i in range(k)), tracers, mean, covariance, np.full((r, k), n), **more)


TRIANGLE = sources([[0, 0], [10, 0], [0, 10]])


def mixtures(values, *, tracers=("a", "b"), **more) -> Mixtures:
    x = np.array(values, float)
    return Mixtures(tracers, x, ids=tuple(f"m{i}" for i in range(len(x))), **more)


INSIDE = mixtures(RNG.dirichlet([2, 2, 2], 12) @ TRIANGLE.mean[0] + RNG.normal(0, 0.2, (12, 2)))
SOUND = MixingModel(INSIDE, TRIANGLE)


def codes(model: MixingModel) -> set[Code]:
    return {finding.code for finding in check_model(model)}


def test_nothing_is_said_of_a_sound_problem():
    assert check_model(SOUND) == ()


def test_missing_n_is_refused_unless_means_are_exact():
    model = replace(SOUND, sources=replace(TRIANGLE, n=np.array([[10, 0, 10]])))
    with pytest.raises(InputRefused, match=r"source s1: the number of waters n is missing.*--model simmr"):
        check_model(model)
    assert check_model(replace(model, style="simmr", error="additive")) == ()


def test_n_of_1_is_refused_unless_the_error_of_the_mean_is_given():
    one = replace(TRIANGLE, n=np.array([[10, 10, 1]]))
    with pytest.raises(InputRefused, match=r"source s2: n is 1.*Pool"):
        check_model(replace(SOUND, sources=one))
    known = replace(one, mean_covariance=np.tile(0.1 * np.eye(2), (1, 3, 1, 1)))
    assert check_model(replace(SOUND, sources=known)) == ()


def test_a_level_without_sources_is_refused_with_both_sides():
    twice = replace(
        TRIANGLE,
        mean=np.repeat(TRIANGLE.mean, 2, 0),
        covariance=np.repeat(TRIANGLE.covariance, 2, 0),
        n=np.full((2, 3), 10),
        by="site",
        levels=("x", "y"),
    )
    model = MixingModel(replace(INSIDE, factors={"site": ("x", "y", "z") * 4}), twice)
    with pytest.raises(
        InputRefused,
        match="mixtures have site z, which has no sources: mixtures have x, y, z, sources have x, y",
    ):
        check_model(model)
    with pytest.raises(InputRefused, match="sources differ by 'site', which the mixtures do not have"):
        check_model(replace(model, mixtures=INSIDE))


def test_sources_that_do_not_cover_the_mixtures_are_flagged():
    far = replace(INSIDE, values=INSIDE.values + np.array([0, 12]))
    (finding,) = check_model(replace(SOUND, mixtures=far))
    assert finding.code is Code.NOT_COVERED
    assert finding.values["outside"] >= 10 and "should not be believed" in finding.text
    moved = replace(TRIANGLE, discrimination=np.tile([0.0, 12.0], (3, 1)))
    assert check_model(MixingModel(far, moved)) == ()


def test_mixtures_off_the_polygon_are_expected_where_they_evaporate():
    far = replace(INSIDE, values=INSIDE.values + np.array([0, 12]))
    assert check_model(replace(SOUND, mixtures=far, evaporation=Evaporation(5.0, 0.3))) == ()


def test_a_constant_tracer_is_refused():
    with pytest.raises(InputRefused, match="tracer 'b' is constant: 3 in every source"):
        check_model(replace(SOUND, sources=sources([[0, 3], [10, 3], [5, 3]])))
    same = INSIDE.values.copy()
    same[:, 0] = 4.5
    with pytest.raises(InputRefused, match=r"tracer 'a' is constant: 4.5 in all 12 mixtures"):
        check_model(replace(SOUND, mixtures=replace(INSIDE, values=same)))


def test_a_tracer_given_twice_is_refused_by_name_and_by_value():
    with pytest.raises(InputRefused, match="tracer 'a' is given twice"):
        check_model(MixingModel(replace(INSIDE, tracers=("a", "a")), replace(TRIANGLE, tracers=("a", "a"))))
    x = np.column_stack([INSIDE.values, INSIDE.values[:, 0]])
    copied = sources(np.column_stack([TRIANGLE.mean[0], TRIANGLE.mean[0][:, 0]]), tracers=("a", "b", "c"))
    with pytest.raises(InputRefused, match="tracers a, c are linearly dependent"):
        check_model(MixingModel(mixtures(x, tracers=("a", "b", "c")), copied))


def test_d_excess_beside_both_isotopes_is_refused():
    tracers = ("d18O", "d2H", "dexcess")
    d18O = np.round(RNG.normal(-12, 2, 20), 2)
    d2H = np.round(8 * d18O + RNG.normal(8, 3, 20), 1)
    x = np.column_stack([d18O, d2H, np.round(d2H - 8 * d18O, 1)])
    ends = sources([[-8, -50, 14], [-16, -125, 3], [-14, -95, 17]], tracers=tracers)
    with pytest.raises(InputRefused, match="d-excess is δ2H − 8 δ18O"):
        check_model(MixingModel(mixtures(x, tracers=tracers), ends))


def test_mixtures_of_two_sources_on_one_line_are_not_taken_for_dependent_tracers():
    f = RNG.uniform(0, 1, 15)[:, None]
    ends = sources([[0, 0], [10, 2], [3, 12]])
    line = mixtures(np.round(f * ends.mean[0, 0] + (1 - f) * ends.mean[0, 1], 2))
    assert check_model(MixingModel(line, ends)) == ()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_missing_value_is_refused_with_mixture_and_tracer(value):
    x = INSIDE.values.copy()
    x[3, 1] = value
    with pytest.raises(InputRefused, match=r"mixture m3: b is (nan|inf)"):
        check_model(replace(SOUND, mixtures=replace(INSIDE, values=x)))


def test_one_mixture_is_fitted_with_a_word():
    assert codes(replace(SOUND, mixtures=mixtures([[3, 3]]))) == {Code.ONE_MIXTURE}


def test_one_source_is_refused():
    with pytest.raises(InputRefused, match=r"one source \(s0\): nothing to mix"):
        check_model(replace(SOUND, sources=sources([[0, 0]])))


def test_200_sources_are_flagged_as_underdetermined_within_a_second():
    many = sources(RNG.uniform(0, 10, (200, 2)), sd=0.05)
    findings = {finding.code: finding for finding in check_model(replace(SOUND, sources=many))}
    assert findings[Code.UNDERDETERMINED].values == {"sources": 200, "tracers": 2}
    assert "2 tracers separate at most 3 sources" in findings[Code.UNDERDETERMINED].text


def test_sources_that_overlap_are_named_with_their_overlap():
    near = sources([[0, 0], [10, 0], [10.5, 0.3]], sd=1.0)
    (finding,) = check_model(MixingModel(mixtures([[4, 0], [5, 0.2], [6, 0.3]]), near))
    assert finding.code is Code.SOURCES_ALIKE
    ((a, b, overlap),) = finding.values["pairs"]
    # Bhattacharyya coefficient of two normals of equal covariance: exp(−d²/8), d² = 0.5² + 0.3²
    assert (a, b) == ("s1", "s2") and overlap == pytest.approx(np.exp(-0.34 / 8))


def test_factors_with_too_few_levels_are_flagged():
    factors = {"one": ("x",) * 12, "two": ("x", "y") * 6, "many": tuple("abcdef" * 2)}
    declared = (Factor("one", "fixed"), Factor("two", "random"), Factor("many", "random"))
    model = replace(SOUND, mixtures=replace(INSIDE, factors=factors), factors=declared)
    found = [(finding.code, finding.values["factor"]) for finding in check_model(model)]
    assert found == [(Code.ONE_LEVEL, "one"), (Code.FEW_LEVELS, "two")]


def test_a_prior_near_zero_is_answered_with_the_way_to_say_so():
    (finding,) = check_model(replace(SOUND, prior=(1.0, 1.0, 0.01)))
    assert finding.code is Code.SMALL_PRIOR and "s2" in finding.text and "--absent" in finding.text


@pytest.mark.parametrize(("k", "j"), [(2, 1), (3, 2), (5, 2), (6, 3), (4, 4)])
def test_distance_from_the_polygon_is_that_of_the_nearest_point(k, j):
    """Oracle: the exact nearest point of the simplex, face by face."""
    rng = np.random.default_rng(k * 10 + j)
    corners = rng.normal(0, 3, (k, j))
    x = rng.normal(0, 4, (200, j))
    shares = simplex_shares(x, np.tile(corners, (200, 1, 1)))
    exact = np.linalg.norm(shares @ corners - x, axis=1)
    found = distance_outside(x, corners)
    assert (found <= exact + 1e-9).all()
    np.testing.assert_allclose(found, exact, atol=0.02)
