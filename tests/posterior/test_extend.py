"""Chains go on while that helps, run anew once on divergences, and stop where nothing helps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from headwater.posterior.diagnose import Quantity, Reason, diagnose
from headwater.posterior.extend import extend_until
from headwater.posterior.records import Chains


def walk(draws, *, memory, divergent=0, seed=1):
    """Four AR(1) chains of one quantity, as the sampler hands them over."""
    x = np.random.default_rng(seed).normal(size=(4, 8000, 1))
    for t in range(1, 8000):
        x[:, t] = memory * x[:, t - 1] + np.sqrt(1 - memory**2) * x[:, t]
    shape, diverged = (4, draws), np.zeros((4, draws), bool)
    diverged[0, :divergent] = True
    flat = np.random.default_rng(2).normal(size=shape)
    whole = np.zeros(4, np.int64)
    return Chains(
        x[:, :draws], flat, flat, flat, flat, whole, np.ones(shape, np.int64), diverged, whole, False, 0.0, ()
    )


def judge(chains):
    return diagnose(chains.positions, [Quantity("x")], chains, deepest=10)


class Sampler:
    """A fake that hands out longer pieces of the same chains and counts how often it is asked."""

    def __init__(self, **chains):
        self.settings, self.asked = chains, []

    def go_on(self, chains, more):
        self.asked.append(more)
        return walk(chains.positions.shape[1] + more, **self.settings)


def test_good_chains_are_left_alone():
    sampler = Sampler(memory=0.0)
    found = extend_until(walk(1000, memory=0.0), judge, go_on=sampler.go_on, asked=1000)
    assert found.diagnosis.trusted and found.steps == () and sampler.asked == []


def test_short_chains_are_made_longer_until_they_do():
    sampler = Sampler(memory=0.9)
    found = extend_until(walk(1000, memory=0.9), judge, go_on=sampler.go_on, asked=1000)
    assert found.diagnosis.trusted and 1000 < found.diagnosis.draws < 4000
    assert found.steps[0].kind == "extended" and Reason.ESS_BULK in found.steps[0].reasons
    assert found.steps[0].draws_before == 1000 and found.steps[-1].draws_after == found.diagnosis.draws
    assert found.chains.positions.shape[1] == found.diagnosis.draws


def test_four_times_is_the_end_and_the_verdict_stands():
    sampler = Sampler(memory=0.9995)
    found = extend_until(walk(1000, memory=0.9995), judge, go_on=sampler.go_on, asked=1000)
    assert not found.diagnosis.trusted and found.diagnosis.draws == 4000 and sum(sampler.asked) == 3000


def test_divergences_are_run_anew_once_and_not_extended():
    sampler, reruns = Sampler(memory=0.0), []

    def rerun():
        reruns.append(1)
        return walk(1000, memory=0.0, divergent=50)

    first = walk(1000, memory=0.0, divergent=100)
    found = extend_until(first, judge, go_on=sampler.go_on, asked=1000, rerun=rerun)
    assert len(reruns) == 1 and sampler.asked == []
    assert found.diagnosis.reasons == {Reason.DIVERGENT} and found.diagnosis.divergent == 50
    assert [step.kind for step in found.steps] == ["rerun"]


def test_a_run_at_higher_acceptance_may_then_be_extended():
    sampler = Sampler(memory=0.9)
    found = extend_until(
        walk(1000, memory=0.9, divergent=100),
        judge,
        go_on=sampler.go_on,
        asked=1000,
        rerun=lambda: walk(1000, memory=0.9),
    )
    assert found.diagnosis.trusted and [step.kind for step in found.steps][:2] == ["rerun", "extended"]


def test_divergences_without_a_way_to_run_anew_end_it():
    sampler = Sampler(memory=0.0)
    found = extend_until(walk(1000, memory=0.0, divergent=100), judge, go_on=sampler.go_on, asked=1000)
    assert found.steps == () and found.diagnosis.reasons == {Reason.DIVERGENT}


def test_what_more_draws_cannot_cure_is_not_extended():
    sampler = Sampler(memory=0.9)
    chains = walk(1000, memory=0.9)
    chains.positions[0, 0] = np.nan
    assert extend_until(chains, judge, go_on=sampler.go_on, asked=1000).steps == ()


def test_interrupted_chains_are_not_extended():
    sampler = Sampler(memory=0.9)
    chains = replace(walk(500, memory=0.9), interrupted=True)
    found = extend_until(chains, judge, go_on=sampler.go_on, asked=1000)
    assert found.steps == () and not found.diagnosis.trusted


@pytest.mark.parametrize("memory", [0.9, 0.99])
def test_a_sampler_that_gives_nothing_more_does_not_loop_for_ever(memory):
    chains = walk(1000, memory=memory)
    found = extend_until(chains, judge, go_on=lambda chains, more: chains, asked=1000)
    assert len(found.steps) == 1
