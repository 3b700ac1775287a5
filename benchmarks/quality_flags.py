"""Quality flags: batch beside flagit 0.3 in its own interpreter, and readings that come an hour at a time.

``HEADWATER_FLAGIT_PYTHON`` names an interpreter with flagit; without it only our own numbers are printed.
"""

from __future__ import annotations

import os
import time

import numpy as np

from headwater.machine_code import load_timed
from headwater.stations.quality.hourly import Layer
from headwater.stations.quality.kernels import KERNELS
from headwater.stations.quality.read_profiles import profile
from headwater.stations.quality.run_batch import flag_series
from headwater.stations.quality.stream import Input, start_stream
from tests.stations.quality.flagit_oracle import INTERPRETER, run_flagit
from tests.stations.quality.make_series import Simulated, simulate

SEED = 1
YEAR = 8760
SERIES, HOURS, LATE_SHARE = 1000, 400, 0.05


def main() -> dict[str, object]:
    _, compile_seconds = load_timed(KERNELS)
    years = [simulate(case, hours=YEAR) for case in range(8)]
    values = sum(int((~np.isnan(one.theta)).sum()) for one in years)
    numbers: dict[str, object] = {"compile_seconds": compile_seconds, "batch_values": values}
    for name in ("flagit-0.3", "ismn"):
        numbers[f"batch_{name}_us_a_value"] = _batch(years, name) / values * 1e6
    if INTERPRETER in os.environ:
        _, seconds = run_flagit(years)
        numbers["flagit_itself_us_a_value"] = seconds / values * 1e6
        for name in ("flagit-0.3", "ismn"):
            numbers[f"flagit_itself_over_{name}"] = (
                seconds / values * 1e6 / numbers[f"batch_{name}_us_a_value"]
            )  # type: ignore[operator]
    else:
        print(f"{INTERPRETER} names no interpreter with flagit: no ratio.")
    for label, inputs, late in (("moisture", 1, 0.0), ("all_inputs", 6, 0.0), ("late", 1, LATE_SHARE)):
        numbers[f"stream_{label}_us_a_reading"] = _stream(inputs, late) * 1e6
    numbers["stream_one_reading_a_call_us"] = _one_by_one() * 1e6
    numbers["stream_bytes_a_series"] = _bytes_a_series()
    for name, value in numbers.items():
        print(f"{name:36} {value:12.3f}" if isinstance(value, float) else f"{name:36} {value:12}")
    return numbers


def _batch(years: list[Simulated], name: str) -> float:
    """Seconds of the processor for all series, the best of three."""
    inputs, best = [(one.hourly(), one.layer()) for one in years], np.inf
    for _ in range(3):
        started = time.process_time()
        for series, layer in inputs:
            flag_series(series, profile(name), layer=layer)
        best = min(best, time.process_time() - started)
    return float(best)


def _stream(inputs: int, late: float) -> float:
    """Seconds of the processor a reading: an hour of all series a call; ``late``: part that comes later."""
    rng = np.random.default_rng(SEED)
    several = [simulate(case, hours=HOURS).hourly() for case in range(40)]
    theta = np.array([several[k % 40].soil_moisture for k in range(SERIES)])
    arrival = np.tile(np.arange(HOURS), (SERIES, 1))
    arrival += (rng.random(arrival.shape) < late) * rng.integers(1, 720, arrival.shape)
    kept, spent, readings = start_stream([Layer(0.05, 0.45)] * SERIES, profile("ismn")), 0.0, 0
    others = [0.0, 0.0, 280.0, 280.0, 280.0]
    for hour in range(int(arrival.max()) + 1):
        of, when = np.nonzero(arrival == hour)
        if not len(of):
            continue
        columns = [(of, when, np.full(len(of), Input.SOIL_MOISTURE), theta[of, when])]
        columns += [
            (of, when, np.full(len(of), k + 1), np.full(len(of), others[k])) for k in range(inputs - 1)
        ]
        rows = [np.concatenate(part) for part in zip(*columns, strict=True)]
        started = time.process_time()
        kept.take(*rows)
        spent += time.process_time() - started
        readings += len(rows[0])
    return spent / readings


def _one_by_one() -> float:
    kept, theta = (
        start_stream([Layer(0.05, 0.45)], profile("ismn")),
        simulate(1, hours=2000).hourly().soil_moisture,
    )
    started = time.process_time()
    for hour, value in enumerate(theta):
        kept.take(0, hour, Input.SOIL_MOISTURE, value)
    return (time.process_time() - started) / len(theta)


def _bytes_a_series() -> int:
    kept = start_stream([Layer()], profile("ismn"))
    return sum(value.nbytes for value in vars(kept).values() if isinstance(value, np.ndarray))


if __name__ == "__main__":
    main()
