"""A file of the ISMN while it is read: its form, its places, and the account of its lines."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from headwater.errors import InputRefused, UnitsUnclear
from headwater.stations.formats.ismn_fast import Bytes, fast_rows
from headwater.stations.formats.ismn_lines import (
    MOST_LINE,
    Form,
    Ints,
    Row,
    Rows,
    Words,
    as_text,
    begins_with_times,
    careful_row,
    flags_of,
    next_word,
    value_of,
)
from headwater.stations.formats.ismn_names import EXPECTED_PLACE, FileName, Place, header_place, split_place
from headwater.stations.parsed import MOST_PROBLEMS, Problem, shown
from headwater.stations.read_variables import by_ismn_code, variables
from headwater.stations.variables import Variable

LINE_OUT = "line left out"
MOST_BEFORE = 100
"""Lines among which the first good line of a CEOP file is looked for."""
REFERENCE = ("soil_temperature", "soil_moisture")
"""Variables of a line of the CEOP reference format, in order."""


class One(NamedTuple):
    """One reading; ``place`` −1 where the header above it tells it."""

    line: int
    time: int
    number: float
    flags: int
    says: int
    moved: bool
    place: int
    column: int


class Part(NamedTuple):
    """Readings of a block of lines, each with its place, as in ``One``, and the column of its variable."""

    rows: Rows
    place: Ints
    column: Ints


@dataclass
class File:
    """A file that is read: what was met so far, and the account."""

    text: bytes
    starts: Ints
    ends: Ints
    name: str
    named: FileName | None
    first: int = 0
    form: Form = Form.HEADER
    columns: tuple[Variable, ...] = ()
    places: dict[Place, int] = field(default_factory=dict)
    heads: list[tuple[int, int]] = field(default_factory=list)
    between: bytes | None = None
    words: Words = field(default_factory=Words)
    problems: list[Problem] = field(default_factory=list)
    blank: int = 0
    left_out: int = 0

    def raw(self, at: int) -> bytes:
        """A line."""
        return self.text[self.starts[at] : self.ends[at]]

    def tell(self, problem: Problem) -> None:
        """Keep a problem, the first ones in words."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(problem)

    def recognise(self, variable: str) -> None:
        """Find form and variables from the first line that is not blank."""
        at = next((at for at in range(len(self.starts)) if self.raw(at).strip()), None)
        if at is None:
            raise InputRefused(f"{self.name}: the file is empty. Download it again.")
        self.blank = self.first = at
        raw = self.raw(at)
        line = as_text(raw) if len(raw) <= MOST_LINE else ""
        times = begins_with_times(line)
        if times == 2:
            self._ceop(not variable and not (self.named and self.named.variable))
        else:
            place = None if times else header_place(line)
            if place is None:
                found = shown(as_text(raw[:MOST_LINE]))
                raise InputRefused(
                    f"{self.name}, line {at + 1}: found {found!r}; an ISMN file begins with a header "
                    f"({EXPECTED_PLACE}, sensor) or a CEOP line. Download the file again."
                )
            self.first = at + 1
            self._enter(place, at)
        self.columns = self._variables(variable)

    def _ceop(self, unnamed: bool) -> None:
        """Find out from the first good line which form it is, and what the fast way can count on."""
        self.form = Form.CEOP
        for at in range(self.first, min(self.first + MOST_BEFORE, len(self.starts))):
            line = as_text(self.raw(at)[: MOST_LINE + 1])
            row = careful_row(line, twice=True)
            split = split_place(row.rest) if isinstance(row, Row) else None
            if not isinstance(row, Row) or split is None or len(line) > MOST_LINE:
                continue
            if unnamed and _pairs(row.rest[split[1] :]) == len(REFERENCE):
                self.form = Form.REFERENCE
            elif line.isascii() and line[33:].strip(" \t").startswith(row.rest[: split[1]]):
                blanks = line[33:][: -len(line[33:].lstrip(" \t"))]
                self.between = (blanks + row.rest[: split[1]]).encode()
                self.place_number(split[0])
            return

    def _variables(self, variable: str) -> tuple[Variable, ...]:
        if self.form is Form.REFERENCE and not variable:
            return tuple(variables()[one] for one in REFERENCE)
        if variable and not (variable in variables() and variables()[variable].ismn):
            allowed = ", ".join(one.name for one in by_ismn_code().values())
            raise UnitsUnclear(f"{self.name}: variable {variable!r}; allowed are {allowed}.")
        found = variables()[variable] if variable else self.named.variable if self.named else None
        if found is None or not found.ismn:
            raise UnitsUnclear(
                f"{self.name}: the name of the file does not tell the variable; it should be "
                "CSE_NETWORK_STATION_VARIABLE_FROM_TO_SENSOR_START_END.stm, with a variable among "
                f"{', '.join(by_ismn_code())}. Give the file its own name again, or state the variable."
            )
        return (found,)

    def place_number(self, place: Place) -> int:
        """Number of a place."""
        return self.places.setdefault(place, len(self.places))

    def _enter(self, place: Place, at: int) -> None:
        """A header: lines below it stand for its place."""
        self.heads.append((at, self.place_number(place)))
        if self.named and not _agrees(place, self.named):
            depths = f"{place.depth_from_mm / 1000:g} to {place.depth_to_mm / 1000:g} m"
            stated = f"{self.named.depth_from_mm / 1000:g} to {self.named.depth_to_mm / 1000:g} m"
            self.tell(Problem(at + 1, "depth", depths, f"{stated} by the name", "depth of the header holds"))

    def block(self, padded: Bytes, at: int, stop: int, fast: bool) -> list[Part]:
        """Readings of lines ``at`` to ``stop``."""
        done = np.zeros(stop - at, bool)
        out = []
        if fast and (self.form is Form.HEADER or self.between is not None):
            rows = fast_rows(padded, self.starts[at:stop], self.ends[at:stop], at, self.between, self.words)
            done[rows.line - at] = True
            place = -1 if self.between is None else 0
            out.append(Part(rows, np.full(len(rows.line), place), np.zeros(len(rows.line), np.int64)))
        found = [one for line in (np.flatnonzero(~done) + at).tolist() for one in self._careful(line)]
        if found:
            out.append(_part(found))
        return out

    def _careful(self, at: int) -> list[One]:
        """Readings of one line, which is accounted for."""
        raw = self.raw(at)
        if not raw.strip():
            self.blank += 1
            return []
        if len(raw) > MOST_LINE:
            return self._out(at, "", f"{len(raw)} bytes", f"{MOST_LINE} bytes at most")
        text = as_text(raw)
        row = careful_row(text, twice=self.form is not Form.HEADER)
        if not isinstance(row, Row):
            place = header_place(text) if self.form is Form.HEADER and not begins_with_times(text) else None
            if place is None:
                return self._out(at, *row)
            self._enter(place, at)
            return []
        rest, number = row.rest, -1
        if self.form is not Form.HEADER:
            split = split_place(rest)
            if split is None:
                return self._out(at, "place", shown(rest), EXPECTED_PLACE)
            number, rest = self.place_number(split[0]), rest[split[1] :].strip(" \t")
        return self._values(at, row, number, rest)

    def _values(self, at: int, row: Row, place: int, rest: str) -> list[One]:
        found, told = [], []
        for column, variable in enumerate(self.columns):
            printed, rest = next_word(rest)
            value = value_of(printed)
            if value is None:
                return self._out(at, variable.name, shown(printed), "a number, −9999 or NaN")
            flags, rest, problem = flags_of(rest, at + 1, self.words)
            told += [problem] if problem else []
            provider = "" if len(self.columns) > 1 else rest
            says = self.words.number(provider)
            found.append(One(at, row.time, value, flags, says, row.time != row.nominal, place, column))
        if len(self.columns) > 1 and rest:
            return self._out(at, "", shown(rest), f"nothing behind {len(self.columns)} values and flags")
        for problem in told:
            self.tell(problem)
        return found

    def _out(self, at: int, column: str, found: str, expected: str) -> list[One]:
        self.left_out += 1
        self.tell(Problem(at + 1, column, found, expected, LINE_OUT))
        return []


def _part(found: list[One]) -> Part:
    kinds = (np.int64, np.int64, np.float64, np.uint64, np.int64, np.bool_, np.int64, np.int64)
    columns: list[Any] = [
        np.array(one, kind) for one, kind in zip(zip(*found, strict=True), kinds, strict=True)
    ]
    line, time, number, flags, says, moved, place, column = columns
    return Part(Rows(line, time, number, flags, says, moved), place, column)


def _agrees(place: Place, named: FileName) -> bool:
    """Headers print depths to the centimetre, names more exactly."""
    return (
        abs(place.depth_from_mm - named.depth_from_mm) <= 5
        and abs(place.depth_to_mm - named.depth_to_mm) <= 5
    )


def _pairs(text: str) -> int:
    """How many pairs of a number and a flag a text consists of; 0 where it is no such text."""
    words = text.split()
    paired = all(value_of(word) is not None for word in words[0::2])
    return len(words) // 2 if paired and len(words) % 2 == 0 else 0
