"""Grids in longer steps: calendar months, the 16 days of MODIS, years.

Every step counts with the time that it shares with the longer one, so that the 16-day composites of May 25
and June 10 both count in June, with 9 and 16 days.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from headwater.errors import InputRefused, SettingsRefused
from headwater.grids.changes import with_changes
from headwater.grids.lazy import (
    ArrayReader,
    WindowReader,
    file_chunks,
    in_strips,
    is_in_memory,
    lazy_grid,
    pieces,
)
from headwater.grids.regrid import STRIP_VALUES
from headwater.grids.time_axis import DAY, step_kind

Step = Literal["month", "16 days", "year"]
LENGTHS = {"month": 31 * DAY, "16 days": 16 * DAY, "year": 366 * DAY}
AMOUNTS = {
    "precipitation_flux": "precipitation_amount",
    "water_evapotranspiration_flux": "water_evapotranspiration_amount",
    "water_potential_evaporation_flux": "water_potential_evaporation_amount",
}


@dataclass(frozen=True)
class CompositeReader:
    """Means or sums of steps: ``seconds`` (new, old) is shared time, ``length`` (new) the whole."""

    source: WindowReader
    seconds: NDArray[np.float64]
    length: NDArray[np.float64]
    summed: bool
    least: float
    chunk_steps: int = 1

    @property
    def shape(self) -> tuple[int, int, int]:
        """Steps, rows, columns."""
        return (len(self.length), *self.source.shape[1:])

    def window(self, times: NDArray[np.intp], rows: slice, columns: slice) -> NDArray[np.float32]:
        """Values of the longer steps; missing where fewer than ``least`` of the time has values."""
        size = rows.stop - rows.start, columns.stop - columns.start
        if self.chunk_steps * size[0] * size[1] > STRIP_VALUES and size[0] > 1:
            return in_strips(self, times, rows, columns)
        out = np.full((len(times), *size), np.nan, np.float32)
        for place, time in enumerate(times):
            total, shared = np.zeros(size), np.zeros(size)
            steps = np.flatnonzero(self.seconds[time])
            for piece in pieces(len(steps), size[0] * size[1], self.chunk_steps):
                for step, values in zip(
                    steps[piece], self.source.window(steps[piece], rows, columns), strict=True
                ):
                    valid = ~np.isnan(values)
                    total[valid] += self.seconds[time, step] * values[valid]
                    shared[valid] += self.seconds[time, step]
            enough = shared >= self.least * self.length[time] * (1 - 1e-9)
            enough &= shared > 0
            out[place][enough] = total[enough] if self.summed else total[enough] / shared[enough]
        return out


def composite(
    grid: xr.DataArray, step: Step, *, how: Literal["mean", "sum"] = "mean", least: float | None = None
) -> xr.DataArray:
    """The grid in longer steps, stamped at their start; lazy where the grid is.

    Parameters
    ----------
    how : mean over time, or the amount that a flux (per second) brings: value × time, summed
    least : part of a step's time that must have values; 0.5 for means and 1 for sums if not given

    Raises
    ------
    InputRefused : no time, or steps that are already longer
    SettingsRefused : an unknown step, or the sum of something that is not a flux
    """
    least = (1.0 if how == "sum" else 0.5) if least is None else least
    _refuse(grid, step, how, least)
    start, end = _spans(grid)
    new_start, new_end = _periods(start[0], end[-1], step)
    seconds = _shared_seconds(start, end, new_start, new_end)
    length = (new_end - new_start) / np.timedelta64(1, "s")
    can = seconds.sum(axis=1) >= least * length * (1 - 1e-9)
    if not can.any():
        raise InputRefused(
            f"{grid.name}: no {step} of which {100 * least:g} % is covered (steps from {_day(start[0])} to "
            f"{_day(end[-1])}); lower least= or give a longer series"
        )
    first, last = np.flatnonzero(can)[[0, -1]]
    keep = slice(int(first), int(last) + 1)
    chunks = file_chunks(grid)
    reader = CompositeReader(
        ArrayReader(grid),
        seconds[keep],
        length[keep],
        how == "sum",
        least,
        chunk_steps=chunks[0] if chunks else 1,
    )
    coordinates = {
        "time": ("time", new_start[keep], {"standard_name": "time", "axis": "T"}),
        "time_end": ("time", new_end[keep], {"long_name": "end of the time step"}),
        "latitude": grid.latitude,
        "longitude": grid.longitude,
    }
    files = {"files": grid.encoding["files"]} if "files" in grid.encoding else None
    made = lazy_grid(
        reader, coordinates, name=str(grid.name), attributes=_attributes(grid, how), encoding=files,
        chunks=None if chunks is None else (1, chunks[1], chunks[2]),
    )  # fmt: skip
    note = (
        f"{how} of every {step} from {len(start)} steps, at least {100 * least:g} % of the time with values"
    )
    dropped = len(new_start) - (keep.stop - keep.start)
    notes = [note] + ([f"{dropped} at the ends left out, covered too little"] if dropped else [])
    return with_changes(made.load() if is_in_memory(grid) else made, *notes)


def _refuse(grid: xr.DataArray, step: str, how: str, least: float) -> None:
    if step not in LENGTHS:
        raise SettingsRefused(f"step {step!r}; allowed are {', '.join(LENGTHS)}: choose one of these")
    if how not in ("mean", "sum") or not 0 < least <= 1:
        raise SettingsRefused(
            f"how {how!r}, least {least}; mean or sum, and a part above 0 and up to 1 are needed"
        )
    if how == "sum" and not str(grid.attrs.get("units", "")).endswith("s-1"):
        raise SettingsRefused(
            f"{grid.name} in {grid.attrs.get('units')!r}: only a flux (per second) adds up to an amount; "
            "use how='mean'"
        )
    if "time" not in grid.dims:
        raise InputRefused(f"{grid.name}: no dimension time; a composite needs one")


def _spans(grid: xr.DataArray) -> tuple[NDArray[np.datetime64], NDArray[np.datetime64]]:
    """Start and end of every step, by the coordinate ``time_end``, else by the kind of step."""
    start = grid.time.values.astype("datetime64[ns]")
    if "time_end" in grid.coords:
        return start, grid.time_end.values.astype("datetime64[ns]")
    kind = step_kind(start)
    if kind in ("month", "year"):
        unit = "datetime64[M]" if kind == "month" else "datetime64[Y]"
        return start, (start.astype(unit) + 1).astype("datetime64[ns]")
    if kind in ("single", "other"):
        raise InputRefused(
            f"{grid.name}: how long its {len(start)} steps are cannot be told; add a coordinate time_end "
            "with their ends"
        )
    return start, start + (16 * DAY if kind == "16 days" else np.diff(start).min())


def _periods(
    first: np.datetime64, last: np.datetime64, step: str
) -> tuple[NDArray[np.datetime64], NDArray[np.datetime64]]:
    """Longer steps that touch the time from ``first`` to ``last``."""
    if step in ("month", "year"):
        unit = "M" if step == "month" else "Y"
        low, high = (
            first.astype(f"datetime64[{unit}]"),
            (last - np.timedelta64(1, "ns")).astype(f"datetime64[{unit}]"),
        )
        edges = np.arange(low, high + 2).astype("datetime64[ns]")
        return edges[:-1], edges[1:]
    years = np.arange(first.astype("datetime64[Y]"), last.astype("datetime64[Y]") + 1)
    days = [year.astype("datetime64[D]") + np.arange(0, 353, 16) for year in years]
    start = np.concatenate(days).astype("datetime64[ns]")
    touched = (start + 16 * DAY > first) & (start < last)
    return start[touched], (start[touched] + 16 * DAY).astype("datetime64[ns]")


def _shared_seconds(
    start: NDArray[np.datetime64],
    end: NDArray[np.datetime64],
    new_start: NDArray[np.datetime64],
    new_end: NDArray[np.datetime64],
) -> NDArray[np.float64]:
    """Time that new and old steps share, s, shape (new, old)."""
    longest, shortest = (end - start).max(), (new_end - new_start).min()
    if longest > shortest:
        raise InputRefused(
            f"steps of up to {longest / DAY:g} days cannot be made into steps of {shortest / DAY:g} days; "
            "choose a longer one"
        )
    low = np.maximum(start[None, :], new_start[:, None])
    high = np.minimum(end[None, :], new_end[:, None])
    return np.maximum((high - low) / np.timedelta64(1, "s"), 0.0)


def _attributes(grid: xr.DataArray, how: str) -> dict[str, object]:
    attributes = dict(grid.attrs)
    attributes["cell_methods"] = f"time: {how}"
    if how == "sum":
        attributes["units"] = str(grid.attrs["units"]).removesuffix("s-1").strip() or "1"
        name = AMOUNTS.get(str(grid.attrs.get("standard_name", "")))
        attributes.pop("standard_name", None)
        attributes |= {"standard_name": name} if name else {}
    return attributes


def _day(time: np.datetime64) -> str:
    return str(time.astype("datetime64[D]"))
