"""Read Parquet tables, cells as text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headwater.errors import InputRefused
from headwater.samples.findings import Ledger
from headwater.samples.layout import Layout, RawSheet, find_layout, no_isotopes
from headwater.samples.options import ReadOptions
from headwater.samples.read_vocabulary import Vocabulary


def read_parquet(
    path: Path, name: str, options: ReadOptions, vocabulary: Vocabulary, ledger: Ledger
) -> RawSheet:
    """The table of a Parquet file; its first row counts as row 2, as below a header.

    Raises
    ------
    InputRefused
        The file is damaged or has no column of δ18O or δ2H.
    """
    table = open_parquet(path, name)
    headers = [str(one) for one in table.column_names]
    layout = find_layout([headers], vocabulary, options)
    if layout is None:
        raise no_isotopes(name, [headers])
    if not table.num_rows:
        raise InputRefused(f"{name}: a header but no rows below it. One row a water is expected.")
    columns = []
    for i, header in enumerate(headers):
        text = as_text(table.column(i), name, header)
        if text is None:
            found = f"column of type {table.schema.field(i).type}"
            ledger.flag(name, "", found, "text, numbers or dates; this column is not read", column=header)
            text = pa.nulls(table.num_rows, pa.string())
        columns.append(text)
    rows = np.arange(2, table.num_rows + 2)
    filled = np.zeros(table.num_rows, bool)
    for column in columns:
        filled |= pc.not_equal(pc.fill_null(column, ""), "").to_numpy(zero_copy_only=False).astype(bool)
    if not filled.any():
        raise InputRefused(f"{name}: a header but only empty rows below it. One row a water is expected.")
    match = Layout(0, tuple(headers), (), layout.match)
    raw = RawSheet(name, "", match, tuple(columns), rows, int(filled.sum()))
    return raw.keep(filled)


def open_parquet(path: Path, name: str) -> pa.Table:
    """The table of a Parquet file, as it is.

    Raises
    ------
    InputRefused
        The file is damaged.
    """
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(path).read()
        table.column_names  # noqa: B018  # damaged names are met here
    except (pa.ArrowException, OSError, ValueError, UnicodeError, KeyError) as error:
        raise InputRefused(
            f"{name}: not a Parquet file that can be read ({str(error)[:200]}). Write it again."
        ) from None
    return table


def as_text(column: pa.ChunkedArray, name: str, header: str) -> pa.Array | None:
    """Column as text; None where its type has no text."""
    try:
        whole = column.combine_chunks()
        if pa.types.is_dictionary(whole.type):
            whole = whole.dictionary_decode()
        if pa.types.is_null(whole.type):
            return pa.nulls(len(whole), pa.string())
        text = pc.cast(whole, pa.string())
    except (pa.ArrowException, ValueError, UnicodeError):
        return None
    try:
        text.validate(full=True)
    except (pa.ArrowException, ValueError) as error:
        raise InputRefused(
            f"{name}, column {header!r}: damaged text ({str(error)[:100]}). Write the file again."
        ) from None
    return text
