"""Pool parallels: vials of one water become one row, with their spread and the error of their mean."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from headwater.samples.read_vocabulary import default_analytical_sd
from headwater.samples.table import CANONICAL_COLUMNS, NUMBER_COLUMNS, PLACE_COLUMNS, Kind, SampleTable

Parallels = Literal["auto", "replicate", "none"]
PROFILES = (Kind.SOIL_WATER, Kind.GROUND_ICE)
KEY = ("site", "kind", "source_group", "basin", "date", "depth_top_m", "depth_bottom_m")
MARK = (
    r"^(?P<stem>.*[0-9A-Za-z\p{Han}])"
    r"(?:[-_./# ]+(?:[0-9]{1,2}|[A-Ca-c]|(?i:rep|r|p|parallel)[0-9]{1,2})|[-_ ]?[(（][0-9]{1,2}[)）])$"
)
LETTER = r"^(?P<stem>.*[0-9])[a-c]$"


def pool_parallels(table: SampleTable, *, parallels: Parallels = "auto") -> pd.DataFrame:
    """One row a water: means of its parallels, ``d18O_sd, d2H_sd`` of the mean, and the spread among them.

    For m parallels with analytical standard deviations sᵢ the mean has ``sqrt(Σ sᵢ²) / m``; the spread is the
    standard deviation among the parallels (n − 1), NaN for a single vial.

    Rows are parallels where site, kind, source group, basin, date, depth and every kept column agree **and**

    1. their ``sample_id`` is the same, or
    2. each has a ``replicate``, none stands twice, and the ids agree once a trailing replicate is cut off, or
    3. without a ``replicate``, in soil water and ground ice: site, date and depth are given, and the ids
       differ only in a trailing mark (``-1``, ``_b``, ``(2)``, or a, b, c behind a digit), none twice.

    Nothing else is pooled: two events of rain on a day, two streams at a station stay apart.

    Parameters
    ----------
    parallels : ``auto`` for all three rules; ``replicate`` for the first two, where numbered ids are separate
        samples (cores of a plot, plants of a species); ``none`` pools nothing

    Returns
    -------
    DataFrame
        Canonical, place and kept columns (text of the first parallel, mean of numbers), then ``d18O_spread,
        d2H_spread, parallels, d_excess``; in the order of the first parallels.
    """
    frame = with_sd(table.frame)
    water = water_codes(frame, parallels)
    first, code = first_rows(water)
    m = np.bincount(code, minlength=len(first))
    pooled = frame.iloc[first].reset_index(drop=True)
    several = np.flatnonzero(m > 1)
    pooled["d18O_spread"] = pooled["d2H_spread"] = np.nan
    if several.size:
        _fill_means(pooled, frame, code, several)
    pooled["parallels"] = m
    pooled["d_excess"] = pooled["d2H"] - 8 * pooled["d18O"]
    return pooled


def with_sd(frame: pd.DataFrame) -> pd.DataFrame:
    """Frame whose analytical standard deviations are filled from the instrument default where missing."""
    filled = frame.copy(deep=False)
    for tracer, sd in default_analytical_sd().items():
        filled[f"{tracer}_sd"] = frame[f"{tracer}_sd"].fillna(sd)
    return filled


def first_rows(code: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Position of the first row of each group, in order, and for each row the number of its group."""
    numbers, _ = pd.factorize(code)
    first = np.flatnonzero(~pd.Series(numbers).duplicated().to_numpy())
    return first, numbers.astype(np.int64)


def water_codes(frame: pd.DataFrame, parallels: Parallels = "auto") -> NDArray[np.int64]:
    """A number for each row, equal where rows are parallels of one water."""
    own = np.arange(len(frame))
    if parallels == "none":
        return own
    kept = [name for name in frame.columns if name not in (*CANONICAL_COLUMNS, *PLACE_COLUMNS)]
    key = _joint_code([frame[name] for name in (*KEY, *kept)])
    crowded = np.flatnonzero(np.bincount(key)[key] > 1)
    if not crowded.size:
        return own
    part = frame.iloc[crowded]
    water = own.copy()
    ids = part["sample_id"].astype(object).to_numpy()
    has_id = part["sample_id"].notna().to_numpy()
    same_id = _joint_code([pd.Series(key[crowded]), pd.Series(ids)])
    _unite(water, crowded[has_id], same_id[has_id])
    replicate = part["replicate"].astype(object).fillna("").astype(str).to_numpy()
    marked = replicate != ""
    stem, mark = _stems(np.where(has_id, ids, "").astype(str), replicate)
    profile = part["kind"].isin(PROFILES) & part["site"].notna() & part["date"].notna()
    profile &= part["depth_top_m"].notna() | part["depth_bottom_m"].notna()
    stemmed = ~marked & has_id & profile.to_numpy() & (mark != "") & (parallels == "auto")
    for chosen, label in ((marked, replicate), (stemmed, mark)):
        group = _joint_code([pd.Series(key[crowded][chosen]), pd.Series(stem[chosen])])
        at = crowded[chosen]
        clean = _no_label_twice(group, label[chosen], water[at])
        _unite(water, at[clean], group[clean])
    return water


