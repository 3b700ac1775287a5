"""Chains: the same draws however they are run, kept when interrupted, refused when they cannot start."""

from __future__ import annotations

import _thread
import signal
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from headwater.errors import InputRefused, SettingsRefused
from headwater.posterior import chains as module
from headwater.posterior.chains import extend, sample
from headwater.posterior.records import Chains, SamplerSettings
from tests.posterior.known_targets import normal_target, target, turned_covariance

TARGET = normal_target(turned_covariance(5, 100.0, seed=1))
SETTINGS = SamplerSettings(tune=120, draws=90, accept=0.9)


def assert_same(one: Chains, other: Chains) -> None:
    """All that was drawn is equal to the last bit."""
    for name in (
        "positions",
        "log_density",
        "energy",
        "accept",
        "step_size",
        "gradients",
        "depth",
        "diverged",
    ):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    np.testing.assert_array_equal(one.tuning_gradients, other.tuning_gradients)


@pytest.mark.parametrize("metric", ["diagonal", "dense"])
def test_number_of_cores_and_length_of_blocks_change_nothing(metric, monkeypatch):
    settings = replace(SETTINGS, metric=metric)
    reference = sample(TARGET, settings)
    assert_same(sample(TARGET, replace(settings, cores=1)), reference)
    monkeypatch.setattr(module, "FIRST_BLOCK", 7)
    monkeypatch.setattr(module, "BLOCK_SECONDS", 1e-9)
    assert_same(sample(TARGET, replace(settings, cores=3)), reference)


def test_another_seed_gives_other_draws_and_chains_differ():
    one, other = sample(TARGET, SETTINGS), sample(TARGET, replace(SETTINGS, seed=2))
    drawn = np.concatenate([one.positions[:, 0, 0], other.positions[:, 0, 0]])
    assert len(np.unique(drawn)) == 8


def test_fewer_chains_are_the_first_ones():
    few, many = sample(TARGET, replace(SETTINGS, chains=2)), sample(TARGET, SETTINGS)
    np.testing.assert_array_equal(few.positions, many.positions[:2])


@pytest.mark.parametrize("metric", ["diagonal", "dense"])
def test_extended_chains_equal_longer_ones(metric):
    settings = replace(SETTINGS, metric=metric)
    short = sample(TARGET, replace(settings, draws=30))
    before = short.positions.copy()
    longer = extend(TARGET, extend(TARGET, short, 40, settings), 20, settings)
    assert_same(longer, sample(TARGET, settings))
    assert_same(extend(TARGET, short, 60, settings), longer)
    np.testing.assert_array_equal(short.positions, before)


def stopped_after(draws: int) -> Chains:
    """Chains stopped when all of them together have so many draws, tuning ones included."""
    done = [0]
    return sample(
        TARGET, SETTINGS, progress=lambda _, now, total: done.append(now), stop=lambda: done[-1] > draws
    )


def test_stopped_chains_keep_their_draws_and_go_on(monkeypatch):
    monkeypatch.setattr(module, "BLOCK_SECONDS", 1e-9)
    stopped = stopped_after(4 * SETTINGS.tune + 2 * SETTINGS.draws)
    kept = stopped.positions.shape[1]
    assert stopped.interrupted
    assert 0 < kept < SETTINGS.draws
    np.testing.assert_array_equal(stopped.positions, sample(TARGET, SETTINGS).positions[:, :kept])
    more = extend(TARGET, stopped, 50, SETTINGS)
    assert more.positions.shape[1] == kept + 50
    assert not more.interrupted


