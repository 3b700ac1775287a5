"""What a caller asks of a table of sources, checked against what the table has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from headwater.errors import InputRefused
from headwater.mixing.bayes.model import Absent
from headwater.mixing.tables.cells import TextTable
from headwater.mixing.tables.names import find_name, listed, nearest, plain
from headwater.mixing.tables.source_columns import SourceRows


@dataclass(frozen=True)
class Asked:
    """What is wanted of a table of sources; see ``read_sources``.

    ``by_header`` is the column of the factor ``by`` in this table.
    """

    tracers: Sequence[str] | None
    among: Sequence[str] | None
    by: str | None
    by_header: str | None
    absent: Sequence[Absent]
    need_n: bool

    @property
    def by_headers(self) -> list[str]:
        """The column of the factor, if there is one, as a list."""
        return [] if self.by_header is None else [self.by_header]


def choose_tracers(
    table: TextTable, candidates: list[str], asked: Asked, *, mark: str, notes: list[str]
) -> list[str]:
    """Tracers to use, spelled as in the mixtures; ``mark`` stands before their names in this table.

    Raises
    ------
    InputRefused
        A tracer is not there, not in the mixtures, or asked for twice.
    """
    among = asked.among
    chosen: list[str] = []
    for name in candidates if asked.tracers is None else asked.tracers:
        if find_name(name, candidates) is None:
            raise InputRefused(
                f"{table.file}: no column {mark + name!r} for tracer {name!r}; it has {listed(candidates)}."
                f"{nearest(name, candidates)} Add the column, or leave the tracer out."
            )
        spelled = name if among is None else find_name(name, among)
        if spelled is None:
            raise InputRefused(
                f"{table.file} has tracer {name!r}, the mixtures have no such column; theirs are "
                f"{listed(among or ())}.{nearest(name, among or ())} Rename the column, or name the tracers "
                "to use (--tracers)."
            )
        if spelled != name:
            notes.append(f"{table.file}: tracer {name!r} is {spelled!r} in the mixtures")
        if spelled in chosen:
            raise InputRefused(
                f"{table.file}: tracer {spelled!r} is asked for twice; it would count double. Name it once."
            )
        chosen.append(spelled)
    return chosen


def check_complete(rows: SourceRows, asked: Asked) -> None:
    """Nothing, if every source has a row at every level, but for structural zeros.

    Raises
    ------
    InputRefused
    """
    by, absent = asked.by, asked.absent
    allowed = {(one.source, level) for one in absent if one.factor == by for level in one.levels}
    for r, k in np.argwhere(rows.at < 0):
        name, level = rows.names[k], rows.levels[r]
        if not any(plain(name) == plain(a) and plain(level) == plain(b) for a, b in allowed):
            raise InputRefused(
                f"{rows.table.file}: source {name!r} has no row at level {level!r} of {by}; every source is "
                "expected "
                f"at every level ({listed(rows.levels)}). Add the row, or say that the source takes no part "
                f"there: --absent {name}@{by}={level}"
            )
