"""Text tables before anyone knows what they mean: encoding, damage, records. Standard library only."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from headwater.errors import InputRefused, SettingsRefused

SEPARATORS = ",;\t|"
BLOCK = 1 << 20
SAMPLE = 1 << 18
MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
         (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")


def find_encoding(path: Path, name: str, asked: str | None) -> str:
    """Encoding of a text file: as asked, else by its mark, else UTF-8, GB18030, Windows-1252 or Latin-1.

    UTF-8 and GB18030 must decode the whole file. Western text can decode as GB18030 by chance: it is taken
    for that only where most of its two-byte characters lie in GB 2312, as Chinese text does.
    """
    if asked is not None:
        try:
            return codecs.lookup(asked).name
        except LookupError:
            raise SettingsRefused(
                f"encoding {asked!r} is not known; allowed are names like utf-8, gb18030, latin-1."
            ) from None
    with path.open("rb") as stream:
        start = stream.read(BLOCK)
    if not start.strip():
        raise InputRefused(f"{name}: the file is empty. A table with a header row is expected.")
    for mark, encoding in MARKS:
        if start.startswith(mark):
            return encoding
    if _decodes(path, "utf-8"):
        return "utf-8"
    if _decodes(path, "gb18030") and _looks_chinese(start):
        return "gb18030"
    return "cp1252" if _decodes(path, "cp1252") else "latin-1"


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as stream:
            while block := stream.read(BLOCK):
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def _looks_chinese(start: bytes) -> bool:
    foreign = [sign for sign in start.decode("gb18030", "ignore") if ord(sign) > 127]
    common = sum(_in_gb2312(sign) for sign in foreign)
    return common * 2 >= len(foreign)


def _in_gb2312(sign: str) -> bool:
    try:
        return bool(sign.encode("gb2312"))
    except UnicodeError:
        return False


def refuse_binary(sample: str, name: str) -> None:
    if not sample.strip():
        raise InputRefused(f"{name}: the file is empty. A table with a header row is expected.")
    if len(CONTROL.findall(sample)) > max(3, len(sample) // 100):
        raise InputRefused(
            f"{name}: not a text table (it holds control characters). CSV, Excel or Parquet is expected."
        )


@contextmanager
def refuse_damage(name: str, encoding: str) -> Iterator[None]:
    """Text that cannot be decoded or split into cells is refused by the name of its file.

    Raises
    ------
    InputRefused
    """
    try:
        yield
    except UnicodeError as error:
        raise InputRefused(
            f"{name}: bytes that are not {encoding} ({error}). Give the encoding of the file."
        ) from None
    except csv.Error as error:
        raise InputRefused(
            f"{name}: not a table that can be split into cells ({error}); a quotation mark may be unclosed."
        ) from None


def records(
    stream: io.TextIOBase, separator: str, name: str, spans: list[tuple[int, int]]
) -> Iterator[list[str]]:
    """Records of the file; ``spans`` collects (row, lines) of records over several lines.

    Raises
    ------
    InputRefused
        A quotation mark stays open to the end of the file.
    """
    lines: list[str] = []
    reader = csv.reader(_remember(stream, lines), delimiter=separator)
    tail = ""
    number = 0
    for cells in reader:
        number += 1
        tail = ""
        if len(lines) > 1:
            tail = "".join(lines)
            spans.append((number, len(lines)))
        lines.clear()
        yield cells
    if tail.count('"') % 2:
        raise InputRefused(
            f"{name}, row {number}: a quotation mark opens here and never closes. Close or remove it."
        )


def _remember(stream: io.TextIOBase, lines: list[str]) -> Iterator[str]:
    for line in stream:
        lines.append(line)
        yield line
