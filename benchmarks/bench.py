"""Runs the benchmarks of this folder: ``./run bench [name…]``, with ``--save`` also keeps the numbers.

A benchmark is a file with ``main()``. It prints what it measures and may return the numbers as a mapping;
``SEED`` beside it is kept with them.
Each one runs in a process of its own, so that CPU time and peak memory are its own.
"""

from __future__ import annotations

import argparse
import importlib
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent))


def names() -> list[str]:
    """Names of all benchmarks; other files here are parts of them."""
    files = [path for path in FOLDER.glob("*.py") if path.stem != "bench"]
    return sorted(path.stem for path in files if "\ndef main(" in path.read_text(encoding="utf-8"))


def run_one(name: str, results: Path | None) -> None:
    """Runs ``main()`` of one benchmark in this process."""
    from benchmarks.record import save

    print(f"== {name}", flush=True)
    benchmark = importlib.import_module(
        f"benchmarks.{name}"
    )  # by name, for functions sent to other processes
    values = benchmark.main()
    if results is not None and isinstance(values, Mapping):
        save(results, f"bench_{name}", values, seed=getattr(benchmark, "SEED", None))


def main() -> int:
    """0 if every benchmark ran."""
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="*", help=f"one of: {', '.join(names())} (default: all)")
    parser.add_argument("--save", action="store_true", help="keep the numbers in benchmarks/results")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if unknown := sorted(set(options.name) - set(names())):
        parser.error(f"no benchmark {', '.join(unknown)}; there are: {', '.join(names())}")
    results = Path(os.environ.get("HEADWATER_RESULTS", FOLDER / "results")) if options.save else None
    if options.here:
        run_one(options.name[0], results)
        return 0
    save = ["--save"] if options.save else []
    codes = [
        subprocess.run([sys.executable, __file__, "--here", *save, name]).returncode
        for name in options.name or names()
    ]
    return int(any(codes))


if __name__ == "__main__":
    sys.exit(main())
