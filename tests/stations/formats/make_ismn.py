"""Invented files of the ISMN in all their forms, and ways to damage them. No value here was ever measured."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from headwater.errors import InputRefused
from headwater.stations.formats.ismn import parse
from headwater.stations.parsed import MOST_PROBLEMS, Parsed
from headwater.stations.readings import Readings

NAME = "SOURCE_SOURCE_Ridge-01_sm_0.050000_0.050000_EC-5_20200101_20200201.stm"
UNNAMED = "SOURCE_SOURCE_Ridge-01_20200101_20200201.stm"
HEADER = (
    "SOURCE     SOURCE          Ridge_01          33.88330   102.13330 3431.00    0.05    0.05 EC 5 (new)"
)
PLACE = "SOURCE     SOURCE          Ridge_01          33.88330   102.13330 3431.00    0.05    0.05"
ENDS = ("\n", "\r\n", "\n\r", "\r")
COLUMNS = ("of", "time", "value", "flags", "state", "version", "says")

TIMES = (
    "2020/01/01 00:00", "2020/02/29 23:59", "1999/12/31 12:30", "2021/02/29 00:00", "2020/13/01 00:00",
    "2020/00/10 00:00", "2020/01/32 00:00", "2020/01/00 00:00", "2020/01/01 24:00", "2020/01/01 23:60",
    "1899/12/31 23:00", "2200/01/01 00:00", "2199/12/31 23:59", "2020-01-01 00:00", "2020/1/1 0:00",
    "２０２０/01/01 00:00", "", "x",
)  # fmt: skip
VALUES = (
    "0.2140", "-0.0100", "+0.3", ".5", "1.", "12", "-0.0", "1e-3", "-9999", "-9999.0000", "-999.99",
    "NaN", "nan", "inf", "-inf", "1e999", "1_0", "0x10", "0.1.2", "--1", "", ".", "-", "123456789012345",
    "1234567890123456",
    "0.123456789012345", "0.1234567890123456789", "999999999999", "1000000000001", "000000000000000000001",
)  # fmt: skip
FLAGS = (
    "G", "U", "M", "C01", "D01", "D01,D03", "D03,D01,D01", "D02", "D01,", ",", "D01, D03", "Q9", "D01,Q9",
    "g", "late", "", "G" * 40, "C01,C02,C03,D01,D02,D03,D04,D05,D06,D07,D08,D09,D10",
)  # fmt: skip
SAID = ("M", "0", "", "two words", "a\tb", '#1 ("x")', "é", "旗", "x" * 40, "G,M")


def line(at: int, value: float, flags: str = "G", said: str = "M") -> str:
    """A good line, hour ``at`` of 2020."""
    time = str(np.datetime64("2020-01-01T00:00") + np.timedelta64(at, "h"))
    return f"{time.replace('-', '/').replace('T', ' ')} {value:8.4f} {flags} {said}"


def file(lines: Sequence[str], *, header: str = HEADER, end: str = "\r\n") -> bytes:
    """A file with a header."""
    return "".join(one + end for one in (header, *lines)).encode()


def ceop(lines: Sequence[str], *, place: str = PLACE, end: str = "\r\n") -> bytes:
    """The same lines as a CEOP file: both times are that of the line."""
    return "".join(f"{one[:16]} {one[:16]} {place} {one[16:]}{end}" for one in lines).encode()


def many(count: int, rng: np.random.Generator) -> list[str]:
    """Good lines with all kinds of flags."""
    flags = rng.choice(["G", "U", "D01,D03", "C03", "D10"], count)
    values = rng.uniform(0, 0.6, count).round(4)
    return [line(at, value, flag) for at, (value, flag) in enumerate(zip(values, flags, strict=True))]


def odd_line(rng: np.random.Generator) -> str:
    """A line put together of good, strange and hostile words."""
    gaps = rng.choice([" ", "   ", "\t", ""], 4, p=[0.6, 0.3, 0.08, 0.02])
    words = [_pick(rng, TIMES, 0.7), _pick(rng, VALUES, 0.6), _pick(rng, FLAGS, 0.6), _pick(rng, SAID, 0.5)]
    return gaps[0].strip(" ") + words[0] + "".join(g + w for g, w in zip(gaps[1:], words[1:], strict=True))


def _pick(rng: np.random.Generator, words: Sequence[str], first: float) -> str:
    return words[0] if rng.random() < first else str(rng.choice(words))


def damaged(rng: np.random.Generator) -> tuple[bytes, str]:
    """A file of any form with odd lines, mixed line ends and damaged bytes; and its name."""
    form = rng.integers(4)
    count = int(rng.integers(0, 12))
    lines = [odd_line(rng) if rng.random() < 0.5 else line(at, 0.2) for at in range(count)]
    if form == 0:
        rows = [HEADER, *lines]
    elif form == 1:
        rows = [f"{one[:16]} {one[:16]} {PLACE} {one[16:]}" for one in lines]
    elif form == 2:
        rows = [f"{one[:16]} {one[:16]} {PLACE} {one[16:]} {odd_line(rng)[16:]}" for one in lines]
    else:
        rows = lines
    if rng.random() < 0.2 and rows:
        rows.insert(int(rng.integers(len(rows) + 1)), HEADER.replace("_01", "_02"))
    text = "".join(row + str(rng.choice([*ENDS, "\n\n", "\r\n\r"])) for row in rows)
    data = bytearray((b"\xef\xbb\xbf" if rng.random() < 0.1 else b"") + text.encode())
    for _ in range(int(rng.choice([0, 0, 1, 3, 10]))):
        _damage(data, rng)
    return bytes(data), NAME if rng.random() < 0.7 else UNNAMED


def _damage(data: bytearray, rng: np.random.Generator) -> None:
    at = int(rng.integers(len(data) + 1))
    kind = rng.integers(5)
    if kind == 0:
        data[at:at] = bytes(rng.integers(0, 256, int(rng.integers(1, 6)), dtype=np.uint8))
    elif kind == 1:
        del data[at : at + int(rng.integers(1, 30))]
    elif kind == 2:
        data[at : at + 1] = bytes([int(rng.choice([0, 9, 10, 13, 26, 32, 44, 46, 47, 58, 127, 255]))])
    elif kind == 3:
        data[at:at] = data[: int(rng.integers(1, 200))]
    else:
        data[at:at] = bytes([int(rng.integers(32, 127))]) * int(rng.choice([5, 50, 1200]))


def adds_up(found: Parsed) -> bool:
    """No line is lost, and what was left out is told while problems are kept."""
    told = sum(one.action == "line left out" for one in found.problems)
    return (
        found.lines == found.used + found.blank + found.left_out
        and min(found.blank, found.left_out, found.used) >= 0
        and told == min(found.left_out, MOST_PROBLEMS)
    )


def parse_or_refuse(data: bytes, name: str, *, fast: bool = True) -> Parsed | str:
    """What came out, or the message of the refusal."""
    try:
        return parse(data, name=name, fast=fast)
    except InputRefused as error:
        return str(error)


def same(one: Readings, other: Readings) -> bool:
    """Equal to the last bit."""
    return (
        one.series == other.series
        and one.said == other.said
        and all(getattr(one, name).tobytes() == getattr(other, name).tobytes() for name in COLUMNS)
    )
