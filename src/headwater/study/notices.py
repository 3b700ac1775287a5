"""Collects what the reader of a study must know: warnings, and parts that were refused with the reason."""

from __future__ import annotations

from typing import Any

from headwater.study.result import Notice

RANK = {"refused": 0, "warning": 1, "info": 2}


class Notices:
    """An ordered list of :class:`Notice`."""

    def __init__(self) -> None:
        self._found: list[Notice] = []

    def info(self, code: str, *, at: tuple[str, str, str] = ("", "", ""), **values: Any) -> None:
        """Something worth knowing."""
        self._found.append(Notice(code, "info", values, *at))

    def warn(self, code: str, *, at: tuple[str, str, str] = ("", "", ""), **values: Any) -> None:
        """Something that changes how a number must be read."""
        self._found.append(Notice(code, "warning", values, *at))

    def refuse(self, code: str, *, at: tuple[str, str, str] = ("", "", ""), **values: Any) -> None:
        """A part that has no result."""
        self._found.append(Notice(code, "refused", values, *at))

    def take(self, other: Notices, *, level: str) -> None:
        """Adds those of another list that have this level."""
        self._found += [notice for notice in other._found if notice.level == level]

    def all(self) -> tuple[Notice, ...]:
        """Refusals first, then warnings, then the rest, each in the order found, none twice."""
        single = {repr(notice): notice for notice in self._found}
        return tuple(sorted(single.values(), key=lambda notice: RANK[notice.level]))
