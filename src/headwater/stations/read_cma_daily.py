"""Reads daily files of the China Meteorological Administration in blocks, and accounts for every line."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headwater.errors import InputRefused
from headwater.machine_code import load
from headwater.stations.cma_daily import Element, FileName, Rules, decode, flags_of

KERNELS = ("headwater.stations.kernel_cma_daily",)
BLOCK_BYTES = 2**23
MOST_SHOWN = 40
"""Characters of a damaged line that a problem shows."""

REFUSED, SET_MISSING = "line left out", "set missing"
FIRST_YEAR, LAST_YEAR = 1900, 2199
(NOT_A_NUMBER, COLUMNS, STATION, LATITUDE, LONGITUDE, ALTITUDE, DATE, MONTH, QUALITY, DUPLICATE) = range(
    1, 11
)
"""Kinds of faults, as the kernel numbers them; it leaves duplicates to ``_Days``."""

Ints = NDArray[np.int32]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a file.

    Attributes
    ----------
    line : counted from 1
    column : its name
    found, expected : what stands there, and what is allowed
    action : what was done
    """

    line: int
    column: str
    found: str
    expected: str
    action: str


@dataclass(frozen=True)
class Block:
    """Lines of a file that are good, and what is wrong with the others.

    Attributes
    ----------
    line : number in the file from 1, shape (n,)
    station : five digits, shape (n,)
    latitude, longitude : degrees and minutes as printed, shape (n,)
    altitude, estimated : altitude in 0.1 m, and whether it is only estimated, shape (n,)
    day : days since 1970-01-01 as printed, shape (n,)
    numbers, quality : as printed, shape (variables, n)
    lines, blank, refused : lines that were read, of which blank, of which left out
    problems : of lines that were left out
    """

    line: NDArray[np.int64]
    station: Ints
    latitude: Ints
    longitude: Ints
    altitude: Ints
    estimated: NDArray[np.bool_]
    day: Ints
    numbers: Ints
    quality: Ints
    lines: int
    blank: int
    refused: int
    problems: tuple[Problem, ...]

    def out_of_range(self, element: Element) -> Iterator[Problem]:
        """Printed numbers that are neither a value nor a special value."""
        for numbers, variable in zip(self.numbers, element.variables, strict=True):
            _, _, flag = decode(numbers, variable)
            for at in np.flatnonzero(flag == len(flags_of(variable)) - 1):
                yield Problem(
                    int(self.line[at]), variable.name, str(numbers[at]), variable.allowed(), SET_MISSING
                )


@dataclass
class Reading:
    """What is known of a file after its blocks were read: bytes and SHA-256."""

    bytes_read: int = 0
    digest: Any = field(default_factory=hashlib.sha256)


def read_blocks(
    path: Path,
    said: FileName,
    rules: Rules,
    *,
    block_bytes: int = BLOCK_BYTES,
    reading: Reading | None = None,
) -> Iterator[Block]:
    """Blocks of a file, in order; memory does not grow with the file.

    Lines that are damaged never stop the file: each has its ``Problem``. Any number of blanks may part the
    columns of a line.

    Parameters
    ----------
    said : what the name of the file says
    block_bytes : size of a block
    reading : filled while the blocks are read

    Raises
    ------
    InputRefused
        The file cannot be read, or is not text in lines.
    """
    (kernel,) = load(KERNELS)
    quality = np.zeros(10, bool)
    quality[list(rules.quality)] = True
    days = _Days(said.month)
    before = 0
    for text in _texts(path, block_bytes, reading or Reading()):
        block = _parse(kernel, text, said, rules, quality, before, days)
        before += block.lines
        yield block


def _texts(path: Path, block_bytes: int, reading: Reading) -> Iterator[NDArray[np.uint8]]:
    """Pieces of the file that end with a line feed, with one added where the last line has none."""
    try:
        with path.open("rb") as stream:
            rest = b""
            while piece := stream.read(block_bytes):
                reading.digest.update(piece)
                first = reading.bytes_read == 0
                reading.bytes_read += len(piece)
                if first:
                    piece = piece.removeprefix(b"\xef\xbb\xbf")
                cut = piece.rfind(b"\n") + 1
                if not cut:
                    rest += piece
                    if len(rest) > 4 * block_bytes:
                        raise InputRefused(
                            f"{path.name}: no line ends within {len(rest)} bytes. A text file is needed: one "
                            "line for each station and day."
                        )
                    continue
                yield np.frombuffer(bytearray(rest + piece[:cut]), np.uint8)
                rest = piece[cut:]
            if rest:
                yield np.frombuffer(bytearray(rest + b"\n"), np.uint8)
    except OSError as error:
        raise InputRefused(f"{path}: cannot be read ({error.strerror}). Is the path right?") from None


