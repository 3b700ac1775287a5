"""A writer that is killed in the middle of bursts, and what its store must hold afterwards.

Burst k holds the readings of day k of all series but some, those that were held back of day k − 7, some of
day k − 2 again, and a correction of some of day k − 3. So the content after K bursts is known in closed form.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from headwater.stations.readings import Readings, join, readings
from headwater.stations.series import Series
from headwater.store import StoreFull, open_store
from tests.store.truth import range_test

ROOT = Path(__file__).resolve().parents[2]
FIRST_DAY = np.datetime64("2020-01-01", "us")
FAR = np.datetime64("2060-01-01", "us")
HELD_BACK, CORRECTED = 7, 3
SEAL_EVERY = 8


def series_of(many: int) -> tuple[Series, ...]:
    """Series of as many depths of stations."""
    return tuple(Series(f"net/{k // 5:04d}", "soil_moisture", 50 + k % 5, 50 + k % 5) for k in range(many))


def value(series: np.ndarray, day: np.ndarray, version: np.ndarray | int) -> np.ndarray:
    """The measured value; some are out of range, so that there is something to flag."""
    return ((series * 97 + day * 131 + version * 5) % 701) / 1000


def late(series: np.ndarray, day: np.ndarray | int) -> np.ndarray:
    """Readings that are held back."""
    return (series + day) % 19 == 0


def corrected(series: np.ndarray, day: np.ndarray | int) -> np.ndarray:
    """Readings that are corrected later."""
    return (series + 3 * day) % 23 == 0


def burst(names: tuple[Series, ...], number: int) -> Readings:
    """Readings of one burst, in random order."""
    every = np.arange(len(names))
    parts = [_part(names, every[~late(every, number)], number)]
    if number >= HELD_BACK:
        parts.append(_part(names, every[late(every, number - HELD_BACK)], number - HELD_BACK))
    if number >= 2:
        parts.append(_part(names, every[every % 10 == 0], number - 2))
    if number >= CORRECTED:
        parts.append(_part(names, every[corrected(every, number - CORRECTED)], number - CORRECTED, version=1))
    whole = join(parts)
    return whole.take(np.random.default_rng(number).permutation(len(whole)))


def _part(names: tuple[Series, ...], series: np.ndarray, day: int, version: int = 0) -> Readings:
    at = np.full(len(series), FIRST_DAY + np.timedelta64(day, "D"))
    return readings(names, series, at, value(series, np.array(day), version), version=version)


def expected(many: int, bursts: int) -> tuple[np.ndarray, ...]:
    """Series, day, version and value after so many bursts, by series and day."""
    series, day = (grid.ravel() for grid in np.meshgrid(np.arange(many), np.arange(bursts), indexing="ij"))
    again = (series % 10 == 0) & (day + 2 < bursts)
    fixed = corrected(series, day) & (day + CORRECTED < bursts)
    there = ~late(series, day) | (day + HELD_BACK < bursts) | again | fixed
    version = fixed[there].astype(int)
    series, day = series[there], day[there]
    return series, day, version, value(series, day, version)


def holds(found: Readings, many: int, bursts: int) -> bool:
    """Are these the readings after so many bursts, with their flags, none missing, none doubled?"""
    series, day, version, measured = expected(many, bursts)
    if len(found) != len(series):
        return False
    times = FIRST_DAY + day * np.timedelta64(1, "D")
    flags = range_test(readings((Series("x", "x"),), 0, times, measured)).readings.flags
    columns = ((found.of, series), (found.time, times), (found.version, version), (found.value, measured))
    return all((one == other).all() for one, other in (*columns, (found.flags, flags)))


def write(folder: str, many: int, start: int, limit_bytes: int) -> None:
    """Commits burst after burst and says which are acknowledged, until it is killed or the disk is full."""
    names = series_of(many)
    store = open_store(folder, writing=True)
    if limit_bytes:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))
    number = start
    try:
        while True:
            store.commit(burst(names, number), now=FAR, judge=range_test)
            os.write(1, f"{number}\n".encode())
            if number % SEAL_EVERY == SEAL_EVERY - 1:
                store.seal(FIRST_DAY + np.timedelta64(number - 2, "D"))
            number += 1
    except StoreFull:
        os.write(1, b"full\n")


@dataclass
class Life:
    """What one writer acknowledged: the number of bursts, and whether it ended because the disk was full."""

    acknowledged: int
    full: bool


def live(folder: Path, many: int, start: int, *, seconds: float, limit_bytes: int = 0) -> Life:
    """Runs a writer, and kills it so long after its first acknowledgement."""
    code = f"from tests.store.killing import write; write({str(folder)!r}, {many}, {start}, {limit_bytes})"
    writer = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert writer.stdout is not None
    with writer:
        said = writer.stdout.readline()
        time.sleep(seconds)
        if not limit_bytes:
            writer.send_signal(signal.SIGKILL)
        said += writer.stdout.read()
    lines = said.decode().split()
    numbers = [int(line) for line in lines if line != "full"]
    assert numbers == list(range(start, start + len(numbers)))
    return Life(start + len(numbers), "full" in lines)


@dataclass
class Outcome:
    """What many killings came to; every number but ``kills``, ``bursts`` and ``full`` must be 0."""

    kills: int = 0
    full: int = 0
    bursts: int = 0
    unsound: int = 0
    wrong: int = 0
    sealed_months: int = 0


def kill_often(folder: Path, *, kills: int, many: int, seed: int, lives_of_a_store: int = 10) -> Outcome:
    """Kills writers, or fills their disk in every fifth life, and checks the store after each."""
    random, outcome, bursts = np.random.default_rng(seed), Outcome(), 0
    for turn in range(kills):
        place = folder / f"store{turn // lives_of_a_store}"
        if turn % lives_of_a_store == 0:
            bursts = 0
        limit = 0
        if turn % 5 == 4:
            limit = max(path.stat().st_size for path in place.rglob("*")) + int(random.integers(1, 400_000))
        life = live(place, many, bursts, seconds=float(random.uniform(0.0, 0.6)), limit_bytes=limit)
        outcome.kills += not limit
        outcome.full += life.full
        with open_store(place, writing=True) as store:
            outcome.unsound += not store.verify().sound
            found = store.read(series_of(many), FIRST_DAY, FAR)
            fits = [
                life.acknowledged + more for more in (0, 1) if holds(found, many, life.acknowledged + more)
            ]
        outcome.wrong += not fits
        outcome.bursts += life.acknowledged - bursts
        bursts = life.acknowledged
        outcome.sealed_months = max(outcome.sealed_months, len(list((place / "sealed").iterdir())))
    return outcome
