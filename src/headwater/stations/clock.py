"""Clocks of loggers: local times without a zone become UTC, and what cannot be told is said.

A clock that keeps daylight-saving time shows one hour twice and one never. Which of the two a line means
follows from the order of the lines: where the clock steps back inside the repeated hour, its second pass
begins. Where no step is seen, the pass that fits the neighbours and their record numbers better is taken,
and a tie is a problem. A time that the clock never showed has no UTC time. Nothing is reordered.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from headwater.errors import SettingsRefused
from headwater.stations.parsed import MOST_PROBLEMS, Problem
from headwater.stations.readings import Times

Ints = NDArray[np.int64]
SECOND = 1_000_000
DAY = 86_400
MOST_INTERVALS = 12
"""A step of the clock over more intervals than this is told as a problem."""
FIRST_YEAR, LAST_YEAR = 1900, 2199
_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Clocked:
    """Times of a clock in UTC.

    Attributes
    ----------
    time : shape (n,), datetime64[us]; NaT where the clock cannot have shown this time
    interval : usual step from line to line, µs; 0 where there are fewer than two lines
    problems : in order of lines
    """

    time: Times
    interval: int
    problems: tuple[Problem, ...]


def clock_zone(text: str, *, where: str) -> tzinfo:
    """The zone that a setting names: "UTC", an offset such as "+08:00", or a name such as "Asia/Shanghai".

    Parameters
    ----------
    where : whose setting it is, for the message

    Raises
    ------
    SettingsRefused
        It is empty, or no zone.
    """
    allowed = 'Allowed are "UTC", an offset such as "+08:00", or a name such as "Asia/Shanghai"'
    if not text.strip():
        raise SettingsRefused(
            f"{where}: its times have no zone, and none is set. {allowed}: set `zone` of the station to that "
            "which the clock of its logger keeps."
        )
    if text in ("UTC", "Z"):
        return UTC
    if found := _OFFSET.fullmatch(text):
        sign, hours, minutes = found.groups()
        if int(hours) <= 14 and int(minutes) < 60:
            offset = timedelta(hours=int(hours), minutes=int(minutes))
            return timezone(offset if sign == "+" else -offset)
    try:
        return ZoneInfo(text)
    except (ValueError, OSError, KeyError):
        raise SettingsRefused(f"{where}: zone {text!r} is not known. {allowed}.") from None


def to_utc(local: Ints, line: Ints, zone: str, *, where: str, record: Ints | None = None) -> Clocked:
    """Times of a clock, in the order in which its lines were written, as UTC.

    Parameters
    ----------
    local : shape (n,), µs since 1970-01-01 00:00 as the clock showed it
    line : shape (n,), number of the line, for problems
    zone : as ``clock_zone`` takes it
    where : whose setting the zone is
    record : shape (n,), number of the record, where the source counts them
    """
    kept = clock_zone(zone, where=where)
    interval = usual_interval(local)
    if isinstance(kept, timezone) or not len(local):
        offset = (kept.utcoffset(None) or timedelta(0)) // timedelta(microseconds=1)
        return Clocked((local - offset).view("datetime64[us]"), interval, ())
    years = local[[local.argmin(), local.argmax()]].view("datetime64[us]").astype("datetime64[Y]")
    first, last = (int(year) + 1970 for year in years.astype(np.int64))
    starts, offsets = _spans(zone, max(first, FIRST_YEAR), min(last, LAST_YEAR))
    begin, end = starts + offsets, np.append(starts[1:] + offsets[:-1], np.iinfo(np.int64).max)
    at = np.maximum(np.searchsorted(begin, local, "right") - 1, 0)
    utc = local - offsets[at]
    before = np.maximum(at - 1, 0)
    twice = (at > 0) & (local < end[before])
    problems = _choose(utc, local, twice, offsets[before] - offsets[at], line, record, interval)
    never = local >= end[at]
    expected = f"a time that a clock in {zone} shows; here it is set forward"
    problems += [
        Problem(int(line[row]), "time", _text(local[row]), expected, "line left out")
        for row in np.flatnonzero(never)[:MOST_PROBLEMS]
    ]
    time = utc.view("datetime64[us]")
    time[never] = np.datetime64("NaT")
    return Clocked(time, interval, tuple(sorted(problems, key=lambda problem: problem.line)))


def jumps(
    time: Times,
    line: Ints,
    interval: int,
    *,
    record: Ints | None = None,
    most_intervals: int = MOST_INTERVALS,
) -> tuple[Problem, ...]:
    """Steps of a clock that are no steps of measuring, backwards or far forwards, and restarts of records.

    Lines are kept as they are. A step that the record numbers explain, because records in between are
    missing, is told as such.

    Parameters
    ----------
    time : shape (n,), UTC, in the order of the lines, without NaT
    interval : µs, as ``to_utc`` gives it
    """
    step = np.diff(time.astype(np.int64))
    far = (step > most_intervals * interval) & (interval > 0)
    found: list[Problem] = []
    for row in np.flatnonzero((step < 0) | far)[:MOST_PROBLEMS] + 1:
        move = "back" if step[row - 1] < 0 else "on"
        text = f"{time[row - 1]} → {time[row]}: {move}"
        if record is not None and far[row - 1] and record[row] - record[row - 1] > 1:
            text += f", {record[row] - record[row - 1] - 1} records missing"
        expected = f"a step of {interval / SECOND:g} s, at most {most_intervals} of them"
        found.append(Problem(int(line[row]), "time", text, expected, "kept, not reordered"))
    if record is not None:
        for row in np.flatnonzero(np.diff(record) < 0)[:MOST_PROBLEMS] + 1:
            text = f"{record[row]} after {record[row - 1]}"
            found.append(
                Problem(int(line[row]), "RECORD", text, "numbers that rise; they start again", "kept")
            )
    return tuple(sorted(found, key=lambda problem: problem.line))


def usual_interval(local: Ints) -> int:
    """The median of the steps forward, µs; 0 where there is none."""
    step = np.diff(local)
    step = step[step > 0]
    return int(np.median(step)) if len(step) else 0


def _choose(
    utc: Ints,
    local: Ints,
    twice: NDArray[np.bool_],
    shift: Ints,
    line: Ints,
    record: Ints | None,
    interval: int,
) -> list[Problem]:
    """Moves first passes of repeated hours in ``utc`` to before the change; problems of doubtful ones."""
    problems: list[Problem] = []
    rows = np.flatnonzero(twice)
    for run in np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1):
        if not len(run):
            continue
        back = int(shift[run[0]])
        second = _second_pass(local[run], None if record is None else record[run], interval, back)
        if second is None:
            early, late = _misfit(local, record, int(run[0]), int(run[-1]), interval, back)
            second = 0 if late < early else len(run)
            if late == early:
                expected = (
                    "the repeated hour twice, or records that tell which; does this clock change at all?"
                )
                action = "taken as the first pass"
                problems.append(Problem(int(line[run[0]]), "time", _text(local[run[0]]), expected, action))
        utc[run[:second]] -= back
    return problems


def _second_pass(local: Ints, record: Ints | None, interval: int, back: int) -> int | None:
    """Where in a run the clock has been set back; None where it does not show."""
    step = np.diff(local)
    again = np.diff(record) > 0 if record is not None else np.full(len(step), interval >= back)
    found = np.flatnonzero((step < 0) | ((step == 0) & again))
    return int(found[0]) + 1 if len(found) else None


def _misfit(
    local: Ints, record: Ints | None, first: int, last: int, interval: int, back: int
) -> tuple[int, int]:
    """How far a run is from its neighbours as first and as second pass, µs."""
    early = late = 0
    for one, other, is_before in ((first - 1, first, True), (last, last + 1, False)):
        if one < 0 or other >= len(local):
            continue
        records = 1 if record is None else max(1, int(record[other] - record[one]))
        step = int(local[other] - local[one]) - interval * records
        early += abs(step if is_before else step + back)
        late += abs(step + back if is_before else step)
    return early, late


@lru_cache(maxsize=64)
def _spans(zone: str, first_year: int, last_year: int) -> tuple[Ints, Ints]:
    """Starts of the spans of constant offset in UTC, and their offsets, µs."""
    kept = ZoneInfo(zone)
    start = int((datetime(first_year - 1, 12, 1, tzinfo=UTC) - _EPOCH).total_seconds())
    end = int((datetime(last_year + 1, 2, 1, tzinfo=UTC) - _EPOCH).total_seconds())
    starts, offsets = [start], [_offset(kept, start)]
    for day in range(start + DAY, end, DAY):
        now = _offset(kept, day)
        if now == offsets[-1]:
            continue
        low, high = day - DAY, day
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if _offset(kept, middle) != offsets[-1] else (middle, high)
        starts.append(high)
        offsets.append(now)
    return np.array(starts, np.int64) * SECOND, np.array(offsets, np.int64) * SECOND


def _offset(kept: ZoneInfo, second: int) -> int:
    moment = (_EPOCH + timedelta(seconds=second)).astimezone(kept)
    return round((moment.utcoffset() or timedelta(0)).total_seconds())


def _text(local: np.int64) -> str:
    return str(np.int64(local).view("datetime64[us]")).removesuffix(".000000")
