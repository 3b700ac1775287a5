"""Data that a Gaussian mixing model cannot use are refused with the place, what is allowed and what to do."""

from dataclasses import replace

import numpy as np
import pytest

from headwater.errors import InputRefused
from headwater.mixing.bayes.design import make_design
from headwater.mixing.bayes.gaussian import make_gaussian
from tests.mixing.bayes.gaussian_cases import Evaluated, make_model

pytest.importorskip("numba")


def changed(model, part, **values):
    return replace(model, **{part: replace(getattr(model, part), **values)})


def refuse(model, *words):
    with pytest.raises(InputRefused) as error:
        make_gaussian(model, make_design(model).cells)
    for word in words:
        assert word in str(error.value)


@pytest.mark.parametrize("style", ["headwater", "mixsiar"])
def test_a_single_water_has_no_variance(style):
    model = make_model(1, levels=3, style=style)
    counts = model.sources.n.copy()
    counts[2, 1] = 1
    refuse(changed(model, "sources", n=counts), "'s1' at level 2", "n = 1", "pool it")


def test_a_single_water_is_allowed_where_the_covariance_of_its_mean_is_given():
    model = make_model(1, mean_covariance=True)
    counts = model.sources.n.copy()
    counts[0, 1] = 1
    evaluated = Evaluated(changed(model, "sources", n=counts))
    assert evaluated.family.assumed.covariances.known.tolist() == [False, True, False]


def test_no_more_rows_than_tracers_have_no_covariance():
    model = make_model(1, style="mixsiar", data="rows", j=3)
    counts = model.sources.n.copy()
    counts[0, 0] = 3
    refuse(changed(model, "sources", n=counts), "'s0'", "n = 3", "at least 4")


def test_a_tracer_alike_in_all_sources_is_refused():
    model = make_model(1)
    mean, covariance = model.sources.mean.copy(), model.sources.covariance.copy()
    mean[:, :, 1], covariance[:, :, 1, 1] = 3.0, 0.0
    for style in ("headwater", "mixsiar", "simmr"):
        flat = changed(replace(model, style=style), "sources", mean=mean, covariance=covariance)
        refuse(flat, "'t1'", "leave it out")


def test_sources_without_spread_leave_mixtures_none():
    model = make_model(1, error="process", style="mixsiar", n=9)
    covariance = model.sources.covariance.copy()
    covariance[..., 0, 0] = 0.0
    none = np.zeros_like(model.sources.discrimination)
    sharp = changed(model, "sources", covariance=covariance, discrimination_sd=none)
    refuse(sharp, "tracer t0", "'process'", "residual")
    Evaluated(replace(sharp, error="residual"))
    Evaluated(changed(sharp, "mixtures", covariance=np.tile(np.eye(2), (9, 1, 1))))


def test_perfectly_correlated_tracers_are_refused():
    model = make_model(1, data="covariance")
    covariance = model.sources.covariance.copy()
    covariance[0, 2] = [[1.0, 2.0], [2.0, 4.0]]
    refuse(changed(model, "sources", covariance=covariance), "'s2'", "correlated")


@pytest.mark.parametrize("bad", [np.nan, -1.0, 0.0])
def test_concentrations_must_be_positive(bad):
    model = make_model(1, concentration="mean")
    q = model.sources.concentration.copy()
    q[:, :, 1] = bad
    refuse(changed(model, "sources", concentration=q), "concentrations must be positive")


def test_missing_values_and_negative_analytical_variances_are_named():
    model = make_model(1, analytical="each")
    named = changed(model, "mixtures", ids=tuple(f"W{i}" for i in range(12)))
    values, covariance = model.mixtures.values.copy(), model.mixtures.covariance.copy()
    values[3, 1] = np.nan
    refuse(changed(named, "mixtures", values=values), "W3", "t1", "nan")
    covariance[5, 0, 0] = -0.1
    refuse(changed(named, "mixtures", covariance=covariance), "W5", "t0", "-0.1")


def test_two_hundred_sources_work():
    evaluated = Evaluated(make_model(1, k=200, style="mixsiar"))
    value, gradient = evaluated(evaluated.random_position(np.random.default_rng(1)))
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()
