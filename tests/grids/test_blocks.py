"""Cutting a job: every cell once, within the memory, reading no input over and over."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.errors import SettingsRefused
from headwater.grids.blocks import MIB, Source, plan_blocks, reread

IN_USE = 200 * MIB


@settings(max_examples=25, deadline=None)
@given(
    st.integers(1, 300), st.integers(1, 300), st.integers(1, 400), st.integers(2, 60),
    st.one_of(st.none(), st.tuples(st.integers(1, 50), st.integers(1, 80), st.integers(1, 80))),
)  # fmt: skip
def test_blocks_cover_every_cell_once_and_fit(
    rows: int, columns: int, steps: int, spare: int, chunks: tuple[int, int, int] | None
) -> None:
    cut = None if chunks is None else (min(chunks[0], steps), min(chunks[1], rows), min(chunks[2], columns))
    memory = IN_USE + spare * MIB
    plan = plan_blocks(
        (rows, columns), {"a": Source(steps, cut)}, memory=memory, in_use=IN_USE, result_bytes=8, copies=1
    )
    seen = np.zeros((rows, columns), int)
    for part in plan.blocks():
        seen[part] += 1
        assert 8 * steps * seen[part].size <= spare * MIB
    assert (seen == 1).all() and plan.count() == sum(1 for _ in plan.blocks())
    if cut is not None and not plan.again:
        assert reread((rows, columns), (plan.rows, plan.columns), Source(steps, cut)) <= 2


def test_maps_are_laid_out_anew_and_cubes_are_followed() -> None:
    options = {"memory": IN_USE + 100 * MIB, "in_use": IN_USE, "result_bytes": 8, "copies": 1.0}
    maps = plan_blocks((720, 1440), {"a": Source(460, (1, 720, 1440))}, **options)
    assert maps.again == ("a",) and maps.columns == 1440
    cubes = plan_blocks((720, 1440), {"a": Source(460, (46, 72, 144))}, **options)
    assert cubes.again == () and cubes.rows % 72 == 0 and cubes.columns % 144 == 0
    both = plan_blocks(
        (720, 1440), {"a": Source(460, (46, 72, 144)), "b": Source(460, (1, 720, 1440))}, **options
    )
    assert both.again == ("b",) or set(both.again) == {"a", "b"}
    assert plan_blocks((720, 1440), {"a": Source(460, None)}, **options).again == ()


def test_reread_counts_the_chunks_that_blocks_touch() -> None:
    source = Source(10, (1, 10, 10))
    assert reread((20, 20), (20, 20), source) == 1
    assert reread((20, 20), (5, 20), source) == 2
    assert reread((20, 20), (4, 20), source) == 3  # rows 8-12 touch both chunks: 6 touches of 2
    assert reread((20, 20), (1, 20), source) == 10


def test_too_little_memory_says_how_much_is_needed() -> None:
    with pytest.raises(SettingsRefused, match=r"201 MiB are too little: the program itself takes 200 MiB"):
        plan_blocks(
            (720, 1440),
            {"a": Source(46000, None)},
            memory=IN_USE + MIB,
            in_use=IN_USE,
            result_bytes=8,
            copies=1,
        )