def _joint_code(columns: list[pd.Series]) -> NDArray[np.int64]:
    """One number for each combination of values; missing equals missing."""
    total = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        if isinstance(column.dtype, pd.CategoricalDtype):
            code, size = column.cat.codes.to_numpy().astype(np.int64) + 1, len(column.cat.categories) + 1
        else:
            code, values = pd.factorize(column.to_numpy(), use_na_sentinel=False)
            size = max(len(values), 1)
        if size > 1:
            total = pd.factorize(total * size + code)[0].astype(np.int64)
    return total


def _unite(water: NDArray[np.int64], at: NDArray[np.int64], group: NDArray[np.int64]) -> None:
    """Give rows ``at`` of one group the number of the group's first row."""
    if at.size:
        first, code = first_rows(group)
        water[at] = water[at[first]][code]


def _stems(
    ids: NDArray[np.object_], replicate: NDArray[np.object_]
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Ids without their trailing mark or given replicate, and the mark ("" where there is none)."""
    stem, mark = np.array(ids, object), np.full(len(ids), "", object)
    for pattern in (MARK, LETTER):
        cut = pc.struct_field(
            pc.extract_regex(pa.array(ids.tolist(), pa.string()), pattern), "stem"
        ).to_pylist()
        for i, text in enumerate(cut):
            if text and not mark[i]:
                stem[i], mark[i] = text, ids[i][len(text) :].lstrip("-_./# ").lower()
    for i in np.flatnonzero(replicate != "").tolist():
        text, label = str(ids[i]), str(replicate[i])
        if text.endswith(label) and len(text) > len(label):
            stem[i] = text.removesuffix(label).rstrip("-_./# ")
        else:  # vials numbered one by one: the key and the replicate tell the water
            stem[i] = ""
    return stem, mark


def _no_label_twice(
    group: NDArray[np.int64], label: NDArray[np.object_], water: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """True for rows of groups in which no replicate names two waters."""
    rows = pd.DataFrame({"group": group, "label": label, "water": water}).drop_duplicates()
    twice = rows.loc[rows.duplicated(["group", "label"]), "group"].unique()
    return ~np.isin(group, twice)


def _fill_means(
    pooled: pd.DataFrame, frame: pd.DataFrame, code: NDArray[np.int64], several: NDArray[np.int64]
) -> None:
    """Put means, spread and error of the mean into the rows of several parallels."""
    at = np.flatnonzero(np.isin(code, several))
    part = frame.iloc[at][list(NUMBER_COLUMNS)]
    grouped = part.groupby(code[at], sort=True)
    means = grouped.mean()
    for name in NUMBER_COLUMNS:
        if not name.endswith("_sd"):
            _put(pooled, name, several, means[name].to_numpy())
    for tracer in ("d18O", "d2H"):
        given = part[tracer].notna()
        squares = (part[f"{tracer}_sd"] ** 2).where(given)
        sums = squares.groupby(code[at], sort=True).sum()
        count = given.groupby(code[at], sort=True).sum()
        sd = np.sqrt(sums.to_numpy()) / np.maximum(count.to_numpy(), 1)
        _put(pooled, f"{tracer}_sd", several[count.to_numpy() > 0], sd[count.to_numpy() > 0])
        _put(pooled, f"{tracer}_spread", several, grouped[tracer].std(ddof=1).to_numpy())


def _put(frame: pd.DataFrame, name: str, at: NDArray[np.int64], values: NDArray[np.float64]) -> None:
    column = frame[name].to_numpy(copy=True)
    column[at] = values
    frame[name] = column
