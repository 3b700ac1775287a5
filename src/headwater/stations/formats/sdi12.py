"""SDI-12: replies of sensors, alone or in a log with a time on each line.

A reply to a data command is the address of the sensor, values each with its sign, and, where a CRC was asked
for, three characters of it. Values are named by place: field "0.2" is the second value of the sensor with
address 0. Where the log holds the commands, values of aD1! go on counting after those of aD0!.
Source: SDI-12 Support Group, *SDI-12, a serial-digital interface standard*, version 1.4, sections 4.4 and
4.4.12.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from headwater.errors import InputRefused
from headwater.stations.clock import MOST_INTERVALS
from headwater.stations.formats.cells import LINE_OUT, Cells, Layout, parse_time
from headwater.stations.formats.channels import MOST, column_conversions
from headwater.stations.formats.table import Headers, parse_cells
from headwater.stations.parsed import Parsed, Problem, shown
from headwater.stations.series import Station

_VALUE = rb"[+-](?:\d{1,9}\.?\d{0,9}|\.\d{1,9})"
_REPLY = re.compile(rb"([0-9A-Za-z])((?:" + _VALUE + rb")+)([\x40-\x7f]{3})?")
_VALUES = re.compile(_VALUE)
_COMMAND = re.compile(rb"([0-9A-Za-z?])(?:!|A[0-9A-Za-z]!|[IMCVRD](?:C|A|B|\d){0,4}!|H[AB]!)")
_ANNOUNCED = re.compile(rb"[0-9A-Za-z]\d{4,6}(?:[\x40-\x7f]{3})?|[0-9A-Za-z]")
_LOG = re.compile(
    rb"\s*\"?(?P<time>\d{4}[-/]\d{1,2}[-/]\d{1,2}[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?"
    rb"(?:Z|[+-]\d{2}:?\d{2})?)\"?[\s,;]+(?P<rest>\S.*?)\s*"
)
_PARTS = re.compile(rb"[\s,;]+")


@dataclass(frozen=True)
class Reply:
    """What a sensor answered: its address, its values, and whether a CRC vouches for them."""

    address: str
    values: tuple[float, ...]
    checked: bool


def crc(text: bytes) -> bytes:
    """The three characters that guard a reply: CRC-16 (polynomial A001 hexadecimal, reflected, start 0).

    >>> crc(b"0+3.14")
    b'OqZ'
    """
    rest = 0
    for byte in text:
        rest ^= byte
        for _ in range(8):
            rest = rest >> 1 ^ (0xA001 if rest & 1 else 0)
    return bytes([0x40 | rest >> 12, 0x40 | rest >> 6 & 0x3F, 0x40 | rest & 0x3F])


def parse_reply(reply: bytes) -> Reply:
    """Values of a reply to a data command.

    Raises
    ------
    InputRefused
        It is no reply with values, or its CRC contradicts them.
    """
    text = reply.rstrip(b"\r\n")
    found = _REPLY.fullmatch(text) if len(text) <= 512 else None
    if not found:
        raise InputRefused(
            f"SDI-12 reply {shown(text.decode('latin-1'))!r}: needed are an address and values with signs, "
            f"such "
            "as 0+0.213+12.4, with or without a CRC. Measure again."
        )
    address, values, guard = found.groups()
    if guard and guard != crc(address + values):
        raise InputRefused(
            f"SDI-12 reply {shown(text.decode('latin-1'))!r}: its CRC is {guard.decode()!r}, that of its "
            f"values "
            f"is {crc(address + values).decode()!r}. It was damaged on the line: measure again."
        )
    return Reply(address.decode(), tuple(float(one) for one in _VALUES.findall(values)), bool(guard))


def is_sdi12(head: bytes) -> bool:
    """Does a file that starts so hold a log of replies?"""
    lines = [line for line in head.splitlines()[:20] if line.strip()]
    return any(
        (found := _LOG.fullmatch(line)) and _REPLY.fullmatch(_PARTS.split(found["rest"])[-1])
        for line in lines
    )


def parse(
    data: bytes,
    station: Station,
    *,
    name: str = "file",
    zone: str = "",
    version: int = 0,
    most_intervals: int = MOST_INTERVALS,
) -> Parsed:
    """Readings of a log: on each line a time, perhaps the command, and the reply, parted by blanks or commas.

    Commands, and replies that only announce values, are understood and give no reading. Channels must state
    their units. Parameters and errors are those of ``toa5.parse``; ``zone`` is that of the station if empty.

    Raises
    ------
    InputRefused
        No channel of the station has a field such as "0.1".
    """
    fields = [one.field for one in station.channels if re.fullmatch(r"[0-9A-Za-z]\.\d+", one.field)]
    if not fields:
        raise InputRefused(
            f"{name}: station {station.id} has no channel for SDI-12, whose field is address and place of a "
            'value, such as "0.1". Add channels.'
        )
    made = column_conversions(station, dict.fromkeys(fields, ""), where=name)
    places = {one: at for at, one in enumerate(made)}
    layout = Layout(("time", *made), 0, {at + 1: one for at, one in enumerate(made.values())})
    log = _Log(places)
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").splitlines(), 1):
        log.add(line, number)
    account = Headers(log.used, log.blank, log.left_out, (*log.problems, *log.ignored()))
    kept = zone or station.zone
    return parse_cells(
        [(log.cells(), layout)], account, station, zone=kept, version=version, most_intervals=most_intervals
    )


@dataclass
class _Log:
    """What the lines of a log gave so far."""

    places: dict[str, int]
    rows: list[tuple[int, int, bool, dict[int, float]]] = field(default_factory=list)
    after: dict[str, int] = field(default_factory=dict)
    unnamed: dict[str, list[int]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    used: int = 0
    blank: int = 0
    left_out: int = 0

    def add(self, line: bytes, number: int) -> None:
        """One line more."""
        if not line.strip():
            self.blank += 1
            return
        found = _LOG.fullmatch(line) if len(line) <= 1024 else None
        time = parse_time(found["time"].decode("latin-1")) if found else None
        if found is None or time is None:
            self._refuse(line, number, "a time and a reply, such as 2020-06-01 00:10:00 0+0.213+12.4")
            return
        parts = _PARTS.split(found["rest"])
        command = _COMMAND.fullmatch(parts[0])
        rest = parts[1:] if command else parts
        if not rest or (len(rest) == 1 and _ANNOUNCED.fullmatch(rest[0])):
            self.used += 1
            return
        try:
            reply = parse_reply(b" ".join(rest))
        except InputRefused as error:
            self._refuse(line, number, shown(str(error).split(": ", 1)[-1]))
            return
        self._values(reply, number, time, parts[0] if command else b"")

    def _values(self, reply: Reply, number: int, time: tuple[int, bool], command: bytes) -> None:
        goes_on = re.fullmatch(rb".D[1-9]!", command) is not None
        before = self.after.get(reply.address, 0) if goes_on else 0
        self.after[reply.address] = before + len(reply.values)
        row: dict[int, float] = {}
        for at, value in enumerate(reply.values, before + 1):
            place = self.places.get(one := f"{reply.address}.{at}")
            if place is None:
                self.unnamed.setdefault(one, [number, 0])[1] += 1
            elif abs(value) <= MOST:
                row[place] = value
        if row:
            self.rows.append((number, *time, row))
        else:
            self.used += 1

    def _refuse(self, line: bytes, number: int, expected: str) -> None:
        self.left_out += 1
        self.problems.append(Problem(number, "", shown(line.decode("latin-1")), expected, LINE_OUT))

    def ignored(self) -> Iterator[Problem]:
        """Values that have no channel, each place once."""
        for one, (first, many) in self.unnamed.items():
            yield Problem(first, one, f"{many} values", "a channel of the station", "value ignored")

    def cells(self) -> Cells:
        """The rows as a table in which most cells are not there."""
        numbers = np.full((len(self.rows), len(self.places)), np.nan)
        good = np.zeros(numbers.shape, bool)
        for at, row in enumerate(self.rows):
            for place, value in row[3].items():
                numbers[at, place], good[at, place] = value, True
        return Cells(
            line=_column(self.rows, 0),
            time=_column(self.rows, 1),
            zoned=_column(self.rows, 2).astype(bool),
            record=np.zeros(len(self.rows), np.int64),
            numbers=numbers,
            good=good,
        )


def _column(rows: Sequence[tuple[int, int, bool, dict[int, float]]], at: int) -> np.ndarray:
    return np.array([row[at] for row in rows], np.int64)
