"""From tables to a written report: what ``study`` and ``demo`` have in common."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from headwater import __version__
from headwater.cli import Exit
from headwater.cli.show import Show, columns
from headwater.cli.tables import read_options, read_tables
from headwater.study import StudyResult, run_study
from headwater.study.layers import list_settings, merge_settings, show_value

MOST_PLACES = 3
PACKAGES = ("numpy", "scipy", "pandas", "pyarrow", "matplotlib")
OF_THE_MODEL = ("numba",)


@dataclass(frozen=True)
class Job:
    """One study to run.

    Attributes
    ----------
    tables : files to read
    layers : (origin, settings) in rising order of precedence
    output : folder of the report
    settings_file : beside which a vocabulary is sought
    lang : language of the report
    figures : draw them (the slowest part)
    command : to repeat the run
    truth : known shares of a simulated campaign
    """

    tables: list[Path]
    layers: list[tuple[str, dict[str, Any]]]
    output: Path
    settings_file: Path | None = None
    lang: Literal["en", "zh"] = "en"
    figures: bool = True
    command: str = ""
    truth: pd.DataFrame | None = None


def run_job(job: Job, show: Show) -> int:
    """Read, study, write; prints the summary and returns the exit code."""
    from headwater.report.write import check_folder, write_report

    check_folder(job.output)
    started, clock = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), time.perf_counter()
    settings, origins = merge_settings(*job.layers)
    with show.progress() as progress:
        progress("reading", 0, 1)
        table, refused = read_tables(job.tables, read_options(settings.read, beside=job.settings_file), show)
        result = run_study(table, settings, origins=origins, truth=job.truth, progress=progress)
        run = {
            "headwater": __version__,
            "command": job.command,
            "started": started,
            "seconds": round(time.perf_counter() - clock, 2),
            "seed": settings.seed,
            "lang": job.lang,
            "versions": _versions(*(OF_THE_MODEL if len(result.tables.engine) else ())),
            "files": [{"name": file.name, "sha256": file.sha256} for file in table.files],
            "files_refused": refused,
            "settings": {
                item.name: {"value": show_value(item.value), "origin": item.origin}
                for item in list_settings(settings, origins)
            },
        }
        files = write_report(
            result, job.output, lang=job.lang, progress=progress, run=run, figures=job.figures
        )
    show.result(_payload(result, files.html, refused), lambda: _text(result, files.html))
    return Exit.PARTIAL if refused or _mixing_refused(result) else Exit.OK


def _mixing_refused(result: StudyResult) -> bool:
    """No shares at all, or a period whose draws cannot be trusted."""
    return result.tables.contributions.empty or any(one.code == "not_converged" for one in result.notices)


def _versions(*more: str) -> dict[str, str]:
    import platform
    from importlib.metadata import version

    return {"python": platform.python_version()} | {name: version(name) for name in (*PACKAGES, *more)}


def _payload(result: StudyResult, html: Path, refused: list[str]) -> dict[str, Any]:
    shares = result.tables.contributions
    return result.table.summary() | {
        "report": str(html),
        "files_refused": refused,
        "contributions": shares[shares["stratum"] == "all"].to_dict("records"),
        "notices": [
            {
                "level": notice.level,
                "code": notice.code,
                "period": notice.period,
                "stratum": notice.stratum,
                "stratum_level": notice.stratum_level,
                "values": notice.values,
            }
            for notice in result.notices
        ],
    }


def _text(result: StudyResult, html: Path) -> str:
    from headwater.report.notices import notice_groups
    from headwater.report.text import Text

    text = Text("en")
    counts = result.table.summary()
    parts = [
        f"{counts['rows_read']} rows read = {counts['rows_used']} used + {counts['rows_left_out']} left out",
        "",
    ]
    shares = result.tables.contributions
    whole = shares[shares["stratum"] == "all"]
    if len(whole):
        head = ("period", *result.sources, "n")
        rows = [head]
        for period in whole["period"].unique():
            here = whole[whole["period"] == period].set_index("source")
            cells = [_share(here.loc[name]) if name in here.index else "–" for name in result.sources]
            rows.append((period, *cells, str(here["n"].iloc[0])))
        parts += [columns(rows, right=tuple(range(1, len(head)))), ""]
    for group in notice_groups(result, text):
        if group.level == "info":
            continue
        for said in group.said:
            where = f" ({'; '.join(said.places[:MOST_PLACES])})" if said.places else ""
            parts.append(f"{group.level}: {said.sentence}{where}")
        if group.why:
            parts.append(f"    {group.why}")
    parts += ["", f"report: {html}"]
    return "\n".join(parts)


def _share(row: pd.Series) -> str:
    """A share with its sd; only its range where the tracers leave it open."""
    from headwater.report.numbers import share_with_sd

    if "underdetermined" in row["flags"]:
        return f"{100 * row['q025']:.0f}–{100 * row['q975']:.0f} %"
    return share_with_sd(float(row["mean"]), float(row["sd"]))
