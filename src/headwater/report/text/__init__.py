"""The catalogue of every sentence and table head, in English and Chinese."""

from __future__ import annotations

import re
import string
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Literal

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")
_UNIT = re.compile(r" (?=[%‰])")
"""The blank before a unit, which must not break."""


def spaced(said: str) -> str:
    """The sentence with a blank where Chinese and Latin letters meet, as print has it."""
    return re.sub("(?<=[A-Za-z0-9])(?=[\u3400-\u9fff])|(?<=[\u3400-\u9fff])(?=[A-Za-z0-9])", " ", said)


class Text:
    """Sentences of one language: ``text("summary.read", used=741)``."""

    def __init__(self, lang: Language) -> None:
        self.lang = lang
        self.sentences = catalogue(lang)

    def __call__(self, key: str, **values: Any) -> str:
        """The sentence of ``key`` with its blanks filled; KeyError where the catalogue has none."""
        return self.sentences[key].format(**values)

    def __contains__(self, key: str) -> bool:
        return key in self.sentences

    def count(self, key: str, n: int, **values: Any) -> str:
        """The sentence ``key.one`` or ``key.other``, as the number asks, with ``{n}`` filled."""
        return self(f"{key}.one" if n == 1 else f"{key}.other", n=n, **values)

    def name(self, group: str, code: str) -> str:
        """The reader's word for a code of a vocabulary (``kind``, ``flag``, …); an own name stays."""
        return self.sentences.get(f"{group}.{code}", code.replace("_", " "))

    def listing(self, items: list[str]) -> str:
        """``a, b and c``."""
        if len(items) < 2:
            return "".join(items)
        return self("list.comma").join(items[:-1]) + self("list.and") + items[-1]


@cache
def catalogue(lang: Language) -> Mapping[str, str]:
    """Every sentence of a language by its dotted key, those of figures, ``mix`` and ``drivers`` included."""
    merged: dict[str, str] = {}
    for name in (f"{lang}.toml", f"figures_{lang}.toml", f"mix_{lang}.toml", f"drivers_{lang}.toml"):
        source = files(__name__).joinpath(name)
        if source.is_file():
            merged |= _flat(tomllib.loads(source.read_text(encoding="utf-8")))
    return MappingProxyType(merged)


def blanks(sentence: str) -> set[str]:
    """Names of the placeholders of a sentence."""
    return {field for _, field, _, _ in string.Formatter().parse(sentence) if field}


def _flat(tree: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{prefix}{key}.")
        else:
            found[prefix + key] = _UNIT.sub("\u202f", str(value))
    return found
