"""Opens a store by its place."""

from __future__ import annotations

from pathlib import Path

from headwater.stations.ingest import IngestRule
from headwater.stations.read_flags import flag_words
from headwater.store.embedded import EmbeddedStore
from headwater.store.errors import StoreRefused
from headwater.store.protocol import ReadingStore


def open_store(place: str | Path, *, writing: bool = False, rule: IngestRule | None = None) -> ReadingStore:
    """A store of readings, to be closed or used in ``with``.

    Parameters
    ----------
    place : folder of an embedded store
    writing : also write; makes the store where there is none. One process at a time may
    rule : what is let in; by default ``IngestRule`` as it stands

    Raises
    ------
    StoreRefused
        There is no store, or this headwater cannot use it.
    StoreBusy
        Another process writes.
    """
    if "://" in str(place):
        raise StoreRefused(
            f"{place}: no store of this kind is known. A folder is needed. Give the path of one."
        )
    if set(str(Path(place).resolve())) & set("*?["):
        raise StoreRefused(
            f"{place}: the path has *, ? or [ in it, which stand for any name where sealed months are read. "
            "A path without them is needed. Rename the folder."
        )
    rule = rule or IngestRule(conflict=flag_words().mask(["conflict"]))
    return EmbeddedStore(Path(place), writing=writing, rule=rule)
