"""Everything that the samples say before any mixing: means, distances, gradients, profiles, contrasts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from headwater.isotopes import (
    contrasts,
    gradients,
    group_means,
    kind_distances,
    line_distance,
    profiles,
)
from headwater.stats import Line
from headwater.study.settings import StudySettings
from headwater.study.strata import ALL, Strata

AGAINST = ("altitude_m", "soil_temperature_C", "soil_moisture")
VARIABLES = ("d18O", "d2H", "d_excess", "lc_excess")
MOST_CONTRASTED = 12
CONTRAST_COLUMNS = (
    "kind", "factor", "level_a", "level_b", "variable", "n_a", "n_b", "difference", "low", "high", "p",
)  # fmt: skip


def isotope_table(strata: Strata, settings: StudySettings, line: Line) -> pd.DataFrame:
    """Table ``isotopes``: the mixture in every cell, every kind of water by period and over all."""
    waters = _in_periods(strata)
    mixture = waters[waters["kind"] == settings.mixture.kind]
    parts = []
    for name in (ALL, *strata.levels):
        keys = ["kind", "period"] + ([name] if name != ALL else [])
        means = group_means(mixture, keys, line)
        means["stratum"], means["level"] = name, ALL if name == ALL else means[name].astype(str)
        parts.append(means)
    others = group_means(waters[waters["kind"] != settings.mixture.kind], ["kind", "period"], line)
    whole = group_means(strata.waters, ["kind"], line)
    whole["period"] = ALL
    for means in (others, whole):
        means["stratum"] = means["level"] = ALL
        parts.append(means)
    table = pd.concat([_plain(part) for part in parts], ignore_index=True)
    keys = ["kind", "period", "stratum", "level"]
    values = [name for name in table.columns if name not in (*keys, *strata.levels)]
    return table.loc[table["n"] > 0, keys + values].reset_index(drop=True)


def line_distance_table(strata: Strata, settings: StudySettings, line: Line) -> pd.DataFrame:
    """Table ``line_distance``: how far the mixture lies from the meteoric line, ranked within a stratum."""
    waters = _in_periods(strata)
    mixture = waters[waters["kind"] == settings.mixture.kind]
    parts = []
    for name in (ALL, *strata.levels):
        for period in strata.periods:
            here = mixture[mixture["period"] == period]
            table = line_distance(here, [name] if name != ALL else [], line)
            table = table.assign(period=period, stratum=name)
            table["level"] = ALL if name == ALL else table[name].astype(str)
            parts.append(_plain(table))
    columns = ["period", "stratum", "level", "n", "lc_excess", "low", "high", "rank"]
    return pd.concat(parts, ignore_index=True)[columns]


def distance_table(strata: Strata, periods: tuple[str, ...], rng: np.random.Generator) -> pd.DataFrame:
    """Table ``distances``: how far the kinds of water lie from each other, in the periods of the mixture."""
    waters = _in_periods(strata)
    parts = [
        kind_distances(waters[waters["period"] == period], rng).assign(period=period) for period in periods
    ]
    return _ordered(_plain(pd.concat(parts, ignore_index=True)), ["period"])


def gradient_table(strata: Strata) -> pd.DataFrame:
    """Table ``gradients``: δ and excesses of every kind against altitude; soil temperature and moisture."""
    waters = _in_periods(strata)
    parts = [
        gradients(waters[waters["period"] == period], AGAINST, VARIABLES).assign(period=period)
        for period in strata.periods
    ]
    return _ordered(_plain(pd.concat(parts, ignore_index=True)), ["kind", "period"])


def profile_table(strata: Strata, settings: StudySettings) -> pd.DataFrame:
    """Table ``profiles``: the mixture by depth and period; empty without depths."""
    columns = [
        "period", "depth", "depth_mid_m", "n", "d18O_mean", "d18O_low", "d18O_high", "d_excess_mean",
        "d_excess_low", "d_excess_high", "soil_temperature_C", "soil_moisture",
    ]  # fmt: skip
    if "depth" not in strata.levels:
        return pd.DataFrame(columns=columns)
    waters = _in_periods(strata)
    mixture = waters[waters["kind"] == settings.mixture.kind]
    parts = [
        profiles(mixture[mixture["period"] == period]).assign(period=period) for period in strata.periods
    ]
    return _plain(pd.concat(parts, ignore_index=True))[columns]


def contrast_table(strata: Strata, settings: StudySettings) -> pd.DataFrame:
    """Table ``contrasts``: the mixture between periods and between basins."""
    waters = _in_periods(strata)
    mixture = waters[waters["kind"] == settings.mixture.kind]
    parts = []
    for factor in ("period", "basin"):
        if factor == "basin" and "basin" not in strata.levels:
            continue
        if 1 < mixture[factor].nunique() <= MOST_CONTRASTED:
            parts.append(contrasts(mixture, factor, VARIABLES))
    if not parts:
        return pd.DataFrame(columns=list(CONTRAST_COLUMNS))
    return _plain(pd.concat(parts, ignore_index=True))[list(CONTRAST_COLUMNS)]


def _in_periods(strata: Strata) -> pd.DataFrame:
    waters = strata.waters
    inside = waters[waters["period"].isin(strata.periods)]
    return inside.assign(period=inside["period"].cat.set_categories(list(strata.periods)))


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    text = table.select_dtypes("category").columns
    return table.astype(dict.fromkeys(text, str))


def _ordered(table: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    return table[keys + [name for name in table.columns if name not in keys]]
