"""A figure of the report before it is drawn: its sentences, and the drawing to be done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Planned:
    """One figure: the finding above it, the method below it, and how it is drawn.

    Attributes
    ----------
    name : of the file and of the place in the page
    part : section of the report
    """

    name: str
    part: str
    title: str
    finding: str
    method: str
    draw: Callable[[], Figure]
