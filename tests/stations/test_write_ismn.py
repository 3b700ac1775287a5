"""Files of the ISMN that are written are read back the same, and what has no place in them is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.errors import InputRefused
from headwater.stations.formats.ismn import parse
from headwater.stations.formats.ismn_text import render
from headwater.stations.read_flags import flag_words
from headwater.stations.read_ismn import read_ismn
from headwater.stations.readings import Readings, State, readings
from headwater.stations.series import Series, Station
from headwater.stations.write_ismn import write_ismn
from tests.stations.formats.make_ismn import HEADER
from tests.stations.make_series import SERIES, STATIONS, series_readings

NOON = np.datetime64("2020-01-01T12:00", "us")


def one(
    value: float = 0.2, *, time: np.datetime64 = NOON, series: Series = SERIES[0], **given: object
) -> Readings:
    """A single reading."""
    return readings([series], [0], [time], [value], **given)  # type: ignore[arg-type]


def assert_same(first: Readings, second: Readings) -> None:
    """Equal series by series, in order of time."""
    used = {first.series[at] for at in first.of.tolist()}
    assert used == {second.series[at] for at in second.of.tolist()}
    for series in used:
        left, right = first.of_series(series), second.of_series(series)
        for name in ("time", "value", "flags", "state"):
            np.testing.assert_array_equal(getattr(left, name), getattr(right, name))
        assert [left.said[at] for at in left.says] == [right.said[at] for at in right.says]


def test_a_file_to_the_letter() -> None:
    rows = readings(
        [SERIES[0]], [0, 0, 0], NOON + np.array([1, 0, 2]) * np.timedelta64(1, "h"), [0.2141, -0.01, np.nan],
        flags=[flag_words().mask(codes) for codes in (["D03", "D01"], [], ["M"])], state=[1, 0, 0],
        said=("", "M"), says=[1, 0, 1],
    )  # fmt: skip
    text = render(rows, SERIES[0], STATIONS[0])
    assert text.name == "SOURCE_SOURCE_Ridge-01_sm_0.050000_0.050000_EC-5-(new)_20200101_20200101.stm"
    assert text.data.decode().split("\r\n") == [
        HEADER,
        "2020/01/01 12:00  -0.0100 U",
        "2020/01/01 13:00   0.2141 D01,D03 M",
        "2020/01/01 14:00 -9999.0000 M M",
        "",
    ]
    assert (text.readings, text.not_written) == (3, {})


def test_all_series_come_back_the_same(tmp_path: Path) -> None:
    rows = series_readings(400)
    written = write_ismn(rows, STATIONS, tmp_path)
    assert (len(written.files), written.readings, written.not_written) == (6, 400, {})
    assert written.files[0].parent == tmp_path / "SOURCE" / "Ridge_01"
    found = read_ismn(tmp_path)
    assert found.refused == () and all(file.parsed and not file.parsed.problems for file in found.files)
    assert_same(rows, found.readings)
    assert {station.id: station for station in found.stations} == {
        station.id: station for station in STATIONS
    }
    assert write_ismn(found.readings, found.stations, tmp_path / "again").summary() == written.summary()
    for path in written.files:
        assert (tmp_path / "again" / path.relative_to(tmp_path)).read_bytes() == path.read_bytes()


units = st.sampled_from(["soil_moisture", "soil_temperature", "soil_suction", "snow_depth", "precipitation"])


@given(
    st.lists(st.tuples(st.integers(-(10**9), 10**9), st.integers(0, 10)), min_size=1, max_size=6),
    units,
    st.integers(-500, 10_000),
    st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=8),
)
@settings(max_examples=100, deadline=None)
def test_any_value_depth_and_flag_comes_back(values: list, variable: str, depth: int, flag: str) -> None:
    series = Series("A/b", variable, depth, depth + 7, "s")
    # Nine decimals are what every reading of headwater has.
    value = np.array([round(number / 10**power, 9) for number, power in values])
    rows = readings(
        [series],
        np.zeros(len(value)),
        NOON + np.arange(len(value)) * np.timedelta64(1, "m"),
        value,
        flags=flag_words().mask(["G"]),
        said=("", flag) if flag else ("",),
        says=int(bool(flag)),
    )
    text = render(rows, series, Station("A/b", "A", "b", 1.0, 2.0, 3.0))
    found = parse(text.data, name=text.name)
    assert found.problems == ()
    if not text.not_written:
        np.testing.assert_array_equal(found.readings.value, value)
    np.testing.assert_allclose(found.readings.value, value, rtol=0, atol=1e-6)
    assert found.readings.series == (series,)
    assert {found.readings.said[at] for at in found.readings.says} == {flag}


def test_what_has_no_place_is_told() -> None:
    flags = flag_words().mask(["G", "drift", "late"])
    for rows, lost in (
        (one(flags=flags), {"drift": 1, "late": 1}),
        (one(flags=1 << 40), {"unknown bits": 1}),
        (one(state=int(State.SNOW)), {"state": 1}),
        (one(state=int(State.FROZEN)), {"state": 1}),
        (one(flags=flag_words().mask(["D01"])), {"state": 1}),
        (one(flags=flag_words().mask(["D01"]), state=int(State.FROZEN)), {}),
        (one(version=3), {"version": 1}),
        (one(0.12345678901234), {"digits": 1}),
    ):
        assert render(rows, SERIES[0], STATIONS[0]).not_written == lost


@pytest.mark.parametrize(
    ("rows", "station", "message"),
    [
        (one(), replace(STATIONS[0], latitude=None), "latitude None"),
        (one(), replace(STATIONS[0], network="TWO WORDS"), "read back"),
        (one(), replace(STATIONS[0], name="x 1.00000 2.00000 3 4 5"), "read back"),
        (one(), replace(STATIONS[0], name="a\nb"), "read back"),
        (one(), replace(STATIONS[0], network=""), "read back"),
        (one(time=NOON + np.timedelta64(1, "s")), STATIONS[0], "whole minutes"),
        (one(time=np.datetime64("1800-01-01", "us")), STATIONS[0], "1900 to 2199"),
        (one(np.inf), STATIONS[0], "finite"),
        (one(-9999.0), STATIONS[0], "finite"),
        (one(1e15), STATIONS[0], "finite"),
        (one(said=("", "a\r\nb"), says=1), STATIONS[0], "provider flag"),
        (one(said=("", " a"), says=1), STATIONS[0], "provider flag"),
    ],
)
def test_what_cannot_be_read_back_is_refused(rows: Readings, station: Station, message: str) -> None:
    with pytest.raises(InputRefused, match=message):
        render(rows, SERIES[0], station)


def test_a_series_without_depth_or_code_is_refused() -> None:
    for series, message in (
        (Series("SOURCE/Ridge_01", "air_temperature"), "depth none"),
        (Series("SOURCE/Ridge_01", "discharge", 0, 0), "no such variable"),
    ):
        with pytest.raises(InputRefused, match=message):
            render(one(series=series), series, STATIONS[0])


def test_nothing_is_written_where_one_series_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="not among the stations"):
        write_ismn(series_readings(), STATIONS[:1], tmp_path / "out")
    twins = [SERIES[0]._replace(sensor=sensor) for sensor in ("a b", "a_b")]
    rows = readings(twins, [0, 1], [NOON, NOON], [0.1, 0.2])
    with pytest.raises(InputRefused, match="would both be written"):
        write_ismn(rows, STATIONS, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_names_stay_below_the_folder(tmp_path: Path) -> None:
    station = Station("../..", "..", "..", 1.0, 2.0, 3.0)
    series = Series("../..", "soil_moisture", 50, 50, "../../x")
    (path,) = write_ismn(one(series=series), [station], tmp_path / "out").files
    assert (tmp_path / "out").resolve() in path.resolve().parents
    assert_same(one(series=series, flags=flag_words().mask(["U"])), read_ismn(path).readings)
