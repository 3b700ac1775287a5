"""Keeps a measured number with what is needed to believe it: commit, seed, machine class, versions."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("numpy", "scipy", "pandas", "pyarrow")


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(ROOT), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def commit() -> str:
    """Commit of the working tree, with ``+changes`` where tracked files differ from it."""
    try:
        name = _git("rev-parse", "HEAD")
        changed = _git(
            "status", "--porcelain", "--untracked-files=no", "--", "src", "tests", "benchmarks/*.py"
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return name + ("+changes" if changed else "")


def machine_class() -> str:
    """Kind of machine, without anything that names it: cores, memory, architecture, system."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    try:
        memory = f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"
    except (ValueError, OSError, AttributeError):
        memory = "unknown memory"
    return f"{cores} cores, {memory}, {platform.machine()}, {platform.system()}"


def provenance(seed: int | str | None) -> dict[str, object]:
    """Everything that is stored beside a number."""
    return {
        "commit": commit(),
        "date": datetime.now(UTC).date().isoformat(),
        "seed": seed,
        "machine": machine_class(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }


def save(folder: Path, name: str, values: Mapping[str, object], *, seed: int | str | None = None) -> Path:
    """Path of ``folder/name.json``, written with the values and their provenance."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    content = {"name": name, "values": dict(values), **provenance(seed)}
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False, default=float) + "\n", encoding="utf-8")
    return path
