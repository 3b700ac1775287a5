"""Read tables of sources: means with sd and n (MixSIAR), pairs of means and sds (simmr), single waters."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Literal

import numpy as np

from headwater.errors import InputRefused
from headwater.mixing.bayes.model import Absent, Sources
from headwater.mixing.tables.asked import Asked, check_complete, choose_tracers
from headwater.mixing.tables.cells import Array, TextTable, numbers
from headwater.mixing.tables.correlations import correlation_columns
from headwater.mixing.tables.names import find_column, find_name, listed, plain
from headwater.mixing.tables.raw_sources import raw_sources
from headwater.mixing.tables.read_cells import read_cells
from headwater.mixing.tables.source_columns import (
    SourceRows,
    align,
    column_of,
    locate,
    marked,
    source_column,
)


def read_sources(
    path: Path | str | TextTable,
    *,
    tracers: Sequence[str] | None = None,
    among: Sequence[str] | None = None,
    data: Literal["means", "raw"] = "means",
    sds: Path | str | TextTable | None = None,
    by: str | None = None,
    absent: Sequence[Absent] = (),
    need_n: bool = True,
    notes: list[str] | None = None,
) -> Sources:
    """Sources of a table, in the order in which they first appear.

    Parameters
    ----------
    path : columns ``MeanX, SDX, n`` for every tracer X, one row a source (and level); or tracers as columns
        beside a table of sds; or, with ``data="raw"``, one row a single water. Correlations between single
        waters of a source from columns ``Cor_X_Y``.
    tracers : which to use, and in which order; None: all that the table has
    among : columns of the mixtures, whose spelling of the tracers is taken
    sds : table of the sds, laid out as the means (simmr)
    by : factor whose levels have sources of their own
    absent : structural zeros; only these sources may lack rows at a level of ``by``
    need_n : refuse a table without ``n`` or with n = 1; else n is 0 where it is not given
    notes : takes what a user should know of how the table was read

    Raises
    ------
    InputRefused
        The message names file, row and column, what is expected, and what to do.
    """
    notes = [] if notes is None else notes
    table = read_cells(path, notes=notes)
    by_header = find_column(table, by, what="factor of the sources", notes=notes) if by is not None else None
    asked = Asked(tracers, among, by, by_header, absent, need_n)
    if data == "means":
        return _means(table, None if sds is None else read_cells(sds, notes=notes), asked, notes)
    if sds is not None:
        raise InputRefused(
            f"{table.file} is read as single waters, which need no table of sds. Leave it out."
        )
    return raw_sources(table, asked, notes)


def _means(table: TextTable, sd_table: TextTable | None, asked: Asked, notes: list[str]) -> Sources:
    means = marked(table, "mean")
    if not means and sd_table is not None:
        means = _unmarked(table, asked.among)
    if not means:
        raise InputRefused(
            f"{table.file}: no column MeanX of a tracer X; its columns are {listed(table.headers)}. Expected "
            "are MeanX, SDX and n for each tracer; single waters are read with --source-data raw, tables of "
            "means and of sds apart with --source-sds."
        )
    chosen = choose_tracers(table, list(means), asked, mark="Mean", notes=notes)
    headers = [column_of(x, means, table, what="mean", pattern="MeanX") for x in chosen]
    names = source_column(table, [*headers, *asked.by_headers])
    rows = locate(table, names, asked.by_header, _hint(table, asked.by))
    check_complete(rows, asked)
    sd = _sds(rows, sd_table, chosen, asked.by, notes)
    covariance = _correlations(rows, chosen, notes) * sd[:, :, :, None] * sd[:, :, None, :]
    return Sources(
        names=rows.names,
        tracers=tuple(chosen),
        mean=rows.values(headers, what="mean"),
        covariance=covariance,
        n=_counts(rows, asked.need_n),
        by=asked.by,
        levels=rows.levels,
        present=None if (rows.at >= 0).all() else rows.at >= 0,
    )


def _unmarked(table: TextTable, among: Sequence[str] | None) -> dict[str, str]:
    """Columns that are named as a tracer itself; where the mixtures are not known, all but the first."""
    if among is None:
        return {header: header for header in table.headers[1:] if plain(header) != "n"}
    return {header: header for header in table.headers[1:] if find_name(header, among) is not None}


def _hint(table: TextTable, by: str | None) -> str:
    hint = "Remove one, give them different names"
    if by is None:
        texts = [
            one
            for one in table.headers[1:4]
            if not any(c.isdigit() and "." in c for c in table.cells(one)[:20])
        ]
        factor = next((one for one in texts if plain(one) != "n"), "NAME")
        hint += f", or, if sources differ by a factor, name it (--source-factor {factor})"
    return f"{hint}; single waters are read with --source-data raw."


def _sds(
    rows: SourceRows, sd_table: TextTable | None, tracers: list[str], by: str | None, notes: list[str]
) -> Array:
    if sd_table is not None:
        by_header = None if by is None else find_name(by, sd_table.headers)
        found = locate(sd_table, source_column(sd_table), by_header, "Remove one.")
        rows = align(found, rows.names, rows.levels, by=by, notes=notes)
    columns = marked(rows.table, "sd") or (_unmarked(rows.table, tracers) if sd_table is not None else {})
    headers = [column_of(x, columns, rows.table, what="sd", pattern="SDX") for x in tracers]
    return rows.values(headers, sign="not negative", what="standard deviation")


def _counts(rows: SourceRows, need_n: bool) -> np.ndarray:
    table = rows.table
    header = next((one for one in table.headers if plain(one) == "n"), None)
    if header is None:
        if need_n:
            raise InputRefused(
                f"{table.file}: no column 'n', the number of waters behind each mean; its columns are "
                f"{listed(table.headers)}. Add it, or use --model simmr, "
                "which takes means as exact."
            )
        return np.zeros(rows.at.shape, np.int64)
    values = numbers(table, header, sign="positive", what="number of waters")
    wrong = np.flatnonzero((values != np.round(values)) | (values > 1e12))
    if len(wrong):
        raise InputRefused(
            f"{table.place(int(wrong[0]), header)}: n is {table.cells(header)[wrong[0]]}; a whole number of "
            "waters is expected. Correct it."
        )
    single = np.flatnonzero(values == 1)
    if need_n and len(single):
        raise InputRefused(
            f"{table.place(int(single[0]), header)}: n is 1 ({table.rows_text(single)}): one water says "
            "nothing of "
            "the spread of its source; at least 2 are needed. Pool the source with another, or give its "
            "single waters (--source-data raw) with more of them."
        )
    return np.where(rows.at < 0, 0, values[np.maximum(rows.at, 0)]).astype(np.int64)


def _correlations(rows: SourceRows, tracers: list[str], notes: list[str]) -> Array:
    """Correlation matrices, shape (R, K, J, J); the identity where no column gives any."""
    r, k = rows.at.shape
    matrix = np.tile(np.eye(len(tracers)), (r, k, 1, 1))
    columns = correlation_columns(rows.table.headers, tracers)
    for (a, b), header in columns.items():
        value = rows.values([header], what="correlation")[:, :, 0]
        matrix[:, :, a, b] = matrix[:, :, b, a] = value
        wrong = np.argwhere(np.abs(value) >= 1.0)
        if len(wrong):
            at = int(rows.at[tuple(wrong[0])])
            raise InputRefused(
                f"{rows.table.place(at, header)}: correlation {value[tuple(wrong[0])]:g}; a number between "
                "−1 and 1 is expected. Correct it."
            )
    missing = [f"{tracers[a]} and {tracers[b]}" for a, b in combinations(range(len(tracers)), 2)
               if (a, b) not in columns]  # fmt: skip
    if missing and columns:
        notes.append(f"{rows.table.file}: no correlation of {'; '.join(missing)}; taken as 0")
    for place in np.argwhere((rows.at >= 0) & (np.linalg.eigvalsh(np.nan_to_num(matrix))[:, :, 0] <= 0.0)):
        raise InputRefused(
            f"{rows.table.place(int(rows.at[tuple(place)]))}: "
            "these correlations contradict each other (their matrix is "
            "not positive definite). Correct them, or leave the columns out."
        )
    return matrix
