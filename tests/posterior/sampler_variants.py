"""The compiled transition, as it is or with a bug planted, applied once or more to many exact draws."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np

from headwater import machine_code
from headwater.posterior import kernel_trajectory

APPENDED = '''

from numba import from_dtype, types, void
from headwater.posterior.kernel_nuts import CHAIN
from headwater.posterior.signature import DENSITY_TYPE, INTS, VECTOR

_MATRIX, _CUBE = types.float64[:, ::1], types.float64[:, :, ::1]


@njit(
    void(DENSITY_TYPE, VECTOR, INTS, types.uint64[::1], from_dtype(CHAIN)[::1], _MATRIX, _MATRIX,
         _MATRIX, types.Tuple([_CUBE, _CUBE, _MATRIX]), types.int64, types.int64),
    nogil=True, error_model="numpy", cache=True,
)
def replicate(density, floats, ints, random, chains, points, scale, root, room, transitions, deepest):
    """Moves every row of ``points`` by so many transitions, each row a chain of its own."""
    chain = chains[0]
    vectors = np.zeros((2, points.shape[1]))
    for row in range(points.shape[0]):
        copy(points[row], vectors[POSITION])
        chain.log_density = density(vectors[POSITION], vectors[GRADIENT], floats, ints)
        for _ in range(transitions):
            transition(density, floats, ints, random, chain, vectors, scale, root, room, deepest)
        copy(vectors[POSITION], points[row])
'''


@dataclass(frozen=True)
class Bug:
    """A change of the source of the sampler: ``right`` becomes ``wrong``, once."""

    right: str
    wrong: str


@cache
def kernel(bug: Bug | None = None) -> ModuleType:
    """The module of the transition with ``replicate``, compiled."""
    return changed(kernel_trajectory, *([] if bug is None else [bug]), appended=APPENDED)


def changed(module: ModuleType, *changes: Bug, appended: str = "") -> ModuleType:
    """A kernel module with changes in its source, compiled; kept with the other machine code."""
    source = Path(str(module.__file__)).read_text(encoding="utf-8")
    for change in changes:
        assert source.count(change.right) == 1, f"not once in the source: {change.right}"
        source = source.replace(change.right, change.wrong)
    source += appended
    name = f"kernel_variant_{hashlib.sha256(source.encode()).hexdigest()[:16]}"
    path = machine_code.folder() / f"{name}.py"
    path.write_text(source, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    other = importlib.util.module_from_spec(spec)
    sys.modules[name] = other
    with machine_code.cached():
        spec.loader.exec_module(other)
    return other


def moved(density, floats, points, scale, *, step, transitions=1, deepest=8, seed=1, bug=None) -> np.ndarray:
    """The points after so many transitions with this step size and metric, (1, d) or (d, d)."""
    module = kernel(bug)
    points = np.array(points, dtype=np.float64)
    d = points.shape[1]
    scale = np.array(scale, dtype=np.float64)
    root = np.sqrt(scale) if len(scale) == 1 < d else np.linalg.cholesky(scale)
    chain = np.zeros(1, dtype=module.CHAIN)
    chain["step"] = step
    room = (np.zeros((2, 5, d)), np.zeros((deepest + 2, 5, d)), np.zeros((2, d)))
    random = np.random.SeedSequence(seed).generate_state(4, np.uint64)
    module.replicate(
        density, np.asarray(floats, dtype=np.float64), np.zeros(1, dtype=np.int64),
        random, chain, points, scale, np.ascontiguousarray(root), room, transitions, deepest,
    )  # fmt: skip
    return points
