"""Writes readings of daily files as Parquet: one row for each station, day and variable."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TextIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from headwater import __version__
from headwater.stations.cma_daily import Element, FileName, Rules, bounds, decode, flags_of
from headwater.stations.places import Stay, pack, stays_of, unpack
from headwater.stations.read_cma_daily import Block, Problem, Reading, read_blocks

STAYS = "stays"
"""Key of the metadata of a file that tells where its stations stood."""

WORD = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema(
    [
        pa.field("station", WORD, nullable=False),
        pa.field("day", pa.date32(), nullable=False),
        pa.field("start", pa.timestamp("ms", "UTC"), nullable=False),
        pa.field("end", pa.timestamp("ms", "UTC"), nullable=False),
        pa.field("variable", WORD, nullable=False),
        pa.field("value", pa.float32()),
        pa.field("quality", pa.int8(), nullable=False),
        pa.field("flag", WORD),
        pa.field("printed", pa.int32(), nullable=False),
    ]
)
DICTIONARIES = ["station", "variable", "flag", "value", "printed"]
"""Columns kept as dictionaries; with these, and statistics of the day alone, it takes 0.6 of the time."""


@dataclass(frozen=True)
class Written:
    """The account of one file: ``lines`` = ``written`` + ``refused`` + ``blank``.

    Attributes
    ----------
    file, bytes, modified_ns, sha256 : what was read
    element, month : what its name says
    lines, written, refused, blank : lines of the file
    readings, missing, out_of_range : rows of the Parquet file, those without a value, those of them whose
        printed number is neither a value nor a special value
    output, output_bytes : Parquet file and its size; empty and 0 where no line is good
    rules : fingerprint of the rules
    """

    file: str
    bytes: int
    modified_ns: int
    sha256: str
    element: str
    month: int
    lines: int
    written: int
    refused: int
    blank: int
    readings: int
    missing: int
    out_of_range: int
    output: str
    output_bytes: int
    rules: str


def write_file(
    source: Path, target: Path, problems: Path, said: FileName, rules: Rules
) -> tuple[Written, list[Stay]]:
    """Converts one file; returns its account and where its stations stood.

    Parameters
    ----------
    target : Parquet file, in its place only when it is whole; not written where no line is good
    problems : CSV with a line for each line that was left out and each value that was set missing; not
        written where there is none

    Raises
    ------
    InputRefused
        The file cannot be read or is not text in lines.
    """
    element, reading = said.element, Reading()
    state = source.stat() if source.is_file() else None
    counts = np.zeros(6, np.int64)
    stays: list[Stay] = []
    target.unlink(missing_ok=True)
    with _Problems(problems) as listed, _Readings(target, element, rules, source.name) as kept:
        for block in read_blocks(source, said, rules, reading=reading):
            counts[:3] += block.lines, block.refused, block.blank
            listed.add(block.problems)
            stays += stays_of(block)
            if not len(block.line):
                continue
            table, missing, wrong = readings_of(block, element, rules)
            kept.add(table)
            counts[3:6] += len(table), missing, wrong
            if wrong:
                listed.add(block.out_of_range(element))
        kept.close(stays)
    lines, refused, blank, readings, missing, wrong = (int(count) for count in counts)
    account = Written(
        file=source.name,
        bytes=reading.bytes_read,
        modified_ns=state.st_mtime_ns if state else 0,
        sha256=reading.digest.hexdigest(),
        element=element.name,
        month=said.month,
        lines=lines,
        written=lines - refused - blank,
        refused=refused,
        blank=blank,
        readings=readings,
        missing=missing,
        out_of_range=wrong,
        output=target.name if readings else "",
        output_bytes=target.stat().st_size if readings else 0,
        rules=rules.fingerprint,
    )
    return account, stays


def readings_of(block: Block, element: Element, rules: Rules) -> tuple[pa.Table, int, int]:
    """Rows of a block, variable by variable; how many are without a value, and how many are out of range."""
    numbers, index = np.unique(block.station, return_inverse=True)
    names = pa.array([f"{number:05d}" for number in numbers.tolist()])
    station = pa.DictionaryArray.from_arrays(pa.array(index.astype(np.int32)), names)
    day = pa.array(block.day, pa.int32()).cast(pa.date32())
    variables = pa.array([variable.name for variable in element.variables])
    words = sorted({flag for variable in element.variables for flag in flags_of(variable)})
    batches, without, wrong = [], 0, 0
    for row, variable in enumerate(element.variables):
        value, missing, flag = decode(block.numbers[row], variable)
        without += int(missing.sum())
        wrong += int((flag == len(flags_of(variable)) - 1).sum())
        start, end = bounds(block.day, variable, rules)
        position = np.array(
            [words.index(word) for word in (*flags_of(variable), flags_of(variable)[0])], np.int32
        )
        columns = [
            station,
            day,
            pa.array(start).cast(SCHEMA.field("start").type),
            pa.array(end).cast(SCHEMA.field("end").type),
            pa.DictionaryArray.from_arrays(pa.array(np.full(len(value), row, np.int32)), variables),
            pa.array(value, mask=missing),
            pa.array(block.quality[row].astype(np.int8)),
            pa.DictionaryArray.from_arrays(pa.array(position[flag], mask=flag < 0), pa.array(words)),
            pa.array(block.numbers[row]),
        ]
        batches.append(pa.RecordBatch.from_arrays(columns, schema=SCHEMA))
    return pa.Table.from_batches(batches), without, wrong


def read_stays(path: Path) -> Iterator[Stay]:
    """Where stations stood, from the metadata of a file that ``write_file`` made."""
    yield from unpack(pq.read_metadata(path).metadata[STAYS.encode()])


def _metadata(name: str, element: Element, rules: Rules) -> dict[str, str]:
    units = ", ".join(f"{variable.name} [{variable.units}]" for variable in element.variables)
    return {
        "source": name,
        "units": units,
        "day": "as printed: 20:00 of the day before to 20:00, UTC+8; start and end are UTC, start included",
        "rules": rules.fingerprint,
        "made_by": f"headwater {__version__}",
    }


class _Readings:
    """A Parquet file that is made with the first rows, and stands in its place only when it is closed."""

    def __init__(self, path: Path, element: Element, rules: Rules, source: str) -> None:
        self._path = path
        self._part = path.with_name(path.name + ".part")
        self._schema = SCHEMA.with_metadata(_metadata(source, element, rules))
        self._writer: pq.ParquetWriter | None = None

    def __enter__(self) -> _Readings:
        return self

    def add(self, table: pa.Table) -> None:
        """Write rows as a group of their own."""
        if self._writer is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = pq.ParquetWriter(
                self._part,
                self._schema,
                compression="zstd",
                use_dictionary=DICTIONARIES,
                write_statistics=["day"],
            )
        self._writer.write_table(table, row_group_size=len(table))

    def close(self, stays: list[Stay]) -> None:
        """Put the file into its place."""
        if self._writer is not None:
            self._writer.add_key_value_metadata({STAYS: pack(stays)})
            self._writer.close()
            self._writer = None
            self._part.replace(self._path)

    def __exit__(self, *_: object) -> None:
        if self._writer is not None:
            self._writer.close()
            self._part.unlink(missing_ok=True)


class _Problems:
    """A CSV of problems that is made when the first one comes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stream: TextIO | None = None
        path.unlink(missing_ok=True)

    def __enter__(self) -> _Problems:
        return self

    def add(self, problems: Iterable[Problem]) -> None:
        """Write lines."""
        for problem in problems:
            if self._stream is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._stream = self._path.open("w", encoding="utf-8-sig", newline="")
                self._writer = csv.writer(self._stream)
                self._writer.writerow([column.name for column in fields(Problem)])
            self._writer.writerow(
                [problem.line, problem.column, problem.found, problem.expected, problem.action]
            )

    def __exit__(self, *_: object) -> None:
        if self._stream is not None:
            self._stream.close()
