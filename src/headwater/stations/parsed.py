"""What a format gives: readings, what was wrong, and an account in which nothing is lost."""

from __future__ import annotations

from dataclasses import dataclass

from headwater.stations.readings import Readings
from headwater.stations.series import Station

MOST_SHOWN = 40
"""Characters of what was found that a problem shows."""
MOST_PROBLEMS = 1000
"""Problems of one source that are kept in words; the others are counted."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a source.

    Attributes
    ----------
    line : of a file or number of an item of a message, counted from 1; 0: the whole
    column : its name, or key of a payload; empty: the whole line
    found, expected : what stands there, and what is allowed
    action : what was done: "line left out", "set missing", …
    """

    line: int
    column: str
    found: str
    expected: str
    action: str


@dataclass(frozen=True)
class Parsed:
    """What came out of one file or message: ``lines`` = ``used`` + ``blank`` + ``left_out``.

    Attributes
    ----------
    readings : in the order of the source
    stations : that the source itself describes
    problems : the first ``MOST_PROBLEMS``, in order
    lines : of a file, headers included; items of a message
    used : those that gave readings or were understood as header
    blank, left_out : those without content; those that were refused, each with a problem while these are kept
    """

    readings: Readings
    stations: tuple[Station, ...] = ()
    problems: tuple[Problem, ...] = ()
    lines: int = 0
    used: int = 0
    blank: int = 0
    left_out: int = 0


def shown(text: object) -> str:
    """What was found, short enough for a message and free of control characters."""
    plain = "".join(sign if sign.isprintable() else "�" for sign in str(text))
    return plain if len(plain) <= MOST_SHOWN else plain[: MOST_SHOWN - 1] + "…"
