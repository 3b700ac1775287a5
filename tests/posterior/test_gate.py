"""The gate behind the real sampler: a hard target is refused, an easy one passes once it is long enough."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from headwater.posterior.chains import extend, sample
from headwater.posterior.diagnose import Quantity, Reason, diagnose
from headwater.posterior.extend import extend_until
from headwater.posterior.records import SamplerSettings, Target
from tests.posterior import kernel_targets

SETTINGS = SamplerSettings(tune=300, draws=200, accept=0.8, cores=1)


def run(density, floats, dimension, *, seed=3):
    """Chains that were extended or run anew as a fit does it."""
    target = Target(density, np.asarray(floats, float), np.zeros(0, np.int64), dimension, np.zeros(dimension))
    settings = replace(SETTINGS, seed=seed)
    names = [Quantity(f"x{i}") for i in range(dimension)]
    return extend_until(
        sample(target, settings),
        lambda chains: diagnose(chains.positions, names, chains, deepest=SETTINGS.deepest),
        go_on=lambda chains, draws: extend(target, chains, draws, settings),
        asked=SETTINGS.draws,
        rerun=lambda: sample(target, replace(settings, accept=0.99)),
    )


def test_a_short_run_of_an_easy_target_is_extended_and_right():
    sd = np.array([0.1, 1.0, 10.0])
    found = run(kernel_targets.independent, sd, 3)
    assert found.diagnosis.trusted and [step.kind for step in found.steps] in ([], ["extended"])
    z = found.chains.positions / sd
    assert (abs(z.mean(axis=(0, 1))) < 5 * found.diagnosis.measures.mcse / sd).all()
    np.testing.assert_allclose(z.std(axis=(0, 1)), 1, atol=0.12)


@pytest.mark.parametrize("seed", range(3))
def test_the_funnel_is_refused_whatever_is_tried(seed):
    """Neal's funnel in these coordinates suits no step size: the neck is not reached."""
    found = run(kernel_targets.funnel, [0.0], 10, seed=seed)
    assert not found.diagnosis.trusted and found.steps
    assert found.diagnosis.reasons <= {Reason.DIVERGENT, Reason.RHAT, Reason.ESS_BULK, Reason.ESS_TAIL}
