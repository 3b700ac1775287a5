"""Makes daily files as the China Meteorological Administration lays them out, with known truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from headwater.stations.cma_daily import Element
from headwater.stations.read_cma_rules import read_rules


@dataclass(frozen=True)
class Truth:
    """What stands in a file: a row a line.

    Attributes
    ----------
    station, latitude, longitude, altitude : as printed, shape (n,)
    day : shape (n,), datetime64[D]
    numbers, quality : as printed, shape (n, variables)
    """

    station: np.ndarray
    latitude: np.ndarray
    longitude: np.ndarray
    altitude: np.ndarray
    day: np.ndarray
    numbers: np.ndarray
    quality: np.ndarray


def file_name(element: Element, year: int, month: int) -> str:
    """Name of the file of a month."""
    return f"SURF_CLI_CHN_MUL_DAY-{element.name}-{element.code}-{year}{month:02d}.TXT"


def make_month(
    element: Element, year: int, month: int, *, stations: int, seed: int, codes: float = 0.05
) -> Truth:
    """A month of values; ``codes`` is the share of special values, each sort of them as often as the others.

    Every tenth station moves on the 16th and back at the end; every seventh has an estimated altitude.
    """
    rules = read_rules()
    rng = np.random.default_rng([seed, year, month, *element.name.encode()])
    first = np.datetime64(f"{year}-{month:02d}", "D")
    days = np.arange(first, np.datetime64(f"{year}-{month:02d}", "M") + 1)
    n = stations * len(days)
    number = np.repeat(np.arange(stations), len(days))
    day = np.tile(days, stations)
    moved = (number % 10 == 0) & ((day - first).astype(int) >= 15)
    altitude = 20000 + 37 * number + 50 * moved
    altitude[number % 7 == 0] += rules.estimated_add
    numbers = np.empty((n, len(element.variables)), int)
    for column, variable in enumerate(element.variables):
        middle, width = (variable.lowest + variable.highest) / 2, (variable.highest - variable.lowest) / 12
        plain = rng.normal(middle, width, n).round().astype(int)
        numbers[:, column] = np.clip(plain, variable.lowest, variable.highest)
        special = rng.random(n) < codes
        sort = rng.integers(0, len(variable.special), n)
        for position, code in enumerate(variable.special):
            at = special & (sort == position)
            numbers[at, column] = rng.integers(code.first, code.last + 1, at.sum())
    quality = rng.choice([0, 0, 0, 0, 0, 0, 1, 2, 9], (n, len(element.variables)))
    quality[numbers == 32766] = 8
    minutes = number * 7 % 60
    return Truth(
        50000 + number,
        3000 + number % 10 * 100 + minutes,
        9000 + number % 20 * 100 + (minutes + moved) % 60,
        altitude,
        day,
        numbers,
        quality,
    )


def lines_of(truth: Truth) -> Iterator[str]:
    """Lines of the file, columns aligned by blanks."""
    calendar = truth.day.astype(object)
    for row in range(len(truth.station)):
        d = calendar[row]
        values = "".join(f"{v:7d}" for v in truth.numbers[row])
        codes = "".join(f"{q:2d}" for q in truth.quality[row])
        yield (
            f"{truth.station[row]:5d}{truth.latitude[row]:6d}{truth.longitude[row]:7d}{truth.altitude[row]:8d}"
            f"{d.year:5d}{d.month:3d}{d.day:3d}{values}{codes}\n"
        )


def write_months(
    folder: Path, *, elements: Sequence[str], years: Sequence[int], stations: int, seed: int = 1
) -> dict[str, Truth]:
    """Files of all months; their truth by name."""
    rules = read_rules()
    truths = {}
    folder.mkdir(parents=True, exist_ok=True)
    for name in elements:
        element = rules.elements[name]
        for year in years:
            for month in range(1, 13):
                truth = make_month(element, year, month, stations=stations, seed=seed)
                path = folder / file_name(element, year, month)
                path.write_text("".join(lines_of(truth)), encoding="ascii", newline="")
                truths[path.name] = truth
    return truths
