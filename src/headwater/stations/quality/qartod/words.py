"""The outcomes of QARTOD's tests, the worst of several, and words for SensorThings' ``resultQuality``."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from functools import reduce

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headwater.errors import InputRefused
from headwater.stations.quality.bits import Flag

Outcomes = NDArray[np.uint8]


class Outcome(IntEnum):
    """Numbers as the manuals of QARTOD and the CF conventions have them."""

    PASS = 1
    NOT_EVALUATED = 2
    SUSPECT = 3
    FAIL = 4
    MISSING = 9

    @property
    def word(self) -> str:
        """As a person reads it: "not evaluated"."""
        return self.name.lower().replace("_", " ")


RANK = (Outcome.MISSING, Outcome.NOT_EVALUATED, Outcome.PASS, Outcome.SUSPECT, Outcome.FAIL)
"""From what says least to what weighs most: a failed test outweighs all others."""
FROST = Flag.D01 | Flag.D02 | Flag.D03
IMPOSSIBLE = Flag.C01 | Flag.C02 | Flag.C03
DOUBTFUL = (
    Flag.D04 | Flag.D05 | Flag.D06 | Flag.D07 | Flag.D08 | Flag.D09 | Flag.D10 | Flag.DRIFT | Flag.DEPTHS
)


def graded(value: ArrayLike, amount: ArrayLike, suspect: float | None, fail: float | None) -> Outcomes:
    """Outcome by an amount: above ``fail`` or ``suspect`` (None: no test); not evaluated where it is NaN."""
    values, size = np.asarray(value, dtype=float), np.asarray(amount, dtype=float)
    out = np.full(values.shape, Outcome.PASS, np.uint8)
    if suspect is not None:
        out[size > suspect] = Outcome.SUSPECT
    if fail is not None:
        out[size > fail] = Outcome.FAIL
    out[np.isnan(size)] = Outcome.NOT_EVALUATED
    return marked_missing(out, values)


def marked_missing(out: Outcomes, value: NDArray[np.float64]) -> Outcomes:
    """The same, MISSING where there is no value."""
    out[np.isnan(value)] = Outcome.MISSING
    return out


def worst(outcomes: Iterable[ArrayLike]) -> Outcomes:
    """Of each value the outcome that weighs most, shape (n,); ``outcomes``: one array a test."""
    order = np.zeros(max(Outcome) + 1, np.uint8)
    order[list(RANK)] = np.arange(len(RANK))
    ranks = [order[np.asarray(one, dtype=np.uint8)] for one in outcomes]
    if not ranks:
        raise InputRefused("There are no outcomes; one test or more is needed. Make a test first.")
    return np.array(RANK, np.uint8)[reduce(np.maximum, ranks)]


def from_ismn(mask: ArrayLike, *, frost_is_suspect: bool = False) -> Outcomes:
    """ISMN flags as outcomes: C fail, D04–D10 and our own suspect, M missing, none not evaluated, else pass.

    Frost (D01–D03) is a state of the ground; it makes a value suspect only where that is asked for.
    """
    bits = np.asarray(mask, dtype=np.uint64)

    def has(flags: Flag) -> NDArray[np.bool_]:
        return (bits & np.uint64(flags)) != 0

    out = np.where(has(Flag.G | FROST), Outcome.PASS, Outcome.NOT_EVALUATED)
    out = np.where(has(DOUBTFUL | FROST if frost_is_suspect else DOUBTFUL), Outcome.SUSPECT, out)
    out = np.where(has(IMPOSSIBLE), Outcome.FAIL, out)
    return np.where(has(Flag.M), Outcome.MISSING, out).astype(np.uint8)


def result_quality(outcome: int, *, ismn: str = "") -> list[dict[str, object]]:
    """``resultQuality`` of a SensorThings 1.1 Observation: a list of DQ_Element (ISO 19157).

    Parameters
    ----------
    outcome : by QARTOD
    ismn : flags as the ISMN prints them, "D03,D04"; empty: none are said

    Examples
    --------
    >>> result_quality(3, ismn="D06")[0]
    {'nameOfMeasure': 'QARTOD', 'DQ_Result': {'code': 3, 'meaning': 'suspect'}}
    """
    said = Outcome(outcome)
    elements: list[dict[str, object]] = [
        {"nameOfMeasure": "QARTOD", "DQ_Result": {"code": int(said), "meaning": said.word}}
    ]
    if ismn:
        elements.append({"nameOfMeasure": "ISMN quality flag", "DQ_Result": {"code": ismn}})
    return elements
