"""Reference pages that are made from the code and its data files, so that they cannot fall behind.

Each function of ``PAGES`` returns the Markdown of one page, each of ``PICTURES`` draws into a folder;
``conf.py`` writes all of them to ``docs/_generated`` at every build.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from docs import calibration


def command_line() -> str:
    """Every command with its arguments and flags, as the command itself describes them."""
    from headwater.cli import COMMANDS, build_app

    text = build_app(whole=COMMANDS).generate_docs(output_format="markdown", recursive=True, heading_level=1)
    _, _, commands = text.partition("\n## headwater ")
    return "## headwater " + commands


def settings() -> str:
    """Every section and key of ``study.toml`` with its type, default and meaning."""
    from headwater.study.settings import StudySettings

    return "\n".join(_settings_section(StudySettings, ""))


def _settings_section(model: type[BaseModel], path: str) -> Iterator[str]:
    plain = {name: field for name, field in model.model_fields.items() if inner_model(field) is None}
    if plain:
        yield from _settings_table(plain)
    for name, field in model.model_fields.items():
        inner = inner_model(field)
        if inner is not None:
            here = f"{path}{name}" + ("" if inner is field.annotation else ".NAME")
            text = (field.description or inner.__doc__ or "").strip()
            yield f"\n## [{here}]\n\n{text}\n"
            yield from _settings_section(inner, f"{here}.")


def _settings_table(fields: dict[str, FieldInfo]) -> Iterator[str]:
    yield "| key | allowed | default | meaning |\n|---|---|---|---|"
    for name, field in fields.items():
        default = "none" if field.default is None else f"`{_toml(field.default)}`"
        meaning = _cell(field.description or "")
        yield f"| `{name}` | {_allowed(field.annotation, field)} | {default} | {meaning} |"


def inner_model(field: FieldInfo) -> type[BaseModel] | None:
    """Settings model behind a field: the field's own type, or the values of a mapping."""
    kinds = [field.annotation, *get_args(field.annotation)]
    return next((k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel)), None)


def _allowed(annotation: Any, field: FieldInfo) -> str:
    """Values that a key takes, in words."""
    container = _container(annotation)
    if literals := ", ".join(f"`{value}`" for value in _literals(annotation)):
        return f"{container} of {literals}" if container else literals
    limits = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
    found = [
        f"{sign} {getattr(m, key)}" for m in field.metadata for key, sign in limits.items() if hasattr(m, key)
    ]
    text = str(getattr(annotation, "__name__", annotation))
    words = {"int": "whole number", "float": "number", "bool": "`true` or `false`", "str": "text"}
    kind = next((word for name, word in words.items() if name in text), "text")
    if container:
        kind = container + (" of numbers" if container == "list" and kind.endswith("number") else "")
    return " ".join([kind, ", ".join(found)]).strip()


def _container(annotation: Any) -> str:
    """``list`` or ``table`` where a key holds several values, else nothing."""
    names = {str(getattr(part, "__origin__", part)) for part in [annotation, *get_args(annotation)]}
    if "<class 'dict'>" in names:
        return "table"
    return "list" if "<class 'tuple'>" in names else ""


def _literals(annotation: Any) -> list[str]:
    """Closed vocabulary of an annotation, wherever it stands in it."""
    if isinstance(annotation, type) and hasattr(annotation, "__members__"):
        return [member.value for member in annotation]  # type: ignore[attr-defined]
    found: list[str] = []
    for part in get_args(annotation):
        found += [part] if isinstance(part, str) else _literals(part)
    return found


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list | set):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{}"
    return f'"{value}"' if isinstance(value, str) else str(value)


def drivers_settings() -> str:
    """Every key of the settings file of ``headwater drivers`` with its type, default and meaning."""
    from headwater.cli.drivers_settings import OPTIONS, DriversSettings

    fields = {OPTIONS.get(name, name): field for name, field in DriversSettings.model_fields.items()}
    return "\n".join(_settings_table(fields))


