"""Stores of readings: batches of stations in, all or nothing and on disk; ranges, means and accounts out.

The only place with SQL, and with the Parquet of readings. Imports records of stations and the leaves only.
"""

from headwater.store.copy import restore
from headwater.store.errors import StoreBusy, StoreDamaged, StoreError, StoreFull, StoreRefused
from headwater.store.open_store import open_store
from headwater.store.protocol import DayMeans, Judged, ReadingStore, Receipt, Sealed, Verified

__all__ = [
    "DayMeans",
    "Judged",
    "ReadingStore",
    "Receipt",
    "Sealed",
    "StoreBusy",
    "StoreDamaged",
    "StoreError",
    "StoreFull",
    "StoreRefused",
    "Verified",
    "open_store",
    "restore",
]
