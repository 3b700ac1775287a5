"""Writers of a store that are killed in the middle of bursts, or whose disk is full in every fifth life.

``HEADWATER_KILLS`` lives (default 200) of ``HEADWATER_KILL_SERIES`` series a burst (default 1000). The store
is opened and verified after each. A burst that was acknowledged and is not there, a reading that is there
twice, or a part of a burst makes a life wrong.
"""

from __future__ import annotations

import os
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from tests.store.killing import kill_often

SEED = 1
FOLDER = os.environ.get("HEADWATER_STORE_FOLDER")


def main() -> dict[str, float]:
    """Prints and returns the outcome."""
    lives, many = (
        int(os.environ.get(name, default))
        for name, default in (("HEADWATER_KILLS", 200), ("HEADWATER_KILL_SERIES", 1000))
    )
    start = time.perf_counter()
    with tempfile.TemporaryDirectory(dir=FOLDER) as place:
        outcome = kill_often(Path(place), kills=lives, many=many, seed=SEED)
    values = {**asdict(outcome), "series_of_a_burst": many, "seconds": round(time.perf_counter() - start, 1)}
    print(values)
    return values
