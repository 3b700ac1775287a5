"""The sampler beside nutpie, on the same compiled density (``pip install nutpie``; checked with 0.16.8)."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

from headwater.posterior.chains import sample
from headwater.posterior.convergence import convergence
from headwater.posterior.records import SamplerSettings
from tests.posterior.known_targets import target, turned_covariance
from tests.posterior.nutpie_oracle import nutpie_draws

pytestmark = [
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(find_spec("nutpie") is None, reason="nutpie is not installed"),
]

SCHOOLS = [28.0, 8.0, -3.0, 7.0, -1.0, 1.0, 18.0, 12.0, 15.0, 10.0, 16.0, 11.0, 9.0, 11.0, 10.0, 18.0]
TURNED = np.concatenate([np.zeros(20), np.linalg.inv(turned_covariance(20, 100.0, seed=2)).ravel()])
TARGETS = {
    "schools": (SCHOOLS, 10),
    "normal": (TURNED, 20),
    "log_gamma": ([0.3, 1.0, 3.0, 20.0], 4),
    "student": ([5.0], 3),
}


@pytest.mark.parametrize("name", TARGETS)
def test_means_and_squares_agree_with_nutpie_at_no_more_gradients(name):
    same = target(name, *TARGETS[name])
    ours = sample(same, SamplerSettings(tune=500, draws=2000, seed=12))
    theirs = nutpie_draws(same, tune=500, draws=2000, seed=12)
    one, other = (
        convergence(np.concatenate([each.positions, each.positions**2], axis=-1)) for each in (ours, theirs)
    )
    z = (one.mean - other.mean) / np.hypot(one.mcse, other.mcse)
    assert np.abs(z).max() < 4
    per_gradient = one.ess_bulk.min() / ours.gradients.sum()
    assert per_gradient > 0.7 * other.ess_bulk.min() / theirs.gradients
