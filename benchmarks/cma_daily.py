"""A tenth of the daily files of the China Meteorological Administration (760 MB of text) to Parquet.

The whole set has 7.6 GB; a public script took 32.3 hours to bring it into SQLite.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from calendar import monthrange
from pathlib import Path

import numpy as np

from headwater.stations.read_cma_rules import read_rules
from tests.stations.make_cma_daily import file_name, lines_of, make_month

SEED = 1
TENTH, WHOLE = 760e6, 7.6e9
STATIONS = 840
YEAR_AND_MONTH = slice(26, 34)
"""Where these stand in a line of the generator."""

CONVERT = """
import json, resource, sys, time
from pathlib import Path
from headwater.machine_code import load
from headwater.stations.read_cma_daily import KERNELS
from headwater.stations.write_cma_daily import convert_cma_daily
load(KERNELS)
started, cpu = time.perf_counter(), time.process_time()
result = convert_cma_daily([Path(sys.argv[1])], Path(sys.argv[2]))
seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
peak = [line for line in open("/proc/self/status") if line.startswith("VmHWM")][0].split()[1]
print(json.dumps({**result.summary(), "seconds": seconds, "cpu_seconds": cpu, "peak_mib": int(peak) / 1024}))
"""


def make_files(folder: Path, size: float) -> float:
    """Months of all elements until there are so many bytes; months repeat their numbers under other dates."""
    templates = {}
    for element in read_rules().elements.values():
        truth = make_month(element, 2001, 1, stations=STATIONS, seed=SEED)
        lines = "".join(lines_of(truth)).encode()
        templates[element] = np.frombuffer(lines, np.uint8).reshape(len(truth.day), -1).copy()
    made = 0
    for year in range(1951, 2200):
        for month in range(1, 13):
            days = monthrange(year, month)[1]
            for element, template in templates.items():
                if made >= size:
                    return made
                template[:, YEAR_AND_MONTH] = np.frombuffer(f"{year:5d}{month:3d}".encode(), np.uint8)
                whole = template.reshape(STATIONS, 31, -1)[:, :days]
                (folder / file_name(element, year, month)).write_bytes(whole.tobytes())
                made += whole.size
    raise AssertionError("not enough years")


def main() -> dict[str, float]:
    """Prints and returns rate, peak memory and what it means for the whole set."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "in"
        folder.mkdir()
        start = time.perf_counter()
        made = make_files(folder, TENTH)
        print(f"{made / 1e6:.0f} MB of text made in {time.perf_counter() - start:.0f} s")
        command = [sys.executable, "-c", CONVERT, str(folder), str(Path(place) / "out")]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    told = json.loads(done.stdout)
    numbers = {
        "text_mb": round(told["bytes"] / 1e6, 1),
        "files": told["files"],
        "lines": told["lines"],
        "left_out": told["refused"],
        "readings": told["readings"],
        "parquet_mb": round(told["output_bytes"] / 1e6, 1),
        "seconds": round(told["seconds"], 1),
        "cpu_seconds": round(told["cpu_seconds"], 1),
        "mb_a_second": round(told["bytes"] / 1e6 / told["seconds"], 1),
        "mb_a_cpu_second": round(told["bytes"] / 1e6 / told["cpu_seconds"], 1),
        "peak_mib": round(told["peak_mib"]),
        "whole_set_minutes": round(told["seconds"] * WHOLE / told["bytes"] / 60, 1),
    }
    for name, value in numbers.items():
        print(f"{name:20s} {value:>14,}")
    return numbers


if __name__ == "__main__":
    main()
