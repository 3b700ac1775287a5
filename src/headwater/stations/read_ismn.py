"""Reads files of the International Soil Moisture Network: one, a folder, or the archive of a download."""

from __future__ import annotations

import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from headwater.errors import HeadwaterError, InputRefused
from headwater.stations.formats import ismn, static_variables
from headwater.stations.formats.ismn_names import parse_file_name
from headwater.stations.formats.static_variables import StaticTable
from headwater.stations.parsed import Parsed
from headwater.stations.readings import Readings, join
from headwater.stations.series import Station

SUFFIX = ".stm"
PACKED_WRONG = (zlib.error, lzma.LZMAError)
MOST_BYTES = 256 * 1024 * 1024
"""Of one file, unpacked."""
MOST_BYTES_AT_ONCE = 4 * 1024**3
"""Of all files that ``read_ismn`` keeps in memory."""


@dataclass(frozen=True)
class IsmnFile:
    """One file of readings.

    Attributes
    ----------
    name : with its folders below the path that was read
    parsed : None where the file was refused
    refused : why, else empty
    static : of its station; None where there is no such file
    static_refused : why the file of static variables was refused, else empty
    """

    name: str
    parsed: Parsed | None
    refused: str = ""
    static: StaticTable | None = None
    static_refused: str = ""


@dataclass(frozen=True)
class Download:
    """All files of a path, in order of their names."""

    files: tuple[IsmnFile, ...]

    @property
    def readings(self) -> Readings:
        """Of all files, one after another."""
        return join(one.parsed.readings for one in self.files if one.parsed)

    @property
    def stations(self) -> tuple[Station, ...]:
        """That the files describe; where two describe one in two ways, the first."""
        found: dict[str, Station] = {}
        for file in self.files:
            for one in file.parsed.stations if file.parsed else ():
                found.setdefault(one.id, one)
        return tuple(found.values())

    @property
    def refused(self) -> tuple[IsmnFile, ...]:
        """Files that were not read."""
        return tuple(one for one in self.files if one.parsed is None)

    def summary(self) -> str:
        """Files, lines and readings, in words."""
        read = [one.parsed for one in self.files if one.parsed]
        lines, used, blank, left_out = (
            sum(getattr(one, name) for one in read) for name in ("lines", "used", "blank", "left_out")
        )
        return (
            f"{len(self.files)} files, {len(self.refused)} refused; {lines} lines = {used} used + "
            f"{blank} blank + {left_out} left out; {sum(len(one.readings) for one in read)} readings of "
            f"{len(self.stations)} stations"
        )


def read_ismn(path: Path, *, progress: Callable[[int, int, str], None] | None = None) -> Download:
    """All readings of a path; a file that is refused is told in the result.

    Parameters
    ----------
    path : a .stm file, a folder with such files at any depth, or a .zip file of a download
    progress : called with files done, files in all, and the name of the next or, at the end, last file

    Raises
    ------
    InputRefused
        The path cannot be read, holds no such file, is a single file that is refused, or holds more than
        memory should; ``iterate_ismn`` reads any amount file by file.
    UnitsUnclear
        A single file whose name does not tell its variable.
    """
    source = _source(Path(path))
    total = sum(source.sizes[name] for name in source.readable)
    if total > MOST_BYTES_AT_ONCE:
        raise InputRefused(
            f"{path}: its files hold {total >> 20} MiB, allowed at once are {MOST_BYTES_AT_ONCE >> 20}. Read "
            "them file by file with iterate_ismn."
        )
    many = len(source.readable)
    files = []
    for at, name in enumerate(source.readable):
        if progress:
            progress(at, many, name)
        files.append(_read(source, name))
    if progress:
        progress(many, many, source.readable[-1])
    return Download(tuple(files))


def iterate_ismn(path: Path) -> Iterator[IsmnFile]:
    """The files of a path one by one; otherwise as ``read_ismn``."""
    source = _source(Path(path))
    for name in source.readable:
        yield _read(source, name)


