"""Time axes of grids: start and end of every step, what kind of step it is, gaps and duplicates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from headwater.errors import InputRefused

HOUR = np.timedelta64(3_600_000_000_000, "ns")
DAY = 24 * HOUR
WITHIN_THE_YEAR = (
    "one step a year, stamped within the year: times kept, length not known (a year, or one month)"
)
SHOWN = 5
"""Times that a message lists before it only counts."""


@dataclass(frozen=True)
class TimeAxis:
    """Steps of a grid, ascending.

    ``step`` is one of ``"hour"`` (one or more hours, below a day), ``"day"``, ``"month"``, ``"year"``, ``"16
    days"``, ``"other"`` or ``"single"``; ``end`` holds the end of every step where it is known.
    """

    start: NDArray[np.datetime64]
    end: NDArray[np.datetime64] | None
    step: str
    notes: tuple[str, ...] = ()

    def seconds(self) -> NDArray[np.float64] | None:
        """Length of every step, s, where the end is known."""
        return None if self.end is None else (self.end - self.start) / np.timedelta64(1, "s")


def read_times(coordinate: xr.DataArray, where: str) -> NDArray[np.datetime64]:
    """Times of a coordinate as nanoseconds, UTC.

    Raises
    ------
    InputRefused : not dates, missing ones, or a calendar with days that do not exist
    """
    values = coordinate.values
    if values.dtype == object and len(values) and hasattr(values[0], "calendar"):
        calendar = values[0].calendar
        try:
            if calendar in ("360_day", "all_leap", "366_day"):
                raise ValueError(calendar)
            values = np.array([np.datetime64(one.isoformat(), "ns") for one in values])
        except ValueError as error:
            raise InputRefused(
                f"{where}: calendar {calendar!r} has days that do not exist; convert it to the standard "
                "calendar "
                "first, for instance with xarray's convert_calendar"
            ) from error
    if not np.issubdtype(values.dtype, np.datetime64):
        raise InputRefused(
            f"{where}: {coordinate.name!r} is not a time ({values.dtype}); its units must read like "
            "'hours since 1900-01-01': correct the attribute"
        )
    times = values.astype("datetime64[ns]")
    if np.isnat(times).any():
        raise InputRefused(
            f"{where}: {int(np.isnat(times).sum())} times are missing; give every step its time"
        )
    return times


def time_axis(
    stamps: NDArray[np.datetime64], bounds: NDArray[np.datetime64] | None = None, *, step_days: int = 0
) -> TimeAxis:
    """The axis of ascending stamps: starts by the bounds of the file, else by the kind of step.

    Monthly stamps within the month (on the 15th, say) are moved to its first day. A step a year that is not
    stamped on 1 January may be a year or, as in a file of Junes, a month: it keeps its time. ``step_days`` is
    the length
    of a composite of a known product.
    """
    if bounds is not None:
        axis = TimeAxis(bounds[:, 0], bounds[:, 1], step_kind(bounds[:, 0]))
        if not np.array_equal(bounds[:, 0], stamps):
            axis = replace(axis, notes=("time set to the start of the step, by the bounds of the file",))
        return axis
    kind = step_kind(stamps)
    if step_days and step_days != 16:
        return TimeAxis(stamps, stamps + step_days * DAY, "other")
    if step_days == 16:
        return TimeAxis(stamps, stamps + 16 * DAY, "16 days")
    if kind == "year" and not np.array_equal(stamps, stamps.astype("datetime64[Y]").astype("datetime64[ns]")):
        return TimeAxis(stamps, None, kind, (WITHIN_THE_YEAR,))
    if kind in ("month", "year"):
        unit = "datetime64[M]" if kind == "month" else "datetime64[Y]"
        start = stamps.astype(unit)
        axis = TimeAxis(start.astype("datetime64[ns]"), (start + 1).astype("datetime64[ns]"), kind)
        if not np.array_equal(axis.start, stamps):
            axis = replace(axis, notes=(f"time moved from within the {kind} to its start",))
        return axis
    return TimeAxis(stamps, None, kind)


def step_kind(stamps: NDArray[np.datetime64]) -> str:
    """What kind of step lies between ascending stamps; gaps do not count."""
    if len(stamps) < 2:
        return "single"
    shortest = np.diff(stamps).min()
    if shortest < DAY:
        return "hour" if shortest >= HOUR and shortest % HOUR == np.timedelta64(0, "ns") else "other"
    if shortest == DAY:
        return "day"
    months = stamps.astype("datetime64[M]").astype(int)
    if 28 * DAY <= shortest <= 31 * DAY and np.all(np.diff(months) >= 1):
        return "month"
    if shortest >= 365 * DAY and np.all(np.diff(stamps.astype("datetime64[Y]").astype(int)) >= 1):
        return "year"
    day_of_year = (
        stamps.astype("datetime64[D]") - stamps.astype("datetime64[Y]").astype("datetime64[D]")
    ).astype(int)
    return "16 days" if np.all(day_of_year % 16 == 0) else "other"


def gaps(axis: TimeAxis) -> list[str]:
    """Every place where steps are missing, in words; empty where the kind of step is not known."""
    start = axis.start
    if axis.step in ("single", "other") or len(start) < 2:
        return []
    if axis.step in ("month", "year"):
        count = (
            np.diff(start.astype("datetime64[M]" if axis.step == "month" else "datetime64[Y]").astype(int))
            - 1
        )
    elif axis.step == "16 days":
        count = (np.diff(start) - np.timedelta64(1, "ns")) // (16 * DAY)
    else:
        count = np.diff(start) // np.diff(start).min() - 1
    places = np.flatnonzero(count)
    shown = [f"{count[i]} missing between {_day(start[i])} and {_day(start[i + 1])}" for i in places[:SHOWN]]
    more = f", and {len(places) - SHOWN} more gaps" if len(places) > SHOWN else ""
    return [f"steps: {', '.join(shown)}{more}; not filled"] if len(places) else []


def refuse_duplicates(stamps: NDArray[np.datetime64], files: Sequence[str]) -> None:
    """Refuses ascending stamps of which two are the same.

    Raises
    ------
    InputRefused : naming the times and the files that hold them
    """
    same = np.flatnonzero(np.diff(stamps) == np.timedelta64(0, "ns"))
    if len(same) == 0:
        return
    places = [f"{_day(stamps[i])} in {files[i]} and {files[i + 1]}" for i in same[:SHOWN]]
    more = f" and {len(same) - SHOWN} more" if len(same) > SHOWN else ""
    raise InputRefused(
        f"{len(same)} times are there twice: {'; '.join(places)}{more}; which is right cannot be told: give "
        "each step "
        "once"
    )


def _day(time: np.datetime64) -> str:
    return str(time.astype("datetime64[m]")).removesuffix("T00:00")
