"""A job in blocks that tests run in a process of its own: FOLDER with a.nc and b.nc, MEMORY in bytes."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from headwater.grids import open_grid
from headwater.grids.write_blocks import run_blocks

Arrays = dict[str, np.ndarray]


def statistics(arrays: Arrays) -> Arrays:
    """Per cell: means of two halves, a product, and a truth value."""
    a, b = arrays["a"].astype(np.float64), arrays["b"].astype(np.float64)
    half = len(a) // 2
    means = np.stack([a[:half].mean(axis=0), a[half:].mean(axis=0)]).astype(np.float32)
    return {"mean": means, "product": (a * b).sum(axis=0), "more": a[0] > b[0]}


def main(folder: Path, memory: int) -> None:
    """Runs the job, prints its progress, and at the end the most memory that the process took."""
    pair = {name: open_grid(folder / f"{name}.nc", "ta") for name in "ab"}
    run_blocks(
        pair, statistics, folder / "out", memory=memory, fingerprint="f",
        progress=lambda what, done, total: print(what, done, total, flush=True),
    )  # fmt: skip
    status = Path("/proc/self/status").read_text()
    print("peak", 1024 * int(status.split("VmHWM:")[1].split()[0]), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