class _Source(Protocol):
    """Where bytes of files come from; ``single`` where only one file was asked for."""

    single: bool
    sizes: dict[str, int]
    readable: list[str]

    def read(self, name: str) -> bytes:
        """Bytes of a file; InputRefused where it cannot be read."""
        ...


def _read(source: _Source, name: str) -> IsmnFile:
    static, static_refused = _static(source, name)
    try:
        parsed = ismn.parse(_bytes(source, name), name=name)
    except HeadwaterError as error:
        if source.single:
            raise
        return IsmnFile(name, None, str(error), static, static_refused)
    return IsmnFile(name, parsed, static=static, static_refused=static_refused)


def _static(source: _Source, name: str) -> tuple[StaticTable | None, str]:
    """Static variables of the station of a file, from the file beside it with the same beginning."""
    named = parse_file_name(name)
    beside = str(PurePosixPath(name).parent / (named.who + static_variables.SUFFIX)) if named else ""
    if beside not in source.sizes:
        return None, ""
    try:
        return static_variables.parse(_bytes(source, beside), name=beside), ""
    except HeadwaterError as error:
        return None, str(error)


def _bytes(source: _Source, name: str) -> bytes:
    if source.sizes[name] > MOST_BYTES:
        raise InputRefused(f"{name}: larger than {MOST_BYTES >> 20} MiB. Download a shorter period.")
    return source.read(name)


def _source(path: Path) -> _Source:
    if path.is_dir():
        source: _Source = _Folder(path)
    elif zipfile.is_zipfile(path):
        source = _Archive(path)
    elif path.is_file():
        source = _Folder(path.parent, only=path.name)
    else:
        raise InputRefused(
            f"{path}: not found. Allowed are a {SUFFIX} file, a folder with such files, or the .zip of a "
            "download."
        )
    if not source.readable:
        raise InputRefused(f"{path}: holds no file that ends with {SUFFIX}. Is it the folder of a download?")
    return source


class _Folder:
    """Files of a folder at any depth, or one of them and what stands beside it."""

    def __init__(self, folder: Path, only: str = "") -> None:
        self._folder = folder
        self.single = bool(only)
        found = folder.glob("*") if only else folder.rglob("*")
        try:
            self.sizes = {
                one.relative_to(folder).as_posix(): one.stat().st_size for one in found if one.is_file()
            }
        except OSError as error:
            raise InputRefused(
                f"{folder}: cannot be read ({error.strerror}). Check its permissions."
            ) from None
        self.readable = [only] if only else _ending(self.sizes)

    def read(self, name: str) -> bytes:
        """Bytes of a file."""
        try:
            return (self._folder / name).read_bytes()
        except OSError as error:
            raise InputRefused(f"{name}: cannot be read ({error.strerror}). Check its permissions.") from None


class _Archive:
    """Files of an archive; nothing is unpacked to disk, nor more than an entry says of its size."""

    single = False

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            with zipfile.ZipFile(path) as archive:
                entries = [one for one in archive.infolist() if not one.is_dir()]
        except (OSError, zipfile.BadZipFile, ValueError) as error:
            raise InputRefused(f"{path}: a damaged archive ({error}). Download it again.") from None
        self.sizes = {one.filename: one.file_size for one in entries}
        if len(self.sizes) < len(entries):
            again = next(name for name in self.sizes if sum(one.filename == name for one in entries) > 1)
            raise InputRefused(
                f"{path}: holds {again} more than once, so one of them would be lost. Allowed is each name "
                "once; unpack it and read the folder, or download it again."
            )
        self.readable = _ending(self.sizes)

    def read(self, name: str) -> bytes:
        """Bytes of a file."""
        try:
            with zipfile.ZipFile(self._path) as archive, archive.open(name) as file:
                return file.read(self.sizes[name] + 1)
        except (OSError, RuntimeError, EOFError, ValueError, zipfile.BadZipFile, *PACKED_WRONG) as error:
            raise InputRefused(f"{name}: cannot be unpacked ({error}). Download it again.") from None


def _ending(sizes: dict[str, int]) -> list[str]:
    return sorted(name for name in sizes if name.lower().endswith(SUFFIX))
