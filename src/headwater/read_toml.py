"""Reads a settings file as it stands. Imports nothing of headwater but the errors."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from headwater.errors import SettingsRefused


def read_toml(path: Path, *, example: str) -> dict[str, Any]:
    """The content of a TOML file as a nested dict.

    Parameters
    ----------
    example : a sentence that says where to find one, for a file that is not TOML

    Raises
    ------
    SettingsRefused
        where the file is absent, not UTF-8 or not TOML; the message gives line and column.
    """
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except tomllib.TOMLDecodeError as error:
        raise SettingsRefused(f"{path}: not valid TOML: {error}. {example}") from None
    except UnicodeDecodeError:
        raise SettingsRefused(f"{path}: settings must be saved as UTF-8.") from None
    except OSError as error:
        raise SettingsRefused(f"{path}: cannot be read: {error.strerror}.") from None
