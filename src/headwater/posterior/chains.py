"""Draws from a posterior: chains of the compiled sampler, in threads, with progress and interruption."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headwater import machine_code
from headwater.errors import InputRefused, SettingsRefused
from headwater.machine_code import Progress
from headwater.posterior.dense_metric import dense_scale
from headwater.posterior.records import Array, Chains, Integers, SamplerSettings, Target

SAMPLER = ("headwater.posterior.kernel_nuts",)
"""Kernels that are loaded before a density that calls them."""
BLOCK_SECONDS = 0.2
"""About how long a chain goes on before others have their turn and progress is told."""
FIRST_BLOCK = 32
NO_START = (
    "No start for sampling: the log density or its gradient is not finite at 100 points around the start "
    "of the posterior. Both must be finite there. Check the data for values that the model excludes, "
    "and the model for priors that exclude them."
)
EARLY, LATE = 0.2, 0.8
"""Parts of tuning: up to EARLY the metric follows short windows; from LATE only the step size is tuned."""
EASY = 0.15
"""Part of tuning that is spent with the easy data of a target, where it has some."""


@dataclass(frozen=True)
class State:
    """Where a chain is and what it has learned; the arrays are changed by the sampler in place."""

    random: NDArray[np.uint64]
    chain: Any
    vectors: Array
    scale: Array
    root: Array

    def copy(self) -> State:
        """The same state in arrays of its own."""
        return State(*(np.copy(array) for array in vars(self).values()))


def sample(
    target: Target,
    settings: SamplerSettings,
    *,
    progress: Progress | None = None,
    stop: Callable[[], bool] | None = None,
) -> Chains:
    """Draws from the target, after tuning.

    Parameters
    ----------
    progress : told (step, draws done, draws in all), tuning draws and all chains counted
    stop : asked now and then; True ends sampling as Ctrl-C does: with the draws so far

    Raises
    ------
    SettingsRefused
        A setting that is not allowed.
    InputRefused
        No start at which the log density and its gradient are finite.
    """
    _check(settings)
    machine_code.load(SAMPLER, progress=progress)
    seeds = np.random.SeedSequence(settings.seed).spawn(settings.chains)
    return _run(target, [_new(target, seed) for seed in seeds], settings, settings.draws, progress, stop)


def extend(
    target: Target,
    chains: Chains,
    draws: int,
    settings: SamplerSettings,
    *,
    progress: Progress | None = None,
    stop: Callable[[], bool] | None = None,
) -> Chains:
    """The chains with so many more draws each; the same as if they had been that long from the start.

    Parameters, errors : as of ``sample``
    """
    _check(replace(settings, draws=draws))
    machine_code.load(SAMPLER, progress=progress)
    states = [state.copy() for state in chains.states]
    return _joined(chains, _run(target, states, settings, draws, progress, stop))


@dataclass
class _Job:
    """One chain at work: its state, its room, and where its draws go."""

    state: State
    plan: Any
    room: tuple[Array, Array, Array]
    history: Array
    windows: tuple[tuple[int, int], ...]
    positions: Array
    statistics: Array
    first: int
    last: int
    easy: int = 0
    block: int = FIRST_BLOCK
    cpu_seconds: float = 0.0

    @property
    def drawn(self) -> int:
        """Draws of the chain, tuning ones included."""
        return int(self.state.chain["drawn"][0])


def _run(
    target: Target,
    states: list[State],
    settings: SamplerSettings,
    draws: int,
    progress: Progress | None,
    stop: Callable[[], bool] | None,
) -> Chains:
    """Takes all chains to the end, or to where they are when sampling is interrupted."""
    target = _owned(target)
    positions = np.empty((len(states), draws, target.dimension))
    statistics = np.empty((len(states), draws, machine_code.load(SAMPLER)[0].STATISTICS))
    jobs = [_job(*each, settings) for each in zip(states, positions, statistics, strict=True)]
    if target.easy is not None:
        for job in jobs:
            job.easy = round(EASY * settings.tune)
    flag = np.zeros(1, dtype=np.int64)
    try:
        with ThreadPoolExecutor(machine_code.cores(settings.cores)) as pool:
            try:
                _work(pool, target, jobs, flag, progress, stop)
            finally:
                flag[0] = 1
    except KeyboardInterrupt:
        pass
    return _collected(jobs, positions, statistics)


def _work(
    pool: ThreadPoolExecutor,
    target: Target,
    jobs: Sequence[_Job],
    flag: Integers,
    progress: Progress | None,
    stop: Callable[[], bool] | None,
) -> None:
    """Gives every chain its blocks in turn, until all are done or ``stop`` says so."""
    before = sum(job.drawn for job in jobs)
    total = sum(job.last for job in jobs) - before
    waiting = {pool.submit(_block, target, job, flag) for job in jobs if job.drawn < job.last}
    while waiting:
        ready, waiting = wait(waiting, timeout=BLOCK_SECONDS, return_when=FIRST_COMPLETED)
        if stop is not None and stop():
            return
        unfinished = [job for job in (future.result() for future in ready) if job.drawn < job.last]
        waiting |= {pool.submit(_block, target, job, flag) for job in unfinished}
        if progress is not None:
            tuning = any(job.drawn < job.plan["tune"][0] for job in jobs)
            progress("tuning" if tuning else "drawing", sum(job.drawn for job in jobs) - before, total)


def _block(target: Target, job: _Job, flag: Integers) -> _Job:
    """Takes a chain on by one block; a dense metric is renewed where a window ends."""
    began, drawn, state = time.thread_time(), job.drawn, job.state
    ends = [drawn + job.block, job.last, job.easy, *(end for _, end in job.windows)]
    until = min(end for end in ends if end > drawn)
    floats, ints = target.easy if target.easy and drawn < job.easy else (target.floats, target.ints)
    machine_code.load(SAMPLER)[0].advance(
        target.density, floats, ints,
        state.random, state.chain, state.vectors, state.scale, state.root, job.room,
        job.plan, job.history, job.positions, job.statistics, job.first, until, flag,
    )  # fmt: skip
    if np.isnan(state.chain["log_density"][0]):
        raise InputRefused(NO_START)
    if drawn < job.easy == job.drawn:
        _settle(target, state)
    for start, end in job.windows:
        if end == job.drawn:
            _renew(job, start, end)
    seconds = time.thread_time() - began
    job.cpu_seconds += seconds
    job.block = max(1, round(BLOCK_SECONDS / max(seconds, 1e-4) * max(job.drawn - drawn, 1)))
    return job


def _settle(target: Target, state: State) -> None:
    """Lets a chain go on from easy data to all data; where it cannot stand there it gets a new start."""
    kernel, chain = machine_code.load(SAMPLER)[0], state.chain
    position, gradient = state.vectors[kernel.POSITION], state.vectors[kernel.GRADIENT]
    chain["log_density"] = target.density(position, gradient, target.floats, target.ints)
    chain["tuning_gradients"] += 1
    chain["step_centre"], chain["error_mean"], chain["averaged"] = np.log(10.0 * chain["step"]), 0.0, 0
    if not (np.isfinite(chain["log_density"][0]) and np.isfinite(gradient).all()):
        position[:] = target.start
        chain["step"] = 0.0


def _renew(job: _Job, start: int, end: int) -> None:
    """Gives the chain a dense metric from the draws of a window, if that can be had."""
    if (np.ptp(job.history[start:end], axis=0) == 0.0).any():
        return
    with np.errstate(all="ignore"), suppress(np.linalg.LinAlgError):
        scale = dense_scale(job.history[start:end, 0], job.history[start:end, 1])
        root = np.asarray(np.linalg.cholesky(scale))
        if np.isfinite(root).all():
            job.state = replace(job.state, scale=scale, root=root)


def _owned(target: Target) -> Target:
    easy = target.easy and (_own(target.easy[0], np.float64), _own(target.easy[1], np.int64))
    floats, ints = _own(target.floats, np.float64), _own(target.ints, np.int64)
    return replace(target, floats=floats, ints=ints, easy=easy)


def _own(array: NDArray[Any], kind: type) -> NDArray[Any]:
    """The array as compiled code takes it: contiguous and writable."""
    return np.require(array, dtype=kind, requirements=["C", "W"])


def _new(target: Target, seed: np.random.SeedSequence) -> State:
    """A chain that has not begun."""
    kernel = machine_code.load(SAMPLER)[0]
    vectors = np.zeros((kernel.VECTORS, target.dimension))
    vectors[kernel.POSITION] = target.start
    return State(
        random=seed.generate_state(4, np.uint64).astype(np.uint64),
        chain=np.zeros(1, dtype=kernel.CHAIN),
        vectors=vectors,
        scale=np.ones((1, target.dimension)),
        root=np.ones((1, target.dimension)),
    )


def _room(dimension: int, deepest: int) -> tuple[Array, Array, Array]:
    """Where trajectories are built."""
    return np.zeros((2, 5, dimension)), np.zeros((deepest + 2, 5, dimension)), np.zeros((2, dimension))


def _job(state: State, positions: Array, statistics: Array, settings: SamplerSettings) -> _Job:
    tune, drawn = settings.tune, int(state.chain["drawn"][0])
    dense = settings.metric == "dense"
    plan = np.zeros(1, dtype=machine_code.load(SAMPLER)[0].PLAN)
    plan[0] = (tune, round(EARLY * tune), round(LATE * tune), settings.deepest, settings.accept)
    first = max(drawn, tune)
    d = positions.shape[1]
    return _Job(
        state=state,
        plan=plan,
        room=_room(d, settings.deepest),
        history=np.zeros((tune if dense and drawn < tune else 0, 2, d)),
        windows=_windows(tune, d) if dense else (),
        positions=positions,
        statistics=statistics,
        first=first,
        last=first + len(positions),
    )


def _windows(tune: int, dimension: int) -> tuple[tuple[int, int], ...]:
    """First draw and end of the windows that a dense metric is made from."""
    ends = [round(part * tune) for part in (0.15, 0.25, 0.4, 0.6, LATE)]
    return tuple((round(0.4 * end), end) for end in ends if end > 10)


def _collected(jobs: Sequence[_Job], positions: Array, statistics: Array) -> Chains:
    """The draws of all chains, cut to the shortest."""
    kept = min(max(job.drawn - job.first, 0) for job in jobs)
    columns = statistics[:, :kept]
    return Chains(
        positions=positions[:, :kept],
        log_density=columns[..., 0],
        energy=columns[..., 1],
        accept=columns[..., 2],
        step_size=columns[..., 3],
        gradients=columns[..., 4].astype(np.int64),
        depth=columns[..., 5].astype(np.int64),
        diverged=columns[..., 6] > 0,
        tuning_gradients=np.array([job.state.chain["tuning_gradients"][0] for job in jobs]),
        interrupted=any(job.drawn < job.last for job in jobs),
        cpu_seconds=sum(job.cpu_seconds for job in jobs),
        states=tuple(job.state for job in jobs),
    )


def _joined(before: Chains, more: Chains) -> Chains:
    names = ("positions", "log_density", "energy", "accept", "step_size", "gradients", "depth", "diverged")
    joined: dict[str, Any] = {
        name: np.concatenate([getattr(before, name), getattr(more, name)], axis=1) for name in names
    }
    return replace(more, **joined, cpu_seconds=before.cpu_seconds + more.cpu_seconds)


def _check(settings: SamplerSettings) -> None:
    """Refuses settings that cannot be."""
    least = {"chains": 1, "tune": 0, "draws": 0, "deepest": 1, "cores": 0}
    for name, bound in least.items():
        if getattr(settings, name) < bound:
            raise SettingsRefused(
                f"{name} = {getattr(settings, name)}: must be {bound} or more. Give another value."
            )
    if not 0.0 < settings.accept < 1.0:
        raise SettingsRefused(f"accept = {settings.accept}: must lie between 0 and 1. Try 0.95.")
    if settings.metric not in ("diagonal", "dense"):
        raise SettingsRefused(f"metric = {settings.metric!r}: must be 'diagonal' or 'dense'.")
