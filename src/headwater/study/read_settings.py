"""Reads ``study.toml``; the only module of ``study`` that touches a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from headwater.read_toml import read_toml


def read_settings(path: Path) -> dict[str, Any]:
    """The content of a settings file as a nested dict; validation is ``merge_settings``'s work.

    Raises
    ------
    SettingsRefused
        where the file is absent or is not TOML; the message gives line and column.
    """
    return read_toml(path, example="See the settings page for an example.")
