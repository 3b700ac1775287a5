"""The report folder: complete, replaced as a whole, and never at the cost of somebody's files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from headwater.errors import InputRefused
from headwater.report import write
from headwater.report.tables import TABLES
from headwater.report.write import ReportFiles, write_report
from headwater.study.result import StudyResult

MakeResult = Callable[..., StudyResult]
ISSUE_COLUMNS = {
    "contributions": "period,stratum,level,source,n,mean,sd,q025,q50,q975,method,flags",
    "lines": "kind,period,stratum,level,n,slope,slope_se,intercept,intercept_se,r2,method",
}


@pytest.fixture(scope="module")
def report(make_result: MakeResult, tmp_path_factory: pytest.TempPathFactory) -> ReportFiles:
    out = tmp_path_factory.mktemp("reports") / "report"
    return write_report(make_result(), out, run={"seed": 7, "command": "headwater demo"}, figures=False)


def test_every_file_is_there(report: ReportFiles) -> None:
    for path in (report.html, report.excel, report.results, report.problems, report.run):
        assert path is not None and path.stat().st_size > 0
    assert {path.stem for path in report.tables} == {*TABLES, "waters"}
    assert "Simulated data" in (report.folder / "tables" / "README.txt").read_text(encoding="utf-8-sig")


@pytest.mark.parametrize("name", ISSUE_COLUMNS)
def test_csv_has_the_columns_of_the_issue_in_order(report: ReportFiles, name: str) -> None:
    raw = (report.folder / "tables" / f"{name}.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.decode("utf-8-sig").splitlines()[0].startswith(ISSUE_COLUMNS[name])


def test_csv_gives_back_the_numbers(report: ReportFiles, make_result: MakeResult) -> None:
    written = pd.read_csv(report.folder / "tables" / "isotopes.csv")
    given = make_result().tables.isotopes
    assert written["d18O_mean"].tolist() == pytest.approx(given["d18O_mean"].tolist(), rel=1e-9)
    assert written["kind"].tolist() == given["kind"].astype(str).tolist()


def test_unbounded_and_missing_values_are_empty(report: ReportFiles) -> None:
    frame = pd.read_csv(report.folder / "tables" / "source_water.csv", dtype=str, keep_default_na=False)
    ill = frame[frame["verdict"] == "ill-defined"]
    assert len(ill) and set(ill["d18O_low"]) == {""}


def test_waters_csv_has_every_water(report: ReportFiles, make_result: MakeResult) -> None:
    assert len(pd.read_csv(report.folder / "tables" / "waters.csv")) == len(make_result().waters)


@pytest.mark.slow
def test_the_same_study_gives_the_same_bytes(make_result: MakeResult, tmp_path: Path) -> None:
    one, two = (write_report(make_result(), tmp_path / name, figures=False) for name in ("a", "b"))
    for first, second in zip(
        (one.html, one.results, one.excel), (two.html, two.results, two.excel), strict=True
    ):
        assert first.read_bytes() == second.read_bytes(), first.name


@pytest.mark.slow
def test_an_earlier_report_is_replaced_and_its_samples_are_kept(
    make_result: MakeResult, tmp_path: Path
) -> None:
    out = tmp_path / "report"
    write_report(make_result(), out, figures=False)
    (out / "tables" / "contrasts.csv").write_text("old")
    (out / "input").mkdir()
    (out / "input" / "mine.csv").write_text("δ18O")
    write_report(make_result(simulated=False), out, figures=False)
    assert (out / "tables" / "contrasts.csv").read_text(encoding="utf-8-sig") != "old"
    assert not (out / "tables" / "truth.csv").exists()
    assert (out / "input" / "mine.csv").read_text() == "δ18O"


@pytest.mark.parametrize("name", ["notes.txt", "results.json", "figures"])
def test_a_folder_that_is_no_report_is_refused_and_left_alone(
    make_result: MakeResult, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_text("{}")
    with pytest.raises(InputRefused, match="another folder"):
        write_report(make_result(), tmp_path, figures=False)
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


def test_a_file_in_place_of_the_folder_is_refused(make_result: MakeResult, tmp_path: Path) -> None:
    (tmp_path / "report").write_text("mine")
    with pytest.raises(InputRefused, match="is a file"):
        write_report(make_result(), tmp_path / "report", figures=False)


@pytest.mark.slow
def test_an_interrupted_run_leaves_the_earlier_report(
    make_result: MakeResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "report"
    before = write_report(make_result(), out, figures=False).html.read_bytes()

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(write, "write_excel", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_report(make_result(simulated=False), out, figures=False)
    assert (out / "report.html").read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["report"]


@pytest.mark.slow
def test_progress_counts_up_to_the_end(make_result: MakeResult, tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    write_report(make_result(), tmp_path / "r", figures=False, progress=lambda *step: seen.append(step))
    assert [done for _, done, _ in seen] == list(range(len(seen)))
    assert seen[-1][1] == seen[-1][2]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_study_without_any_result_still_gives_a_report(
    make_empty_result: Callable[[], StudyResult], tmp_path: Path, lang: str
) -> None:
    files = write_report(make_empty_result(), tmp_path / "r", lang=lang)  # type: ignore[arg-type]
    assert files.html.stat().st_size > 0
