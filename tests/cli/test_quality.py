"""``headwater quality``: a plain table in, one row of flags for each of its rows out."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headwater.cli import Exit, main
from headwater.errors import HeadwaterError
from headwater.stations.read_quality_table import read_quality_table

FLAGIT_CODES = {
    "C01": 1, "C02": 1, "C03": 88, "D01": 136, "D02": 338, "D03": 635, "D04": 72, "D05": 20, "D06": 1,
    "D07": 2, "D08": 2, "D09": 20, "D10": 38, "G": 60,
}  # fmt: skip
"""How often flagit 0.3 gives each flag on its own test frame (saturation 42.7 % vol, depth 0.05 m)."""


def table(path: Path, *, head: str = "utc,soil_moisture,soil_temperature", factor: float = 1.0) -> Path:
    """Ten days that dry slowly: a spike after 100 hours, no value at 120, frost at the end."""
    theta = np.round((30.0 - 0.02 * np.arange(240)) * factor, 6)
    theta[100] = round(45.0 * factor, 6)
    time = np.datetime64("2020-06-01T00", "h") + np.arange(240)
    cold = np.where(np.arange(240) >= 230, -1.0, 8.0)
    lines = [
        f"{str(t).replace('T', ' ')}:00:00,{'' if i == 120 else value},{c}"
        for i, (t, value, c) in enumerate(zip(time, theta, cold, strict=True))
    ]
    path.write_text("\n".join([head, *lines]) + "\n", "utf-8")
    return path


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_row_of_the_table_has_its_flags(tmp_path, capsys):
    given, out = table(tmp_path / "sensor.csv"), tmp_path / "flags.csv"
    assert main(["quality", str(given), "-o", str(out), "--json"]) == Exit.OK
    found = rows(out)
    assert [row["time"] for row in found[:2]] == ["2020-06-01T00:00:00Z", "2020-06-01T01:00:00Z"]
    assert len(found) == 240 and found[50]["flags"] == "G" and found[120]["flags"] == "M"
    assert found[100]["flags"] == "D06"
    assert {row["state"] for row in found[:230]} == {""} and found[235]["state"] == "frozen"
    assert found[235]["flags"] == "D01"
    said = json.loads(capsys.readouterr().out)
    assert said["rows"] == 240 and said["flags"]["M"] == 1 and said["units"]["soil_moisture"] == "%"


@pytest.mark.parametrize(
    "head, factor, more",
    [
        ("utc,soil_moisture (m3/m3),soil_temperature [degC]", 0.01, []),
        ("time,x,y", 0.01, None),
        ("Timestamp,SM,ts", 0.01, ["--unit", "soil_moisture=m3/m3"]),
    ],
)
def test_units_come_from_the_header_or_an_option(tmp_path, head, factor, more, capsys):
    path = table(tmp_path / "sensor.csv", head=head, factor=factor)
    if more is None:
        assert main(["quality", str(path)]) == Exit.REFUSED
        assert "soil moisture" in capsys.readouterr().err
        return
    main(["quality", str(table(tmp_path / "percent.csv")), "-o", str(tmp_path / "a.csv")])
    assert main(["quality", str(path), *more, "-o", str(tmp_path / "b.csv")]) == Exit.OK
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_a_unit_that_could_be_either_is_not_guessed(tmp_path, capsys):
    path = table(tmp_path / "sensor.csv", factor=0.01)
    assert main(["quality", str(path)]) == Exit.REFUSED
    message = capsys.readouterr().err
    assert "m3 m-3 or % vol" in message and "--unit soil_moisture=m3/m3" in message
    assert not (tmp_path / "sensor_flags.csv").exists()


def test_qartod_has_a_column_for_each_test(tmp_path, capsys):
    assert main(["quality", str(table(tmp_path / "s.csv")), "--scheme", "qartod"]) == Exit.OK
    found = rows(tmp_path / "s_flags.csv")
    assert found[100]["flags"] == found[100]["spike"] == "4" and found[120]["flags"] == "9"
    assert set(found[0]) >= {"gross_range", "rate_of_change", "flat_line", "attenuated_signal"}
    assert "4 fail" in capsys.readouterr().out


def test_flags_of_ten_minutes_go_to_all_readings_of_an_hour(tmp_path):
    time = np.datetime64("2020-06-01T00:10", "m") + 10 * np.arange(6 * 60)
    theta = np.full(len(time), 30.0) - 0.002 * np.arange(len(time))
    theta[180:186] = 45.0
    lines = [f"{t},{value:.3f}" for t, value in zip(time, theta, strict=True)]
    path = tmp_path / "ten.csv"
    path.write_text("\n".join(["utc,soil_moisture", *lines]), "utf-8")
    assert main(["quality", str(path), "-o", str(tmp_path / "f.csv"), "--quiet"]) == Exit.OK
    found = [row["flags"] for row in rows(tmp_path / "f.csv")]
    assert found[180:186] == ["D06"] * 6 and set(found[:180]) == {"G"}


def test_the_frame_of_flagit_gets_the_flags_of_flagit(tmp_path, capsys, shared):
    frame = shared / "data" / "flagit" / "test_dataframe.csv"
    run = ["quality", str(frame), "--scheme", "flagit-0.3", "--saturation", "42.7", "--depth-from", "0.05"]
    assert main([*run, "-o", str(tmp_path / "f.csv"), "--json"]) == Exit.OK
    counts = json.loads(capsys.readouterr().out)["flags"]
    counts.pop("M")
    assert counts == FLAGIT_CODES


@pytest.mark.parametrize(
    "text, said",
    [
        ("", "no rows"),
        ("utc,soil_moisture\n", "no rows"),
        ("utc,soil_moisture\n2020-06-01,\0\n", "is no number"),
        ("utc,soil_moisture\n\n2020-06-01,30\n2020-06-02\n", "row 4 has another number of cells"),
        ('utc,soil_moisture\n2020-06-01,"' + "3" * 200_000 + '"\n', "not a CSV table"),
        ("utc,depth\n2020-06-01,3\n", "no column of soil moisture"),
        ("a,soil_moisture\n2020-06-01,30\n", "no column of times"),
        ("utc,soil_moisture\n2020-06-01,30\nyesterday,31\n", "row 3, column utc: 'yesterday' is no time"),
        (
            "utc,soil_moisture\n2020-06-01,30\n2020-06-02,3O\n",
            "row 3, column soil_moisture: '3O' is no number",
        ),
        ("utc,soil_moisture\n2020-06-01,inf\n", "is no number"),
        ("utc,soil_moisture\n2020-06-01,30\n2020-06-01,31\n", "2 readings; allowed is one"),
        ("utc,soil_moisture,sm\n2020-06-01,30,30\n", "are both soil_moisture"),
        ("utc,soil_moisture (degC)\n2020-06-01,30\n", "has unit 'degC'"),
        (
            "utc,soil_moisture\n2020-06-01,30,4,5\n2020-06-02,30,4,5\n",
            "row 2 has another number of cells than the header",
        ),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_with_its_place(tmp_path, capsys, text, said):
    path = tmp_path / "bad.csv"
    path.write_text(text, "utf-8")
    assert main(["quality", str(path)]) == Exit.REFUSED
    assert said in capsys.readouterr().err
    assert [place.name for place in tmp_path.iterdir()] == ["bad.csv"]


@pytest.mark.parametrize(
    "more, said",
    [
        (["--saturation", "427"], "allowed is above 0 to 1"),
        (["--depth-from", "-1"], "allowed is 0 to 100"),
        (["--unit", "soil_moisture"], "VARIABLE=UNIT"),
        (["--unit", "snow=mm"], "allowed are the variables"),
    ],
)
def test_options_that_cannot_be_are_refused(tmp_path, capsys, more, said):
    assert main(["quality", str(table(tmp_path / "s.csv")), *more]) == Exit.USAGE
    assert said in capsys.readouterr().err


def test_the_table_itself_is_never_written_over(tmp_path, capsys):
    path = table(tmp_path / "s.csv")
    before = path.read_bytes()
    assert main(["quality", str(path), "-o", str(path)]) == Exit.USAGE
    assert path.read_bytes() == before and "the table itself" in capsys.readouterr().err


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2000), st.binary(min_size=0, max_size=6))
def test_damaged_tables_are_read_or_refused(tmp_path, at, what):
    path = table(tmp_path / "s.csv")
    data = path.read_bytes()[:2000]
    path.write_bytes(data[:at] + what + data[at + len(what) :])
    try:
        found = read_quality_table(path)
    except HeadwaterError as error:
        assert str(path) in str(error)
        return
    assert all(len(values) == len(found.time) for values in found.values.values())


def test_without_numba_it_says_what_to_install(tmp_path):
    start = "from headwater.cli import main\nsys.exit(main(sys.argv[1:]))"
    code = f"import sys; sys.modules['numba'] = None\n{start}"
    run = [sys.executable, "-c", code, "quality", str(table(tmp_path / "s.csv"))]
    done = subprocess.run(run, capture_output=True, text=True)
    assert done.returncode == Exit.USAGE and "pip install numba" in done.stderr
