"""The reference cases of mixing models: where their tables are, and the model that each is fitted with.

Tables and expected results are reference data beside the project (``HEADWATER_SHARED``), not part of it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headwater.mixing.bayes.model import Error, Factor, MixingModel, Style
from headwater.mixing.tables import Columns, Tables, read_problem

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("HEADWATER_SHARED", ROOT.parent / "shared"))
FOLDER = SHARED / "reference" / "mixing"


@dataclass(frozen=True)
class Case:
    """One reference case.

    Attributes
    ----------
    tables : role in ``Tables`` → file
    factors : declared ones
    """

    folder: str
    style: Style
    tables: Mapping[str, str]
    factors: tuple[Factor, ...] = ()
    error: Error = "process*residual"
    source_factor: str | None = None
    prior: tuple[float, ...] | None = None
    group: str | None = None

    @property
    def there(self) -> bool:
        """Whether the tables can be read."""
        return (FOLDER / self.folder).is_dir()

    def paths(self) -> dict[str, Path]:
        """Role of every table → its file."""
        return {role: FOLDER / self.folder / name for role, name in self.tables.items()}

    def model(self) -> MixingModel:
        """The declared model with its data."""
        columns = Columns(
            factors=tuple(f.name for f in self.factors) + ((self.group,) if self.group else ()),
            source_factor=self.source_factor,
            need_n=self.style != "simmr",
        )
        problem = read_problem(Tables(**self.paths()), columns)
        return MixingModel(
            problem.mixtures,
            problem.sources,
            factors=self.factors,
            error=self.error,
            style=self.style,
            prior=self.prior,
        )

    def arguments(self) -> list[str]:
        """Arguments of ``headwater mix`` for this case."""
        found = [f"--model={self.style}", f"--error={self.error}"]
        found += [f"--{role.replace('_', '-')}={path}" for role, path in self.paths().items()]
        for factor in self.factors:
            parent = f":{factor.parent}" if factor.parent else ""
            found += ["--factor", f"{factor.name}:{factor.kind}{parent}"]
        if self.source_factor:
            found += ["--source-factor", self.source_factor]
        if self.prior:
            found += ["--prior", ",".join(f"{weight:g}" for weight in self.prior)]
        if self.group:
            found += ["--group", self.group]
        return found

    def expected(self) -> dict[str, Any]:
        """What the peer got, as its record says."""
        return dict(json.loads((FOLDER / self.folder / "case.json").read_text(encoding="utf-8")))


SIMMR = {
    "mixtures": "mixtures.csv",
    "sources": "source_means.csv",
    "source_sds": "source_sds.csv",
    "discrimination": "correction_means.csv",
    "discrimination_sds": "correction_sds.csv",
    "concentration": "concentration_means.csv",
}


def _mixsiar(name: str, **more: str) -> dict[str, str]:
    return {
        "mixtures": f"{name}_consumer.csv",
        "sources": f"{name}_sources.csv",
        "discrimination": f"{name}_discrimination.csv",
        **more,
    }


CASES: Mapping[str, Case] = {
    "killerwhale": Case("mixsiar_killerwhale_uninf", "mixsiar", _mixsiar("killerwhale"), prior=(1.0,) * 5),
    "wolves": Case(
        "mixsiar_wolves",
        "mixsiar",
        _mixsiar("wolves"),
        factors=(Factor("Region", "random"), Factor("Pack", "random", "Region")),
        source_factor="Region",
        prior=(1.0,) * 3,
    ),
    "geese": Case(
        "mixsiar_geese",
        "mixsiar",
        _mixsiar("geese", concentration="geese_sources.csv"),
        factors=(Factor("Group", "fixed"),),
        error="residual",
        prior=(1.0,) * 4,
    ),
    "simmr 1": Case("simmr_data_1", "simmr", SIMMR, error="additive"),
    "simmr 2": Case("simmr_data_2", "simmr", SIMMR, error="additive"),
    "simmr geese": Case("simmr_geese_data", "simmr", SIMMR, error="additive", group="group"),
    "simmr solo": Case("simmr_geese_data_day1_solo", "simmr", SIMMR, error="additive"),
}
