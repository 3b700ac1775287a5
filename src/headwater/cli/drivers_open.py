"""From FILE:VARIABLE texts to grids on common pixels and steps, and a word on how they came there."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from headwater.cli.drivers_settings import DriversSettings
from headwater.cli.show import Progress
from headwater.errors import InputRefused, SettingsRefused, UnitsUnclear

if TYPE_CHECKING:
    import xarray as xr

    from headwater.grids import Strata

SOURCE = re.compile(r"^(?P<file>.+):(?P<names>[A-Za-z_][\w .+-]*(?:,\s*[A-Za-z_][\w .+-]*)*)$")
TIMES = {"time", "time_end"}

Grids = dict[str, "xr.DataArray"]


@dataclass(frozen=True)
class Source:
    """A variable of a file, pattern or folder."""

    file: str
    name: str


@dataclass(frozen=True)
class Read:
    """A variable that was read: its label, where it came from, first and last step, what was changed."""

    label: str
    source: Source
    span: str
    changes: str


@dataclass(frozen=True)
class Opened:
    """Everything on the pixels and steps of the first soil moisture.

    Attributes
    ----------
    soils, drivers : label → grid; the canonical name, with ``:name in file`` where it is not unique
    covariates : grids held constant
    read : every variable that was read, maps of altitude and classes too
    altitude, strata : on the same pixels; None where not asked for
    notes : what was done to bring them together
    """

    soils: Grids
    drivers: Grids
    covariates: Sequence[xr.DataArray]
    read: Sequence[Read]
    altitude: xr.DataArray | None
    strata: Strata | None
    notes: Sequence[str]

    @property
    def all(self) -> Grids:
        """Every grid with time by its label."""
        held = {f"given {number}": grid for number, grid in enumerate(self.covariates)}
        return {**{f"soil {k}": v for k, v in self.soils.items()}, **self.drivers, **held}


def sources(texts: Sequence[str], option: str) -> list[Source]:
    """Variables of ``FILE:VARIABLE,VARIABLE`` texts.

    Raises
    ------
    SettingsRefused
        where a text names no variable.
    """
    found = []
    for text in texts:
        match = SOURCE.match(text.strip())
        if match is None or re.fullmatch(r"[A-Za-z]", match["file"]):  # C:\x.nc has a drive, no variable
            raise SettingsRefused(
                f"--{option} {text!r}: needs a file and a variable with a colon between, such as "
                f"{Path(text).name or 'era5.nc'}:swvl1; several variables have commas between them."
            )
        found += [Source(match["file"], name.strip()) for name in match["names"].split(",")]
    return found


def open_all(settings: DriversSettings, progress: Progress) -> Opened:
    """Every grid of a run: opened, brought to one step, aligned on the pixels of the first soil moisture.

    Raises
    ------
    SettingsRefused
        Nothing to correlate was named.
    InputRefused
        A file, variable or unit that cannot be used, or grids that do not fit together.
    """
    roles = {
        "soil": sources(settings.soil, "soil"),
        "with": sources(settings.with_, "with"),
        "given": sources(settings.given, "given"),
    }
    for option in ("soil", "with"):
        if not roles[option]:
            raise SettingsRefused(
                f"nothing given as --{option}: needs FILE:VARIABLE, as in headwater drivers --soil "
                "era5.nc:swvl1 --with era5.nc:t2m,tp; or try headwater drivers --demo."
            )
    total, done = sum(map(len, roles.values())), 0
    notes: list[str] = []
    _refuse_idle(settings, [one.name for wanted in roles.values() for one in wanted])
    opened: dict[str, list[tuple[Source, xr.DataArray]]] = {}
    for role, wanted in roles.items():
        opened[role] = []
        for source in wanted:
            progress(f"opening {source.name}", done, total)
            first = opened["soil"][0][1] if opened["soil"] else None
            opened[role].append((source, _open(source, settings, first)))
            done += 1
    _refuse_other_soil(opened["soil"])
    labels = labels_of(opened["soil"] + opened["with"])
    named = {"soil": labels[: len(opened["soil"])], "with": labels[len(opened["soil"]) :]}
    named["given"] = labels_of(opened["given"])
    labelled: dict[str, Grids] = {}
    read: list[Read] = []
    for role, grids in opened.items():
        labelled[role] = {}
        for label, (source, grid) in zip(named[role], grids, strict=True):
            labelled[role][label] = _in_step(grid, settings, label, notes)
            read.append(Read(label, source, _span(grid), ""))
    onto = next(iter(labelled["soil"].values()))
    together = {f"{role} {label}": grid for role, grids in labelled.items() for label, grid in grids.items()}
    aligned = _align(together, onto, settings, notes)
    parts = {role: {label: aligned[f"{role} {label}"] for label in grids} for role, grids in labelled.items()}
    done_to = [grid for role in roles for grid in parts[role].values()]
    read = [replace(one, changes=_changes(grid)) for one, grid in zip(read, done_to, strict=True)]
    altitude, strata = _strata(settings, next(iter(parts["soil"].values())), notes, read)
    return Opened(
        parts["soil"],
        parts["with"],
        list(parts["given"].values()),
        tuple(read),
        altitude,
        strata,
        tuple(notes),
    )


def chosen_steps(opened: Opened, months: Sequence[int]) -> Opened:
    """Only the steps of some calendar months."""
    if not months:
        return opened

    def keep(grid: xr.DataArray) -> xr.DataArray:
        found = grid.isel(time=grid["time"].dt.month.isin(list(months)).to_numpy())
        if not found.sizes["time"]:
            raise InputRefused(
                f"{grid.name}: no step in the months {', '.join(map(str, months))}. Choose others (--months)."
            )
        return found

    return replace(
        opened,
        soils={name: keep(grid) for name, grid in opened.soils.items()},
        drivers={name: keep(grid) for name, grid in opened.drivers.items()},
        covariates=[keep(grid) for grid in opened.covariates],
    )


def loaded(opened: Opened, progress: Progress) -> Opened:
    """The same with every grid in memory, each read once from its start to its end."""
    total, done = len(opened.all), 0

    def load(grid: xr.DataArray) -> xr.DataArray:
        nonlocal done
        progress(f"reading {grid.name}", done, total)
        done += 1
        return grid.load()

    return replace(
        opened,
        soils={name: load(grid) for name, grid in opened.soils.items()},
        drivers={name: load(grid) for name, grid in opened.drivers.items()},
        covariates=[load(grid) for grid in opened.covariates],
    )


def _open(source: Source, settings: DriversSettings, onto: xr.DataArray | None) -> xr.DataArray:
    """A variable in the region; with a margin where it has other pixels than ``onto``."""
    from headwater.cli.drivers_region import Box, open_around
    from headwater.grids import open_grid

    def read(box: Box | None) -> xr.DataArray:
        return open_grid(
            source.file,
            source.name,
            units=settings.units.get(source.name),
            level=_level(settings.level.get(source.name)),
            quality=settings.quality,
            region=box,
        )

    try:
        return open_around(read, settings.box, onto)
    except UnitsUnclear as error:
        raise UnitsUnclear(f"{error} (on the command line: --units {source.name}=UNIT)") from error


def _level(text: str | None) -> str | int | None:
    """The level as the reader of grids takes it: a number is a number, anything else is told by its name."""
    return int(text) if text is not None and text.isdigit() else text


def labels_of(grids: Sequence[tuple[Source, xr.DataArray]]) -> list[str]:
    """Canonical names; the name in the file, and the file, stand behind them where others have the same."""
    for place, (source, _) in enumerate(grids):
        if source in [one for one, _ in grids[:place]]:
            raise SettingsRefused(f"{source.file}:{source.name} is given twice; give each variable once.")
    names = [str(grid.name) for _, grid in grids]
    found = []
    for name, (source, _) in zip(names, grids, strict=True):
        label = name if names.count(name) == 1 else f"{name}:{source.name}"
        alike = [
            one.file
            for (one, _), other in zip(grids, names, strict=True)
            if (other, one.name) == (name, source.name)
        ]
        files = [Path(file).name for file in alike]  # no folders: labels stand in names of files
        if len(alike) > 1:
            apart = len(set(files)) == len(files)
            label += f" {Path(source.file).name}" if apart else f" {alike.index(source.file) + 1}"
        found.append(label)
    return found


def _changes(grid: xr.DataArray) -> str:
    return str(grid.attrs.get("headwater_changes", ""))


def _refuse_other_soil(soils: Sequence[tuple[Source, xr.DataArray]]) -> None:
    """Refuses what is known to be another variable: every sentence of the report is about soil moisture."""
    from headwater.grids.read_variables import variables

    for source, grid in soils:
        if str(grid.name) in variables() and grid.name != "soil_moisture":
            raise SettingsRefused(
                f"--soil {source.file}:{source.name} is {str(grid.name).replace('_', ' ')}; give soil "
                "moisture there, and the others as --with."
            )


def _refuse_idle(settings: DriversSettings, names: Sequence[str]) -> None:
    """Refuses units and levels of variables that are not read: a slip of the pen that changes no number."""
    maps = [text for text in (settings.dem, settings.classes) if text is not None]
    known = [*names, *(one.name for one in sources(maps, "dem"))]
    for option, given in (("units", settings.units), ("level", settings.level)):
        if idle := [name for name in given if name not in known]:
            raise SettingsRefused(
                f"{option} of {', '.join(idle)}: no such variable is read; the names are those in the files: "
                f"{', '.join(dict.fromkeys(known))}."
            )


def _in_step(grid: xr.DataArray, settings: DriversSettings, label: str, notes: list[str]) -> xr.DataArray:
    """The grid in the step of the settings, where it has shorter ones."""
    from headwater.grids import composite
    from headwater.grids.time_axis import step_kind

    if settings.step == "as is" or "time" not in grid.dims:
        return grid
    kind = step_kind(grid["time"].to_numpy())
    if kind in (settings.step, "single"):
        return grid
    notes.append(f"{label}: from steps of kind '{kind}' to means of every {settings.step}")
    return composite(grid, settings.step, how="mean")


def _align(grids: Grids, onto: xr.DataArray, settings: DriversSettings, notes: list[str]) -> Grids:
    """Every grid on the pixels of ``onto``: as they are where the same, else by the chosen method."""
    from headwater.cli.drivers_region import same_pixels
    from headwater.grids import align

    apart = [name for name, grid in grids.items() if not same_pixels(grid, onto)]
    method = settings.align if apart else "exact"
    if apart:
        named = ", ".join(name.partition(" ")[2] for name in apart)
        notes.append(f"brought onto the pixels of soil moisture ({method}): {named}")
    aligned = align(grids, onto=onto, method=method)
    steps = next(iter(aligned.values())).sizes["time"]
    longest = max(grid.sizes["time"] for grid in grids.values())
    if steps < longest:
        notes.append(f"{steps} steps are common to all; the longest series has {longest}")
    return aligned


def _strata(
    settings: DriversSettings, onto: xr.DataArray, notes: list[str], read: list[Read]
) -> tuple[xr.DataArray | None, Strata | None]:
    """Altitude on the pixels of soil moisture, and the strata that were asked for."""
    from headwater.grids import altitude_bands, strata_from_map

    altitude = None if settings.dem is None else _map(settings.dem, "dem", onto, settings, notes, read)
    if settings.classes is not None:
        classes = _map(settings.classes, "classes", onto, settings, notes, read, method="nearest")
        return altitude, strata_from_map(classes, _codes(settings.class_names))
    return altitude, None if altitude is None else altitude_bands(altitude, settings.bands)


def _map(
    text: str,
    option: str,
    onto: xr.DataArray,
    settings: DriversSettings,
    notes: list[str],
    read: list[Read],
    *,
    method: str | None = None,
) -> xr.DataArray:
    from headwater.cli.drivers_region import same_pixels
    from headwater.grids import align

    method = method or settings.align
    wanted = sources([text], option)
    if len(wanted) != 1:
        raise SettingsRefused(f"--{option} {text!r}: needs one variable.")
    grid = _open(wanted[0], settings, onto)
    if "time" in grid.dims:
        raise InputRefused(f"{text}: changes with time; a map without time is needed. Take one step of it.")
    same = same_pixels(grid, onto)
    if not same:
        notes.append(f"{option} brought onto the pixels of soil moisture ({method})")
    where = onto.isel(time=0, drop=True)
    placed = align({option: grid}, onto=where, method="exact" if same else method)[option]  # type: ignore[arg-type]
    read.append(Read(str(grid.name), wanted[0], "", _changes(placed)))
    return placed


def _codes(names: Mapping[str, str]) -> dict[int, str]:
    try:
        return {int(code): name for code, name in names.items()}
    except ValueError:
        raise SettingsRefused(
            f'class_names {", ".join(names)}: needs the whole numbers of the map, such as 3 = "meadow".'
        ) from None


def _span(grid: xr.DataArray) -> str:
    import numpy as np

    times = np.datetime_as_string(grid["time"].to_numpy()[[0, -1]], unit="D")
    return f"{times[0]} – {times[1]} ({grid.sizes['time']})"
