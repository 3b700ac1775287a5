"""Science touches no file, clock, process or global random state (docs/reference/structure.md)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "headwater"
SCIENCE = (
    "stats", "samples", "isotopes", "mixing", "stations", "grids", "drivers", "simulate", "study",
)  # fmt: skip
MAY_TOUCH_FILES = ("read", "open", "write")

FILE_MODULES = {"os", "io", "shutil", "tempfile", "glob", "fileinput", "zipfile", "gzip"}
FILE_CALLS = {
    "open", "read_text", "write_text", "read_bytes", "write_bytes", "mkdir", "unlink", "rename", "iterdir",
    "rglob", "is_file", "is_dir", "touch", "read_csv", "read_excel", "read_parquet", "read_json", "to_csv",
    "to_excel", "to_parquet", "to_json", "loadtxt", "genfromtxt", "savetxt", "fromfile", "tofile", "savez",
    "memmap",
}  # fmt: skip
CLOCK_CALLS = {"now", "today", "utcnow", "perf_counter", "process_time", "monotonic"}
CLOCK_MODULES = {"time"}
SAFE_RANDOM = {"Generator", "SeedSequence", "BitGenerator", "default_rng", "PCG64"}


def science_files() -> list[Path]:
    """Modules of the science folders."""
    return sorted(path for folder in SCIENCE for path in (SOURCE / folder).rglob("*.py"))


def breaches(source: str, *, may_touch_files: bool) -> Iterator[tuple[int, str]]:
    """Line and reason of everything in ``source`` that science must not do."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from _imports(node, may_touch_files)
        elif isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in FILE_CALLS and not may_touch_files:
                yield node.lineno, f"{name}() touches files"
            if name in CLOCK_CALLS:
                yield node.lineno, f"{name}() reads the clock"
        elif isinstance(node, ast.Attribute) and _is_global_random(node):
            yield node.lineno, f"np.random.{node.attr} uses the global random state"


def _is_global_random(node: ast.Attribute) -> bool:
    return ast.unparse(node.value) in {"np.random", "numpy.random"} and node.attr not in SAFE_RANDOM


def _imports(node: ast.Import | ast.ImportFrom, may_touch_files: bool) -> Iterator[tuple[int, str]]:
    modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else [name.name for name in node.names]
    for module in modules:
        top = module.split(".")[0]
        if top in FILE_MODULES and not may_touch_files:
            yield node.lineno, f"{module} touches files"
        if top in CLOCK_MODULES:
            yield node.lineno, f"{module} reads the clock"
        if top == "random":
            yield node.lineno, "random has a global state"


def test_science_is_pure() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {reason}"
        for path in science_files()
        for line, reason in breaches(
            path.read_text(encoding="utf-8"), may_touch_files=path.stem.startswith(MAY_TOUCH_FILES)
        )
    ]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "open('a')",
        "path.read_text()",
        "frame.to_csv('a')",
        "import os",
        "from time import perf_counter",
        "datetime.now()",
        "np.random.normal(size=3)",
        "import random",
    ],
)
def test_a_breach_is_seen(source: str) -> None:
    assert list(breaches(source, may_touch_files=False))


def test_what_is_allowed_passes() -> None:
    source = "from pathlib import Path\nrng = np.random.default_rng(1)\nx: Path | None = None\n"
    assert not list(breaches(source, may_touch_files=False))
    assert not list(breaches("open('a')", may_touch_files=True))


def test_no_folder_or_file_has_a_name_that_says_nothing() -> None:
    said_nothing = {"utils", "util", "helpers", "helper", "common", "core", "manager", "misc"}
    named = [path for path in SOURCE.rglob("*") if path.stem in said_nothing]
    assert named == []
