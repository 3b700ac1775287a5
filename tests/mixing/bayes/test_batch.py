"""Many models fitted one by one: each as if it were alone, on any number of cores, and to be interrupted."""

from dataclasses import replace

import numpy as np
import pytest

from headwater.errors import InputRefused, SettingsRefused
from headwater.mixing.bayes.batch import STEP, fit_each, seed_of, split
from headwater.mixing.bayes.fit import fit
from headwater.mixing.bayes.model import MixingModel, Mixtures, Sources
from headwater.posterior.records import SamplerSettings

SHORT = SamplerSettings(chains=2, tune=150, draws=300, seed=7)


def model(groups: int = 3, each: int = 6) -> MixingModel:
    """Groups of mixtures of two sources; the share of the first grows from group to group."""
    rng = np.random.default_rng(3)
    share = np.repeat(np.linspace(0.2, 0.8, groups), each)[:, None]
    x = (
        share * np.array([-8.0, 2.0])
        + (1 - share) * np.array([-14.0, 9.0])
        + rng.normal(0, 0.4, (len(share), 2))
    )
    labels = tuple(f"g{i}" for i in np.repeat(np.arange(groups), each))
    return MixingModel(
        Mixtures(("a", "b"), x, factors={"group": labels}, ids=tuple(map(str, range(len(x))))),
        Sources(
            ("one", "two"),
            ("a", "b"),
            mean=np.array([[[-8.0, 2.0], [-14.0, 9.0]]]),
            covariance=np.broadcast_to(0.25 * np.eye(2), (1, 2, 2, 2)).copy(),
            n=np.array([[12, 15]]),
        ),
        error="additive",
        style="simmr",
    )


def first_shares(fits):
    return [group.shares[0]["mean"] for group in fits.values()]


def test_split_keeps_every_mixture_with_its_labels():
    parts = split(model(), "group")
    assert list(parts) == ["g0", "g1", "g2"]
    assert [len(part.mixtures.values) for part in parts.values()] == [6, 6, 6]
    assert parts["g1"].mixtures.ids == tuple(map(str, range(6, 12)))
    np.testing.assert_array_equal(parts["g2"].mixtures.values, model().mixtures.values[12:])


def test_split_by_an_unknown_factor_names_those_there_are():
    with pytest.raises(SettingsRefused, match=r"'site'.*there are group"):
        split(model(), "site")


def test_each_group_is_fitted_as_if_it_were_alone_whatever_the_cores_and_the_others():
    parts = split(model(), "group")
    serial = fit_each(parts, replace(SHORT, cores=1))
    parallel = fit_each(dict(reversed(parts.items())), replace(SHORT, cores=3))
    alone = fit(parts["g1"], replace(SHORT, seed=seed_of(SHORT.seed, "g1")))
    assert list(serial) == ["g0", "g1", "g2"]
    assert first_shares(serial) == first_shares(dict(reversed(parallel.items())))
    assert serial["g1"].shares[0]["mean"] == alone.draws["p_global"].value[:, 0].mean()
    assert serial["g0"].fit is None
    assert all(
        0.1 < b - a < 0.5 for a, b in zip(first_shares(serial), first_shares(serial)[1:], strict=False)
    )


def test_seeds_differ_between_groups_and_between_seeds():
    assert len({seed_of(seed, name) for seed in range(20) for name in "abcde"}) == 100


def test_draws_are_kept_where_asked_for():
    kept = fit_each(split(model(1), "group"), SHORT, keep_draws=True)["g0"]
    assert kept.fit is not None
    assert kept.fit.positions.shape[0] >= 600
    assert kept.trusted == kept.fit.trusted == (not kept.diagnostics["troubles"])


def test_one_progress_bar_counts_groups():
    told = []
    fit_each(split(model(), "group"), SHORT, progress=lambda *now: told.append(now))
    fitting = [now for now in told if now[0] == STEP]
    assert [done for _, done, _ in fitting] == sorted(done for _, done, _ in fitting)
    assert fitting[-1] == (STEP, 3, 3)


def test_stopping_returns_what_was_begun_and_marks_it():
    long = replace(SHORT, draws=300_000, cores=1)
    fits = fit_each(split(model(), "group"), long, stop=lambda: True)
    assert list(fits) == ["g0"]
    assert fits["g0"].interrupted
    assert not fits["g0"].trusted


def test_a_group_that_was_stopped_while_tuning_is_not_returned():
    assert fit_each(split(model(), "group"), replace(SHORT, tune=300_000), stop=lambda: True) == {}


def test_ctrl_c_keeps_the_groups_that_are_done():
    def progress(step, done, total):
        if step == STEP and done == 1:
            raise KeyboardInterrupt

    fits = fit_each(split(model(6), "group"), replace(SHORT, cores=1), progress=progress)
    assert 1 <= len(fits) < 6
    assert not fits["g0"].interrupted


def test_a_group_that_cannot_be_fitted_is_named_before_anything_is_sampled():
    parts = split(model(2), "group")
    broken = replace(
        parts["g1"], sources=replace(parts["g1"].sources, n=np.array([[1, 1]])), style="headwater"
    )
    told = []
    with pytest.raises(InputRefused, match=r"^g1: "):
        fit_each(parts | {"g1": broken}, SHORT, progress=lambda *now: told.append(now))
    assert not told
