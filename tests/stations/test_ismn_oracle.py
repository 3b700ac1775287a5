"""Real files of the ISMN: the same as the public ``ismn`` package reads, and counts that always hold.

``HEADWATER_ISMN_PYTHON`` names an interpreter with ``pip install ismn`` (compared with 1.5.4). Values of the
ISMN may not be passed on: only counts and sums stand here.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headwater.stations.formats import static_variables
from headwater.stations.formats.ismn import parse
from headwater.stations.formats.ismn_lines import ismn_words
from headwater.stations.formats.static_variables import number_at
from headwater.stations.read_ismn import Download, read_ismn
from headwater.stations.readings import State
from headwater.stations.write_ismn import write_ismn
from tests.stations.formats import make_ismn as make

INTERPRETER = "HEADWATER_ISMN_PYTHON"
SCRIPT = Path(__file__).resolve().parent / "run_ismn.py"
COUNTS = {
    "SMOSMANIA/Narbonne": (741, {"U": 736, "D05": 5}, {"M": 740, "": 1}),
    "COSMOS/ARM-1": (6_865, {"G": 6_514}, {"M": 6_865}),
    "MAQU/CST_01": (15_927, {"U": 9_407, "C03": 1_338}, {"M": 15_927}),
    "MAQU/CST_02": (18_090, {"U": 9_801, "C03": 2_124}, {"M": 18_090}),
    "SCAN/AAMU-jtg": (42_895, {"U": 40_336}, {"M": 42_770, "": 125}),
    "SCAN/Abrams": (55_167, {"U": 46_231}, {"M": 55_167}),
    "SOILSCAPE/node414": (11_615, {"U": 11_480, "D10": 134, "D06": 1}, {"0": 11_615}),
    "SOILSCAPE/node505": (3_676, {"U": 3_324, "D10": 352}, {"0": 3_676}),
    "SOILSCAPE/node703": (6_093, {"U": 5_427, "D10": 666}, {"0": 6_093}),
}
"""Station → readings; how many have exactly these flags; how many have which provider flag."""


@pytest.fixture(scope="module")
def folder(shared: Path) -> Path:
    found = shared / "data" / "ismn"
    if not found.is_dir():
        pytest.skip(f"no files of the ISMN at {found}")
    return found


@pytest.fixture(scope="module")
def read(folder: Path) -> Download:
    return read_ismn(folder)


def run_ismn(folder: Path, target: Path) -> dict[str, Any]:
    """What the package reads; skips where no interpreter is named."""
    if INTERPRETER not in os.environ:
        pytest.skip(f"{INTERPRETER} names no interpreter with the ismn package")
    subprocess.run([os.environ[INTERPRETER], str(SCRIPT), str(folder), str(target)], check=True)
    with np.load(target) as out:
        return dict(out)


def differences(read: Download, theirs: dict[str, Any]) -> int:
    """How many readings were compared; AssertionError where one differs."""
    compared = 0
    words = ismn_words()
    for case, file in enumerate(sorted(read.files, key=lambda one: Path(one.name))):
        assert file.parsed is not None
        mine = file.parsed.readings
        station, series = file.parsed.stations[0], mine.series[0]
        depths = [(depth or 0) / 1000 for depth in (series.depth_from_mm, series.depth_to_mm)]
        place = [station.latitude, station.longitude, station.altitude_m, *depths]
        about = [*(repr(float(number or 0)) for number in place), series.variable, series.sensor]
        assert theirs[f"{case}_about"].tolist() == about
        np.testing.assert_array_equal(mine.time.astype(np.int64), theirs[f"{case}_time"])
        np.testing.assert_array_equal(mine.value, theirs[f"{case}_value"])
        printed = [words.mask(text.split(",")) for text in theirs[f"{case}_flag"].tolist()]
        np.testing.assert_array_equal(mine.flags, np.array(printed, np.uint64))
        assert [mine.said[at] for at in mine.says.tolist()] == [
            text.strip() for text in theirs[f"{case}_said"].tolist()
        ]
        compared += len(mine)
    return compared


def test_the_ismn_package_reads_the_same(folder: Path, read: Download, tmp_path: Path) -> None:
    theirs = run_ismn(folder, tmp_path / "theirs.npz")
    assert differences(read, theirs) >= 161_000


def test_the_ismn_package_reads_our_files_as_theirs(folder: Path, tmp_path: Path) -> None:
    ours = read_ismn(folder / "header_values")
    write_ismn(ours.readings, ours.stations, tmp_path / "written")
    theirs = run_ismn(tmp_path / "written", tmp_path / "theirs.npz")
    assert differences(read_ismn(tmp_path / "written"), theirs) >= 160_000


def test_counts_of_the_files(read: Download) -> None:
    assert read.refused == ()
    assert len(read.readings) >= 161_069
    words = ismn_words()
    found = {file.parsed.stations[0].id for file in read.files if file.parsed}
    assert found == set(COUNTS)
    for file in read.files:
        assert file.parsed is not None and file.parsed.problems == ()
        assert make.adds_up(file.parsed) and file.parsed.blank == 0
        mine = file.parsed.readings
        many, flags, said = COUNTS[file.parsed.stations[0].id]
        assert len(mine) == many
        assert {text: int((mine.flags == words.mask(text.split(","))).sum()) for text in flags} == flags
        if "ceop" not in file.name:
            assert {text: int((mine.says == mine.said.index(text)).sum()) for text in said} == said
        assert not np.isnan(mine.value).any() and mine.value.min() >= 0 and mine.value.max() < 1


def test_frozen_readings_of_the_maqu_stations(read: Download) -> None:
    """5,106 of 15,927 values of CST-01 carry D01 or D03 (counted by hand in the file)."""
    frozen = {
        one.parsed.stations[0].id: int((one.parsed.readings.state == State.FROZEN).sum())
        for one in read.files
        if one.parsed and "MAQU" in one.name
    }
    assert frozen == {"MAQU/CST_01": 5_106, "MAQU/CST_02": 6_040}


def test_the_two_forms_of_one_file_give_the_same(read: Download) -> None:
    one, two = (file.parsed for file in read.files if "Narbonne" in file.name)
    assert one is not None and two is not None
    assert one.stations == two.stations and one.readings.series == two.readings.series
    for name in ("time", "value", "flags", "state"):
        np.testing.assert_array_equal(getattr(one.readings, name), getattr(two.readings, name))
    assert int((one.readings.says != two.readings.says).sum()) == 1  # one line has no provider flag


def test_fast_and_careful_way_agree_on_all_files(folder: Path, read: Download) -> None:
    for file in read.files:
        if file.parsed and file.parsed.lines < 10_000:
            careful = parse((folder / file.name).read_bytes(), name=file.name, fast=False)
            assert make.same(file.parsed.readings, careful.readings)


def test_static_variables_of_the_cosmos_station(folder: Path, read: Download) -> None:
    (path,) = folder.rglob("*_static_variables.csv")
    found = static_variables.parse(path.read_bytes(), name=path.name)
    assert (found.lines, found.used, found.left_out, len(found.variables)) == (16, 16, 0, 15)
    assert number_at(found.variables, "saturation", 50) is not None
    joined = [file.name for file in read.files if file.static]
    assert len(joined) == 1 and "COSMOS" in joined[0]
