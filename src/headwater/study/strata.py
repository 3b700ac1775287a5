"""Puts every water into its period and its strata, and walks over the cells they make."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from headwater.errors import SettingsRefused
from headwater.study.settings import PeriodSettings, StrataSettings

ALL = "all"
DEFAULT_STRATA = ("altitude", "vegetation", "aspect", "depth", "basin")
ASPECT_ORDER = ("N", "NE", "E", "SE", "S", "SW", "W", "NW", "shaded", "sunny")
MOST_DEPTH_LEVELS = 12
DEPTH_EDGES_M = (0.0, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.5, 2.0, 5.0)
NICE_BAND_STEPS_M = (50.0, 100.0, 200.0, 250.0, 500.0, 1000.0)


@dataclass(frozen=True)
class Strata:
    """Waters with ``period`` and one column a stratum.

    Attributes
    ----------
    waters : the frame given, with the columns added (``category``; missing where there is no level)
    periods : in time order
    levels : stratum → its levels in display order
    outside_bands : waters with an altitude that lies outside every band
    undated : waters without a period
    """

    waters: pd.DataFrame
    periods: tuple[str, ...]
    levels: dict[str, tuple[str, ...]]
    outside_bands: int
    undated: int


@dataclass(frozen=True)
class Cell:
    """One period × stratum × level, and the positions of its rows."""

    period: str
    stratum: str
    level: str
    rows: np.ndarray


def stratify(
    waters: pd.DataFrame,
    periods: PeriodSettings,
    strata: StrataSettings,
    *,
    of: str,
    source_column: str = "kind",
) -> Strata:
    """The waters with their period and strata.

    Parameters
    ----------
    waters : one row a water, canonical columns
    of : kind of the mixture; strata take their levels from its rows
    source_column : column that names the sources; ``depth`` gets levels from all waters then

    Raises
    ------
    SettingsRefused
        where a stratum is asked for that no column holds.
    """
    frame = waters.copy(deep=False)
    mixture = (frame["kind"] == of).to_numpy()
    if source_column == "depth":
        everything = np.ones(len(frame), dtype=bool)
        frame["depth"] = _depth(frame, strata.depth_layers_m, everything)
    frame["period"] = _period(frame, periods.by)
    names = strata.columns or DEFAULT_STRATA
    levels: dict[str, tuple[str, ...]] = {}
    outside = 0
    for name in names:
        if name == "altitude":
            column, outside = _altitude(frame["altitude_m"], strata.altitude_bands, mixture)
        elif name == "depth" and source_column == "depth":
            continue
        elif name == "depth":
            column = _depth(frame, strata.depth_layers_m, mixture)
        elif name in frame.columns:
            column = _text(frame[name], mixture, ASPECT_ORDER if name == "aspect" else ())
        else:
            raise SettingsRefused(
                f"strata.columns: the tables have no column {name!r}; "
                f"available: {', '.join(_offered(frame))}. Keep a column of your own with read.keep."
            )
        if len(column.cat.categories):
            frame[name] = column
            levels[name] = tuple(column.cat.categories)
    for crossing in strata.crossings:
        frame[crossing] = _cross(frame, crossing, levels)
        levels[crossing] = tuple(frame[crossing].cat.categories)
    present = tuple(frame["period"].cat.categories)
    if periods.only:
        missing = [name for name in periods.only if name not in present]
        if missing:
            raise SettingsRefused(
                f"periods.only: no water was sampled in {', '.join(missing)}; "
                f"periods with samples: {', '.join(present)}."
            )
        present = tuple(name for name in present if name in periods.only)
    undated = int(frame.loc[mixture, "period"].isna().sum())
    return Strata(frame, present, levels, outside, undated)


def cells(strata: Strata, rows: np.ndarray, *, margins: tuple[str, ...] | None = None) -> Iterator[Cell]:
    """Every period × stratum × level of the given rows, the whole period (``all``) first.

    Parameters
    ----------
    rows : positions in ``strata.waters``
    margins : strata to walk over; all of them by default
    """
    waters = strata.waters
    period_codes = _codes(waters["period"], strata.periods)[rows]
    names = strata.levels if margins is None else margins
    level_codes = {name: _codes(waters[name], strata.levels[name])[rows] for name in names}
    for number, period in enumerate(strata.periods):
        inside = period_codes == number
        within = rows[inside]
        if not within.size:
            continue
        yield Cell(period, ALL, ALL, within)
        for name in names:
            codes = level_codes[name][inside]
            for code, level in enumerate(strata.levels[name]):
                members = within[codes == code]
                if members.size:
                    yield Cell(period, name, level, members)


def band_label(low: float, high: float) -> str:
    """Level of an altitude band, ``3500-4000``: [3500, 4000), the last band closed."""
    return f"{low:g}-{high:g}"


def period_start(period: str) -> pd.Timestamp | None:
    """First day of a period named ``YYYY-MM``, ``YYYY-season`` or ``YYYY``; None for ``all``."""
    if period == ALL:
        return None
    year, _, part = period.partition("-")
    month = {"": 1, "spring": 3, "summer": 6, "autumn": 9, "winter": 12}.get(part)
    return pd.Timestamp(int(year), month if month is not None else int(part), 1)


def _period(frame: pd.DataFrame, by: str) -> pd.Series:
    dates = frame["date"].fillna(frame["date_start"]) if "date_start" in frame else frame["date"]
    if by == "all" or dates.isna().all():
        return pd.Series(pd.Categorical([ALL] * len(frame), categories=[ALL]), index=frame.index)
    year, month = dates.dt.year, dates.dt.month
    known = dates.notna().to_numpy()
    if by == "season":
        year = year - (month <= 2)  # January and February belong to the winter that began the year before
        number = year * 12 + ((month - 3) % 12) // 3 * 3
    else:
        number = year * 12 + (month - 1 if by == "month" else 0)
    codes, uniques = pd.factorize(number[known].astype(int), sort=True)
    names = [_period_name(int(value), by) for value in uniques]
    filled = np.full(len(frame), -1)
    filled[known] = codes
    return pd.Series(pd.Categorical.from_codes(filled, categories=names), index=frame.index)


def _period_name(number: int, by: str) -> str:
    year, month = divmod(number, 12)
    if by == "month":
        return f"{year:04d}-{month + 1:02d}"
    if by == "season":
        return f"{year:04d}-{('spring', 'summer', 'autumn', 'winter')[month // 3]}"
    return f"{year:04d}"


def _altitude(altitude: pd.Series, edges: tuple[float, ...], mixture: np.ndarray) -> tuple[pd.Series, int]:
    values = altitude.to_numpy(dtype=float)
    sampled = values[mixture & np.isfinite(values)]
    if not sampled.size:
        return _empty(altitude.index), 0
    bounds = np.array(edges or _default_bands(sampled), dtype=float)
    codes = np.searchsorted(bounds, values, side="right") - 1
    codes[values == bounds[-1]] = len(bounds) - 2
    outside = ~np.isfinite(values) | (codes < 0) | (codes >= len(bounds) - 1)
    codes[outside] = -1
    labels = [band_label(low, high) for low, high in pairwise(bounds)]
    count = int((mixture & outside & np.isfinite(values)).sum())
    return pd.Series(pd.Categorical.from_codes(codes, categories=labels), index=altitude.index), count


def _default_bands(sampled: np.ndarray) -> list[float]:
    low, high = float(sampled.min()), float(sampled.max())
    for step in NICE_BAND_STEPS_M:
        start, stop = np.floor(low / step) * step, (np.floor(high / step) + 1) * step
        if (stop - start) / step <= 6:
            return list(np.arange(start, stop + step / 2, step))
    return list(np.linspace(low, high, 7))


def _depth(frame: pd.DataFrame, edges_m: tuple[float, ...], mixture: np.ndarray) -> pd.Series:
    top = frame["depth_top_m"].to_numpy(dtype=float)
    bottom = frame["depth_bottom_m"].to_numpy(dtype=float)
    whole = np.isfinite(top) & np.isfinite(bottom) & (bottom > top)
    if not edges_m and whole[mixture].any():
        scaled = np.where(whole, np.round(top * 1e5) * 1e8 + np.round(bottom * 1e5), -1)
        levels = np.unique(scaled[whole & mixture])
        if len(levels) <= MOST_DEPTH_LEVELS:
            names = [f"{level // 1e8 / 1e3:g}-{level % 1e8 / 1e3:g} cm" for level in levels]
            codes = np.searchsorted(levels, scaled).clip(0, len(levels) - 1)
            codes[levels[codes] != scaled] = -1
            return pd.Series(pd.Categorical.from_codes(codes, categories=names), index=frame.index)
    edges = np.array(edges_m or DEPTH_EDGES_M)
    both = np.isfinite(top) & np.isfinite(bottom)
    just_above = np.nextafter(bottom, 0.0)  # a lower end alone belongs to the layer that ends there
    middle = np.where(both, (top + bottom) / 2, np.where(np.isfinite(top), top, just_above))
    codes = np.searchsorted(edges, middle, side="right") - 1
    codes[~np.isfinite(middle) | (codes >= len(edges) - 1)] = -1
    labels = [f"{low * 100:g}-{high * 100:g} cm" for low, high in pairwise(edges)]
    column = pd.Series(pd.Categorical.from_codes(codes, categories=labels), index=frame.index)
    used = [label for label in labels if (column[mixture] == label).any()]
    return column.cat.set_categories(used)


def _text(column: pd.Series, mixture: np.ndarray, order: tuple[str, ...]) -> pd.Series:
    found = [str(value) for value in column[mixture].dropna().unique()]
    known = [value for value in order if value in found]
    levels = known + sorted(value for value in found if value not in known)
    text = column.astype(object)
    return text.where(text.isin(levels), None).astype(pd.CategoricalDtype(levels))


def _cross(frame: pd.DataFrame, crossing: str, levels: dict[str, tuple[str, ...]]) -> pd.Series:
    parts = crossing.split("×")
    unknown = [part for part in parts if part not in levels]
    if unknown or len(parts) < 2:
        raise SettingsRefused(
            f"strata.crossings: {crossing!r} must join strata that are there with ×; "
            f"there are: {', '.join(levels)}."
        )
    names = [""]
    codes = np.zeros(len(frame), dtype=np.int64)
    missing = np.zeros(len(frame), dtype=bool)
    for part in parts:
        names = [f"{name}×{level}".removeprefix("×") for name in names for level in levels[part]]
        code = _codes(frame[part], levels[part])
        missing |= code < 0
        codes = codes * len(levels[part]) + code
    codes[missing] = -1
    return pd.Series(pd.Categorical.from_codes(codes, categories=names), index=frame.index)


def _codes(column: pd.Series, levels: tuple[str, ...]) -> np.ndarray:
    return column.cat.set_categories(list(levels)).cat.codes.to_numpy()


def _empty(index: pd.Index) -> pd.Series:
    return pd.Series(pd.Categorical.from_codes(np.full(len(index), -1), categories=[]), index=index)


def _offered(frame: pd.DataFrame) -> list[str]:
    text = [name for name in frame.columns if isinstance(frame[name].dtype, pd.CategoricalDtype)]
    return sorted({"altitude", "depth", *text} - {"kind", "period"})
