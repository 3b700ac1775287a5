"""Files *_static_variables.csv of the ISMN: what is known of the ground of a station.

Fields are parted by ``;`` and never quoted: a resolution of 30 seconds of arc stands there as ``30"``.
Columns are found by their names. A depth of −99.90 means that none is known. Source: downloads (ismn.earth).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from headwater.errors import InputRefused
from headwater.stations.formats.ismn_lines import as_text
from headwater.stations.parsed import MOST_PROBLEMS, Problem, shown
from headwater.stations.series import millimetres

SUFFIX = "_static_variables.csv"
NAME, UNIT, TOP, BOTTOM, VALUE = "quantity_name", "unit", "depth_from[m]", "depth_to[m]", "value"
DESCRIPTION, SOURCE = "description", "quantity_source_name"
NEEDED = (NAME, UNIT, TOP, BOTTOM, VALUE)
NO_DEPTH_MM = -99_900
DEEPEST_M = 1000.0
_ENDS = re.compile(rb"\r\n|\n\r|\r|\n")
_NUMBER = re.compile(r"[+-]?\d{1,12}(?:\.\d{0,12})?", re.ASCII)


@dataclass(frozen=True)
class StaticVariable:
    """One line.

    Attributes
    ----------
    name, units : as printed, such as "clay fraction" and "% weight"
    depth_from_mm, depth_to_mm : of the layer; None where none is known
    value : as printed
    number : of the value; None where it is none
    description, source : such as "Grassland" and "CCI_landcover_2010"
    """

    name: str
    units: str
    depth_from_mm: int | None
    depth_to_mm: int | None
    value: str
    number: float | None
    description: str = ""
    source: str = ""


@dataclass(frozen=True)
class StaticTable:
    """What came out of a file: ``lines`` = ``used`` + ``blank`` + ``left_out``, the header included."""

    variables: tuple[StaticVariable, ...]
    problems: tuple[Problem, ...] = ()
    lines: int = 0
    used: int = 0
    blank: int = 0
    left_out: int = 0


def parse(data: bytes, *, name: str) -> StaticTable:
    """Static variables of a file.

    Raises
    ------
    InputRefused
        Its first line is not the header of such a file.
    """
    rows = _ENDS.split(data.removeprefix(b"\xef\xbb\xbf"))
    rows = rows[:-1] if not rows[-1] else rows
    header = [cell.strip() for cell in as_text(rows[0]).split(";")] if rows else []
    missing = [one for one in NEEDED if one not in header]
    if missing:
        found = shown(";".join(header))
        raise InputRefused(
            f"{name}, line 1: found {found!r}; the header of a file of static variables names "
            f"{', '.join(NEEDED)} with ; between, {', '.join(missing)} is missing. Download it again."
        )
    found_rows: list[StaticVariable] = []
    problems: list[Problem] = []
    blank = 0
    for line, raw in enumerate(rows[1:], 2):
        if not raw.strip():
            blank += 1
            continue
        row = _row(as_text(raw), line, header)
        if isinstance(row, Problem):
            problems.append(row)
        else:
            found_rows.append(row)
    return StaticTable(
        tuple(found_rows),
        tuple(problems[:MOST_PROBLEMS]),
        lines=len(rows),
        used=1 + len(found_rows),
        blank=blank,
        left_out=len(problems),
    )


def number_at(variables: Iterable[StaticVariable], name: str, depth_mm: int) -> float | None:
    """The number of a quantity in the first layer that holds a depth; a layer holds its top, not its bottom.

    None where no layer does.
    """
    for one in variables:
        top, bottom = one.depth_from_mm, one.depth_to_mm
        if one.name != name or one.number is None or top is None or bottom is None:
            continue
        if top <= depth_mm < bottom:
            return one.number
    return None


def _row(text: str, line: int, header: list[str]) -> StaticVariable | Problem:
    cells = [cell.strip() for cell in text.split(";")]
    if len(cells) != len(header):
        return Problem(
            line, "", f"{len(cells)} fields: {shown(text)}", f"{len(header)} fields", "line left out"
        )
    named = dict(zip(header, cells, strict=True))
    if not named[NAME]:
        return Problem(line, NAME, shown(text), "the name of a quantity", "line left out")
    depths: list[int | None] = []
    for column in (TOP, BOTTOM):
        depth = _depth(named[column])
        if depth is None:
            expected = f"a depth in m, ±{DEEPEST_M:g} at most, or nothing"
            return Problem(line, column, shown(named[column]), expected, "line left out")
        depths.append(None if depth == NO_DEPTH_MM or not named[column] else depth)
    number = float(named[VALUE]) if _NUMBER.fullmatch(named[VALUE]) else None
    return StaticVariable(
        named[NAME], named[UNIT], depths[0], depths[1], named[VALUE], number,
        named.get(DESCRIPTION, ""), named.get(SOURCE, ""),
    )  # fmt: skip


def _depth(text: str) -> int | None:
    """Millimetres; 0 where the text is empty; None where it is no depth."""
    if not text:
        return 0
    if not _NUMBER.fullmatch(text) or not math.fabs(float(text)) <= DEEPEST_M:
        return None
    return millimetres(float(text))
