"""Bits of the ISMN's flags as numbers; the vocabulary itself stands in ``data/quality_flags.toml``."""

from __future__ import annotations

from enum import IntFlag


class Flag(IntFlag):
    """Flags of a value; codes and bits as in the data file, which a test compares."""

    G = 1 << 0
    C01 = 1 << 1
    C02 = 1 << 2
    C03 = 1 << 3
    D01 = 1 << 4
    D02 = 1 << 5
    D03 = 1 << 6
    D04 = 1 << 7
    D05 = 1 << 8
    D06 = 1 << 9
    D07 = 1 << 10
    D08 = 1 << 11
    D09 = 1 << 12
    D10 = 1 << 13
    M = 1 << 15
    DRIFT = 1 << 20
    DEPTHS = 1 << 21
