"""Fixtures for tests of reading: write a small table, read it back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from headwater.samples import ReadOptions, SampleTable, read_samples

DEFAULT = ReadOptions()
Reader = Callable[..., SampleTable]


@pytest.fixture
def read(tmp_path: Path) -> Reader:
    """Read a table given as text or bytes: ``read(text, ReadOptions(…), name="t.csv")``."""

    def run(content: str | bytes, options: ReadOptions = DEFAULT, *, name: str = "t.csv") -> SampleTable:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        table = read_samples([path], options)
        assert table.rows_read == table.rows_used + table.rows_left_out
        return table

    return run


def lines(table: SampleTable, action: str, column: str | None = None) -> pd.DataFrame:
    """Problems with this action (and column)."""
    chosen = table.problems["action"] == action
    if column is not None:
        chosen &= table.problems["column"] == column
    return table.problems[chosen]
