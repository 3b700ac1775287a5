"""The package as a whole: cheap to import, one version, import contracts, no trace of a machine."""

from __future__ import annotations

import re
import resource
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import headwater

ROOT = Path(__file__).resolve().parent.parent
HEAVY = ("numpy", "pandas", "scipy", "matplotlib", "pyarrow", "jinja2")
HELP = (
    "from headwater.cli import main\nsys.argv = ['headwater', '--help']\ntry: main()\nexcept SystemExit: pass"
)


PLAIN_HELP = "import cyclopts, rich.console, rich.markdown, rich.table"
"""What any command line on the same libraries loads to show its help."""


def processor_seconds(*codes: str, repeats: int = 5) -> list[float]:
    """Least processor time of whole Python processes that run each of ``codes``, taken in turns."""

    def one(code: str) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return [
        min(times) for times in zip(*([one(code) for code in codes] for _ in range(repeats)), strict=True)
    ]


@pytest.mark.parametrize("code", ["import headwater", HELP], ids=["import", "help"])
def test_nothing_heavy_is_loaded(code: str) -> None:
    program = f"import sys\n{code}\nprint('loaded', [m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "loaded []"


def test_import_costs_no_more_than_an_empty_interpreter_does_again() -> None:
    ours, empty = processor_seconds("import headwater", "pass")
    assert ours < 2.0 * empty


def test_help_costs_little_more_than_the_libraries_that_show_it() -> None:
    ours, plain = processor_seconds(f"import sys\n{HELP}", PLAIN_HELP)
    assert ours < 2.5 * plain  # 1.6 to 1.8 measured


def test_version_is_the_same_everywhere() -> None:
    command = [sys.executable, "-c", "import sys\nfrom headwater.cli import main\nmain()", "--version"]
    printed = subprocess.run(command, capture_output=True, text=True)
    assert printed.stdout.strip().split()[-1] == headwater.__version__
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f'\nversion: "{headwater.__version__}"\n' in citation


def test_import_contracts_hold() -> None:
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command as c; c()",
        "--no-cache",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def tracked_files() -> list[Path]:
    """Text files of the project, as git knows them."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_no_file_names_a_machine() -> None:
    # Written so that this file does not match itself.
    place = re.compile("(?<![A-Za-z0-9_.])/(?:" + "|".join(["work", "home", "root", "Users"]) + ")/[a-z]")
    named = []
    for path in tracked_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        named += [f"{path.relative_to(ROOT)}: {found.group()}" for found in place.finditer(text)]
    assert named == []


def test_dependencies_have_no_upper_caps() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [need for needs in project["optional-dependencies"].values() for need in needs]
    assert [need for need in project["dependencies"] + extras if re.search("<|==|~=", need)] == []


@pytest.mark.slow
def test_wheel_holds_the_data_files(tmp_path: Path) -> None:
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--wheel-dir",
        str(tmp_path),
        str(ROOT),
    ]
    subprocess.run(build, check=True)
    (wheel,) = tmp_path.glob("headwater-*.whl")
    inside = set(zipfile.ZipFile(wheel).namelist())
    source = ROOT / "src"
    wanted = {
        path.relative_to(source).as_posix()
        for path in (source / "headwater").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert wanted <= inside
    suffixes = {Path(name).suffix for name in inside}
    assert {".py", ".toml"} <= suffixes
    assert any(name.endswith("LICENSE") for name in inside)
