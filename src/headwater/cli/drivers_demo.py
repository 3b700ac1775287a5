"""Input of ``headwater drivers --demo``: simulated fields as files, and their settings."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from headwater.cli.drivers_run import check_output
from headwater.cli.show import Show
from headwater.errors import SettingsRefused

if TYPE_CHECKING:
    import xarray as xr

SETTINGS = {"en": "demo_drivers.toml", "zh": "demo_drivers_zh.toml"}
INPUT = "input"


def prepare_demo(
    output: Path, seed: int, lang: Literal["en", "zh"], settings: Path | None, show: Show
) -> tuple[Path, xr.DataArray]:
    """Settings of a simulated region, written with its fields into ``output/input``, and the known truth.

    Raises
    ------
    SettingsRefused
        Settings of one's own were given too.
    """
    from headwater.grids import write_grid
    from headwater.simulate import simulate_fields, true_correlations

    if settings is not None:
        raise SettingsRefused("--demo brings its own settings: leave out --settings, or leave out --demo.")
    folder = output / INPUT
    check_output(folder)
    show.message("headwater: simulating twenty years of monthly fields …")
    fields = simulate_fields(seed)
    for name in fields.data_vars:
        write_grid(fields[name], folder / f"{name}.nc", title=str(fields.attrs["title"]))
    truth = true_correlations(fields["altitude"])
    write_grid(truth.to_dataset(name="true_r"), folder / "true_correlations.nc", title="known correlations")
    copy = folder / "drivers.toml"
    copy.write_text((files("headwater.data") / SETTINGS[lang]).read_text("utf-8"), "utf-8")
    return copy, truth
