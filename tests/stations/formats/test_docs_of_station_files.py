"""The page on files of stations names every form, function, column and flag, and its examples run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from headwater.stations import write_ismn, write_series_netcdf, write_series_table
from headwater.stations.formats.ismn_lines import Form, ismn_words
from headwater.stations.read_flags import flag_words
from headwater.stations.read_ismn import read_ismn
from headwater.stations.read_variables import by_ismn_code
from tests.stations.formats.make_ismn import NAME, file, line

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "howto" / "station_files.md").read_text(
    encoding="utf-8"
)


def test_everything_is_named() -> None:
    assert {form for form in Form if f"| {form} |" in PAGE} == set(Form)
    assert all(f"`{code}`" in PAGE for code in by_ismn_code())
    functions = set(re.findall(r"^\| `(write_\w+)\(", PAGE, flags=re.MULTILINE))
    modules = (write_ismn, write_series_netcdf, write_series_table)
    public = {
        name
        for one in modules
        for name in vars(one)
        if name.startswith("write_") and callable(vars(one)[name])
    }
    assert functions == public
    assert ", ".join(write_series_table.SCHEMA.names) in PAGE
    own = set(flag_words().bits) - set(ismn_words().bits)
    assert all(f"`{code}`" in PAGE for code in own)


def test_the_first_example_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "Data_separate_files_header_20070101_20131231.zip"
    folder.mkdir()
    (folder / NAME).write_bytes(file([line(0, 0.1), "damaged"]))
    exec(PAGE.split("```python\n")[1].split("```")[0], {})
    told = capsys.readouterr().out
    assert read_ismn(folder).summary() in told and "line left out" in told
