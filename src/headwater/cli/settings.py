"""``headwater settings``: every setting with its value, origin and meaning, as a settings file."""

from __future__ import annotations

import json as jsonlib
from typing import Any

from headwater.cli import Exit
from headwater.cli.options import Json
from headwater.cli.options import Settings as SettingsFile
from headwater.cli.show import Show
from headwater.study.layers import Setting, list_settings, merge_settings
from headwater.study.read_settings import read_settings


def settings(*, settings: SettingsFile = None, json: Json = False) -> int:
    """Print every setting with its value, its origin and its meaning.

    The output is itself a settings file: `headwater settings > study.toml`, then change what you need and
    delete the rest.
    """
    layers = [(settings.name, read_settings(settings))] if settings else []
    found = list_settings(*merge_settings(*layers))
    payload = {item.name: {"value": item.value, "origin": item.origin} for item in found}
    Show(json=json).result(payload, lambda: to_toml(found))
    return Exit.OK


def to_toml(found: tuple[Setting, ...]) -> str:
    """The settings as TOML, each under its meaning and origin; empty ones are commented out."""
    lines: list[str] = []
    section = ""
    for item in found:
        head, _, name = item.name.rpartition(".")
        if head != section:
            section = head
            lines += ["", f"[{section}]"]
        lines.append(f"# {item.meaning} ({item.origin})")
        empty = item.value is None or item.value in ((), {}, "")
        lines.append(f"# {name} =" if empty else f"{name} = {_toml(item.value)}")
    return "\n".join(lines)


def _toml(value: Any) -> str:
    if hasattr(value, "model_dump"):
        value = value.model_dump(exclude_defaults=True)
    if isinstance(value, dict):
        inside = ", ".join(
            f"{jsonlib.dumps(key, ensure_ascii=False)} = {_toml(item)}" for key, item in value.items()
        )
        return f"{{ {inside} }}"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"{value:g}" if isinstance(value, float) and value != int(value) else str(value)
    return jsonlib.dumps(str(value), ensure_ascii=False)
