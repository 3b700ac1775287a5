"""Read what goes with sources: discrimination (or fractionation) and concentrations."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from headwater.errors import InputRefused
from headwater.mixing.bayes.model import Sources
from headwater.mixing.tables.cells import Array, TextTable
from headwater.mixing.tables.names import find_name, listed
from headwater.mixing.tables.read_cells import read_cells
from headwater.mixing.tables.source_columns import (
    SourceRows,
    align,
    column_of,
    locate,
    marked,
    source_column,
)


def read_discrimination(
    path: Path | str | TextTable,
    *,
    sources: Sources,
    sds: Path | str | TextTable | None = None,
    notes: list[str] | None = None,
) -> Sources:
    """The sources with discrimination (K, J) and its sd; rows and columns are matched by name.

    Parameters
    ----------
    path : columns ``MeanX`` and ``SDX`` (MixSIAR), or ``X`` with a table of sds beside it (simmr); one row a
        source. The sd is 0 where none is given.
    sds : table of the sds

    Raises
    ------
    InputRefused
    """
    notes = [] if notes is None else notes
    table = read_cells(path, notes=notes)
    rows = _rows(table, replace(sources, by=None, levels=()), notes)
    columns = marked(table, "mean") or _plain_columns(table, sources)
    mean = rows.values(_headers(columns, sources, table, "discrimination", "MeanX"), what="discrimination")[0]
    sd = np.zeros_like(mean)
    if sds is not None:
        sd = _from_sds(sds, replace(sources, by=None, levels=()), "sd", notes)[0]
    elif marked(table, "sd"):
        headers = _headers(marked(table, "sd"), sources, table, "sd of the discrimination", "SDX")
        sd = rows.values(headers, sign="not negative", what="sd of the discrimination")[0]
    else:
        notes.append(f"{table.file}: no columns SDX; the discrimination is taken as exact")
    return replace(sources, discrimination=mean, discrimination_sd=sd)


def read_concentration(
    path: Path | str | TextTable,
    *,
    sources: Sources,
    sds: Path | str | TextTable | None = None,
    notes: list[str] | None = None,
) -> Sources:
    """The sources with concentration (R, K, J), and its sd where it is given; matched by name.

    Parameters
    ----------
    path : columns ``ConcX`` (it may be the table of the sources itself), ``MeanX`` or ``X``;
        one row a source, or one a source and level
    sds : table of the sds; else columns ``SDConcX`` are read where they are there

    Raises
    ------
    InputRefused
    """
    notes = [] if notes is None else notes
    table = read_cells(path, notes=notes)
    rows = _rows(table, sources, notes)
    columns = marked(table, "concentration")
    if (
        not columns
        and marked(table, "mean")
        and marked(table, "sd")
        and any(h.lower() == "n" for h in table.headers)
    ):
        raise InputRefused(
            f"{table.file}: no columns ConcX with the concentrations; its columns are "
            f"{listed(table.headers)}. Add them, or name another table."
        )
    columns = columns or marked(table, "mean") or _plain_columns(table, sources)
    headers = _headers(columns, sources, table, "concentration", "ConcX")
    value = rows.values(headers, sign="not negative", what="concentration")
    _check_positive(value, sources, table)
    sd = None
    if sds is not None:
        sd = _from_sds(sds, sources, "concentration_sd", notes)
    elif columns_sd := marked(table, "concentration_sd"):
        headers = _headers(columns_sd, sources, table, "sd of the concentration", "SDConcX")
        sd = rows.values(headers, sign="not negative", what="sd of the concentration")
    return replace(sources, concentration=value, concentration_sd=sd)


def _rows(table: TextTable, sources: Sources, notes: list[str]) -> SourceRows:
    """Rows of the table in the order of the sources; every source is there that is present."""
    by_header = None if sources.by is None else find_name(sources.by, table.headers)
    plain_columns = list(_plain_columns(table, sources))
    names = source_column(table, [*plain_columns, *([by_header] if by_header else [])])
    found = locate(table, names, by_header, "Give each source one row.")
    rows = align(found, sources.names, sources.levels, by=sources.by, notes=notes)
    lacking = np.argwhere((rows.at < 0) & (True if sources.present is None else sources.present))
    if len(lacking):
        r, k = lacking[0]
        raise InputRefused(
            f"{table.file}: source {sources.names[k]!r} has no row at level {sources.levels[r]!r} of "
            f"{sources.by}; one is expected. Add it."
        )
    return rows


def _plain_columns(table: TextTable, sources: Sources) -> dict[str, str]:
    return {header: header for header in table.headers if find_name(header, sources.tracers) is not None}


def _headers(
    columns: dict[str, str], sources: Sources, table: TextTable, what: str, pattern: str
) -> list[str]:
    return [column_of(tracer, columns, table, what=what, pattern=pattern) for tracer in sources.tracers]


def _from_sds(path: Path | str | TextTable, sources: Sources, kind: str, notes: list[str]) -> Array:
    table = read_cells(path, notes=notes)
    rows = _rows(table, sources, notes)
    columns = marked(table, kind) or marked(table, "sd") or _plain_columns(table, sources)
    headers = _headers(columns, sources, table, "sd", "SDX")
    return rows.values(headers, sign="not negative", what="standard deviation")


def _check_positive(value: Array, sources: Sources, table: TextTable) -> None:
    empty = np.flatnonzero((np.nan_to_num(value) == 0.0).all(axis=(0, 1)))
    if len(empty):
        raise InputRefused(
            f"{table.file}: the concentration of tracer {sources.tracers[empty[0]]!r} is 0 in every source; "
            "at least one must be above 0. Leave the tracer out."
        )
