"""Simulated messages of stations, a quality test, and what a store must hold after them by the plain rule."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from headwater.stations.ingest import Accept, Correction, IngestRule, Late, Reading, decide
from headwater.stations.read_flags import flag_words
from headwater.stations.readings import Readings, join, readings
from headwater.stations.series import Series
from headwater.store import Judged

SERIES = (
    *(Series(f"net/{name}", "soil_moisture", deep, deep, "5TM") for name in "cab" for deep in (200, 50, 100)),
    Series("net/a", "precipitation"),
)
C01, C02 = flag_words().mask(["C01"]), flag_words().mask(["C02"])
TESTED = C01 | C02
RULE = IngestRule(conflict=flag_words().mask(["conflict"]))
LONG_AGO = np.datetime64("2026-12-31", "us")


def range_test(given: Readings) -> Judged:
    """The simplest test of quality: below 0, above 0.6."""
    flags = np.where(given.value < 0.0, C01, 0) | np.where(given.value > 0.6, C02, 0)
    return Judged(
        readings(given.series, given.of, given.time, given.value, flags=flags.astype(np.uint64)), TESTED
    )


def messages(*, seed: int, batches: int, chance: np.random.Generator | None = None) -> list[Readings]:
    """Readings of spring 2026: most in order, some again, some late, some corrected, some contradictory.

    ``chance`` shuffles them, repeats some, and cuts them into other batches.
    """
    random = np.random.default_rng(seed)
    many = 60 * batches
    step = np.sort(random.integers(0, 24 * 100, many))
    late = np.where(random.random(many) < 0.1, random.integers(0, 24 * 30, many), 0)
    whole = readings(
        SERIES,
        random.integers(0, len(SERIES), many),
        np.datetime64("2026-03-02", "us") + np.maximum(step - late, 0) * np.timedelta64(30, "m") * 2,
        np.where(random.random(many) < 0.05, math.nan, random.integers(-1, 8, many) / 10),
        version=np.where(random.random(many) < 0.1, 1, 0),
        flags=np.where(random.random(many) < 0.1, 16, 0),
        state=np.where(random.random(many) < 0.2, 1, 0),
        said=("", "R", "P"),
        says=random.integers(0, 3, many),
    )
    whole = join([whole, whole.take(random.integers(0, many, many // 20))])
    order = np.arange(len(whole))
    if chance is not None:
        order = chance.permutation(np.concatenate([order, chance.integers(0, len(whole), len(whole) // 10)]))
    cuts = np.linspace(0, len(order), batches + 1).astype(int)
    return [whole.take(order[a:b]) for a, b in pairwise(cuts)]


def said_of(given: Readings) -> list[str]:
    """Text of each reading."""
    return [given.said[says] for says in given.says.tolist()]


class Truth:
    """A store that is a dictionary and takes readings one by one."""

    def __init__(self) -> None:
        self.kept: dict[tuple[Series, np.datetime64], Reading] = {}
        self.tested = True

    def put(self, batch: Readings, *, tested: bool = True) -> None:
        self.tested = tested
        columns = (batch.of, batch.time, batch.value, batch.version, batch.flags, batch.state, batch.says)
        for of, time, value, version, flags, state, says in zip(*columns, strict=True):
            key = (batch.series[of], time)
            one = Reading(float(value), int(version), int(flags), int(state), batch.said[says])
            decision = decide(one, time, self.kept.get(key), RULE, now=LONG_AGO)
            if isinstance(decision, Accept | Late | Correction):
                self.kept[key] = decision.reading

    def compare(self, found: Readings) -> None:
        """Holds the store the same readings, and flags of quality?"""
        columns = (found.of, found.time, found.value, found.version, found.flags, found.state, found.says)
        rows = {}
        for of, time, value, version, flags, state, says in zip(*columns, strict=True):
            rows[found.series[of], time] = (
                str(value), int(version), int(flags), int(state), found.said[says]
            )  # fmt: skip
        assert len(rows) == len(found), "a series and time comes twice"
        expected = {}
        for key, one in self.kept.items():
            quality = C01 if one.value < 0 else C02 if one.value > 0.6 else 0
            flags = one.flags | (quality if self.tested else 0)
            expected[key] = (str(one.value), one.version, flags, one.state, one.said)
        assert rows == expected
