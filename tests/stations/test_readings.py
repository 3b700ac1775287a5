"""Readings as columns: what joins and takes keep, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.stations.readings import Readings, State, join, no_readings, readings
from headwater.stations.series import Channel, Series, millimetres, station_id

SERIES = [
    Series("MAQU/CST-01", "soil_moisture", 50, 50, "5TM"),
    Series("MAQU/CST-01", "soil_moisture", 100, 100, "5TM"),
    Series("MAQU/CST-02", "soil_temperature", 50, 50),
    Series("MAQU/CST-02", "air_temperature", -2000, -2000),
]
Row = tuple[Series, int, float, int, int, int, str]


def rows_of(table: Readings) -> list[Row]:
    """The table row by row, free of codes."""
    return [
        (
            table.series[table.of[i]], int(table.time[i].astype(np.int64)), float(table.value[i]),
            int(table.flags[i]), int(table.state[i]), int(table.version[i]), table.said[table.says[i]],
        )
        for i in range(len(table))
    ]  # fmt: skip


def table_of(rows: list[Row]) -> Readings:
    series, said = list(dict.fromkeys(row[0] for row in rows)), list(dict.fromkeys(row[6] for row in rows))
    return readings(
        series,
        [series.index(row[0]) for row in rows],
        np.array([row[1] for row in rows], "datetime64[us]"),
        [row[2] for row in rows],
        flags=[row[3] for row in rows],
        state=[row[4] for row in rows],
        version=[row[5] for row in rows],
        said=said,
        says=[said.index(row[6]) for row in rows],
    )


ROWS = st.lists(
    st.tuples(
        st.sampled_from(SERIES),
        st.integers(0, 2**51),
        st.floats(-50, 50),
        st.integers(0, 2**64 - 1),
        st.sampled_from([0, int(State.FROZEN), int(State.SNOW | State.FROZEN)]),
        st.integers(-(2**63), 2**63 - 1),
        st.sampled_from(["", "OK", "M", "good"]),
    ),
    max_size=8,
)


@given(st.lists(ROWS, max_size=4))
def test_join_keeps_every_row_in_order_whatever_the_codes(parts):
    joined = join([table_of(rows) for rows in parts])
    assert rows_of(joined) == [row for rows in parts for row in rows]
    assert len(set(joined.series)) == len(joined.series) and len(set(joined.said)) == len(joined.said)


@given(ROWS, st.integers(0, 7))
def test_take_and_of_series_are_what_loops_would_do(rows, first):
    table = table_of(rows)
    assert rows_of(table.take(slice(first, None))) == rows[first:]
    for one in SERIES:
        own = sorted((row for row in rows if row[0] == one), key=lambda row: row[1])
        assert rows_of(table.of_series(one)) == own


def test_nothing_is_an_empty_table():
    assert len(no_readings()) == 0 and len(join([])) == 0
    assert no_readings().time.dtype == "datetime64[us]" and no_readings().flags.dtype == np.uint64


def test_columns_that_do_not_fit_each_other_are_refused():
    time = np.array(["2020-06-01T00:00", "2020-06-01T01:00"], "datetime64[us]")
    with pytest.raises(ValueError, match="shape"):
        readings(SERIES[:1], 0, time, [0.1, 0.2, 0.3])
    with pytest.raises(ValueError, match="beyond"):
        readings(SERIES[:1], [0, 1], time, 0.2)
    with pytest.raises(ValueError, match="twice"):
        readings([SERIES[0], SERIES[0]], [0, 1], time, 0.2)


def test_depths_are_whole_millimetres_and_read_as_metres():
    assert millimetres(0.0508) == 51 and millimetres(-2.0) == -2000
    assert SERIES[0].depth == "0.05" and SERIES[3].depth == "-2.00"
    assert Series("a", "soil_moisture", 0, 190).depth == "0.00–0.19" and Series("a", "discharge").depth == ""


def test_a_channel_names_its_series_and_a_network_its_station():
    channel = Channel("VWC_5", "soil_moisture", 50, 50, "5TM", units="m3/m3")
    assert channel.series("MAQU/CST-01") == SERIES[0]
    assert station_id("MAQU", "CST-01") == "MAQU/CST-01" and station_id("", "river") == "river"
