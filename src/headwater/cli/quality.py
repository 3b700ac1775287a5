"""``headwater quality``: flags for every row of a table of one soil-moisture sensor."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from headwater.cli import Exit
from headwater.cli.options import Json, Quiet
from headwater.cli.show import Show, columns
from headwater.errors import SettingsRefused

if TYPE_CHECKING:
    from headwater.stations.quality.members import Measured, OnHours
    from headwater.stations.read_quality_table import QualityTable

MOISTURE = "soil_moisture"


def quality(
    table: Annotated[
        Path,
        Parameter(
            name="TABLE",
            help="CSV of one sensor: a column of times in UTC, `soil_moisture`, and what there is of "
            "`soil_temperature`, `air_temperature`, `precipitation`, `model_soil_temperature`, "
            "`model_precipitation` (or `gldas_…`).",
        ),
    ],
    /,
    *,
    scheme: Annotated[
        Literal["ismn", "flagit-0.3", "qartod"],
        Parameter(
            name="--scheme",
            help="ismn: flags C01–D10 that use the past only, as a network would have given them; "
            "flagit-0.3: the same as that public package gives; qartod: 1 pass, 2 not evaluated, 3 suspect, "
            "4 fail, 9 missing.",
        ),
    ] = "ismn",
    unit: Annotated[
        tuple[str, ...],
        Parameter(
            name="--unit",
            help="VARIABLE=UNIT where the header does not say it, such as soil_moisture=m3/m3. Otherwise "
            "% vol, °C and mm.",
            negative=(),
            show_default=False,
        ),
    ] = (),
    saturation: Annotated[
        float | None,
        Parameter(
            name="--saturation",
            help="Of the soil, in the unit of soil moisture; without it C03 is not tested.",
        ),
    ] = None,
    depth_from: Annotated[
        float | None,
        Parameter(name="--depth-from", help="Top of the measured layer in m; for rises without rain."),
    ] = None,
    output: Annotated[
        Path | None,
        Parameter(name=["--output", "-o"], help="CSV to write; by default TABLE_flags.csv beside TABLE."),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Flag every value of a soil-moisture series: spikes, jumps, plateaus, frost, rises without rain.

    Nothing is removed. The output has one row for each row of the table, in its order: `time`, `flags` (codes
    with commas between; `G`: tested and good; `M`: no value) and `state` (frozen or not: a fact about the
    ground and no fault). With qartod, `flags` is the worst outcome and each test has a column.
    Readings of 10 minutes are tested as hourly values, and the flag goes to all readings of its hour.

    Example: `headwater quality sensor.csv --saturation 42.7 --depth-from 0.05 -o flags.csv`
    """
    from headwater.stations.read_quality_table import read_quality_table

    show = Show(json=json, quiet=quiet)
    read = read_quality_table(table, units=_units(unit))
    if read.ignored:
        show.message(f"columns that are not used: {', '.join(read.ignored)}")
    target = output or table.with_name(f"{table.stem}_flags.csv")
    if target.resolve() == table.resolve():
        raise SettingsRefused(f"-o {target} is the table itself; name another file.")
    if scheme == "qartod":
        found, counts = _qartod(read)
    else:
        found, counts = _ismn(read, scheme, saturation, depth_from)
    _write(target, read, found)
    payload = {
        "table": str(table), "scheme": scheme, "rows": len(read.time), "units": read.units, "flags": counts,
        "output": str(target),
    }  # fmt: skip
    show.result(payload, lambda: _text(scheme, counts, len(read.time), target))
    return Exit.OK


def _units(given: tuple[str, ...]) -> dict[str, str]:
    pairs = [one.partition("=") for one in given]
    for whole, (variable, _, unit) in zip(given, pairs, strict=True):
        if not variable or not unit:
            raise SettingsRefused(f"--unit {whole}: needs VARIABLE=UNIT, such as soil_moisture=m3/m3.")
    return {variable.strip(): unit.strip() for variable, _, unit in pairs}


def _hours(read: QualityTable) -> OnHours:
    import numpy as np

    from headwater.stations.quality import measured, on_hours

    steps = np.diff(np.unique(read.time)).astype("timedelta64[s]").astype(int)
    an_hour = max(1, round(3600 / np.median(steps))) if len(steps) else 1

    def one(variable: str) -> Measured | None:
        values = read.values.get(variable)
        if values is None:
            return None
        return measured(read.time, values, an_hour=an_hour)

    moisture = measured(read.time, read.values[MOISTURE])
    others = {name: one(name) for name in read.values if name != MOISTURE}
    return on_hours(moisture, **others)


def _ismn(
    read: QualityTable, scheme: str, saturation: float | None, depth_from: float | None
) -> tuple[dict[str, Any], dict[str, int]]:
    from headwater.stations.quality import Layer, flag_readings, profile
    from headwater.stations.read_flags import flag_words
    from headwater.stations.read_variables import variables
    from headwater.stations.readings import State

    if saturation is not None:
        unit = read.units[MOISTURE]
        saturation = float(variables()[MOISTURE].to_si(saturation, unit, where="--saturation"))
        if not 0 < saturation <= 1:
            raise SettingsRefused(
                f"--saturation is {saturation:g} m3 m-3; allowed is above 0 to 1 (100 % vol). It is read in "
                f"the unit of soil moisture, which is {unit}."
            )
    if depth_from is not None and not 0 <= depth_from <= 100:
        raise SettingsRefused(f"--depth-from is {depth_from:g} m; allowed is 0 to 100, downwards.")
    flags = flag_readings(
        _hours(read), read.values[MOISTURE], profile(scheme), layer=Layer(depth_from, saturation)
    )
    words = flag_words()
    text = {mask: words.text(mask) for mask in set(flags.mask.tolist())}
    state = ["frozen" if bits & State.FROZEN else "" for bits in flags.state.tolist()]
    return {"flags": [text[mask] for mask in flags.mask.tolist()], "state": state}, flags.count()


def _qartod(read: QualityTable) -> tuple[dict[str, Any], dict[str, int]]:
    from headwater.stations.quality.qartod import Outcome, run_qartod
    from headwater.stations.quality.qartod.read_thresholds import thresholds

    hours = _hours(read)
    made = run_qartod(hours.series, thresholds())
    overall = made.overall[hours.at]
    counts = {f"{outcome.value} {outcome.word}": int((overall == outcome).sum()) for outcome in Outcome}
    tests = {name: outcomes[hours.at].tolist() for name, outcomes in made.tests.items()}
    return {"flags": overall.tolist(), **tests}, {name: count for name, count in counts.items() if count}


def _write(target: Path, read: QualityTable, found: dict[str, Any]) -> None:
    import pandas as pd

    from headwater.mixing.tables.write_results import write_atomically

    time = pd.Series(read.time).dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    text = pd.DataFrame({"time": time, **found}).to_csv(index=False, lineterminator="\n")
    write_atomically(target, text)


def _text(scheme: str, counts: dict[str, int], rows: int, target: Path) -> str:
    from headwater.stations.read_flags import flag_words

    meanings = flag_words().meanings
    shares = [
        (name, f"{count:,}".replace(",", " "), f"{count / rows:.1%}", meanings.get(name, ""))
        for name, count in counts.items()
    ]
    head = f"{scheme}: {rows:,} rows".replace(",", " ")
    return "\n".join([head, columns(shares, right=(1, 2)), f"flags: {target}"])
