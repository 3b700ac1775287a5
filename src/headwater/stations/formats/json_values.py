"""JSON from devices and networks, read with bounds: hostile input is refused, never a surprise."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from headwater.stations.formats.cells import parse_time

MOST_BYTES = 256 * 1024
MOST_DEEP = 32
MOST_FIELDS = 1000
"""Values of one message that are looked at."""
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)


class JsonRefused(Exception):
    """Bytes that are no JSON that can be used; caught by the formats. ``reason`` is a word of ``Reason``."""

    def __init__(self, reason: str, found: str) -> None:
        super().__init__(found)
        self.reason = reason


def load_json(payload: bytes, *, most_bytes: int = MOST_BYTES) -> Any:
    """The value that the bytes state. NaN and Infinity are no JSON; a key that comes twice is refused.

    Raises
    ------
    JsonRefused
        too_large, too_deep, not_json, duplicate_key
    """
    if len(payload) > most_bytes:
        raise JsonRefused("too_large", f"{len(payload)} bytes, at most {most_bytes}")
    if payload.count(b"[") + payload.count(b"{") > MOST_DEEP and _depth(payload) > MOST_DEEP:
        raise JsonRefused("too_deep", f"more than {MOST_DEEP} levels")
    try:
        return _DECODER.decode(payload.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise JsonRefused("not_json", str(error)) from None


def _depth(payload: bytes) -> int:
    """Levels of brackets, those within strings apart."""
    deep = most = 0
    for sign in _STRING.sub(b"", payload):
        if sign in b"[{":
            deep += 1
            most = max(most, deep)
        elif sign in b"]}":
            deep -= 1
    return most


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _ in pairs]
        raise JsonRefused("duplicate_key", next(key for key in keys if keys.count(key) > 1))
    return made


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant)


def inner(value: Any, *keys: str) -> dict[str, Any]:
    """The object under these keys; empty where there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def text_of(value: Any) -> str:
    """A text; empty where it is none."""
    return value if isinstance(value, str) else ""


def whole(value: Any) -> int | None:
    """A whole number from 0 to 2⁶³ − 1; 0 where it is absent, as protobuf omits it; None: something else."""
    if value is None:
        return 0
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
        value = int(value)
    return value if type(value) is int and 0 <= value < 2**63 else None


def number(value: Any) -> float | None:
    """A finite number that is no boolean; None: something else."""
    return float(value) if type(value) in (int, float) and abs(value) < 1e15 else None


def instant(value: Any) -> int | None:
    """Microseconds since 1970 in UTC of a text with its zone; None: something else."""
    found = parse_time(value) if isinstance(value, str) else None
    return found[0] if found and found[1] else None


def leaves(fields: dict[str, Any], before: str = "", deep: int = 0) -> Iterator[tuple[str, Any]]:
    """Values by their path: {"a": {"b": 1}, "c": [2]} gives ("a.b", 1), ("c.0", 2)."""
    for key, value in fields.items():
        if isinstance(value, list):
            value = {str(at): one for at, one in enumerate(value)}
        if isinstance(value, dict):
            yield from leaves(value, f"{before}{key}.", deep + 1)
        else:
            yield before + key, value
