"""Reads a file of a logger or of messages in any format that is known, and recognises which it is."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from headwater.errors import InputRefused
from headwater.stations.clock import MOST_INTERVALS
from headwater.stations.formats import chirpstack, csv_table, plain_json, sdi12, things_stack, toa5, zentra
from headwater.stations.formats.json_values import JsonRefused, load_json
from headwater.stations.formats.message import Heard, Message, Refusal, messages_as_readings
from headwater.stations.network import Network
from headwater.stations.parsed import MOST_PROBLEMS, Parsed, Problem, shown
from headwater.stations.series import Station

MOST_BYTES = 512 * 1024 * 1024
HEAD_BYTES = 64 * 1024


class Format(StrEnum):
    """Formats of files and messages."""

    TOA5 = "toa5"
    ZENTRA = "zentra"
    SDI12 = "sdi12"
    CSV = "csv"
    CHIRPSTACK = "chirpstack"
    THINGS_STACK = "things-stack"
    PLAIN_JSON = "plain-json"


MESSAGE_PARSERS: dict[Format, Callable[[bytes, str, Network], Heard]] = {
    Format.CHIRPSTACK: chirpstack.parse_message,
    Format.THINGS_STACK: things_stack.parse_message,
    Format.PLAIN_JSON: plain_json.parse_message,
    Format.ZENTRA: zentra.parse_message,
}


def read_logger_file(
    path: Path,
    station: Station,
    *,
    form: Format | None = None,
    options: csv_table.CsvOptions | None = None,
    version: int = 0,
    most_intervals: int = MOST_INTERVALS,
) -> Parsed:
    """Readings of a file of a station; files of messages hold one message, or one on each line.

    Parameters
    ----------
    form : the format; None: it is recognised
    options : of a CSV file
    version : of the readings of files; messages bring their own
    most_intervals : longer steps of a clock are told as problems

    Raises
    ------
    HeadwaterError
        The file cannot be read, follows none of the formats, or as ``parse`` of its format says.
    """
    path = Path(path)
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InputRefused(f"{path}: larger than {MOST_BYTES >> 20} MiB. Split it into files of years.")
        data = path.read_bytes()
    except OSError as error:
        raise InputRefused(f"{path}: cannot be read ({error.strerror}). Is the path right?") from None
    return parse_logger_bytes(
        data,
        station,
        name=path.name,
        form=form,
        options=options,
        version=version,
        most_intervals=most_intervals,
    )


def parse_logger_bytes(
    data: bytes,
    station: Station,
    *,
    name: str,
    form: Format | None = None,
    options: csv_table.CsvOptions | None = None,
    version: int = 0,
    most_intervals: int = MOST_INTERVALS,
) -> Parsed:
    """As ``read_logger_file``, of bytes that were read."""
    form = form or recognise(data)
    if form is Format.TOA5:
        return toa5.parse(data, station, name=name, version=version, most_intervals=most_intervals)
    if form is Format.ZENTRA:
        return zentra.parse(data, station, name=name)
    if form is Format.SDI12:
        return sdi12.parse(data, station, name=name, version=version, most_intervals=most_intervals)
    if form is Format.CSV:
        chosen = options or csv_table.CsvOptions()
        return csv_table.parse(
            data, station, chosen, name=name, version=version, most_intervals=most_intervals
        )
    return _messages(data, station, MESSAGE_PARSERS[form])


def recognise(data: bytes) -> Format:
    """The format of a file, from how it begins; what is none of the others is taken for CSV."""
    head = data[:HEAD_BYTES].removeprefix(b"\xef\xbb\xbf")
    if toa5.is_toa5(head):
        return Format.TOA5
    if head.lstrip()[:1] in (b"{", b"["):
        return _recognise_json(data)
    return Format.SDI12 if sdi12.is_sdi12(head) else Format.CSV


def _recognise_json(data: bytes) -> Format:
    for text in (data, data.lstrip().split(b"\n", 1)[0]):
        try:
            value = load_json(text, most_bytes=zentra.MOST_BYTES)
        except JsonRefused:
            continue
        if zentra.is_zentra(value):
            return Format.ZENTRA
        if chirpstack.is_chirpstack(value):
            return Format.CHIRPSTACK
        if things_stack.is_things_stack(value):
            return Format.THINGS_STACK
    return Format.PLAIN_JSON


def _messages(data: bytes, station: Station, parse: Callable[[bytes, str, Network], Heard]) -> Parsed:
    """Messages of a file: the whole is one, or every line is."""
    network = Network((station,))
    whole = parse(data, "", network)
    lines = [data] if isinstance(whole, Message) else data.splitlines()
    messages: list[Message] = []
    problems: list[Problem] = []
    blank = 0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            blank += 1
            continue
        heard = parse(line, "", network)
        if isinstance(heard, Refusal):
            found = f"{heard.reason}: {heard.found}"
            problems.append(Problem(number, "", shown(found), "a message of this station", "line left out"))
            continue
        messages.append(heard)
        problems += [
            Problem(number, one.column, one.found, one.expected, one.action) for one in heard.problems
        ]
    return Parsed(
        readings=messages_as_readings(messages),
        problems=tuple(problems[:MOST_PROBLEMS]),
        lines=len(lines),
        used=len(messages),
        blank=blank,
        left_out=len(lines) - len(messages) - blank,
    )
