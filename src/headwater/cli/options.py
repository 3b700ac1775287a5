"""Options that several commands share, with the help that teaches them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from headwater.errors import SettingsRefused

Table = Annotated[
    Path,
    Parameter(
        name="TABLE",
        help="Table of water samples, one or several: CSV (comma, semicolon or tab), Excel, Parquet.",
        negative=(),
    ),
]
Settings = Annotated[
    Path | None,
    Parameter(name=["--settings", "-s"], help="Settings file (TOML); `headwater settings` prints one."),
]
DeltaUnit = Annotated[
    Literal["permil", "fraction"] | None,
    Parameter(name="--delta-unit", help="Unit of δ where the header does not say it. It is never guessed."),
]
Method = Annotated[
    Literal["bayes", "exact"] | None,
    Parameter(
        name="--method",
        help="bayes (default): mixing model with evaporation inside; exact: end-member algebra, in seconds.",
    ),
]
Json = Annotated[bool, Parameter(name="--json", help="Print the result as one JSON object.", negative=())]
Quiet = Annotated[bool, Parameter(name=["--quiet", "-q"], help="No messages and no progress.", negative=())]
Lang = Annotated[Literal["en", "zh"], Parameter(name="--lang", help="Language of the report.")]


def at_least_one(tables: tuple[Path, ...]) -> list[Path]:
    """The tables of a command.

    Raises
    ------
    SettingsRefused
        where none was given.
    """
    if not tables:
        raise SettingsRefused("no TABLE given: name at least one file, as in `headwater check samples.xlsx`.")
    return list(tables)


def numbers(text: str | None, *, option: str) -> list[float] | None:
    """Numbers of a comma-separated option.

    Raises
    ------
    SettingsRefused
        where a part is not a number.
    """
    if text is None:
        return None
    try:
        return [float(part) for part in text.replace("，", ",").split(",")]
    except ValueError:
        raise SettingsRefused(
            f"{option} {text!r}: needs numbers with commas between them, such as 2900,3500,4000."
        ) from None


def slope_prior(text: str | None) -> str | list[float] | None:
    """Prior of the evaporation slope: ``soil``, ``climate``, or mean and sd as ``5.2±0.3`` or ``5.2+-0.3``.

    Raises
    ------
    SettingsRefused
        where it is none of these.
    """
    if text is None or text in ("soil", "climate"):
        return text
    try:
        mean, sd = (float(part) for part in re.split(r"±|\+/?-", text))
    except ValueError:
        raise SettingsRefused(
            f"--evaporation-slope {text!r}: needs soil, climate, or mean and sd such as 5.2±0.3 or 5.2+-0.3."
        ) from None
    return [mean, sd]


def nested(**values: Any) -> dict[str, Any]:
    """Options as a layer of settings: ``strata__altitude_bands=…`` sets ``strata.altitude_bands``.

    Options that were not given (None) are left out.
    """
    layer: dict[str, Any] = {}
    for path, value in values.items():
        if value is None:
            continue
        place = layer
        *sections, name = path.split("__")
        for section in sections:
            place = place.setdefault(section, {})
        place[name] = value
    return layer
