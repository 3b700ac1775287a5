"""Readings of three invented stations, with every kind of flag, state and name, to be written."""

from __future__ import annotations

import numpy as np

from headwater.stations.read_flags import flag_words
from headwater.stations.readings import Readings, State, readings
from headwater.stations.series import Series, Station

STATIONS = (
    Station("SOURCE/Ridge_01", "SOURCE", "Ridge_01", 33.8833, 102.1333, 3431.0, "UTC"),
    Station("SOURCE/Two Words", "SOURCE", "Two Words", -33.25, -0.5, None, "UTC"),
    Station("玛曲/草地 (2)", "玛曲", "草地 (2)", 34.123456, 100.0, 4100.5, "UTC"),
)
SERIES = (
    Series("SOURCE/Ridge_01", "soil_moisture", 50, 50, "EC 5 (new)"),
    Series("SOURCE/Ridge_01", "soil_moisture", 51, 190, 'Probe #2 "x"'),
    Series("SOURCE/Two Words", "soil_temperature", 100, 100, ""),
    Series("SOURCE/Two Words", "air_temperature", -2000, -2000, "HMP155"),
    Series("玛曲/草地 (2)", "precipitation", 0, 0, "n.s."),
    Series("玛曲/草地 (2)", "snow_depth", 0, 0, "SR50"),
)


def series_readings(many: int = 60, seed: int = 5) -> Readings:
    """Hourly values in random order; NaN with the flag M, frozen with D01 or D03."""
    rng = np.random.default_rng(seed)
    words = flag_words()
    of = rng.integers(len(SERIES), size=many)
    sets = [["G"], ["U"], ["D01"], ["D03", "D04"], ["C01", "C02", "C03"], ["D10", "D06"]]
    flags = np.array([words.mask(sets[at]) for at in rng.integers(len(sets), size=many)], np.uint64)
    hours = rng.permutation(many)
    value = np.where(
        np.isin(of, (2, 3)), 273.15 + rng.integers(-300, 300, many) / 10, rng.integers(0, 5000, many) / 1e4
    ).round(9)
    none = rng.random(many) < 0.1
    flags[none] |= np.uint64(words.mask(["M"]))
    frozen = (flags & np.uint64(words.mask(["D01", "D03"]))) != 0
    return readings(
        SERIES,
        of,
        np.datetime64("2020-01-01T00:00", "us") + hours * np.timedelta64(1, "h"),
        np.where(none, np.nan, value),
        flags=flags,
        state=np.where(frozen, State.FROZEN.value, 0),
        said=("", "M", "two words", "旗"),
        says=rng.integers(4, size=many),
    )
