"""Whatever happens to a table: it is read with every row accounted for, or refused with the reason."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headwater.errors import HeadwaterError
from headwater.samples import ReadOptions, SampleTable, pool_parallels, read_samples
from headwater.samples.table import CANONICAL_COLUMNS, PLACE_COLUMNS, PROBLEM_COLUMNS
from tests.samples.damaged_tables import DamagedFile, damaged_files

OPTIONS = st.builds(
    ReadOptions,
    delta_unit=st.sampled_from([None, None, "permil", "fraction"]),
    depth_unit=st.sampled_from([None, "cm"]),
    date_order=st.sampled_from(["auto", "dmy", "mdy"]),
    decimal=st.sampled_from([None, None, ",", "."]),
    default_kind=st.sampled_from([None, "river"]),
    fill_down=st.sampled_from([(), ("site", "date")]),
    exclude=st.sampled_from([{}, {}, {"kind": ("river", "soil")}, {"δ18O": ("",)}]),
    keep=st.sampled_from([(), (), ("kind",), ("类型",)]),
    xy=st.sampled_from([None, "lonlat"]),
)


def check_accounts(table: SampleTable) -> None:
    """Every row read is used or left out with one line; nothing impossible gets past the reader."""
    assert table.rows_read == table.rows_used + table.rows_left_out
    assert tuple(table.problems.columns) == PROBLEM_COLUMNS
    assert tuple(table.frame.columns)[:30] == (*CANONICAL_COLUMNS, *PLACE_COLUMNS)
    out = table.problems[table.problems["action"] == "left out"]
    places = [
        *zip(table.frame["file"], table.frame["sheet"], table.frame["row"], strict=True),
        *zip(out["file"], out["sheet"], out["row"], strict=True),
    ]
    assert len(set(places)) == len(places) == table.rows_read
    usable = table.frame[["d18O", "d2H"]].notna().any(axis=1)
    assert usable.all()
    assert not np.isinf(table.frame[["d18O", "d2H", "latitude", "depth_top_m"]].to_numpy()).any()
    assert table.frame["d18O"].dropna().between(-60, 40).all()
    waters = pool_parallels(table)
    assert waters["parallels"].sum() == table.rows_used
    assert (waters["d18O_sd"] > 0).all() and (waters["d2H_sd"] > 0).all()


def read_or_refuse(files: list[DamagedFile], options: ReadOptions) -> bool:
    """True where the files were read; any error but our own fails the test."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{i}{one.name}" for i, one in enumerate(files)]
        for path, one in zip(paths, files, strict=True):
            path.write_bytes(one.content)
        try:
            table = read_samples(paths, options)
        except HeadwaterError as error:
            assert len(str(error)) > 20
            return False
        check_accounts(table)
        return True


def fuzz(examples: int) -> Callable[[], None]:
    """A test of so many damaged tables."""

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=examples < 1000,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(files=st.lists(damaged_files(), min_size=1, max_size=2), options=OPTIONS)
    def run(files: list[DamagedFile], options: ReadOptions) -> None:
        read_or_refuse(files, options)

    return run


def test_50_damaged_tables_are_read_or_refused() -> None:
    fuzz(50)()


@pytest.mark.slow
def test_150_damaged_tables_are_read_or_refused() -> None:
    fuzz(150)()


@pytest.mark.long
def test_5000_damaged_tables_are_read_or_refused() -> None:
    fuzz(5000)()
