"""What commands print: results to stdout, messages and progress to stderr."""

from __future__ import annotations

import json as jsonlib
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Show:
    """Where the words of one command go.

    ``json`` prints one JSON object instead of tables; ``quiet`` leaves out messages and progress.
    """

    json: bool = False
    quiet: bool = False

    def message(self, text: str) -> None:
        """A line for the person at the terminal."""
        if not self.quiet:
            print(text, file=sys.stderr)

    def result(self, payload: dict[str, Any], text: Callable[[], str]) -> None:
        """The result: as JSON, or as text."""
        if self.json:
            print(jsonlib.dumps(payload, ensure_ascii=False, indent=2, default=_plain))
        else:
            print(text())

    @contextmanager
    def progress(self) -> Iterator[Progress]:
        """A function ``(step, done, total)`` that draws a bar on a terminal for work over two seconds."""
        if self.quiet or not sys.stderr.isatty():
            yield lambda step, done, total: None
            return
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
        bar = Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True)
        task = bar.add_task("starting", total=None)

        def advance(step: str, done: int, total: int) -> None:
            bar.update(task, description=step, completed=done, total=total)
            if not bar.live.is_started and bar.get_time() - started > 2.0:
                bar.start()

        started = bar.get_time()
        try:
            yield advance
        finally:
            bar.stop()


def columns(rows: Sequence[tuple[str, ...]], *, right: tuple[int, ...] = ()) -> str:
    """Rows as aligned text columns; those listed in ``right`` are aligned to the right."""
    from rich.cells import cell_len

    widths = [max(cell_len(row[number]) for row in rows) for number in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = []
        for number, cell in enumerate(row):
            gap = " " * (widths[number] - cell_len(cell))
            cells.append(gap + cell if number in right else cell + gap)
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _plain(value: Any) -> Any:
    if hasattr(value, "item"):
        return value.item()
    return str(value)
