"""Errors of stores.

HeadwaterError
└── StoreError          a store cannot do what was asked; nothing of the batch is in it
    ├── StoreRefused    there is no store, or another program or a newer headwater made it (exit code 3)
    ├── StoreBusy       another process writes to it (exit code 3)
    ├── StoreFull       the disk has no room (exit code 1)
    └── StoreDamaged    what lies on the disk is not what was written (exit code 4)
"""

from __future__ import annotations

from headwater.errors import HeadwaterError


class StoreError(HeadwaterError):
    """A store cannot do what was asked."""


class StoreRefused(StoreError):
    """A place that is no store, or a store that this version cannot use."""

    exit_code = 3


class StoreBusy(StoreError):
    """Another process writes to the store."""

    exit_code = 3


class StoreFull(StoreError):
    """The disk has no room; what was acknowledged is kept, the batch is not."""


class StoreDamaged(StoreError):
    """A file of the store is not as it was written."""

    exit_code = 4