def test_chains_stopped_in_tuning_have_no_draws_and_finish_as_if_never_stopped(monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(module, "BLOCK_SECONDS", 1e-9)
        stopped = stopped_after(2 * SETTINGS.tune)
    assert stopped.interrupted
    assert stopped.positions.shape == (4, 0, 5)
    assert_same(extend(TARGET, stopped, 90, SETTINGS), sample(TARGET, SETTINGS))


@pytest.fixture
def interrupt_heard():
    """A shell that starts tests in the background has told them to ignore Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interrupt_heard")
def test_ctrl_c_keeps_the_draws_so_far():
    slow = normal_target(turned_covariance(100, 1e6, seed=3))
    timer = threading.Timer(0.3, _thread.interrupt_main)
    timer.start()
    began = time.monotonic()
    interrupted = sample(slow, SamplerSettings(tune=30, draws=1_000_000, accept=0.8, deepest=8))
    timer.cancel()
    assert interrupted.interrupted
    assert interrupted.positions.shape[1] < 1_000_000
    assert time.monotonic() - began < 20
    assert np.isfinite(interrupted.positions).all()


def test_progress_rises_to_the_total():
    told = []
    sample(TARGET, SETTINGS, progress=lambda *step: told.append(step))
    total = 4 * (SETTINGS.tune + SETTINGS.draws)
    assert {step for step, *_ in told} <= {"tuning", "drawing"}
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)
    assert told[-1] == ("drawing", total, total)
    assert all(each == total for *_, each in told)


def test_progress_is_told_and_stop_is_asked_within_a_long_block(monkeypatch):
    monkeypatch.setattr(module, "FIRST_BLOCK", 10_000_000)
    monkeypatch.setattr(module, "BLOCK_SECONDS", 0.05)
    told = []
    long = SamplerSettings(chains=1, tune=10, draws=200_000)
    stopped = sample(
        normal_target(turned_covariance(50, 1e4, seed=3)),
        long,
        progress=lambda *step: told.append(step),
        stop=lambda: len(told) > 3,
    )
    assert stopped.interrupted
    assert 0 < stopped.positions.shape[1] < long.draws


def test_acceptance_is_about_what_was_asked_for():
    """Tuned is the mean of 2 min(1, w)/(1 + w), w = exp(−ΔH), which lies a little below that of min(1, w)."""
    wanted = {
        accept: sample(TARGET, replace(SETTINGS, tune=500, draws=500, accept=accept))
        for accept in (0.8, 0.95)
    }
    for accept, chains in wanted.items():
        assert chains.accept.mean() == pytest.approx(accept, abs=0.06)
    assert wanted[0.8].step_size.mean() > 1.2 * wanted[0.95].step_size.mean()


def test_gradients_and_depth_are_counted():
    chains = sample(TARGET, replace(SETTINGS, deepest=3))
    assert chains.depth.max() == 3
    assert chains.gradients.max() == 7
    assert (chains.gradients >= 2**chains.depth - 1).all()
    assert (chains.tuning_gradients > SETTINGS.tune).all()
    assert chains.cpu_seconds > 0


def test_log_density_and_energy_belong_to_the_draws():
    chains = sample(TARGET, SETTINGS)
    gradient = np.zeros(5)
    for chain, draw in [(0, 0), (3, 89)]:
        position = chains.positions[chain, draw].copy()
        value = TARGET.density(position, gradient, TARGET.floats, TARGET.ints)
        assert chains.log_density[chain, draw] == value
    kinetic = chains.energy + chains.log_density
    assert (kinetic > 0).all()
    assert kinetic.mean() == pytest.approx(2.5, abs=0.5), "half a dimension each"


def test_no_tuning_is_allowed():
    assert sample(TARGET, replace(SETTINGS, tune=0, draws=3)).positions.shape == (4, 3, 5)


def test_read_only_data_and_one_dimension_are_taken():
    frozen = np.array([2.0])
    frozen.flags.writeable = False
    one = replace(target("independent", [1.0], 1), floats=frozen)
    assert sample(one, replace(SETTINGS, draws=1000, metric="dense")).positions.std() == pytest.approx(
        2.0, rel=0.1
    )


def test_a_target_without_a_possible_start_is_refused():
    with pytest.raises(InputRefused, match="not finite at 100 points"):
        sample(target("impossible", [], 2), SETTINGS)


@pytest.mark.parametrize(
    "wrong",
    [
        {"chains": 0},
        {"tune": -1},
        {"draws": -1},
        {"deepest": 0},
        {"cores": -1},
        {"accept": 1.0},
        {"metric": "low"},
    ],
)
def test_settings_that_cannot_be_are_refused_with_what_is_allowed(wrong):
    with pytest.raises(SettingsRefused, match=rf"{next(iter(wrong))} = .*must"):
        sample(TARGET, replace(SETTINGS, **wrong))
