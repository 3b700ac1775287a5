"""The profile ``ismn`` for readings as they come: the same flags as of the whole series, an hour at a time.

At any moment the masks told last are those that ``flag_series`` gives for all that has come. A test that
looks ahead is made again when later hours come, and then what was told is revised:

=========  =====================================================
flag       settled, once the hours after the value are there
=========  =====================================================
C01–D05    at once (D01–D05 when temperature and rain are there)
D06        after 13 h
D07, D08   found after 3 to 13 h, settled after 13 h
D09        after 13 h
D10        14 h after the end of the plateau
=========  =====================================================

What comes late, or is corrected, is taken up to ``horizon_hours`` behind the newest of its series; what is
older is handed back, for the whole series has to be flagged again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headwater.errors import InputRefused, SettingsRefused
from headwater.stations.quality.bits import Flag
from headwater.stations.quality.frozen import frost
from headwater.stations.quality.hourly import Layer, celsius, percent
from headwater.stations.quality.kernels import streaming
from headwater.stations.quality.profiles import Profile
from headwater.stations.quality.range import out_of_range
from headwater.stations.quality.run_batch import limits_of
from headwater.stations.quality.saturation import above_saturation

HORIZON_HOURS = 720
MARGIN_HOURS = 96
"""Hours behind the oldest change that the tests look back to, but for a plateau's length."""
Integers = NDArray[np.int64]


class Input(IntEnum):
    """What a row brings; units as ``Hourly`` has them."""

    SOIL_MOISTURE = 0
    PRECIPITATION = 1
    MODEL_PRECIPITATION = 2
    SOIL_TEMPERATURE = 3
    AIR_TEMPERATURE = 4
    MODEL_SOIL_TEMPERATURE = 5


_FROST = (Input.SOIL_TEMPERATURE, Input.AIR_TEMPERATURE, Input.MODEL_SOIL_TEMPERATURE)
_FROST_FLAGS = (Flag.D01, Flag.D02, Flag.D03)


@dataclass(frozen=True)
class Flagged:
    """Decision: the first mask of an hour. ``series``: number of the series; ``time``: datetime64[h], UTC."""

    series: int
    time: np.datetime64
    mask: int


@dataclass(frozen=True)
class Revised:
    """Decision: an hour's mask changes ``before`` → ``after``."""

    series: int
    time: np.datetime64
    before: int
    after: int


@dataclass(frozen=True)
class Decisions:
    """What follows from some rows, as columns, and as one decision after another by ``each``.

    Attributes
    ----------
    series, hour, before, after : shape (n,); hours since 1970, masks; ``before`` is 0 where none was told yet
    too_old : shape (rows,), True for rows beyond the horizon, which changed nothing: run the batch for them
    """

    series: Integers
    hour: Integers
    before: Integers
    after: Integers
    too_old: NDArray[np.bool_]

    def each(self) -> Iterator[Flagged | Revised]:
        """The decisions, by series in the order of time of each stretch."""
        for row in range(len(self.series)):
            one, time = int(self.series[row]), np.datetime64(int(self.hour[row]), "h")
            before, after = int(self.before[row]), int(self.after[row])
            yield Revised(one, time, before, after) if before else Flagged(one, time, after)


