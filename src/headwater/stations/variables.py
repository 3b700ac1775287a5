"""What stations measure, and how numbers in other units become SI. Values stand in a data file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headwater.errors import UnitsUnclear

DIGITS = 9
"""Decimals that an SI value keeps, so that 12.3 °C is 285.45 K on every way."""


@dataclass(frozen=True)
class Variable:
    """One measured quantity.

    Attributes
    ----------
    name, long_name : such as "soil_moisture"
    standard_name : by the CF conventions; empty where they have none
    units : SI
    ismn, ismn_units : code and unit in files of the ISMN; empty where it has none
    range : smallest and largest value that physics allows, in ``units``
    accepts : spelling of a unit (lower case, no blanks) → factor and offset to ``units``
    """

    name: str
    long_name: str
    standard_name: str
    units: str
    ismn: str
    ismn_units: str
    range: tuple[float, float]
    accepts: dict[str, tuple[float, float]]

    def to_si(self, numbers: ArrayLike, units: str, *, where: str) -> NDArray[np.float64]:
        """Numbers in ``units`` as values in SI; NaN stays NaN.

        Parameters
        ----------
        where : file and column, for the message

        Raises
        ------
        UnitsUnclear
            The unit is not one of this variable; the message names those that are.
        """
        factor, offset = self.conversion(units, where=where)
        return np.round(factor * np.asarray(numbers, dtype=float) + offset, DIGITS)

    def from_si(self, values: ArrayLike, units: str) -> NDArray[np.float64]:
        """Values in SI as numbers in ``units``, the reverse of ``to_si``."""
        factor, offset = self.conversion(units, where="export")
        return np.round((np.asarray(values, dtype=float) - offset) / factor, DIGITS)

    def conversion(self, units: str, *, where: str) -> tuple[float, float]:
        """Factor and offset from ``units`` to SI."""
        found = self.accepts.get(spelled(units))
        if found is None:
            stated = f"unit {units!r}" if units.strip() else "no unit"
            raise UnitsUnclear(
                f"{where}: {self.name} has {stated}; allowed are {', '.join(self.accepts)}. "
                "State the unit of this column in the channel of the station."
            )
        return found


def spelled(units: str) -> str:
    """A unit as it is compared: lower case, without blanks, one sign for micro."""
    return "".join(units.split()).lower().replace("μ", "µ")
