"""Daily files of the China Meteorological Administration: their rules, and what printed numbers mean.

The rules are values of ``data/cma_daily.toml``, with the source of each; nothing here opens a file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headwater.errors import InputRefused, SettingsRefused

HEAD = ("station", "latitude", "longitude", "altitude", "year", "month", "day")
OUT_OF_RANGE = "out_of_range"
"""Flag of a printed number that is neither a value nor a special value; its reading is missing."""


@dataclass(frozen=True)
class Special:
    """Printed numbers that are more than a value.

    Attributes
    ----------
    first, last : the numbers, both ends included
    flag : word that the reading carries
    subtract : what to take off to get the value; None where there is no value
    """

    first: int
    last: int
    flag: str
    subtract: int | None


@dataclass(frozen=True)
class Variable:
    """One column of values.

    Attributes
    ----------
    name : name of the variable in tables
    standard_name : by the CF conventions; empty where they have none
    over_time : mean, sum, maximum, minimum or point
    printed, units : unit of the printed number, and of the value
    factor, offset : value = factor · number + offset
    lowest, highest : limits of printed numbers that are plain values
    special : special values, the more particular first
    hours : start and end, in hours from 00:00 UTC+8 of the day that is printed
    """

    name: str
    standard_name: str
    over_time: str
    printed: str
    units: str
    factor: float
    offset: float
    lowest: int
    highest: int
    special: tuple[Special, ...]
    hours: tuple[int, int]

    def allowed(self) -> str:
        """Printed numbers that are allowed, in words."""
        codes = ", ".join(
            f"{s.first} ({s.flag})" if s.first == s.last else f"{s.first} to {s.last} ({s.flag})"
            for s in self.special
        )
        return f"{self.lowest} to {self.highest} ({self.printed}), {codes}"


@dataclass(frozen=True)
class Element:
    """One sort of file: ``name`` and ``code`` as in its name, and the variables of its columns."""

    name: str
    code: str
    variables: tuple[Variable, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of all columns, quality codes last."""
        values = tuple(variable.name for variable in self.variables)
        return (*HEAD, *values, *(f"quality of {name}" for name in values))


@dataclass(frozen=True)
class Rules:
    """All that is known about the files.

    Attributes
    ----------
    elements : by their name in file names
    quality : words by code
    zone_hours : hours that local time is ahead of UTC
    estimated_add : what is added to an altitude (0.1 m) that is estimated
    altitude_limits : lowest and highest altitude, 0.1 m
    fingerprint : of the data file; other rules, other fingerprint
    """

    elements: dict[str, Element]
    quality: dict[int, str]
    zone_hours: int
    estimated_add: int
    altitude_limits: tuple[int, int]
    fingerprint: str


@dataclass(frozen=True)
class FileName:
    """What a file name says: the element, and the month as yyyymm (0 where it names none)."""

    element: Element
    month: int


def parse_name(name: str, rules: Rules, element: str | None = None) -> FileName:
    """Element and month of a file.

    Parameters
    ----------
    name : file name without folders
    element : element where the name does not say it, such as "TEM"

    Raises
    ------
    SettingsRefused
        ``element`` is not one of the data set.
    InputRefused
        The name says no element, or another one than ``element``: columns alone do not tell, four elements
        have thirteen of them.
    """
    known = ", ".join(rules.elements)
    if element is not None and element not in rules.elements:
        raise SettingsRefused(f"element {element!r}: allowed are {known}.")
    found = re.search(r"-(" + "|".join(rules.elements) + r")-[\w-]*?-?(\d{6})?(?=\.|$)", name, re.IGNORECASE)
    said = found.group(1).upper() if found else None
    if said is None and element is None:
        raise InputRefused(
            f"{name}: the name does not say the element, as SURF_CLI_CHN_MUL_DAY-TEM-12001-201907.TXT does, "
            f"and columns do not tell. Name it: --element with one of {known}."
        )
    if said is not None and element is not None and said != element:
        raise InputRefused(
            f"{name}: the name says {said}, the option {element}. Convert files of one element at a time, or "
            "leave the option out."
        )
    month = int(found.group(2)) if found and found.group(2) else 0
    if month and not 1 <= month % 100 <= 12:
        raise InputRefused(f"{name}: {month} is no month (yyyymm). Correct the name.")
    return FileName(rules.elements[said or str(element)], month)


def decode(
    numbers: NDArray[np.int32], variable: Variable
) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.int8]]:
    """Values, where they are missing, and flags of printed numbers.

    Parameters
    ----------
    numbers : as printed, shape (n,)

    Returns
    -------
    values in SI units (0 where missing); missing; position in ``flags_of(variable)``, -1 without a flag
    """
    value = numbers.astype(np.float64)
    plain = (numbers >= variable.lowest) & (numbers <= variable.highest)
    missing = np.zeros(len(numbers), bool)
    flag = np.full(len(numbers), -1, np.int8)
    if not plain.all():
        missing = ~plain
        flag[missing] = len(variable.special)
        for position, special in enumerate(variable.special):
            at = ~plain & (numbers >= special.first) & (numbers <= special.last)
            flag[at] = position
            if special.subtract is not None:
                value[at] -= special.subtract
                missing[at] = False
        value[missing] = 0.0
    return (value * variable.factor + variable.offset).astype(np.float32), missing, flag


def flags_of(variable: Variable) -> tuple[str, ...]:
    """Words of the flags that ``decode`` numbers."""
    return (*(special.flag for special in variable.special), OUT_OF_RANGE)


def bounds(
    day: NDArray[np.int32], variable: Variable, rules: Rules
) -> tuple[NDArray[np.datetime64], NDArray[np.datetime64]]:
    """Start and end of readings in UTC; a reading holds its start, not its end.

    Day D of this data set lasts from 20:00 of D - 1 to 20:00 of D in UTC+8, which is 12:00 to 12:00 UTC.

    Parameters
    ----------
    day : days since 1970-01-01 as printed, shape (n,)
    """
    start, end = (
        (day.astype(np.int64) * 24 + hours - rules.zone_hours).astype("datetime64[h]")
        for hours in variable.hours
    )
    return start.astype("datetime64[ms]"), end.astype("datetime64[ms]")


def degrees(minutes: NDArray[np.int32]) -> NDArray[np.float64]:
    """Degrees of coordinates printed as degrees and minutes, DDMM: 5258 is 52°58′, not 52.58°."""
    size = np.abs(minutes)
    return np.sign(minutes) * (size // 100 + size % 100 / 60)
