"""Units of grids: read once, at the border, and turned into a factor and an offset.

Every number of a grid becomes ``factor × number + offset`` in the SI unit of its variable
(``data/variables.toml``). Units are read by pint with the registry of cf-xarray, which knows the spellings
of UDUNITS. A column of water in metres and a mass of water in kg per m² are the same by its density of 1000
kg m⁻³.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from headwater.errors import InputRefused, UnitsUnclear
from headwater.grids.read_variables import Variable, unit_aliases

WATER_DENSITY = 1000.0
"""kg m⁻³."""
SECONDS_PER_DAY = 86400.0
SINCE_MIDNIGHT = "since 00 UTC"
MONTHLY = re.compile(r"(/\s*month|\s*month\s*(\^|\*\*)?-1|\s+mon-1|/mon)$")


@dataclass(frozen=True)
class Conversion:
    """From stored numbers to SI: ``factor × number + offset``, per ``per`` where that is a length of time.

    ``per`` is ``""`` (the unit says it all), ``"month"`` (divide by the seconds of the calendar month),
    ``"step"`` (divide by the seconds of the time step) or ``"since 00 UTC"`` (take differences first).
    """

    units: str
    factor: float
    offset: float = 0.0
    per: str = ""


def conversion(
    units: str | None,
    variable: Variable,
    *,
    where: str,
    thickness_m: float | None = None,
    summed: bool = False,
) -> Conversion:
    """How numbers in ``units`` become the SI unit of the variable.

    Parameters
    ----------
    units : as written in the file or given by the user; None where neither does
    where : file and variable, for messages
    thickness_m : of the soil layer, where its water is given per area
    summed : the file says that numbers are sums over the time step (``cell_methods``)

    Raises
    ------
    UnitsUnclear : no unit, or an amount of water without the time in which it fell
    InputRefused : a unit of something else
    """
    if units is None or not units.strip():
        raise UnitsUnclear(
            f"{where}: no units attribute; {variable.name} is wanted in {variable.units}, and guessing "
            "could change "
            f"every number: give units=, for instance units={_example(variable)!r}"
        )
    if variable.kind == "water flux":
        return _water_flux(units, variable, where, summed)
    quantity = _quantity(units, where)
    if variable.kind == "fraction":
        return _fraction(units, quantity, variable, where, thickness_m)
    if variable.kind == "temperature" and quantity.check("[temperature]"):
        zero = float(_registry().Quantity(0.0, quantity.units).to("kelvin").magnitude)
        one = float(_registry().Quantity(float(quantity.magnitude), quantity.units).to("kelvin").magnitude)
        return Conversion(units, one - zero, zero)
    if variable.kind == "length" and quantity.check("[length]"):
        return Conversion(units, float(quantity.to("meter").magnitude))
    if variable.kind == "index" and quantity.check("[]"):
        return Conversion(units, float(quantity.to("dimensionless").magnitude))
    raise _wrong(units, variable, where)


def _fraction(
    units: str, quantity: Any, variable: Variable, where: str, thickness_m: float | None
) -> Conversion:
    if quantity.check("[]"):
        return Conversion(units, float(quantity.to("dimensionless").magnitude))
    per_area = _metres_of_water(quantity)
    if per_area is None:
        raise _wrong(units, variable, where)
    if thickness_m is None:
        raise UnitsUnclear(
            f"{where}: {units!r} is water per area of a soil layer whose thickness the file does not say; "
            "divide by "
            "density and thickness (kg m-2 of a layer of 0.1 m: divide by 100) and write units m3 m-3"
        )
    return Conversion(units, per_area / thickness_m)


def _water_flux(units: str, variable: Variable, where: str, summed: bool) -> Conversion:
    text, per = units.strip(), ""
    if text.endswith(SINCE_MIDNIGHT):
        text, per = text.removesuffix(SINCE_MIDNIGHT).strip(), SINCE_MIDNIGHT
    elif MONTHLY.search(text):
        text, per = MONTHLY.sub("", text).strip(), "month"
    quantity = _quantity(text, where)
    rate = _metres_of_water(quantity * _registry().Quantity(1, "second"))
    if rate is not None and not per:
        return Conversion(units, rate * WATER_DENSITY)
    amount = _metres_of_water(quantity)
    if amount is None:
        raise _wrong(units, variable, where)
    if not per and not summed:
        raise UnitsUnclear(
            f"{where}: {units!r} is an amount of water, and the file does not say over which time; give "
            "units= with "
            f"the time, for instance {text + ' day-1'!r}, {text + ' month-1'!r} or "
            f"{text + ' ' + SINCE_MIDNIGHT!r}"
        )
    return Conversion(units, amount * WATER_DENSITY, per=per or "step")


def _metres_of_water(quantity: Any) -> float | None:
    """Column of water in m, out of a length or a mass per area; None for anything else."""
    if quantity.check("[length]"):
        return float(quantity.to("meter").magnitude)
    if quantity.check("[mass]/[length]**2"):
        return float(quantity.to("kilogram/meter**2").magnitude) / WATER_DENSITY
    return None


def parse_units(units: str) -> Any:
    """The unit as a pint quantity; ``ValueError`` where it is none."""
    text = unit_aliases().get(units.strip(), units.strip())
    try:
        quantity = _registry().parse_expression(text)
        quantity = quantity if hasattr(quantity, "check") else _registry().Quantity(quantity)
    except Exception as error:  # pint raises nine kinds, AssertionError among them
        raise ValueError(f"{units!r} is no unit") from error
    if not quantity.magnitude > 0:
        raise ValueError(f"{units!r} is no unit")
    return quantity


def _quantity(units: str, where: str) -> Any:
    try:
        return parse_units(units)
    except ValueError as error:
        raise UnitsUnclear(
            f"{where}: units {units!r} are not understood; give units= in the spelling of UDUNITS, such as "
            "'K', 'm', "
            "'kg m-2 s-1', 'm3 m-3'"
        ) from error


def _wrong(units: str, variable: Variable, where: str) -> InputRefused:
    return InputRefused(
        f"{where}: units {units!r} are no units of {variable.name} (SI: {variable.units}); name another "
        "variable, or "
        "give units= where the file is wrong"
    )


def _example(variable: Variable) -> str:
    examples = {"temperature": "K", "fraction": "m3 m-3", "water flux": "mm day-1", "length": "m"}
    return examples.get(variable.kind, "1")


@cache
def _registry() -> Any:
    import cf_xarray.units  # noqa: F401
    import pint

    return pint.get_application_registry()
