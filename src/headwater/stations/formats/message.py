"""What one message of a device gives: readings and an account, or a refusal with a reason.

``parse_message(payload, topic, network)`` of each format gives a ``Message`` or a ``Refusal`` and raises
nothing, whatever the payload. Every field of the decoded values is used, ignored because it has no channel,
or left out with a problem: ``items`` = ``len(rows)`` + ``len(ignored)`` + ``left_out``.

Versions are taken from what a message says, never from when it came, so that any order of arrival ends the
same: the time at which the network received or the device sent it (µs since 1970), the record id of ZENTRA,
or what a plain message states. Files have version 0, if the caller gives no other, so that messages hold
over them.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

import numpy as np

from headwater.stations.formats.channels import MOST, Conversion
from headwater.stations.formats.json_values import MOST_FIELDS, JsonRefused, leaves
from headwater.stations.network import Known, Network
from headwater.stations.parsed import Problem, shown
from headwater.stations.read_flags import flag_words
from headwater.stations.readings import Readings, readings
from headwater.stations.series import Series

VALUE_OUT = "value left out"
LONGEST_ID = 200


class Reason(StrEnum):
    """Why a message is refused."""

    TOO_LARGE = "too_large"
    TOO_DEEP = "too_deep"
    NOT_JSON = "not_json"
    DUPLICATE_KEY = "duplicate_key"
    WRONG_SHAPE = "wrong_shape"
    NO_MEASUREMENT = "no_measurement"
    DEVICE_DIFFERS = "device_differs"
    UNKNOWN_DEVICE = "unknown_device"
    NO_TIME = "no_time"
    NO_VALUES = "no_values"
    NO_CHANNEL = "no_channel"


MEANINGS: Mapping[Reason, str] = {
    Reason.TOO_LARGE: "more bytes or values than a message may have",
    Reason.TOO_DEEP: "brackets within brackets beyond the limit",
    Reason.NOT_JSON: "no UTF-8 text in JSON; NaN, Infinity and numbers of thousands of digits are none",
    Reason.DUPLICATE_KEY: "an object names a key twice, so that its value is not clear",
    Reason.WRONG_SHAPE: "JSON, but without the parts that a message of this format has",
    Reason.NO_MEASUREMENT: "another event of the network, such as a join or a status",
    Reason.DEVICE_DIFFERS: "topic and payload name different devices",
    Reason.UNKNOWN_DEVICE: "no station has this device",
    Reason.NO_TIME: "no time, or none with its zone",
    Reason.NO_VALUES: "no decoded values: the network has no decoder for this device",
    Reason.NO_CHANNEL: "none of the values has a channel at the station",
}


class Row(NamedTuple):
    """One reading of a message: time and version in µs since 1970 or as the format says."""

    series: Series
    time: int
    value: float
    version: int
    flags: int = 0
    said: str = ""


@dataclass(frozen=True)
class Refusal:
    """A message that cannot be used.

    Attributes
    ----------
    reason, found : why, and what stands there
    device, station : as far as they are known
    """

    reason: Reason
    found: str = ""
    device: str = ""
    station: str = ""


@dataclass(frozen=True)
class Message:
    """A message that was understood.

    Attributes
    ----------
    device, station : identifier of the device, identity of its station
    time : µs since 1970 at which it was sent or the network received it
    id : the same for the same message, however often it comes
    rows : its readings
    problems : of values that were left out; ``line`` is the number of the item in the message, from 1
    ignored : fields without a channel
    items, left_out : values in it; those with a problem
    rssi_dbm, snr_db : of the gateway that heard it best; None where the message has none
    battery_percent : as the network states it
    counter : of the frames of the device; None where the message has none
    """

    device: str
    station: str
    time: int
    id: str
    rows: tuple[Row, ...]
    problems: tuple[Problem, ...] = ()
    ignored: tuple[str, ...] = ()
    items: int = 0
    left_out: int = 0
    rssi_dbm: float | None = None
    snr_db: float | None = None
    battery_percent: float | None = None
    counter: int | None = None

    @property
    def readings(self) -> Readings:
        """The rows as a table."""
        return rows_as_readings(self.rows)


Heard = Message | Refusal


@dataclass
class Taken:
    """Values of a message that were taken so far."""

    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    items: int = 0

    def take(
        self, fields: dict[str, Any], conversions: Mapping[str, Conversion | str], time: int, version: int
    ) -> None:
        """Adds the values of one time; null is a reading without value, texts and booleans are no numbers."""
        for name, value in leaves(fields):
            self.items += 1
            if self.items > MOST_FIELDS:
                raise JsonRefused("too_large", f"more than {MOST_FIELDS} values")
            made = conversions.get(name)
            if made is None:
                self.ignored.append(shown(name))
            elif isinstance(made, str):
                self._refuse(name, value, made)
            elif (kind := type(value)) is float or kind is int:
                if -MOST <= value <= MOST:
                    self.rows.append(Row(made.series, time, made.one(value), version))
                else:
                    self._refuse(name, value, f"a number within ±{MOST:g}")
            elif value is None:
                self.rows.append(Row(made.series, time, math.nan, version, missing_flag()))
            else:
                self._refuse(name, value, "a number or null")

    def _refuse(self, name: str, value: Any, expected: str) -> None:
        text = (
            f"{value:g}" if type(value) is float else "a huge number" if type(value) is int else repr(value)
        )
        self.problems.append(Problem(self.items, shown(name), shown(text), expected, VALUE_OUT))

    def message(self, device: str, station: str, time: int, id: str, **facts: Any) -> Heard:
        """The message, or a refusal if no value of it has a channel."""
        if not self.items:
            return Refusal(Reason.NO_VALUES, "no values", device, station)
        if len(self.ignored) == self.items:
            return Refusal(Reason.NO_CHANNEL, shown(", ".join(self.ignored)), device, station)
        return Message(
            device, station, time, id, tuple(self.rows), tuple(self.problems), tuple(self.ignored),
            self.items, len(self.problems), **facts,
        )  # fmt: skip


def missing_flag() -> int:
    """Mask of the flag of a reading whose value is missing or in doubt by what the source says."""
    return _MISSING


_MISSING = flag_words().mask(["M"])


def known_device(network: Network, names: Iterable[str]) -> Known | Refusal:
    """What the network knows of the first of these names that it has."""
    given = [name for name in names if name]
    for name in given:
        if known := network.device(name):
            return known
    return Refusal(Reason.UNKNOWN_DEVICE, shown(", ".join(given) or "none named"))


def refused(error: JsonRefused, device: str = "", station: str = "") -> Refusal:
    """The refusal that bytes earn which are no usable JSON."""
    return Refusal(Reason(error.reason), shown(error), device, station)


def message_id(prefix: str, given: str, payload: bytes) -> str:
    """An identity from what the message gives, where that is short plain text, else from its bytes."""
    if given and len(given) <= LONGEST_ID and given.isascii() and given.isprintable():
        return f"{prefix}:{given}"
    return f"{prefix}:{hashlib.blake2b(payload, digest_size=16).hexdigest()}"


def messages_as_readings(messages: Iterable[Message]) -> Readings:
    """Readings of many messages as one table, built once: the way for bursts."""
    return rows_as_readings([row for message in messages for row in message.rows])


def rows_as_readings(rows: Iterable[Row]) -> Readings:
    """Rows as a table, in their order."""
    kept = tuple(rows)
    series = {one: at for at, one in enumerate(dict.fromkeys(row[0] for row in kept))}
    said = {one: at for at, one in enumerate(dict.fromkeys(["", *(row[5] for row in kept)]))}
    return readings(
        tuple(series),
        np.array([series[row[0]] for row in kept], np.int32),
        np.array([row[1] for row in kept], np.int64).view("datetime64[us]"),
        np.array([row[2] for row in kept], float),
        flags=np.array([row[4] for row in kept], np.uint64),
        version=np.array([row[3] for row in kept], np.int64),
        said=tuple(said),
        says=np.array([said[row[5]] for row in kept], np.int32),
    )
