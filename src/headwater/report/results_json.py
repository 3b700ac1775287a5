"""The whole study as one JSON document for machines; its form is in ``results.schema.json``."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

import headwater
from headwater.report.notices import sentence
from headwater.report.tables import tidy_tables
from headwater.report.text import LANGUAGES, Text

if TYPE_CHECKING:
    from headwater.stats.line import Line
    from headwater.study.result import StudyResult

FORMAT = "headwater-results"
FORMAT_VERSION = "1.1"
"""The first number rises when a field goes or changes its meaning, the second when one is added."""


def results_document(result: StudyResult, *, run: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The study as plain lists, numbers and texts; None where a value is missing or unbounded."""
    table = result.table
    document = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "headwater": headwater.__version__,
        "title": result.title,
        "simulated": result.simulated,
        "samples": {
            **table.summary(),
            "waters": len(result.waters),
            "outside_bands": result.outside_bands,
            "files": [asdict(file) for file in table.files],
            "mapping": dict(table.mapping),
            "unused_columns": list(table.unused_columns),
        },
        "mixture": result.mixture,
        "sources": list(result.sources),
        "periods": [{"id": p, "name": result.period_names.get(p, p)} for p in result.periods],
        "strata": {name: list(levels) for name, levels in result.strata.items()},
        "meteoric_line": _line(result.meteoric_line),
        "meteoric_line_origin": result.meteoric_line_origin,
        "evaporation_lines": [
            {"period": p, "stratum": s, "level": level, **(_line(line) or {})}
            for (p, s, level), line in result.evaporation_lines.items()
        ],
        "notices": _notices(result),
        "checks": checks(result),
        "tables": {name: records(frame) for name, frame in tidy_tables(result).items()},
        "settings": [{"name": n, "value": v, "origin": o} for n, v, o in result.settings],
        "run": dict(run) if run is not None else None,
    }
    plain: dict[str, Any] = plain_values(document)
    return plain


def results_text(document: Mapping[str, Any]) -> str:
    """The document as text, one record of a table a line, so that two runs can be compared line by line."""
    parts = []
    for name, value in document.items():
        if name == "tables":
            tables = [f"    {json.dumps(key)}: {_rows(rows, 6)}" for key, rows in value.items()]
            written = "{\n" + ",\n".join(tables) + "\n  }"
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            written = _rows(value, 4)
        else:
            written = json.dumps(value, ensure_ascii=False, allow_nan=False)
        parts.append(f"  {json.dumps(name)}: {written}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def checks(result: StudyResult) -> list[dict[str, Any]]:
    """Sums that must come out: each with what was found, the tolerance and whether it holds."""
    counts = result.table.summary()
    gap = abs(counts["rows_read"] - counts["rows_used"] - counts["rows_left_out"])
    found = [("rows_add_up", float(gap), 0.0)]
    parts = result.tables.contributions
    if not parts.empty:
        firm = parts[~parts["flags"].fillna("").astype(str).str.contains("underdetermined")]
        sums = firm.groupby(["period", "stratum", "level"], observed=True)["mean"].sum(min_count=1)
        found.append(("shares_add_up", float((sums - 1).abs().max()) if len(sums) else 0.0, 1e-6))
    means = result.tables.isotopes
    if not means.empty:
        gaps = (means["d_excess_mean"] - (means["d2H_mean"] - 8 * means["d18O_mean"])).abs()
        found.append(("d_excess_agrees", float(gaps.max()) if gaps.notna().any() else 0.0, 1e-6))
    return [
        {"name": name, "found": value, "tolerance": tolerance, "holds": value <= tolerance}
        for name, value, tolerance in found
    ]


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a table as dicts, None where missing."""
    rows: list[dict[str, Any]] = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return rows


def _rows(rows: list[Any], indent: int) -> str:
    if not rows:
        return "[]"
    blank = " " * indent
    lines = (blank + json.dumps(row, ensure_ascii=False, allow_nan=False) for row in rows)
    return "[\n" + ",\n".join(lines) + "\n" + blank[2:] + "]"


def _notices(result: StudyResult) -> list[dict[str, Any]]:
    texts = {lang: Text(lang) for lang in LANGUAGES}
    return [
        {
            "code": notice.code,
            "level": notice.level,
            "period": notice.period,
            "stratum": notice.stratum,
            "stratum_level": notice.stratum_level,
            "values": dict(notice.values),
            "sentence": {lang: sentence(notice, text, result) for lang, text in texts.items()},
        }
        for notice in result.notices
    ]


def _line(line: Line | None) -> dict[str, Any] | None:
    return None if line is None else asdict(line)


def plain_values(value: Any) -> Any:
    """The value with nothing but what JSON knows: arrays as lists, infinite and missing numbers as null."""
    if isinstance(value, Mapping):
        return {str(key): plain_values(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset | np.ndarray):
        return [plain_values(item) for item in value]
    if isinstance(value, np.generic):
        return plain_values(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int):
        return value
    return str(value)
