"""A whole study without figures: the demo campaign, and 10⁴ to 10⁶ samples read from CSV.

Each size runs in a process of its own, so that CPU seconds and peak memory are its own. CPU seconds
include start and imports; the exponent is of CPU against rows between the two largest sizes, with the
time of an empty process taken off.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

SIZES = (10_000, 100_000, 1_000_000)
SEED = 1
BANDS = [2900, 3500, 4000, 4500, 5100]


def run_one(path: str, settings_path: str) -> None:
    """Reads, checks and studies one table; prints what it cost."""
    from headwater.cli.tables import read_options
    from headwater.samples import read_samples
    from headwater.study import merge_settings, run_study
    from headwater.study.read_settings import read_settings

    exact = ("exact", {"mixing": {"method": "exact"}})  # the model has its own benchmark: mixing
    settings, _ = merge_settings(exact, ("settings", read_settings(Path(settings_path))))
    table = read_samples([Path(path)], read_options(settings.read))
    read = _cpu()
    result = run_study(table, settings)
    print(
        json.dumps(
            {
                "rows": table.rows_read,
                "cells": int(result.tables.contributions.groupby(["period", "stratum", "level"]).ngroups),
                "cpu_read_s": round(read, 2),
                "cpu_s": round(_cpu(), 2),
                "peak_MB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
            }
        )
    )


def main() -> dict[str, float]:
    """Prints CPU seconds, peak memory and the exponent; returns them."""
    from headwater.simulate import large_table, simulate_campaign

    values: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        demo = folder / "campaign.csv"
        simulate_campaign(SEED).samples.to_csv(demo, index=False)
        from importlib.resources import files

        settings = files("headwater.data") / "demo_study.toml"
        found = _run(demo, Path(str(settings)))
        print(f"demo campaign, read to results: {found['cpu_s']:.1f} CPU s (aim: at most 3)")
        values["demo_cpu_s"] = found["cpu_s"]
        plain = folder / "study.toml"
        plain.write_text(f"[strata]\naltitude_bands = {BANDS}\n", "utf-8")
        empty = _cpu_of([sys.executable, "-c", "import headwater.study, headwater.samples"])
        cpu = []
        for rows in SIZES:
            path = folder / f"{rows}.csv"
            large_table(rows, SEED).to_csv(path, index=False)
            found = _run(path, plain)
            cpu.append(found["cpu_s"] - empty)
            values[f"cpu_s_{rows}"], values[f"peak_MB_{rows}"] = found["cpu_s"], found["peak_MB"]
            print(
                f"{rows:>9} rows: {found['cpu_s']:6.1f} CPU s ({found['cpu_read_s']:.1f} reading), "
                f"{found['peak_MB']} MB, {found['cells']} cells"
            )
            path.unlink()
    exponent = float(np.polyfit(np.log(SIZES), np.log(cpu), 1)[0])
    last = float(np.log(cpu[2] / cpu[1]) / np.log(SIZES[2] / SIZES[1]))
    print(f"exponent of CPU against rows: {exponent:.2f} over all, {last:.2f} from 10^5 to 10^6")
    return values | {"exponent": exponent, "exponent_last": last}


def _run(path: Path, settings: Path) -> dict[str, float]:
    command = [sys.executable, __file__, str(path), str(settings)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _cpu_of(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    run_one(*sys.argv[1:3])
