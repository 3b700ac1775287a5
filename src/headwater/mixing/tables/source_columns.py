"""Which columns of a table of sources hold what, and which row is which source."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headwater.errors import InputRefused
from headwater.mixing.tables.cells import Array, Sign, TextTable, labels, numbers
from headwater.mixing.tables.names import find_name, listed, match_names, nearest, plain

NAMES = frozenset({"source", "sources", "sourcename", "endmember", "endmembers"})
GAP = r"[\s_.\-]"
MARKS = {
    "mean": (r"mean", r"mean"),
    "sd": (r"sd(?!conc)", rf"(?:analytical{GAP}+)?sd"),
    "concentration": (r"conc(?!sd)", r"conc"),
    "concentration_sd": (r"sdconc|concsd", r"concsd|sdconc"),
}
"""What stands before or, with a gap, behind the name of a tracer: ``Meand13C``, ``SDd13C``, ``d13C_sd``."""


def marked(table: TextTable, kind: str) -> dict[str, str]:
    """Tracer as written → header, of the columns ``MeanX``, ``SDX`` … (also ``X_mean``, ``X sd``).

    Raises
    ------
    InputRefused
        Two columns say the same of one tracer.
    """
    first, last = MARKS[kind]
    before = re.compile(rf"^(?:{first}){GAP}*(?P<x>\S.*)$", re.IGNORECASE)
    behind = re.compile(rf"^(?P<x>.*?\S){GAP}+(?:{last})$", re.IGNORECASE)
    found: dict[str, str] = {}
    for header in table.headers:
        match = before.match(header) or behind.match(header)
        if match is None:
            continue
        twice = next((one for name, one in found.items() if plain(name) == plain(match["x"])), None)
        if twice is not None:
            raise InputRefused(
                f"{table.file}: columns {twice!r} and {header!r} both are the {kind} of tracer "
                f"{match['x']!r}; one is allowed, or it would count double. Remove the other."
            )
        found[match["x"]] = header
    return found


def column_of(tracer: str, columns: dict[str, str], table: TextTable, *, what: str, pattern: str) -> str:
    """Header that holds something of a tracer.

    Raises
    ------
    InputRefused
        There is none.
    """
    found = find_name(tracer, list(columns))
    if found is None:
        raise InputRefused(
            f"{table.file}: no column {pattern.replace('X', tracer, 1)!r} ({what} of tracer {tracer!r}); its "
            f"columns are {listed(table.headers)}.{nearest(tracer, list(columns))} Add the column."
        )
    table.cells(columns[found])
    return columns[found]


def source_column(table: TextTable, others: Sequence[str] = ()) -> str:
    """Header of the column with the names of the sources: ``Source`` or the like, else the first column.

    A first column without header that only counts rows, as R writes it, is passed over.

    Raises
    ------
    InputRefused
        No column is left for the names.
    """
    for header in table.headers:
        if plain(header) in NAMES:
            return header
    measures = {header for kind in MARKS for header in marked(table, kind).values()}
    free = [one for one in table.headers if one not in others and one not in measures and plain(one) != "n"]
    if (
        len(free) > 1
        and free[0] in ("", "X")
        and table.cells(free[0]) == [str(i + 1) for i in range(len(table))]
    ):
        del free[0]
    if not free:
        raise InputRefused(
            f"{table.file}: no column with the names of the sources; its columns are "
            f"{listed(table.headers)}. Put the names into the first column, with the header Source."
        )
    return free[0]


@dataclass(frozen=True)
class SourceRows:
    """Where each source of each level stands.

    Attributes
    ----------
    table : the table
    names, levels : K sources and R levels, as written in this table; no levels where there is no factor
    at : shape (R, K), position of the record, −1 where there is none
    """

    table: TextTable
    names: tuple[str, ...]
    levels: tuple[str, ...]
    at: NDArray[np.int64]

    def values(self, headers: Sequence[str], *, sign: Sign = "any", what: str) -> Array:
        """Numbers of J columns, shape (R, K, J); NaN where a source is absent.

        Raises
        ------
        InputRefused
        """
        columns = np.stack([numbers(self.table, one, sign=sign, what=what) for one in headers], axis=1)
        return np.where(self.at[:, :, None] < 0, np.nan, columns[np.maximum(self.at, 0)])


def locate(table: TextTable, names_header: str, by_header: str | None, hint: str) -> SourceRows:
    """Rows of the sources of a table, one record each, in the order in which they first appear.

    Raises
    ------
    InputRefused
        A source is there twice (``hint`` says what to do about it).
    """
    names = labels(table, names_header, what="name of the source")
    levels = labels(table, by_header, what="level") if by_header is not None else ("",) * len(table)
    all_names, all_levels = tuple(dict.fromkeys(names)), tuple(dict.fromkeys(levels))
    column = {name: k for k, name in enumerate(all_names)}
    row = {level: r for r, level in enumerate(all_levels)}
    at = np.full((len(all_levels), len(all_names)), -1, np.int64)
    for i, (name, level) in enumerate(zip(names, levels, strict=True)):
        here = row[level], column[name]
        if at[here] >= 0:
            at_level = f" at level {level!r}" if by_header is not None else ""
            raise InputRefused(
                f"{table.file}: source {name!r} is there twice{at_level} "
                f"({table.rows_text([int(at[here]), i])}); one row is expected. {hint}"
            )
        at[here] = i
    return SourceRows(table, all_names, all_levels if by_header is not None else (), at)


def align(
    rows: SourceRows, names: Sequence[str], levels: Sequence[str], *, by: str | None, notes: list[str]
) -> SourceRows:
    """The same rows in the order of these sources and levels, matched by name.

    Where the table has no levels, its rows stand for every level.

    Raises
    ------
    InputRefused
        A source or a level is missing; both sides are listed.
    """
    table = rows.table
    found = match_names(
        names, rows.names, what="source", place=table.file, expected="the sources", notes=notes
    )
    _count_unused(table, "source", [one for one in rows.names if one not in found.values()], notes)
    columns = [rows.names.index(found[name]) for name in names]
    at = rows.at[:, columns]
    if rows.levels:
        level = match_names(
            levels, rows.levels, what=f"level of {by}", place=table.file, expected="the levels", notes=notes
        )
        _count_unused(
            table, f"level of {by}", [one for one in rows.levels if one not in level.values()], notes
        )
        at = at[[rows.levels.index(level[one]) for one in levels]]
    else:
        at = np.repeat(at, max(len(levels), 1), axis=0)
    return SourceRows(table, tuple(names), tuple(levels), at)


def _count_unused(table: TextTable, what: str, unused: Sequence[str], notes: list[str]) -> None:
    if unused:
        notes.append(f"{table.file}: {what} {listed(unused)} is not among the others; its rows are not used")
