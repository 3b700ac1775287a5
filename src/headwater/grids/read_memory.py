"""How much memory this process takes."""

from __future__ import annotations

import ctypes
import os
from functools import cache
from pathlib import Path
from typing import Any

UNKNOWN = 256 * 2**20
"""Assumed where the system does not tell."""


def memory_in_use() -> int:
    """Resident memory of this process, bytes, after freed memory went back to the system.

    The C library keeps freed memory at hand, 100 MiB after looking through two grids of 32 MB; given back, it
    counts neither here nor in the cap that a user sets.
    """
    give_back()
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return UNKNOWN
    return pages * os.sysconf("SC_PAGE_SIZE")


def most_memory() -> int | None:
    """Most resident memory that this process ever took, bytes; None where the system does not tell."""
    try:
        status = Path("/proc/self/status").read_text()
        return 1024 * int(status.split("VmHWM:")[1].split()[0])
    except (OSError, ValueError, IndexError):
        return None


def give_back() -> None:
    """Gives freed memory back to the system, where the C library can (glibc)."""
    trim = _trim()
    if trim is not None:
        trim(0)


@cache
def _trim() -> Any:
    try:
        return ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError, TypeError):
        return None
