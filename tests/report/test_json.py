"""results.json keeps to its schema and gives back what the study found."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd
import pytest
from jsonschema import Draft202012Validator

from headwater.report.results_json import FORMAT_VERSION, checks, results_document, results_text
from headwater.report.tables import TABLES
from headwater.study.result import Notice, StudyResult

pytestmark = pytest.mark.slow
"""Whole reports and figures: one of each is in the default tier, in test_write and test_mix_report."""

MakeResult = Callable[..., StudyResult]
SCHEMA = json.loads(files("headwater.report").joinpath("results.schema.json").read_text(encoding="utf-8"))


def read_back(result: StudyResult) -> dict[str, Any]:
    def no_constant(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    written = results_text(results_document(result, run={"seed": 7}))
    document: dict[str, Any] = json.loads(written, parse_constant=no_constant)
    return document


@pytest.mark.parametrize(
    "kind", [{}, {"refused": True}, {"sources": 1}, {"sources": 5}, {"simulated": False}]
)
def test_document_keeps_to_the_schema(make_result: MakeResult, kind: dict[str, Any]) -> None:
    Draft202012Validator(SCHEMA).validate(read_back(make_result(**kind)))


def test_empty_study_keeps_to_the_schema(make_empty_result: Callable[[], StudyResult]) -> None:
    Draft202012Validator(SCHEMA).validate(read_back(make_empty_result()))


def test_schema_refuses_a_document_without_a_column(make_result: MakeResult) -> None:
    document = read_back(make_result())
    del document["tables"]["contributions"][0]["q50"]
    assert not Draft202012Validator(SCHEMA).is_valid(document)


def test_schema_has_every_table_and_column_and_this_version() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    found = {
        name: tuple(table["items"]["properties"])
        for name, table in SCHEMA["properties"]["tables"]["properties"].items()
    }
    assert found == TABLES
    assert SCHEMA["$id"].endswith(FORMAT_VERSION.split(".")[0])


def test_lines_come_with_their_covariance(make_result: MakeResult) -> None:
    result = make_result()
    document = read_back(result)
    line = document["evaporation_lines"][0]
    original = result.evaporation_lines[line["period"], line["stratum"], line["level"]]
    assert line["covariance"] == original.covariance and line["slope"] == original.slope
    assert len(document["evaporation_lines"]) == len(result.evaporation_lines)


def test_notices_have_code_values_and_both_sentences(make_result: MakeResult) -> None:
    values = {"source": "snow_melt", "probability": np.float64(0.4)}
    result = replace(make_result(), notices=(Notice("shares_outside", "info", values, "2020-06"),))
    (notice,) = read_back(result)["notices"]
    assert notice["values"] == {"source": "snow_melt", "probability": 0.4}
    assert "snow and glacier melt" in notice["sentence"]["en"] and "40" in notice["sentence"]["en"]
    assert "冰雪融水" in notice["sentence"]["zh"]


def test_checks_hold_and_can_fail(make_result: MakeResult) -> None:
    result = make_result(simulated=False)
    assert checks(replace(result, table=_short(result)))[0]["holds"] is False
    wrong = result.tables.isotopes.assign(
        d_excess_mean=27.06
    )  # a printed value that cannot be (paper, Table 1)
    found = checks(replace(result, tables=replace(result.tables, isotopes=wrong)))
    assert {check["name"]: check["holds"] for check in found}["d_excess_agrees"] is False


def test_missing_kinds_become_null_and_integers_stay_whole() -> None:
    from headwater.report.results_json import plain_values, records

    frame = pd.DataFrame({"n": pd.array([1, None], dtype="Int64"), "mean": [np.nan, np.inf]})
    assert plain_values(records(frame)) == [{"n": 1, "mean": None}, {"n": None, "mean": None}]


def _short(result: StudyResult) -> Any:
    return replace(result.table, rows_read=result.table.rows_read + 1)
