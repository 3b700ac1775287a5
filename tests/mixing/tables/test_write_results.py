"""Tables of a fit: complete or not there, and no shares that cannot be trusted."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from headwater.errors import InputRefused
from headwater.mixing.tables.write_results import prepare_folder, write_results

SHARES = [
    {"factor": "", "level": "", "source": "Deer, old", "mean": 0.123456789012, "rhat": math.nan},
    {"factor": "Region", "level": "北", "source": "Salmon", "mean": np.float64(0.5), "rhat": 1.001},
]
PARAMETERS = [{"name": "xi[d13C]", "mean": 1.5}]


def test_tables_are_read_back_as_they_were(tmp_path):
    files = write_results(tmp_path, proportions=SHARES, parameters=PARAMETERS, diagnostics={"trusted": True})
    frame = pd.read_csv(files.proportions, keep_default_na=False, na_values={"rhat": [""]})
    assert list(frame) == ["factor", "level", "source", "mean", "rhat"]
    assert frame["source"].tolist() == ["Deer, old", "Salmon"] and frame["level"].tolist() == ["", "北"]
    np.testing.assert_allclose(frame["mean"], [0.123456789012, 0.5], rtol=1e-8)
    assert np.isnan(frame["rhat"][0])
    assert files.proportions.read_bytes().startswith(b"factor,")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "diagnostics.json",
        "parameters.csv",
        "proportions.csv",
    ]


def test_shares_that_cannot_be_trusted_are_not_written_and_older_ones_removed(tmp_path):
    write_results(tmp_path, proportions=SHARES, parameters=PARAMETERS, diagnostics={})
    files = write_results(tmp_path, proportions=None, parameters=PARAMETERS, diagnostics={"trusted": False})
    assert files.proportions is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["diagnostics.json", "parameters.csv"]


def test_diagnostics_are_strict_json_whatever_is_in_them(tmp_path):
    values = {
        "a": math.inf,
        "b": np.array([1.0, np.nan]),
        "c": np.int64(3),
        "d": {"e": (1, None, True)},
        "f": Path("x"),
    }
    files = write_results(tmp_path, proportions=None, parameters=[], diagnostics=values)

    def refuse(name: str) -> None:
        raise AssertionError(name)

    read = json.loads(files.diagnostics.read_text("utf-8"), parse_constant=refuse)
    assert read == {"a": None, "b": [1.0, None], "c": 3, "d": {"e": [1, None, True]}, "f": "x"}


def test_an_interrupted_write_leaves_the_earlier_file(tmp_path, monkeypatch):
    write_results(tmp_path, proportions=SHARES, parameters=PARAMETERS, diagnostics={})
    before = (tmp_path / "proportions.csv").read_bytes()

    def fail(self: Path, target: Path) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_results(tmp_path, proportions=SHARES[:1], parameters=PARAMETERS, diagnostics={})
    assert (tmp_path / "proportions.csv").read_bytes() == before
    assert not list(tmp_path.glob(".*.part"))


def test_a_place_that_is_a_file_is_refused_before_the_work(tmp_path):
    place = tmp_path / "out"
    place.write_text("mine", "utf-8")
    with pytest.raises(InputRefused, match=r"out cannot take the results \(it is a file\).*-o"):
        prepare_folder(place)
    assert place.read_text("utf-8") == "mine"
    assert prepare_folder(tmp_path / "a" / "b").is_dir()
