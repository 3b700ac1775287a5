"""Write the tables of a fit: shares, parameters, and what is known about the draws.

Each file is written beside its place and moved there when it is complete.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headwater.errors import InputRefused

PROPORTIONS, PARAMETERS, DIAGNOSTICS = "proportions.csv", "parameters.csv", "diagnostics.json"
DIGITS = 8
Row = Mapping[str, Any]


@dataclass(frozen=True)
class ResultFiles:
    """What was written; ``proportions`` is None where the shares cannot be trusted."""

    proportions: Path | None
    parameters: Path
    diagnostics: Path


def prepare_folder(folder: Path) -> Path:
    """The folder of the results, made where it is missing; asked for before the work, not after it.

    Raises
    ------
    InputRefused
        It is a file, or cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".{PROPORTIONS}.part"
        probe.touch()
        probe.unlink()
    except OSError as error:
        reason = "it is a file" if folder.is_file() else error.strerror or error
        raise InputRefused(
            f"{folder} cannot take the results ({reason}); a folder is expected. Choose another one with -o."
        ) from None
    return folder


def write_results(
    folder: Path,
    *,
    proportions: Sequence[Row] | None,
    parameters: Sequence[Row],
    diagnostics: Mapping[str, Any],
) -> ResultFiles:
    """Write ``proportions.csv``, ``parameters.csv`` and ``diagnostics.json`` into a folder.

    Parameters
    ----------
    proportions : one row a share; None where they cannot be trusted: then none are written, and those of an
        earlier fit are removed, so that nothing stands there which this fit does not say
    parameters : one row a number that is no share
    diagnostics : plain values; numbers that are not finite are written as null
    """
    place = folder / PROPORTIONS
    if proportions is None:
        place.unlink(missing_ok=True)
    else:
        write_atomically(place, csv_text(proportions))
    write_atomically(folder / PARAMETERS, csv_text(parameters))
    text = json.dumps(_plain(diagnostics), ensure_ascii=False, indent=2, allow_nan=False)
    write_atomically(folder / DIAGNOSTICS, text + "\n")
    return ResultFiles(None if proportions is None else place, folder / PARAMETERS, folder / DIAGNOSTICS)


def csv_text(rows: Sequence[Row]) -> str:
    """Rows as CSV with a header; a number that is not finite is an empty cell."""
    if not rows:
        return ""
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: _cell(value) for key, value in row.items()} for row in rows)
    return stream.getvalue()


def write_atomically(path: Path, text: str) -> None:
    """Write a text file whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(text, encoding="utf-8", newline="")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return f"{value:.{DIGITS}g}" if math.isfinite(value) else ""
    return value


def _plain(value: Any) -> Any:
    """Value as JSON knows it."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, str) or value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, Sequence | set | frozenset):
        return [_plain(item) for item in value]
    return str(value)
