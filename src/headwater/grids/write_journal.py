"""What of a long job is done, on the disk after every part: a line of JSON each, the first tells the job."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import TracebackType
from typing import Any


class Journal:
    """Parts that are done, by their names; a journal of another job, or a torn last line, is not believed.

    ``changed`` is true where a journal of another job was found and dropped.
    """

    def __init__(self, path: Path, job: dict[str, Any]) -> None:
        self.path, self.job = path, job
        self.entries: dict[str, dict[str, Any]] = {}
        self.changed = False
        kept = read_journal(path)
        if kept is not None and kept[0] == job:
            self.entries = kept[1]
        else:
            self.changed = kept is not None
            self.entries = {}
        self._write_all()
        self._file = path.open("a", encoding="utf-8")

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, name: str, entry: dict[str, Any]) -> None:
        """Notes a part as done; when this returns, the note is on the disk."""
        self.entries[name] = entry
        self._file.write(_line({"part": name, **entry}))
        self._file.flush()
        os.fsync(self._file.fileno())

    def start_anew(self) -> None:
        """Forgets all parts."""
        self._file.close()
        self.entries = {}
        self._write_all()
        self._file = self.path.open("a", encoding="utf-8")

    def _write_all(self) -> None:
        part = self.path.with_name(self.path.name + ".part")
        with part.open("w", encoding="utf-8") as file:
            file.write(_line(self.job))
            for name, entry in self.entries.items():
                file.write(_line({"part": name, **entry}))
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.path)


def read_journal(path: Path) -> tuple[dict[str, Any], dict[str, dict[str, Any]]] | None:
    """The job and its parts; None where there is no journal. A line that was not finished is left out."""
    if not path.is_file():
        return None
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n")[:-1]
    if not lines:
        return None
    try:
        job = json.loads(lines[0])
    except ValueError:
        return {}, {}
    entries = {}
    for line in lines[1:]:
        try:
            entry = json.loads(line)
            entries[str(entry.pop("part"))] = entry
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
    return job, entries


def _line(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, sort_keys=True) + "\n"
