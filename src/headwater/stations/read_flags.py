"""Reads the vocabulary of flags from ``data/quality_flags.toml``."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

from headwater.stations.flags import FlagWords


@cache
def flag_words() -> FlagWords:
    """All flags, lowest bit first."""
    text = resources.files("headwater.data").joinpath("quality_flags.toml").read_text(encoding="utf-8")
    flags = sorted(tomllib.loads(text)["flag"], key=lambda flag: int(flag["bit"]))
    return FlagWords(
        bits={flag["code"]: int(flag["bit"]) for flag in flags},
        meanings={flag["code"]: flag["meaning"] for flag in flags},
    )
