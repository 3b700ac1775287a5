"""Reads the tables of a command; a file that cannot be used is named and left out, if others remain."""

from __future__ import annotations

from pathlib import Path

from headwater.cli.show import Show
from headwater.samples import ReadOptions, SampleTable, read_samples
from headwater.study.settings import ReadSettings


def read_options(settings: ReadSettings, *, beside: Path | None = None) -> ReadOptions:
    """Reader options from the ``[read]`` section; a vocabulary file is sought beside the settings file."""
    vocabulary = Path(settings.vocabulary) if settings.vocabulary else None
    if vocabulary is not None and beside is not None and not vocabulary.is_absolute():
        vocabulary = beside.parent / vocabulary
    return ReadOptions(
        delta_unit=settings.delta_unit,
        columns=settings.columns,
        kinds=settings.kinds,
        default_kind=settings.default_kind,
        keep=settings.keep,
        exclude=settings.exclude,
        encoding=settings.encoding,
        decimal=settings.decimal,
        date_order=settings.date_order,
        depth_unit=settings.depth_unit,
        analytical_sd={str(name): sd for name, sd in settings.analytical_sd.items()},
        xy=settings.xy,
        fill_down=settings.fill_down,
        vocabulary=vocabulary,
    )


def read_tables(paths: list[Path], options: ReadOptions, show: Show) -> tuple[SampleTable, list[str]]:
    """The samples of all usable files, and the names of those that could not be used.

    Raises
    ------
    InputRefused
        where no file is left.
    """
    table = read_samples(paths, options)
    used = {file.name for file in table.files}
    refused = [path.name for path in paths if path.name not in used]
    for line in table.problems[table.problems["file"].isin(refused)]["expected"]:
        show.message(f"headwater: left out: {line}")
    return table, refused
