"""Read tables of water samples: find the header, convert, check, and account for every row."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from headwater.errors import InputRefused, SettingsRefused, UnitsUnclear
from headwater.samples.check_correlation import check_correlation
from headwater.samples.check_duplicates import check_duplicates
from headwater.samples.check_excess import check_excess
from headwater.samples.check_places import check_placeless, check_shifted
from headwater.samples.check_ranges import check_no_delta, check_odd_waters, check_ranges
from headwater.samples.check_swapped import check_swapped
from headwater.samples.convert import convert_sheet, header_position
from headwater.samples.findings import Finding, Ledger, apply_findings
from headwater.samples.headers import plain_header, split_unit
from headwater.samples.layout import RawSheet
from headwater.samples.options import ReadOptions
from headwater.samples.parse_numbers import distinct
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
    rows_read: int
    headers: tuple[str, ...]
    used: dict[str, str]
    unused: tuple[str, ...]


def read_samples(paths: Sequence[Path | str], options: ReadOptions = ReadOptions()) -> SampleTable:  # noqa: B008
    """Table of all water samples in these files, in canonical columns, with every problem that was found.

    A file that cannot be used is named in ``refused`` and the others are read; nothing is left out without its line.

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
    _check_settings(parts, options, all_files=not refused)
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
    frames = [_read_sheet(sheet, options, vocabulary, ledger) for sheet in sheets if sheet.rows_read]
    frame = _concatenated(frames)
    frame = apply_findings(frame, check_correlation(frame, name), ledger)
    seen[digest] = name
    headers = tuple(header for sheet in sheets for header in sheet.layout.headers)
    used = {
        column: claim.header
        for sheet in reversed(sheets)
        for column, claim in sheet.layout.match.claims.items()
    }
    taken = {claim.header for sheet in sheets for claim in sheet.layout.match.claims.values()} | set(
        options.keep
    )
    unused = tuple(
        dict.fromkeys(
            one for one in headers if one.strip() and one not in taken and one.strip() not in options.keep
        )
    )
    source = SourceFile(name, digest, encoding, tuple(sheet.sheet for sheet in sheets if sheet.sheet))
    return _Part(frame, ledger, source, sum(sheet.rows_read for sheet in sheets), headers, used, unused)


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


def _read_sheet(raw: RawSheet, options: ReadOptions, vocabulary: Vocabulary, ledger: Ledger) -> pd.DataFrame:
    """Checked frame of one sheet; rows left out and values set missing are in the ledger."""
    _refuse_twins(raw)
    raw = _without_excluded(raw, options, ledger)
    converted = convert_sheet(raw, options, vocabulary)
    frame = apply_findings(converted.frame, [*_about_headers(raw), *converted.findings], ledger)
    frame = apply_findings(frame, check_swapped(frame, raw.place, dict(raw.layout.match.claims)), ledger)
    frame = apply_findings(frame, _rain_amounts(frame), ledger)
    frame = apply_findings(frame, check_ranges(frame), ledger)
    frame = apply_findings(frame, check_no_delta(frame), ledger)
    findings = [*check_excess(frame, converted.steps), *check_odd_waters(frame), *check_placeless(frame)]
    return apply_findings(frame, findings, ledger)


def _refuse_twins(raw: RawSheet) -> None:
    """Refuse a sheet where two columns claim one isotope by names of equal rank and hold different texts."""
    for loser in raw.layout.match.losers:
        winner = raw.layout.match.claims[loser.column]
        if loser.column in ("d18O", "d2H") and loser.rank == winner.rank:
            if raw.columns[winner.position].equals(raw.columns[loser.position]):
                continue
            raise InputRefused(
                f"{raw.place}: columns {winner.position + 1} ({winner.header!r}) and {loser.position + 1} ({loser.header!r}) both "
                f'read as {loser.column} and differ. One column an isotope is expected; rename one, or map it to "ignore".'
            )


def _about_headers(raw: RawSheet) -> list[Finding]:
    """Headers that lost to a better one, and means read as samples."""
    findings = [
        Finding(
            loser.header,
            f"also reads as {loser.column}",
            f"one column; {raw.layout.match.claims[loser.column].header!r} is used",
            Action.FLAGGED,
        )
        for loser in raw.layout.match.losers
    ]
    for name in ("d18O", "d2H"):
        claim = raw.layout.match.claims.get(name)
        if (
            claim is not None
            and claim.rank[0] == 0
            and plain_header(split_unit(claim.header)[0]).endswith((f"{name.lower()}m", "mean", "avg"))
        ):
            findings.append(
                Finding(
                    claim.header,
                    "named as a mean",
                    "a measured water; a mean (of a map?) is read as one",
                    Action.FLAGGED,
                )
            )
    return findings


