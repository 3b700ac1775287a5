"""Runs flagit 0.3, in an interpreter of its own that has it: run_flagit.py IN.npz OUT.npz.

IN holds for each case k: k_theta (% vol) and whichever of k_soil, k_air, k_rain, k_model_soil, k_model_rain
there are (°C, mm), k_saturation and k_depth (NaN: none). OUT holds k_mask, bits 0–13 as headwater has them
and 0 where flagit gives no row, and seconds: of the processor, of flagit alone.
"""

from __future__ import annotations

import sys
import time
import warnings

import numpy as np
import pandas as pd
from flagit import flagit

NAMES = {
    "theta": "soil_moisture",
    "soil": "soil_temperature",
    "air": "air_temperature",
    "rain": "precipitation",
    "model_soil": "gldas_soil_temperature",
    "model_rain": "gldas_precipitation",
}
CODES = ("G", "C01", "C02", "C03", *(f"D{number:02d}" for number in range(1, 11)))


def flags_of(case: str, given: dict[str, np.ndarray]) -> tuple[np.ndarray, float]:
    """Bits of one case, and the seconds that flagit took."""
    columns = {name: given[f"{case}_{key}"] for key, name in NAMES.items() if f"{case}_{key}" in given}
    hours = pd.date_range("2020-01-01", periods=len(columns["soil_moisture"]), freq="h")
    frame = pd.DataFrame(columns, index=hours)
    saturation, depth = (float(given[f"{case}_{key}"]) for key in ("saturation", "depth"))
    started = time.process_time()
    flagged = flagit.Interface(
        frame,
        sat_point=None if np.isnan(saturation) else saturation,
        depth_from=None if np.isnan(depth) else depth,
    ).run()
    seconds = time.process_time() - started
    bits = flagged["qflag"].map(lambda codes: sum(1 << CODES.index(code) for code in codes))
    return bits.reindex(hours, fill_value=0).to_numpy(np.uint64), seconds


def main(source: str, target: str) -> None:
    warnings.simplefilter("ignore")
    given = dict(np.load(source))
    cases = [key.rpartition("_")[0] for key in given if key.endswith("_theta")]
    out, seconds = {}, 0.0
    for case in cases:
        out[f"{case}_mask"], spent = flags_of(case, given)
        seconds += spent
    np.savez(target, seconds=seconds, **out)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
