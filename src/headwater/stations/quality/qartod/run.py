"""All QARTOD tests of an hourly series of soil moisture, and the worst outcome of each value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from numpy.typing import ArrayLike

from headwater.stations.quality.hourly import Hourly, percent
from headwater.stations.quality.qartod.attenuated_signal import attenuated_signal
from headwater.stations.quality.qartod.climatology import Month, climatology
from headwater.stations.quality.qartod.flat_line import flat_line
from headwater.stations.quality.qartod.gross_range import Span, gross_range
from headwater.stations.quality.qartod.neighbour import neighbour
from headwater.stations.quality.qartod.rate_of_change import rate_of_change
from headwater.stations.quality.qartod.spike import spike
from headwater.stations.quality.qartod.words import Outcome, Outcomes, worst


@dataclass(frozen=True)
class Thresholds:
    """Of the tests, for soil moisture in % vol and steps of an hour; pairs are suspect, fail."""

    range_fail: Span
    range_suspect: Span
    spike: tuple[float, float]
    rate_per_hour: tuple[float, float]
    flat_hours: tuple[int, int]
    flat_tolerance: float
    attenuated_hours: int
    attenuated_least_values: int
    attenuated_sd_below: tuple[float, float]
    neighbour: tuple[float, float]


@dataclass(frozen=True)
class Qartod:
    """Outcomes of n hours: of each test by its name, and ``overall`` the worst of these; shape (n,)."""

    tests: dict[str, Outcomes]
    overall: Outcomes

    def summary(self) -> str:
        """One line: hours by overall outcome."""
        counts = [f"{outcome.word} {int((self.overall == outcome).sum())}" for outcome in Outcome]
        return f"QARTOD: {len(self.overall)} hours; {', '.join(counts)}"


def run_qartod(
    series: Hourly,
    limits: Thresholds,
    *,
    months: Mapping[int, Month] | None = None,
    neighbours: ArrayLike | None = None,
) -> Qartod:
    """Outcomes of every hour.

    Parameters
    ----------
    months : what each month usually brings, in % vol; None: climatology is not tested
    neighbours : shape (k, n), m3 m-3, soil moisture of sensors nearby at the same depth; None: not tested
    """
    theta = percent(series.soil_moisture)
    tests = {
        "gross_range": gross_range(theta, limits.range_fail, limits.range_suspect),
        "spike": spike(theta, *limits.spike),
        "rate_of_change": rate_of_change(theta, *limits.rate_per_hour),
        "flat_line": flat_line(theta, *limits.flat_hours, limits.flat_tolerance),
        "attenuated_signal": attenuated_signal(
            theta,
            limits.attenuated_hours,
            *limits.attenuated_sd_below,
            least_values=limits.attenuated_least_values,
        ),
    }
    if months is not None:
        time = series.hours.astype("datetime64[h]")
        tests["climatology"] = climatology(theta, time, months)
    if neighbours is not None:
        tests["neighbour"] = neighbour(theta, percent(neighbours), *limits.neighbour)
    return Qartod(tests, worst(tests.values()))
