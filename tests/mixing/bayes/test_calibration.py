"""Truths among posterior draws are ranked uniformly in every model family, and not where a bug is planted.

With data from the model itself the rank of any true quantity among independent draws is uniform (Talts et al.
2018, theorem 1); "any that strays" is exact for each quantity and Bonferroni over all of a model.
"""

from zlib import crc32

import numpy as np
import pytest

from headwater.mixing.bayes.calibrate import calibrate
from headwater.mixing.bayes.problem import make_problem
from tests.mixing.bayes.calibrated_models import MODELS, plain
from tests.mixing.bayes.planted_bugs import BUGS, ignored_data

pytestmark = pytest.mark.slow
ALARM = 1e-4
"""Chance of a false alarm in one model."""
REPLICATES, SLOW = 100, {"as MixSIAR, nested factors": 40, "evaporation, effects and factors": 60}


@pytest.mark.parametrize("name", MODELS)
def test_truth_ranks_uniformly_among_posterior_draws(name):
    rng = np.random.default_rng([1, crc32(name.encode())])
    found = calibrate(make_problem(MODELS[name]()), SLOW.get(name, REPLICATES), rng)
    assert found.worst[1] > ALARM, found.worst
    assert found.divergent < 0.01


@pytest.mark.parametrize("name", BUGS)
def test_planted_bug_is_found(name):
    found = BUGS[name].calibrate(seed=1)
    assert found.worst[1] < ALARM, found.worst


def test_posterior_that_ignores_its_data_is_found_by_the_likelihood_alone():
    # Modrák et al. 2023, section 4: the prior itself passes for every parameter
    rng = np.random.default_rng(2)
    found = calibrate(make_problem(plain()), 150, rng, fitted=ignored_data)
    chance = dict(zip(found.names, found.chance, strict=True))
    assert chance.pop("log_likelihood") < 1e-12
    assert min(value for name, value in chance.items() if name.startswith(("p_global", "xi"))) > ALARM
