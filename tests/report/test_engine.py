"""What the report says of the mixing model: both ways side by side, evaporation, and what was refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from headwater.report import findings, show_engine
from headwater.report.engine import BOTH_COLUMNS, both_ways, differences, evaporation_inside
from headwater.report.figures import FIGURES, draw_figure
from headwater.report.html import report_html
from headwater.report.notices import sentence
from headwater.report.numbers import share
from headwater.report.story import sections
from headwater.report.tables import tidy_tables
from headwater.report.text import LANGUAGES, Text
from headwater.study.result import Notice, StudyResult

pytestmark = pytest.mark.slow
"""Whole reports and figures: one of each is in the default tier, in test_write and test_mix_report."""

Make = Callable[..., StudyResult]


def without_evaporation(result: StudyResult) -> StudyResult:
    """As if the model had none inside."""
    runs = result.tables.engine[result.tables.engine["used"]].assign(form="")
    tables = replace(result.tables, engine=runs, other_form=result.tables.other_form.iloc[:0])
    return replace(result, tables=tables)


def test_both_ways_stand_in_one_row_a_source(make_result: Make) -> None:
    result = make_result()
    joint = both_ways(result)
    assert tuple(joint.columns) == BOTH_COLUMNS
    row = joint[(joint["period"] == "2020-06") & (joint["source"] == "ground_ice")].iloc[0]
    tables = result.tables
    for prefix, table in (
        ("", tables.contributions),
        ("other_", tables.other_form),
        ("algebra_", tables.exact),
    ):
        own = table[(table["period"] == "2020-06") & (table["stratum"] == "all")].set_index("source")
        assert row[f"{prefix}mean"] == own.loc["ground_ice", "mean"]
    assert list(joint["period"].unique()) == list(result.periods)
    ice = joint["source"] == "ground_ice"
    assert np.allclose(differences(result)[ice], 0.3)


def test_a_refused_period_keeps_its_algebra_and_has_no_model(make_result: Make) -> None:
    result = make_result(refused=True)
    joint = both_ways(result).set_index("period")
    assert joint.loc["2020-08", "mean"].isna().all() and joint.loc["2020-08", "algebra_mean"].notna().all()
    table = show_engine.table_fits(result, Text("en"))
    assert table is not None
    shown = [[cell.main for cell in row.cells] for row in table.rows]
    assert ["not trusted" in row for row in shown] == [False, False, True, True]
    assert "2020-08" not in set(result.tables.contributions["period"])


@pytest.mark.parametrize("lang", LANGUAGES)
def test_why_draws_cannot_be_trusted_is_said_in_words(make_result: Make, lang: str) -> None:
    text = Text(lang)  # type: ignore[arg-type]
    result = make_result(refused=True)
    notice = next(notice for notice in result.notices if notice.code == "not_converged")
    said = sentence(notice, text, result)
    assert "1.310" in said and "1.01" in said and "mixing.chain_draws" in said
    assert "{" not in said and "evaporation_slope" not in said.split("mixing.")[0]
    assert said in "".join(findings.summary(result, text))


def test_the_summary_sets_the_model_beside_plain_mixing(make_result: Make) -> None:
    result = make_result()
    said = " ".join(findings.summary(result, Text("en")))
    row = both_ways(result).query("period == '2020-06' and source == 'ground_ice'").iloc[0]
    assert "ground ice: " in said
    assert f"{share(row['algebra_mean'])} instead of {share(row['mean'])} (early ablation)" in said
    assert "raised δ¹⁸O of soil water by 1.2" in said and "1.4" in said
    assert "upper limits" not in findings.caution(result, Text("en"))


def test_caution_names_the_periods_whose_shares_the_other_form_moves(make_result: Make) -> None:
    said = findings.caution(make_result(), Text("en"))
    assert "assumed distribution of evaporation: early ablation." in said
    result = make_result()
    values = {"source": "ground_ice", "difference": 0.05}
    assumed = tuple(Notice("forms_differ", "warning", values, p) for p in result.periods)
    said = findings.caution(replace(result, notices=assumed), Text("en"))
    assert "in every period" in said


def test_how_far_the_other_distribution_moves_the_shares_is_said(make_result: Make) -> None:
    said = " ".join(show_engine.lead(make_result(), Text("en")))
    assert "(exponential)" in said and "by more than 2.0 percentage points" in said


def test_a_difference_of_forms_is_in_percentage_points(make_result: Make) -> None:
    result = make_result()
    notice = next(notice for notice in result.notices if notice.code == "forms_differ")
    assert "ground ice: 5 percentage points" in sentence(notice, Text("en"), result)


def test_the_figure_shows_the_numbers_of_both_ways(make_result: Make) -> None:
    result = make_result()
    figure = draw_figure("model_and_algebra", result, "en")
    joint = both_ways(result)
    for panel, source in zip(figure.axes, result.sources, strict=True):
        own = joint[joint["source"] == source]
        crosses = [line.get_xdata()[0] for line in panel.lines if line.get_marker() == "x"]
        assert np.allclose(crosses, own["algebra_mean"].dropna())
    row = joint.loc[differences(result).idxmax()]
    said = FIGURES["model_and_algebra"].finding(result, Text("en"))
    assert f"reads {share(row['algebra_mean'])} ground ice" in said and f"finds {share(row['mean'])}" in said


def test_the_figure_of_evaporation_shows_posterior_and_prior(make_result: Make) -> None:
    result = make_result()
    slopes, raised = draw_figure("evaporation", result, "en").axes
    dots = [line.get_xdata()[0] for line in slopes.lines if line.get_marker() == "o"]
    assert len(dots) == 6 and np.allclose(dots, 5.3)
    prior = slopes.patches[0]
    assert np.allclose([prior.get_x(), prior.get_x() + prior.get_width()], [5 - 1.96, 5 + 1.96])
    runs = result.tables.engine
    assert np.allclose(sorted(line.get_xdata()[0] for line in raised.lines if line.get_marker() == "o"),
                       sorted(runs["evaporation"]))  # fmt: skip
    assert raised.get_xlim()[0] == 0


def test_no_number_of_an_untrusted_fit_is_drawn(make_result: Make) -> None:
    slopes, _ = draw_figure("evaporation", make_result(refused=True), "en").axes
    assert len([line for line in slopes.lines if line.get_marker() == "o"]) == 2


def test_a_model_without_evaporation_claims_none(make_result: Make) -> None:
    result, text = without_evaporation(make_result()), Text("en")
    assert not evaporation_inside(result)
    assert not FIGURES["evaporation"].wants(result) and FIGURES["model_and_algebra"].wants(result)
    assert show_engine.evaporation(result, text) == []
    assert show_engine.lead(result, text) == [text("lead.engine_plain")]
    assert "evaporation" not in FIGURES["model_and_algebra"].method(result, text)
    assert "Evaporation" not in FIGURES["contributions"].method(result, text)


@pytest.mark.slow
def test_without_the_model_nothing_of_it_is_shown(make_result: Make) -> None:
    result, text = make_result(engine=False), Text("en")
    assert not {"exact", "other_form", "engine"} & set(tidy_tables(result))
    assert "engine" not in {section.name for section in sections(result, text, {})}
    page = report_html(result, text, {})
    assert text("method_text.engine") not in page and "No-U-Turn" not in page
    assert {"exact", "other_form", "engine"} <= set(tidy_tables(make_result()))
    assert "No-U-Turn" in report_html(make_result(), text, {})


@pytest.mark.slow
def test_ranges_of_the_model_are_not_called_feasible(make_result: Make) -> None:
    text = Text("en")
    for name in ("contributions", "contributions_region"):
        assert "prior" in FIGURES[name].method(make_result(sources=5), text)
        assert "prior" not in FIGURES[name].method(make_result(sources=5, engine=False), text)
