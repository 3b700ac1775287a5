"""Read tables of water samples: find the header, convert, check, and account for every row."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from headwater.errors import InputRefused, SettingsRefused, UnitsUnclear
from headwater.samples.check_correlation import check_correlation
from headwater.samples.check_duplicates import check_duplicates
from headwater.samples.check_places import check_shifted
from headwater.samples.check_sheet import check_sheet
from headwater.samples.findings import Finding, Ledger, apply_findings, converted
from headwater.samples.headers import plain_header, split_unit
from headwater.samples.layout import RawSheet
from headwater.samples.options import ReadOptions
from headwater.samples.read_csv import read_csv
from headwater.samples.read_excel import read_excel
from headwater.samples.read_parquet import read_parquet
from headwater.samples.read_vocabulary import Vocabulary, default_analytical_sd, read_vocabulary
from headwater.samples.table import (
    CANONICAL_COLUMNS,
    PLACE_COLUMNS,
    Action,
    SampleTable,
    SourceFile,
)

ZIP, OLE, PARQUET = b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"PAR1"
WORKBOOKS = frozenset({".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"})


@dataclass(frozen=True)
class _Part:
    """One file that was read."""

    frame: pd.DataFrame
    ledger: Ledger
    source: SourceFile
    sheets: tuple[RawSheet, ...]

    @property
    def headers(self) -> tuple[str, ...]:
        """Headers of all sheets, as found."""
        return tuple(header for sheet in self.sheets for header in sheet.layout.headers)

    @property
    def used(self) -> dict[str, str]:
        """Canonical column → header."""
        claims = [claim for sheet in reversed(self.sheets) for claim in sheet.layout.match.claims.values()]
        return {claim.column: claim.header for claim in claims}


def read_samples(paths: Sequence[Path | str], options: ReadOptions = ReadOptions()) -> SampleTable:  # noqa: B008
    """Table of all water samples in these files, in canonical columns, with every problem that was found.

    A file that cannot be used is named in ``refused`` and the others are read. Rows read = rows used + rows
    left out, and each row left out has one line in ``problems``.

    Parameters
    ----------
    paths : CSV, Excel or Parquet files
    options : what the user says about them

    Raises
    ------
    InputRefused
        No file can be used; the message gives the reason.
    UnitsUnclear
        The same, for the unit of δ or depth.
    SettingsRefused
        An option names a header that no file has.
    """
    files = [Path(path) for path in ([paths] if isinstance(paths, str | Path) else paths)]
    if not files:
        raise SettingsRefused("no table is given. Name one file or more (CSV, Excel or Parquet).")
    vocabulary = read_vocabulary(options.vocabulary)
    parts: list[_Part] = []
    refused: list[tuple[str, InputRefused]] = []
    seen: dict[str, str] = {}
    for path, name in zip(files, _names(files), strict=True):
        try:
            part = _read_file(path, name, options, vocabulary, seen)
        except InputRefused as error:
            refused.append((name, error))
        else:
            parts.append(part)
    if not parts:
        raise _joined([error for _, error in refused])
    if not refused:
        _check_settings(parts, options)
    return _joined_table(parts, [(name, str(error)) for name, error in refused], options)


def _names(files: Sequence[Path]) -> list[str]:
    """Shortest names that tell the files apart."""
    names = [path.name for path in files]
    return [name if names.count(name) == 1 else str(path) for name, path in zip(names, files, strict=True)]


def _joined(errors: Sequence[InputRefused]) -> InputRefused:
    kind = UnitsUnclear if all(isinstance(error, UnitsUnclear) for error in errors) else InputRefused
    return kind("\n".join(str(error) for error in errors))


def _read_file(
    path: Path, name: str, options: ReadOptions, vocabulary: Vocabulary, seen: dict[str, str]
) -> _Part:
    ledger = Ledger()
    try:
        start, digest = _look(path)
        if digest in seen:
            raise InputRefused(f"{name}: the same bytes as {seen[digest]}. Name each table once.")
        sheets, encoding = _open(path, name, start, options, vocabulary, ledger)
    except IsADirectoryError:
        raise InputRefused(f"{name}: a folder. Name the files in it.") from None
    except OSError as error:
        raise InputRefused(
            f"{name}: cannot be read ({error.strerror or error}). Check path and rights."
        ) from None
    frames = [check_sheet(sheet, options, vocabulary, ledger) for sheet in sheets if sheet.rows_read]
    frame = _concatenated(frames)
    frame = apply_findings(frame, check_correlation(frame, name), ledger)
    if frame.empty:
        raise _no_row(name, sheets, ledger)
    seen[digest] = name
    source = SourceFile(name, digest, encoding, tuple(sheet.sheet for sheet in sheets if sheet.sheet))
    return _Part(frame, ledger, source, tuple(sheets))


def _no_row(name: str, sheets: Sequence[RawSheet], ledger: Ledger) -> InputRefused:
    """The refusal of a table whose rows are all left out, with the most frequent reason."""
    problems = ledger.frame()
    out = problems[problems["action"] == Action.LEFT_OUT]
    (column, found, expected), count = next(iter(out.value_counts(["column", "found", "expected"]).items()))
    where = f"column {column!r}: " if column else ""
    rows = sum(sheet.rows_read for sheet in sheets)
    return InputRefused(
        f"{name}: none of the {rows} rows can be used ({count} of them: {where}"
        f"found {found!r}, expected {expected}). Correct the table, or map its columns."
    )


def _look(path: Path) -> tuple[bytes, str]:
    """First bytes and SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        start = stream.read(8)
        digest.update(start)
        while block := stream.read(1 << 20):
            digest.update(block)
    return start, digest.hexdigest()


