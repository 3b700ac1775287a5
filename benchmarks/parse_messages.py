"""Cost of a message and of a logger file; messages beside ``json.loads`` of the same bytes in one run."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import numpy as np

from headwater.stations.formats import chirpstack, plain_json, things_stack, toa5
from headwater.stations.formats.message import Message, messages_as_readings
from headwater.stations.network import check_network
from headwater.stations.series import Channel, Station
from tests.stations.formats import make_messages as make

SEED = 1
MESSAGES, LINES, COLUMNS = 5000, 200_000, 10
FIELDS = tuple(f"vwc_{at}" for at in range(5))


def main() -> dict[str, float]:
    """Prints and returns µs a message of five readings, ratios, and seconds for a file of 200,000 lines."""
    channels = tuple(
        Channel(one, "soil_moisture", 10 * at, 10 * at, "", "%") for at, one in enumerate(FIELDS)
    )
    network = check_network([Station("x", name="x", devices=(make.EUI, "ridge-node"), channels=channels)])
    values = {one: 20.5 + at for at, one in enumerate(FIELDS)}
    samples = {
        "chirpstack": (chirpstack.parse_message, make.chirpstack(object=values)),
        "things_stack": (things_stack.parse_message, make.things_stack(decoded_payload=values)),
        "plain_json": (plain_json.parse_message, make.plain(values=values)),
    }
    numbers: dict[str, float] = {}
    for name, (parse, body) in samples.items():
        payload = make.encoded(body)
        heard = parse(payload, "", network)
        assert isinstance(heard, Message)
        assert len(heard.rows) == len(FIELDS)
        bare = _best(lambda payload=payload: json.loads(payload))
        ours = _best(lambda payload=payload, parse=parse: parse(payload, "", network))
        numbers[f"{name}_us"] = round(ours * 1e6, 1)
        numbers[f"{name}_over_json_loads"] = round(ours / bare, 1)
    burst = [heard] * MESSAGES
    started = time.process_time()
    messages_as_readings(burst)
    numbers["burst_as_readings_us_a_message"] = round((time.process_time() - started) / MESSAGES * 1e6, 1)
    numbers |= _toa5()
    for name, value in numbers.items():
        print(f"{name:34} {value:10}")
    return numbers


def _best(call: Callable[[], object]) -> float:
    """Seconds of the processor for one call, the best of five rounds."""
    rounds = []
    for _ in range(5):
        started = time.process_time()
        for _ in range(MESSAGES):
            call()
        rounds.append((time.process_time() - started) / MESSAGES)
    return min(rounds)


def _toa5() -> dict[str, float]:
    rng = np.random.default_rng(SEED)
    names = [f"VWC_{at}" for at in range(COLUMNS)]
    channels = tuple(Channel(one, "soil_moisture", 10 * at, 10 * at) for at, one in enumerate(names))
    station = Station("x", name="x", zone="Europe/Berlin", channels=channels)
    rows = (["TIMESTAMP", "RECORD", *names], ["TS", "RN", *["m3/m3"] * COLUMNS], ["", "", *["Avg"] * COLUMNS])
    header = "".join(
        ",".join(f'"{cell}"' for cell in row) + "\r\n" for row in (["TOA5", "x", "CR1000X"], *rows)
    )
    times = np.datetime_as_string(
        np.datetime64("2020-01-01T00:00:00") + np.arange(LINES) * np.timedelta64(600, "s")
    )
    values = rng.uniform(0.05, 0.45, (LINES, COLUMNS))
    lines = [
        f'"{one.replace("T", " ")}",{at},{",".join(f"{value:.4f}" for value in row)}\r\n'
        for at, (one, row) in enumerate(zip(times.tolist(), values.tolist(), strict=True))
    ]
    data = (header + "".join(lines)).encode()
    wall, cpu = [], []
    for _ in range(3):
        started, used = time.perf_counter(), time.process_time()
        toa5.parse(data, station)
        wall.append(time.perf_counter() - started)
        cpu.append(time.process_time() - used)
    return {
        "toa5_mb": round(len(data) / 1e6, 1),
        "toa5_s": round(min(wall), 2),
        "toa5_cpu_s": round(min(cpu), 2),
    }


if __name__ == "__main__":
    main()