def _parse(
    kernel: Any,
    text: NDArray[np.uint8],
    said: FileName,
    rules: Rules,
    quality: NDArray[np.bool_],
    before: int,
    days: _Days,
) -> Block:
    most = int(np.count_nonzero(text == ord("\n")))
    many = len(said.element.variables)
    out = np.empty((5 + 2 * many, most), np.int32)
    number, faults = np.empty(most, np.int64), np.empty((most, 5), np.int64)
    lowest, highest = rules.altitude_limits
    lines, blank, rows, refused = kernel.parse_lines(
        text, many, quality, said.month, lowest, highest, rules.estimated_add, out, number, faults
    )
    out, line = out[:, :rows], number[:rows] + before + 1
    problems = [_problem(text, fault, said, rules, before) for fault in faults[:refused]]
    again = days.repeated(out[0], out[4])
    if again.any():
        expected = "one line for each station and day; this one came before in the file"
        problems += [
            Problem(int(n), "day", f"{station:05d} {_date(day)}", expected, REFUSED)
            for n, station, day in zip(line[again], out[0][again], out[4][again], strict=True)
        ]
        out, line = out[:, ~again], line[~again]
        problems.sort(key=lambda problem: problem.line)
    estimated = out[3] > highest
    altitude = np.where(estimated, out[3] - rules.estimated_add, out[3])
    values = out[5:]
    return Block(
        line, out[0], out[1], out[2], altitude, estimated, out[4], values[:many], values[many:],
        lines, blank, len(problems), tuple(problems),
    )  # fmt: skip


def _problem(
    text: NDArray[np.uint8], fault: NDArray[np.int64], said: FileName, rules: Rules, before: int
) -> Problem:
    line, kind, column, start, end = (int(part) for part in fault)
    found = text[start:end].tobytes().decode("utf-8", "replace").strip()
    if kind == COLUMNS:
        found = f"{len(found.split())} columns: {found}"
    name = "line" if kind == COLUMNS else said.element.columns[column]
    if len(found) > MOST_SHOWN:
        found = found[: MOST_SHOWN - 1] + "…"
    return Problem(before + line + 1, name, found, _expected(kind, said, rules), REFUSED)


def _expected(kind: int, said: FileName, rules: Rules) -> str:
    low, high = (limit / 10 for limit in rules.altitude_limits)
    codes = ", ".join(f"{code} {word}" for code, word in rules.quality.items())
    return {
        NOT_A_NUMBER: "a whole number of 9 digits at most",
        COLUMNS: f"{len(said.element.columns)} columns for {said.element.name}, parted by blanks",
        STATION: "five digits",
        LATITUDE: "DDMM up to 9000, minutes below 60",
        LONGITUDE: "DDDMM up to 18000, minutes below 60",
        ALTITUDE: f"0.1 m, {low:g} to {high:g} m, plus {rules.estimated_add} where it is estimated",
        DATE: f"a date from {FIRST_YEAR} to {LAST_YEAR}",
        MONTH: f"the month of the file name, {said.month}",
        QUALITY: f"a quality code: {codes}",
    }[kind]


def _date(day: int) -> str:
    return date.fromordinal(date(1970, 1, 1).toordinal() + int(day)).isoformat()


class _Days:
    """Days of each station that were read, to see those that come again."""

    def __init__(self, month: int) -> None:
        first = date(month // 100, month % 100, 1) if month else date(FIRST_YEAR, 1, 1)
        last = date(LAST_YEAR, 12, 31)
        self._first = first.toordinal() - date(1970, 1, 1).toordinal()
        self._count = 31 if month else (last - first).days + 1
        self._row = np.full(100_000, -1, np.int64)
        self._seen = np.zeros((0, self._count), bool)

    def repeated(self, station: Ints, day: Ints) -> NDArray[np.bool_]:
        """Where a station and day was read before, in this block or another."""
        new = station[self._row[station] < 0]
        if len(new):
            known = len(self._seen)
            _, at = np.unique(new, return_index=True)
            at.sort()
            self._row[new[at]] = known + np.arange(len(at))
            self._seen = np.concatenate([self._seen, np.zeros((len(at), self._count), bool)])
        place = self._row[station] * self._count + (day - self._first)
        seen = self._seen.reshape(-1)
        again = seen[place]
        if (np.diff(place) <= 0).any():
            _, first = np.unique(place, return_index=True)
            among = np.ones(len(place), bool)
            among[first] = False
            again |= among
        seen[place] = True
        return again
