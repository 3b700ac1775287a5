"""What ``headwater mix`` costs as a whole, on the reference cases, beside the best alternatives."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.mixing_cases import CASES, Case
from benchmarks.mixing_peer import MISSING, PeerRun, interpreter, run_peer
from benchmarks.mixing_process import Spent, headwater, run

SEEDS = (1, 2, 3, 4, 5)
PEER_CASES = ("wolves", "geese")
SIMMR_RATE = 2783 / 2.341
"""simmr's effective draws of its least known share per CPU second on its own case 1, as recorded with it."""


@dataclass(frozen=True)
class MixRun:
    """One run of the command: what it needed, the least bulk ESS of all written shares, its diagnostics."""

    spent: Spent
    ess: float
    diagnostics: Mapping[str, Any]

    @property
    def rate(self) -> float:
        """Effective draws per CPU second of the whole process."""
        return self.ess / self.spent.cpu_seconds

    @property
    def sampling(self) -> float:
        """CPU seconds of sampling."""
        return float(self.diagnostics["cpu_seconds"]["sampling"])


def run_mix(case: Case, *, seed: int, environment: Mapping[str, str] | None = None) -> MixRun:
    """One run of ``headwater mix --no-report``, 4 × 1000 draws."""
    with tempfile.TemporaryDirectory() as folder:
        command = [headwater(), "mix", *case.arguments(), "--seed", str(seed), "--no-report", "--quiet", "-o"]
        spent = run([*command, folder], environment=environment)
        diagnostics = json.loads((Path(folder) / "diagnostics.json").read_text(encoding="utf-8"))
        with (Path(folder) / "proportions.csv").open(encoding="utf-8", newline="") as file:
            ess = [float(row["ess_bulk"]) for row in csv.DictReader(file)]
    return MixRun(spent, min(ess), diagnostics)


def measure_speed(peers: Mapping[str, PeerRun]) -> dict[str, float]:
    """Rates of all speed cases, warm; then the first run without machine code. Prints as it goes."""
    values: dict[str, float] = {}
    for name in ("wolves", "geese", "killerwhale", "simmr 1"):
        if not CASES[name].there:
            print(f"{name}: its tables are not here, left out")
            continue
        run_mix(CASES[name], seed=99)
        runs = [run_mix(CASES[name], seed=seed) for seed in SEEDS]
        values |= {f"{name}: {key}": value for key, value in _report(name, runs).items()}
        if name in peers:
            values |= {f"{name}: {key}": value for key, value in _beside(peers[name], runs).items()}
    if "simmr 1: rate" in values:
        ratio = values["simmr 1: × simmr's rate"] = values["simmr 1: rate"] / SIMMR_RATE
        print(f"simmr 1: simmr's recorded rate {SIMMR_RATE:.0f}, ours is {ratio:.1f} times that")
    if CASES["wolves"].there:
        with tempfile.TemporaryDirectory() as empty:
            cold = run_mix(CASES["wolves"], seed=1, environment={"NUMBA_CACHE_DIR": empty})
        values["cold: CPU s"], values["cold: ESS"] = cold.spent.cpu_seconds, cold.ess
        values["cold: peak MB"] = cold.spent.peak_mb
        print(
            f"wolves, first run ever: {cold.spent.cpu_seconds:.1f} CPU s to ESS {cold.ess:.0f}, "
            f"peak {cold.spent.peak_mb:.0f} MB"
        )
    return values


def run_peers() -> dict[str, PeerRun]:
    """PyMC + nutpie on the cases with factors; empty where it is not installed."""
    if interpreter() is None:
        print(MISSING)
        return {}
    found = {}
    for name in PEER_CASES:
        if CASES[name].there:
            with tempfile.TemporaryDirectory() as folder:
                found[name] = run_peer(CASES[name].model(), Path(folder), seed=1)
    return found


def _report(name: str, runs: list[MixRun]) -> dict[str, float]:
    rate = np.array([one.rate for one in runs])
    of_sampling = np.array([one.ess / one.sampling for one in runs])
    cpu = np.array([one.spent.cpu_seconds for one in runs])
    values = {
        "rate": float(np.median(rate)),
        "rate of sampling": float(np.median(of_sampling)),
        "CPU s": float(np.median(cpu)),
        "CPU s of sampling": float(np.median([one.sampling for one in runs])),
        "CPU s of loading machine code": float(
            np.median([one.diagnostics["cpu_seconds"]["compile"] for one in runs])
        ),
        "peak MB": max(one.spent.peak_mb for one in runs),
        "seeds with longer chains": sum(bool(one.diagnostics["steps"]) for one in runs),
    }
    print(
        f"{name}: {values['rate']:.0f} effective draws of the least known share per CPU s of the whole "
        f"command ({rate.min():.0f}–{rate.max():.0f}), {values['rate of sampling']:.0f} of sampling; "
        f"{values['CPU s']:.2f} CPU s ({values['CPU s of sampling']:.2f} sampling), "
        f"peak {values['peak MB']:.0f} MB; ESS {', '.join(f'{one.ess:.0f}' for one in runs)}"
    )
    return values


def _beside(peer: PeerRun, runs: list[MixRun]) -> dict[str, float]:
    ours = float(np.median([one.rate for one in runs]))
    whole, sampling = peer.ess / peer.spent.cpu_seconds, peer.ess / peer.sampling_seconds
    print(
        f"  PyMC + nutpie, not marginalised: {whole:.1f} of the whole process, {sampling:.1f} of its "
        f"sampling alone (ESS {peer.ess:.0f}, {peer.spent.cpu_seconds:.0f} CPU s, {peer.divergent} diverged, "
        f"{peer.spent.peak_mb:.0f} MB): ours is {ours / whole:.1f} and {ours / sampling:.1f} times that"
    )
    return {
        "peer: rate": whole,
        "peer: rate of sampling": sampling,
        "× peer": ours / whole,
        "× peer's sampling alone": ours / sampling,
    }
