"""Simulated hourly series with rain, frost, spikes, breaks, plateaus, gaps, and numbers at the thresholds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headwater.stations.quality.hourly import Hourly, Layer, hourly

CASES = 240
COLUMNS = ("theta", "soil", "air", "rain", "model_soil", "model_rain")
DEPTHS = (None, 0.0, 0.05, 0.08, 0.1, 0.2)
KINDS = ("plain", "spikes", "breaks", "plateaus", "gaps", "edges", "mixed", "calm")


@dataclass(frozen=True)
class Simulated:
    """A series as it is printed: % vol, °C, mm. ``soil`` … ``model_rain`` may be None."""

    theta: np.ndarray
    soil: np.ndarray | None
    air: np.ndarray | None
    rain: np.ndarray | None
    model_soil: np.ndarray | None
    model_rain: np.ndarray | None
    saturation: float | None
    depth: float | None

    def hourly(self) -> Hourly:
        """The same in SI."""

        def kelvin(celsius: np.ndarray | None) -> np.ndarray | None:
            return None if celsius is None else np.round(celsius + 273.15, 9)

        return hourly(
            "2020-01-01T00",
            np.round(0.01 * self.theta, 9),
            soil_temperature=kelvin(self.soil),
            air_temperature=kelvin(self.air),
            precipitation=self.rain,
            model_soil_temperature=kelvin(self.model_soil),
            model_precipitation=self.model_rain,
        )

    def layer(self) -> Layer:
        """Depth and saturation, in SI."""
        return Layer(self.depth, None if self.saturation is None else round(self.saturation * 0.01, 9))


def simulate(case: int, hours: int = 500) -> Simulated:
    """The series of this number; the same at every call."""
    rng = np.random.default_rng(case)
    kind = KINDS[case % len(KINDS)]
    decimals = int(rng.choice([0, 1, 1, 2, 3]))
    rain, theta = _rain_and_theta(rng, hours, calm=kind in ("calm", "plateaus"))
    if kind in ("spikes", "mixed"):
        _spikes(rng, theta)
    if kind in ("breaks", "mixed"):
        _breaks(rng, theta)
    if kind in ("plateaus", "mixed"):
        _plateaus(rng, theta)
    theta = np.round(theta, decimals)
    if kind == "edges":
        _edges(rng, theta)
    if kind in ("gaps", "mixed") or rng.random() < 0.2:
        _gaps(rng, theta)
    season = 6 * np.sin(2 * np.pi * np.arange(hours) / hours) + 3 * np.sin(2 * np.pi * np.arange(hours) / 24)
    soil, air = np.round(season + 2, 1), np.round(season + rng.normal(0, 2, hours), 1)
    rain = np.round(rain, 1)
    rain[rng.random(hours) < 0.03] = np.nan
    model_rain = rain * rng.uniform(0, 1.5, hours) + (rng.random(hours) < 0.05) * rng.exponential(1, hours)
    if case % 3 == 0:
        model_rain[np.arange(hours) % 3 > 0] = np.nan
    soil[rng.random(hours) < 0.02] = np.nan
    some = rng.random(5) < 0.85
    columns = (soil, air, rain, season * 1.1 + rng.normal(0, 1, hours), model_rain)
    given = [column if there else None for column, there in zip(columns, some, strict=True)]
    saturation = None if rng.random() < 0.2 else round(float(rng.uniform(35, 50)), 1)
    return Simulated(theta, *given, saturation, DEPTHS[case % len(DEPTHS)])


def _rain_and_theta(rng: np.random.Generator, hours: int, *, calm: bool) -> tuple[np.ndarray, np.ndarray]:
    rain = (rng.random(hours) < (0.005 if calm else 0.03)) * rng.exponential(4, hours)
    wet = rng.uniform(5, 35)
    theta = np.empty(hours)
    for t in range(hours):
        wet += min(rain[t], 10) * (rng.random() < 0.8) * 0.8 - (wet - 4) * 0.004
        theta[t] = min(wet, 48)
    theta += rng.normal(0, 0.02 if calm else rng.choice([0.0, 0.05, 0.3]), hours)
    return rain, theta


def _spikes(rng: np.random.Generator, theta: np.ndarray) -> None:
    for at in rng.integers(2, len(theta) - 3, 12):
        theta[at : at + rng.integers(1, 3)] = theta[at] * rng.choice([0.5, 0.8, 0.84, 1.16, 1.3, 2.0])


def _breaks(rng: np.random.Generator, theta: np.ndarray) -> None:
    for at in rng.integers(5, len(theta) - 30, 4):
        length = int(rng.integers(10, 60))
        kind = rng.integers(0, 4)
        if kind == 0:
            theta[at : at + length] = 0.0
        elif kind == 1:
            theta[at : at + length] = rng.uniform(0.5, 4) + rng.normal(0, 0.03, len(theta[at : at + length]))
        else:
            theta[at : at + length] += rng.choice([-8, -3, -1.2, 1.2, 4, 12])


def _plateaus(rng: np.random.Generator, theta: np.ndarray) -> None:
    for at in rng.integers(5, len(theta) - 40, 3):
        length = int(rng.integers(8, 90))
        here = slice(at, at + length)
        theta[here] = max(theta.max(), 40) * rng.choice([0.94, 0.96, 1.0])
        theta[here] += rng.choice([0.0, 0.05, 0.2, 0.24]) * rng.choice([-1, 0, 1], len(theta[here]))


def _edges(rng: np.random.Generator, theta: np.ndarray) -> None:
    """Exact thresholds: ratio 1.15 and 0.85, change of 1 and 10 %, 0, 60, variance 0.05, steps of halves."""
    for at in rng.integers(30, len(theta) - 40, 14):
        base = float(rng.choice([10.0, 20.0, 40.0]))
        theta[at - 13 : at + 14] = base
        shape = int(rng.integers(0, 8))
        if shape < 3:
            theta[at] = round(base * rng.choice([1.15, 1.151, 0.85, 0.849]), 3)
            theta[at + 1] = theta[at] if shape == 2 else base
        elif shape == 3:
            theta[at:] = theta[at:] + rng.choice([-1.0, 1.0, 1.1, -1.2, 2.0, 3.0])
        elif shape == 4:
            theta[at : at + 14] = 0.0
        elif shape == 5:
            theta[at : at + 3] = rng.choice([60.0, 60.1, -0.1, 0.0])
        elif shape == 6:
            theta[at : at + 12] = base + np.tile([0.2, -0.2], 6) * rng.choice([1.0, 1.05, 1.09])
        else:
            theta[at : at + 20] = base - np.arange(20) * 0.5


def _gaps(rng: np.random.Generator, theta: np.ndarray) -> None:
    theta[rng.random(len(theta)) < rng.choice([0.0, 0.02, 0.1])] = np.nan
    for at in rng.integers(0, len(theta), 4):
        theta[at : at + int(rng.choice([1, 2, 5, 13, 40]))] = np.nan
