"""Converts daily files of the China Meteorological Administration to Parquet; can be stopped and resumed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from headwater.errors import InputRefused
from headwater.machine_code import cores
from headwater.stations.cma_daily import FileName, Rules, parse_name
from headwater.stations.places import Places, Stay
from headwater.stations.read_cma_rules import read_rules
from headwater.stations.write_readings import Written, read_stays, write_file

JOURNAL, PLACES = "files.jsonl", "places.csv"
KEEP_EVERY = 2**26
"""Bytes of text after which the journal is written: what has to be done again after a crash."""

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Conversion:
    """What a call of ``convert_cma_daily`` did.

    Attributes
    ----------
    done : accounts of the files that were converted now
    kept : accounts of those that an earlier call had converted, from the same bytes and by the same rules
    refused : files that could not be used, with the reason
    places : where stations stood, and when
    """

    done: tuple[Written, ...]
    kept: tuple[Written, ...]
    refused: tuple[tuple[str, str], ...]
    places: pd.DataFrame

    def summary(self) -> dict[str, int]:
        """Sums over all files, done and kept."""
        every = (*self.done, *self.kept)
        names = (
            "lines",
            "written",
            "refused",
            "blank",
            "readings",
            "missing",
            "out_of_range",
            "bytes",
            "output_bytes",
        )
        moved = self.places.groupby("station").size()
        return {
            "files": len(every),
            "files_done_now": len(self.done),
            "files_refused": len(self.refused),
            **{name: sum(getattr(account, name) for account in every) for name in names},
            "stations": len(moved),
            "stations_with_several_places": int((moved > 1).sum()),
        }


@dataclass(frozen=True)
class _Job:
    source: Path
    said: FileName
    target: Path
    problems: Path


def convert_cma_daily(
    sources: Sequence[Path],
    output: Path,
    *,
    element: str | None = None,
    progress: Progress | None = None,
    workers: int = 0,
) -> Conversion:
    """Converts files, each to a Parquet file of its own below ``output``.

    ``readings/element=TEM/….parquet`` holds one row a station, day and variable; ``problems/….csv`` every
    line that was left out and every value that was set missing; ``places.csv`` where stations stood and when;
    ``files.jsonl`` the account of each file. A file that is there already, made from the same bytes (by size
    and time of change) and the same rules, is not made again, so a call that was stopped can be repeated.

    Parameters
    ----------
    sources : files, or folders whose files named as in the data set are taken
    element : element where names do not say it
    progress : called with (what, bytes done, bytes in all)
    workers : files at a time; 0 for as many as there are cores, but 4 at most

    Raises
    ------
    InputRefused
        There is nothing to convert, no file could be used, or two sources would become one file.
    SettingsRefused
        ``element`` is not one of the data set.
    """
    rules = read_rules()
    jobs, refused = _jobs(sources, output, rules, element)
    output.mkdir(parents=True, exist_ok=True)
    journal = _Journal(output)
    kept = {job.target: account for job in jobs if (account := journal.unchanged(job, rules))}
    todo = [job for job in jobs if job.target not in kept]
    places = Places()
    for target in kept:
        places.add(read_stays(target))
    total = sum(job.source.stat().st_size for job in todo if job.source.is_file())
    done: list[Written] = []
    bytes_done = 0
    try:
        for job, account, stays, reason in _run(todo, rules, workers or min(cores(), 4)):
            if account is None:
                refused.append((job.source.name, reason))
                continue
            journal.add(account)
            places.add(stays)
            done.append(account)
            bytes_done += account.bytes
            if progress is not None:
                progress(job.source.name, bytes_done, total)
    finally:
        journal.keep()
    if not done and not kept:
        raise InputRefused("no file could be used:\n" + "\n".join(reason for _, reason in refused))
    table = places.table()
    table.to_csv(output / PLACES, index=False, encoding="utf-8-sig", date_format="%Y-%m-%d")
    return Conversion(tuple(done), tuple(kept.values()), tuple(refused), table)


def _jobs(
    sources: Sequence[Path], output: Path, rules: Rules, element: str | None
) -> tuple[list[_Job], list[tuple[str, str]]]:
    """Files to convert, and those whose name does not do."""
    jobs: dict[Path, _Job] = {}
    months: dict[tuple[str, int], str] = {}
    refused = []
    for source in _files(sources):
        try:
            if not source.exists():
                raise InputRefused(f"{source}: no such file or folder. Correct the path.")
            said = parse_name(source.name, rules, element)
            other = (
                months.setdefault((said.element.name, said.month), source.name) if said.month else source.name
            )
            if other != source.name:
                raise InputRefused(
                    f"{source.name}: the same element and month as {other}; both would count. Leave one out."
                )
        except InputRefused as error:
            refused.append((source.name, str(error)))
            continue
        folder = output / "readings" / f"element={said.element.name}"
        job = _Job(
            source, said, folder / f"{source.stem}.parquet", output / "problems" / f"{source.stem}.csv"
        )
        if job.target in jobs:
            raise InputRefused(
                f"{source} and {jobs[job.target].source} would both become {job.target.name}. Rename one."
            )
        jobs[job.target] = job
    return list(jobs.values()), refused


def _files(sources: Sequence[Path]) -> Iterator[Path]:
    found = False
    for source in sources:
        within = sorted(source.rglob("SURF_CLI_CHN_MUL_DAY-*")) if source.is_dir() else [source]
        for path in within:
            if path.is_dir():
                continue
            found = True
            yield path
    if not found:
        raise InputRefused(
            "nothing to convert: name files of the data set, or folders with files named "
            "SURF_CLI_CHN_MUL_DAY-….TXT."
        )


def _run(
    jobs: Sequence[_Job], rules: Rules, workers: int
) -> Iterator[tuple[_Job, Written | None, list[Stay], str]]:
    """Results as they come; few jobs wait at a time, and the first that fails in earnest stops the others."""
    waiting = iter(jobs)
    with ThreadPoolExecutor(workers) as pool:
        running: dict[Future[tuple[Written, list[Stay]]], _Job] = {}
        try:
            while True:
                while len(running) < 2 * workers and (job := next(waiting, None)) is not None:
                    running[
                        pool.submit(write_file, job.source, job.target, job.problems, job.said, rules)
                    ] = job
                if not running:
                    return
                finished, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in finished:
                    yield _result(running.pop(future), future)
        finally:
            for future in running:
                future.cancel()


def _result(
    job: _Job, future: Future[tuple[Written, list[Stay]]]
) -> tuple[_Job, Written | None, list[Stay], str]:
    try:
        account, stays = future.result()
    except InputRefused as error:
        return job, None, [], str(error)
    if account.output:
        return job, account, stays, ""
    reason = (
        f"{job.source.name}: none of {account.lines} lines can be used as {job.said.element.name} "
        f"({len(job.said.element.columns)} columns). Is the element right? See {job.problems.name}."
    )
    return job, None, [], reason if account.lines else f"{job.source.name}: empty."


class _Journal:
    """Accounts of files that are done."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._accounts: dict[str, Written] = {}
        self._new: list[Written] = []
        for line in _lines(folder / JOURNAL):
            account = Written(**line)
            self._accounts[account.file] = account

    def unchanged(self, job: _Job, rules: Rules) -> Written | None:
        """The account of a file that need not be converted again."""
        account = self._accounts.get(job.source.name)
        if account is None or not job.target.is_file() or not job.source.is_file():
            return None
        state = job.source.stat()
        same = (
            (account.bytes, account.modified_ns) == (state.st_size, state.st_mtime_ns)
            and (account.rules, account.element) == (rules.fingerprint, job.said.element.name)
            and account.output_bytes == job.target.stat().st_size
        )
        return account if same else None

    def add(self, account: Written) -> None:
        """Take in a file that is done."""
        self._new.append(account)
        if sum(new.bytes for new in self._new) > KEEP_EVERY:
            self.keep()

    def keep(self) -> None:
        """Write what is new to the disk."""
        path = self._folder / JOURNAL
        torn = _is_torn(path)
        with path.open("a", encoding="utf-8") as stream:
            stream.write("\n" if torn else "")
            stream.writelines(json.dumps(asdict(account)) + "\n" for account in self._new)
            stream.flush()
            os.fsync(stream.fileno())
        self._new = []


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """Lines of the journal; one that was cut off by a crash is left out, so its file is converted again."""
    if path.is_file():
        for line in path.read_text(encoding="utf-8").splitlines():
            with suppress(json.JSONDecodeError):
                yield json.loads(line)


def _is_torn(path: Path) -> bool:
    """Does the last line of the journal lack its end?"""
    return path.is_file() and not path.read_bytes().endswith(b"\n")
