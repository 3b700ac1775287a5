"""Tidy tables: every reading is a row of CSV and Parquet, with units, flags and states as words."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from headwater.stations import write_series_table as module
from headwater.stations.read_flags import flag_words
from headwater.stations.readings import Readings, State, readings
from headwater.stations.series import Series
from headwater.stations.write_series_table import (
    SCHEMA,
    flags_text,
    read_series_parquet_stations,
    state_text,
    write_series_csv,
    write_series_parquet,
)
from tests.stations.make_series import SERIES, STATIONS, series_readings

NOON = np.datetime64("2020-01-01T12:00", "us")


def expected(rows: Readings) -> list[dict[str, object]]:
    """Rows as they should be, each made by itself."""
    out = []
    for at in range(len(rows)):
        series = rows.series[rows.of[at]]
        value = float(rows.value[at])
        out.append(
            {
                "station": series.station,
                "variable": series.variable,
                "depth_from_m": None if series.depth_from_mm is None else series.depth_from_mm / 1000,
                "sensor": series.sensor,
                "value": None if np.isnan(value) else value,
                "flags": ",".join(flag_words().codes(int(rows.flags[at]))),
                "state": "frozen" if rows.state[at] else "",
                "provider_flag": rows.said[rows.says[at]],
                "version": int(rows.version[at]),
            }
        )
    return out


@pytest.mark.parametrize("block", [7, 1_000_000])
def test_csv_holds_every_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(module, "BLOCK_ROWS", block)
    rows = series_readings(100)
    path = tmp_path / "new" / "out.csv"
    assert write_series_csv(rows, path) == 100
    assert path.read_bytes().startswith(b"\xef\xbb\xbftime_utc,station,")
    with path.open(encoding="utf-8-sig", newline="") as file:
        found = list(csv.DictReader(file))
    assert list(found[0]) == SCHEMA.names
    for row, one, time in zip(found, expected(rows), rows.time, strict=True):
        assert row["time_utc"] == f"{str(time)[:19]}Z"
        assert np.datetime64(row["time_utc"][:-1], "us") == time
        for name, wanted in one.items():
            cell: object = row[name]
            if isinstance(wanted, float):
                cell = float(row[name])
            assert cell == ("" if wanted is None else str(wanted) if isinstance(wanted, int) else wanted), (
                name
            )
    assert {row["units"] for row in found} == {"m3 m-3", "K", "kg m-2", "m"}
    assert [path.name for path in path.parent.iterdir()] == ["out.csv"]


def test_parquet_holds_every_reading_and_the_stations(tmp_path: Path) -> None:
    rows = series_readings(100)
    path = tmp_path / "out.parquet"
    assert write_series_parquet(rows, [*STATIONS, STATIONS[0]], path) == 100
    table = pq.read_table(path)
    assert table.schema.names == SCHEMA.names
    np.testing.assert_array_equal(table["time_utc"].to_numpy().astype("M8[us]"), rows.time)
    for found, one in zip(table.to_pylist(), expected(rows), strict=True):
        assert {name: found[name] for name in one} == one
    described = {one["id"]: one for one in read_series_parquet_stations(path)}
    assert described["玛曲/草地 (2)"]["altitude_m"] == 4100.5
    assert set(described) == {one.id for one in STATIONS}


def test_times_below_the_second_and_odd_names(tmp_path: Path) -> None:
    series = Series('a,"b"\nc', "discharge", None, None, "=x")
    rows = readings([series], [0, 0], NOON + np.array([0, 1500]) * np.timedelta64(1, "us"), [0.1, np.nan])
    write_series_csv(rows, tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        found = list(csv.DictReader(file))
    assert [row["time_utc"] for row in found] == [
        "2020-01-01T12:00:00.000000Z",
        "2020-01-01T12:00:00.001500Z",
    ]
    assert [(row["station"], row["sensor"], row["depth_from_m"], row["value"]) for row in found] == [
        (series.station, "=x", "", "0.1"), (series.station, "=x", "", ""),
    ]  # fmt: skip


def test_no_readings_give_a_header(tmp_path: Path) -> None:
    none = series_readings(5).take(slice(0, 0))
    assert write_series_csv(none, tmp_path / "out.csv") == 0
    assert (tmp_path / "out.csv").read_text(encoding="utf-8-sig") == ",".join(SCHEMA.names) + "\n"
    assert write_series_parquet(none, STATIONS, tmp_path / "out.parquet") == 0
    assert pq.read_table(tmp_path / "out.parquet").num_rows == 0


def test_flags_and_states_as_words() -> None:
    words = flag_words()
    assert flags_text(words.mask(["D03", "D01", "late"]), words) == "D01,D03,late"
    assert flags_text(words.mask(["G"]) | 1 << 40 | 1 << 63, words) == "G,bit40,bit63"
    assert flags_text(0, words) == ""
    assert [state_text(bits) for bits in range(4)] == ["", "frozen", "snow", "frozen,snow"]
    assert len(SERIES) == 6 and State.SNOW == 2


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "out.csv"
    write_series_csv(series_readings(5), path)
    before = path.read_bytes()

    def fails(rows: Readings) -> object:
        raise OSError("disk full")

    monkeypatch.setattr(module, "_table", fails)
    with pytest.raises(OSError, match="disk full"):
        write_series_csv(series_readings(9), path)
    assert path.read_bytes() == before and len(list(tmp_path.iterdir())) == 1
