"""Flags by flagit 0.3: run in an interpreter of its own, or as they were when ``main`` froze them.

``HEADWATER_FLAGIT_PYTHON`` names an interpreter (3.11) with ``pip install "pandas<2.2" "numpy<2"
flagit==0.3``. Frozen are the masks of the simulated series, and counts and hashes of those of flagit's own
test frame, whose values may not be passed on: ``python -m tests.stations.quality.flagit_oracle
FOLDER_OF_REFERENCE_DATA`` makes both anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from headwater.stations.quality.bits import Flag
from tests.stations.quality.make_series import CASES, COLUMNS, Simulated, simulate

HERE = Path(__file__).resolve().parent
FROZEN_SERIES, FROZEN_FRAME = HERE / "flagit_series.npz", HERE / "flagit_frame.json"
SCRIPT = HERE / "run_flagit.py"
INTERPRETER = "HEADWATER_FLAGIT_PYTHON"
TESTED = [flag for flag in Flag if flag <= Flag.D10]


def run_flagit(series: Sequence[Simulated]) -> tuple[list[np.ndarray], float]:
    """Masks by flagit, 0 where there is no value, and the processor's seconds that flagit alone took."""
    packed: dict[str, object] = {}
    for case, one in enumerate(series):
        packed |= {f"{case}_{name}": getattr(one, name) for name in COLUMNS if getattr(one, name) is not None}
        packed[f"{case}_saturation"] = np.nan if one.saturation is None else one.saturation
        packed[f"{case}_depth"] = np.nan if one.depth is None else one.depth
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "in.npz"), Path(folder, "out.npz")
        np.savez(source, **packed)  # type: ignore[arg-type]
        subprocess.run([os.environ[INTERPRETER], str(SCRIPT), str(source), str(target)], check=True)
        with np.load(target) as out:
            return [out[f"{case}_mask"] for case in range(len(series))], float(out["seconds"])


def read_frame(shared: Path) -> Simulated:
    """flagit's own test frame, with the saturation and depth of its tests."""
    frame = pd.read_csv(shared / "data" / "flagit" / "test_dataframe.csv")
    columns = [frame[name].to_numpy(float) for name in frame.columns[1:]]
    return Simulated(*columns, saturation=42.7, depth=0.05)


def hash_of_inputs(series: Sequence[Simulated]) -> str:
    """Changes where the simulated series are not those that flagit saw."""
    digest = hashlib.sha256()
    for one in series:
        digest.update(
            np.float64([one.saturation or np.nan, np.nan if one.depth is None else one.depth]).tobytes()
        )
        for name in COLUMNS:
            values = getattr(one, name)
            digest.update(name.encode() + (b"" if values is None else np.round(values, 6).tobytes()))
    return digest.hexdigest()


def count_and_hash(mask: np.ndarray) -> dict[str, list[object]]:
    """For each flag how many rows carry it, and a hash over which."""
    out: dict[str, list[object]] = {}
    for flag in TESTED:
        rows = (mask & np.uint64(flag)) != 0
        out[flag.name] = [int(rows.sum()), hashlib.sha256(np.packbits(rows).tobytes()).hexdigest()[:16]]
    return out


def frozen_series() -> tuple[list[np.ndarray], str]:
    """Masks of the simulated series, and the hash of these."""
    with np.load(FROZEN_SERIES) as kept:
        return list(kept["masks"].astype(np.uint64)), str(kept["inputs"])


def main(shared: Path) -> None:
    series = [simulate(case) for case in range(CASES)]
    masks, _ = run_flagit(series)
    np.savez_compressed(FROZEN_SERIES, masks=np.array(masks, np.uint16), inputs=hash_of_inputs(series))
    (frame,), _ = run_flagit([read_frame(shared)])
    FROZEN_FRAME.write_text(json.dumps(count_and_hash(frame), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
