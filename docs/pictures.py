"""Draws the pictures of the README and the first page again: ``python -m docs.pictures``.

The campaign of the demo, evaporated, through the mixing model: two minutes of the processor.
"""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

from headwater.report.figures import draw_figure
from headwater.samples import read_samples
from headwater.simulate import simulate_campaign
from headwater.study import StudyResult, StudySettings, run_study

PICTURES = ("contributions", "model_and_algebra")
FOLDER = Path(__file__).resolve().parent / "_static"


def study() -> StudyResult:
    """The demo."""
    campaign = simulate_campaign(1)
    settings = tomllib.loads(files("headwater.data").joinpath("demo_study.toml").read_text(encoding="utf-8"))
    with TemporaryDirectory() as folder:
        table = Path(folder) / "campaign.csv"
        campaign.samples.to_csv(table, index=False, encoding="utf-8-sig")
        return run_study(read_samples([table]), StudySettings.model_validate(settings), truth=campaign.truth)


def main() -> None:
    """Writes the pictures into ``docs/_static``."""
    result = study()
    FOLDER.mkdir(exist_ok=True)
    for name in PICTURES:
        draw_figure(name, result, "en").savefig(FOLDER / f"{name}.png", dpi=160, metadata={"Software": None})


if __name__ == "__main__":
    main()
