"""Settings from several places laid over each other, with the origin of every value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from headwater.errors import SettingsRefused
from headwater.study.settings import SourceRule, StudySettings


@dataclass(frozen=True)
class Setting:
    """One setting: dotted name, value, where the value came from, and what it means."""

    name: str
    value: Any
    origin: str
    meaning: str


def merge_settings(*layers: tuple[str, dict[str, Any]]) -> tuple[StudySettings, dict[str, str]]:
    """The settings of several layers, later ones winning, and where each value came from.

    Parameters
    ----------
    layers : (origin, nested dict) in rising order of precedence, e.g. ``("study.toml", {...})``

    Raises
    ------
    SettingsRefused
        for an unknown name or a value that is not allowed; the message names it and its origin.
    """
    merged: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for origin, layer in layers:
        _merge(merged, layer, origins, origin, "")
    try:
        settings = StudySettings.model_validate(merged)
    except ValidationError as error:
        raise SettingsRefused(_explain(error, origins)) from None
    return settings, origins


def list_settings(settings: StudySettings, origins: dict[str, str]) -> tuple[Setting, ...]:
    """Every setting in the order of the model."""
    return tuple(_walk(settings, origins, ""))


def show_value(value: Any) -> str:
    """A setting's value as a reader writes it."""
    if isinstance(value, tuple):
        return ", ".join(show_value(item) for item in value)
    if isinstance(value, dict):
        return "; ".join(f"{name}: {show_value(item)}" for name, item in value.items())
    if isinstance(value, BaseModel):
        return show_value(value.model_dump(exclude_defaults=True))
    return "" if value is None else str(value)


def _walk(section: BaseModel, origins: dict[str, str], prefix: str) -> Iterator[Setting]:
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        path = f"{prefix}{name}"
        if isinstance(value, BaseModel):
            yield from _walk(value, origins, f"{path}.")
        else:
            yield Setting(path, value, _origin(path, origins), field.description or "")


def _merge(
    into: dict[str, Any], layer: dict[str, Any], origins: dict[str, str], origin: str, path: str
) -> None:
    for name, value in layer.items():
        here = f"{path}{name}"
        if isinstance(value, dict) and isinstance(into.get(name, {}), dict):
            into[name] = dict(into.get(name, {}))
            _merge(into[name], value, origins, origin, f"{here}.")
        else:
            into[name] = value
            origins[here] = origin


def _origin(path: str, origins: dict[str, str]) -> str:
    below = {where for name, where in origins.items() if name == path or name.startswith(f"{path}.")}
    return ", ".join(sorted(below)) or "default"


def _explain(error: ValidationError, origins: dict[str, str]) -> str:
    lines = []
    for item in error.errors():
        path = ".".join(str(part) for part in item["loc"])
        where = _origin(path, origins)
        if item["type"] == "extra_forbidden":
            allowed = ", ".join(_names_beside(item["loc"]))
            lines.append(f"{where}: unknown setting {path!r}; allowed here: {allowed}.")
        else:
            message = item["msg"].removeprefix("Value error, ")
            lines.append(f"{where}: {path} = {item.get('input')!r}: {message}.")
    return "\n".join(lines) + "\nRun `headwater settings` to see every setting with its meaning."


def _names_beside(location: tuple[int | str, ...]) -> list[str]:
    model: Any = StudySettings
    for part in location[:-1]:
        field = model.model_fields.get(part)
        model = field.annotation if field is not None else SourceRule
        if not isinstance(model, type) or not issubclass(model, BaseModel):
            model = SourceRule
    return list(model.model_fields)