def _without_excluded(raw: RawSheet, options: ReadOptions, ledger: Ledger) -> RawSheet:
    """Sheet without the rows that the user excludes, each with its line."""
    keep = np.ones(len(raw.rows), bool)
    for header, values in options.exclude.items():
        at = header_position(raw, header)
        if at is None:
            continue
        texts, code = distinct(raw.columns[at])
        wanted = {_comparable(value) for value in values}
        listed = np.array([_comparable(text) in wanted for text in texts.to_pylist()], bool)
        hit = listed[code] & keep
        found = texts.take(pa.array(code[hit])).to_numpy(zero_copy_only=False).astype(object)
        ledger.add(file=raw.file, sheet=raw.sheet, row=raw.rows[hit], column=header, found=found,
                   expected="not one of the values to exclude", action=Action.LEFT_OUT)  # fmt: skip
        keep &= ~hit
    return raw.keep(keep)


def _comparable(text: str) -> str:
    """Cell text for comparing: trimmed, whole numbers without decimals."""
    plain = str(text).strip()
    return plain.removesuffix(".0") if plain.replace(".", "", 1).isdigit() else plain


def _rain_amounts(frame: pd.DataFrame) -> list[Finding]:
    """Amounts in rows that are no precipitation: a flow, not a rain amount; set missing, one line a kind."""
    wrong = frame["amount_mm"].notna() & ~frame["kind"].isin(["precipitation", "snow_melt", "other"])
    if not wrong.any():
        return []
    findings = []
    for kind, rows in frame[wrong].groupby("kind", observed=True):
        findings.append(
            Finding(
                "amount_mm",
                f"{len(rows)} amounts in rows of {kind}",
                "a rain amount; not one of this kind",
                Action.SET_MISSING,
            )
        )
    frame["amount_mm"] = frame["amount_mm"].mask(wrong)
    return findings


def _check_settings(parts: Sequence[_Part], options: ReadOptions, *, all_files: bool) -> None:
    """Refuse options that name a header no file has."""
    headers = {header.strip() for part in parts for header in part.headers}
    plain = {plain_header(text) for header in headers for text in (header, split_unit(header)[0])}
    if not all_files:
        return
    for name, asked in (("columns", options.columns), ("exclude", options.exclude), ("keep", options.keep)):
        for header in asked:
            known = (
                plain_header(header) in plain
                if name == "columns"
                else header.strip() in headers or header in CANONICAL_COLUMNS
            )
            if not known:
                raise SettingsRefused(
                    f"{name}: no file has a column {header!r}; there are: {', '.join(sorted(one for one in headers if one))}."
                )


def _concatenated(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Rows of all frames; text columns stay categorical."""
    if len(frames) == 1:
        return frames[0]
    columns: dict[str, object] = {}
    for name in dict.fromkeys(column for frame in frames for column in frame.columns):
        pieces = [frame[name] for frame in frames]
        if isinstance(pieces[0].dtype, pd.CategoricalDtype):
            columns[name] = pd.api.types.union_categoricals(
                [
                    piece.astype("category").cat.set_categories(piece.cat.categories.astype(object))
                    for piece in pieces
                ]
            )
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
            findings.append(
                Finding(
                    column,
                    f"none in {int(empty.sum())} rows",
                    f"an analytical standard deviation; {sd:g} ‰ is taken, {origin}",
                    Action.CONVERTED,
                )
            )
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
        ledger.add(
            file=name,
            sheet="",
            row=None,
            column="",
            found="the file is not used",
            expected=reason,
            action=Action.FLAGGED,
        )
    order = [
        *CANONICAL_COLUMNS,
        *PLACE_COLUMNS,
        *(name for name in options.keep if name not in CANONICAL_COLUMNS),
    ]
    return SampleTable(
        frame=frame[order],
        problems=ledger.frame(),
        rows_read=sum(part.rows_read for part in parts),
        files=tuple(part.source for part in parts),
        unused_columns=tuple(dict.fromkeys(header for part in parts for header in part.unused)),
        mapping={column: header for part in reversed(parts) for column, header in part.used.items()},
        refused=tuple(refused),
    )
