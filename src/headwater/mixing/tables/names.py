"""Match columns, sources and levels by name, across the spellings that programs give to one name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from difflib import get_close_matches

from headwater.errors import InputRefused
from headwater.mixing.tables.cells import TextTable

OXYGEN = frozenset({"d18o", "18o", "o18", "delta18o", "d18ow", "d18ovsmow", "d18opermil", "氧18"})
HYDROGEN = frozenset({"d2h", "2h", "h2", "dd", "delta2h", "deltad", "d2hw", "d2hvsmow", "d2hpermil", "氘"})


def plain(name: str) -> str:
    """Name for comparing: letters and digits only, lower case, δ as d, without the X that R puts first.

    So ``Secchi:Mixed``, ``Secchi.Mixed`` and ``secchi mixed`` are one, and ``δ2H (‰)`` is ``d2h``.
    """
    folded = unicodedata.normalize("NFKC", name).casefold().replace("δ", "d").replace("∂", "d")
    letters = re.sub(r"[\W_]+", "", folded)
    return letters[1:] if re.match(r"x\d", letters) else letters


def find_name(wanted: str, among: Sequence[str]) -> str | None:
    """The one of ``among`` that means ``wanted``: as written, else the only one that is equal when plain."""
    if wanted in among:
        return wanted
    same = {name for name in among if plain(name) == plain(wanted)}
    return same.pop() if len(same) == 1 and plain(wanted) else None


def find_column(table: TextTable, wanted: str, *, what: str, notes: list[str]) -> str:
    """Header of the column that means ``wanted``.

    Raises
    ------
    InputRefused
        There is none; the message lists those that there are.
    """
    found = find_name(wanted, table.headers)
    if found is None:
        raise InputRefused(
            f"{table.file}: no column {wanted!r}, which is needed as {what}; its columns are "
            f"{listed(table.headers)}.{nearest(wanted, table.headers)} Rename the column or name another."
        )
    table.cells(found)
    if found != wanted:
        notes.append(f"{table.file}: column {found!r} is taken for {wanted!r} ({what})")
    return found


def match_names(
    wanted: Sequence[str], given: Sequence[str], *, what: str, place: str, expected: str, notes: list[str]
) -> dict[str, str]:
    """For each of ``wanted`` the one of ``given`` that means it.

    Raises
    ------
    InputRefused
        One of ``wanted`` is not there; the message lists both sides.
    """
    found = {name: find_name(name, given) for name in wanted}
    missing = [name for name, match in found.items() if match is None]
    if missing:
        raise InputRefused(
            f"{place}: no {what} {listed(missing)}; it has {listed(given)}, expected are {expected}: "
            f"{listed(wanted)}.{nearest(missing[0], given)} Add what is missing, or spell names alike."
        )
    matched = {name: match for name, match in found.items() if match is not None}
    if len(set(matched.values())) < len(matched):
        raise InputRefused(
            f"{place}: two {what}s are the same name in other spelling: {listed(wanted)}. Rename one."
        )
    renamed = [f"{match!r} for {name!r}" for name, match in matched.items() if name != match]
    if renamed:
        notes.append(f"{place}: {what} {', '.join(renamed)}")
    return matched


def listed(names: Sequence[str], most: int = 12) -> str:
    """Names in a message, the first of them where there are many."""
    shown = ", ".join(repr(name[:60]) for name in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "") if names else "none"


def nearest(wanted: str, among: Sequence[str]) -> str:
    """A question about a spelling that comes near, or nothing."""
    close = get_close_matches(wanted, [name for name in among[:200] if name], n=1, cutoff=0.6)
    return f" Is {close[0]!r} meant?" if close else ""


def is_oxygen(name: str) -> bool:
    """True for a header that means δ18O."""
    return plain(name) in OXYGEN


def is_hydrogen(name: str) -> bool:
    """True for a header that means δ2H."""
    return plain(name) in HYDROGEN
