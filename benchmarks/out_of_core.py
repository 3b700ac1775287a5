"""A map of correlations from 4 GiB of input under a cap of 512 MiB, killed in the middle and resumed.

Two variables of 520 months on 720 × 1440 cells, as netCDF-4 cut along time (a map a step, the worst case) and
in cubes. Every job is a process of its own; its peak is ``VmHWM`` of Linux, start and imports included. The
first process is ended by SIGKILL after a third of the blocks, the second goes on; the result must be that of
all cells at once, bit for bit.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

SEED = 5
SHAPE = (520, 720, 1440)
CAP = 512 * 2**20
LAYOUTS = {"maps": (1, 720, 1440), "cubes": (52, 72, 144)}
RESULTS = ("r", "n", "n_eff", "p")
ROOT = Path(__file__).resolve().parent.parent


def write_inputs(folder: Path, chunks: tuple[int, int, int]) -> None:
    """Two files of AR(1) series with gaps, written slab by slab."""
    import h5netcdf

    for number, name in enumerate("ab"):
        rng = np.random.default_rng([SEED, number])
        with h5netcdf.File(folder / f"{name}.nc", "w") as file:
            file.dimensions = {"time": SHAPE[0], "latitude": SHAPE[1], "longitude": SHAPE[2]}
            months = np.datetime64("1980-01") + np.arange(SHAPE[0])
            days = months.astype("datetime64[D]").astype(np.float64)
            axes = {
                "time": (
                    days.astype(np.float64),
                    {"units": "days since 1970-01-01", "standard_name": "time"},
                ),
                "latitude": (89.875 - 0.25 * np.arange(SHAPE[1]), {"units": "degrees_north"}),
                "longitude": (0.25 * np.arange(SHAPE[2]), {"units": "degrees_east"}),
            }
            for axis, (values, attributes) in axes.items():
                file.create_variable(axis, (axis,), data=values).attrs.update(attributes)
            data = file.create_variable(
                "ta",
                ("time", "latitude", "longitude"),
                "f4",
                chunks=chunks,
                compression="gzip",
                compression_opts=1,
            )
            data.attrs.update({"units": "K", "standard_name": "air_temperature"})
            last = rng.standard_normal(SHAPE[1:], np.float32)
            for start in range(0, SHAPE[0], 52):
                slab = np.empty((52, *SHAPE[1:]), np.float32)
                for step in range(52):
                    last = np.float32(0.6) * last + np.float32(0.8) * rng.standard_normal(
                        SHAPE[1:], np.float32
                    )
                    slab[step] = np.round(280 + 5 * last, 1)
                slab[rng.random(slab.shape, np.float32) < 0.05] = np.nan
                data[start : start + 52] = slab


def open_pair(folder: Path) -> dict:
    """The two inputs, lazily."""
    from headwater.grids import open_grid

    return {name: open_grid(folder / f"{name}.nc", "ta") for name in "ab"}


def compute(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Correlation in every cell."""
    import xarray as xr

    from headwater.drivers import correlate

    months = (np.datetime64("1980-01") + np.arange(SHAPE[0])).astype("datetime64[ns]")
    size = arrays["a"].shape[1:]
    place = {"time": months, "latitude": np.arange(size[0]) * 0.25, "longitude": np.arange(size[1]) * 0.25}
    pair = [xr.DataArray(arrays[name], place, ("time", "latitude", "longitude")) for name in "ab"]
    result = correlate(*pair)
    return {name: result[name].values for name in RESULTS}


def job(folder: Path) -> None:
    """The job in blocks; prints its progress and what it took."""
    from headwater.grids.write_blocks import run_blocks

    begin = time.perf_counter()
    run_blocks(
        open_pair(folder), compute, folder / "out", memory=CAP, fingerprint="benchmark",
        progress=lambda what, done, total: print(json.dumps([what, done, total]), flush=True),
    )  # fmt: skip
    status = Path("/proc/self/status").read_text()
    peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
    print(json.dumps({"peak_MiB": round(peak), "seconds": round(time.perf_counter() - begin, 1)}), flush=True)


def kill_and_resume(folder: Path) -> dict[str, float]:
    """Runs the job twice; the first time it is killed after a third of the blocks."""
    command = [sys.executable, str(Path(__file__)), "--job", str(folder)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
    begin, stopped = time.perf_counter(), 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        for line in process.stdout:
            what, done, total = json.loads(line) if line.startswith("[") else ("", 0, 1)
            if what == "computing blocks" and 3 * done >= total:
                process.send_signal(signal.SIGKILL)
                stopped = done
                break
    before = time.perf_counter() - begin
    run = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    lines = run.stdout.splitlines()
    resumed = [json.loads(line) for line in lines if line.startswith('["resuming')]
    assert resumed, "the second process did not resume"
    told = json.loads(lines[-1])
    return {
        "killed_after_blocks": stopped,
        "blocks": resumed[0][2],
        "seconds_until_killed": round(before, 1),
        **told,
    }


def is_the_same(folder: Path) -> bool:
    """Whether the result is that of all cells at once."""
    import zarr

    whole = compute({name: grid.values for name, grid in open_pair(folder).items()})
    group = zarr.open_group(folder / "out", mode="r")
    return all(np.array_equal(group[name][...], whole[name], equal_nan=True) for name in RESULTS)


def main() -> dict[str, float]:
    """Prints peak, time and whether the numbers agree; returns them."""
    values: dict[str, float] = {
        "input_GiB": round(float(2 * 4 * np.prod(SHAPE) / 2**30), 2),
        "cap_MiB": CAP / 2**20,
    }
    for layout, chunks in LAYOUTS.items():
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            write_inputs(folder, chunks)
            told = kill_and_resume(folder)
            same = is_the_same(folder)
        print(f"{layout}: {told}, same numbers as at once: {same}", flush=True)
        values |= {f"{layout}_{key}": number for key, number in told.items()}
        values[f"{layout}_same"] = float(same)
    return values


if __name__ == "__main__":
    job(Path(sys.argv[2]))
