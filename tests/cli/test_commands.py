"""The commands as a user types them: exit codes, what goes to stdout, and errors that teach."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from headwater.cli import Exit, main
from headwater.cli.demo import SETTINGS
from headwater.simulate import simulate_campaign
from headwater.study.read_settings import read_settings


@pytest.fixture(scope="module")
def campaign(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("campaign") / "campaign.csv"
    simulate_campaign(2).samples.to_csv(path, index=False, encoding="utf-8-sig")
    return path


def small(path: Path, kinds: list[str], **columns) -> Path:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"ID": [f"s{k}" for k in range(len(kinds))], "Type": kinds, **columns})
    frame["d18O (‰)"] = rng.normal(-10, 2, len(kinds)).round(2)
    frame["d2H (‰)"] = (8 * frame["d18O (‰)"] + 10 + rng.normal(0, 1, len(kinds))).round(1)
    frame.to_csv(path, index=False)
    return path


def test_check_accounts_for_every_row_in_json(tmp_path, capsys):
    table = small(tmp_path / "t.csv", ["rain"] * 6 + ["soil water"] * 6)
    with table.open("a") as file:
        file.write("s12,rain,,\n")
    assert main(["check", str(table), "--json"]) == Exit.OK
    found = json.loads(capsys.readouterr().out)
    assert (found["rows_read"], found["rows_used"], found["rows_left_out"]) == (13, 12, 1)
    left_out = [problem for problem in found["problems"] if problem["action"] == "left out"]
    assert [problem["row"] for problem in left_out] == [14]
    assert set(left_out[0]) == {"file", "sheet", "row", "column", "found", "expected", "action"}


def test_check_prints_a_table_for_people_and_writes_the_whole_list(tmp_path, capsys):
    table = small(tmp_path / "t.csv", ["rain"] * 3 + ["mystery"] * 3)
    problems = tmp_path / "problems.csv"
    assert main(["check", str(table), "-o", str(problems)]) == Exit.OK
    shown = capsys.readouterr()
    assert "6 rows read = 6 used + 0 left out" in shown.out
    assert "mystery" in shown.out
    assert str(problems) in shown.err
    assert problems.read_bytes().startswith(b"\xef\xbb\xbf")
    assert list(pd.read_csv(problems).columns)[:3] == ["file", "sheet", "row"]


def test_fractions_are_refused_with_both_ways_out_and_read_when_declared(tmp_path, capsys):
    path = tmp_path / "fractions.csv"
    rows = [f"s{k},stream,{-0.024 - k * 1e-4:.4f},{-0.18 - k * 1e-3:.3f}" for k in range(20)]
    path.write_text("\n".join(["id,type,d18O,d2H", *rows]), "utf-8")
    assert main(["check", str(path)]) == Exit.REFUSED
    message = capsys.readouterr().err
    assert "fraction" in message and "--delta-unit" in message and "header" in message
    assert main(["check", str(path), "--delta-unit", "fraction", "--json"]) == Exit.OK
    assert json.loads(capsys.readouterr().out)["rows_used"] == 20


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["check", "absent.csv"], Exit.REFUSED, "absent.csv"),
        (["study", "absent.csv"], Exit.REFUSED, "absent.csv"),
        (["study"], Exit.USAGE, "TABLE"),
        (["studdy", "a.csv"], Exit.USAGE, "study"),
        (["study", "a.csv", "--method", "magic"], Exit.USAGE, "exact"),
        (["study", "a.csv", "--evaporation-slope", "steep"], Exit.USAGE, "5.2±0.3"),
        (["study", "a.csv", "--evaporation-slope", "5±0"], Exit.USAGE, "greater than 0"),
        (["study", "a.csv", "--altitude-bands", "low,high"], Exit.USAGE, "2900,3500,4000"),
        (["study", "a.csv", "--altitude-bands", "4000,3500"], Exit.USAGE, "each larger"),
        (["study", "a.csv", "--settings", "absent.toml"], Exit.USAGE, "absent.toml"),
        (["settings", "--settings", "absent.toml"], Exit.USAGE, "absent.toml"),
    ],
)
def test_wrong_calls_end_with_their_code_and_say_what_to_do(
    arguments, code, words, capsys, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == code
    shown = capsys.readouterr()
    assert words in shown.err + shown.out
    assert "Traceback" not in shown.err + shown.out


def test_study_writes_the_report_and_prints_the_shares(campaign, tmp_path, capsys):
    out = tmp_path / "report"
    arguments = ["study", str(campaign), "-o", str(out), "--no-figures", "--method", "exact"]
    assert main([*arguments, "--altitude-bands", "2900,4000,5100"]) == Exit.OK
    shown = capsys.readouterr().out
    assert "2451 rows read" in shown and "2020-06" in shown and "±" in shown
    for name in ("report.html", "report.xlsx", "results.json", "problems.csv", "run.json"):
        assert (out / name).is_file(), name
    shares = pd.read_csv(out / "tables" / "contributions.csv")
    assert {"2900-4000", "4000-5100"} <= set(shares.loc[shares["stratum"] == "altitude", "level"])
    run = json.loads((out / "run.json").read_text("utf-8"))
    assert len(run["files"][0]["sha256"]) == 64
    assert run["settings"]["strata.altitude_bands"]["origin"] == "command line"


@pytest.mark.slow
def test_study_json_is_one_object(campaign, tmp_path, capsys):
    arguments = ["study", str(campaign), "-o", str(tmp_path / "r"), "--no-figures", "--method", "exact"]
    code = main([*arguments, "--json", "--quiet"])
    shown = capsys.readouterr()
    found = json.loads(shown.out)
    assert code == Exit.OK
    assert shown.err == ""
    assert found["rows_read"] == 2451
    assert {row["source"] for row in found["contributions"]} >= {"precipitation", "ground_ice"}


def test_one_source_alone_ends_as_partial_with_the_diagnostics_written(tmp_path):
    table = small(tmp_path / "t.csv", ["rain"] * 8 + ["river"] * 8)
    out = tmp_path / "r"
    assert main(["study", str(table), "--mixture", "river", "-o", str(out), "--no-figures"]) == Exit.PARTIAL
    assert len(pd.read_csv(out / "tables" / "lines.csv")) > 0


def test_a_file_that_cannot_be_used_is_named_and_the_rest_is_read(tmp_path, capsys):
    good = small(tmp_path / "good.csv", ["rain"] * 6 + ["soil water"] * 6)
    bad = tmp_path / "bad.xlsx"
    bad.write_bytes(b"PK\x03\x04 not a workbook")
    assert main(["check", str(good), str(bad), "--json"]) == Exit.PARTIAL
    shown = capsys.readouterr()
    assert "bad.xlsx" in shown.err
    assert json.loads(shown.out)["files_refused"] == ["bad.xlsx"]


def test_settings_print_a_file_that_settings_read(tmp_path, capsys):
    assert main(["settings"]) == Exit.OK
    path = tmp_path / "study.toml"
    path.write_text(capsys.readouterr().out, "utf-8")
    assert main(["settings", "--settings", str(path), "--json"]) == Exit.OK
    found = json.loads(capsys.readouterr().out)
    assert found["mixing.draws"]["origin"] == "study.toml"


def test_a_folder_that_is_no_report_is_not_overwritten(campaign, tmp_path, capsys):
    out = tmp_path / "precious"
    out.mkdir()
    (out / "thesis.txt").write_text("years of work", "utf-8")
    assert main(["study", str(campaign), "-o", str(out), "--no-figures"]) == Exit.REFUSED
    assert (out / "thesis.txt").read_text("utf-8") == "years of work"
    assert "precious" in capsys.readouterr().err


def test_the_demo_has_the_same_settings_in_both_languages():
    english, chinese = (
        read_settings(Path(str(files("headwater.data") / name))) for name in SETTINGS.values()
    )
    assert list(english["periods"]["names"]) == list(chinese["periods"]["names"])
    for settings in (english, chinese):
        settings.pop("title")
        settings["periods"].pop("names")
        settings["sources"]["rules"]["snow_melt"].pop("reason")
    assert english == chinese


@pytest.mark.slow
def test_a_period_that_cannot_be_trusted_ends_as_partial_with_the_others_written(campaign, tmp_path, capsys):
    hurried = tmp_path / "hurried.toml"
    short = (files("headwater.data") / "demo_study.toml").read_text("utf-8")
    short += "\n[mixing]\nchains = 2\ntuning = 100\nchain_draws = 100\n"
    hurried.write_text(short, "utf-8")
    out = tmp_path / "r"
    arguments = ["study", str(campaign), "-s", str(hurried), "-o", str(out), "--no-figures", "--quiet"]
    assert main(arguments) == Exit.PARTIAL
    assert "cannot be trusted" in capsys.readouterr().out
    engine = pd.read_csv(out / "tables" / "engine.csv")
    assert not engine.loc[engine["used"], "trusted"].all()
    assert "numba" in json.loads((out / "run.json").read_text("utf-8"))["versions"]


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_demo_writes_a_report_twice_and_keeps_what_repeats_it(lang, tmp_path, capsys):
    out = tmp_path / "demo"
    for _ in range(2):
        assert main(["demo", "-o", str(out), "--lang", lang, "--quiet", "--method", "exact"]) == Exit.OK
    page = (out / "report.html").read_text("utf-8")
    assert ("simulated" if lang == "en" else "模拟数据") in page.lower()
    assert len(list((out / "figures").glob("*.svg"))) >= 12
    capsys.readouterr()
    table, settings = out / "input" / "campaign.csv", out / "input" / "study.toml"
    again = tmp_path / "again"
    repeat = json.loads((out / "run.json").read_text("utf-8"))["command"].split()
    assert repeat == ["headwater", "study", str(table), "-s", str(settings), "--method", "exact"]
    assert main([*repeat[1:], "-o", str(again), "--no-figures", "-q"]) == Exit.OK
    first, second = (pd.read_csv(place / "tables" / "contributions.csv") for place in (out, again))
    pd.testing.assert_frame_equal(first, second)
