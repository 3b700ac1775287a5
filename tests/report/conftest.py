"""The hand-made study result, for every test of figures and documents."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from headwater.study.result import StudyResult


def _module() -> ModuleType:
    place = Path(__file__).with_name("make_result.py")
    spec = importlib.util.spec_from_file_location("make_result", place)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_result"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def make_result() -> Callable[..., StudyResult]:
    """``make_result(*, simulated, refused, sources, periods, elsewhere)`` of make_result.py."""
    return _module().make_result


@pytest.fixture(scope="session")
def make_empty_result() -> Callable[[], StudyResult]:
    """A study in which nothing could be computed."""
    return _module().make_empty_result
