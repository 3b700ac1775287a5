"""Cells of text tables as numbers and times: good blocks of lines at once, others line by line.

``fast_cells`` takes a block only if every cell that it needs is plainly right, else gives None; what
``careful_cells`` makes of such a block is the same, bit for bit.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headwater.stations.clock import FIRST_YEAR, LAST_YEAR
from headwater.stations.formats.channels import MOST, Conversion
from headwater.stations.parsed import Problem, shown

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LINE_OUT, VALUE_OUT = "line left out", "value left out"
ISO = (
    r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})[ T](\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?"
    r"(Z|[+-]\d{2}:?\d{2})?"
)
_ISO = re.compile(ISO, re.ASCII)
_PLAIN_ISO = r"^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?$"
_USUAL = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.(?:\d{3}){1,3})?(?:Z|[+-]\d\d:\d\d)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
MISSING_WORDS = frozenset({"", "nan", "inf", "+inf", "-inf", "na", "n/a", "null"})
_SPELLINGS = sorted({form for word in MISSING_WORDS for form in (word, word.upper(), word.title())} | {"NaN"})
_LOW, _HIGH = (
    int(np.datetime64(f"{year}-01-01", "us").astype(np.int64)) for year in (FIRST_YEAR, LAST_YEAR + 1)
)


@dataclass(frozen=True)
class Layout:
    """What the columns of a table are.

    Attributes
    ----------
    names : of all columns
    time_at, record_at : place of the time, and of the number of the record, −1 where there is none
    conversions : place of each column that has a channel → its conversion
    missing_numbers : that stand for no value
    time_format : for ``strptime``; empty for ISO 8601
    """

    names: tuple[str, ...]
    time_at: int
    conversions: Mapping[int, Conversion]
    record_at: int = -1
    delimiter: str = ","
    decimal: str = "."
    encoding: str = "utf-8"
    missing_numbers: tuple[float, ...] = ()
    time_format: str = ""


@dataclass
class Cells:
    """Cells of n lines that have a time; k columns with a channel, in the order of the layout.

    Attributes
    ----------
    line : shape (n,)
    time : shape (n,), µs since 1970, as printed or, where ``zoned``, UTC
    zoned : shape (n,), the time has its zone with it
    record : shape (n,)
    numbers : shape (n, k), NaN where the source says that it has no value
    good : shape (n, k), False where a cell was refused
    blank, left_out : lines that are not among the n
    problems : in order of lines
    """

    line: NDArray[np.int64]
    time: NDArray[np.int64]
    zoned: NDArray[np.bool_]
    record: NDArray[np.int64]
    numbers: NDArray[np.float64]
    good: NDArray[np.bool_]
    blank: int = 0
    left_out: int = 0
    problems: list[Problem] = field(default_factory=list)


def fast_cells(lines: Sequence[bytes], first_line: int, layout: Layout) -> Cells | None:
    """Cells of a block in which every line is good; None where one may not be."""
    if layout.time_format or not layout.conversions:
        return None
    import pyarrow as pa

    # The first line comes again at the end: a quote left open in the last one swallows it, and that is seen.
    block = b"\n".join([*lines, *lines[:1]])
    if not _plain_text(block, layout.encoding):
        return None
    try:
        table = _arrow_table(block, layout)
        if table.num_rows != len(lines) + 1:
            return None
        table = table.slice(0, len(lines))
        time, zoned = _arrow_times(table.column(f"c{layout.time_at}"))
        columns = [_arrow_numbers(table.column(f"c{at}")) for at in layout.conversions]
        record = _arrow_records(table, layout)
    except pa.ArrowInvalid:
        return None
    found = [column for column in columns if column is not None]
    if time is None or record is None or len(found) < len(columns):
        return None
    many = len(lines)
    numbers = np.column_stack(found)
    numbers[np.isin(numbers, layout.missing_numbers)] = np.nan
    return Cells(
        line=first_line + np.arange(many),
        time=time,
        zoned=np.full(many, zoned),
        record=record,
        numbers=numbers,
        good=np.ones(numbers.shape, bool),
    )


def _plain_text(block: bytes, encoding: str) -> bool:
    """Are its bytes cut at delimiters as its signs would be?"""
    if encoding == "latin-1" or block.isascii():
        return True
    try:
        return encoding == "utf-8" and bool(block.decode("utf-8"))
    except UnicodeDecodeError:
        return False


def _arrow_table(block: bytes, layout: Layout) -> Any:
    import pyarrow as pa
    from pyarrow import csv as arrow

    wanted = [*layout.conversions, *([layout.record_at] if layout.record_at >= 0 else [])]
    types = {f"c{at}": pa.float64() for at in wanted} | {f"c{layout.time_at}": pa.string()}
    reader = arrow.open_csv(
        pa.BufferReader(block),
        read_options=arrow.ReadOptions(
            column_names=[f"c{at}" for at in range(len(layout.names))],
            block_size=len(block) + 2,
            use_threads=False,
        ),
        parse_options=arrow.ParseOptions(delimiter=layout.delimiter, newlines_in_values=False),
        convert_options=arrow.ConvertOptions(
            column_types=types,
            include_columns=list(types),
            null_values=_SPELLINGS,
            strings_can_be_null=False,
            quoted_strings_can_be_null=True,
            decimal_point=layout.decimal,
        ),
    )
    return reader.read_all()


def _arrow_times(column: Any) -> tuple[Any, bool]:
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pc.all(pc.match_substring_regex(column, _PLAIN_ISO)).as_py():
        return None, False
    zoned = column[0].as_py()[-6:][:1] in "+-" or column[0].as_py().endswith("Z")
    time = column.cast(pa.timestamp("us", "UTC" if zoned else None)).to_numpy().astype("datetime64[us]")
    micro = time.astype(np.int64)
    return (micro if ((micro >= _LOW) & (micro < _HIGH)).all() else None), zoned


def _arrow_numbers(column: Any) -> NDArray[np.float64] | None:
    numbers = column.to_numpy(zero_copy_only=False)
    nans = np.count_nonzero(np.isnan(numbers))
    return None if nans != column.null_count or (np.abs(numbers) > MOST).any() else numbers


def _arrow_records(table: Any, layout: Layout) -> NDArray[np.int64] | None:
    """Numbers of the records, zeros where there are none; None where one is not whole."""
    if layout.record_at < 0:
        return np.zeros(table.num_rows, np.int64)
    found = _arrow_numbers(table.column(f"c{layout.record_at}"))
    if found is None or not (found == np.floor(found)).all():
        return None
    return found.astype(np.int64)


def careful_cells(lines: Sequence[bytes], first_line: int, layout: Layout) -> Cells:
    """Cells of all lines that have a time; each thing that is wrong is a problem."""
    rows: list[tuple[int, int, bool, int, list[float], list[bool]]] = []
    problems: list[Problem] = []
    blank = left_out = 0
    for number, raw in enumerate(lines, first_line):
        if not raw.strip():
            blank += 1
            continue
        row, wrong = _row(raw, number, layout)
        problems += wrong
        if row is None:
            left_out += 1
        else:
            rows.append(row)
    many, shape = len(rows), (len(rows), len(layout.conversions))
    return Cells(
        line=np.fromiter((row[0] for row in rows), np.int64, many),
        time=np.fromiter((row[1] for row in rows), np.int64, many),
        zoned=np.fromiter((row[2] for row in rows), bool, many),
        record=np.fromiter((row[3] for row in rows), np.int64, many),
        numbers=np.array([row[4] for row in rows], float).reshape(shape),
        good=np.array([row[5] for row in rows], bool).reshape(shape),
        blank=blank,
        left_out=left_out,
        problems=problems,
    )


def _row(
    raw: bytes, line: int, layout: Layout
) -> tuple[tuple[int, int, bool, int, list[float], list[bool]] | None, list[Problem]]:
    """One line: number, time, zoned, record, numbers and which of them are good; None where it is refused."""
    try:
        cells = next(csv.reader([raw.decode(layout.encoding)], delimiter=layout.delimiter, strict=True))
    except (UnicodeDecodeError, csv.Error, StopIteration) as error:
        return None, [Problem(line, "", shown(error), f"a line of {layout.encoding} text", LINE_OUT)]
    if len(cells) != len(layout.names):
        found = f"{len(cells)} columns: {shown(raw.decode('latin-1'))}"
        return None, [Problem(line, "", found, f"{len(layout.names)} columns", LINE_OUT)]
    time = parse_time(cells[layout.time_at].strip(), layout.time_format)
    if time is None:
        expected = f"a time as {layout.time_format or 'YYYY-MM-DD HH:MM:SS'}, {FIRST_YEAR} to {LAST_YEAR}"
        name = layout.names[layout.time_at]
        return None, [Problem(line, name, shown(cells[layout.time_at]), expected, LINE_OUT)]
    record = parse_number(cells[layout.record_at], ".") if layout.record_at >= 0 else 0.0
    if record is None or record != record // 1:
        found = shown(cells[layout.record_at])
        return None, [Problem(line, layout.names[layout.record_at], found, "a whole number", LINE_OUT)]
    numbers, good, problems = _numbers(cells, line, layout)
    if not any(good):
        problems = problems or [Problem(line, "", "no column with a channel", "at least one", LINE_OUT)]
        return None, problems
    return (line, *time, int(record), numbers, good), problems


def _numbers(cells: list[str], line: int, layout: Layout) -> tuple[list[float], list[bool], list[Problem]]:
    numbers, good, problems = [], [], []
    for at in layout.conversions:
        number = parse_number(cells[at], layout.decimal, layout.missing_numbers)
        if number is None:
            expected = f"a number with decimal sign {layout.decimal!r}, within ±{MOST:g}"
            problems.append(Problem(line, layout.names[at], shown(cells[at]), expected, VALUE_OUT))
        numbers.append(np.nan if number is None else number)
        good.append(number is not None)
    return numbers, good, problems


def parse_number(text: str, decimal: str = ".", missing: tuple[float, ...] = ()) -> float | None:
    """A number; NaN where the text says that there is none; None where it is neither."""
    plain = text.strip()
    if plain.casefold() in MISSING_WORDS:
        return np.nan
    if decimal != ".":
        plain = "" if "." in plain else plain.replace(decimal, ".")
    if not _NUMBER.fullmatch(plain) or abs(number := float(plain)) > MOST:
        return None
    return np.nan if number in missing else number


def parse_time(text: str, time_format: str = "") -> tuple[int, bool] | None:
    """Microseconds since 1970 as printed, or in UTC where the text has a zone, and whether it has one.

    None where it is no time. Digits beyond the microsecond are cut.
    """
    try:
        moment = datetime.strptime(text, time_format) if time_format else _iso(text)
    except (ValueError, OverflowError, re.error):
        return None
    if moment is None:
        return None
    zoned = moment.utcoffset() is not None
    micro = ((moment if zoned else moment.replace(tzinfo=UTC)) - EPOCH) // MICROSECOND
    return (micro, zoned) if _LOW <= micro < _HIGH else None


def _iso(text: str) -> datetime | None:
    if _USUAL.fullmatch(text):
        return datetime.fromisoformat(text)
    found = _ISO.fullmatch(text)
    if not found:
        return None
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    return datetime(
        int(year), int(month), int(day), int(hour), int(minute), int(second or 0),
        int(fraction.ljust(6, "0")[:6]) if fraction else 0,
        None if zone is None else UTC if zone == "Z" else _offset(zone),
    )  # fmt: skip


@lru_cache(maxsize=256)
def _offset(zone: str) -> timezone:
    """The zone of a text such as "+08:00"; ValueError for a day or more, and for 60 minutes or more."""
    hours, minutes = int(zone[1:3]), int(zone[-2:])
    if minutes >= 60:
        raise ValueError(zone)
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if zone[0] == "-" else offset)
