"""Where compiled kernels are kept, and the one way to import them.

A kernel is a function compiled by numba in a module named ``kernel_*.py``. Its machine code is kept in a
folder of the user, named after a hash of the sources of all kernels that it may call: numba looks at the file
of a function but not at the files of the functions that it calls, and a stale callee would give wrong numbers
in silence. A kernel calls kernels of its own set only: mixing and its sampler are one, every other folder of
the package is one of its own, so that a change of one set does not compile the others anew.

Imports nothing of headwater but the errors.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import platform
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

from headwater.errors import SettingsRefused

PACKAGE = Path(__file__).resolve().parent
MIXING = "mixing"
SET_OF = {"posterior": MIXING}
"""Folder of the package → set of kernels, where that is not the folder itself."""
Progress = Callable[[str, int, int], None]
STEP = "making machine code"
_LOADING = threading.RLock()
KEPT_FOLDERS = 4
"""Older versions' folders that stay, so that two installations do not take turns in compiling."""


def load(modules: Sequence[str], *, progress: Progress | None = None) -> tuple[ModuleType, ...]:
    """Kernel modules by their dotted names, imported in this order, compiled where they were not yet.

    ``progress`` is called only where machine code has to be made, with (what, modules done, modules in all).
    """
    say = progress if progress is not None and not is_warm(modules) else None
    loaded = []
    for done, name in enumerate(modules):
        if say:
            say(STEP, done, len(modules))
        loaded.append(_load_one(name))
    if say:
        say(STEP, len(modules), len(modules))
    return tuple(loaded)


def load_timed(
    modules: Sequence[str], *, progress: Progress | None = None
) -> tuple[tuple[ModuleType, ...], float]:
    """The modules, and the processor's seconds that it took to import or compile them."""
    before = time.process_time()
    loaded = load(modules, progress=progress)
    return loaded, time.process_time() - before


def cores(asked: int = 0) -> int:
    """Chains or groups that run at a time; 0 asks for as many as there are cores."""
    return asked or os.cpu_count() or 1


def is_warm(modules: Sequence[str]) -> bool:
    """True where importing these modules compiles nothing."""
    return all(name in sys.modules or _mark(name).is_file() for name in modules)


def set_of(module: str) -> str:
    """Set of kernels to which a module belongs, by its dotted name; one from elsewhere calls the sampler."""
    parts = module.split(".")
    return SET_OF.get(parts[1], parts[1]) if parts[0] == "headwater" and len(parts) > 1 else MIXING


@contextmanager
def cached(kernels: str = MIXING) -> Iterator[Path]:
    """Context in which kernels are imported: their machine code goes to, and comes from, the folder given.

    Changes numba's setting only within, so that other packages keep theirs.

    Raises
    ------
    SettingsRefused
        numba is not installed.
    """
    try:
        import numba
    except ImportError:
        raise SettingsRefused(
            "This needs numba, which is not installed. Install it: pip install numba, or headwater with the "
            "extra of the task (bayes, grids or stations)."
        ) from None

    config: Any = numba.config
    before = config.CACHE_DIR
    config.CACHE_DIR = str(folder(kernels))
    try:
        yield folder(kernels)
    finally:
        config.CACHE_DIR = before


@cache
def folder(kernels: str = MIXING) -> Path:
    """Folder of the machine code of a set of kernels as they are now; made where it is missing.

    Below ``NUMBA_CACHE_DIR`` where that is set, else in the cache folder of the user; where neither can be
    written, in a temporary folder that goes with the process.
    """
    try:
        path = _root() / kernels / _fingerprint(kernels)
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            os.utime(path)
    except (OSError, RuntimeError):
        path = Path(tempfile.mkdtemp(prefix="headwater-"))
        atexit.register(shutil.rmtree, path, ignore_errors=True)
    else:
        _remove_old(path)
    return path


def _load_one(name: str) -> ModuleType:
    """One at a time: a thread must not see what another has half imported, nor change its folder."""
    with _LOADING:
        if name in sys.modules:
            return sys.modules[name]
        with cached(set_of(name)):
            module = import_module(name)
        _mark(name).touch()
        return module


def _mark(name: str) -> Path:
    return folder(set_of(name)) / f"{name}.ready"


def _root() -> Path:
    """Cache folder of the user by the rules of the platform."""
    if given := os.environ.get("NUMBA_CACHE_DIR"):
        return Path(given) / "headwater"
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "headwater" / "machine_code"


def _fingerprint(kernels: str) -> str:
    """Hash over the sources of a set of kernels and over what compiles them."""
    digest = hashlib.sha256()
    for path in sorted([*PACKAGE.rglob("kernel_*.py"), *PACKAGE.glob("posterior/signature.py")]):
        place = path.relative_to(PACKAGE)
        if SET_OF.get(place.parts[0], place.parts[0]) == kernels:
            digest.update(place.as_posix().encode())
            digest.update(path.read_bytes())
    digest.update(f"{version('numba')} {platform.python_version()} {platform.machine()}".encode())
    return digest.hexdigest()[:16]


def _remove_old(current: Path) -> None:
    """Removes the folders of former kernels, but for the latest few; another process may do the same."""
    with suppress(OSError):
        others = [path for path in current.parent.iterdir() if path.is_dir() and path != current]
        others.sort(key=lambda path: path.stat().st_mtime, reverse=True)
        for path in others[KEPT_FOLDERS:]:
            shutil.rmtree(path, ignore_errors=True)
