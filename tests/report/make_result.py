"""A hand-made StudyResult of plausible size and shape, for tests of figures and documents.

Every number is invented (fixed seed); the tables have the columns of ``StudyTables`` and agree with the
waters where that is cheap, but no science code is called.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from itertools import combinations

import numpy as np
import pandas as pd

from headwater.samples.table import CANONICAL_COLUMNS, PLACE_COLUMNS, PROBLEM_COLUMNS, SampleTable, SourceFile
from headwater.stats.line import Line, LineMethod
from headwater.study.result import Notice, StudyResult, StudyTables

ALTITUDE = ("2900-3500", "3500-4000", "4000-4500", "4500-5100")
VEGETATION = ("grassland", "meadow", "forest", "scrub")
ASPECT = ("N", "E", "S", "W")
DEPTH = ("0-20 cm", "20-40 cm", "40-60 cm", "60-80 cm")
NAMES = {"2020-06": "early ablation", "2020-08": "heavy ablation", "2020-09": "end of ablation"}
SOURCES = ("precipitation", "ground_ice", "snow_melt", "groundwater", "peat pool")
MEANS = {
    "precipitation": (-14.0, 12.5),
    "ground_ice": (-9.0, -1.0),
    "snow_melt": (-17.0, 17.0),
    "groundwater": (-12.0, 9.0),
    "peat pool": (-7.5, -9.0),
    "river": (-12.3, 10.0),
    "suprapermafrost": (-12.0, 8.0),
}
COUNTS = {
    "precipitation": 125,
    "ground_ice": 48,
    "snow_melt": 33,
    "groundwater": 20,
    "peat pool": 12,
    "river": 225,
    "suprapermafrost": 139,
}
COLUMNS = {
    "contributions": "period stratum level source n mean sd q025 q50 q975 method flags",
    "lines": "kind period stratum level n slope slope_se intercept intercept_se r2 method residual_sd",
    "isotopes": "kind period stratum level n "
    + " ".join(
        f"{v}_{s}" for v in ("d18O", "d2H", "d_excess", "lc_excess") for s in ("mean", "sd", "low", "high")
    )
    + " excess_slope excess_intercept excess_r2",
    "source_water": "period stratum level n slope slope_se craig_gordon_slope d18O d18O_low d18O_high d2H"
    " d2H_low d2H_high verdict posterior_d18O posterior_d18O_low posterior_d18O_high posterior_d2H"
    " evaporation fraction_evaporated_steady fraction_evaporated_nonsteady",
    "line_distance": "period stratum level n lc_excess low high rank",
    "distances": "period kind_a kind_b n_a n_b energy mahalanobis p p_adjusted",
    "gradients": "kind period variable against n slope slope_se r2 p",
    "profiles": "period depth depth_mid_m n d18O_mean d18O_low d18O_high d_excess_mean d_excess_low"
    " d_excess_high soil_temperature_C soil_moisture",
    "contrasts": "kind factor level_a level_b variable n_a n_b difference low high p",
    "end_members": "period source n d18O_mean d18O_sd d2H_mean d2H_sd d_excess_mean d_excess_sd window used"
    " note",
    "geometry": "period stratum level n inside_probability outside_n",
    "overlap": "period source_a source_b overlap mahalanobis distinguishable",
    "emma": "period dimension explained tracer rrmse bias residual_p n_end_members reason",
    "first_order": "period stratum level source share se dof low high p_outside",
    "exact": "period stratum level source n mean sd q025 q50 q975 method flags",
    "other_form": "period stratum level source n mean sd q025 q50 q975 method flags",
    "engine": "period form used trusted n parameters rhat ess_bulk ess_tail divergent slope slope_sd"
    " slope_prior slope_prior_sd evaporation evaporation_sd start process_scale design_effect cpu_seconds",
}
FORMS = ("erlang", "exponential")


@dataclass(frozen=True)
class _Plan:
    periods: tuple[str, ...]
    sources: tuple[str, ...]
    rng: np.random.Generator


def make_result(
    *,
    simulated: bool = True,
    refused: bool = False,
    sources: int = 3,
    periods: int = 3,
    elsewhere: bool = False,
    engine: bool = True,
) -> StudyResult:
    """A study of about 740 soil waters and their sources.

    ``refused``: the last period has no shares and no lines, with its notices. ``sources``: 1 to 5; with 1
    nothing is mixed, with 4 and more the shares are feasible ranges flagged ``underdetermined``.
    ``periods``: 3 are the ablation periods of 2020, more are months on end. ``elsewhere``: a small
    catchment outside the Three Rivers Headwater Region. ``engine``: shares of the mixing model with
    evaporation inside, else of plain algebra. With ``refused`` the draws of the middle period cannot be
    trusted either.
    """
    names = (
        tuple(NAMES)
        if periods == 3
        else tuple(str(p) for p in pd.period_range("2019-05", periods=periods, freq="M"))
    )
    plan = _Plan(names, SOURCES[:sources], np.random.default_rng(7))
    strata = {"altitude": ALTITUDE, "vegetation": VEGETATION, "aspect": ASPECT, "depth": DEPTH}
    shares = _shares(plan, strata)
    waters = _waters(plan, shares, elsewhere)
    lost = names[-1] if refused else None
    meteoric = _line(waters[waters["kind"] == "precipitation"])
    lines = {
        key: _line(rows)
        for key, rows in _groups(waters[waters["role"] == "mixture"], strata)
        if key[0] != lost
    }
    tables = _tables(plan, waters, shares, strata, lines, meteoric, lost)
    notices = _notices(plan, lost, engine)
    if engine and sources > 1:
        unsettled = names[1] if refused and periods > 1 else None
        tables = _with_engine(plan, tables, lost, unsettled)
        notices += _unsettled(unsettled) if unsettled else ()
    return StudyResult(
        title="Simulated campaign" if simulated else "Three Rivers campaign",
        table=_sample_table(waters),
        waters=waters,
        tables=tables,
        periods=names,
        period_names={p: NAMES.get(p, p) for p in names},
        strata=strata,
        sources=plan.sources,
        mixture="soil_water",
        meteoric_line=meteoric,
        meteoric_line_origin="precipitation",
        evaporation_lines=lines,
        notices=notices,
        outside_bands=4,
        settings=(
            ("seed", "7", "default"),
            ("strata.altitude_bands", "2900, 3500, 4000, 4500, 5100", "command line"),
        ),
        truth=shares.rename(columns={"value": "share"}) if simulated else None,
    )


def make_empty_result() -> StudyResult:
    """A study in which nothing could be computed and no water was used."""
    full = make_result(simulated=False)
    return replace(
        full,
        title="Nothing",
        waters=full.waters.iloc[:0],
        periods=(),
        period_names={},
        strata={},
        sources=(),
        tables=StudyTables(**{f.name: _frame(f.name, []) for f in fields(StudyTables)}),
        meteoric_line=None,
        meteoric_line_origin="",
        evaporation_lines={},
        notices=(),
        outside_bands=0,
    )


def _frame(name: str, rows: list[dict[str, object]] | pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=COLUMNS[name].split())


def _shares(plan: _Plan, strata: dict[str, tuple[str, ...]]) -> pd.DataFrame:
    """True shares: mostly precipitation, ice in the middle bands, snow high up and early."""
    rows = []
    for place, period in enumerate(plan.periods):
        for stratum, levels in {"all": ("all",), **strata}.items():
            for order, level in enumerate(levels):
                ice = (
                    (0.20, 0.10, 0.06)[place % 3] * (0.4, 1.6, 1.2, 0.9)[order] if stratum != "all" else 0.12
                )
                snow = 0.06 * order * (place % 3 == 0) if stratum == "altitude" else 0.04 * (place % 3 == 0)
                raw = {"ground_ice": ice, "snow_melt": snow, "groundwater": 0.08, "peat pool": 0.03}
                rest = {name: raw[name] for name in plan.sources[1:]}
                for name in plan.sources:
                    value = 1 - sum(rest.values()) if name == "precipitation" else rest[name]
                    rows.append((period, stratum, level, name, value))
    return pd.DataFrame(rows, columns=["period", "stratum", "level", "source", "value"])


def _waters(plan: _Plan, shares: pd.DataFrame, elsewhere: bool) -> pd.DataFrame:
    parts = []
    each = max(1, len(plan.periods) // 3)
    for period in plan.periods:
        parts.append(_soil(plan, shares, period, 247 // each))
        for kind in (*plan.sources, "river", "suprapermafrost"):
            parts.append(_other(plan, period, kind, max(6, COUNTS[kind] // each)))
    waters = pd.concat(parts, ignore_index=True)
    n, rng = len(waters), plan.rng
    waters["latitude"] = rng.uniform(68.61, 68.64, n) if elsewhere else 31.9 + 4 * rng.beta(3, 3, n)
    waters["longitude"] = rng.uniform(-149.5, -149.3, n) if elsewhere else 90.5 + 11 * rng.beta(2, 2, n)
    waters["d_excess"] = waters["d2H"] - 8 * waters["d18O"]
    waters["lc_excess"] = waters["d2H"] - 7.9 * waters["d18O"] - 12.4
    waters["sample_id"] = [f"W{i:04d}" for i in range(n)]
    waters["parallels"] = np.where(waters["role"] == "mixture", 3, 1)
    waters["basin"] = rng.choice(["Yangtze", "Yellow", "Lancang"], n)
    waters["d18O_sd"], waters["d2H_sd"] = 0.2, 0.5
    return waters.reindex(columns=[*dict.fromkeys([*CANONICAL_COLUMNS, *PLACE_COLUMNS, *waters.columns])])


def _soil(plan: _Plan, shares: pd.DataFrame, period: str, n: int) -> pd.DataFrame:
    rng = plan.rng
    frame = pd.DataFrame(
        {
            "altitude": rng.choice(ALTITUDE, n),
            "vegetation": rng.choice(VEGETATION, n),
            "aspect": rng.choice(ASPECT, n),
            "depth": [DEPTH[i % 4] for i in range(n)],
        }
    )
    own = shares[(shares["period"] == period) & (shares["stratum"] == "altitude")]
    table = own.pivot(index="level", columns="source", values="value")[list(plan.sources)]
    part = np.clip(
        table.loc[frame["altitude"]].to_numpy() + rng.normal(0, 0.08, (n, len(plan.sources))), 0, None
    )
    part /= part.sum(axis=1, keepdims=True)
    mean = np.array([MEANS[name] for name in plan.sources])
    d18O, excess = (part @ mean).T + rng.normal(0, (1.6, 0.0), (n, 2)).T
    top = np.array([DEPTH.index(level) for level in frame["depth"]]) * 0.2
    evaporated = rng.gamma(2, 0.5, n) * np.exp(-top / 0.3)
    frame["d18O"] = d18O + evaporated + rng.normal(0, 0.2, n)
    frame["d2H"] = 8 * d18O + excess + 5 * evaporated + rng.normal(0, 1.5, n)
    frame["altitude_m"] = [rng.uniform(*map(float, level.split("-"))) for level in frame["altitude"]]
    frame["depth_top_m"], frame["depth_bottom_m"] = top, top + 0.2
    frame["soil_temperature_C"] = 14 - 10 * top + rng.normal(0, 1, n)
    frame["soil_moisture"] = np.clip(0.22 + 0.1 * top + rng.normal(0, 0.04, n), 0.02, 0.6)
    return frame.assign(kind="soil_water", role="mixture", period=period, date=pd.Timestamp(period + "-15"))


def _other(plan: _Plan, period: str, kind: str, n: int) -> pd.DataFrame:
    rng = plan.rng
    centre, excess = MEANS[kind]
    altitude = rng.uniform(*((5050, 5423) if kind == "snow_melt" else (2900, 5100)), n)
    altitude = altitude.round(0)
    d18O = centre + rng.normal(0, 3.5 if kind == "precipitation" else 1.3, n) - (altitude - 4000) * 0.0012
    d2H = 8 * d18O + excess + rng.normal(0, 2.5, n)
    source = kind if kind in plan.sources else None
    frame = pd.DataFrame({"d18O": d18O, "d2H": d2H, "altitude_m": altitude})
    role = "source" if source else "other"
    kind = "other" if kind == "peat pool" else kind
    return frame.assign(kind=kind, role=role, source=source, period=period, date=pd.Timestamp(period + "-10"))


def _groups(waters: pd.DataFrame, strata: dict[str, tuple[str, ...]]):
    for period, rows in waters.groupby("period"):
        yield (str(period), "all", "all"), rows
        for stratum in strata:
            for level, part in rows.groupby(stratum):
                if len(part) >= 3:
                    yield (str(period), stratum, str(level)), part


def _line(rows: pd.DataFrame) -> Line:
    x, y = rows["d18O"].to_numpy(), rows["d2H"].to_numpy()
    n, mean, ss = len(x), float(x.mean()), float(((x - x.mean()) ** 2).sum())
    slope = float(((x - mean) * y).sum() / ss)
    intercept = float(y.mean() - slope * mean)
    residual = y - slope * x - intercept
    sd = float(np.sqrt((residual**2).sum() / (n - 2)))
    r2 = float(1 - (residual**2).sum() / ((y - y.mean()) ** 2).sum())
    se = sd / ss**0.5
    return Line(
        slope,
        intercept,
        se,
        sd * (1 / n + mean**2 / ss) ** 0.5,
        -mean * se**2,
        r2,
        n,
        sd,
        mean,
        ss,
        LineMethod.OLS,
    )


def _tables(plan, waters, shares, strata, lines, meteoric, lost) -> StudyTables:
    mixture = waters[waters["role"] == "mixture"]
    kept = [(key, rows) for key, rows in _groups(mixture, strata) if key[0] != lost]
    contributions = _contributions(plan, shares, {key: len(rows) for key, rows in kept})
    first = contributions.rename(columns={"mean": "share", "sd": "se", "q025": "low", "q975": "high"})
    return StudyTables(
        contributions=contributions,
        lines=_line_table(lines, meteoric),
        isotopes=_isotopes(waters, strata),
        source_water=_frame(
            "source_water", [_source_water(key, line, meteoric) for key, line in lines.items()]
        ),
        line_distance=_line_distance(kept),
        distances=_distances(plan, waters),
        gradients=_gradients(waters),
        profiles=_profiles(mixture),
        contrasts=_contrasts(mixture),
        end_members=_end_members(plan, waters),
        geometry=_frame(
            "geometry", [_key(key, n=len(rows), inside_probability=0.83, outside_n=3) for key, rows in kept]
        ),
        overlap=_overlap(plan),
        emma=_frame(
            "emma",
            [
                {
                    "period": p,
                    "dimension": d,
                    "explained": (0.9, 0.1)[d - 1],
                    "tracer": t,
                    "rrmse": 0.04,
                    "bias": 0.001,
                    "residual_p": 0.4,
                    "n_end_members": 2,
                    "reason": "rule of one",
                }
                for p in plan.periods
                for d in (1, 2)
                for t in ("d18O", "d2H")
            ],
        ),
        first_order=_frame("first_order", first.assign(dof=40.0, p_outside=0.02)),
        exact=contributions,
        other_form=contributions.iloc[:0],
        engine=_frame("engine", []),
    )


def _with_engine(plan: _Plan, tables: StudyTables, lost: str | None, unsettled: str | None) -> StudyTables:
    """The same shares as if by the model; by algebra part of the precipitation reads as ground ice."""
    model = tables.contributions.assign(method="bayes")
    model = model[model["period"] != unsettled].reset_index(drop=True)
    exact = tables.contributions.copy()
    move = exact["source"].map({"precipitation": -0.3, "ground_ice": 0.3}).fillna(0.0)
    for name in ("mean", "q025", "q50", "q975"):
        exact[name] += move
    other = model.copy()
    for name in ("mean", "q025", "q50", "q975"):
        other[name] += other["source"].map({"precipitation": -0.02, "ground_ice": 0.02}).fillna(0.0)
    runs = [
        {
            "period": period,
            "form": form,
            "used": form == FORMS[0],
            "trusted": period != unsettled,
            "n": 247,
            "parameters": 63,
            "rhat": 1.003 if period != unsettled else 1.31,
            "ess_bulk": 800.0 if period != unsettled else 12.0,
            "ess_tail": 700.0 if period != unsettled else 15.0,
            "divergent": 0,
            "slope": 5.3,
            "slope_sd": 0.12,
            "slope_prior": 5.0,
            "slope_prior_sd": 1.0,
            "evaporation": 1.2 + 0.1 * number,
            "evaporation_sd": 0.2,
            "start": 0.2,
            "process_scale": 0.3,
            "design_effect": 1.4,
            "cpu_seconds": 21.0,
        }
        for number, period in enumerate(plan.periods)
        for form in FORMS
        if period != lost
    ]
    for run in runs:
        if not run["trusted"]:
            run.update(dict.fromkeys(("slope", "slope_sd", "evaporation", "evaporation_sd", "start"), np.nan))
    return replace(tables, contributions=model, exact=exact, other_form=other, engine=_frame("engine", runs))


def _unsettled(period: str) -> tuple[Notice, ...]:
    trouble = {
        "reason": "rhat",
        "count": 3,
        "value": 1.31,
        "limit": 1.01,
        "worst": {"name": "evaporation_slope", "labels": {}},
    }
    return (Notice("not_converged", "refused", {"troubles": [trouble]}, period),)


def _key(key: tuple[str, str, str], **values: object) -> dict[str, object]:
    return {"period": key[0], "stratum": key[1], "level": key[2], **values}


def _contributions(plan: _Plan, shares: pd.DataFrame, counts: dict) -> pd.DataFrame:
    if len(plan.sources) < 2:
        return _frame("contributions", [])
    rows, loose = [], len(plan.sources) > 3
    wobble: dict[tuple, float] = {}
    melt = shares[shares["source"] == "snow_melt"]
    snow = {(row.period, row.stratum, row.level): row.value for row in melt.itertuples()}
    for row in shares.itertuples():
        key = (row.period, row.stratum, row.level)
        place = plan.periods.index(row.period)
        snowless = row.source == "snow_melt" and place % 3
        if key not in counts or snowless:
            continue
        sd = 0.02 + 0.25 / counts[key] ** 0.5
        mean = row.value + sd * _wobble(row.source, wobble.setdefault(key, float(plan.rng.normal(0, 0.5))))
        if row.source == "precipitation" and "snow_melt" in plan.sources and place % 3:
            mean += snow[key]  # no snow is offered then, and the shares add up to 1
        low, high = (
            (max(0, mean - 0.25), min(1, mean + 0.3)) if loose else (mean - 1.96 * sd, mean + 1.96 * sd)
        )
        rows.append(
            _key(
                key,
                source=row.source,
                n=counts[key],
                mean=mean,
                sd=np.nan if loose else sd,
                q025=low,
                q50=mean,
                q975=high,
                method="exact",
                flags="underdetermined" if loose else "",
            )
        )
    return _frame("contributions", rows)


def _wobble(source: str, size: float) -> float:
    return {"precipitation": size, "ground_ice": -size}.get(source, 0.0)


def _line_table(lines: dict, meteoric: Line) -> pd.DataFrame:
    def row(key, kind, line):
        return _key(
            key,
            kind=kind,
            n=line.n,
            slope=line.slope,
            slope_se=line.slope_se,
            intercept=line.intercept,
            intercept_se=line.intercept_se,
            r2=line.r2,
            method="ols",
            residual_sd=line.residual_sd,
        )

    rows = [row(("all", "all", "all"), "precipitation", meteoric)]
    return _frame("lines", rows + [row(key, "soil_water", line) for key, line in lines.items()])


def _mean(values: pd.Series, name: str) -> dict[str, float]:
    mean, sd = float(values.mean()), float(values.std())
    half = 1.96 * sd / max(len(values), 1) ** 0.5
    return {f"{name}_mean": mean, f"{name}_sd": sd, f"{name}_low": mean - half, f"{name}_high": mean + half}


def _isotopes(waters: pd.DataFrame, strata: dict) -> pd.DataFrame:
    rows = []
    for kind, part in waters.groupby("kind"):
        for key, group in _groups(part, strata if kind == "soil_water" else {}):
            values = {}
            for name in ("d18O", "d2H", "d_excess", "lc_excess"):
                values |= _mean(group[name], name)
            rows.append(
                _key(
                    key,
                    kind=kind,
                    n=len(group),
                    **values,
                    excess_slope=-0.6,
                    excess_intercept=1.2,
                    excess_r2=0.1,
                )
            )
    return _frame("isotopes", rows)


def _source_water(key: tuple[str, str, str], line: Line, meteoric: Line) -> dict[str, object]:
    gap = meteoric.slope - line.slope
    d18O = (line.intercept - meteoric.intercept) / gap
    d2H = meteoric.slope * d18O + meteoric.intercept
    half = 3 * line.slope_se / abs(gap) * 4
    clear = half < 8
    return _key(
        key,
        n=line.n,
        slope=line.slope,
        slope_se=line.slope_se,
        craig_gordon_slope=5.1,
        d18O=d18O,
        d18O_low=d18O - half if clear else -np.inf,
        d18O_high=d18O + half if clear else np.inf,
        d2H=d2H,
        d2H_low=d2H - 8 * half if clear else -np.inf,
        d2H_high=d2H + 8 * half if clear else np.inf,
        verdict="well-defined" if clear else "ill-defined",
        posterior_d18O=-14.2,
        posterior_d18O_low=-15.6,
        posterior_d18O_high=-12.9,
        posterior_d2H=-99.8,
        evaporation=1.4,
        fraction_evaporated_steady=0.08,
        fraction_evaporated_nonsteady=0.07,
    )


def _line_distance(kept: list) -> pd.DataFrame:
    rows = []
    for key, group in kept:
        m = _mean(group["lc_excess"], "x")
        rows.append(_key(key, n=len(group), lc_excess=m["x_mean"], low=m["x_low"], high=m["x_high"], rank=0))
    frame = _frame("line_distance", rows)
    frame["rank"] = (-frame["lc_excess"]).groupby([frame["period"], frame["stratum"]]).rank().astype(int)
    return frame


def _distances(plan: _Plan, waters: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for period, part in waters.groupby("period"):
        counts, means = part.groupby("kind").size(), part.groupby("kind")[["d18O", "d_excess"]].mean()
        for a, b in combinations(sorted(counts.index), 2):
            far = float(np.hypot(*(means.loc[a] - means.loc[b])) / 4)
            rows.append(
                {
                    "period": period,
                    "kind_a": a,
                    "kind_b": b,
                    "n_a": counts[a],
                    "n_b": counts[b],
                    "energy": far,
                    "mahalanobis": 1.3 * far,
                    "p": 0.3 if far < 0.3 else 0.001,
                    "p_adjusted": 0.4 if far < 0.3 else 0.004,
                }
            )
    return _frame("distances", rows)


def _gradients(waters: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for (kind, period), part in waters.groupby(["kind", "period"]):
        for variable in ("d18O", "d_excess"):
            slope = float(np.polyfit(part["altitude_m"], part[variable], 1)[0])
            rows.append(
                {
                    "kind": kind,
                    "period": period,
                    "variable": variable,
                    "against": "altitude_m",
                    "n": len(part),
                    "slope": slope,
                    "slope_se": 4e-4,
                    "r2": 0.12,
                    "p": 0.01,
                }
            )
    return _frame("gradients", rows)


def _profiles(mixture: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for (period, depth), part in mixture.groupby(["period", "depth"]):
        values = _mean(part["d18O"], "d18O") | _mean(part["d_excess"], "d_excess")
        middle = float((part["depth_top_m"] + part["depth_bottom_m"]).mean() / 2)
        rows.append(
            {
                "period": period,
                "depth": depth,
                "depth_mid_m": middle,
                "n": len(part),
                **values,
                "soil_temperature_C": part["soil_temperature_C"].mean(),
                "soil_moisture": part["soil_moisture"].mean(),
            }
        )
    return _frame("profiles", rows)


def _contrasts(mixture: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for a, b in combinations(mixture["period"].unique()[:3], 2):
        one, two = (mixture.loc[mixture["period"] == p, "d18O"] for p in (a, b))
        difference = float(one.mean() - two.mean())
        rows.append(
            {
                "kind": "soil_water",
                "factor": "period",
                "level_a": a,
                "level_b": b,
                "variable": "d18O",
                "n_a": len(one),
                "n_b": len(two),
                "difference": difference,
                "low": difference - 0.4,
                "high": difference + 0.4,
                "p": 0.02,
            }
        )
    return _frame("contrasts", rows)


def _end_members(plan: _Plan, waters: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for place, period in enumerate(plan.periods):
        for name in plan.sources:
            part = waters[(waters["period"] == period) & (waters["source"] == name)]
            used = not (name == "snow_melt" and place % 3)
            values = {
                f"{v}_{s}": getattr(part[v], {"mean": "mean", "sd": "std"}[s])() if used else np.nan
                for v in ("d18O", "d2H", "d_excess")
                for s in ("mean", "sd")
            }
            window = (
                "absent"
                if not used
                else "three_months"
                if name == "precipitation" and place % 3
                else "period"
            )
            rows.append(
                {
                    "period": period,
                    "source": name,
                    "n": len(part),
                    **values,
                    "window": window,
                    "used": used,
                    "note": "" if used else "settings",
                }
            )
    return _frame("end_members", rows)


def _overlap(plan: _Plan) -> pd.DataFrame:
    rows = [
        {
            "period": p,
            "source_a": a,
            "source_b": b,
            "overlap": 0.3,
            "mahalanobis": 2.4,
            "distinguishable": True,
        }
        for p in plan.periods
        for a, b in combinations(plan.sources, 2)
    ]
    return _frame("overlap", rows)


def _notices(plan: _Plan, lost: str | None, engine: bool) -> tuple[Notice, ...]:
    first = plan.periods[0]
    offset = {
        "period": first,
        "lc_excess": -4.2,
        "low": -5.0,
        "high": -3.4,
        "bias_low": 0.02,
        "bias_high": 0.14,
    }
    if engine:
        notices = [
            Notice("forms_differ", "warning", {"source": "ground_ice", "difference": 0.05}, first),
            Notice("narrow_intervals", "info", {}, first),
        ]
    else:
        notices = [Notice("evaporation_offset", "warning", offset, first)]
    if len(plan.sources) < 2:
        notices += [Notice("one_source", "refused", {"source": plan.sources[0]}, p) for p in plan.periods]
    if len(plan.sources) > 3:
        values = {"sources": len(plan.sources), "tracers": 2}
        code = "prior_decides" if engine else "underdetermined"
        notices += [Notice(code, "warning", values, p) for p in plan.periods]
    if lost:
        notices.append(Notice("one_source", "refused", {"source": "precipitation"}, lost))
        too_few = {"what": "soil_water", "n": 2, "needed": 3}
        notices.append(Notice("too_few_samples", "refused", too_few, lost))
    return tuple(notices)


def _sample_table(waters: pd.DataFrame) -> SampleTable:
    problems = pd.DataFrame(
        [
            ("campaign.csv", "", 12, "altitude_m", "99999", "−500 to 9000 m", "set missing"),
            ("campaign.csv", "", 40, "d18O", "", "a number in ‰", "left out"),
            ("campaign.csv", "", 77, "d_excess_given", "14.2", "8.1 (from δ2H − 8 δ18O)", "flagged"),
        ],
        columns=list(PROBLEM_COLUMNS),
    )
    frame = waters.reindex(columns=[*CANONICAL_COLUMNS, *PLACE_COLUMNS])
    file = SourceFile("campaign.csv", "0" * 64, "utf-8")
    return SampleTable(
        frame, problems, len(frame) + 1, (file,), ("observer",), {"d18O": "δ18O (‰)", "d2H": "δ2H (‰)"}
    )
