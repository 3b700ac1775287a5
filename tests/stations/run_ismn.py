"""Reads files with the public ``ismn`` package, in an interpreter of its own: run_ismn.py FOLDER OUT.npz.

OUT holds for each file, by the order of their paths: k_time (µs since 1970), k_value, k_flag, k_said, and
k_about: latitude, longitude, elevation, depth from and to as text, then variable and instrument.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import numpy as np
from ismn.filehandlers import DataFile


def main(folder: str, target: str) -> None:
    warnings.simplefilter("ignore")
    out = {}
    for case, path in enumerate(sorted(Path(folder).rglob("*.stm"))):
        read = DataFile(path.parent, path.name)
        frame = read.read_data()
        value, flag, said = (frame[column] for column in frame.columns)
        about = {one.name: one for one in read.metadata.metadata}
        depth = about["instrument"].depth
        out[f"{case}_time"] = frame.index.to_numpy().astype("datetime64[us]").astype(np.int64)
        out[f"{case}_value"] = value.to_numpy(float)
        out[f"{case}_flag"] = flag.fillna("").astype(str).to_numpy("U")
        out[f"{case}_said"] = said.fillna("").astype(str).to_numpy("U")
        out[f"{case}_about"] = np.array(
            [repr(float(about[name].val)) for name in ("latitude", "longitude", "elevation")]
            + [
                repr(float(depth.start)),
                repr(float(depth.end)),
                about["variable"].val,
                about["instrument"].val,
            ]
        )
    np.savez(target, **out)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
