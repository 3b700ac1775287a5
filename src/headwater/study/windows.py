"""Which samples of a source stand for it in a period, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd

from headwater.study.strata import period_start


class Window(StrEnum):
    """Where the samples of a source come from."""

    PERIOD = "period"
    MONTHS_BEFORE = "three_months"
    OTHER_YEARS = "other_years"
    ALL = "all"
    ABSENT = "absent"


@dataclass(frozen=True)
class SourceWindow:
    """Rows that stand for one source in one period.

    ``rows`` are positions (empty where absent); ``counts`` the number found in each window tried.
    """

    window: Window
    rows: np.ndarray
    counts: dict[Window, int]


def choose_window(
    rows: np.ndarray, periods: pd.Series, dates: pd.Series, period: str, *, months_before: int, least: int
) -> SourceWindow:
    """The first window that holds at least ``least`` samples of a source.

    The period itself; else the months before it (a half-open span that ends where the period begins);
    else the same calendar months of other years; else the source is absent.

    Parameters
    ----------
    rows : positions of the source's samples
    periods, dates : period and date of every water
    """
    same = rows[(periods.iloc[rows] == period).to_numpy()]
    counts = {Window.PERIOD: len(same)}
    start = period_start(period)
    if len(same) >= least or start is None:
        return _decide(Window.PERIOD, same, counts, least)
    when = dates.iloc[rows]
    span = (when >= start - pd.DateOffset(months=months_before)) & (when < start)
    before = rows[span.to_numpy()]
    counts[Window.MONTHS_BEFORE] = len(before)
    if len(before) >= least:
        return SourceWindow(Window.MONTHS_BEFORE, before, counts)
    months = set(dates[(periods == period).to_numpy()].dt.month.unique())
    others = rows[(when.dt.month.isin(months) & (when.dt.year != start.year)).to_numpy()]
    counts[Window.OTHER_YEARS] = len(others)
    return _decide(Window.OTHER_YEARS, others, counts, least)


def _decide(window: Window, rows: np.ndarray, counts: dict[Window, int], least: int) -> SourceWindow:
    if len(rows) >= least:
        return SourceWindow(window, rows, counts)
    return SourceWindow(Window.ABSENT, rows[:0], counts)
