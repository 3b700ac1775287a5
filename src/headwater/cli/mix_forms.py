"""The shares under another form of the distribution of evaporation, beside those asked for.

Much of the precision of a share comes from the assumed form; a share that moves with it rests on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from headwater.mixing.bayes.model import MixingModel
from headwater.mixing.tables.write_results import Row

if TYPE_CHECKING:
    from headwater.mixing.bayes.batch import GroupFit

AT_MOST = 2
"""Times the draws asked for that the second fit may be extended to."""


@dataclass(frozen=True)
class OtherForm:
    """How the shares of one group differ under another form.

    Attributes
    ----------
    form : its name
    trusted : its draws passed every check
    rows : factor, level, source, mean, sd, q025, q975 under it; ``difference`` from the shares asked for, and
        the same ``in_sd`` of those; empty where one of the two fits is not trusted
    cpu_seconds : of sampling
    """

    form: str
    trusted: bool
    rows: tuple[Row, ...]
    cpu_seconds: float = 0.0

    @property
    def largest(self) -> Row | None:
        """The share that moves most."""
        return max(self.rows, key=lambda row: abs(row["difference"]), default=None)

    def sentence(self) -> str:
        """One sentence for a reader."""
        name = self.form.replace("_", " ")
        if not self.trusted:
            return f"evaporation {name} instead: its draws cannot be trusted, so nothing is compared"
        if self.largest is None:
            return f"evaporation {name} instead: nothing to compare with"
        row = self.largest
        at = f" ({row['factor']} {row['level']})" if row["factor"] else ""
        text = (
            f"with evaporation {name} instead, shares move by at most {100 * abs(row['difference']):.1f} "
            f"percentage points ({abs(row['in_sd']):.1f} sd), {row['source']}{at}"
        )
        return text + (": the shares rest on the assumed form" if self.moved else "")

    @property
    def moved(self) -> bool:
        """Some share moves by more than its sd, and by more than is no matter."""
        from headwater.mixing.bayes.evaporation_report import rests_on_form

        return any(bool(rests_on_form(row["difference"], row["sd"])) for row in self.rows)


def with_other_form(models: Mapping[str, MixingModel]) -> dict[str, MixingModel]:
    """The models under the other form of evaporation; none where there is no evaporation."""
    from headwater.mixing.bayes.evaporation_report import other_form

    return {
        name: replace(model, evaporation=other_form(model.evaporation))
        for name, model in models.items()
        if model.evaporation is not None
    }


def compare_forms(form: str, fit: GroupFit, other: GroupFit | None) -> OtherForm:
    """Shares under another form beside those asked for."""
    if other is None or not other.trusted or not fit.trusted:
        return OtherForm(form, other is not None and other.trusted, ())
    rows = tuple(_rows(fit.shares, other.shares))
    return OtherForm(form, True, rows, float(other.diagnostics["cpu_seconds"]["sampling"]))


def sentences(others: Mapping[str, OtherForm]) -> Iterator[tuple[bool, str]]:
    """Whether a reader should be warned, and a sentence: of the only fit, or of the groups together."""
    if "" in others:
        yield others[""].moved or not others[""].trusted, others[""].sentence()
    elif compared := {name: other for name, other in others.items() if other.largest is not None}:
        name = max(compared, key=lambda one: max(abs(row["in_sd"]) for row in compared[one].rows))
        moved = sum(other.moved for other in compared.values())
        yield (
            moved > 0,
            f"most in {name}: {compared[name].sentence()}; {moved} of {len(others)} groups move by more than "
            "1 sd",
        )


def _rows(shares: Sequence[Row], others: Sequence[Row]) -> list[Row]:
    found: list[Row] = []
    for row, other in zip(shares, others, strict=True):
        difference = other["mean"] - row["mean"]
        kept = {key: other[key] for key in ("factor", "level", "source", "mean", "sd", "q025", "q975")}
        in_sd = difference / row["sd"] if row["sd"] > 0.0 else 0.0
        found.append(kept | {"difference": difference, "in_sd": in_sd})
    return found
