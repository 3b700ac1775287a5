"""Which samples stand for a source: the order of the windows and their edges."""

from __future__ import annotations

import numpy as np
import pandas as pd

from headwater.study.windows import Window, choose_window


def choose(dates: list[str], period: str, *, least: int = 2, months_before: int = 3, extra: list[str] = ()):
    when = pd.Series(pd.to_datetime([*dates, *extra]))
    periods = when.dt.strftime("%Y-%m").astype("category")
    return choose_window(
        np.arange(len(dates)), periods, when, period, months_before=months_before, least=least
    )


def test_the_period_itself_comes_first():
    found = choose(["2020-06-01", "2020-06-30", "2020-05-31"], "2020-06")
    assert found.window == Window.PERIOD
    assert list(found.rows) == [0, 1]


def test_months_before_are_half_open_and_end_where_the_period_begins():
    dates = ["2020-04-30", "2020-05-01", "2020-07-31", "2020-08-02"]
    found = choose(dates, "2020-08")
    assert found.window == Window.MONTHS_BEFORE
    assert list(found.rows) == [1, 2]
    assert found.counts == {Window.PERIOD: 1, Window.MONTHS_BEFORE: 2}


def test_other_years_come_third_and_the_own_year_is_no_other_year():
    dates = ["2018-09-03", "2019-09-30", "2020-09-01", "2019-10-01"]
    found = choose(dates, "2020-09")
    assert found.window == Window.OTHER_YEARS
    assert list(found.rows) == [0, 1]


def test_a_source_with_too_few_samples_anywhere_is_absent_with_its_counts():
    found = choose(["2020-01-15"], "2020-09", extra=["2020-09-05"])
    assert found.window == Window.ABSENT
    assert found.rows.size == 0
    assert found.counts[Window.PERIOD] == 0


def test_the_papers_precipitation_stands_for_august_by_the_months_before():
    events = [f"2020-{month:02d}-{day:02d}" for month in (5, 6, 7) for day in (3, 13, 23)]
    found = choose(events, "2020-08", least=5)
    assert found.window == Window.MONTHS_BEFORE
    assert len(found.rows) == 9
    assert len(choose(events, "2020-09", least=5).rows) == 6
