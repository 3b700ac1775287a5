"""How numbers of one field become values of a series: calibration of the channel, then the unit into SI."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headwater.errors import InputRefused, UnitsUnclear
from headwater.stations.read_variables import variables
from headwater.stations.series import Channel, Series, Station
from headwater.stations.variables import DIGITS, spelled

MOST = 1e12
"""Numbers beyond this are no measurements; they are refused before they are converted."""
_TENS = 10.0**DIGITS


@dataclass(frozen=True)
class Conversion:
    """From numbers of a field to SI: scale · (factor · number + offset) + shift, to ``DIGITS`` decimals.

    Attributes
    ----------
    field : as the source calls it
    series : that the field feeds
    factor, offset : of the channel
    scale, shift : of the unit
    note : what is to be told of the unit; empty where it is clear
    """

    field: str
    series: Series
    factor: float
    offset: float
    scale: float
    shift: float
    note: str = ""

    def one(self, number: float) -> float:
        """The value of one number, the same to the last bit as ``column`` gives it."""
        value = self.scale * (self.factor * number + self.offset) + self.shift
        return round(value * _TENS) / _TENS + 0.0

    def column(self, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values of a column; NaN stays NaN."""
        return np.round(self.scale * (self.factor * numbers + self.offset) + self.shift, DIGITS) + 0.0


def conversion(channel: Channel, station: str, *, stated: str = "", where: str) -> Conversion:
    """How a channel converts, by its own unit, else by the one that the source states.

    A channel with a calibration states the unit after it, so what the source states is not compared then.

    Parameters
    ----------
    stated : unit of the source; empty where it states none
    where : file and column, for messages

    Raises
    ------
    UnitsUnclear
        No unit, one that the variable does not have, or two that differ.
    InputRefused
        The variable is not known.
    """
    kind = variables().get(channel.variable)
    if kind is None:
        raise InputRefused(
            f"{where}: variable {channel.variable!r} is not known; allowed are {', '.join(variables())}. "
            "Correct the channel of the station."
        )
    scale, shift = kind.conversion(channel.units or stated, where=where)
    note = ""
    if channel.units and stated.strip() and (channel.factor, channel.offset) == (1.0, 0.0):
        said = kind.accepts.get(spelled(stated))
        if said is None and not _is_unit(stated):
            note = f"unit {stated!r} is not known; that of the channel, {channel.units!r}, was taken"
        elif said != (scale, shift):
            raise UnitsUnclear(
                f"{where}: the source states unit {stated!r}, the channel {channel.units!r}, and they "
                f"differ. "
                "One of them must be wrong: correct the channel of the station, or leave its unit empty."
            )
    return Conversion(
        channel.field, channel.series(station), channel.factor, channel.offset, scale, shift, note
    )


def field_conversions(station: Station) -> Mapping[str, Conversion | str]:
    """For each field of a station its conversion, or why it has none; for sources that state no units."""
    found: dict[str, Conversion | str] = {}
    for channel in station.channels:
        try:
            found[channel.field] = conversion(channel, station.id, where=f"{station.id}, {channel.field}")
        except InputRefused as error:
            found[channel.field] = str(error)
    return found


def column_conversions(station: Station, stated: Mapping[str, str], *, where: str) -> dict[str, Conversion]:
    """Conversions of the columns of a table that have a channel, in the order of the columns.

    Parameters
    ----------
    stated : name of each column → unit that the table states, empty where it states none

    Raises
    ------
    UnitsUnclear
        As ``conversion``.
    InputRefused
        Two columns feed one series.
    """
    found: dict[str, Conversion] = {}
    channels = {channel.field: channel for channel in station.channels}
    for column, unit in stated.items():
        channel = channels.get(column)
        if channel is None:
            continue
        place = f"{where}, column {channel.field!r}"
        made = conversion(channel, station.id, stated=unit, where=place)
        for other in found.values():
            if other.series == made.series:
                raise InputRefused(
                    f"{where}: columns {other.field!r} and {made.field!r} feed the same series, "
                    f"{made.series.variable} {made.series.depth}. Give each its depth or sensor."
                )
        found[channel.field] = made
    return found


def _is_unit(text: str) -> bool:
    """Is it a unit of any variable?"""
    return any(spelled(text) in kind.accepts for kind in variables().values())
