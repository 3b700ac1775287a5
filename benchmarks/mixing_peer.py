"""Runs PyMC + nutpie on a mixing model, in its own process and, where asked, its own environment.

``HEADWATER_PEER_PYTHON`` names an interpreter that has both; without it the present one is tried.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.mixing_process import Spent, run
from headwater.mixing.bayes.design import make_design
from headwater.mixing.bayes.model import MixingModel
from headwater.posterior.convergence import convergence

SCRIPT = Path(__file__).resolve().parent / "peers" / "pymc_mixing.py"
MISSING = (
    "PyMC and nutpie are not there: nothing to compare with. Install the extra `oracle` in an environment, "
    "and name its interpreter in HEADWATER_PEER_PYTHON."
)


@dataclass(frozen=True)
class PeerRun:
    """What the peer needed, and what it got.

    Attributes
    ----------
    spent : of the whole process
    compile_seconds, sampling_seconds : of the processor, inside
    shares : name → draws (chains, draws, …)
    """

    spent: Spent
    compile_seconds: float
    sampling_seconds: float
    divergent: int
    shares: dict[str, np.ndarray]

    @property
    def ess(self) -> float:
        """Least bulk ESS over all proportions."""
        flat = [value.reshape(*value.shape[:2], -1) for value in self.shares.values()]
        return float(convergence(np.concatenate(flat, axis=2)).ess_bulk.min())


def interpreter() -> str | None:
    """An interpreter with PyMC and nutpie; None: there is none."""
    python = os.environ.get("HEADWATER_PEER_PYTHON", sys.executable)
    check = [python, "-c", "import importlib.util as u; assert u.find_spec('pymc') and u.find_spec('nutpie')"]
    found = subprocess.run(check, capture_output=True)
    return python if found.returncode == 0 else None


def run_peer(model: MixingModel, folder: Path, *, seed: int, tune: int = 1000, draws: int = 1000) -> PeerRun:
    """The peer's draws from the same posterior, 4 chains."""
    python = interpreter()
    if python is None:
        raise RuntimeError(MISSING)
    problem, out = folder / "problem.json", folder / "peer.npz"
    write_problem(model, problem)
    spent = run([python, str(SCRIPT), str(problem), str(seed), "4", str(tune), str(draws), str(out)])
    with np.load(out) as kept:
        return PeerRun(
            spent,
            float(kept["compile_seconds"]),
            float(kept["sampling_seconds"]),
            int(kept["divergent"]),
            {name: kept[name] for name in kept.files if name.startswith("p_")},
        )


def write_problem(model: MixingModel, path: Path) -> None:
    """Writes the measured numbers of a model as the peer reads them; sources in alphabetical order."""
    sources, mixtures, design = model.sources, model.mixtures, make_design(model)
    order = np.argsort(np.array(sources.names))
    k, j = sources.mean.shape[1:]
    none = np.zeros((k, j))
    concentration = sources.concentration
    content = {
        "values": mixtures.values,
        "block": design.cells.block[design.cells.of],
        "mean": sources.mean[:, order],
        "sd": np.sqrt(np.diagonal(sources.covariance, axis1=2, axis2=3))[:, order],
        "n": sources.n[:, order],
        "discrimination": (none if sources.discrimination is None else sources.discrimination)[order],
        "discrimination_sd": (none if sources.discrimination_sd is None else sources.discrimination_sd)[
            order
        ],
        "concentration": (np.ones((k, j)) if concentration is None else concentration.mean(axis=0)[order]),
        "prior": list(model.prior or np.ones(k)) if not hasattr(model.prior, "sd") else None,
        "error": model.error,
        "factors": [
            {
                "name": term.name,
                "kind": factor.kind,
                "parent": term.parent,
                "levels": len(term.levels),
                "codes": term.codes,
                "parents": term.parents,
            }
            for term, factor in zip(design.terms, model.factors, strict=True)
        ],
    }
    path.write_text(json.dumps(content, default=lambda value: value.tolist()), encoding="utf-8")
