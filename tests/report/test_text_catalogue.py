"""Both languages say the same things, and everything that is asked for is there."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from headwater.report.figures.words import KINDS
from headwater.report.html import METHODS
from headwater.report.notices import notice_groups, sentence
from headwater.report.story import FIGURES_OF
from headwater.report.tables import TABLES
from headwater.report.text import LANGUAGES, Text, blanks, catalogue
from headwater.samples.table import PROBLEM_COLUMNS, Action
from headwater.stats.line import LineMethod
from headwater.study.result import Notice, StudyResult

SOURCE = Path(__file__).resolve().parents[2] / "src" / "headwater"
ENGLISH, CHINESE = catalogue("en"), catalogue("zh")
HAN = re.compile("[\u3400-\u9fff]")


def test_languages_have_the_same_keys_and_blanks() -> None:
    assert set(ENGLISH) == set(CHINESE)
    different = [key for key in ENGLISH if blanks(ENGLISH[key]) != blanks(CHINESE[key])]
    assert different == []


def test_chinese_is_not_left_in_english() -> None:
    same = [
        key for key, said in CHINESE.items()
        if key.startswith(("notice.", "why.", "say.", "lead.", "method_text.", "table.", "section."))
        and not HAN.search(said) and key != "notice.other"
        and re.search("[a-z]{4}", re.sub(r"\{\w+\}", "", said))
    ]  # fmt: skip
    assert same == []
    assert not any(HAN.search(said) for said in ENGLISH.values() if said != "中文")


def test_the_catalogues_of_report_and_figures_do_not_share_keys() -> None:
    import tomllib

    from headwater.report.text import _flat

    for lang in LANGUAGES:
        keys = [
            set(_flat(tomllib.loads((SOURCE / "report" / "text" / name).read_text(encoding="utf-8"))))
            for name in (f"{lang}.toml", f"figures_{lang}.toml")
        ]
        assert keys[0] & keys[1] == set()


def _calls(path: Path) -> list[tuple[str, set[str] | None]]:
    """(key, blanks filled) of every ``text("key", …)`` in a module; None where more is passed on."""
    found: list[tuple[str, set[str] | None]] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
            continue
        key, name = node.args[0].value, ast.unparse(node.func)
        if not isinstance(key, str) or name not in ("text", "self.text", "text.count"):
            continue
        given = {keyword.arg for keyword in node.keywords}
        counted = name == "text.count"
        filled = None if None in given else {str(name) for name in given} | ({"n"} if counted else set())
        found += [(key + ending, filled) for ending in ((".one", ".other") if counted else ("",))]
    return found


def test_every_key_in_the_code_exists_and_gets_its_blanks() -> None:
    wrong = []
    for path in sorted((SOURCE / "report").rglob("*.py")):
        for key, filled in _calls(path):
            if key not in ENGLISH:
                wrong.append(f"{path.name}: no {key}")
            elif filled is not None and blanks(ENGLISH[key]) - filled:
                wrong.append(f"{path.name}: {key} lacks {blanks(ENGLISH[key]) - filled}")
    assert wrong == []


def test_every_key_in_the_template_exists() -> None:
    template = (SOURCE / "report" / "templates" / "report.html.j2").read_text(encoding="utf-8")
    keys = re.findall(r"\bt\(['\"]([\w.]+)['\"][,)]", template)
    assert len(keys) > 20
    assert [key for key in keys if key not in ENGLISH] == []


def test_every_vocabulary_has_its_words() -> None:
    columns = {name for table in TABLES.values() for name in table} | set(PROBLEM_COLUMNS)
    sections = [*FIGURES_OF, "isotopes", "geometry", "emma"]
    wanted = [
        *(f"kind.{kind}" for kind in KINDS),
        *(f"column.{name}" for name in columns),
        *(f"table_meaning.{name}" for name in (*TABLES, "problems", "waters")),
        *(f"action.{action}" for action in Action),
        *(f"method.{method}" for method in LineMethod),
        *(f"section.{name}" for name in sections),
        *(f"method_text.{name}" for name in METHODS),
        *(f"window.{name}" for name in ("period", "three_months", "other_years", "all", "absent")),
        *(f"verdict.{name}" for name in ("well-defined", "ill-defined")),
    ]
    assert [key for key in wanted if key not in ENGLISH] == []


def _notices_of_the_study() -> list[tuple[str, set[str]]]:
    """(code, names of its values) of every notice that the study emits."""
    found = []
    for path in (SOURCE / "study").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in ("info", "warn", "refuse")
                and node.args
                and isinstance(node.args[0], ast.Constant)
            ):
                found.append((node.args[0].value, {str(k.arg) for k in node.keywords}))
    return found


def test_every_notice_of_the_study_has_a_sentence_and_fills_it() -> None:
    emitted = _notices_of_the_study()
    assert len(emitted) > 10
    for code, given in emitted:
        assert f"notice.{code}" in ENGLISH, code
        needed = blanks(ENGLISH[f"notice.{code}"]) | blanks(ENGLISH.get(f"why.{code}", ""))
        if "None" not in given:  # nothing is passed on as **values
            assert needed - given - {"period"} == set(), code


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_sentence_is_written_for_people(make_result: Callable[..., StudyResult], lang: str) -> None:
    values = {"period": "2020-06", "lc_excess": -7.71, "low": -8.8, "high": -6.5, "bias_low": 0.21,
              "bias_high": 0.44}  # fmt: skip
    said = sentence(
        Notice("evaporation_offset", "warning", values, "2020-06"), Text(lang), make_result()  # type: ignore[arg-type]
    )  # fmt: skip
    assert "−7.7\u202f‰" in said and "+21" in said and "+44" in said and "{" not in said


def test_a_notice_of_unknown_code_is_shown_with_its_values(make_result: Callable[..., StudyResult]) -> None:
    said = sentence(Notice("new_thing", "warning", {"n": 3}), Text("en"), make_result())
    assert said == "new_thing: n = 3"


def test_the_same_sentence_of_two_places_is_said_once(make_result: Callable[..., StudyResult]) -> None:
    from dataclasses import replace

    notices = tuple(Notice("no_sources", "refused", {}, period) for period in ("2020-06", "2020-08"))
    (group,) = notice_groups(replace(make_result(), notices=notices), Text("en"))
    assert len(group.said) == 1 and len(group.said[0].places) == 2


def test_every_notice_of_the_catalogue_is_said_by_a_study():
    """A sentence that nothing can say is dead text."""
    said = "".join(path.read_text("utf-8") for path in (SOURCE / "study").glob("*.py"))
    codes = {key.removeprefix("notice.") for key in catalogue("en") if key.startswith("notice.")}
    reasons = {key.removeprefix("why.") for key in catalogue("en") if key.startswith("why.")}
    assert {code for code in codes - {"other"} if f'"{code}"' not in said} == set()
    assert reasons <= codes