@dataclass(frozen=True)
class Stream:
    """What is kept of S series: H hours of each, and the highest value of each of D days.

    The record is frozen, its arrays change with every ``take``; save and load them as they are. ``theta``
    (% vol), ``rain``, ``model_rain`` (mm) have shape (S, H), as have ``points`` (bits of C01–D03), ``told``
    (masks told last), ``calm`` and ``level`` (inner states of D10 and D09); ``high`` and ``high_day`` (S,
    D); ``first_hour`` and ``newest`` (S,) say which hours since 1970 these are.
    """

    profile: Profile
    layers: tuple[Layer, ...]
    horizon_hours: int
    theta: NDArray[np.float64]
    rain: NDArray[np.float64]
    model_rain: NDArray[np.float64]
    points: Integers
    told: Integers
    calm: NDArray[np.bool_]
    level: NDArray[np.bool_]
    high: NDArray[np.float64]
    high_day: Integers
    first_hour: Integers
    newest: Integers
    own: NDArray[np.float64]
    saturation: NDArray[np.float64]

    def take(self, of: ArrayLike, hour: ArrayLike, what: ArrayLike, value: ArrayLike) -> Decisions:
        """Takes readings and says what flags follow.

        Parameters
        ----------
        of : shape (rows,), number of the series, 0 … S − 1
        hour : shape (rows,), hours since 1970-01-01 00 UTC
        what : shape (rows,), ``Input``
        value : shape (rows,), in SI; NaN withdraws what was there

        Raises
        ------
        InputRefused
            A series or input that is not known, an infinite value, or columns of different lengths.
        """
        columns = self._checked(of, hour, what, value)
        order = np.argsort(columns[0], kind="stable")
        series, hours, kinds, values = (column[order] for column in columns)
        numbers, bits, clear = _prepared(self, series, kinds, values)
        too_old = np.zeros(len(order), bool)
        out, count = streaming().take(
            self.theta, self.rain, self.model_rain, self.points, self.told, self.calm, self.level,
            self.high, self.high_day, self.first_hour, self.newest,
            series, hours, np.minimum(kinds, streaming().POINT), numbers, bits, clear, self.own,
            self.horizon_hours, limits_of(self.profile, Layer()), too_old,
        )  # fmt: skip
        back = np.zeros(len(order), bool)
        back[order] = too_old
        series, hours, before, after = (out[:count, column].copy() for column in range(4))
        return Decisions(series, hours, before, after, back)

    def _checked(self, *columns: ArrayLike) -> tuple[NDArray[Any], ...]:
        kinds = (np.int64, np.int64, np.int64, np.float64)
        of, hour, what, value = (
            np.atleast_1d(np.array(column, dtype=kind)) for column, kind in zip(columns, kinds, strict=True)
        )
        if not of.shape == hour.shape == what.shape == value.shape or of.ndim != 1:
            raise InputRefused(
                f"Readings come in columns of {of.shape}, {hour.shape}, {what.shape}, {value.shape}; "
                "all need the same length. Give every reading its series, hour, input and value."
            )
        wrong = (of < 0) | (of >= len(self.layers)) | (what < 0) | (what > max(Input)) | np.isinf(value)
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            raise InputRefused(
                f"Row {row}: series {of[row]}, input {what[row]}, value {value[row]}; allowed are series 0 "
                f"to {len(self.layers) - 1}, inputs 0 to {max(Input)}, and numbers or NaN. Nothing was taken."
            )
        return of, hour, what, value


def start_stream(layers: Sequence[Layer], profile: Profile, *, horizon_hours: int = HORIZON_HOURS) -> Stream:
    """An empty stream of as many series as there are layers.

    Raises
    ------
    SettingsRefused
        The profile looks at the whole series (``flagit-0.3``), no series, or a negative horizon.
    """
    if not profile.causal or not profile.longest_plateau_hours:
        raise SettingsRefused(
            f"Quality profile {profile.name} looks at the whole series and cannot follow a stream; "
            "allowed are causal profiles with a longest plateau. Use the profile ismn."
        )
    if not layers:
        raise SettingsRefused("A stream of no series; one or more is needed. Give a layer for each.")
    if horizon_hours < 0:
        raise SettingsRefused(f"The horizon is {horizon_hours} h; allowed is 0 or more. Give it in hours.")
    many = len(layers)
    slack = streaming().SLACK
    shape = many, horizon_hours + profile.longest_plateau_hours + MARGIN_HOURS + slack + 1
    days = many, profile.highest_days + shape[1] // 24 + 4
    nothing = streaming().NOTHING
    own = np.array([limits_of(profile, layer)[-1] for layer in layers]).reshape(many, -1)
    return Stream(
        profile=profile,
        layers=tuple(layers),
        horizon_hours=horizon_hours,
        theta=np.full(shape, np.nan),
        rain=np.full(shape, np.nan),
        model_rain=np.full(shape, np.nan),
        points=np.zeros(shape, np.int64),
        told=np.zeros(shape, np.int64),
        calm=np.zeros(shape, bool),
        level=np.zeros(shape, bool),
        high=np.full(days, -np.inf),
        high_day=np.full(days, nothing, np.int64),
        first_hour=np.zeros(many, np.int64),
        newest=np.full(many, nothing, np.int64),
        own=own,
        saturation=percent([np.nan if one.saturation is None else one.saturation for one in layers]),
    )


def _prepared(
    kept: Stream, series: Integers, kinds: Integers, values: NDArray[np.float64]
) -> tuple[NDArray[np.float64], Integers, Integers]:
    """Numbers in the units of the thresholds, bits of C01–D03 that each row sets, and those it could set."""
    numbers, bits, clear = values.copy(), np.zeros(len(values), np.uint64), np.zeros(len(values), np.int64)
    wet = kinds == Input.SOIL_MOISTURE
    numbers[wet] = percent(values[wet])
    bits[wet] = out_of_range(numbers[wet], "soil_moisture", kept.profile)
    bits[wet] |= above_saturation(numbers[wet], kept.saturation[series[wet]])
    clear[wet] = Flag.C01 | Flag.C02 | Flag.C03
    for position, (kind, flag) in enumerate(zip(_FROST, _FROST_FLAGS, strict=True)):
        rows = kinds == kind
        if rows.any():
            place = [celsius(values[rows]) if k == position else np.nan for k in range(3)]
            bits[rows] = frost(*place, below=kept.profile.frozen_below)
            clear[rows] = flag
    return numbers, bits.astype(np.int64), clear
