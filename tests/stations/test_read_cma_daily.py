"""Every line of a daily file is read as it stands or has its problem; nothing stops the file."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.errors import InputRefused
from headwater.stations.cma_daily import parse_name
from headwater.stations.read_cma_daily import Block, Problem, Reading, read_blocks
from headwater.stations.read_cma_rules import read_rules
from tests.stations.make_cma_daily import Truth, file_name, lines_of, make_month

RULES = read_rules()
GOOD = "50136  5258 12231   4330 2019 7 1 215 300 120 0 0 0"
NAME = "SURF_CLI_CHN_MUL_DAY-TEM-12001-201907.TXT"


def read(path: Path, **options: int) -> list[Block]:
    """All blocks of a file."""
    return list(read_blocks(path, parse_name(path.name, RULES), RULES, **options))


def problems_of(folder: Path, *lines: str, name: str = NAME, end: str = "\n") -> tuple[list[Problem], int]:
    """Problems of a file with these lines, and how many lines were good."""
    path = folder / name
    path.write_bytes("".join(line + end for line in lines).encode("utf-8", "surrogateescape"))
    blocks = read(path)
    good = sum(len(block.line) for block in blocks)
    assert sum(b.lines for b in blocks) == good + sum(b.refused + b.blank for b in blocks)
    return [problem for block in blocks for problem in block.problems], good


def assert_as_printed(blocks: list[Block], truth: Truth) -> None:
    """Blocks hold what was printed."""

    def joined(name: str) -> np.ndarray:
        return np.concatenate([getattr(block, name) for block in blocks], axis=-1)

    estimated = truth.altitude > RULES.altitude_limits[1]
    for name in ("station", "latitude", "longitude"):
        assert np.array_equal(joined(name), getattr(truth, name)), name
    assert np.array_equal(joined("day"), truth.day.astype("datetime64[D]").astype(int))
    assert np.array_equal(joined("altitude"), truth.altitude - RULES.estimated_add * estimated)
    assert np.array_equal(joined("estimated"), estimated)
    assert np.array_equal(joined("numbers"), truth.numbers.T)
    assert np.array_equal(joined("quality"), truth.quality.T)
    assert np.array_equal(joined("line"), 1 + np.arange(len(truth.station)))


@pytest.mark.parametrize("element", RULES.elements.values(), ids=lambda e: e.name)
def test_round_trip_is_exact(element: object, tmp_path: Path) -> None:
    truth = make_month(element, 2020, 2, stations=15, seed=1, codes=0.3)  # type: ignore[arg-type]
    path = tmp_path / file_name(element, 2020, 2)  # type: ignore[arg-type]
    path.write_text("".join(lines_of(truth)), newline="")
    blocks = read(path)
    assert_as_printed(blocks, truth)
    assert not any(block.problems for block in blocks)
    assert not any(list(block.out_of_range(element)) for block in blocks)  # type: ignore[arg-type]


@pytest.mark.parametrize("block_bytes", [64, 1000, 1 << 20])
@pytest.mark.parametrize("end", ["\n", "\r\n", " \t \n", "\n\n"])
def test_blanks_line_ends_and_blocks_change_nothing(tmp_path: Path, block_bytes: int, end: str) -> None:
    truth = make_month(RULES.elements["TEM"], 2019, 7, stations=9, seed=2)
    lines = ["\t " + "   ".join(line.split()) for line in lines_of(truth)]
    path = tmp_path / NAME
    path.write_bytes(b"\xef\xbb\xbf" + end.join(lines).encode())  # the last line has no end
    reading = Reading()
    blocks = list(read_blocks(path, parse_name(NAME, RULES), RULES, block_bytes=block_bytes, reading=reading))
    if end == "\n\n":
        assert sum(block.blank for block in blocks) == len(lines) - 1
        lines_read = np.concatenate([block.line for block in blocks])
        assert np.array_equal(lines_read, 1 + 2 * np.arange(len(lines)))
        blocks = [replaced(block) for block in blocks]
    assert_as_printed(blocks, truth)
    assert reading.bytes_read == path.stat().st_size


def replaced(block: Block) -> Block:
    """The block with line numbers that do not count blank lines."""
    from dataclasses import replace

    return replace(block, line=(block.line + 1) // 2)


@pytest.mark.parametrize(
    ("line", "column", "found", "expected"),
    [
        (GOOD.replace(" 215", " 2l5"), "air_temperature_mean", "2l5", "whole number"),
        (GOOD.replace(" 215", " 21.5"), "air_temperature_mean", "21.5", "whole number"),
        (GOOD.replace(" 215", " -"), "air_temperature_mean", "-", "whole number"),
        (GOOD.replace(" 215", " 2-15"), "air_temperature_mean", "2-15", "whole number"),
        (GOOD.replace(" 215", " 99999999999"), "air_temperature_mean", "99999999999", "9 digits"),
        (GOOD.replace(" 215", " 二"), "air_temperature_mean", "二", "whole number"),
        (GOOD.removesuffix(" 0"), "line", "12 columns: 50136", "13 columns for TEM"),
        (GOOD + " 0", "line", "14 columns", "13 columns for TEM"),
        (GOOD.replace("50136", "5013"), "station", "5013", "five digits"),
        (GOOD.replace("50136", "-50136"), "station", "-50136", "five digits"),
        (GOOD.replace("5258", "5261"), "latitude", "5261", "minutes below 60"),
        (GOOD.replace("5258", "9101"), "latitude", "9101", "up to 9000"),
        (GOOD.replace("12231", "18100"), "longitude", "18100", "up to 18000"),
        (GOOD.replace("4330", "95000"), "altitude", "95000", "plus 100000"),
        (GOOD.replace("2019 7 1", "2019 13 1"), "month", "13", "a date"),
        (GOOD.replace("2019 7 1", "2019 7 32"), "day", "32", "a date"),
        (GOOD.replace("2019 7 1", "1019 7 1"), "year", "1019", "a date"),
        (GOOD.replace("2019 7 1", "2019 8 1"), "month", "8", "file name, 201907"),
        (GOOD.replace("120 0 0 0", "120 0 3 0"), "quality of air_temperature_maximum", "3", "0 right, 1"),
        (GOOD.replace("120 0 0 0", "120 0 0 -1"), "quality of air_temperature_minimum", "-1", "9 not"),
        (GOOD, "day", "50136 2019-07-01", "came before"),
    ],
)  # fmt: skip
def test_a_damaged_line_is_named_and_the_others_are_read(
    tmp_path: Path, line: str, column: str, found: str, expected: str
) -> None:
    after = GOOD.replace("7 1 ", "7 2 ")
    problems, good = problems_of(tmp_path, GOOD, line, after)
    assert good == 2
    (problem,) = problems
    assert (problem.line, problem.column) == (2, column)
    assert problem.found.startswith(found)
    assert expected in problem.expected
    assert problem.action == "line left out"


def test_a_leap_day_that_is_none(tmp_path: Path) -> None:
    name = NAME.replace("201907", "190002")
    problems, good = problems_of(tmp_path, GOOD.replace("2019 7 1", "1900 2 29"), name=name)
    assert (good, problems[0].column) == (0, "day")
    problems, good = problems_of(
        tmp_path, GOOD.replace("2019 7 1", "2000 2 29"), name=NAME.replace("201907", "200002")
    )
    assert (good, problems) == (1, [])


def test_a_long_line_is_cut_in_the_list(tmp_path: Path) -> None:
    problems, _ = problems_of(tmp_path, "x" * 5000)
    assert len(problems[0].found) <= 40


def test_days_that_come_again_are_seen_in_any_order_and_block(tmp_path: Path) -> None:
    truth = make_month(RULES.elements["TEM"], 2019, 7, stations=6, seed=3)
    lines = list(lines_of(truth))
    np.random.default_rng(1).shuffle(lines)
    path = tmp_path / NAME
    path.write_text("".join([*lines, *lines[:50], lines[-1]]))
    for block_bytes in (200, 1 << 20):
        blocks = read(path, block_bytes=block_bytes)
        again = [problem for block in blocks for problem in block.problems]
        assert [problem.line for problem in again] == list(range(len(lines) + 1, len(lines) + 52))
        assert sum(len(block.line) for block in blocks) == len(lines)


def test_a_file_without_month_in_its_name_may_hold_any(tmp_path: Path) -> None:
    lines = [GOOD.replace("2019 7 1", f"{year} {month} 9") for year in (1951, 2024) for month in (1, 12)]
    problems, good = problems_of(tmp_path, *lines, lines[0], name="x-TEM-1.TXT")
    assert (good, [problem.line for problem in problems]) == (4, [5])


@pytest.mark.parametrize("content", [b"\x00" * 5000, b"\xff\xd8\xff\xe0" * 2000, b"1" * 9000])
def test_a_file_without_lines_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / NAME
    path.write_bytes(content)
    with pytest.raises(InputRefused, match="no line ends"):
        read(path, block_bytes=1000)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="cannot be read"):
        read(tmp_path / NAME)


def is_good(line: str) -> bool:
    """The rules once more, in plain Python: can this line of temperatures be used?"""
    parts = line.split()
    if len(parts) != 13:
        return False
    digits = [part.removeprefix("-") for part in parts]
    if not all(part.isascii() and part.isdigit() and len(part) <= 9 for part in digits):
        return False
    station, latitude, longitude, altitude, year, month, day, *rest = map(int, parts)
    try:
        date(year, month, day)
    except ValueError:
        return False
    if altitude > 90000:
        altitude -= 100000
    return (
        len(digits[0]) == 5
        and station >= 0
        and abs(latitude) <= 9000
        and abs(longitude) <= 18000
        and abs(latitude) % 100 < 60
        and abs(longitude) % 100 < 60
        and -2000 <= altitude <= 90000
        and 1900 <= year <= 2199
        and all(quality in (0, 1, 2, 4, 7, 8, 9) for quality in rest[3:])
    )


TOKENS = st.one_of(
    st.integers(-20, 20000).map(str),
    st.sampled_from(["50136", "5258", "12231", "4330", "2019", "7", "0", "8", "-0", "--1", "1e3", "", "NaN"]),
    st.text(st.characters(codec="utf-8", exclude_categories=["Z", "C"]), max_size=6),
)
LIKE_GOOD = st.tuples(st.integers(0, 12), TOKENS).map(
    lambda change: " ".join(change[1] if k == change[0] else part for k, part in enumerate(GOOD.split()))
)
LINES = st.one_of(st.lists(TOKENS, max_size=18).map("  ".join), LIKE_GOOD, st.just(GOOD), st.just(""))


@settings(max_examples=50, deadline=None)
@given(lines=st.lists(LINES, max_size=12), block_bytes=st.sampled_from([40, 300, 1 << 16]))
def test_whatever_stands_in_a_file_every_line_is_accounted_for(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], block_bytes: int
) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "x-TEM-1.TXT"
    path.write_bytes("".join(line + "\n" for line in lines).encode())
    blocks = read(
        path, block_bytes=max(block_bytes, max((len(line.encode()) for line in lines), default=0) + 2)
    )
    kept = [int(n) for block in blocks for n in block.line]
    refused = [problem.line for block in blocks for problem in block.problems]
    blank = sum(block.blank for block in blocks)
    assert sum(block.lines for block in blocks) == len(lines) == len(kept) + len(refused) + blank
    good = [n for n, line in enumerate(lines, 1) if is_good(line)]
    first = {(lines[n - 1].split()[0], *map(int, lines[n - 1].split()[4:7])): n for n in reversed(good)}
    assert kept == sorted(first.values())


@settings(max_examples=40, deadline=None)
@given(content=st.binary(max_size=400))
def test_no_bytes_make_it_fail(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("bytes") / NAME
    path.write_bytes(content)
    blocks = read(path)
    assert sum(b.lines for b in blocks) == sum(len(b.line) + b.refused + b.blank for b in blocks)
