"""What the numbers say, in plain sentences: the summary of the report and the finding above each part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from headwater.report.display import period_name
from headwater.report.engine import evaporation_inside
from headwater.report.figures.words import kind_label, level_label, period_label, stratum_label
from headwater.report.notices import sentence
from headwater.report.numbers import (
    integer,
    line_equation,
    missing,
    number,
    permil,
    points,
    share,
    share_range,
    share_with_sd,
)
from headwater.report.show_engine import evaporation
from headwater.report.show_mixing import estimate_and_truth

if TYPE_CHECKING:
    from headwater.report.text import Text
    from headwater.study.result import StudyResult

MOST_SENTENCES = 7
BIAS = ("bias_low", "bias_high")
MOST_PERIODS = 3
CLEAR_CONTRAST = 3.0
"""Difference of two shares in units of its standard error above which it is worth a sentence."""


def summary(result: StudyResult, text: Text) -> list[str]:
    """Up to six sentences: what was read, where the water comes from, what stands out."""
    must = [read_sentence(result, text), *shares(result, text), *evaporation(result, text)]
    more = [*truth(result, text), *contrast(result, text), *off_line(result, text), *nearest(result, text)]
    return [opened(said) for said in must + more[: max(MOST_SENTENCES - 1 - len(must), 0)]]


def opened(said: str) -> str:
    """The sentence with a capital letter at its beginning."""
    return said[:1].upper() + said[1:]


def read_sentence(result: StudyResult, text: Text) -> str:
    """Rows read, used and left out."""
    counts = result.table.summary()
    said = text.count("say.read", len(result.table.files), rows=integer(counts["rows_read"]),
                      used=integer(counts["rows_used"]), waters=integer(len(result.waters)))  # fmt: skip
    left = counts["rows_left_out"]
    if left == 0:
        return said + text("say.left_out.none")
    return said + text.count("say.left_out", left, left=integer(left))


def shares(result: StudyResult, text: Text) -> list[str]:
    """Where the mixture came from in each period; a range over periods where there are many."""
    everything = result.tables.contributions
    frame = everything[(everything["stratum"] == "all") & everything["mean"].notna()]
    mixture = kind_label(result.mixture, text)
    if frame.empty and not everything.empty:
        groups = everything.groupby(["period", "stratum", "level"], observed=True).ngroups
        return [text("say.paired", n=integer(groups), mixture=mixture)]
    if frame.empty:
        refused = [n for n in result.notices if n.level == "refused"]
        first = next((n for n in refused if n.code in ("one_source", "no_sources", "unpaired")), None)
        why = first or next(iter(refused), None)
        return [sentence(why, text, result) if why else text("say.no_shares")]
    if frame["period"].nunique() > MOST_PERIODS:
        if frame["flags"].astype(str).str.contains("underdetermined").any():
            return [text("say.ranges_only", mixture=mixture)]
        return [_largest_source(result, frame, text)]
    found = []
    for period, part in frame.groupby("period", sort=False, observed=True):
        part = part.sort_values("mean", ascending=False, kind="stable")
        items = [_item(row, text) for row in part.itertuples()]
        label = period_label(result, str(period), text)
        found.append(text("say.shares", period=label, mixture=mixture, shares=text.listing(items)))
    return found + _refused_periods(result, frame, text)


def contrast(result: StudyResult, text: Text) -> list[str]:
    """The clearest difference between two levels of one stratum in one period, if one is clear."""
    frame = result.tables.contributions
    usable = ~frame["stratum"].astype(str).str.contains("×") & (frame["stratum"] != "all") & (frame["sd"] > 0)
    usable &= ~frame["flags"].fillna("").astype(str).str.contains("underdetermined|only_source")
    best: tuple[float, Any, Any] | None = None
    for _, part in frame[usable].groupby(["period", "stratum", "source"], sort=False, observed=True):
        low, high = part.loc[part["mean"].idxmin()], part.loc[part["mean"].idxmax()]
        clear = (high["mean"] - low["mean"]) / np.hypot(high["sd"], low["sd"])
        if best is None or clear > best[0]:
            best = (clear, low, high)
    if best is None or best[0] < CLEAR_CONTRAST:
        return []
    _, low, high = best
    said = text(
        "say.contrast", period=period_name(result, str(low["period"]), text),
        source=kind_label(str(low["source"]), text), stratum=stratum_label(str(low["stratum"]), text),
        low=share_with_sd(low["mean"], low["sd"]), high=share_with_sd(high["mean"], high["sd"]),
        low_level=level_label(str(low["stratum"]), str(low["level"]), text),
        high_level=level_label(str(high["stratum"]), str(high["level"]), text),
    )  # fmt: skip
    return [said]


def off_line(result: StudyResult, text: Text) -> list[str]:
    """How far the mixture lies from the meteoric line."""
    frame = _by_period(result.tables.line_distance)
    frame = frame[frame["lc_excess"].notna()]
    if frame.empty:
        return []
    mixture = kind_label(result.mixture, text)
    low, high = frame.loc[frame["lc_excess"].idxmin()], frame.loc[frame["lc_excess"].idxmax()]
    if len(frame) == 1:
        bounds = {name: permil(low[name]) for name in ("low", "high")}
        return [text("say.off_line_one", mixture=mixture, value=permil(low["lc_excess"]), **bounds)]
    values = {"least": permil(high["lc_excess"]), "most": permil(low["lc_excess"])}
    return [
        text("say.off_line", mixture=mixture, **values,
             least_period=period_name(result, str(high["period"]), text),
             most_period=period_name(result, str(low["period"]), text))
    ]  # fmt: skip


def nearest(result: StudyResult, text: Text) -> list[str]:
    """The water that the mixture resembles most, by energy distance, mean over periods."""
    frame = result.tables.distances
    frame = frame[frame["energy"].notna()].astype({"kind_a": str, "kind_b": str})
    beside = (frame["kind_a"] == result.mixture) ^ (frame["kind_b"] == result.mixture)
    frame = frame[beside]
    if frame.empty:
        return []
    other = frame["kind_a"].where(frame["kind_a"] != result.mixture, frame["kind_b"])
    mean = frame["energy"].groupby(other).mean().sort_values()
    names = [kind_label(str(kind), text) for kind in mean.index]
    mixture = kind_label(result.mixture, text)
    if len(names) == 1:
        return [text("say.nearest_one", mixture=mixture, other=names[0], value=number(mean.iloc[0]))]
    return [text("say.nearest", mixture=mixture, first=names[0], second=names[1],
                 value=number(mean.iloc[0]), next=number(mean.iloc[1]))]  # fmt: skip


def truth(result: StudyResult, text: Text) -> list[str]:
    """How close the estimate comes to the known truth."""
    joint = estimate_and_truth(result)
    if joint.empty:
        return []
    said = text("say.truth", n=integer(len(joint)), error=number(100 * joint["error"].abs().mean(), 1),
                covered=share(joint["inside"].mean()))  # fmt: skip
    if not evaporation_inside(result):
        return [said]
    plain = estimate_and_truth(result, result.tables.exact)
    beside = text("say.truth_plain", error=number(100 * plain["error"].abs().mean(), 1))
    return [text("list.sentences").join([said, beside])]


def caution(result: StudyResult, text: Text) -> str:
    """What limits the numbers most, and how many refusals and warnings there are; empty where none."""
    levels = [notice.level for notice in result.notices]
    counted = [(level, levels.count(level)) for level in ("refused", "warning")]
    said = text.listing([text.count(f"say.n_{level}", n) for level, n in counted if n])
    evaporated = next((n for n in result.notices if n.code == "evaporation_offset"), None)
    if evaporated is not None and not result.tables.contributions.empty:
        bias = {name: points(float(evaporated.values.get(name, float("nan")))) for name in BIAS}
        return text("say.caution_evaporation", list=said, **bias)
    assumed = {n.period: None for n in result.notices if n.code == "forms_differ"}
    if assumed:
        return text("say.caution_assumed", list=said, periods=_periods(result, list(assumed), text))
    return text("say.caution", list=said) if said else ""


def _periods(result: StudyResult, periods: list[str], text: Text) -> str:
    """Names of the periods, which may hold commas themselves."""
    if len(periods) > 1 and set(periods) >= set(result.tables.contributions["period"].astype(str)):
        return text("say.every_period")
    joint = text("figure.contributions_region.joint")
    return joint.join(period_name(result, period, text) for period in periods)


def meteoric(result: StudyResult, text: Text) -> list[str]:
    """The meteoric line that everything is measured against."""
    line = result.meteoric_line
    if line is None:
        return [text("say.no_meteoric")]
    origin = text.sentences.get(f"origin.{result.meteoric_line_origin}", result.meteoric_line_origin)
    fit = "" if line.n < 3 or missing(line.r2) else f" (R² {number(line.r2)}, n = {integer(line.n)})"
    equation = line_equation(line.slope, line.intercept)
    return [text("say.meteoric", line=equation, fit=fit, origin=origin)]


def slopes(result: StudyResult, text: Text) -> list[str]:
    """Range of the evaporation slopes of the mixture over periods."""
    lines = [(p, line) for (p, stratum, _), line in result.evaporation_lines.items() if stratum == "all"]
    if not lines:
        return [text("say.no_lines")]
    lines.sort(key=lambda item: item[1].slope)
    mixture = kind_label(result.mixture, text)
    low, high = lines[0], lines[-1]
    if len(lines) == 1:
        return [text("say.slope", mixture=mixture, line=line_equation(low[1].slope, low[1].intercept))]
    return [
        text("say.slopes", mixture=mixture, low=number(low[1].slope), high=number(high[1].slope),
             low_period=period_name(result, low[0], text), high_period=period_name(result, high[0], text))
    ]  # fmt: skip


def crossings(result: StudyResult, text: Text) -> list[str]:
    """How many crossings are usable."""
    verdicts = result.tables.source_water["verdict"].astype(str)
    if verdicts.empty:
        return []
    firm = int((verdicts == "well-defined").sum())
    return [text("say.crossings", firm=integer(firm), of=integer(len(verdicts)))]


def means(result: StudyResult, text: Text) -> list[str]:
    """Mean isotopes of the mixture in the periods with the lowest and the highest δ18O."""
    frame = result.tables.isotopes
    frame = _by_period(frame[(frame["kind"].astype(str) == result.mixture) & frame["d18O_mean"].notna()])
    if frame.empty:
        return []
    mixture = kind_label(result.mixture, text)
    low, high = frame.loc[frame["d18O_mean"].idxmin()], frame.loc[frame["d18O_mean"].idxmax()]
    if len(frame) == 1:
        return [text("say.mean", mixture=mixture, d18O=permil(low["d18O_mean"]),
                     d_excess=permil(low["d_excess_mean"]), n=integer(low["n"]))]  # fmt: skip
    return [
        text("say.means", mixture=mixture, low=permil(low["d18O_mean"]), high=permil(high["d18O_mean"]),
             low_period=period_name(result, str(low["period"]), text),
             high_period=period_name(result, str(high["period"]), text))
    ]  # fmt: skip


def absences(result: StudyResult, text: Text) -> list[str]:
    """How many sources stand in each period, and that the rest is told in the table."""
    frame = result.tables.end_members
    if frame.empty:
        return []
    used = frame[frame["used"].astype(bool)].groupby("period", sort=False, observed=True).size()
    items = [f"{period_name(result, str(p), text)}: {n}" for p, n in used.items()]
    return [text("say.sources", list=text("list.comma").join(items))] if items else []


def inside(result: StudyResult, text: Text) -> list[str]:
    """Samples that the sources can make up."""
    frame = result.tables.geometry
    frame = frame[frame["stratum"] == "all"]
    if frame.empty:
        return []
    n, outside = int(frame["n"].sum()), int(frame["outside_n"].sum())
    return [text("say.inside", inside=integer(n - outside), of=integer(n))]


def dimensions(result: StudyResult, text: Text) -> list[str]:
    """Number of end members that the mixture itself asks for, by period."""
    frame = result.tables.emma.drop_duplicates("period")
    items = [f"{period_name(result, str(r.period), text)}: {integer(r.n_end_members)}"
             for r in frame.itertuples()]  # fmt: skip
    return [text("say.dimensions", list=text("list.comma").join(items))] if items else []


def _item(row: Any, text: Text) -> str:
    name = kind_label(str(row.source), text)
    if "underdetermined" in str(row.flags):
        return text("say.share_range", source=name, range=share_range(row.q025, row.q975))
    return text("say.share", source=name, share=share_with_sd(row.mean, row.sd))


def _largest_source(result: StudyResult, frame: pd.DataFrame, text: Text) -> str:
    top = frame.loc[frame.groupby("period", sort=False, observed=True)["mean"].idxmax()]
    name = str(top["source"].astype(str).mode().iloc[0])
    own = frame[frame["source"].astype(str) == name]
    low, high = own.loc[own["mean"].idxmin()], own.loc[own["mean"].idxmax()]
    return text(
        "say.largest", source=kind_label(name, text), n=int((top["source"].astype(str) == name).sum()),
        of=len(top), mixture=kind_label(result.mixture, text), low=share_with_sd(low["mean"], low["sd"]),
        high=share_with_sd(high["mean"], high["sd"]),
        low_period=period_name(result, str(low["period"]), text),
        high_period=period_name(result, str(high["period"]), text),
    )  # fmt: skip


def _refused_periods(result: StudyResult, frame: pd.DataFrame, text: Text) -> list[str]:
    """Why a period has no shares, for periods whose refusal says so."""
    reasons = {n.period: n for n in reversed(result.notices) if n.level == "refused"}
    found = set(frame["period"].astype(str))
    return [
        text("say.no_shares_period", period=period_label(result, period, text),
             reason=sentence(reasons[period], text, result))
        for period in result.periods
        if period not in found and period in reasons
    ]  # fmt: skip


def _by_period(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of the whole region by period; the whole campaign only where there are no periods."""
    frame = frame[frame["stratum"] == "all"]
    periods = frame[frame["period"].astype(str) != "all"]
    return frame if periods.empty else periods
