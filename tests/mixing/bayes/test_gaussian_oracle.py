"""Whole fits of models without factors against an importance sampler that shares nothing with them."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.mixing_oracle import LEAST, importance, mixsiar, simmr
from headwater.mixing.bayes.fit import fit
from headwater.posterior.records import SamplerSettings
from tests.mixing.bayes.gaussian_cases import make_model

pytest.importorskip("numba")


@pytest.mark.slow
@pytest.mark.parametrize(("style", "error"), [("mixsiar", "process*residual"), ("simmr", "additive")])
def test_shares_are_those_of_an_importance_sampler(style, error):
    concentration = "mean" if style == "simmr" else "none"
    model = make_model(3, style=style, error=error, k=4, n=15, concentration=concentration)
    model = replace(model, factors=(), prior=(1.0,) * 4 if style == "mixsiar" else None)
    oracle = importance((mixsiar if style == "mixsiar" else simmr)(model), np.random.default_rng(1))
    assert oracle.ess > 2000.0
    found = fit(model, SamplerSettings(draws=4000))
    shares = found.draws["p_global"].value
    places = [i for i, q in enumerate(found.diagnosis.quantities) if q.name == "p_global"]
    error_of_mean = np.asarray(found.diagnosis.measures.mcse)[places]
    allowed = np.maximum(4.0 * np.hypot(oracle.mcse, error_of_mean), LEAST)
    assert (np.abs(shares.mean(axis=0) - oracle.mean) < allowed).all()
    assert shares.std(axis=0) == pytest.approx(oracle.sd, rel=0.06)
