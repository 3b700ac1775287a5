"""Damaged and hostile files of the ISMN: no traceback, no hang, bounded memory, nothing uncounted."""

from __future__ import annotations

import os
import time
import tracemalloc

import numpy as np
import pytest

from headwater.errors import HeadwaterError
from headwater.stations.formats import static_variables
from headwater.stations.formats.ismn import parse
from headwater.stations.parsed import Parsed
from tests.stations.formats import make_ismn as make
from tests.stations.formats.make_ismn import HEADER, NAME, PLACE, ceop, file, line

STATIC = (
    "quantity_name;unit;depth_from[m];depth_to[m];value;description;\n"
    'saturation;m^3*m^-3;0.00;0.30;0.46;30";\nland cover;;;;130;Grassland;\n'
    "organic carbon;% weight;-99.90;-99.90;1;;\n"
)


def check(cases: int, seed: int) -> dict[str, object]:
    """Parse damaged files in both ways; how many were read, refused, and the longest time."""
    rng = np.random.default_rng(seed)
    read = refused = lines = left_out = 0
    longest = 0.0
    for case in range(cases):
        data, name = make.damaged(rng)
        started = time.process_time()
        found, careful = (make.parse_or_refuse(data, name, fast=fast) for fast in (True, False))
        longest = max(longest, time.process_time() - started)
        if isinstance(found, str):
            assert found == careful, (seed, case)
            assert len(found) < 700
            refused += 1
            continue
        assert isinstance(careful, Parsed)
        assert make.adds_up(found), (seed, case)
        assert make.same(found.readings, careful.readings), (seed, case)
        assert (found.problems, found.used) == (careful.problems, careful.used), (seed, case)
        read, lines, left_out = read + 1, lines + found.lines, left_out + found.left_out
    assert longest < 2.0
    return {
        "cases": cases,
        "read": read,
        "refused": refused,
        "lines": lines,
        "left_out": left_out,
        "longest_s": longest,
    }


def check_static(cases: int, seed: int) -> int:
    """Damage files of static variables; how many were read."""
    rng = np.random.default_rng(seed)
    read = 0
    for _ in range(cases):
        data = bytearray(STATIC.encode())
        for _ in range(int(rng.integers(0, 6))):
            make._damage(data, rng)
        try:
            found = static_variables.parse(bytes(data), name="x_static_variables.csv")
        except HeadwaterError:
            continue
        assert found.lines == found.used + found.blank + found.left_out
        assert found.used == 1 + len(found.variables)
        read += 1
    return read


def test_two_thousand_damaged_files() -> None:
    found = check(2000, seed=1)
    assert found["read"] > 600 and found["refused"] > 300 and found["left_out"] > 1000


def test_damaged_files_of_static_variables() -> None:
    assert check_static(1000, seed=2) > 300


@pytest.mark.long
def test_a_hundred_thousand_damaged_files(record) -> None:
    seed = int(os.environ.get("HEADWATER_SEED", "3"))
    record("ismn_fuzz", check(100_000, seed) | {"static_read": check_static(100_000, seed)}, seed=seed)


HOSTILE = {
    "line ends": HEADER.encode() + b"\n" * 150_000,
    "mixed line ends": HEADER.encode() + b"\n\r\r" * 50_000,
    "one long line": HEADER.encode() + b"\n" + b"0" * 150_000,
    "a long line of blanks": HEADER.encode() + b"\n2020/01/01 00:00" + b" " * 150_000 + b"1",
    "a long header": b"A " * 150_000,
    "a header of numbers": b"1 " * 150_000,
    "flags without end": file([line(at, 0.1, f"X{at}") for at in range(3000)]),
    "provider flags without end": file([line(at, 0.1, "G", f"p{at}") for at in range(3000)]),
    "places without end": b"".join(
        ceop([line(0, 0.1)], place=PLACE.replace("_01", f"_{at}")) for at in range(3000)
    ),
    "headers without end": "\n".join(HEADER.replace("_01", f"_{at}") for at in range(1500)).encode(),
    "NUL": file([line(0, 0.1)]) + b"\x00" * 150_000,
    "deep commas": file(["2020/01/01 00:00 0.1 " + "," * 900] * 300),
    "commas with blanks": file(["2020/01/01 00:00 0.1 " + ", " * 450] * 300),
    "numbers in names": file(["2020/01/01 00:00 1"], header="A B " + "1.00000 " * 120),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_cost_little_time_and_memory(name: str) -> None:
    data = HOSTILE[name]
    started = time.process_time()
    found = make.parse_or_refuse(data, NAME)
    assert time.process_time() - started < 5.0
    assert isinstance(found, str) or make.adds_up(found)
    tracemalloc.start()
    make.parse_or_refuse(data[: len(data) // 2], NAME)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30_000_000 + 60 * len(data)


def test_more_lines_than_allowed_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headwater.stations.formats.ismn.MOST_LINES", 10)
    with pytest.raises(HeadwaterError, match="more than 10 lines"):
        parse(file([line(at, 0.1) for at in range(20)]), name=NAME)
