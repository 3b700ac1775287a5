"""Flags of readings as bits of one whole number, and as words. The vocabulary stands in a data file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class FlagWords:
    """Which bit is which flag.

    Attributes
    ----------
    bits : code → bit, such as "D06" → 9
    meanings : code → what it means
    """

    bits: dict[str, int]
    meanings: dict[str, str]

    def mask(self, codes: Iterable[str]) -> int:
        """Codes as one number; KeyError where one is unknown."""
        return sum(1 << self.bits[code] for code in set(codes))

    def codes(self, mask: int) -> tuple[str, ...]:
        """The number as codes, lowest bit first."""
        return tuple(code for code, bit in self.bits.items() if mask >> bit & 1)

    def text(self, mask: int) -> str:
        """The number as the ISMN prints it: codes with commas between."""
        return ",".join(self.codes(mask))
