"""Seconds of the processor and peak memory of another process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Spent:
    """CPU time of a process with its threads, and its peak resident memory."""

    cpu_seconds: float
    peak_mb: float
    code: int
    stderr: str


def run(command: Sequence[str], *, environment: Mapping[str, str] | None = None, check: bool = True) -> Spent:
    """What the command needed.

    Raises
    ------
    RuntimeError
        with the end of its messages, where it fails and ``check`` is set.
    """
    process = subprocess.Popen(
        list(command),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, **(environment or {})},
        text=True,
        errors="replace",
    )
    assert process.stderr is not None
    messages = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if check and process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {messages[-2000:]}")
    peak = usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    return Spent(usage.ru_utime + usage.ru_stime, peak, process.returncode, messages)


def headwater() -> str:
    """The ``headwater`` command of this environment."""
    return str(Path(sys.executable).with_name("headwater"))
