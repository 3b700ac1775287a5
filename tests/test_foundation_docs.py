"""What the documentation names exists, and what exists is named in the documentation."""

from __future__ import annotations

import importlib
import re
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from docs import generate
from headwater.cli import Exit, build_app
from headwater.samples.table import CANONICAL_COLUMNS, Kind
from headwater.study.settings import StudySettings

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(
    page
    for page in [*ROOT.glob("*.md"), *ROOT.glob("benchmarks/*.md"), *DOCS.rglob("*.md")]
    if not {"_build", "_generated"} & set(page.parts)
)


def commands() -> Iterator[tuple[str, Any]]:
    """Name and App of every command that a user can call, completion of the shell apart."""
    app = build_app()
    for name in app:
        if not name.startswith("-"):
            yield name, app[name]


def page(name: str) -> str:
    """Text of a page of the documentation."""
    return (DOCS / name).read_text(encoding="utf-8")


def test_every_command_and_flag_is_on_the_command_line_page() -> None:
    text = generate.command_line()
    missing = []
    for name, app in commands():
        heading = f"## headwater {name}\n"
        if heading not in text:
            missing.append(name)
            continue
        section = text.split(heading)[1].split("\n## ")[0]
        for argument in app.assemble_argument_collection():
            missing += [f"{name} {flag}" for flag in argument.names if flag not in section]
            if argument.show and not re.search(re.escape(argument.names[0]) + r"[^:]*`: \S", section):
                missing.append(f"{name} {argument.names[0]}: no help")
    assert missing == []


def test_every_exit_code_is_documented() -> None:
    documented = set(re.findall(r"^\| (\d+) \|", page("reference/command_line.md"), flags=re.MULTILINE))
    assert documented == {str(int(code)) for code in Exit}


def keys_without_meaning(model: type[BaseModel], path: str) -> Iterator[str]:
    """Settings that say nothing about themselves."""
    for name, field in model.model_fields.items():
        inner = generate.inner_model(field)
        if inner is not None:
            yield from keys_without_meaning(inner, f"{path}{name}.")
        elif not field.description:
            yield f"{path}{name}"


def test_every_setting_says_what_it_means() -> None:
    assert list(keys_without_meaning(StudySettings, "")) == []


@pytest.mark.parametrize("place", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_settings_shown_on_a_page_are_allowed(place: Path) -> None:
    for block in re.findall(r"```toml\n(.*?)```", place.read_text(encoding="utf-8"), flags=re.DOTALL):
        StudySettings.model_validate(tomllib.loads(block))


def test_every_column_is_described_once() -> None:
    described = re.findall(r"^\| `(\w+)` \|", page("reference/columns.md"), flags=re.MULTILINE)
    assert sorted(described) == sorted(CANONICAL_COLUMNS)


def test_every_kind_of_water_has_words() -> None:
    words = tomllib.loads(files("headwater.data").joinpath("kinds.toml").read_text(encoding="utf-8"))
    assert set(words) == {str(kind) for kind in Kind}


@pytest.mark.parametrize("place", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_names_and_tests_on_a_page_exist(place: Path) -> None:
    text = place.read_text(encoding="utf-8")
    wrong = [name for name in re.findall(r"`(headwater(?:\.\w+)+)(?:\(\))?`", text) if not exists(name)]
    for path, test in re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", text):
        found = (ROOT / path).is_file() and f"def {test}" in (ROOT / path).read_text(encoding="utf-8")
        wrong += [] if found or (not test and (ROOT / path).is_file()) else [f"{path}::{test}"]
    assert wrong == []


def test_no_bar_cuts_an_equation_in_a_table() -> None:
    cut = [
        f"{place.relative_to(ROOT)}: {cell.strip()}"
        for place in PAGES
        for row in place.read_text(encoding="utf-8").splitlines()
        if row.startswith("|")
        for cell in row.replace(r"\|", "").split("|")
        if re.sub(r"`[^`]*`", "", cell).count("$") % 2
    ]
    assert cut == [], r"write |x| as \lvert x \rvert in a table"


def exists(dotted: str) -> bool:
    """Is ``dotted`` a module, or an attribute (of an attribute) of one?"""
    parts = dotted.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for attribute in parts[cut:]:
            if not hasattr(found, attribute):
                return False
            found = getattr(found, attribute)
        return True
    return False


def test_a_name_that_does_not_exist_is_seen() -> None:
    assert exists("headwater.samples.table.Kind.SOIL_WATER")
    assert not exists("headwater.samples.table.Kinds")
    assert not exists("headwater.nowhere")
