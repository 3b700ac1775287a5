"""What ``headwater mix`` leaves behind: tables, draws, report, and a word on how it went."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from headwater import __version__
from headwater.cli import Exit
from headwater.cli.show import Progress, Show, columns
from headwater.errors import NotTrustworthy
from headwater.mixing.bayes.check import Finding
from headwater.mixing.tables.write_results import Row, write_results

if TYPE_CHECKING:
    from headwater.mixing.bayes.batch import GroupFit
    from headwater.mixing.bayes.fit import Fit

MOST_ROWS = 40
MOST_REFUSED = 10
DRAWS = "posterior.nc"


@dataclass(frozen=True)
class Run:
    """One run: where it writes, and what a reader should know of it.

    ``findings`` are those of each group, under an empty name where there are no groups.
    """

    folder: Path
    group: str | None
    command: str
    files: tuple[Path, ...]
    notes: tuple[str, ...]
    findings: Mapping[str, Sequence[Finding]]
    lang: Literal["en", "zh"]
    report: bool


def hand_over(run: Run, fits: Mapping[str, GroupFit], show: Show, progress: Progress) -> int:
    """Write everything, print the shares or why there are none; returns the exit code."""
    shares = [_of(run, name, row) for name, fit in fits.items() if fit.trusted for row in fit.shares]
    parameters = [_of(run, name, row) for name, fit in fits.items() for row in fit.parameters]
    diagnostics = _diagnostics(run, fits)
    files = write_results(
        run.folder, proportions=shares or None, parameters=parameters, diagnostics=diagnostics
    )
    kept = {name: fit.fit for name, fit in fits.items() if fit.fit is not None}
    for name, fit in kept.items():
        _write_draws(fit, run.folder / (f"posterior_{_file_name(name)}.nc" if name else DRAWS))
    report = _write_report(run, kept, progress) if run.report and kept else None
    payload = diagnostics | {"proportions": shares, "parameters": parameters, "folder": str(run.folder)}
    places = [("shares", files.proportions), ("report", report)]
    show.result(payload, lambda: _text(shares, [f"{what}: {path}" for what, path in places if path]))
    _say_refused(fits)
    return _exit(run, fits)


def _of(run: Run, name: str, row: Row) -> Row:
    return row if run.group is None else {"group": name} | dict(row)


def _diagnostics(run: Run, fits: Mapping[str, GroupFit]) -> dict[str, Any]:
    verdicts = {
        name: fit.diagnostics | {"findings": [_finding(one) for one in run.findings[name]]}
        for name, fit in fits.items()
    }
    whole: dict[str, Any] = {
        "headwater": __version__,
        "command": run.command,
        "trusted": len(fits) == len(run.findings) and all(fit.trusted for fit in fits.values()),
        "files": {path.name: _hash(path) for path in run.files},
        "notes": list(run.notes),
    }
    return whole | (verdicts.get("", {}) if run.group is None else {"group": run.group, "groups": verdicts})


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _finding(finding: Finding) -> dict[str, Any]:
    return {"code": str(finding.code), "values": finding.values, "text": finding.text}


def _write_draws(fit: Fit, path: Path) -> None:
    """Draws in the layout of ArviZ."""
    from headwater.mixing.bayes.summary import summary_of
    from headwater.posterior.tree import Group, Tree, Variable, plain_name, sample_stats
    from headwater.posterior.write_tree import write_netcdf

    over = fit.chains.positions.shape[:2]
    posterior: dict[str, Variable] = {}
    labels: dict[str, Sequence[str]] = {}
    for name, entry in fit.draws.items():
        dims = tuple(plain_name(dim) for dim in entry.dims)
        posterior[plain_name(name)] = (
            ("chain", "draw", *dims),
            entry.value.reshape(*over, *entry.value.shape[1:]),
        )
        labels |= {plain_name(dim): names for dim, names in (entry.coords or {}).items()}
    data = fit.model.mixtures
    labels |= {"tracer": data.tracers} | ({"mixture": data.ids} if data.ids else {})
    attributes = {
        "created_by": f"headwater {__version__}",
        "seed": fit.settings.seed,
        "trusted": int(fit.trusted),
        "interrupted": int(fit.chains.interrupted),
        "model": summary_of(fit)["model"],
    }
    groups: dict[Group, Mapping[str, Variable]] = {
        "posterior": posterior,
        "sample_stats": sample_stats(fit.chains, deepest=fit.settings.deepest),
        "observed_data": {"mixtures": (("mixture", "tracer"), data.values)},
    }
    write_netcdf(Tree(groups, labels, attributes), path)


def _file_name(name: str) -> str:
    return "".join(sign if sign.isalnum() or sign in "-_" else "_" for sign in name)[:80]


def _write_report(run: Run, fits: Mapping[str, Fit], progress: Progress) -> Path:
    from headwater.report.mix import write_mix_report

    return write_mix_report(
        fits[""] if run.group is None else fits,
        run.folder,
        lang=run.lang,
        command=run.command,
        group=run.group or "",
        files={path.name: _hash(path) for path in run.files},
        notes=run.notes,
        progress=progress,
    )


def _say_refused(fits: Mapping[str, GroupFit]) -> None:
    """Why there are no shares, on stderr whatever was asked for."""
    refused = [(name, fit) for name, fit in fits.items() if not fit.trusted]
    for name, fit in refused[:MOST_REFUSED]:
        print(f"headwater: {f'{name}: ' if name else ''}{_reason(fit)}", file=sys.stderr)
    if len(refused) > MOST_REFUSED:
        print(
            f"headwater: and {len(refused) - MOST_REFUSED} more groups, see diagnostics.json", file=sys.stderr
        )


def _reason(fit: GroupFit) -> str:
    from headwater.posterior.refuse import require_trusted

    if fit.interrupted:
        return "interrupted; the draws so far are kept, no shares were written"
    if fit.fit is None:
        reasons = ", ".join(one["reason"] for one in fit.diagnostics["troubles"])
        return f"the draws cannot be trusted ({reasons}); no shares were written"
    try:
        require_trusted(fit.fit.diagnosis)
    except NotTrustworthy as error:
        return f"{error} No shares were written; the draws are kept."
    return "no shares were written"


def _exit(run: Run, fits: Mapping[str, GroupFit]) -> Exit:
    if len(fits) < len(run.findings) or any(fit.interrupted for fit in fits.values()):
        return Exit.INTERRUPTED
    trusted = [fit.trusted for fit in fits.values()]
    if all(trusted):
        return Exit.OK
    return Exit.PARTIAL if any(trusted) else Exit.NOT_TRUSTWORTHY


def _text(shares: Sequence[Row], places: Sequence[str]) -> str:
    if not shares:
        return "\n".join(places)
    names = [name for name in ("group", "factor", "level") if any(row.get(name) for row in shares)]
    head = (*names, "source", "share", "95 % interval", "effective draws")
    rows = [head]
    for row in shares[:MOST_ROWS]:
        interval = f"{100 * row['q025']:.0f}–{100 * row['q975']:.0f} %"
        share = f"{100 * row['mean']:.0f} ± {100 * row['sd']:.0f} %"
        rows.append(
            (*(str(row[name]) for name in names), row["source"], share, interval, f"{row['ess_bulk']:.0f}")
        )
    more = [f"… and {len(shares) - MOST_ROWS} more rows"] if len(shares) > MOST_ROWS else []
    numbers = tuple(range(len(head) - 3, len(head)))
    return "\n".join([columns(rows, right=numbers), *more, "", *places])
