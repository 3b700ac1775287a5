"""Writes readings as a tidy table, one row a reading: CSV for spreadsheets, Parquet for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from headwater import __version__
from headwater.stations.flags import FlagWords
from headwater.stations.read_flags import flag_words
from headwater.stations.read_variables import variables
from headwater.stations.readings import Readings, State
from headwater.stations.series import Station

WORD = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema(
    [
        pa.field("time_utc", pa.timestamp("us", "UTC"), nullable=False),
        pa.field("station", WORD, nullable=False),
        pa.field("variable", WORD, nullable=False),
        pa.field("depth_from_m", pa.float64()),
        pa.field("depth_to_m", pa.float64()),
        pa.field("sensor", WORD, nullable=False),
        pa.field("value", pa.float64()),
        pa.field("units", WORD, nullable=False),
        pa.field("flags", WORD, nullable=False),
        pa.field("state", WORD, nullable=False),
        pa.field("provider_flag", WORD, nullable=False),
        pa.field("version", pa.int64(), nullable=False),
    ]
)
"""Columns of both; a missing value is empty, several flags have commas between, times are in UTC."""
STATIONS = "stations"
"""Key of the metadata of a Parquet file with its stations."""
BLOCK_ROWS = 1_000_000
BOM = b"\xef\xbb\xbf"


def write_series_csv(rows: Readings, path: Path) -> int:
    """Readings in their order as CSV; how many rows. UTF-8 with its mark, so that spreadsheets show 中文."""
    options = pacsv.WriteOptions(include_header=False, quoting_style="needed")
    with _whole(path) as part, part.open("wb") as file:
        file.write(BOM + (",".join(SCHEMA.names) + "\n").encode())
        unit: Literal["s", "us"] = "us" if (rows.time.astype(np.int64) % 1_000_000).any() else "s"
        for table in _tables(rows):
            printed = [_printed(table.column(name), unit) for name in SCHEMA.names]
            pacsv.write_csv(pa.table(printed, names=SCHEMA.names), file, options)
    return len(rows)


def write_series_parquet(rows: Readings, stations: Iterable[Station], path: Path) -> int:
    """Readings in their order as Parquet, with their stations in its metadata; how many rows."""
    used = {rows.series[at].station for at in set(rows.of.tolist())}
    described = [asdict(one) for one in stations if one.id in used]
    metadata = {STATIONS: json.dumps(described, ensure_ascii=False), "made_by": f"headwater {__version__}"}
    schema = SCHEMA.with_metadata(metadata)
    with _whole(path) as part, pq.ParquetWriter(part, schema, compression="zstd") as writer:
        for table in _tables(rows):
            writer.write_table(table)
    return len(rows)


def read_series_parquet_stations(path: Path) -> list[dict[str, Any]]:
    """Stations of a file that ``write_series_parquet`` made."""
    found: list[dict[str, Any]] = json.loads(pq.read_metadata(path).metadata[STATIONS.encode()])
    return found


def flags_text(mask: int, words: FlagWords) -> str:
    """Codes with commas between; a bit without a code as its number, so that none is lost."""
    unknown = mask & ~sum(1 << bit for bit in words.bits.values())
    numbers = [f"bit{bit}" for bit in range(64) if unknown >> bit & 1]
    return ",".join([*words.codes(mask), *numbers])


def state_text(bits: int) -> str:
    """States as words with commas between."""
    return ",".join(str(one.name).lower() for one in State if one and bits & one)


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """A file beside, which takes its place when it is whole."""
    part = path.with_name(path.name + ".part")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _tables(rows: Readings) -> Iterator[pa.Table]:
    for start in range(0, len(rows), BLOCK_ROWS):
        yield _table(rows.take(slice(start, start + BLOCK_ROWS)))


def _table(rows: Readings) -> pa.Table:
    series, words = rows.series, flag_words()
    masks, flagged = np.unique(rows.flags, return_inverse=True)
    states, stated = np.unique(rows.state, return_inverse=True)
    columns = {
        "time_utc": pa.array(rows.time.astype("datetime64[us]")).cast(SCHEMA.field("time_utc").type),
        "station": _words([one.station for one in series], rows.of),
        "variable": _words([one.variable for one in series], rows.of),
        "depth_from_m": _depths([one.depth_from_mm for one in series], rows.of),
        "depth_to_m": _depths([one.depth_to_mm for one in series], rows.of),
        "sensor": _words([one.sensor for one in series], rows.of),
        "value": pa.array(rows.value, from_pandas=True),
        "units": _words([variables()[one.variable].units for one in series], rows.of),
        "flags": _words([flags_text(mask, words) for mask in masks.tolist()], flagged),
        "state": _words([state_text(bits) for bits in states.tolist()], stated),
        "provider_flag": _words(rows.said, rows.says),
        "version": pa.array(rows.version),
    }
    return pa.table(columns, schema=SCHEMA)


def _words(names: Iterable[str], index: np.ndarray) -> pa.DictionaryArray:
    """Names by an index; each name once."""
    listed = list(names)
    distinct = {name: at for at, name in enumerate(dict.fromkeys(listed))}
    number = np.array([distinct[name] for name in listed], np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(number[index]), pa.array(list(distinct), pa.string()))


def _depths(millimetres: Iterable[int | None], index: np.ndarray) -> pa.Array:
    metres = np.array([np.nan if depth is None else depth / 1000 for depth in millimetres], float)
    return pa.array(metres[index], from_pandas=True)


def _printed(column: pa.ChunkedArray, unit: Literal["s", "us"]) -> pa.ChunkedArray:
    """A column as CSV has it: words as text, times as ISO 8601 with Z."""
    if pa.types.is_dictionary(column.type):
        return column.cast(pa.string())
    if not pa.types.is_timestamp(column.type):
        return column
    time: np.ndarray = column.to_numpy().astype("datetime64[us]")
    return pa.chunked_array([np.datetime_as_string(time, unit=unit, timezone="UTC")])
