"""What becomes of a reading that comes in: accepted, late, duplicate, correction, or rejected with a reason.

Two readings of one series and time are resolved by ``resolve``, which is commutative, associative and
idempotent: the same readings, any number of times and in any order, end in the same one. Of two versions the
higher holds. Within a version a value holds over a missing one and the larger over the smaller, two different
values set the flag of a conflict for good, and readings of the same value add up their flags and states. The
choice of the larger value says nothing of truth; it is only the same everywhere, and the flag tells of it.
``decide`` is the rule for one reading, ``ingest_batch.decide_batch`` the same for a table.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import NamedTuple

import numpy as np

EARLIEST = np.datetime64("1950-01-01", "us")
FUTURE_TOLERANCE = np.timedelta64(15, "m")
LATE_AFTER = np.timedelta64(1, "h")


class Reason(StrEnum):
    """Why a reading is rejected."""

    NO_TIME = "no time"
    TOO_EARLY = "before the earliest time"
    FUTURE = "in the future"
    INFINITE = "infinite value"
    UNKNOWN_SERIES = "unknown series"


REASONS = tuple(Reason)


class Kind(IntEnum):
    """What was decided, as a number in a column."""

    ACCEPTED = 0
    LATE = 1
    DUPLICATE = 2
    CORRECTED = 3
    REJECTED = 4


@dataclass(frozen=True)
class IngestRule:
    """What a store lets in.

    Attributes
    ----------
    conflict : bit that marks two values of one version, as a mask (``flag_words().mask(["conflict"])``)
    earliest : earlier times are rejected
    future_tolerance : how far the clock of a logger may be ahead
    late_after : a new reading that is older than the newest of its series by more than this is late
    refuse_unknown : reject series that the store does not know, instead of adding them
    """

    conflict: int
    earliest: np.datetime64 = EARLIEST
    future_tolerance: np.timedelta64 = FUTURE_TOLERANCE
    late_after: np.timedelta64 = LATE_AFTER
    refuse_unknown: bool = False


class Reading(NamedTuple):
    """What is known of one series at one time; the fields are those of ``Readings``."""

    value: float
    version: int = 0
    flags: int = 0
    state: int = 0
    said: str = ""


@dataclass(frozen=True)
class Accept:
    """The first reading of its series and time."""

    reading: Reading


@dataclass(frozen=True)
class Late:
    """As ``Accept``, but later readings of the series came before it."""

    reading: Reading


@dataclass(frozen=True)
class Duplicate:
    """Adds nothing to what is held: the same again, or a version that was replaced."""

    held: Reading


@dataclass(frozen=True)
class Correction:
    """Changes what is held to ``reading``."""

    held: Reading
    reading: Reading


@dataclass(frozen=True)
class Reject:
    """Not let in."""

    reason: Reason


Decision = Accept | Late | Duplicate | Correction | Reject


def resolve(one: Reading, other: Reading, *, conflict: int) -> Reading:
    """The reading that holds of two of the same series and time; order does not matter."""
    if one.version != other.version:
        return max(one, other, key=lambda reading: reading.version)
    first, second = _rank(one.value), _rank(other.value)
    marks = (one.flags | other.flags) & conflict
    if first == second:
        said = max(one.said, other.said)
        return Reading(one.value, one.version, one.flags | other.flags, one.state | other.state, said)
    if -math.inf not in (first, second):
        marks |= conflict
    holds = one if first > second else other
    return holds._replace(flags=holds.flags | marks)


def decide(
    reading: Reading,
    time: np.datetime64,
    held: Reading | None,
    rule: IngestRule,
    *,
    now: np.datetime64,
    newest: np.datetime64 | None = None,
    known: bool = True,
) -> Decision:
    """What becomes of one reading.

    Parameters
    ----------
    time : of the reading, UTC
    held : what the store holds of this series and time
    now : the clock, UTC
    newest : time of the newest reading of the series
    known : the store knows the series
    """
    if reason := _reason(reading, time, rule, now, known):
        return Reject(reason)
    reading = reading._replace(value=math.nan if math.isnan(reading.value) else reading.value + 0.0)
    if held is None:
        late = newest is not None and time < newest - rule.late_after
        return Late(reading) if late else Accept(reading)
    joined = resolve(held, reading, conflict=rule.conflict)
    same = joined[1:] == held[1:] and _rank(joined.value) == _rank(held.value)
    return Duplicate(held) if same else Correction(held, joined)


def _reason(
    reading: Reading, time: np.datetime64, rule: IngestRule, now: np.datetime64, known: bool
) -> Reason | None:
    if np.isnat(time):
        return Reason.NO_TIME
    if time < rule.earliest:
        return Reason.TOO_EARLY
    if time > now + rule.future_tolerance:
        return Reason.FUTURE
    if math.isinf(reading.value):
        return Reason.INFINITE
    return Reason.UNKNOWN_SERIES if rule.refuse_unknown and not known else None


def _rank(value: float) -> float:
    return -math.inf if math.isnan(value) else value


@dataclass(frozen=True)
class Account:
    """Readings of a station that came in, and what became of them."""

    received: int = 0
    accepted: int = 0
    late: int = 0
    duplicate: int = 0
    corrected: int = 0
    rejected: int = 0

    @property
    def adds_up(self) -> bool:
        """Is nothing lost?"""
        became = self.accepted + self.late + self.duplicate + self.corrected + self.rejected
        return self.received == became

    def __add__(self, other: Account) -> Account:
        return Account(*(a + b for a, b in zip(self.counts, other.counts, strict=True)))

    @property
    def counts(self) -> tuple[int, int, int, int, int, int]:
        """The fields in their order."""
        return (
            self.received, self.accepted, self.late, self.duplicate, self.corrected, self.rejected
        )  # fmt: skip
