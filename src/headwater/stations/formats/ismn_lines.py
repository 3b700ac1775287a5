"""One line of an ISMN file: its times, values and flags, or what is wrong with it.

A line is ``YYYY/MM/DD HH:MM value flags provider``; in a CEOP file a second time and the place stand behind
the first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from headwater.stations.clock import FIRST_YEAR, LAST_YEAR
from headwater.stations.flags import FlagWords
from headwater.stations.formats.channels import MOST
from headwater.stations.parsed import Problem, shown
from headwater.stations.read_flags import flag_words

Ints = NDArray[np.int64]
MOST_LINE = 1000
"""Bytes; a longer line is no line of an ISMN file."""
MISSING = (-9999.0, -999.99)
"""Numbers that stand for no value: of the ISMN, and of the CEOP reference format."""
NO_NUMBER = frozenset({"nan", "null", "none", "na"})
STAMP = "a time as YYYY/MM/DD HH:MM"
_CODES = re.compile(r"[GUM]|[CD]\d\d")
_STAMP = re.compile(r"(\d{4})/(\d{2})/(\d{2})[ \t]+(\d{2}):(\d{2})(?=[ \t]|$)", re.ASCII)
_FIRST = re.compile(r"[ \t]*([^ \t]*)[ \t]*(.*)", re.DOTALL)
_VALUE = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?", re.ASCII)
MINUTE = 60_000_000
"""µs"""


class Form(StrEnum):
    """Forms of files."""

    HEADER = "header and values"
    CEOP = "CEOP, one variable a file"
    REFERENCE = "CEOP reference format"


def ismn_words() -> FlagWords:
    """Those flags that are the ISMN's."""
    words = flag_words()
    return FlagWords(
        {code: bit for code, bit in words.bits.items() if _CODES.fullmatch(code)},
        {code: meaning for code, meaning in words.meanings.items() if _CODES.fullmatch(code)},
    )


@dataclass
class Words:
    """Flags that were met: those of the ISMN as bits, those of providers by number.

    Attributes
    ----------
    known : flags of the ISMN
    said : provider flags → number; the empty one is 0
    """

    known: FlagWords = field(default_factory=ismn_words)
    said: dict[str, int] = field(default_factory=lambda: {"": 0})
    _read: dict[str, tuple[int, tuple[str, ...]]] = field(default_factory=dict)

    def flags(self, text: str) -> tuple[int, tuple[str, ...]]:
        """Bits of "D01,D03", and the codes in it that are not known."""
        if text not in self._read:
            codes = text.split(",")
            unknown = tuple(code for code in codes if code not in self.known.bits)
            self._read[text] = self.known.mask(code for code in codes if code in self.known.bits), unknown
        return self._read[text]

    def number(self, text: str) -> int:
        """Number of a provider flag."""
        return self.said.setdefault(text, len(self.said))


@dataclass
class Rows:
    """Columns of n readings: index of the line, time in µs, number as printed, flags, provider flag; and
    whether nominal and actual time differ."""

    line: Ints
    time: Ints
    number: NDArray[np.float64]
    flags: NDArray[np.uint64]
    says: Ints
    moved: NDArray[np.bool_]


@dataclass(frozen=True)
class Row:
    """One line: time and nominal time in µs, the text behind them, where a place may stand."""

    time: int
    nominal: int
    rest: str


def as_text(raw: bytes) -> str:
    """Text of a line: UTF-8, else latin-1."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def careful_row(text: str, *, twice: bool) -> Row | tuple[str, str, str]:
    """Times of a line and what stands behind them; else column, found, expected of what is wrong.

    Parameters
    ----------
    twice : a nominal and an actual time stand there, as in CEOP files
    """
    times: list[int] = []
    for name in ("nominal time", "time") if twice else ("time",):
        text = text.strip(" \t")
        found = _STAMP.match(text)
        time = _microseconds(found) if found else None
        if time is None:
            return name, shown(text[:17]), f"{STAMP}, {FIRST_YEAR} to {LAST_YEAR}"
        times.append(time)
        text = text[found.end() if found else 0 :]
    return Row(times[-1], times[0], text.strip(" \t"))


def begins_with_times(text: str) -> int:
    """With how many times a line begins, two at most."""
    text = text.strip(" \t")
    first = _STAMP.match(text)
    if not first:
        return 0
    return 2 if _STAMP.match(text[first.end() :].lstrip(" \t")) else 1


def _microseconds(found: re.Match[str]) -> int | None:
    year, month, day, hour, minute = (int(part) for part in found.groups())
    if not (FIRST_YEAR <= year <= LAST_YEAR and 1 <= month <= 12 and hour <= 23 and minute <= 59):
        return None
    begin, following = (
        int(np.datetime64(f"{year + at // 12:04d}-{at % 12 + 1:02d}-01", "D").astype(np.int64))
        for at in (month - 1, month)
    )
    if not 1 <= day <= following - begin:
        return None
    return ((begin + day - 1) * 1440 + hour * 60 + minute) * MINUTE


def value_of(text: str) -> float | None:
    """A number; NaN where the text stands for none; None where it is neither."""
    if text.lower() in NO_NUMBER:
        return np.nan
    if not _VALUE.fullmatch(text):
        return None
    number = float(text)
    if not abs(number) <= MOST:
        return None
    return np.nan if number in MISSING else number


def next_word(text: str) -> tuple[str, str]:
    """The first word of a text, and what stands behind it."""
    found = _FIRST.match(text)
    return (found[1], found[2]) if found else ("", "")


def flags_of(text: str, line: int, words: Words) -> tuple[int, str, Problem | None]:
    """Bits of the flags that a text begins with, what stands behind them, and what is wrong with them."""
    codes, rest = next_word(text)
    while codes.endswith(",") and rest:
        more, rest = next_word(rest)
        codes += more
    mask, unknown = words.flags(codes)
    if not unknown:
        return mask, rest, None
    expected = f"flags of the ISMN with commas between: {', '.join(words.known.bits)}"
    return mask, rest, Problem(line, "flag", shown(codes), expected, "unknown flag ignored, value kept")
