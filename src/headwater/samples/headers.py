"""Which header is which canonical column, and in what unit."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from headwater.samples.options import IGNORE, ReadOptions

BRACKET = re.compile(r"^(.*?)\s*[(\[【]([^()\[\]【】]{0,40})[)\]】]\s*$", re.DOTALL)
SCALE_WORDS = re.compile(r"v-?smow2?|smow|slap|\bvs\b|\bversus\b")
XY = {"x": "longitude", "y": "latitude"}


@dataclass(frozen=True)
class Unit:
    """Value past the reader = ``factor`` × value found + ``offset``."""

    name: str
    factor: float
    offset: float


@dataclass(frozen=True)
class ColumnNames:
    """Names of one canonical column.

    ``names`` maps a plain name to its rank (lower wins), ``suffixed`` a plain name with a unit at its end to
    that unit, ``exact`` a header of an instrument to its unit.
    """

    column: str
    dimension: str
    default_unit: str
    exact: Mapping[str, str]
    names: Mapping[str, int]
    suffixed: Mapping[str, str]
    beside: tuple[str, ...]


@dataclass(frozen=True)
class Claim:
    """A header that was recognised: its position, canonical column, unit as declared, and rank."""

    position: int
    header: str
    column: str
    unit: str | None
    rank: tuple[int, int]


@dataclass(frozen=True)
class HeaderMatch:
    """Winner of every canonical column, the losers, and headers X, Y that were not declared."""

    claims: Mapping[str, Claim]
    losers: tuple[Claim, ...]
    refused_xy: tuple[str, ...]


def plain_header(text: str) -> str:
    """Header for comparing: NFKC, lower case, Greek delta as d, without blanks, ``_ - . ^`` and quotes."""
    folded = unicodedata.normalize("NFKC", text).replace("\u200b", "").replace("\ufeff", "").lower()
    folded = folded.replace("δ", "d").replace("∂", "d").replace("𝛿", "d")
    return re.sub(r"[\s_\-.^'\"*:‐‑–—−]", "", folded)


def plain_unit(text: str) -> str:
    """Unit for comparing: NFKC, lower case, without blanks and without the name of the reference water."""
    folded = unicodedata.normalize("NFKC", text).lower().replace("⁻", "-").replace("−", "-").replace("º", "°")
    return re.sub(r"[\s,_;:]", "", SCALE_WORDS.sub("", folded))


def split_unit(header: str) -> tuple[str, str | None]:
    """Header without its trailing bracket or ``/unit``, and that unit (None where there is none)."""
    text = unicodedata.normalize("NFKC", header).strip()
    found = BRACKET.match(text[:200])
    if found and found[1].strip():
        return found[1], plain_unit(found[2]) or None
    name, slash, unit = text.rpartition("/")
    if slash and name and len(unit) <= 12 and not unit.isdigit():
        return name, plain_unit(unit) or None
    return text, None


def match_headers(
    headers: Sequence[str],
    vocabulary: Sequence[ColumnNames],
    units: Mapping[str, Mapping[str, Unit]],
    options: ReadOptions,
) -> HeaderMatch:
    """Canonical columns of a table.

    They are found in this order: user's mapping, instrument headers, names, names with a unit at their end,
    and last the one-letter names that need a column of oxygen-18 beside them.
    """
    by_user = {plain_header(raw): target for raw, target in options.columns.items()}
    claims: list[Claim] = []
    xy: list[str] = []
    for position, header in enumerate(headers):
        claim = _claim(position, header, vocabulary, units, by_user)
        if claim is not None:
            claims.append(claim)
        elif plain_header(split_unit(header)[0]) in XY:
            if options.xy == "lonlat":
                column = XY[plain_header(split_unit(header)[0])]
                claims.append(Claim(position, header, column, split_unit(header)[1], (2, 0)))
            else:
                xy.append(header)
    claims += _beside_oxygen(headers, vocabulary, claims)
    winners: dict[str, Claim] = {}
    losers: list[Claim] = []
    for claim in sorted(claims, key=lambda one: (one.rank, one.position)):
        if claim.column == IGNORE:
            continue
        if claim.column in winners:
            losers.append(claim)
        else:
            winners[claim.column] = claim
    return HeaderMatch(winners, tuple(losers), tuple(xy))


def _claim(
    position: int,
    header: str,
    vocabulary: Sequence[ColumnNames],
    units: Mapping[str, Mapping[str, Unit]],
    by_user: Mapping[str, str],
) -> Claim | None:
    whole = header.strip()
    name, unit = split_unit(header)
    if by_user:
        target = by_user.get(plain_header(header)) or by_user.get(plain_header(name))
        if target is not None:
            return Claim(
                position, header, target, unit or _last_word_unit(name, target, vocabulary, units), (0, 0)
            )
    for known in vocabulary:
        if whole in known.exact:
            return Claim(position, header, known.column, known.exact[whole], (1, 0))
    for plain, declared in ((plain_header(name), unit), (plain_header(header), None)):
        for known in vocabulary:
            if plain in known.names:
                return Claim(position, header, known.column, declared, (2, known.names[plain]))
    for known in vocabulary:
        for plain in (plain_header(name), plain_header(header)):
            if plain in known.suffixed:
                return Claim(position, header, known.column, known.suffixed[plain], (3, 0))
    return None


def _last_word_unit(
    name: str, column: str, vocabulary: Sequence[ColumnNames], units: Mapping[str, Mapping[str, Unit]]
) -> str | None:
    """Unit in the last word of a header that the user mapped, like ``zmax_cm``; None where it is no unit."""
    word = plain_unit(re.split(r"[\s_.\-]+", name.strip())[-1])
    known = next((one for one in vocabulary if one.column == column), None)
    return word if known is not None and known.dimension and word in units[known.dimension] else None


def _beside_oxygen(
    headers: Sequence[str], vocabulary: Sequence[ColumnNames], claims: Sequence[Claim]
) -> list[Claim]:
    if not any(claim.column == "d18O" for claim in claims):
        return []
    taken = {claim.position for claim in claims}
    found = []
    for position, header in enumerate(headers):
        name, unit = split_unit(header)
        for known in vocabulary:
            if position not in taken and name.strip() in known.beside:
                found.append(Claim(position, header, known.column, unit, (4, 0)))
                taken.add(position)
    return found
