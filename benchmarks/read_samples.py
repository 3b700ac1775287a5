"""Cost of reading, checking and pooling a table of n water samples: CPU seconds, peak memory, growth.

Run ``python benchmarks/read_samples.py`` (10⁴, 10⁵, 10⁶ rows), or with the numbers of rows to take.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

SIZES = (10_000, 100_000, 1_000_000)
SEED = 1
HEADER = (
    "sample_id,site,kind,date,latitude,longitude,altitude_m,depth (cm),d18O,d2H,d-excess,vegetation,aspect\n"
)
MEASURE = """
import json, resource, sys, time
from headwater.samples import pool_parallels, read_samples
begin = time.process_time()
table = read_samples([sys.argv[1]])
middle = time.process_time()
waters = pool_parallels(table)
print(json.dumps({
    "rows": table.rows_read, "used": table.rows_used, "left_out": table.rows_left_out, "waters": len(waters),
    "read_s": middle - begin, "pool_s": time.process_time() - middle,
    "peak_MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
}))
"""


def write_table(path: Path, rows: int, seed: int = SEED) -> None:
    """Write a campaign of ``rows`` samples: profiles of four layers, three parallels each, 0.5 % lost."""
    rng = np.random.default_rng(seed)
    layers = ("0-20", "20-40", "40-60", "60-80")
    plants = ("grassland", "meadow", "forest", "scrub", "高寒草甸")
    with path.open("w", encoding="utf-8") as stream:
        stream.write(HEADER)
        for start in range(0, rows, 100_000):
            n = min(100_000, rows - start)
            number = np.arange(start, start + n)
            water, parallel = number // 3, number % 3 + 1
            profile = water // 4
            d18O = rng.normal(-13, 3, n)
            d2H = 8 * d18O + 8 + rng.normal(0, 2, n)
            text = np.array([f"{one:.2f}" for one in d18O], object)
            heavy = np.array([f"{one:.1f}" for one in d2H], object)
            lost = rng.random(n) < 0.005
            text[lost] = heavy[lost] = "NA"
            day = np.datetime64("2020-06-01") + (profile % 120)
            for i in range(n):
                k = profile[i] % 500
                stream.write(
                    f"W{water[i]}-{parallel[i]},S{k:04d},soil water,{day[i]},{31.65 + k * 0.009:.4f},"
                    f"{89.75 + k * 0.025:.4f},{2900 + k * 4},{layers[water[i] % 4]},{text[i]},{heavy[i]},"
                    f"{d2H[i] - 8 * d18O[i]:.1f},{plants[k % 5]},{'NESW'[k % 4]}\n"
                )


def measure(path: Path) -> dict[str, float]:
    """CPU seconds and peak memory of reading and pooling one table, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True
    )
    return dict(json.loads(done.stdout))


def main(sizes: tuple[int, ...] = SIZES) -> dict[str, object]:
    """Numbers of each size, and the exponent of the growth of CPU time between the last two; also printed."""
    values: dict[str, object] = {}
    results = []
    with tempfile.TemporaryDirectory() as folder:
        for rows in sizes:
            path = Path(folder) / f"{rows}.csv"
            write_table(path, rows)
            found = measure(path)
            results.append(found)
            values[f"{rows}_rows"] = found
            print(
                f"{rows:>9} rows: read and check {found['read_s']:6.2f} CPU s, "
                f"pool {found['pool_s']:5.2f} CPU s, peak {found['peak_MB']:5.0f} MB, "
                f"{found['waters']:.0f} waters, {found['left_out']:.0f} left out"
            )
    for name in ("read_s", "pool_s"):
        if len(results) > 1:
            a, b = results[-2], results[-1]
            exponent = math.log(b[name] / a[name]) / math.log(b["rows"] / a["rows"])
            values[f"{name}_exponent"] = round(exponent, 2)
            print(f"{name}: grows as n^{exponent:.2f}")
    return values


if __name__ == "__main__":
    main(tuple(int(one) for one in sys.argv[1:]) or SIZES)
