"""Names of kinds, vegetation and aspect as users write them → canonical classes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

NO_TEXT = frozenset(
    {"", "nan", "na", "n/a", "#n/a", "null", "none", "-", "--", "/", "\\", "—", "...", "…", "<na>"}
)


def plain_name(text: str) -> str:
    """Name for comparing: NFKC, lower case, blanks, ``_`` and ``-`` as one blank, no blanks at the ends."""
    return re.sub(r"[\s_\-‐‑–—]+", " ", unicodedata.normalize("NFKC", text).lower()).strip()


def kind_of(text: str, known: Mapping[str, str]) -> str | None:
    """Canonical kind of a name, None where the name is not known."""
    plain = plain_name(text)
    return known.get(plain) or known.get(plain.removesuffix(" samples").removesuffix(" sample"))


def aspect_of(text: str, known: Mapping[str, str]) -> str | None:
    """Aspect class of a name or of degrees, None where neither is recognised."""
    plain = plain_name(text)
    if plain in known:
        return known[plain]
    number = re.fullmatch(r"(\d{1,3}(?:\.\d{0,6})?)\s*(?:°|deg|degrees)?", plain)
    if number and float(number[1]) <= 360:
        return "NESW"[int(((float(number[1]) + 45) % 360) // 90)]
    return None
