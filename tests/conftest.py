"""Fixtures for all tests."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from benchmarks.record import save

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of reference data that is not part of the project; tests that need it skip without it."""
    folder = Path(os.environ.get("HEADWATER_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"reference data not found at {folder} (set HEADWATER_SHARED)")
    return folder


@pytest.fixture
def record() -> Callable[..., None]:
    """``record(name, values, seed=…)``: prints numbers; ``./run long`` keeps them in benchmarks/results."""

    def record_values(name: str, values: Mapping[str, object], *, seed: int | str | None = None) -> None:
        print(name, dict(values))
        if folder := os.environ.get("HEADWATER_RESULTS"):
            save(Path(folder), name, values, seed=seed)

    return record_values


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """``./run long`` keeps the outcome of every test marked ``long``, besides what it records itself."""
    folder = os.environ.get("HEADWATER_RESULTS")
    in_worker = "PYTEST_XDIST_WORKER" in os.environ
    if folder and not in_worker and report.when == "call" and "long" in report.keywords:
        name = report.nodeid.rpartition("::")[2].replace("[", "_").rstrip("]")
        values = {"outcome": report.outcome, "seconds": round(report.duration, 1)}
        save(Path(folder), name, values, seed=os.environ.get("HEADWATER_SEED"))
