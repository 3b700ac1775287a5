"""Every error that headwater raises on purpose.

    HeadwaterError
    ├── InputRefused        a table, file or value cannot be used (exit code 3)
    │   └── UnitsUnclear    the unit of a number is not declared and must not be guessed
    ├── SettingsRefused     a settings file or an option is wrong (exit code 2)
    ├── StoreError          of stores of readings, with four kinds of its own (``store/errors.py``)
    └── NotTrustworthy      a result was computed but fails its own checks (exit code 4)

A message has three parts: what was wrong (value, file, row, column), what is allowed, what to do.
"""

from __future__ import annotations


class HeadwaterError(Exception):
    """Base of all errors that headwater raises on purpose."""

    exit_code = 1


class InputRefused(HeadwaterError):
    """Input that cannot be used; the message names the place, what is allowed and what to do."""

    exit_code = 3


class UnitsUnclear(InputRefused):
    """The unit of a number is not declared, and guessing it could change every result."""


class SettingsRefused(HeadwaterError):
    """A setting or an option that is not allowed."""

    exit_code = 2


class NotTrustworthy(HeadwaterError):
    """A result that fails its own checks and is not handed out; ``diagnosis`` is their record."""

    exit_code = 4

    def __init__(self, message: str, *, diagnosis: object = None) -> None:
        super().__init__(message)
        self.diagnosis = diagnosis
