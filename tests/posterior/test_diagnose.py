"""The verdict: planted failures are found and named, good draws pass."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from headwater.errors import NotTrustworthy
from headwater.posterior.diagnose import Caution, Limits, Quantity, Reason, Remedy, diagnose
from headwater.posterior.records import Chains
from headwater.posterior.refuse import TO_DO, WHAT, explain, require_trusted

NAMES = (
    Quantity("share", {"factor": "", "level": "", "source": "ice"}),
    Quantity("share", {"factor": "period", "level": "June", "source": "rain"}),
    Quantity("sd", {"factor": "period"}),
)


def some_chains(chains=4, draws=1000, divergent=0):
    """Sampler statistics of a healthy run, with so many divergent draws."""
    rng = np.random.default_rng(draws)
    shape = (chains, draws)
    diverged = np.zeros(shape, bool)
    diverged.flat[:divergent] = True
    return Chains(
        positions=np.zeros((*shape, 1)),
        log_density=np.zeros(shape),
        energy=rng.normal(size=shape),
        accept=np.full(shape, 0.95),
        step_size=np.ones(shape),
        gradients=np.full(shape, 7),
        depth=np.full(shape, 3),
        diverged=diverged,
        tuning_gradients=np.zeros(chains, np.int64),
        interrupted=False,
        cpu_seconds=0.0,
        states=(),
    )


def good_draws(chains=4, draws=1000):
    """Independent draws of three quantities."""
    return np.random.default_rng(1).beta(2, 5, (chains, draws, 3))


def verdict(values, *, chains=None, names=NAMES, **settings):
    """Diagnosis of the draws with healthy sampler statistics."""
    chains = chains or some_chains(*values.shape[:2])
    return diagnose(values, names, chains, deepest=10, **settings)


def test_good_draws_are_trusted():
    found = verdict(good_draws())
    assert found.trusted and found.reasons == frozenset() and found.cautions == ()
    assert found.worst_rhat < 1.01 and min(found.worst_ess_bulk, found.worst_ess_tail) > 3000
    require_trusted(found)


def test_a_chain_elsewhere_is_found_and_named():
    values = good_draws()
    values[2, :, 1] += 0.15
    found = verdict(values)
    trouble = next(trouble for trouble in found.troubles if trouble.reason is Reason.RHAT)
    assert trouble.count == 1 and trouble.worst == NAMES[1] and trouble.value > 1.05 and trouble.limit == 1.01
    assert trouble.remedies == (Remedy.MORE_DRAWS, Remedy.SIMPLER_MODEL)
    assert "share (factor period, level June, source rain)" in explain(trouble)


def test_a_chain_of_other_spread_is_found_by_the_folded_rhat():
    values = np.random.default_rng(2).normal(size=(4, 1000, 3))
    values[0] *= 2
    assert Reason.RHAT in verdict(values).reasons


def test_a_stuck_chain_is_found():
    values = good_draws()
    values[1, :, 0] = values[1, 0, 0]
    assert {Reason.RHAT, Reason.ESS_BULK} <= verdict(values).reasons


def test_a_quantity_that_never_moves_is_found():
    values = good_draws()
    values[..., 2] = 0.37
    found = verdict(values)
    assert found.reasons == {Reason.STUCK} and found.troubles[0].worst == NAMES[2]
    assert found.troubles[0].value == 0.37


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_share_of_exactly_0_or_1_is_exempt(share):
    values = good_draws()
    values[..., 0] = share
    found = verdict(values)
    assert found.trusted and found.summary()["constant"] == 1


def test_a_fixed_quantity_may_have_any_value():
    values = good_draws()
    values[..., 2] = 0.37
    names = (*NAMES[:2], Quantity("slope", fixed=True))
    assert verdict(values, names=names).trusted


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_value_that_is_not_finite_is_a_failure(value):
    values = good_draws()
    values[3, 999, 1] = value
    found = verdict(values)
    assert found.reasons == {Reason.NOT_FINITE} and found.troubles[0].worst == NAMES[1]


def test_a_low_tail_ess_alone_is_found():
    """Signs are independent, sizes come in long spells: the mean is well known, the ends are not."""
    rng = np.random.default_rng(3)
    size = rng.normal(size=(4, 1000, 1))
    for t in range(1, 1000):
        size[:, t] = 0.99 * size[:, t - 1] + 0.3 * size[:, t]
    values = np.concatenate([rng.normal(size=(4, 1000, 2)), rng.normal(size=(4, 1000, 1)) * np.exp(size)], 2)
    found = verdict(values, limits=Limits(rhat=1.5))
    assert found.reasons == {Reason.ESS_TAIL} and found.troubles[0].worst == NAMES[2]
    assert found.worst_ess_bulk > 1000 > 400 > found.worst_ess_tail


def test_slow_chains_have_too_few_effective_draws():
    rng = np.random.default_rng(4)
    values = np.cumsum(rng.normal(size=(4, 1000, 3)), axis=1)
    assert {Reason.ESS_BULK, Reason.ESS_TAIL, Reason.RHAT} <= verdict(values).reasons


@pytest.mark.parametrize(
    ("divergent", "zeros", "trusted"),
    [(0, True, True), (1, True, False), (4, False, True), (5, False, False)],
)
def test_divergences_up_to_one_in_a_thousand_and_none_with_structural_zeros(divergent, zeros, trusted):
    found = verdict(good_draws(), chains=some_chains(divergent=divergent), structural_zeros=zeros)
    assert found.trusted is trusted and found.divergent == divergent
    assert (Caution.SOME_DIVERGENT in found.cautions) == (divergent > 0)
    if not trusted:
        (trouble,) = found.troubles
        assert trouble.reason is Reason.DIVERGENT and trouble.count == divergent
        assert (trouble.remedies[0] is Remedy.DECLARE_ABSENT) == zeros


def test_one_chain_is_never_enough():
    found = verdict(good_draws(chains=1))
    assert found.reasons == {Reason.ONE_CHAIN} and np.isfinite(found.worst_rhat)


@pytest.mark.parametrize("draws", [0, 3])
def test_too_few_draws(draws):
    found = verdict(good_draws(draws=draws))
    assert found.reasons == {Reason.TOO_FEW_DRAWS} and found.summary()["rhat_max"] is None


def test_cautions_do_not_refuse():
    chains = some_chains()
    slow = np.cumsum(np.random.default_rng(5).normal(size=(4, 1000)), axis=1)
    depth = np.full((4, 1000), 3)
    depth[:, :100] = 10
    found = verdict(good_draws(), chains=replace(chains, energy=slow, depth=depth))
    assert found.trusted and set(found.cautions) == {Caution.LOW_ENERGY_FRACTION, Caution.LONG_TRAJECTORIES}
    assert found.at_deepest == pytest.approx(0.1)


def test_summary_is_json_without_numbers_that_json_lacks():
    values = good_draws()
    values[..., 0] = np.nan
    values[1, :, 1] = 7
    text = json.dumps(verdict(values).summary(), allow_nan=False)
    assert "not_finite" in text and "rhat" in text


def test_every_reason_and_remedy_has_words():
    assert set(WHAT) == set(Reason) and set(TO_DO) == set(Remedy)


def test_refusal_says_what_where_allowed_and_what_to_do_and_carries_the_diagnosis():
    values = good_draws()
    values[2, :, 1] += 0.15
    found = verdict(values, chains=some_chains(divergent=40))
    with pytest.raises(NotTrustworthy, match="R-hat") as refusal:
        require_trusted(found)
    for part in ("1.01", "June", "40 draws diverged", "allowed 0.1%", "To do: ask for more draws", "0.99"):
        assert part in str(refusal.value)
    assert refusal.value.exit_code == 4 and refusal.value.diagnosis is found


def test_names_and_draws_must_agree():
    with pytest.raises(ValueError, match="names of 2"):
        verdict(good_draws(), names=NAMES[:2])
