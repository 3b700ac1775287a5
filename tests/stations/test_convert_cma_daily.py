"""The Parquet data set holds what was printed, can be resumed, and says what was not used."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import xarray as xr

from headwater.cli import Exit, main
from headwater.drivers import trend
from headwater.errors import InputRefused, SettingsRefused
from headwater.grids import to_stations
from headwater.stations import convert_cma_daily, read_station_table, write_cma_daily
from headwater.stations.read_cma_rules import read_rules
from headwater.stations.write_cma_daily import Conversion
from tests.stations.make_cma_daily import Truth, write_months

RULES = read_rules()
JULY = "SURF_CLI_CHN_MUL_DAY-TEM-12001-201907"
GOOD = "50136  5258 12231   4330 2019 7 {day} 215 300 120 0 0 0\n"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Truth]]:
    """A year of two elements, and what stands in it."""
    folder = tmp_path_factory.mktemp("cma")
    return folder, write_months(folder, elements=["TEM", "PRE"], years=[2019], stations=6)


@pytest.fixture(scope="module")
def converted(source: tuple[Path, dict[str, Truth]]) -> Path:
    """The same, converted."""
    output = source[0] / "out"
    result = convert_cma_daily([source[0]], output)
    assert len(result.done) == 24
    return output


def write(folder: Path, name: str, *lines: str) -> Path:
    """A file with these lines."""
    path = folder / name
    path.write_text("".join(lines), encoding="utf-8")
    return path


def accounts(result: Conversion) -> dict[str, int]:
    """Its sums; lines must add up."""
    sums = result.summary()
    assert sums["lines"] == sums["written"] + sums["refused"] + sums["blank"]
    return sums


def test_readings_are_what_was_printed(source: tuple[Path, dict[str, Truth]], converted: Path) -> None:
    for name, truth in source[1].items():
        element = RULES.elements[name.split("-")[1]]
        path = converted / "readings" / f"element={element.name}" / name.replace(".TXT", ".parquet")
        frame = pq.ParquetFile(path).read().to_pandas()
        assert len(frame) == truth.numbers.size
        for column, variable in enumerate(element.variables):
            part = frame[frame["variable"] == variable.name]
            assert np.array_equal(part["printed"], truth.numbers[:, column])
            assert np.array_equal(part["quality"], truth.quality[:, column])
            assert np.array_equal(part["station"].astype(int), truth.station)
            assert np.array_equal(pd.to_datetime(part["day"]).to_numpy("datetime64[D]"), truth.day)
            plain = part["flag"].isna().to_numpy()
            back = (part["value"][plain].astype(float) - variable.offset) / variable.factor
            assert np.array_equal(np.round(back), truth.numbers[plain, column])
            lost = {s.flag for s in variable.special if s.subtract is None}
            assert np.array_equal(part["value"].isna(), part["flag"].isin(lost))


def test_table_of_stations_and_times(source: tuple[Path, dict[str, Truth]], converted: Path) -> None:
    table = read_station_table(converted, "precipitation", quality=RULES.quality.values())
    assert table.dims == ("time", "station")
    assert (table.sizes["time"], table.sizes["station"]) == (365, 6)
    assert str(table["time"].values[0])[:16] == "2018-12-31T12:00"
    assert ((table["time_end"] - table["time"]) == np.timedelta64(1, "D")).all()
    assert str(table["day"].values[0])[:10] == "2019-01-01"
    truth = source[1]["SURF_CLI_CHN_MUL_DAY-PRE-13011-201903.TXT"]
    chosen = truth.numbers[(truth.station == 50003) & (truth.day == np.datetime64("2019-03-09")), 2]
    value = float(table.sel(station="50003")[table["day"].values == np.datetime64("2019-03-09")].values[0])
    if chosen[0] < 30000:
        assert value == pytest.approx(chosen[0] / 10)
    assert table.attrs["readings_left_out_by_quality"] == 0
    assert (table.attrs["standard_name"], table.attrs["units"]) == ("precipitation_amount", "kg m-2")
    assert table.attrs["cell_methods"] == "time: sum"


def test_quality_and_flags_leave_readings_out_and_count_them(converted: Path) -> None:
    every = read_station_table(converted, "precipitation", quality=RULES.quality.values())
    right = read_station_table(converted, "precipitation", quality=["right"], stations=["50003", "50004"])
    assert right["station"].values.tolist() == ["50003", "50004"]
    both = every.sel(station=["50003", "50004"])
    lost = int(both.notnull().sum() - right.notnull().sum())
    assert lost == right.attrs["readings_left_out_by_quality"] > 0
    without = read_station_table(
        converted, "precipitation", quality=RULES.quality.values(), without_flags=["fog_dew_frost"]
    )
    lost = int(every.notnull().sum() - without.notnull().sum())
    assert lost == without.attrs["readings_left_out_by_flag"] > 0


def test_a_table_goes_on_to_months_trends_and_grids(converted: Path) -> None:
    table = read_station_table(converted, "air_temperature_mean", quality=RULES.quality.values())
    assert trend(table).attrs["steps"] == "1 days"
    months = table.swap_dims(time="day").drop_vars("time").resample(day="MS").mean()
    assert trend(months.rename(day="time")).attrs["steps"] == "month"
    axis = np.arange(29.5, 120, 1.0)
    grid = xr.DataArray(
        np.add.outer([0.0], np.add.outer(axis, axis)), dims=("time", "latitude", "longitude"),
        coords={"time": table["time"].values[:1], "latitude": axis, "longitude": axis},
    )  # fmt: skip
    found = to_stations(grid, table["moved"].to_dataframe())
    assert found["station"].values.tolist() == table["station"].values.tolist()
    np.testing.assert_allclose(found[0], table["latitude"] + table["longitude"], atol=1)


def test_stations_move_and_come_back(converted: Path) -> None:
    places = pd.read_csv(converted / "places.csv", dtype={"station": str})
    moving = places[places["station"] == "50000"]
    assert len(moving) == 24
    assert not places["overlaps"].any()
    first, second = (moving.iloc[k] for k in (0, 1))
    assert (first["first_day"], first["last_day"]) == ("2019-01-01", "2019-01-15")
    assert (second["first_day"], second["last_day"]) == ("2019-01-16", "2019-01-31")
    assert second["longitude"] - first["longitude"] == pytest.approx(1 / 60)
    assert (first["altitude"], bool(first["altitude_estimated"])) == (2000.0, True)
    still = places[places["station"] == "50001"].iloc[0]
    assert (still["first_day"], still["last_day"]) == ("2019-01-01", "2019-12-31")
    assert still["latitude"] == pytest.approx(31 + 7 / 60)


def test_elements_that_disagree_on_a_place_are_marked(tmp_path: Path) -> None:
    write(tmp_path, f"{JULY}.TXT", *(GOOD.format(day=day) for day in range(1, 9)))
    elsewhere = GOOD.replace("12231", "12245").removesuffix("300 120 0 0 0\n") + "0\n"
    write(tmp_path, "SURF_CLI_CHN_MUL_DAY-SSD-14032-201907.TXT", *(elsewhere.format(day=d) for d in (5, 6)))
    places = convert_cma_daily([tmp_path], tmp_path / "out").places
    assert places["overlaps"].tolist() == [True, True]


def test_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    path = write(tmp_path, f"{JULY}.TXT", *(GOOD.format(day=day) for day in range(1, 9)))
    first = convert_cma_daily([path], tmp_path / "out")
    again = convert_cma_daily([path], tmp_path / "out")
    assert (len(first.done), len(again.done), len(again.kept)) == (1, 0, 1)
    assert accounts(first)["readings"] == accounts(again)["readings"] == 24
    pd.testing.assert_frame_equal(first.places, again.places)
    write(tmp_path, path.name, *(GOOD.format(day=day) for day in range(1, 11)))
    changed = convert_cma_daily([path], tmp_path / "out")
    assert (len(changed.done), changed.done[0].readings) == (1, 30)
    assert str(changed.places["last_day"][0])[:10] == "2019-07-10"


def test_an_interrupted_conversion_goes_on_from_there(
    source: tuple[Path, dict[str, Truth]], converted: Path, tmp_path: Path
) -> None:
    seen: list[str] = []

    def stop(step: str, done: int, total: int) -> None:
        seen.append(step)
        if len(seen) == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        convert_cma_daily([source[0]], tmp_path, progress=stop)
    journal = tmp_path / "files.jsonl"
    journal.write_text(journal.read_text() + '{"file": "cut off by a cra')
    result = convert_cma_daily([source[0]], tmp_path)
    assert (len(result.kept), len(result.done)) == (5, 19)
    for path in sorted(converted.rglob("*.parquet")):
        other = tmp_path / path.relative_to(converted)
        assert pq.read_table(path).equals(pq.read_table(other))
    assert (tmp_path / "places.csv").read_bytes() == (converted / "places.csv").read_bytes()
    assert not list(tmp_path.rglob("*.part"))


def test_lines_after_a_torn_journal_are_read_again(tmp_path: Path) -> None:
    path = write(tmp_path, f"{JULY}.TXT", GOOD.format(day=1))
    output = tmp_path / "out"
    convert_cma_daily([path], output)
    journal = output / "files.jsonl"
    journal.write_text(journal.read_text()[:-20])
    assert len(convert_cma_daily([path], output).done) == 1
    assert len(convert_cma_daily([path], output).kept) == 1


def test_every_problem_has_its_line(tmp_path: Path) -> None:
    bad = [
        GOOD.format(day=2).replace("5258", "5299"),
        "ruined\n",
        "\n",
        GOOD.format(day=3).replace(" 215", " 999"),
    ]
    path = write(tmp_path, f"{JULY}.TXT", GOOD.format(day=1), *bad)
    result = convert_cma_daily([path], tmp_path / "out")
    sums = accounts(result)
    assert [sums[name] for name in ("lines", "written", "refused", "blank", "out_of_range")] == [
        5,
        2,
        2,
        1,
        1,
    ]
    listed = pd.read_csv(tmp_path / "out" / "problems" / f"{JULY}.csv")
    assert listed["line"].tolist() == [2, 3, 5]
    assert listed["column"].tolist() == ["latitude", "line", "air_temperature_mean"]
    assert listed["action"].tolist() == ["line left out", "line left out", "set missing"]
    assert "32766 (missing)" in listed["expected"][2]
    frame = pq.ParquetFile(next(tmp_path.rglob("*.parquet"))).read().to_pandas()
    wrong = frame[frame["flag"] == "out_of_range"]
    assert (wrong["printed"].tolist(), wrong["value"].isna().tolist()) == ([999], [True])
    convert_cma_daily([write(tmp_path, f"{JULY}.TXT", GOOD.format(day=1))], tmp_path / "out")
    assert not (tmp_path / "out" / "problems" / f"{JULY}.csv").exists()


def test_a_file_that_cannot_be_used_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    path = write(tmp_path, f"{JULY}.TXT", GOOD.format(day=1))
    output = tmp_path / "out"
    convert_cma_daily([path], output)
    write(tmp_path, path.name, "other things\n" * 3)
    with pytest.raises(InputRefused, match=r"none of 3 lines can be used as TEM \(13 columns\)"):
        convert_cma_daily([path], output)
    assert not list(output.rglob("*.parquet*"))
    with pytest.raises(InputRefused, match="no readings of TEM"):
        read_station_table(output, "air_temperature_mean")


def test_a_file_that_is_empty_or_not_there_is_refused_beside_good_ones(tmp_path: Path) -> None:
    good = write(tmp_path, f"{JULY}.TXT", GOOD.format(day=1))
    empty = write(tmp_path, "SURF_CLI_CHN_MUL_DAY-TEM-12001-201908.TXT")
    absent = tmp_path / "SURF_CLI_CHN_MUL_DAY-TEM-12001-201909.TXT"
    result = convert_cma_daily([good, empty, absent], tmp_path / "out")
    assert len(result.done) == 1
    reasons = dict(result.refused)
    assert "empty" in reasons[empty.name]
    assert "no such file or folder" in reasons[absent.name]


def test_the_same_month_twice_is_refused(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        write(tmp_path / folder, f"{JULY}.TXT", GOOD.format(day=1))
    write(tmp_path / "b", f"copy of {JULY}.TXT", GOOD.format(day=1))
    sources = [tmp_path / "a", tmp_path / "b" / f"copy of {JULY}.TXT"]
    result = convert_cma_daily(sources, tmp_path / "out")
    assert "the same element and month" in result.refused[0][1]
    with pytest.raises(InputRefused, match="would both become"):
        convert_cma_daily([tmp_path / "a", tmp_path / "b"], tmp_path / "out")


def test_days_that_stand_in_two_files_are_refused_when_read(tmp_path: Path) -> None:
    names = ("TEM-a-x", "TEM-b-x")
    files = [write(tmp_path, f"SURF_CLI_CHN_MUL_DAY-{name}.TXT", GOOD.format(day=1)) for name in names]
    convert_cma_daily(files, tmp_path / "out")
    with pytest.raises(InputRefused, match="come twice, the first at station 50136, 2019-07-01"):
        read_station_table(tmp_path / "out", "air_temperature_mean")


def test_places_that_are_behind_the_readings_are_seen(tmp_path: Path) -> None:
    convert_cma_daily([write(tmp_path, f"{JULY}.TXT", GOOD.format(day=1))], tmp_path / "out")
    behind = (tmp_path / "out" / "places.csv").read_bytes()
    lines = (GOOD.format(day=1), GOOD.format(day=2), GOOD.format(day=1).replace("50136", "50137"))
    for more in (lines[:2], lines[::2]):
        convert_cma_daily([write(tmp_path, f"{JULY}.TXT", *more)], tmp_path / "out")
        (tmp_path / "out" / "places.csv").write_bytes(behind)
        with pytest.raises(InputRefused, match=r"does not know station 5013[67] .* was not finished"):
            read_station_table(tmp_path / "out", "air_temperature_mean")


def test_stations_that_are_not_there(converted: Path) -> None:
    with pytest.raises(InputRefused, match="none of these stations"):
        read_station_table(converted, "precipitation", stations=["59999"])


def test_nothing_to_convert(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="nothing to convert"):
        convert_cma_daily([tmp_path], tmp_path / "out")
    with pytest.raises(InputRefused, match="no such file or folder"):
        convert_cma_daily([tmp_path / "CMA"], tmp_path / "out")


@pytest.mark.parametrize(
    ("variable", "options", "words"),
    [
        ("rain", {}, "allowed are surface_air_pressure_mean"),
        ("precipitation", {"quality": ["good"]}, "quality 'good' of precipitation: allowed are customised"),
        ("precipitation", {"without_flags": ["hail"]}, "flag 'hail' of precipitation: allowed are blank"),
    ],
)
def test_words_that_are_not_known(
    converted: Path, variable: str, options: dict[str, list[str]], words: str
) -> None:
    with pytest.raises(SettingsRefused, match=words):
        read_station_table(converted, variable, **options)  # type: ignore[arg-type]


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, f"{JULY}.TXT", GOOD.format(day=1), "ruined\n")
    command = ["convert", "cma-daily", str(path), "-o", str(tmp_path / "out")]
    assert main(command) == Exit.OK
    assert "1 written + 1 left out + 0 blank" in capsys.readouterr().out
    bare = write(tmp_path, "temperature.txt", GOOD.format(day=2))
    assert main([*command, str(bare), "--json"]) == Exit.PARTIAL
    told = json.loads(capsys.readouterr().out)
    assert (told["files"], told["files_done_now"], told["stations"]) == (1, 0, 1)
    assert told["refused_files"][0]["file"] == "temperature.txt"
    assert (
        main(["convert", "cma-daily", str(bare), "-o", str(tmp_path / "out"), "--element", "TEM"]) == Exit.OK
    )


def test_ctrl_c_says_that_what_is_done_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(write_cma_daily, "convert_cma_daily", stopped)
    assert main(["convert", "cma-daily", str(tmp_path), "-o", str(tmp_path / "out")]) == Exit.INTERRUPTED
    assert "what is done is kept" in capsys.readouterr().err


@pytest.mark.slow
def test_a_killed_conversion_goes_on(
    source: tuple[Path, dict[str, Truth]], converted: Path, tmp_path: Path
) -> None:
    """SIGKILL in the middle: what was written by then is whole or is written again."""
    code = (
        "import os, signal, sys\nfrom pathlib import Path\n"
        "from headwater.stations import convert_cma_daily, write_cma_daily\n"
        "write_cma_daily.KEEP_EVERY = 1\nseen = []\n"
        "def stop(step, done, total):\n"
        "    seen.append(step)\n"
        "    if len(seen) == 9: os.kill(os.getpid(), signal.SIGKILL)\n"
        "convert_cma_daily([Path(sys.argv[1])], Path(sys.argv[2]), progress=stop)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(source[0]), str(tmp_path)], capture_output=True)
    assert done.returncode == -9, done.stderr
    result = convert_cma_daily([source[0]], tmp_path)
    assert (len(result.kept), len(result.done)) == (9, 15)
    assert (tmp_path / "places.csv").read_bytes() == (converted / "places.csv").read_bytes()
    for path in sorted(converted.rglob("*.parquet")):
        assert pq.read_table(path).equals(pq.read_table(tmp_path / path.relative_to(converted)))