def _open(
    path: Path, name: str, start: bytes, options: ReadOptions, vocabulary: Vocabulary, ledger: Ledger
) -> tuple[list[RawSheet], str]:
    """Sheets of a file and its encoding; the first bytes tell the format, not the name."""
    if start.startswith((ZIP, OLE)):
        return read_excel(path, name, options, vocabulary, ledger), "workbook"
    if start.startswith(PARQUET):
        return [read_parquet(path, name, options, vocabulary, ledger)], "parquet"
    suffix = path.suffix.lower()
    if suffix in WORKBOOKS or suffix == ".parquet":
        raise InputRefused(
            f"{name}: the content is not that of a {suffix} file. Save it again as Excel, Parquet or CSV."
        )
    sheet, encoding = read_csv(path, name, options, vocabulary, ledger)
    return [sheet], encoding


def _check_settings(parts: Sequence[_Part], options: ReadOptions) -> None:
    """Refuse options that name a header no file has."""
    headers = {header.strip() for part in parts for header in part.headers} - {""}
    plain = {plain_header(text) for header in headers for text in (header, split_unit(header)[0])}
    wrong = [("columns", header) for header in options.columns if plain_header(header) not in plain]
    wrong += [("exclude", header) for header in options.exclude if header.strip() not in headers]
    wrong += [
        ("keep", header) for header in options.keep if header.strip() not in headers | set(CANONICAL_COLUMNS)
    ]
    for name, header in wrong:
        raise SettingsRefused(
            f"{name}: no file has a column {header!r}; there are: {', '.join(sorted(headers))}."
        )


def _concatenated(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Rows of all frames; text columns stay categorical."""
    if len(frames) == 1:
        return frames[0]
    columns: dict[str, object] = {}
    for name in frames[0].columns:
        pieces = [frame[name] for frame in frames]
        if isinstance(pieces[0].dtype, pd.CategoricalDtype):
            same_type = [piece.cat.rename_categories(piece.cat.categories.astype(object)) for piece in pieces]
            columns[name] = pd.api.types.union_categoricals(same_type)
        else:
            columns[name] = np.concatenate([piece.to_numpy() for piece in pieces])
    return pd.DataFrame(columns)


def _with_analytical_sd(frame: pd.DataFrame, options: ReadOptions) -> list[Finding]:
    """Fill missing analytical standard deviations from options or the instrument default, one line each."""
    findings = []
    for tracer, default in default_analytical_sd().items():
        column = f"{tracer}_sd"
        sd = options.analytical_sd.get(tracer, default)
        empty = ~(frame[column] > 0)
        if empty.any():
            origin = "as set" if tracer in options.analytical_sd else "the default of the instrument"
            expected = f"an analytical standard deviation; {sd:g} ‰ is taken, {origin}"
            findings.append(converted(column, f"none in {int(empty.sum())} rows", expected))
            frame[column] = frame[column].mask(empty, sd)
    return findings


def _joined_table(
    parts: Sequence[_Part], refused: list[tuple[str, str]], options: ReadOptions
) -> SampleTable:
    ledger = Ledger()
    for part in parts:
        ledger.extend(part.ledger)
    frame = _concatenated([part.frame for part in parts])
    frame = apply_findings(frame, check_duplicates(frame), ledger)
    frame = apply_findings(frame, [*check_shifted(frame), *_with_analytical_sd(frame, options)], ledger)
    for name, reason in refused:
        ledger.flag(name, "", "the file is not used", reason)
    extra = [name for name in options.keep if name not in frame.columns[: len(CANONICAL_COLUMNS) + 3]]
    used = {column: header for part in reversed(parts) for column, header in part.used.items()}
    taken = {header.strip() for part in parts for header in part.used.values()} | set(options.keep)
    return SampleTable(
        frame=frame[[*CANONICAL_COLUMNS, *PLACE_COLUMNS, *extra]],
        problems=ledger.frame(),
        rows_read=sum(sheet.rows_read for part in parts for sheet in part.sheets),
        files=tuple(part.source for part in parts),
        unused_columns=tuple(
            dict.fromkeys(one for part in parts for one in part.headers if one.strip() not in taken | {""})
        ),
        mapping=used,
        refused=tuple(refused),
    )
