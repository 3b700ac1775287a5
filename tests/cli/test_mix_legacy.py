"""``headwater mix --legacy hydromix`` from the command line."""

import csv
import json

from headwater.cli import main

RAW = (
    "source,d18O\n"
    + "".join(f"snow,{x}\n" for x in (-20.1, -21.0, -19.5))
    + "rain,-10.2\nrain,-9\nrain,-11\n"
)


def run(tmp_path, *more, mixtures="d18O\n-14\n-13.2\n-15\n"):
    (tmp_path / "m.csv").write_text(mixtures)
    (tmp_path / "s.csv").write_text(RAW)
    tables = ["--mixtures", str(tmp_path / "m.csv"), "--sources", str(tmp_path / "s.csv")]
    return main(["mix", *tables, *more, "--legacy", "hydromix", "-o", str(tmp_path / "out"), "--quiet"])


def test_shares_are_written_and_labelled(tmp_path):
    assert run(tmp_path, "--source-data", "raw") == 0
    with (tmp_path / "out" / "proportions.csv").open() as file:
        rows = {row["source"]: row for row in csv.DictReader(file)}
    # balance of the means: (−14.07 + 10.07)/(−20.2 + 10.07) = 0.395; triples weigh waters, hence 0.397
    assert abs(float(rows["snow"]["mean"]) - 0.3972) < 1e-4
    assert rows["rain"]["method"] == "hydromix"
    said = json.loads((tmp_path / "out" / "diagnostics.json").read_text())
    assert "comparison only" in said["legacy"]


def test_means_are_refused(tmp_path, capsys):
    assert run(tmp_path) == 2
    assert "--source-data raw" in capsys.readouterr().err


def test_two_tracers_are_refused(tmp_path, capsys):
    (tmp_path / "s2.csv").write_text("source,a,b\nx,1,2\nx,2,1\ny,5,6\ny,6,5\n")
    (tmp_path / "m2.csv").write_text("a,b\n3,3\n4,4\n3,4\n")
    tables = ["--mixtures", str(tmp_path / "m2.csv"), "--sources", str(tmp_path / "s2.csv")]
    out = ["-o", str(tmp_path / "out")]
    assert main(["mix", *tables, "--source-data", "raw", "--legacy", "hydromix", *out]) == 2
    assert "--tracers" in capsys.readouterr().err
