"""Collects what the reader of a study must know: warnings, and parts that were refused with the reason."""

from __future__ import annotations

from typing import Any

from headwater.study.result import Notice


class Notices:
    """An ordered list of :class:`Notice` without repeats."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, str, str, str], Notice] = {}

    def info(self, code: str, *, at: tuple[str, str, str] = ("", "", ""), **values: Any) -> None:
        """Something worth knowing."""
        self._add("info", code, at, values)

    def warn(self, code: str, *, at: tuple[str, str, str] = ("", "", ""), **values: Any) -> None:
        """Something that changes how a number must be read."""
        self._add("warning", code, at, values)

    def refuse(self, code: str, *, at: tuple[str, str, str] = ("", "", ""), **values: Any) -> None:
        """A part that has no result."""
        self._add("refused", code, at, values)

    def all(self) -> tuple[Notice, ...]:
        """Refusals first, then warnings, then the rest, each in the order found."""
        rank = {"refused": 0, "warning": 1, "info": 2}
        return tuple(sorted(self._found.values(), key=lambda notice: rank[notice.level]))

    def _add(self, level: str, code: str, at: tuple[str, str, str], values: dict[str, Any]) -> None:
        key = (code, *at, repr(sorted(values.items(), key=lambda item: item[0])))
        self._found.setdefault(key, Notice(code, level, values, *at))
