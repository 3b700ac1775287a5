"""Compiled kernels are kept where the user can write, and never run stale."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numba
import pytest

from headwater import machine_code

SPOKEN = """
from numba import float64, njit

@njit(float64(float64), cache=True)
def twice(x):
    return 2 * x
"""


@pytest.fixture
def fresh(monkeypatch, tmp_path):
    """The module as in a new process, with its cache below tmp_path."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    machine_code.folder.cache_clear()
    yield tmp_path
    machine_code.folder.cache_clear()


def test_folder_lies_below_numba_cache_dir_where_that_is_set(fresh):
    assert machine_code.folder().parent == fresh / "headwater" / "mixing"
    assert machine_code.folder("drivers").parent == fresh / "headwater" / "drivers"
    assert machine_code.folder().is_dir()


@pytest.mark.parametrize(
    ("system", "variables", "expected"),
    [
        ("linux", {"XDG_CACHE_HOME": "/x"}, "/x/headwater/machine_code"),
        ("linux", {"HOME": "/h"}, "/h/.cache/headwater/machine_code"),
        ("darwin", {"HOME": "/h"}, "/h/Library/Caches/headwater/machine_code"),
        ("win32", {"LOCALAPPDATA": "/l"}, "/l/headwater/machine_code"),
    ],
)
def test_folder_follows_the_platform(monkeypatch, system, variables, expected):
    for name in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(machine_code.sys, "platform", system)
    assert machine_code._root().as_posix() == expected


def test_a_place_that_cannot_be_written_falls_back_to_a_temporary_folder(monkeypatch, tmp_path, fresh):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file"))
    path = machine_code.folder()
    assert path.is_dir()
    assert tmp_path not in path.parents


def test_name_of_the_folder_changes_with_any_kernel(monkeypatch, tmp_path):
    (tmp_path / "posterior").mkdir()
    (tmp_path / "mixing").mkdir()
    (tmp_path / "drivers").mkdir()
    for name in ("posterior/signature.py", "posterior/kernel_one.py", "mixing/kernel_two.py"):
        (tmp_path / name).write_text("1")
    monkeypatch.setattr(machine_code, "PACKAGE", tmp_path)
    before = machine_code._fingerprint("mixing")
    (tmp_path / "drivers" / "kernel_map.py").write_text("of another set")
    assert machine_code._fingerprint("mixing") == before
    (tmp_path / "mixing" / "kernel_two.py").write_text("2")
    changed = machine_code._fingerprint("mixing")
    (tmp_path / "posterior" / "kernel_three.py").write_text("")
    assert (
        len({before, changed, machine_code._fingerprint("mixing"), machine_code._fingerprint("drivers")}) == 4
    )


def test_kernels_call_only_kernels_of_their_own_set():
    """Else a change of the callee would leave stale machine code."""
    kernels = sorted(machine_code.PACKAGE.rglob("kernel_*.py"))
    assert {"kernel_trajectory.py", "kernel_nuts.py", "kernel_density.py"} <= {path.name for path in kernels}
    strangers = []
    for path in kernels:
        own = machine_code.set_of(".".join(("headwater", *path.relative_to(machine_code.PACKAGE).parts)))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            modules = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            strangers += [
                (path.name, name)
                for name in modules
                if name.startswith("headwater.") and machine_code.set_of(name) != own
            ]
    assert strangers == []


def test_folders_of_former_kernels_are_removed_but_for_the_latest(fresh):
    for number in range(8):
        old = fresh / "headwater" / "mixing" / f"old{number}"
        old.mkdir(parents=True)
        os.utime(old, (number, number))
    current = machine_code.folder()
    left = {path.name for path in current.parent.iterdir()} - {current.name}
    assert left == {f"old{number}" for number in range(8 - machine_code.KEPT_FOLDERS, 8)}


def test_setting_of_numba_is_changed_within_only(fresh):
    before = numba.config.CACHE_DIR
    with machine_code.cached() as folder:
        assert str(folder) == numba.config.CACHE_DIR
    assert before == numba.config.CACHE_DIR


def test_loading_speaks_only_where_machine_code_is_made(fresh, monkeypatch, tmp_path):
    (tmp_path / "kernel_spoken.py").write_text(SPOKEN)
    monkeypatch.syspath_prepend(tmp_path)
    told = []
    assert not machine_code.is_warm(["kernel_spoken"])
    (module,) = machine_code.load(["kernel_spoken"], progress=lambda *step: told.append(step))
    assert module.twice(2.0) == 4.0
    assert told == [(machine_code.STEP, 0, 1), (machine_code.STEP, 1, 1)]
    del sys.modules["kernel_spoken"]
    assert machine_code.is_warm(["kernel_spoken"])
    (module,) = machine_code.load(["kernel_spoken"], progress=lambda *step: told.append(step))
    assert len(told) == 2
    assert sum(module.twice.stats.cache_hits.values()) == 1
    del sys.modules["kernel_spoken"]


def test_threads_wait_for_a_kernel_that_another_is_importing(fresh, monkeypatch, tmp_path):
    (tmp_path / "kernel_slow_to_import.py").write_text("import time\ntime.sleep(0.2)\nready = True\n")
    monkeypatch.syspath_prepend(tmp_path)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: machine_code.load(("kernel_slow_to_import",))[0].ready, range(4)))
    sys.modules.pop("kernel_slow_to_import")
    assert found == [True] * 4


def test_importing_the_package_does_not_import_numba():
    code = "import headwater.posterior, headwater.posterior.chains, sys; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parent).returncode == 0
