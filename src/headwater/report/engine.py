"""The mixing model of a study, as rows for figures and tables: its fits, and the same by algebra."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from headwater.study.result import StudyResult

KEYS = ["period", "source"]
NUMBERS = ["mean", "q025", "q975"]
BOTH_COLUMNS = (
    "period", "source", "n", "flags", "mean", "q025", "q975", "other_mean", "other_q025", "other_q975",
    "algebra_mean", "algebra_q025", "algebra_q975", "algebra_flags",
)  # fmt: skip


def model_used(result: StudyResult) -> bool:
    """Whether the shares come from the Bayesian mixing model."""
    return len(result.tables.engine) > 0


def evaporation_inside(result: StudyResult) -> bool:
    """Whether that model holds evaporation."""
    return bool((result.tables.engine["form"].fillna("").astype(str) != "").any())


def trusted_runs(result: StudyResult) -> pd.DataFrame:
    """The fits with evaporation whose draws can be trusted."""
    runs = result.tables.engine
    return runs[runs["trusted"].astype(bool) & (runs["form"].fillna("").astype(str) != "")]


def answers(result: StudyResult) -> pd.DataFrame:
    """Of those, the fits that the shares come from: one a period."""
    runs = trusted_runs(result)
    return runs[runs["used"].astype(bool)]


def other_forms(result: StudyResult) -> str:
    """The distribution of evaporation that is fitted beside; empty where there is none."""
    runs = result.tables.engine
    names = runs.loc[~runs["used"].astype(bool), "form"].fillna("").astype(str)
    return "" if names.empty else str(names.iloc[0])


def both_ways(result: StudyResult) -> pd.DataFrame:
    """Shares of whole periods by the model, its other form and algebra; missing where one has none.

    Returns
    -------
    ``BOTH_COLUMNS``, a row a period and source; empty where the model was not used
    """
    if not model_used(result):
        return pd.DataFrame(columns=list(BOTH_COLUMNS))
    tables = result.tables
    model = _whole(tables.contributions)[[*KEYS, *NUMBERS, "flags"]]
    other = _whole(tables.other_form)[[*KEYS, *NUMBERS]]
    exact = _whole(tables.exact)[[*KEYS, *NUMBERS, "n", "flags"]]
    exact = exact.rename(columns={name: f"algebra_{name}" for name in (*NUMBERS, "flags")})
    joint = exact.merge(model, on=KEYS, how="outer", sort=False).merge(
        other.rename(columns={name: f"other_{name}" for name in NUMBERS}), on=KEYS, how="left", sort=False
    )
    joint["period"] = pd.Categorical(joint["period"], result.periods)
    joint["source"] = pd.Categorical(joint["source"], result.sources)
    joint = joint.sort_values(KEYS).astype(dict.fromkeys(KEYS, str))
    return joint[list(BOTH_COLUMNS)].reset_index(drop=True)


def differences(result: StudyResult) -> pd.Series:
    """Share by algebra minus share by the model, where both give a value; index as of :func:`both_ways`."""
    joint = both_ways(result)
    firm = ~(joint["flags"].fillna("") + joint["algebra_flags"].fillna("")).astype(str).str.contains(
        "underdetermined"
    )
    return (joint["algebra_mean"] - joint["mean"])[firm].dropna()


def _whole(frame: pd.DataFrame) -> pd.DataFrame:
    whole = frame[frame["stratum"] == "all"]
    return whole.astype({"period": str, "source": str})
