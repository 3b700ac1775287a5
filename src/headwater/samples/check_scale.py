"""Are δ values in ‰ or fractions? Where nothing declares it and they look like fractions, refuse."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from headwater.errors import UnitsUnclear
from headwater.samples.findings import Finding, flagged
from headwater.samples.headers import Claim
from headwater.samples.parse_numbers import Numbers

FRACTION_BELOW = 0.6  # ‰ is at most 200/1000 … 500/1000 as a fraction of δ2H
FRACTION_18O_BELOW = 0.1  # and 60/1000 of δ18O


def refuse_fractions(
    place: str,
    claims: Mapping[str, Claim],
    numbers: Mapping[str, Numbers],
    factors: Mapping[str, float | None],
) -> list[Finding]:
    """Findings about δ columns declared ‰ that look like fractions.

    All |δ2H| below 0.6, or all |δ18O| below 0.1 (below 0.6 where δ2H is absent), look like fractions.

    Raises
    ------
    UnitsUnclear
        Such a column whose unit neither header nor option declares.
    """
    findings = []
    for name in ("d2H", "d18O"):
        if name not in numbers:
            continue
        values = numbers[name].values
        values = values[~np.isnan(values)]
        limit = FRACTION_18O_BELOW if name == "d18O" and "d2H" in numbers else FRACTION_BELOW
        if not values.size or np.abs(values).max() >= limit or not np.abs(values).max():
            continue
        header, shown = claims[name].header, ", ".join(f"{one:g}" for one in values[:3])
        if factors[name] is None:
            raise UnitsUnclear(
                f"{place}, column {header!r}: {values.size} values within ±{np.abs(values).max():g} "
                f"({shown}, …) look like fractions, and no unit is declared. "
                "Allowed: ‰ or fraction. Either say so (`--delta-unit fraction` or `--delta-unit permil`), "
                f"or put the unit into the header ({name} (fraction), {name} (‰))."
            )
        if factors[name] == 1.0:
            findings.append(
                flagged(
                    header,
                    f"all values within ±{np.abs(values).max():g}",
                    "‰ as declared; are these fractions?",
                )
            )
    return findings
