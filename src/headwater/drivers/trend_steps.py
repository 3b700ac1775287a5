"""Where the values of a series stand in time: whole steps of a year, a month, 16 days or a fixed length."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from headwater.errors import InputRefused

DAYS_A_YEAR = 365.2425
MODIS_STEPS_A_YEAR = 23
"""Composites of 16 days begin on days 1, 17, …, 353 of every year; the last one of a year is shorter."""


@dataclass(frozen=True)
class Steps:
    """Positions of the values on an axis of equal steps.

    Attributes
    ----------
    name : "year", "month", "16 days", or the length in words
    at : position of each value, shape (time,), rising from 0; a position that is left out is a missing step
    first_of_year : position of the first value within its year (0 for January); 0 where steps fit no year
    a_year : steps in a year
    """

    name: str
    at: NDArray[np.int64]
    first_of_year: int
    a_year: float

    @property
    def length(self) -> int:
        """Steps from the first value to the last."""
        return int(self.at[-1]) + 1


def find_steps(time: NDArray[np.datetime64]) -> Steps:
    """Steps of a time axis.

    Parameters
    ----------
    time : starts of the steps, shape (time,)

    Raises
    ------
    InputRefused
        Times are missing, repeat, fall, or follow no steps of a year, a month, 16 days or a fixed length.
    """
    index = pd.DatetimeIndex(time)
    if len(index) < 2:
        raise InputRefused(f"time has {len(index)} step: several are needed. Give a longer series.")
    if index.hasnans:
        raise InputRefused(f"time has {int(index.isna().sum())} missing values: give every step its time.")
    if not index.is_unique or not index.is_monotonic_increasing:
        at = int(np.argmax(np.diff(index.asi8) <= 0)) + 1
        raise InputRefused(
            f"time {index[at]} does not come after {index[at - 1]}: steps must rise and not repeat. Sort by "
            "time and drop what is there twice."
        )
    return _of_the_calendar(index) or _of_fixed_length(index)


def _of_the_calendar(index: pd.DatetimeIndex) -> Steps | None:
    """Years, months or composites of 16 days, where the times say so."""
    years, months, days = (
        np.asarray(part, np.int64) for part in (index.year, index.month, index.day_of_year)
    )
    same_date = (np.asarray(index.day) == index.day[0]).all()
    if same_date and (months == months[0]).all():
        return _steps("year", years, 0, 1.0)
    number = years * 12 + months - 1
    if (np.diff(number) > 0).all() and (same_date or _near_the_middle(index)):
        return _steps("month", number, int(months[0]) - 1, 12.0)
    if ((days - 1) % 16 == 0).all():
        composite = (days - 1) // 16
        return _steps(
            "16 days", years * MODIS_STEPS_A_YEAR + composite, int(composite[0]), float(MODIS_STEPS_A_YEAR)
        )
    return None


def _near_the_middle(index: pd.DatetimeIndex) -> bool:
    """Mid-month or end-of-month stamps, as several archives write them."""
    day = np.asarray(index.day)
    return bool(((day >= 14) & (day <= 17)).all() or (day == np.asarray(index.days_in_month)).all())


def _of_fixed_length(index: pd.DatetimeIndex) -> Steps:
    gaps = np.diff(index.asi8)
    step = int(gaps.min())
    whole = gaps % step == 0
    if not whole.all():
        at = int(np.argmin(whole)) + 1
        raise InputRefused(
            f"time {index[at]} is no whole number of steps of {pd.Timedelta(step, index.unit)} after "
            f"{index[at - 1]}: allowed are years, months, composites of 16 days or steps of one length. "
            "Use `headwater.grids.composite` to make such steps."
        )
    length = pd.Timedelta(step, index.unit)
    days = length / pd.Timedelta(days=1)
    return _steps(f"{days:g} days", np.concatenate([[0], np.cumsum(gaps // step)]), 0, DAYS_A_YEAR / days)


def _steps(name: str, number: NDArray[np.int64], first_of_year: int, a_year: float) -> Steps:
    return Steps(name, number - number[0], first_of_year, a_year)
