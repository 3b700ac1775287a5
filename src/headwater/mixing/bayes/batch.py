"""Many mixing problems that have nothing to do with each other, fitted one by one on all cores."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from threading import Event
from typing import Any

import numpy as np

from headwater import machine_code
from headwater.errors import HeadwaterError, SettingsRefused
from headwater.machine_code import Progress
from headwater.mixing.bayes.fit import KERNELS, Fit, default_settings, fit_problem
from headwater.mixing.bayes.model import MixingModel
from headwater.mixing.bayes.problem import Problem, make_problem
from headwater.mixing.bayes.summary import parameter_rows, share_rows, summary_of
from headwater.posterior.records import SamplerSettings

STEP = "fitting groups"
SHORT = 500
"""Draws of each chain where nothing else is asked for; enough for one group mostly, else made longer."""
LISTEN_SECONDS = 0.5
"""How often the caller is asked whether to stop."""


@dataclass(frozen=True)
class GroupFit:
    """What is kept of the fit of one group.

    Attributes
    ----------
    shares, parameters : rows as of ``summary``; shares also where they are not to be trusted
    diagnostics : the verdict with the run
    trusted : every check was passed, and sampling was not interrupted
    interrupted : sampling was ended before its time
    fit : everything, with all draws, where it was asked for
    """

    shares: list[dict[str, Any]]
    parameters: list[dict[str, Any]]
    diagnostics: dict[str, Any]
    trusted: bool
    interrupted: bool
    fit: Fit | None = None


def split(model: MixingModel, by: str) -> dict[str, MixingModel]:
    """The model of the mixtures of each level of a factor, in the order in which the levels first appear.

    Raises
    ------
    SettingsRefused
        The mixtures have no such factor.
    """
    labels = model.mixtures.factors.get(by)
    if labels is None:
        raise SettingsRefused(
            f"groups by {by!r}: the mixtures have no such factor; there are "
            f"{', '.join(model.mixtures.factors) or 'none'}. Name one of them."
        )
    rows: dict[str, list[int]] = {}
    for row, label in enumerate(labels):
        rows.setdefault(label, []).append(row)
    return {level: replace(model, mixtures=model.mixtures.take(np.array(at))) for level, at in rows.items()}


def fit_each(
    models: Mapping[str, MixingModel],
    settings: SamplerSettings | None = None,
    *,
    progress: Progress | None = None,
    stop: Callable[[], bool] | None = None,
    keep_draws: bool = False,
) -> dict[str, GroupFit]:
    """The fit of every model by itself, ``settings.cores`` of them at a time.

    Each has a seed of its own, from ``settings.seed`` and its name: its numbers depend neither on the other
    models nor on the number of cores. When interrupted, the models of which there are draws are returned, the
    unfinished ones marked.

    Parameters
    ----------
    settings : of each sampler; by default those that suit each problem, with 4 chains of 500 draws
    progress : told (step, models done, models in all)
    stop : asked now and then; True ends sampling as Ctrl-C does
    keep_draws : keep everything of each fit, a few MB each; else numbers only

    Raises
    ------
    SettingsRefused, InputRefused
        A model and its data do not fit each other; said before anything is sampled.
    """
    problems = {name: _made(name, model) for name, model in models.items()}
    machine_code.load(KERNELS, progress=progress)
    ended = Event()
    cores = machine_code.cores(settings.cores if settings else 0)

    def one(name: str) -> GroupFit | None:
        if ended.is_set():
            return None
        return _fit_one(problems[name], _settings(settings, problems[name], name), ended.is_set, keep_draws)

    found: dict[str, GroupFit | None] = {}
    with ThreadPoolExecutor(cores) as pool:
        waiting = {pool.submit(one, name): name for name in problems}
        while waiting:
            try:
                _take(waiting, found, progress, len(problems))
                if stop is not None and stop():
                    ended.set()
            except KeyboardInterrupt:
                ended.set()
            except BaseException:
                ended.set()
                raise
    return {name: fit for name in problems if (fit := found.get(name)) is not None}


def _take(
    waiting: dict[Future[GroupFit | None], str],
    found: dict[str, GroupFit | None],
    progress: Progress | None,
    total: int,
) -> None:
    """Moves the fits that are ready from ``waiting`` to ``found``."""
    ready, _ = wait(waiting, timeout=LISTEN_SECONDS, return_when=FIRST_COMPLETED)
    for future in ready:
        found[waiting.pop(future)] = future.result()
    if progress is not None and ready:
        progress(STEP, len(found), total)


def _fit_one(
    problem: Problem, settings: SamplerSettings, stop: Callable[[], bool], keep_draws: bool
) -> GroupFit | None:
    fit = fit_problem(problem, settings, stop=stop)
    if not fit.chains.positions.size:
        return None
    return GroupFit(
        shares=share_rows(fit),
        parameters=parameter_rows(fit),
        diagnostics=summary_of(fit),
        trusted=fit.trusted,
        interrupted=fit.chains.interrupted,
        fit=fit if keep_draws else None,
    )


def _made(name: str, model: MixingModel) -> Problem:
    try:
        return make_problem(model)
    except HeadwaterError as error:
        raise type(error)(f"{name}: {error}") from None


def _settings(given: SamplerSettings | None, problem: Problem, name: str) -> SamplerSettings:
    settings = given or replace(default_settings(problem), tune=SHORT, draws=SHORT)
    return replace(settings, seed=seed_of(settings.seed, name), cores=1)


def seed_of(seed: int, name: str) -> int:
    """Seed of the group of this name."""
    return int.from_bytes(hashlib.sha256(f"{seed} {name}".encode()).digest()[:6])
