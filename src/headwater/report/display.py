"""Tables as a reader sees them: words for codes, rounded numbers, a mean and its error in one cell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from headwater.report.figures.words import period_label
from headwater.report.numbers import MISSING, interval, missing, number

if TYPE_CHECKING:
    from headwater.report.text import Text
    from headwater.study.result import StudyResult

MOST_ROWS = 400
"""Rows of a table in the report; the CSV file beside it has all."""


@dataclass(frozen=True)
class Cell:
    """What stands in a cell, with a smaller second line (an interval, an n)."""

    main: str
    small: str = ""


Cells = list["Cell | str"]
"""Cells of one row before they are grouped; a plain text is a cell without a second line."""


class Head(NamedTuple):
    """A table head with its unit; ``text`` columns are aligned left."""

    label: str
    unit: str = ""
    text: bool = False


class Row(NamedTuple):
    """Cells of a row; ``opens`` marks the first row of a group, which gets space above it."""

    cells: tuple[Cell, ...]
    opens: bool


@dataclass(frozen=True)
class DisplayTable:
    """A table ready to be shown.

    Attributes
    ----------
    name : unique in the report, also the id in the page
    caption : what it shows, with the n where one n holds for all of it
    first : rows shown on screen before the reader asks for all; print shows all
    total : rows that there are; more than ``rows`` where the report leaves some to the file
    file : path of the same numbers as CSV, relative to the report
    """

    name: str
    caption: str
    heads: tuple[Head, ...]
    rows: tuple[Row, ...]
    first: int
    total: int
    file: str = ""


def display_table(
    name: str,
    caption: str,
    heads: Sequence[Head],
    rows: Iterable[Sequence[Cell | str]],
    *,
    file: str = "",
    first: int = 12,
    group_by: int = 0,
    total: int | None = None,
) -> DisplayTable | None:
    """The table, or None where it has no rows. Repeats in the first ``group_by`` columns are left blank."""
    full = [[cell if isinstance(cell, Cell) else Cell(cell) for cell in row] for row in rows]
    if not full:
        return None
    shown: list[Row] = []
    before: list[Cell] = []
    for row in full[:MOST_ROWS]:
        same = 0
        while same < group_by and before and row[same] == before[same]:
            same += 1
        shown.append(Row((*(Cell(""),) * same, *row[same:]), opens=bool(before) and same < group_by))
        before = row
    return DisplayTable(
        name, caption, tuple(heads), tuple(shown), min(first, len(shown)), total or len(full), file
    )


def estimate(mean: float, error: float, decimals: int = 2) -> str:
    """A value with its error: ``7.90 ± 0.05``."""
    if missing(mean):
        return MISSING
    if missing(error):
        return number(mean, decimals)
    return f"{number(mean, decimals)} ± {number(error, decimals)}"


def with_interval(mean: float, low: float, high: float, decimals: int = 1) -> Cell:
    """A value with its 95 % interval below it."""
    if missing(mean):
        return Cell(MISSING)
    bounds = interval(low, high, decimals)
    return Cell(number(mean, decimals), "" if bounds == MISSING else bounds)


def period_name(result: StudyResult, period: str, text: Text) -> str:
    """A period in few letters: its name without the date where it has one."""
    return period_label(result, period, text, short=True)
