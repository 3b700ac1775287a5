"""``headwater mix`` from tables to files, as a user calls it."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from headwater import __version__
from headwater.cli import Exit, main
from headwater.posterior.write_tree import read_netcdf

COLUMNS = ["factor", "level", "source", "mean", "sd", "mcse", "q025", "q25", "q50", "q75", "q975", "ess_bulk",
           "ess_tail", "rhat"]  # fmt: skip
TRUTH = np.array([0.4, 0.35, 0.25])
MEANS = np.array([[-8.0, -55.0], [-16.0, -118.0], [-20.0, -135.0]])


@pytest.fixture
def tables(tmp_path) -> list[str]:
    """Mixtures of known shares, two sites, and their sources."""
    rng = np.random.default_rng(11)
    x = TRUTH @ MEANS + rng.normal(0, [0.15, 1.0], (24, 2))
    lines = [f"{a:.2f},{b:.1f},{'north' if i % 2 else 'south'}" for i, (a, b) in enumerate(x)]
    (tmp_path / "m.csv").write_text("\n".join(["d18O,d2H,site", *lines]), "utf-8")
    names = ("rain", "ground ice", "snow")
    sources = [f"{name},{a},0.4,{b},3,20" for name, (a, b) in zip(names, MEANS, strict=True)]
    (tmp_path / "s.csv").write_text("\n".join(["source,Meand18O,SDd18O,Meand2H,SDd2H,n", *sources]), "utf-8")
    return ["mix", "--mixtures", str(tmp_path / "m.csv"), "--sources", str(tmp_path / "s.csv")]


def shares(folder: Path) -> list[dict[str, str]]:
    with (folder / "proportions.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_shares_of_known_mixtures_are_written_with_all_their_files(tables, tmp_path, capsys):
    out = tmp_path / "out"
    assert main([*tables, "--no-report", "--draws", "600", "-o", str(out), "--json"]) == Exit.OK
    rows = shares(out)
    assert list(rows[0]) == COLUMNS
    assert [(row["factor"], row["level"], row["source"]) for row in rows] == [
        ("", "", "rain"), ("", "", "ground ice"), ("", "", "snow")
    ]  # fmt: skip
    mean = np.array([float(row["mean"]) for row in rows])
    assert mean.sum() == pytest.approx(1.0, abs=1e-6)
    assert all(abs(a - b) < 4 * float(row["sd"]) for a, b, row in zip(mean, TRUTH, rows, strict=True))
    assert all(float(row["rhat"]) <= 1.01 and float(row["ess_bulk"]) >= 400 for row in rows)
    assert {path.name for path in out.iterdir()} == {
        "proportions.csv", "parameters.csv", "diagnostics.json", "posterior.nc"
    }  # fmt: skip
    diagnostics = json.loads((out / "diagnostics.json").read_text("utf-8"))
    assert diagnostics["trusted"] is True and set(diagnostics["cpu_seconds"]) == {"compile", "sampling"}
    printed = json.loads(capsys.readouterr().out)
    assert printed["proportions"][0]["mean"] == pytest.approx(mean[0], rel=1e-6)
    draws = read_netcdf(out / "posterior.nc")
    assert draws["posterior"]["p_global"].mean(("chain", "draw")).values == pytest.approx(mean, rel=1e-6)
    assert draws.attrs["inference_library"] == "headwater" and draws.attrs["tuning_steps"] > 0
    assert draws.attrs["inference_library_version"] == __version__
    assert draws.attrs["command"] == diagnostics["command"] and draws.attrs["seed"] == 1


@pytest.mark.slow
def test_the_same_seed_gives_the_same_numbers_and_another_seed_others(tables, tmp_path):
    short = [*tables, "--no-report", "--quiet", "--draws", "150", "--tune", "300", "--chains", "2"]
    for name, seed in (("a", "4"), ("b", "4"), ("c", "5")):
        main([*short, "--seed", seed, "-o", str(tmp_path / name)])
    a, b, c = ((tmp_path / name / "parameters.csv").read_bytes() for name in "abc")
    assert a == b != c


@pytest.mark.slow
def test_factors_have_rows_of_their_own_and_groups_a_column(tables, tmp_path, capsys):
    run = [*tables, "--no-report"]
    assert main([*run, "--factor", "site:fixed", "-o", str(tmp_path / "f")]) == Exit.OK
    rows = shares(tmp_path / "f")
    assert {(row["factor"], row["level"]) for row in rows} == {("", ""), ("site", "north"), ("site", "south")}
    assert main([*run, "--group", "site", "-o", str(tmp_path / "g")]) == Exit.OK
    grouped = shares(tmp_path / "g")
    assert list(grouped[0]) == ["group", *COLUMNS]
    assert [row["group"] for row in grouped] == ["south"] * 3 + ["north"] * 3
    assert "share" in capsys.readouterr().out


def test_shares_that_cannot_be_trusted_are_not_written(tables, tmp_path, capsys):
    out = tmp_path / "out"
    assert main([*tables, "--no-report", "-o", str(out)]) == Exit.OK
    few = ["--draws", "20", "--tune", "20", "--chains", "2"]
    assert main([*tables, "--no-report", *few, "-o", str(out)]) == Exit.NOT_TRUSTWORTHY
    assert not (out / "proportions.csv").exists() and (out / "posterior.nc").exists()
    assert json.loads((out / "diagnostics.json").read_text("utf-8"))["trusted"] is False
    message = capsys.readouterr().err
    assert "cannot be trusted" in message and "To do:" in message and "No shares were written" in message


def test_evaporation_is_fitted_in_two_forms_and_their_difference_shown(tables, tmp_path, capsys):
    out = tmp_path / "out"
    run = [*tables, "--no-report", "--evaporation", "slope=5+-0.3", "-o", str(out)]
    assert main(run) == Exit.OK
    assert "with evaporation exponential instead, shares move by at most" in capsys.readouterr().err
    with (out / "other_form.csv").open(encoding="utf-8", newline="") as file:
        others = list(csv.DictReader(file))
    for row, other in zip(shares(out), others, strict=True):
        assert other["form"] == "exponential" and other["source"] == row["source"]
        difference = float(other["mean"]) - float(row["mean"])
        assert float(other["difference"]) == pytest.approx(difference, abs=1e-6)
    told = json.loads((out / "diagnostics.json").read_text("utf-8"))["other_form"]
    assert told["trusted"] and abs(told["in_sd"]) < 3.0


def test_files_of_an_earlier_run_do_not_outlive_it(tables, tmp_path):
    out = tmp_path / "out"
    few = ["--no-report", "--quiet", "--draws", "20", "--tune", "20", "--chains", "2", "-o", str(out)]
    main([*tables, *few, "--group", "site"])
    (out / "mine.txt").write_text("kept", "utf-8")
    (out / "report.html").write_text("of an earlier run", "utf-8")
    assert {"posterior_north.nc", "posterior_south.nc"} <= {path.name for path in out.iterdir()}
    main([*tables, *few])
    left = {path.name for path in out.iterdir()}
    assert left == {"diagnostics.json", "parameters.csv", "posterior.nc", "mine.txt"}


def test_refused_tables_leave_no_folder(tables, tmp_path, capsys):
    path = Path(tables[4])
    path.write_text(path.read_text("utf-8").replace(",20", ",1"), "utf-8")
    assert main([*tables, "-o", str(tmp_path / "out")]) == Exit.REFUSED
    assert "s.csv, row 2, column 'n': n is 1" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_what_should_not_be_believed_is_said(tables, tmp_path, capsys):
    path = Path(tables[2])
    far = path.read_text("utf-8").replace("-1", "-2")
    path.write_text(far, "utf-8")
    main([*tables, "--no-report", "--draws", "20", "--tune", "20", "-o", str(tmp_path / "out")])
    assert "lie outside what the sources can make" in capsys.readouterr().err


def test_a_place_for_the_results_that_is_a_file_is_refused_before_sampling(tables, tmp_path, capsys):
    (tmp_path / "out").write_text("mine", "utf-8")
    assert main([*tables, "-o", str(tmp_path / "out")]) == Exit.REFUSED
    assert "it is a file" in capsys.readouterr().err


@pytest.mark.slow
def test_an_interrupted_fit_keeps_its_draws_and_writes_no_shares(tables, tmp_path):
    out = tmp_path / "out"
    hear = "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
    code = hear + "from headwater.cli import run\nrun()"
    run = subprocess.Popen(
        [sys.executable, "-c", code, *tables, "--draws", "3000000", "-o", str(out)],
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(20)
    run.send_signal(signal.SIGINT)
    _, message = run.communicate(timeout=120)
    assert run.returncode == Exit.INTERRUPTED, message
    assert (out / "posterior.nc").exists() and not (out / "proportions.csv").exists()
    assert json.loads((out / "diagnostics.json").read_text("utf-8"))["interrupted"] is True
