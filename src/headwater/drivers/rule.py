"""How a correlation is made: one frozen record, checked once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from headwater.errors import SettingsRefused

Method = Literal["pearson", "spearman"]
EffectiveN = Literal["lag1", "full", False]
MOST_COVARIATES = 5


@dataclass(frozen=True)
class CorrelationRule:
    """How the correlation of two series is made and tested.

    Attributes
    ----------
    method : "pearson", or "spearman": Pearson's correlation of ranks, ties sharing their mean rank
    n_eff : "lag1": effective n from the autocorrelations of both at lag 1; "full": from those at all lags up
        to a fifth of the series; False: n itself, as scipy has it
    least : fewest valid steps; below it r is NaN
    deseasonalise : takes the mean of each month (or 16 days) of the year out of both
    detrend : takes the straight line through time out of both
    """

    method: Method = "pearson"
    n_eff: EffectiveN = "lag1"
    least: int = 10
    deseasonalise: bool = False
    detrend: bool = False

    def __post_init__(self) -> None:
        if self.method not in get_args(Method):
            raise SettingsRefused(f"method {self.method!r}: allowed are {', '.join(get_args(Method))}.")
        if not (self.n_eff is False or self.n_eff in ("lag1", "full")):
            raise SettingsRefused(f"n_eff {self.n_eff!r}: allowed are 'lag1', 'full' and False.")
        if isinstance(self.least, bool) or not isinstance(self.least, int) or self.least < 3:
            raise SettingsRefused(f"least {self.least!r}: needs a whole number, 3 or more.")

    @property
    def plain(self) -> bool:
        """Whether the sums of one reading are enough."""
        return self.method == "pearson" and self.n_eff != "full" and not (self.deseasonalise or self.detrend)

    def lost(self, covariates: int) -> int:
        """Degrees of freedom that the trend and the covariates take from the effective n."""
        return covariates + self.detrend
