"""What ``headwater mix`` leaves behind: tables, draws, report, and a word on how it went."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from headwater import __version__
from headwater.cli import Exit
from headwater.cli.mix_forms import OtherForm, sentences
from headwater.cli.show import Progress, Show, columns
from headwater.errors import NotTrustworthy
from headwater.mixing.bayes.check import Finding
from headwater.mixing.tables.write_results import DIAGNOSTICS, Row, csv_text, write_atomically, write_results

if TYPE_CHECKING:
    from headwater.mixing.bayes.batch import GroupFit
    from headwater.mixing.bayes.fit import Fit

MOST_ROWS = 40
MOST_REFUSED = 10
DRAWS, OTHER_FORM, REPORT = "posterior.nc", "other_form.csv", "report.html"


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


def hand_over(
    run: Run, fits: Mapping[str, GroupFit], others: Mapping[str, OtherForm], show: Show, progress: Progress
) -> int:
    """Write everything, print the shares or why there are none; returns the exit code."""
    shares = [_of(run, name, row) for name, fit in fits.items() if fit.trusted for row in fit.shares]
    parameters = [_of(run, name, row) for name, fit in fits.items() for row in fit.parameters]
    diagnostics = _diagnostics(run, fits, others)
    _clear(run.folder)
    files = write_results(
        run.folder, proportions=shares or None, parameters=parameters, diagnostics=diagnostics
    )
    moved = [
        _of(run, name, {"form": other.form} | dict(row))
        for name, other in others.items()
        for row in other.rows
    ]
    if moved:
        write_atomically(run.folder / OTHER_FORM, csv_text(moved))
    kept = {name: fit.fit for name, fit in fits.items() if fit.fit is not None}
    for name, place in _file_names(kept).items():
        _write_draws(kept[name], run.folder / place, command=run.command)
    report = _write_report(run, kept, others, progress) if run.report and kept else None
    payload = diagnostics | {"proportions": shares, "parameters": parameters, "folder": str(run.folder)}
    places = [("shares", files.proportions), ("report", report)]
    show.result(payload, lambda: _text(shares, [f"{what}: {path}" for what, path in places if path]))
    for warn, sentence in sentences(others):
        show.message(f"{'warning' if warn else 'note'}: {sentence}")
    _say_refused(fits)
    return _exit(run, fits)


def _of(run: Run, name: str, row: Row) -> Row:
    return row if run.group is None else {"group": name} | dict(row)


def _diagnostics(run: Run, fits: Mapping[str, GroupFit], others: Mapping[str, OtherForm]) -> dict[str, Any]:
    verdicts = {
        name: fit.diagnostics
        | {"findings": [_finding(one) for one in run.findings[name]]}
        | ({"other_form": _other_form(others[name])} if name in others else {})
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


def _other_form(other: OtherForm) -> dict[str, Any]:
    largest = other.largest
    return {
        "form": other.form,
        "trusted": other.trusted,
        "largest_difference": None if largest is None else largest["difference"],
        "in_sd": None if largest is None else largest["in_sd"],
        "cpu_seconds": other.cpu_seconds,
        "text": other.sentence(),
    }


def _clear(folder: Path) -> None:
    """Remove what an earlier run wrote here, so that no file stays that this run does not say."""
    if not (folder / DIAGNOSTICS).is_file():
        return
    for place in (*folder.glob("posterior_*.nc"), *(folder / name for name in (DRAWS, OTHER_FORM, REPORT))):
        place.unlink(missing_ok=True)


def _write_draws(fit: Fit, path: Path, *, command: str) -> None:
    """Draws in the layout of ArviZ, with the attributes by which it tells who made them."""
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
        "inference_library": "headwater",
        "inference_library_version": __version__,
        "command": command,
        "seed": fit.settings.seed,
        "tuning_steps": fit.settings.tune,
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


def _file_names(names: Iterable[str]) -> dict[str, str]:
    """File of the draws of each group, its name in signs that every system takes, no two alike."""
    found: dict[str, str] = {}
    for name in names:
        plain = "".join(sign if sign.isalnum() or sign in "-_" else "_" for sign in name)[:80]
        again = f"_{len(found)}" if f"posterior_{plain}.nc".lower() in map(str.lower, found.values()) else ""
        found[name] = f"posterior_{plain}{again}.nc" if name else DRAWS
    return found


def _write_report(
    run: Run, fits: Mapping[str, Fit], others: Mapping[str, OtherForm], progress: Progress
) -> Path:
    from headwater.report.mix import OtherForm as OtherFormShown
    from headwater.report.mix import write_mix_report

    return write_mix_report(
        fits[""] if run.group is None else fits,
        run.folder,
        lang=run.lang,
        command=run.command,
        group=run.group or "",
        files={path.name: _hash(path) for path in run.files},
        notes=run.notes,
        other_form={name: OtherFormShown(other.form, other.rows) for name, other in others.items()},
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
