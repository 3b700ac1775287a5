"""The trial of a computation finds the shapes of its results and bounds the memory that it takes."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from headwater.errors import SettingsRefused
from headwater.grids.blocks import MIB
from headwater.grids.read_memory import most_memory
from headwater.grids.trial import try_out

LEADS = {"a": ((50,), "<f4"), "height": ((), "<f8")}


def test_shapes_types_and_bytes_of_results() -> None:
    def compute(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        assert arrays["a"].dtype == np.float32 and arrays["height"].ndim == 2
        return {"by_month": arrays["a"][:12], "more": arrays["a"][0] > arrays["height"]}

    trial = try_out(LEADS, compute, spare=MIB)
    assert trial.results == {"by_month": ((12,), "<f4"), "more": ((), "|b1")}
    assert trial.result_bytes == 12 * 4 + 1
    with pytest.raises(SettingsRefused, match=r"result 'mean' has the shape \(50,\)"):
        try_out(LEADS, lambda arrays: {"mean": arrays["a"].mean(axis=(1, 2))}, spare=MIB)


def test_a_large_memory_does_not_make_large_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headwater.grids.trial.LARGEST", 4 * MIB)
    seen = []

    def compute(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        seen.append(arrays["a"].nbytes)
        return {"first": arrays["a"][0]}

    try_out({"a": ((400,), "<f4")}, compute, spare=2**40)
    assert max(seen) <= 4 * MIB and len(seen) <= 3


TRIAL = """
import numpy as np
from headwater.grids.blocks import MIB
from headwater.grids.read_memory import memory_in_use, most_memory
from headwater.grids.trial import try_out

def compute(arrays):
    held = [arrays["a"] + number for number in range({copies})]
    return {{"sum": sum(one[0] for one in held)}}

leads = {{"a": ((50,), "<f4"), "height": ((), "<f8")}}
spare = 2 * (most_memory() - memory_in_use()) + 64 * MIB
print(try_out(leads, compute, spare=spare).copies, most_memory() - memory_in_use() < spare)
"""


@pytest.mark.skipif(most_memory() is None, reason="peak memory is read from /proc")
@pytest.mark.parametrize("copies", [1, 6])
def test_memory_beside_the_block_is_bounded_from_above(copies: int) -> None:
    """In a process of its own: what a process once took is part of the bound."""
    run = subprocess.run(
        [sys.executable, "-c", TRIAL.format(copies=copies)], capture_output=True, text=True, check=True
    )
    found, within = run.stdout.split()
    assert copies - 1.2 < float(found) < 2 * copies + 4
    assert within == "True"
