"""Dates out of text cells; the order of day and month is decided from the whole column."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from headwater.samples.parse_names import NO_TEXT
from headwater.samples.parse_numbers import distinct

Order = Literal["auto", "dmy", "mdy", "ymd"]
MONTH_NAMES = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
    "november", "december",
)  # fmt: skip
MONTHS = {short: i + 1 for i, name in enumerate(MONTH_NAMES) for short in (name, name[:3], name[:4])}
CLOCK = (
    r"(?:(?:t|\s)\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?"
    r"\s*(am|pm)?\s*(z|utc|gmt|[+-]\d{2}:?\d{2}|[+-]\d{2})?)?"
)
YEAR_FIRST = re.compile(r"(\d{4})[-/.年]\s?(\d{1,2})(?:[-/.月]\s?(\d{1,2})日?)?月?\s*" + CLOCK)
YEAR_LAST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{1,2})\s*" + CLOCK)
DAY_NAME = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[-\s/.]*([a-z]{3,9})\.?[-\s/.,]*(\d{4}|\d{2})\s*" + CLOCK)
NAME_DAY = re.compile(r"([a-z]{3,9})\.?\s*(\d{1,2})(?:st|nd|rd|th)?[,\s]+(\d{4})\s*" + CLOCK)
COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
SERIAL = re.compile(r"\d{5}(?:\.\d{1,12})?")
EXCEL_ZERO = datetime(1899, 12, 30)
YEARS = (1900, 2100)


@dataclass(frozen=True)
class Dates:
    """Dates of a column as local time, and what was odd.

    Attributes
    ----------
    values : ``datetime64[s]``, shape (n,), NaT where missing
    text : the cells as found, trimmed, shape (n,)
    bad : positions of cells that are no date or a date that does not exist
    ambiguous : positions whose day and month could be exchanged
    serial, month_only, zoned, timed : positions with an Excel serial, without a day, with a zone, with a time
        and no zone
    order : order of day and month that was used, or "conflict"
    evidence : True where the column itself, or the user, settled the order
    """

    values: NDArray[np.datetime64]
    text: pa.Array
    bad: NDArray[np.int64]
    ambiguous: NDArray[np.int64]
    serial: NDArray[np.int64]
    month_only: NDArray[np.int64]
    zoned: NDArray[np.int64]
    timed: NDArray[np.int64]
    order: str
    evidence: bool


@dataclass(frozen=True)
class _One:
    value: datetime | None = None
    bad: bool = False
    ambiguous: bool = False
    serial: bool = False
    month_only: bool = False
    zoned: bool = False
    timed: bool = False


def parse_dates(text: pa.Array, order: Order = "auto") -> Dates:
    """Dates of text cells, each as written, without change of zone."""
    texts, code = distinct(text)
    try:  # ISO in every cell: compiled
        stamps = pc.cast(pc.if_else(pc.equal(texts, ""), None, texts), pa.timestamp("s"))
        fast = stamps.to_numpy(zero_copy_only=False).astype("datetime64[s]")
    except pa.ArrowInvalid:
        fast = None
    if fast is not None and _within(fast):
        with_time = (fast != fast.astype("datetime64[D]")) & ~np.isnat(fast)
        none = np.zeros(0, np.int64)
        timed = np.flatnonzero(with_time[code])
        return Dates(fast[code], texts.take(pa.array(code)), none, none, none, none, none, timed, "ymd", True)
    folded = [unicodedata.normalize("NFKC", one[:200]).strip().lower() for one in texts.to_pylist()]
    used, evidence = decide_order(folded, order)
    parsed = [_parse_one(one, used) for one in folded]
    values = (
        np.array([one.value for one in parsed], dtype="datetime64[s]")
        if parsed
        else np.zeros(0, "datetime64[s]")
    )
    flags = {
        name: np.flatnonzero(np.array([getattr(one, name) for one in parsed], bool)[code])
        for name in ("bad", "ambiguous", "serial", "month_only", "zoned", "timed")
    }
    return Dates(values[code], texts.take(pa.array(code)), **flags, order=used, evidence=evidence)


def decide_order(texts: Sequence[str], order: Order) -> tuple[str, bool]:
    """Order of day and month in dates like 3/6/2020, and whether the column (or the user) settles it.

    A first number above 12 says day first, a second one above 12 month first, both "conflict"; a first one
    above 31 with two-digit years says year first. Without evidence: day first, unsettled.
    """
    if order != "auto":
        return order, True
    day_first = month_first = year_first = 0
    for text in texts:
        found = YEAR_LAST.fullmatch(text)
        if found:
            first, second = int(found[1]), int(found[2])
            year_first += first > 31
            day_first += 12 < first <= 31
            month_first += second > 12
    if year_first and all_two_digit(texts):
        return "ymd", True
    if day_first and month_first:
        return "conflict", False
    return ("mdy", True) if month_first else ("dmy", bool(day_first))


def all_two_digit(texts: Sequence[str]) -> bool:
    """True where all dates like 20/6/3 have a year of two digits."""
    years = [found[3] for text in texts if (found := YEAR_LAST.fullmatch(text))]
    return bool(years) and all(len(year) < 4 for year in years)


def _within(stamps: NDArray[np.datetime64]) -> bool:
    years = stamps[~np.isnat(stamps)].astype("datetime64[Y]").astype(int) + 1970
    return not years.size or bool(years.min() >= YEARS[0] and years.max() <= YEARS[1])


def _parse_one(text: str, order: str) -> _One:
    if text in NO_TEXT or text in ("无", "缺", "nat", "n.d.", "nd", "no data", "unknown", "不详"):
        return _One()
    if SERIAL.fullmatch(text) and 20000 <= float(text) < 80000:
        moment = EXCEL_ZERO + timedelta(seconds=round(float(text) * 86400))
        return _One(moment, serial=True, timed=moment.time() != moment.min.time())
    compact = COMPACT.fullmatch(text)
    if compact:
        return _build(int(compact[1]), int(compact[2]), int(compact[3]), ())
    for pattern, arrange in ((YEAR_FIRST, _year_first), (DAY_NAME, _day_name), (NAME_DAY, _name_day)):
        found = pattern.fullmatch(text)
        if found:
            return arrange(found)
    found = YEAR_LAST.fullmatch(text)
    return _year_last(found, order) if found else _One(bad=True)


def _year_first(found: re.Match[str]) -> _One:
    if found[3] is None:
        one = _build(int(found[1]), int(found[2]), 1, ())
        return _One(one.value, bad=one.bad, month_only=not one.bad)
    return _build(int(found[1]), int(found[2]), int(found[3]), found.groups()[3:])


def _day_name(found: re.Match[str]) -> _One:
    return _build(_century(found[3]), MONTHS.get(found[2], 0), int(found[1]), found.groups()[3:])


def _name_day(found: re.Match[str]) -> _One:
    return _build(_century(found[3]), MONTHS.get(found[1], 0), int(found[2]), found.groups()[3:])


def _year_last(found: re.Match[str], order: str) -> _One:
    first, second, clock = int(found[1]), int(found[2]), found.groups()[3:]
    if order == "ymd":
        return _build(_century(found[1]), second, int(found[3]) if len(found[3]) < 4 else 0, clock)
    if len(found[3]) == 1:
        return _One(bad=True)
    swappable = first <= 12 and second <= 12 and first != second
    if order == "conflict":
        if swappable:
            return _One(ambiguous=True)
        order = "dmy" if second <= 12 else "mdy"
    day, month = (first, second) if order == "dmy" else (second, first)
    one = _build(_century(found[3]), month, day, clock)
    return _One(one.value, one.bad, swappable and not one.bad, zoned=one.zoned, timed=one.timed)


def _century(year: str) -> int:
    return int(year) if len(year) == 4 else int(year) + (2000 if int(year) < 69 else 1900)


def _build(year: int, month: int, day: int, clock: tuple[str | None, ...]) -> _One:
    hour, minute, second, half, zone = clock or (None,) * 5
    try:
        base = date(year, month, day)
        h = int(hour or 0)
        if half:
            if not 1 <= h <= 12:
                return _One(bad=True)
            h = h % 12 + (12 if half == "pm" else 0)
        moment = datetime(base.year, base.month, base.day, h % 24, int(minute or 0), int(second or 0))
    except ValueError:
        return _One(bad=True)
    if h > 24 or (h == 24 and (moment.minute or moment.second)) or not YEARS[0] <= year <= YEARS[1]:
        return _One(bad=True)
    if h == 24:
        moment += timedelta(days=1)
    timed = moment.time() != datetime.min.time()
    return _One(moment, zoned=zone is not None, timed=timed and zone is None)
