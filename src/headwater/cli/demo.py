"""``headwater demo``: a simulated campaign through the same code as user data."""

from __future__ import annotations

import shutil
import tempfile
from importlib.resources import files
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from headwater.cli.options import Json, Lang, Method, Quiet, nested
from headwater.cli.pipeline import Job, run_job
from headwater.cli.show import Show
from headwater.study.read_settings import read_settings

SETTINGS = {"en": "demo_study.toml", "zh": "demo_study_zh.toml"}


def demo(
    *,
    output: Annotated[
        Path, Parameter(name=["--output", "-o"], help="Folder of the report; an earlier report is replaced.")
    ] = Path("demo-report"),
    seed: Annotated[int, Parameter(help="Seed of the simulated campaign.")] = 1,
    evaporation: Annotated[
        bool,
        Parameter(help="Soil water evaporates, as it does in nature.", negative="--no-evaporation"),
    ] = True,
    method: Method = None,
    lang: Lang = "en",
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """A simulated campaign of 2451 samples with known truth, through the same code as your data.

    Counts, layout and shares are those of the Three Rivers Headwater Region; the report shows estimate
    beside truth, and what plain mixing makes of the same samples. The mixing model takes some minutes,
    `--method exact` some seconds. The table, its settings and the truth are kept in the folder `input` of
    the report, so that every number can be repeated with `headwater study`.
    """
    from headwater.simulate import simulate_campaign

    show = Show(json=json, quiet=quiet)
    show.message("simulating a campaign of 2451 samples …")
    campaign = simulate_campaign(seed, evaporation=evaporation)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "input"
        folder.mkdir()
        table, settings = folder / "campaign.csv", folder / "study.toml"
        campaign.samples.to_csv(table, index=False, encoding="utf-8-sig")
        campaign.truth.to_csv(folder / "truth.csv", index=False, encoding="utf-8-sig")
        settings.write_text((files("headwater.data") / SETTINGS[lang]).read_text("utf-8"), "utf-8")
        code = run_job(
            Job(
                tables=[table],
                layers=[
                    (settings.name, read_settings(settings)),
                    ("command line", nested(mixing__method=method)),
                ],
                output=output,
                settings_file=settings,
                lang=lang,
                command=f"headwater study {output}/input/{table.name} -s {output}/input/{settings.name}"
                + (f" --method {method}" if method else ""),
                truth=campaign.truth,
            ),
            show,
        )
        shutil.copytree(folder, output / "input", dirs_exist_ok=True)
    return code