def columns() -> str:
    """Accepted headers of every canonical column, from ``columns.toml``."""
    rows = ["| column | headers that are understood |", "|---|---|"]
    for name, entry in _data("columns.toml")["column"].items():
        names = [*entry.get("exact", {}), *entry.get("names", []), *entry.get("beside", [])]
        rows.append(f"| `{name}` | {_cell(', '.join(names))} |")
    return "\n".join(rows)


def kinds() -> str:
    """Accepted words of every kind of water, from ``kinds.toml``."""
    rows = ["| kind | words that are understood |", "|---|---|"]
    rows += [f"| `{kind}` | {_cell(', '.join(words))} |" for kind, words in _data("kinds.toml").items()]
    return "\n".join(rows)


def measured() -> str:
    """What headwater claims, each with the number of the last ``./run long`` (benchmarks/results)."""
    coverage, scale = _result("bench_campaign_coverage"), _result("bench_study_scale")
    lines, source = _result("bench_fit_lines"), _result("bench_source_water")
    damaged = _result("test_5000_damaged_tables_are_read_or_refused")
    dry = [row for row in coverage["without_evaporation"] if row["source"] == "ground_ice"]
    wet = [row for row in coverage["with_evaporation"] if row["source"] == "ground_ice"]
    two = [row for row in dry if row["period"] != "2020-06"]
    claims = {
        "Intervals that hold": f"{coverage['seeds']} simulated campaigns without evaporation: 95 % intervals "
        f"cover the truth in {_span(row['coverage'] for row in two)} % of the strata with two sources and "
        f"{_span(row['coverage'] for row in dry if row not in two)} % of those with three; "
        f"mean absolute error {coverage['mean_absolute_error']:.3f}",
        "Says where they do not": "with evaporation plain mixing reads "
        f"{_span(row['mean_error'] for row in wet)} percentage points too much ground ice; the report "
        "finds the offset and warns",
        "No row lost": "5000 damaged tables read or refused with the reason, every row accounted for",
        "Large tables": f"10⁶ samples from CSV to shares in {scale['cpu_s_1000000']:.0f} CPU s and "
        f"{scale['peak_MB_1000000'] / 1000:.1f} GB",
        "Many lines": f"10⁴ lines at once, {lines['ratio']:.0f} times as fast as a loop over "
        "`scipy.stats.linregress`, slopes equal to 10⁻¹¹",
        "Source of evaporated water": f"10⁵ waters in {source['at_once_cpu_s']:.0f} CPU s, "
        f"{source['quad_ratio']:.0f} times as fast as quadrature one at a time, "
        f"quantiles within {source['quad_largest_difference_sd']:.3f} sd of it",
    }
    if damaged["outcome"] != "passed" or lines["largest_slope_difference"] > 1e-11:
        raise ValueError("benchmarks/results no longer carry what docs/generate.py claims")
    return "\n".join(
        ["| | measured |", "|---|---|", *(f"| **{name}** | {text} |" for name, text in claims.items())]
    )


def _span(shares: Iterable[float]) -> str:
    """Smallest and largest of some shares, in per cent."""
    percent = sorted({f"{100 * share:.0f}" for share in shares}, key=float)
    return percent[0] if len(percent) == 1 else f"{percent[0]}–{percent[-1]}"


def _result(name: str) -> dict[str, Any]:
    path = Path(__file__).resolve().parent.parent / "benchmarks" / "results" / f"{name}.json"
    values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["values"]
    return values


def _data(name: str) -> dict[str, Any]:
    return tomllib.loads(files("headwater.data").joinpath(name).read_text(encoding="utf-8"))


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


PAGES: dict[str, Callable[[], str]] = {
    "command_line": command_line,
    "settings": settings,
    "drivers_settings": drivers_settings,
    "columns": columns,
    "kinds": kinds,
    "measured": measured,
    "calibration": calibration.table,
}
PICTURES: tuple[Callable[[Path], None], ...] = (calibration.draw,)
