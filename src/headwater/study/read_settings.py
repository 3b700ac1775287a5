"""Reads ``study.toml``; the only module of ``study`` that touches a file."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from headwater.errors import SettingsRefused


def read_settings(path: Path) -> dict[str, Any]:
    """The content of a settings file as a nested dict; validation is ``merge_settings``'s work.

    Raises
    ------
    SettingsRefused
        where the file is absent or is not TOML; the message gives line and column.
    """
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except tomllib.TOMLDecodeError as error:
        raise SettingsRefused(
            f"{path}: not valid TOML: {error}. See the settings page for an example."
        ) from None
    except UnicodeDecodeError:
        raise SettingsRefused(f"{path}: settings must be saved as UTF-8.") from None
    except OSError as error:
        raise SettingsRefused(f"{path}: cannot be read: {error.strerror}.") from None
